// @ts-check

/** The file system module of Node, Deno and Bun, if this is one of them. */
const fs = globalThis.process?.getBuiltinModule?.('node:fs/promises');

/**
 * Reads a file, where there is a file system.
 * @type {import('./core.mjs').ReadFile | undefined}
 */
export const readFile = fs && (async (path, limit) => {
  if (limit < Number.MAX_SAFE_INTEGER) {
    const facts = await fs.stat(path);
    if (!facts.isFile()) throw new Error('it is no regular file, so nobody knows how long it is');
    if (facts.size > limit) return facts.size;
  }
  return new Uint8Array(await fs.readFile(path));
});

/**
 * The platform's fetch, which where there is a file system also takes file: URLs.
 * @param {string} url
 * @param {RequestInit} [init]
 * @returns {Promise<Response>}
 */
export async function platformFetch(url, init) {
  if (!readFile || !/^file:/i.test(url)) return fetch(url, init);
  const bytes = await fs.readFile(new URL(url));
  const type = looksLikeJSON(bytes) ? 'application/json' : 'application/wasm';
  return new Response(/** @type {any} */ (bytes), { headers: { 'content-type': type } });
}

/**
 * Whether a file is a manifest; a module begins with a zero byte.
 * @param {Uint8Array} bytes
 */
const looksLikeJSON = (bytes) => /^\s*\{/.test(new TextDecoder().decode(bytes.subarray(0, 1024)));

/**
 * Whether this is a browser, whose fetch shows nobody where redirects lead and sets
 * some headers by itself. Others have a user agent of their own, too.
 */
export const inBrowser = /Mozilla/.test(globalThis.navigator?.userAgent ?? '') && !globalThis.process?.versions?.node;

/** @type {Map<string, Promise<WebAssembly.Module>>} */
const compiling = new Map();

/**
 * Compiles the module at a URL, while it arrives if the server gives it the right
 * type. A failed attempt is not remembered.
 * @param {URL} url
 * @returns {Promise<WebAssembly.Module>}
 */
export function compileURL(url) {
  let module = compiling.get(url.href);
  if (!module) {
    module = load(url);
    compiling.set(url.href, module);
    module.catch(() => compiling.delete(url.href));
  }
  return module;
}

/** Forgets what has been compiled: it was no good, and may be better next time. */
export const forgetCompiled = () => compiling.clear();

/** @param {URL} url */
async function load(url) {
  if (url.protocol === 'file:' && fs) return WebAssembly.compile(/** @type {any} */ (await fs.readFile(url)));
  const response = await fetch(url);
  if (!response.ok) throw new Error(`${url.href} answered ${response.status}`);
  const streams = response.headers.get('content-type')?.startsWith('application/wasm') && WebAssembly.compileStreaming;
  return streams ? WebAssembly.compileStreaming(response) : WebAssembly.compile(await response.arrayBuffer());
}

/**
 * Compiles a small module when it is first needed.
 * @param {() => Uint8Array<ArrayBuffer>} bytes
 */
export function compileOnce(bytes) {
  /** @type {WebAssembly.Module} */
  let module;
  return () => (module ??= new WebAssembly.Module(bytes()));
}
