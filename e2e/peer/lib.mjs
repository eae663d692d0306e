// What the scenarios share. They know the API alone, so that they run on either
// package alike; what they give is plain data, so that results can be compared.

/**
 * @typedef {object} Env
 * @property {'node' | 'chromium'} runtime
 * @property {(name: string) => Promise<Uint8Array<ArrayBuffer>>} guest a module's bytes
 * @property {(name: string, query?: string) => string} url of a module; see serveGuests in peer_test.go
 * @property {(name: string) => string} path of a module, where there are files
 */

/**
 * @typedef {object} Scenario
 * @property {string} name
 * @property {string[]} [only] runtimes on which it makes sense
 * @property {(api: any, env: Env) => Promise<Record<string, unknown>>} run
 */

/** Stands for what JSON cannot say. */
function plain(value) {
  if (value === undefined) return 'undefined';
  if (typeof value === 'bigint') return `${value}n`;
  if (typeof value === 'function') return 'a function';
  if (value instanceof Error) return { error: value.message };
  if (value instanceof DataView) return value.text();
  if (ArrayBuffer.isView(value)) return { bytes: Array.from(new Uint8Array(value.buffer, value.byteOffset, value.byteLength)) };
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === 'object' && value !== null) return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]));
  return value;
}

/** What a function has come to: its result, or what it has thrown. */
export async function outcome(f) {
  try {
    return plain(await f());
  } catch (error) {
    return { throws: error instanceof Error ? error.message : plain(error) };
  }
}

/** Runs functions one after another, and gives what each has come to. */
export async function outcomes(functions) {
  const results = {};
  for (const [name, f] of Object.entries(functions)) results[name] = await outcome(f);
  return results;
}

/** Makes a plug-in, uses it, and closes it. */
export async function using(creating, use) {
  const plugin = await creating;
  try {
    return await use(plugin);
  } finally {
    await plugin.close();
  }
}

/** Whether a plug-in of this manifest can be made and used: it gives what it is given. */
export function echoed(api, manifest, options) {
  return using(api.createPlugin(manifest, options), (plugin) => plugin.call('echo', 'hello'));
}

/**
 * A plug-in whose input goes to a host function, and what that gives to the
 * caller. The function can be another one in each call.
 */
export async function withHost(api, env, use, options = {}) {
  let work = () => 0n;
  const functions = { 'extism:host/user': { work: (...args) => work(...args) } };
  return using(api.createPlugin({ wasm: [{ data: await env.guest('asks_host') }] }, { ...options, functions }), (plugin) =>
    use((f, input = 'input', context = undefined) => {
      work = f;
      return plugin.call('run', input, context);
    }, plugin),
  );
}

/** Runs f inside a host function, and gives its result rather than the plug-in's. */
export function inside(call, f, input) {
  let result;
  return call((context, at) => {
    result = f(context, at);
    return 0n;
  }, input).then(() => result);
}

/** Takes records, each as a line. */
export function recorder() {
  const lines = [];
  const logger = {};
  for (const level of ['trace', 'debug', 'info', 'warn', 'error']) logger[level] = (text) => lines.push(`${level}: ${text}`);
  return { lines, logger };
}

/** The eight bytes of a number, as a guest reads them. */
export const number = (n) => new Uint8Array(new BigUint64Array([BigInt(n)]).buffer);

/** The number in an output of eight bytes. */
export const numberOf = (output) => (output.byteLength === 8 ? output.getBigUint64(0, true) : output.text());

/** Lower-case hexadecimal digits of the SHA-256 of some bytes. */
export async function sha256(bytes) {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(sum, (b) => b.toString(16).padStart(2, '0')).join('');
}
