// @ts-check

import { CAPABILITIES } from './capabilities.mjs';
import { ExtismError, textOf } from './error.mjs';
import { isModule, recordOf } from './host.mjs';
import { platformFetch } from './load.mjs';
import { readStore } from './vars.mjs';

// A user's manifest and options are read here, once, where a getter or Proxy
// that throws does no harm. What goes on to the core is JSON, with the objects
// that JSON cannot carry beside it. What it all means, the core decides.

/**
 * @typedef {object} Request
 * @property {string} text JSON: { input, options } and, for modules that have been compiled before, compiled
 * @property {unknown[]} sources Uint8Array, ModuleRecord and ResponseRecord objects
 * @property {typeof fetch} fetch
 * @property {string[]} urls what the core is going to fetch
 * @property {boolean} streams whether a module that answers may be compiled while it arrives
 * @property {boolean} typed whether the core will want to know the types of what modules import and export
 */

/**
 * What stays on the JavaScript side.
 * @typedef {object} LocalOptions
 * @property {Record<string, Record<string, Function>>} functions
 * @property {any} logger
 * @property {boolean} wasiOutput
 * @property {typeof fetch} fetch
 * @property {import('./http.mjs').FetchNow} [fetchNow] for guests that cannot be suspended
 * @property {string} [name]
 * @property {import('./log.mjs').LogLevel} logLevel is good if the core has accepted it
 * @property {import('./vars.mjs').Store} [vars]
 * @property {number} maxQueue how many calls may wait for their turn
 * @property {boolean} [runInWorker] likewise
 * @property {string | URL} [workerUrl]
 * @property {object} [nodeWorkerArgs]
 * @property {number} [maxModuleBytes] likewise
 * @property {(internals: import('./plugin.mjs').Internals, state: import('./call_state.mjs').CallState) => void} [reveal] of a plug-in that is served to another realm
 * @property {(timeoutMs: number) => void} [linked] likewise; is told before any guest runs
 */

/** Options that the core decodes. */
const FOR_CORE = ['useWasi', 'enableWasiOutput', 'logLevel', 'config', 'memory', 'allowedHosts', 'allowedPaths', 'timeoutMs', 'maxModuleBytes', 'allowHttpResponseHeaders', 'allowHiddenRedirects', 'runInWorker'];
/** Options that stay here. */
const LOCAL = ['functions', 'logger', 'fetch', 'workerUrl', 'nodeWorkerArgs', 'name', 'vars', 'maxQueue'];
/** Options of @extism/extism that mean nothing to this implementation. */
const IGNORED = ['sharedArrayBufferSize'];

/**
 * Reads a user's object; whatever it throws is reported as an error in it.
 * @template T
 * @param {string} what
 * @param {string} code
 * @param {() => T} read
 * @returns {T}
 */
function reading(what, code, read) {
  try {
    return read();
  } catch (error) {
    if (error instanceof ExtismError) throw error;
    throw new ExtismError(code, `${what} cannot be read: ${textOf(error)}`, { cause: error });
  }
}

/** In characters. The core's memory does not shrink, so it does not read just anything. */
const MAX_TEXT = 64 << 20;

/** How long a path can be where there are files: no system allows more. */
const MAX_PATH = 32768;

/** @param {string} message */
const invalid = (message) => new ExtismError('INVALID_INPUT', message);

/**
 * @param {unknown} options
 * @returns {{ forCore: Record<string, unknown>, local: LocalOptions }}
 */
export function readOptions(options) {
  return reading('the options', 'INVALID_INPUT', () => {
    if (options === undefined || options === null) options = {};
    if (typeof options !== 'object') throw invalid(`options: object expected, not ${typeof options}`);
    const given = /** @type {Record<string, any>} */ (options);
    /** @type {Record<string, unknown>} */
    const forCore = {};
    /** @type {any} */
    const local = {};
    for (const key of Object.keys(given)) {
      const value = given[key];
      if (value === undefined || value === null || IGNORED.includes(key)) continue;
      if (FOR_CORE.includes(key)) forCore[key] = value;
      else if (LOCAL.includes(key)) local[key] = value;
      else throw invalid(`options.${key}: unknown key`);
    }
    if (forCore.useWasi) forCore.enableWasiOutput ??= CAPABILITIES.extismStdoutEnvVarSet;
    local.logLevel = forCore.logLevel ?? 'silent';
    local.runInWorker = forCore.runInWorker === true;
    local.maxModuleBytes = forCore.maxModuleBytes;
    local.wasiOutput = forCore.enableWasiOutput === true;
    local.functions = readFunctions(local.functions);
    forCore.functions = namesOf(local.functions);
    return { forCore, local: readLocal(local) };
  });
}

/**
 * @param {any} local
 * @returns {LocalOptions}
 */
