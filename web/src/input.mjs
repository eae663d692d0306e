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
 * @property {unknown[]} sources Uint8Array, WebAssembly.Module and ResponseRecord objects
 * @property {typeof fetch} fetch
 * @property {string[]} urls what the core is going to fetch, and to compile if it is a module
 */

/**
 * What stays on the JavaScript side.
 * @typedef {object} LocalOptions
 * @property {Record<string, Record<string, Function>>} functions
 * @property {any} logger
 * @property {boolean} wasiOutput
 * @property {typeof fetch} fetch
 * @property {string} [name]
 * @property {import('./log.mjs').LogLevel} logLevel is good if the core has accepted it
 * @property {import('./vars.mjs').Store} [vars]
 */

/** Options that the core decodes. */
const FOR_CORE = ['useWasi', 'enableWasiOutput', 'logLevel', 'config', 'memory', 'allowedHosts', 'allowedPaths', 'timeoutMs'];
/** Options that stay here. */
const LOCAL = ['functions', 'logger', 'fetch', 'runInWorker', 'name', 'vars'];
/** Options of @extism/extism that mean nothing to this implementation. */
const IGNORED = ['sharedArrayBufferSize', 'nodeWorkerArgs', 'allowHttpResponseHeaders'];

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
  if (local.runInWorker) {
    throw new ExtismError('UNSUPPORTED', 'runInWorker: this version runs plug-ins where it is called; leave it out');
  }
  if (local.fetch !== undefined && typeof local.fetch !== 'function') throw invalid('options.fetch: function expected');
  if (local.name !== undefined && typeof local.name !== 'string') throw invalid('options.name: string expected');
  if (local.name === '') delete local.name;
  if (local.vars !== undefined) local.vars = readStore(local.vars);
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

/**
 * @param {unknown} manifest whatever createPlugin was given
 * @param {Record<string, unknown>} options
 * @param {typeof globalThis.fetch} fetch
 * @returns {Request}
 */
export function readRequest(manifest, options, fetch) {
  /** @type {unknown[]} */
  const sources = [];
  /** @type {string[]} */
  const urls = [];
  const input = reading('the manifest', 'INVALID_MANIFEST', () => readManifest(manifest, sources, urls));
  const kinds = sources.map(kindOf);
  const text = reading('the options', 'INVALID_INPUT', () => `{"input":${input},"options":${JSON.stringify(options)},"sources":${JSON.stringify(kinds)}}`);
  if (text.length > MAX_TEXT) {
    throw new ExtismError('INVALID_MANIFEST', `manifest and options are ${text.length} characters of JSON, more than ${MAX_TEXT}; give modules as bytes or by URL`);
  }
  return { text, sources, fetch, urls };
}

/**
 * @param {unknown} manifest
 * @param {unknown[]} sources
 * @param {string[]} urls
 * @returns {string} JSON
 */
function readManifest(manifest, sources, urls) {
  if (typeof manifest === 'string') {
    if (/^\s*\{/.test(manifest)) return JSON.stringify({ json: manifest });
    if (!/^(https?|file|data|blob):/i.test(manifest)) {
      if (manifest.length > MAX_PATH) throw new ExtismError('INVALID_MANIFEST', `the string is no JSON object and no URL, and at ${manifest.length} characters too long for a path`);
      return JSON.stringify({ path: manifest });
    }
    urls.push(manifest);
    return JSON.stringify({ url: manifest });
  }
  if (manifest instanceof URL) {
    urls.push(manifest.href);
    return JSON.stringify({ url: manifest.href });
  }
  if (typeof manifest !== 'object' || manifest === null) {
    throw new ExtismError('INVALID_MANIFEST', `manifest: an object, bytes, a URL, a Response or a WebAssembly.Module expected, not ${manifest === null ? 'null' : typeof manifest}`);
  }
  if (readSource(manifest, sources)) return '{"source":0}';
  const text = JSON.stringify({ manifest }, (_, value) => {
    if (typeof value !== 'object' || value === null) return value;
    return readSource(value, sources) ? { $source: sources.length - 1 } : value;
  });
  for (const { url, method, headers, hash } of JSON.parse(text).manifest?.wasm ?? []) {
    if (typeof url === 'string' && !method && !headers && !hash) urls.push(url);
  }
  return text;
}

/**
 * @param {unknown} source
 * @returns {'bytes' | 'module' | 'response'}
 */
function kindOf(source) {
  return source instanceof Uint8Array ? 'bytes' : isModule(source) ? 'module' : 'response';
}

/**
 * Takes over an object that JSON cannot carry.
 * @param {object} value
 * @param {unknown[]} sources
 * @returns {boolean} whether it is one
 */
function readSource(value, sources) {
  const bytes = bytesOf(value);
  if (bytes) sources.push(bytes.slice());
  else if (isModule(value)) sources.push(value);
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
