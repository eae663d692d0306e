// Helpers for tests: a plug-in of typed functions, and a fake one.

import createPlugin, { CAPABILITIES, type Capabilities, type ExtismPluginOptions, type ManifestLike, type Plugin, type PluginConfig, type PluginOutput } from '@extism/extism';

type Functions = Record<string, { input: unknown; output: unknown }>;

/** Calls the functions of a plug-in with JSON of the right types. */
export class Typed<F extends Functions, Context = undefined> {
  constructor(private readonly plugin: Plugin) {}

  static async of<F extends Functions, Context = undefined>(manifest: ManifestLike, config: PluginConfig, options?: ExtismPluginOptions): Promise<Typed<F, Context>> {
    return new Typed(await createPlugin(manifest, { ...options, config }));
  }

  async call<N extends keyof F & string>(name: N, input: F[N]['input'], context?: Context): Promise<F[N]['output']> {
    const output: PluginOutput | null = await this.plugin.call<Context>(name, JSON.stringify(input), context);
    return output?.json();
  }
}

/** Records the calls of a real plug-in, or stands for one. */
export class Recorded implements Plugin {
  readonly calls: string[] = [];

  constructor(private readonly inner: Plugin) {}

  async call<T>(funcName: string, input?: string | number | Uint8Array, hostContext?: T): Promise<PluginOutput | null> {
    this.calls.push(funcName);
    return this.inner.call(funcName, input, hostContext);
  }
  functionExists(funcName: string): Promise<boolean> {
    return this.inner.functionExists(funcName);
  }
  async close(): Promise<void> {}
  async getExports(): Promise<WebAssembly.ModuleExportDescriptor[]> {
    return [];
  }
  async getImports(): Promise<WebAssembly.ModuleImportDescriptor[]> {
    return [];
  }
  getInstance(): Promise<WebAssembly.Instance> {
    return this.inner.getInstance();
  }
  isActive(): boolean {
    return false;
  }
  async reset(): Promise<boolean> {
    return true;
  }
}

/** Whether a test makes sense on this platform. */
export const only = (wanted: (keyof Capabilities)[]): boolean => wanted.every((c) => CAPABILITIES[c]);

const summing: Promise<Typed<{ sum: { input: number[]; output: number } }, { id: string }>> = Typed.of('{"wasm":[]}', {});
export const sum: Promise<number> = summing.then((p) => p.call('sum', [1, 2], { id: 'x' }));

/** Any call, by way of the declared types alone. */
export function anyCall(plugin: Plugin, ...args: Parameters<Plugin['call']>): ReturnType<Plugin['call']> {
  return plugin.call(...args);
}