function readLocal(local) {
  if (local.workerUrl !== undefined && typeof local.workerUrl !== 'string' && !isURL(local.workerUrl)) throw invalid('options.workerUrl: string or URL expected');
  if (local.nodeWorkerArgs !== undefined && typeof local.nodeWorkerArgs !== 'object') throw invalid('options.nodeWorkerArgs: object expected');
  if (local.fetch !== undefined && typeof local.fetch !== 'function') throw invalid('options.fetch: function expected');
  if (local.name !== undefined && typeof local.name !== 'string') throw invalid('options.name: string expected');
  if (local.name === '') delete local.name;
  if (local.vars !== undefined) local.vars = readStore(local.vars);
  local.maxQueue ??= Infinity;
  if (!(local.maxQueue === Infinity || (Number.isSafeInteger(local.maxQueue) && local.maxQueue >= 0))) {
    throw invalid('options.maxQueue: an integer from 0 on, or Infinity, expected');
  }
  local.logger ??= console;
  local.fetch ??= platformFetch;
  return local;
}

/**
 * Copies the host functions, so that later changes of the object have no effect.
 * @param {any} given
 */
function readFunctions(given) {
  /** @type {Record<string, Record<string, Function>>} */
  const functions = Object.create(null);
  for (const namespace of Object.keys(given ?? {})) {
    const group = given[namespace] ?? {};
    functions[namespace] = Object.create(null);
    for (const name of Object.keys(group)) {
      const f = group[name];
      if (typeof f !== 'function') throw invalid(`options.functions.${namespace}.${name}: function expected, not ${typeof f}`);
      functions[namespace][name] = f;
    }
  }
  return functions;
}

/** @param {Record<string, Record<string, Function>>} functions */
function namesOf(functions) {
  return Object.fromEntries(Object.keys(functions).map((namespace) => [namespace, Object.keys(functions[namespace])]));
}

/** The keys of a module that may have a promise. */
const AWAITED = ['data', 'module', 'response'];

/**
 * Waits for what the modules of a manifest have as promises. A rejection reaches
 * the caller as it is.
 * @param {unknown} manifest whatever createPlugin was given
 * @returns {unknown} the manifest; or, if it has promises, the promise of a copy without
 */
export function settled(manifest) {
  /** @type {{ item: any, key: string }[]} */
  const found = [];
  const copy = reading('the manifest', 'INVALID_MANIFEST', () => withoutPromises(manifest, found));
  if (found.length === 0) return manifest;
  const filled = found.map(async ({ item, key }) => {
    item[key] = await item[key];
  });
  return Promise.all(filled).then(() => copy);
}

/**
 * @param {any} manifest
 * @param {{ item: any, key: string }[]} found takes the promises that there are, and where they are in the copy
 */
function withoutPromises(manifest, found) {
  const wasm = typeof manifest === 'object' && manifest !== null ? manifest.wasm : undefined;
  if (!Array.isArray(wasm)) return manifest;
  const copies = wasm.map((item) => {
    if (typeof item !== 'object' || item === null) return item;
    const keys = AWAITED.filter((key) => isThenable(item[key]));
    if (keys.length === 0) return item;
    const copy = { ...item };
    for (const key of keys) found.push({ item: copy, key });
    return copy;
  });
  return { ...manifest, wasm: copies };
}

/** @param {any} value */
export const isThenable = (value) => ((typeof value === 'object' && value !== null) || typeof value === 'function') && typeof value.then === 'function';

/**
 * @param {unknown} manifest whatever createPlugin was given, without promises
 * @param {Record<string, unknown>} options
 * @param {typeof globalThis.fetch} fetch
 * @param {boolean} [compileOnly] whether nothing is to be linked
 * @returns {Request}
 */
export function readRequest(manifest, options, fetch, compileOnly = false) {
  /** @type {unknown[]} */
  const sources = [];
  /** @type {string[]} */
  const urls = [];
  const { input, modules } = reading('the manifest', 'INVALID_MANIFEST', () => readManifest(manifest, sources, urls));
  const kinds = JSON.stringify(sources.map(kindOf));
  const sizes = JSON.stringify(sources.map((source) => (source instanceof Uint8Array ? source.length : 0)));
  const text = reading('the options', 'INVALID_INPUT', () => `{"input":${input},"options":${toJSON(options, [])},"sources":${kinds},"sizes":${sizes},"compileOnly":${compileOnly}}`);
  if (text.length > MAX_TEXT) {
    throw new ExtismError('INVALID_MANIFEST', `manifest and options are ${text.length} characters of JSON, more than ${MAX_TEXT}; give modules as bytes or by URL`);
  }
  const typed = compileOnly || modules > 1 || Object.keys(/** @type {any} */ (options.functions) ?? {}).length > 0;
  return { text, sources, fetch, urls, streams: options.maxModuleBytes === undefined, typed };
}

/** What is taken for a URL if it is a string: a path does not begin like that. */
const URL_START = /^(https?|file|data|blob):/i;

/**
 * @param {unknown} manifest
 * @param {unknown[]} sources
 * @param {string[]} urls
 * @returns {{ input: string, modules: number }} JSON, and how many modules it lists, as far as can be seen
 */
