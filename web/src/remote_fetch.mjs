// @ts-check

/** @typedef {import('./worker_protocol.mjs').Head} Head */

/**
 * The fetches of one worker that are made on the page: by a function of the user's, or
 * because the worker stands still meanwhile.
 */
export class RemoteFetch {
  #fetch;
  /** @type {Map<number, AbortController>} by the number of the question */
  #controllers = new Map();
  /** @type {Map<number, ReadableStreamDefaultReader<Uint8Array>>} likewise; bodies that are being read */
  #readers = new Map();

  /** @param {typeof globalThis.fetch} fetch */
  constructor(fetch) {
    this.#fetch = fetch;
  }

  /**
   * @param {number} number
   * @param {string} url
   * @param {RequestInit} init
   * @returns {Promise<Head>}
   */
  async fetch(number, url, init) {
    const controller = new AbortController();
    this.#controllers.set(number, controller);
    try {
      const response = await this.#fetch(url, { ...init, signal: controller.signal });
      const reader = response.body?.getReader();
      if (reader) this.#readers.set(number, reader);
      return headOf(response, url);
    } finally {
      if (!this.#readers.has(number)) this.#controllers.delete(number);
    }
  }

  /**
   * Reads on in a body.
   * @param {number} number
   * @returns {Promise<Uint8Array | null>} null at the end
   */
  async read(number) {
    const { done, value } = (await this.#readers.get(number)?.read()) ?? { done: true, value: undefined };
    if (!done) return new Uint8Array(value).slice(); // not to be taken away from whoever has made it
    this.#forget(number);
    return null;
  }

  /** @param {number} number */
  cancel(number) {
    this.#controllers.get(number)?.abort();
    this.#readers.get(number)?.cancel().catch(() => {});
    this.#forget(number);
  }

  /** @param {number} number */
  #forget(number) {
    this.#controllers.delete(number);
    this.#readers.delete(number);
  }
}

/**
 * @param {Response} response
 * @param {string} requested
 * @returns {Head}
 */
function headOf(response, requested) {
  return {
    status: Number(response.status),
    headers: Array.from(response.headers ?? [], ([name, value]) => [String(name), String(value)]),
    url: String(response.url || absolute(requested, globalThis.document?.baseURI ?? globalThis.location?.href)),
    type: response.type,
    redirected: Boolean(response.redirected),
  };
}

/**
 * A URL in full, if that can be told.
 * @param {string} url
 * @param {string | undefined} base
 */
export function absolute(url, base) {
  try {
    return new URL(url, base).href;
  } catch {
    return url;
  }
}
