// @ts-check

import { encodeText } from './abi.mjs';
import { copyParts, lengthOf, readParts } from './body.mjs';
import { canSuspend } from './call_state.mjs';
import { textOf } from './error.mjs';
import { inBrowser } from './load.mjs';

// What a guest's HTTP request is, where it may go and what may come back is decided in
// Go (internal/hostenv/http.go); here it is sent, and bytes are moved.

/**
 * What fetch is, for a thread that stands still meanwhile.
 * @typedef {(url: string, init: RequestInit) => { response: Answer, read: () => Uint8Array | null, cancel: () => void }} FetchNow read gives null at the end
 */

/** What is looked at of a response. @typedef {Pick<Response, 'status' | 'headers' | 'url' | 'type' | 'redirected'>} Answer */

/** What the core wants after an answer (internal/hostenv/http.go). */
const Next = Object.freeze({ STOP: 0, AGAIN: 1, BODY: 2 });

/** Reasons for a failure (internal/bridge/http_js.go). */
const Failed = Object.freeze({ ON_THE_WAY: 0, TOO_LARGE: 1, NO_ROOM: 2, CANNOT_WAIT: 3 });

/** In place of the response's offset: the guest must be stopped, for a reason that the core knows. */
const STOP = -1;

/** Stands for no address. */
const NONE = ['', '', '', '', ''];

/**
 * What is to be sent.
 * @typedef {{ url: string, init: RequestInit, hasBody: boolean, withheld: string }} Description
 */

/**
 * The HTTP requests of one plug-in, which makes one at a time.
 */
export class Http {
  #plugin;
  #state;
  #fetch;
  #fetchNow;
  #warn;
  /** @type {Description} */
  #request;

  /**
   * @param {import('./plugin.mjs').Internals} plugin
   * @param {import('./call_state.mjs').CallState} state
   * @param {{ fetch: typeof globalThis.fetch, fetchNow?: FetchNow | undefined }} platform
   * @param {(text: string) => number} warn gives not 0 if the guest is to be stopped
   */
  constructor(plugin, state, { fetch, fetchNow }, warn) {
    this.#plugin = plugin;
    this.#state = state;
    this.#fetch = fetch;
    this.#fetchNow = fetchNow;
    this.#warn = warn;
  }

