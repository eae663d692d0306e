// @ts-check

/**
 * A plug-in's modules, compiled once for any number of plug-ins; see
 * types/extism.d.ts.
 */
export class CompiledPlugin {
  #create;
  #options;

  /**
   * @param {Readonly<Record<string, unknown>>} manifest
   * @param {unknown} options of every plug-in that is made
   * @param {(manifest: unknown, options: unknown) => Promise<import('./plugin.mjs').Plugin>} create
   */
  constructor(manifest, options, create) {
    /** What {@link createPlugin} takes, in this realm and in others. */
    this.manifest = manifest;
    this.#options = options;
    this.#create = create;
  }

  /**
   * Creates a plug-in.
   * @param {object} [options] override those that were compiled with
   */
  instantiate(options) {
    return this.#create(this.manifest, { .../** @type {object} */ (this.#options), ...options });
  }
}

/**
 * The manifest of modules that have been compiled: as the one that they came from,
 * with the modules in place of what had to be loaded.
 * @param {import('./input.mjs').Request} request
 * @param {{ names: string[], modules: import('./host.mjs').ModuleRecord[], json: string }} made
 */
export function compiledManifest(request, { names, modules, json }) {
  const { manifest, json: given } = JSON.parse(request.text).input;
  const limits = json || given ? JSON.parse((json || given).trim()) : manifest;
  const wasm = modules.map(({ module, head }, i) => Object.freeze({ name: names[i], module, ...(head && { interface: head }) }));
  return Object.freeze({ ...limits, wasm: Object.freeze(wasm) });
}
