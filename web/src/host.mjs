// @ts-check

import { readBody } from './body.mjs';
import { textOf } from './error.mjs';
import { headOf, readHead } from './head.mjs';

/** @typedef {typeof globalThis.fetch} Fetch */

/**
 * A Response, and what the core may know about it: the core never sees the
 * Response itself, which may be of the user's making.
 * @typedef {{ response: Response, facts: string, compiling?: Promise<ModuleRecord>, head?: Uint8Array | undefined }} ResponseRecord
 */

/**
 * A compiled module, and what is kept of its bytes: those from which the core reads
 * the types of its imports and exports, which JavaScript does not tell.
 * @typedef {{ module: WebAssembly.Module, head?: Uint8Array | undefined }} ModuleRecord
 */

/**
 * @param {Response} response
 * @param {string} [requested] the URL that it answers, for a response that does not know its own
 * @returns {ResponseRecord}
 */
export function recordOf(response, requested = '') {
  const type = String(response.headers?.get('content-type') ?? '');
  const facts = {
    status: Number(response.status),
    ok: Boolean(response.ok),
    type: type.split(';')[0].trim().toLowerCase(),
    streams: type === 'application/wasm', // engines compile nothing else while it arrives
    url: String(response.url || requested),
  };
  return { response, facts: JSON.stringify(facts) };
}

/**
 * A plug-in in the making. Go knows its objects by number.
 * @typedef {object} Making
 * @property {unknown[]} sources Uint8Array, ModuleRecord and ResponseRecord objects
 * @property {ModuleRecord[]} modules what was made of them
 * @property {Fetch} fetch
 * @property {(made: { id: number, names: string, json: string }) => void} created
 * @property {(error: string, cause: { cause?: unknown }) => void} refused
 */

/**
 * What the core awaits: it calls `then` with two functions of its own.
 * @typedef {{ then(fulfilled: (value: unknown) => void, rejected: (reason: unknown) => void): void }} Settles
 */

/** Up to this many bytes a module is compiled while the page waits. */
const COMPILE_AT_ONCE = 32 << 10;

const NOTHING = new Uint8Array();

/**
 * What the core's control plane may ask of the platform: the other side of
 * internal/engine/webengine/host_js.go. Nothing here decides; Go says what is
 * loaded, how, and whether it is good.
 *
 * Go must not see an object that could throw when it is looked at. So promises
 * are rejected with records of our own, and the thrown value waits here.
 */
export class Host {
  /** @type {Map<number, Making>} */
  #makings = new Map();
  #lastMaking = 0;
  /** @type {Map<number, unknown>} */
  #thrown = new Map();
  #lastTicket = 0;
  /** @type {Map<string, Promise<ResponseRecord>>} */
  #early = new Map();
  #files;
  #ready;

  /**
   * @param {import('./core.mjs').ReadFile | undefined} readFile where there is a file system
   * @param {(create: Function) => void} ready takes the core's control plane
   */
  constructor(readFile, ready) {
    this.#files = readFile;
    this.#ready = ready;
  }

  /**
   * @param {Making} making
   * @returns {number} by which the core knows it
   */
  begin(making) {
    this.#makings.set(++this.#lastMaking, making);
    return this.#lastMaking;
  }

  /** @param {number} number */
  end(number) {
    const making = this.#makings.get(number);
    this.#makings.delete(number);
    return making;
  }

  /** Rejects whatever waits for the core. */
  refuseAll(/** @type {(making: Making) => void} */ refuse) {
    for (const making of this.#makings.values()) refuse(making);
    this.#makings.clear();
  }

  /**
   * Starts what the core is going to ask for, while the core itself is still being
   * loaded: a request, and if a module answers it, compiling that.
   * @param {Fetch} fetch
   * @param {string} url
   * @param {{ streams: boolean, typed: boolean }} how whether a module may be compiled while it arrives, and whether its head is to be kept
   */
  fetchEarly(fetch, url, { streams, typed }) {
    if (this.#early.has(url)) return;
    const record = (async () => {
      const record = recordOf(await fetch(url), absolute(url));
      return streams ? compileEarly(record, typed) : record;
    })();
    record.catch(() => {}); // the core hears of it when it asks
    this.#early.set(url, record);
  }

  /**
   * The value that JavaScript threw, once, by the ticket that Go got for it.
   * @param {number} ticket
   */
  takeThrown(ticket) {
    const thrown = this.#thrown.get(ticket);
    this.#thrown.delete(ticket);
    return thrown;
  }

  /**
   * Runs what may be a user's code, once Go's frames are off the stack. What Go
   * gets can be awaited once, and that is all: if the core has died meanwhile its
   * handlers throw, and by then nobody waits for them.
   * @param {() => unknown} f
   * @returns {any}
   */
  #settle(f) {
    const settled = this.#run(f);
    return {
      then: (/** @type {(value: unknown) => void} */ fulfilled, /** @type {(reason: unknown) => void} */ rejected) => {
        settled.then(fulfilled, rejected).catch(() => {});
      },
    };
  }

  /** @param {() => unknown} f */
  async #run(f) {
    await undefined;
    try {
      return await f();
    } catch (error) {
      this.#thrown.set(++this.#lastTicket, error);
      throw { text: textOf(error), ticket: this.#lastTicket };
    }
  }

  /** @param {number} number */
  #making(number) {
    const making = this.#makings.get(number);
    if (!making) throw new Error('the request has ended');
    return making;
  }