  /**
   * The kernel's import host.http: whether the request that its guest has begun is made.
   * @param {number} n length of the body
   * @returns {number} 0: the guest is stopped
   */
  begin(n) {
    const { core, id } = this.#plugin;
    try {
      const [length] = core.post(encodeText(addressOf(core.collectText()).join('\0')));
      if (core.abi.http_admit(id, length, n, inBrowser ? 1 : 0) !== 1) return 0;
      if (this.#state.suspendable || this.#now) {
        this.#request = this.#description();
        return 1;
      }
      this.#fail(Failed.CANNOT_WAIT, canSuspend
        ? 'a guest waits for no response in callSync, nor while its module is being instantiated'
        : 'this engine cannot suspend a guest (it has no JavaScript promise integration)');
    } catch (error) {
      this.#state.keep(error); // the core was not entered, which a guest must not catch
    }
    return 0;
  }

  /**
   * The kernel's import host.http_wait: makes the request.
   * @param {number} off where the body is
   * @param {number} n
   * @returns {number | Promise<number>} the offset of the response
   */
  wait(off, n) {
    const body = this.#plugin.memory.bytes().slice(off, off + n);
    return this.#now ? this.#performNow(body) : this.#suspend(body);
  }

  /** Whether requests are made while all stands still, as no guest can be suspended. */
  get #now() {
    return !canSuspend && this.#fetchNow !== undefined;
  }

  /** @param {Uint8Array} body */
  async #suspend(body) {
    const controller = new AbortController();
    let at = STOP;
    const take = (/** @type {number} */ result) => void (at = result);
    const stopped = await this.#state.wait(this.#perform(body, controller.signal), take, () => controller.abort());
    return stopped ? STOP : at;
  }

  /**
   * @param {Uint8Array} body
   * @param {AbortSignal} signal
   * @returns {Promise<number>}
   */
  async #perform(body, signal) {
    await undefined; // users' code runs when no guest is on the stack
    const fetch = this.#fetch;
    try {
      for (;;) {
        const { url, init, hasBody, withheld } = this.#request;
        if (withheld && this.#warn(`http_request: not sent: ${withheld}`)) return STOP;
        const response = await fetch(url, { ...init, signal, ...(hasBody && { body: /** @type {any} */ (body) }) });
        const next = signal.aborted ? Next.STOP : this.#answered(response, url);
        if (next === Next.BODY) return await this.#receive(response, signal);
        discard(response);
        if (next !== Next.AGAIN) return STOP;
        this.#request = this.#description();
      }
    } catch (error) {
      if (signal.aborted || this.#plugin.core.dead) return STOP;
      this.#state.cause = error;
      return this.#fail(Failed.ON_THE_WAY, reasonOf(error));
    }
  }

  /**
   * The same while the guest, and all this thread, stands still.
   * @param {Uint8Array} body
   * @returns {number} the offset of the response
   */
  #performNow(body) {
    try {
      for (;;) {
        const { url, init, hasBody, withheld } = this.#request;
        if (withheld && this.#warn(`http_request: not sent: ${withheld}`)) return STOP;
        const { response, read, cancel } = /** @type {FetchNow} */ (this.#fetchNow)(url, { ...init, ...(hasBody && { body: /** @type {any} */ (body) }) });
        const next = this.#answered(response, url);
        if (next === Next.BODY) return this.#receiveNow(read, cancel);
        cancel();
        if (next !== Next.AGAIN) return STOP;
        this.#request = this.#description();
      }
    } catch (error) {
      if (this.#plugin.core.dead) return STOP;
      this.#state.cause = error;
      return this.#fail(Failed.ON_THE_WAY, reasonOf(error));
    }
  }

  /**
   * @param {() => Uint8Array | null} read
   * @param {() => void} cancel
   */
  #receiveNow(read, cancel) {
    const limit = Number(this.#plugin.core.collectText());
    const parts = [];
    let length = 0;
    for (let part; (part = read()) !== null; parts.push(part)) {
      length += part.length;
      if (length <= limit) continue;
      cancel();
      return this.#fail(Failed.TOO_LARGE);
    }
    return this.#give(parts);
  }

  /** What the core says is to be sent. */
  #description() {
    const { core } = this.#plugin;
    const [method, url, hasBody, follow, withheld, ...pairs] = core.collectText().split('\0');
    /** @type {[string, string][]} */
    const headers = [];
    for (let i = 0; i < pairs.length; i += 2) headers.push([pairs[i], pairs[i + 1]]);
    /** @type {RequestInit} */
    const init = { method, headers, redirect: follow ? 'follow' : 'manual' };
    // Edge workers have none of this, and refuse the words.
    if (!core.assets.worker) Object.assign(init, { credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer' });
    return { url, init, hasBody: hasBody !== '', withheld };
  }

  /**
   * Tells the core of an answer.
   * @param {Answer} response
   * @param {string} url that was asked
   * @returns {number} what it wants next
   */
  #answered(response, url) {
    const { core, id } = this.#plugin;
    const { headers, type, redirected } = response ?? {};
    const hidden = type === 'opaqueredirect';
    const status = hidden ? 0 : Number(response?.status);
    if (!hidden && !(status >= 100)) throw new TypeError(`fetch has given no response that can be read (type ${type}, status ${response?.status})`);
    const length = headers.has('content-encoding') ? '' : headers.get('content-length') ?? '';
    const fields = [...(redirected ? addressOf(response.url) : NONE), length, headersJSON(headers)];
    const location = headers.get('location');
    if (location !== null) fields.push(...addressOf(location, url));
    const [n] = core.post(encodeText(fields.join('\0')));
    return core.abi.http_answered(id, status, n);
  }

  /**
   * Reads a response's body, as far as the core allows, into the plug-in's memory.
   * @param {Response} response
   * @param {AbortSignal} signal
   * @returns {Promise<number>} its offset
   */
  async #receive(response, signal) {
    const parts = await readParts(response, Number(this.#plugin.core.collectText()), signal);
    if (signal.aborted) return STOP;
    if (typeof parts === 'number') return this.#fail(Failed.TOO_LARGE);
    return this.#give(parts);
  }

  /**
   * Copies a body into the plug-in's memory.
   * @param {Uint8Array[]} parts
   * @returns {number} its offset
   */
  #give(parts) {
    const length = lengthOf(parts);
    if (length === 0) return 0;
    const at = length < 2 ** 32 ? this.#plugin.kernel.host_alloc(length) >>> 0 : 0;
    if (at === 0) return this.#fail(Failed.NO_ROOM, "no room for the response in the plug-in's memory");
    copyParts(parts, this.#plugin.memory.bytes(), at);
    return at;
  }

  /**
   * @param {number} reason
   * @param {string} [text]
   */
  #fail(reason, text = '') {
    const { core, id } = this.#plugin;
    const [n] = core.post(text);
    core.abi.http_fail(id, reason, n);
    return STOP;
  }
}

/**
 * An address as the platform's parser has it: all of it, scheme, host, port, and "1"
 * if there are credentials in it.
 * @param {string} text
 * @param {string} [base]
 */
function addressOf(text, base) {
  try {
    const url = new URL(text, base);
    return [url.href, url.protocol.slice(0, -1), url.hostname, url.port, url.username || url.password ? '1' : ''];
  } catch {
    return NONE;
  }
}

/**
 * Headers as guests get them. Their names are in lower case and values of one name
 * joined already, except for cookies: these have commas of their own, and no line
 * breaks.
 * @param {Headers} headers
 */
function headersJSON(headers) {
  /** @type {Record<string, string>} */
  const all = Object.create(null);
  headers.forEach((value, name) => (all[name] = name in all ? `${all[name]}\n${value}` : value));
  return JSON.stringify(all);
}

/**
 * Lets the connection of a response go that nobody reads.
 * @param {Response} response
 */
async function discard(response) {
  try {
    await response.body?.cancel();
  } catch {
    // It is gone already, or was never one.
  }
}

/**
 * The platform's text. That of Node's fetch says nothing, and its cause everything.
 * @param {any} error
 */
function reasonOf(error) {
  const text = textOf(error);
  const cause = error instanceof Error && error.cause ? textOf(error.cause) : '';
  return cause ? `${text}: ${cause}` : text;
}
