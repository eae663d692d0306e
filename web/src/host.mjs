// @ts-check

import { textOf } from './error.mjs';

/**
 * A Response, and what the core may know about it: the core never sees the
 * Response itself, which may be of the user's making.
 * @typedef {{ response: Response, facts: string }} ResponseRecord
 */

/**
 * @param {Response} response
 * @returns {ResponseRecord}
 */
export function recordOf(response) {
  const type = String(response.headers?.get('content-type') ?? '');
  const facts = {
    status: Number(response.status),
    ok: Boolean(response.ok),
    type: type.split(';')[0].trim().toLowerCase(),
    url: String(response.url || 'the response'),
  };
  return { response, facts: JSON.stringify(facts) };
}

/**
 * What the core's control plane may ask of the platform: the other side of
 * internal/engine/webengine/host_js.go. Nothing here decides; Go says what is
 * loaded, how, and whether it is good.
 *
 * Go must not see an object that could throw when it is looked at. So promises
 * are rejected with records of our own, and the thrown value waits here.
 */
export class Host {
  /** @type {unknown[]} */
  #thrown = [];
  /** @type {Map<string, Promise<Response>>} */
  #early = new Map();
  #files;
  #ready;

  /**
   * @param {((path: string) => Promise<Uint8Array>) | undefined} readFile where there is a file system
   * @param {(create: Function) => void} ready takes the core's control plane
   */
  constructor(readFile, ready) {
    this.#files = readFile;
    this.#ready = ready;
  }

  /**
   * Starts a request that the core is going to make, while the core itself is
   * still being loaded.
   * @param {typeof globalThis.fetch} fetch
   * @param {string} url
   */
  fetchEarly(fetch, url) {
    if (this.#early.has(url)) return;
    const response = (async () => fetch(url))();
    response.catch(() => {}); // the core hears of it when it asks
    this.#early.set(url, response);
  }

  /**
   * The value that JavaScript threw, once, by the ticket that Go got for it.
   * @param {number} ticket
   */
  takeThrown(ticket) {
    const thrown = this.#thrown[ticket];
    delete this.#thrown[ticket];
    return thrown;
  }

  /**
   * Runs what may be a user's code, once Go's frames are off the stack. What Go
   * gets can be awaited once, and that is all: if the core has died meanwhile its
   * handlers throw, and by then nobody waits for them.
   * @param {() => unknown} f
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
      throw { text: textOf(error), ticket: this.#thrown.push(error) - 1 };
    }
  }

  /**
   * @param {typeof globalThis.fetch} fetch
   * @param {string} url
   * @param {string} method
   * @param {string[]} headers names and values in turn
   */
  #fetch(fetch, url, method, headers) {
    const early = this.#early.get(url);
    if (early && !method && headers.length === 0) {
      this.#early.delete(url);
      return early;
    }
    /** @type {[string, string][]} */
    const pairs = [];
    for (let i = 0; i < headers.length; i += 2) pairs.push([headers[i], headers[i + 1]]);
    return fetch(url, { method: method || 'GET', headers: pairs });
  }

  /** The object that Go sees. Its functions give primitives and platform objects. */
  object = {
    ready: (/** @type {Function} */ create) => this.#ready(create),

    newBytes: (/** @type {number} */ n) => new Uint8Array(n),

    kindOf: (/** @type {unknown} */ source) =>
      source instanceof Uint8Array ? 'bytes' : isModule(source) ? 'module' : 'response',

    compile: (/** @type {Uint8Array<ArrayBuffer>} */ bytes) => this.#settle(() => WebAssembly.compile(bytes)),

    compileStreaming: (/** @type {ResponseRecord} */ { response }) =>
      this.#settle(async () =>
        WebAssembly.compileStreaming
          ? WebAssembly.compileStreaming(response)
          : WebAssembly.compile(await response.arrayBuffer()),
      ),

    describe: (/** @type {WebAssembly.Module} */ module) =>
      JSON.stringify({ imports: WebAssembly.Module.imports(module), exports: WebAssembly.Module.exports(module) }),

    fetch: (
      /** @type {typeof globalThis.fetch} */ fetch,
      /** @type {string} */ url,
      /** @type {string} */ method,
      /** @type {string[]} */ headers,
    ) =>
      this.#settle(async () => recordOf(await this.#fetch(fetch, url, method, headers))),

    responseFacts: (/** @type {ResponseRecord} */ { facts }) => facts,

    body: (/** @type {ResponseRecord} */ { response }) =>
      this.#settle(async () => new Uint8Array(await response.arrayBuffer())),

    readFile: (/** @type {string} */ path) =>
      this.#settle(() => {
        if (!this.#files) throw new Error('there is no file system on this platform; give a URL or the bytes');
        return this.#files(path);
      }),

    sha256: (/** @type {Uint8Array<ArrayBuffer>} */ bytes) =>
      this.#settle(async () => {
        if (!globalThis.crypto?.subtle) throw new Error('crypto.subtle is only there in secure contexts (https or localhost)');
        const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
        return Array.from(sum, (b) => b.toString(16).padStart(2, '0')).join('');
      }),
  };
}

/**
 * @param {unknown} value
 * @returns {value is WebAssembly.Module}
 */
export function isModule(value) {
  if (value instanceof WebAssembly.Module) return true;
  if (typeof value !== 'object' || value === null) return false;
  try {
    WebAssembly.Module.customSections(/** @type {any} */ (value), ''); // a module of another realm passes, too
    return true;
  } catch {
    return false;
  }
}