  /**
   * @param {number} number
   * @param {number} source
   */
  #source(number, source) {
    return /** @type {any} */ (this.#making(number).sources[source]);
  }

  /**
   * What there is of a source's bytes: all, the head of a module, or none. The core
   * reads them with its frames on the stack, so this does not throw.
   * @param {number} number
   * @param {number} source
   * @returns {Uint8Array}
   */
  sourceBytes(number, source) {
    const from = /** @type {any} */ (this.#makings.get(number)?.sources[source]);
    return from instanceof Uint8Array ? from : from?.head ?? NOTHING;
  }

  /**
   * Puts a module into a slot, and gives its description.
   * @param {number} number
   * @param {number} slot
   * @param {ModuleRecord} made
   */
  #made(number, slot, made) {
    this.#making(number).modules[slot] = made;
    return describe(made.module);
  }

  /**
   * Keeps what has been read as a source, unless it was too much.
   * @param {number} number
   * @param {number} source
   * @param {Uint8Array | number} read
   * @returns {number} how many bytes
   */
  #filled(number, source, read) {
    if (typeof read === 'number') return read;
    this.#making(number).sources[source] = read;
    return read.length;
  }

  /**
   * @param {Fetch} fetch
   * @param {string} url
   * @param {string} method
   * @param {string[]} headers names and values in turn
   * @param {string} base what the URL is relative to; '' leaves that to the platform
   * @param {boolean} files whether the URL may be that of a file
   * @returns {Promise<ResponseRecord>}
   */
  async #fetch(fetch, url, method, headers, base, files) {
    if (base) url = absolute(url, base);
    if (!files && /^file:/i.test(url)) throw new Error('a manifest from elsewhere must not name files of this machine');
    const early = this.#early.get(url);
    if (early && !method && headers.length === 0) {
      this.#early.delete(url);
      return early;
    }
    /** @type {[string, string][]} */
    const pairs = [];
    for (let i = 0; i < headers.length; i += 2) pairs.push([headers[i], headers[i + 1]]);
    return recordOf(await fetch(url, { method: method || 'GET', headers: pairs }), absolute(url));
  }

  /**
   * Makes a module at once, if it is compiled already or small.
   * @param {number} number
   * @param {number} source
   * @param {number} slot
   * @returns {string | null} its description; null if it would take long, or compile says why not
   */
  compileNow(number, source, slot) {
    const from = this.#source(number, source);
    if (!(from instanceof Uint8Array)) return this.#made(number, slot, from);
    if (from.length > COMPILE_AT_ONCE) return null;
    try {
      return this.#made(number, slot, { module: new WebAssembly.Module(/** @type {any} */ (from)), head: headOf(from) });
    } catch {
      return null;
    }
  }

  /** The object that Go sees. Its functions give primitives, and bytes of our own. */
  object = {
    ready: (/** @type {Function} */ create) => this.#ready(create),

    /** @type {(number: number, source: number, n: number) => Uint8Array} */
    newBytes: (number, source, n) => {
      const bytes = new Uint8Array(n);
      this.#making(number).sources[source] = bytes;
      return bytes;
    },

    /** @type {(number: number, source: number) => Uint8Array} */
    bytes: (number, source) => this.#source(number, source),

    /** @type {(number: number, source: number, slot: number) => Settles} */
    compile: (number, source, slot) =>
      this.#settle(async () => {
        const bytes = this.#source(number, source);
        return this.#made(number, slot, { module: await WebAssembly.compile(bytes), head: headOf(bytes) });
      }),

    /** @type {(number: number, source: number, slot: number, typed: boolean) => Settles} */
    compileStreaming: (number, source, slot, typed) =>
      this.#settle(async () => {
        const record = this.#source(number, source);
        const made = await (record.compiling ?? compileResponse(record.response, typed));
        record.head = made.head;
        return this.#made(number, slot, made);
      }),

    /** @type {(number: number, source: number, slot: number) => string} */
    useCompiled: (number, source, slot) => this.#made(number, slot, this.#source(number, source)),

    /** @type {(number: number, source: number, url: string, method: string, headers: string[], base: string, files: boolean) => Settles} */
    fetch: (number, source, url, method, headers, base, files) =>
      this.#settle(async () => {
        const making = this.#making(number);
        making.sources[source] = await this.#fetch(making.fetch, url, method, headers, base, files);
      }),

    /** @type {(number: number, source: number) => string} */
    facts: (number, source) => this.#source(number, source).facts,

    /** @type {(number: number, source: number, limit: number) => Settles} */
    readBody: (number, source, limit) =>
      this.#settle(async () => this.#filled(number, source, await readBody(this.#source(number, source).response, limit))),

    /** @type {(number: number, source: number, path: string, limit: number) => Settles} */
    readFile: (number, source, path, limit) =>
      this.#settle(async () => {
        if (!this.#files) throw new Error('there is no file system on this platform; give a URL or the bytes');
        return this.#filled(number, source, await this.#files(path, limit));
      }),

    /** @type {(number: number, source: number) => Settles} */
    sha256: (number, source) =>
      this.#settle(async () => {
        if (!globalThis.crypto?.subtle) throw new Error('crypto.subtle is only there in secure contexts (https or localhost)');
        const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', this.#source(number, source)));
        return Array.from(sum, (b) => b.toString(16).padStart(2, '0')).join('');
      }),
  };
}