function readManifest(manifest, sources, urls) {
  const one = (/** @type {string} */ input) => ({ input, modules: 1 });
  if (typeof manifest === 'string') return one(readString(manifest, urls));
  if (typeof manifest !== 'object' || manifest === null) {
    throw new ExtismError('INVALID_MANIFEST', `manifest: an object, bytes, a URL, a Response or a WebAssembly.Module expected, not ${manifest === null ? 'null' : typeof manifest}`);
  }
  if (isURL(manifest)) return one(readString(manifest.href, urls));
  if (readSource(manifest, sources)) return one('{"source":0}');
  const input = toJSON({ manifest }, sources);
  const { wasm } = JSON.parse(input).manifest ?? {};
  if (!Array.isArray(wasm)) return one(input); // the core says so
  urls.push(...wasm.filter(isPlain).map((item) => item.url));
  return { input, modules: wasm.length };
}

/**
 * Whether a module is just fetched by its URL and compiled, and nothing else.
 * @param {any} item of what a user calls a manifest
 */
const isPlain = (item) => typeof item?.url === 'string' && !item.method && !item.headers && !item.header && !item.hash;

/**
 * @param {string} text JSON, a URL or a path
 * @param {string[]} urls
 */
function readString(text, urls) {
  if (/^\s*\{/.test(text)) return JSON.stringify({ json: text }); // a byte order mark is a space, too
  if (URL_START.test(text)) {
    urls.push(text);
    return JSON.stringify({ url: text });
  }
  if (text === '') throw new ExtismError('INVALID_MANIFEST', 'manifest: an empty string is no JSON, no URL and no path');
  if (text.length > MAX_PATH) throw new ExtismError('INVALID_MANIFEST', `the string is no JSON object and no URL, and at ${text.length} characters too long for a path`);
  return JSON.stringify({ path: text });
}

/**
 * @param {any} value
 * @returns {value is URL} of this or another realm
 */
function isURL(value) {
  return value instanceof URL || (value[Symbol.toStringTag] === 'URL' && typeof value.href === 'string');
}

/** The key of an object that stands for what JSON cannot carry: see decode.go. */
const MARK = '\0';

/**
 * JSON of a user's object. What JSON would drop without a word, or make null of,
 * is marked, so that the core can say where it is.
 * @param {unknown} value
 * @param {unknown[]} sources takes the objects that the core is to use
 * @returns {string}
 */
function toJSON(value, sources) {
  return JSON.stringify(value, function (key, value) {
    if (isJSON(value)) return value;
    if (key === 'interface' && isModule(this.module) && bytesOf(value)) return undefined; // it goes with the module
    if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) return Number(value);
    if (typeof value === 'object' && readSource(value, sources, this.interface)) return { [MARK]: sources.length - 1 };
    const what = nameOf(value);
    return what === undefined ? value : { [MARK]: what };
  });
}

/** @param {unknown} value */
const isJSON = (value) =>
  value === null || value === undefined || typeof value === 'string' || typeof value === 'boolean' || Number.isFinite(value);

/**
 * @param {any} value that is neither text, boolean nor finite number
 * @returns {string | undefined} what it is; undefined if JSON can have it
 */
function nameOf(value) {
  if (typeof value === 'number') return String(value);
  if (typeof value === 'bigint') return 'a BigInt of that size';
  if (typeof value !== 'object') return `a ${typeof value}`;
  if (isThenable(value)) return 'a promise';
  const iterable = typeof value[Symbol.iterator] === 'function' && !Array.isArray(value) && !(value instanceof String);
  return iterable ? `a ${value.constructor?.name}` : undefined; // of a Map or Headers JSON has nothing
}

/**
 * @param {unknown} source
 * @returns {'bytes' | 'module' | 'response'}
 */
function kindOf(source) {
  return source instanceof Uint8Array ? 'bytes' : 'module' in /** @type {object} */ (source) ? 'module' : 'response';
}

/**
 * Takes over an object that JSON cannot carry.
 * @param {object} value
 * @param {unknown[]} sources
 * @param {unknown} [head] of a module: what its bytes begin with
 * @returns {boolean} whether it is one
 */
function readSource(value, sources, head) {
  const bytes = bytesOf(value);
  if (bytes) sources.push(bytes.slice());
  else if (isModule(value)) sources.push({ module: value, head: bytesOf(head)?.slice() });
  else if (isResponse(value)) sources.push(recordOf(value));
  else return false;
  return true;
}

/**
 * @param {any} value
 * @returns {value is Response}
 */
function isResponse(value) {
  return (typeof Response === 'function' && value instanceof Response) || value.constructor?.name === 'Response';
}

/**
 * The bytes of an ArrayBuffer, a SharedArrayBuffer or any view, not copied.
 * @param {unknown} value
 * @returns {Uint8Array | undefined} undefined if it is none of these
 */
export function bytesOf(value) {
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  try {
    const tag = Object.prototype.toString.call(value);
    if (tag !== '[object ArrayBuffer]' && tag !== '[object SharedArrayBuffer]') return undefined;
    return new Uint8Array(/** @type {ArrayBuffer} */ (value));
  } catch {
    return undefined; // it only says that it is one, or does not even like to be asked
  }
}