/**
 * A URL in full, if that can be told; what is none is left to fetch.
 * @param {string} url
 * @param {string} [base] unset: the document's or worker's
 */
function absolute(url, base = globalThis.location?.href) {
  try {
    return new URL(url, base).href;
  } catch {
    return url;
  }
}

/**
 * Compiles a module while it arrives. If its head is to be kept, the beginning of
 * the response is read twice.
 * @param {Response} response
 * @param {boolean} typed whether it is
 * @returns {Promise<ModuleRecord>}
 */
async function compileResponse(response, typed) {
  if (!WebAssembly.compileStreaming) {
    const bytes = await response.arrayBuffer();
    return { module: await WebAssembly.compile(bytes), head: headOf(new Uint8Array(bytes)) };
  }
  const copy = typed ? copyOf(response) : undefined;
  const head = copy && readHead(copy);
  try {
    return { module: await WebAssembly.compileStreaming(response), head: await head };
  } finally {
    copy?.cancel().catch(() => {}); // if that has failed, the rest is not wanted either
  }
}

/**
 * @param {Response} response
 * @returns {ReadableStreamDefaultReader<Uint8Array> | undefined} undefined if it cannot be read twice
 */
function copyOf(response) {
  try {
    return response.clone().body?.getReader();
  } catch {
    return undefined; // it has been read, or is not what it seems; compiling it says so
  }
}

/**
 * @param {ResponseRecord} record
 * @param {boolean} typed
 */
function compileEarly(record, typed) {
  const { ok, streams } = JSON.parse(record.facts);
  if (!ok || !streams) return record;
  const compiling = compileResponse(record.response, typed);
  compiling.catch(() => {}); // likewise
  return { ...record, compiling };
}

/**
 * A module's imports and exports, for describe in host_js.go. JSON would
 * take the core several times as long to read.
 * @param {WebAssembly.Module} module
 */
function describe(module) {
  let text = '';
  for (const i of WebAssembly.Module.imports(module)) text += `${i.kind}\0${escape(i.module)}\0${escape(i.name)}\0`;
  text += '\0';
  for (const e of WebAssembly.Module.exports(module)) text += `${e.kind}\0${escape(e.name)}\0`;
  return text;
}

/** @param {string} name */
function escape(name) {
  return /[\0\x01]/.test(name) ? name.replaceAll('\x01', '\x01o').replaceAll('\0', '\x01z') : name;
}

/** @param {string} name a name that the core has escaped in the same way */
export const unescape = (name) => (name.includes('\x01') ? name.replaceAll('\x01z', '\0').replaceAll('\x01o', '\x01') : name);

/**
 * @param {unknown} value
 * @returns {value is WebAssembly.Module}
 */
export function isModule(value) {
  if (value instanceof WebAssembly.Module) return true;
  try {
    // Most objects are not: to find that out by an exception takes long.
    if (Object.prototype.toString.call(value) !== '[object WebAssembly.Module]') return false;
    WebAssembly.Module.customSections(/** @type {any} */ (value), ''); // a module of another realm passes, too
    return true;
  } catch {
    return false;
  }
}
