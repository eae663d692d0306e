// @ts-check

import { encodeText } from './abi.mjs';
import { canSuspend, suspending } from './call_state.mjs';
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
const Failed = Object.freeze({ ON_THE_WAY: 0, NO_ROOM: 1, TO_WAIT: 2 });

/** In place of the response's offset: the guest must be stopped, for a reason that the core knows. */
const STOP = -1;

/** Stands for no address. */
const NONE = ['', '', '', '', ''];

/**
 * The HTTP requests of one plug-in.
 */
export class Http {
  #plugin;
  #state;
  #fetch;
  #fetchNow;
  #warn;

  /**
   * @param {import('./plugin.mjs').Internals} plugin
   * @param {import('./call_state.mjs').CallState} state
   * @param {{ fetch: typeof globalThis.fetch, fetchNow?: FetchNow | undefined }} platform
   * @param {(text: string) => void} warn
   */
  constructor(plugin, state, { fetch, fetchNow }, warn) {
    this.#plugin = plugin;
    this.#state = state;
    this.#fetch = fetch;
    this.#fetchNow = fetchNow;
    this.#warn = warn;
  }

  /**
   * The kernel's import host.http: makes the request that its guest has begun.
   * @param {boolean} waits whether guests are called so that they can be suspended
   * @returns {Function} takes the plug-in's number, offset and length of the body; gives the offset of the response
   */
  import(waits) {
    if (!canSuspend && this.#fetchNow) return (/** @type {number} */ _, /** @type {number} */ off, /** @type {number} */ n) => this.#makeNow(off >>> 0, n >>> 0);
    if (!waits || !canSuspend) return (/** @type {number} */ _, /** @type {number} */ _off, /** @type {number} */ n) => this.#refuse(n >>> 0);
    return suspending((/** @type {number} */ _, /** @type {number} */ off, /** @type {number} */ n) => this.#make(off >>> 0, n >>> 0));
  }

  /**
   * The request where no guest can wait: it is refused, first of all if it is not allowed.
   * @param {number} n length of the body
   */
  #refuse(n) {
    if (this.#admit(n)) this.#fail(Failed.TO_WAIT);
    return STOP;
  }

  /**
   * @param {number} off
   * @param {number} n
   */
  async #make(off, n) {
    const body = this.#plugin.memory.bytes().slice(off, off + n);
    const controller = new AbortController();
    let at = STOP;
    const take = (/** @type {number} */ result) => (at = result);
    const stopped = await this.#state.wait(this.#perform(body, controller.signal), take, () => controller.abort());
    return stopped ? STOP : at;
  }

  /**
   * @param {Uint8Array} body
   * @param {AbortSignal} signal
   * @returns {Promise<number>}
   */
  async #perform(body, signal) {
    await undefined; // a fetch of the user's runs when no guest is on the stack
    if (!this.#admit(body.length)) return STOP;
    try {
      for (;;) {
        const { url, init, withheld } = this.#description(body);
        if (withheld) this.#warn(`http_request: not sent: ${withheld}`);
        const response = await this.#fetch(url, { ...init, signal });
        if (signal.aborted) return STOP;
        switch (this.#answered(response, url)) {
          case Next.AGAIN:
            response.body?.cancel().catch(() => {});
            continue;
          case Next.BODY:
            const parts = await this.#read(response, signal);
            return signal.aborted ? STOP : this.#give(parts);
        }
        response.body?.cancel().catch(() => {});
        return STOP;
      }
    } catch (error) {
      if (signal.aborted || this.#plugin.core.dead) return STOP;
      this.#state.cause = error;
      this.#fail(Failed.ON_THE_WAY, reasonOf(error));
      return STOP;
    }
  }

  /**
   * The same while the guest, and all this thread, stands still.
   * @param {number} off
   * @param {number} n
   */
  #makeNow(off, n) {
    const body = this.#plugin.memory.bytes().slice(off, off + n);
    if (!this.#admit(n)) return STOP;
    try {
      for (;;) {
        const { url, init, withheld } = this.#description(body);
        if (withheld) this.#warn(`http_request: not sent: ${withheld}`);
        const { response, read, cancel } = /** @type {FetchNow} */ (this.#fetchNow)(url, init);
        const next = this.#answered(response, url);
        if (next === Next.BODY) return this.#give(this.#readNow(read, cancel));
        cancel();
        if (next !== Next.AGAIN) return STOP;
      }
    } catch (error) {
      if (this.#plugin.core.dead) return STOP;
      this.#state.cause = error;
      this.#fail(Failed.ON_THE_WAY, reasonOf(error));
      return STOP;
    }
  }

  /**
   * @param {() => Uint8Array | null} read
   * @param {() => void} cancel
   * @returns {Uint8Array[] | null} null if it was too much
   */
  #readNow(read, cancel) {
    const { core, id } = this.#plugin;
    const parts = [];
    for (let part; (part = read()) !== null; parts.push(part)) {
      if (core.abi.http_receive(id, part.length)) continue;
      cancel();
      return null;
    }
    return parts;
  }

  /**
   * Has the core check the request.
   * @param {number} bodyLength
   */
  #admit(bodyLength) {
    const { core, id } = this.#plugin;
    core.abi.http_target(id);
    const [n] = core.post(encodeText(addressOf(core.collectText()).join('\0')));
    return core.abi.http_admit(id, n, bodyLength, inBrowser ? 1 : 0) === 1;
  }

  /**
   * What the core says is to be sent.
   * @param {Uint8Array} body
   */
  #description(body) {
    const { core } = this.#plugin;
    const [method, url, hasBody, follow, withheld, ...pairs] = core.collectText().split('\0');
    /** @type {[string, string][]} */
    const headers = [];
    for (let i = 0; i + 1 < pairs.length; i += 2) headers.push([pairs[i], pairs[i + 1]]);
    /** @type {RequestInit} */
    const init = { method, headers, redirect: follow ? 'follow' : 'manual' };
    if (hasBody) init.body = /** @type {any} */ (body);
    // Edge workers have none of this, and refuse the words.
    if (!core.assets.worker) Object.assign(init, { credentials: 'omit', cache: 'no-store', referrerPolicy: 'no-referrer' });
    return { url, init, withheld };
  }

  /**
   * Tells the core of an answer.
   * @param {Answer} response
   * @param {string} url that was asked
   * @returns {number} what it wants next
   */
  #answered(response, url) {
    const { core, id } = this.#plugin;
    const hidden = response.type === 'opaqueredirect';
    const location = response.headers.get('location');
    const fields = [
      ...(location === null ? NONE : addressOf(location, url)),
      ...(response.redirected ? addressOf(response.url) : NONE),
    ];
    response.headers.forEach((value, name) => fields.push(name, value));
    const [n] = core.post(encodeText(fields.join('\0')));
    return core.abi.http_answered(id, hidden ? 0 : response.status, n);
  }

  /**
   * Reads a response's body, as far as the core allows.
   * @param {Response} response
   * @param {AbortSignal} signal
   * @returns {Promise<Uint8Array[] | null>} null if it was too much
   */
  async #read(response, signal) {
    const { core, id } = this.#plugin;
    const reader = response.body?.getReader();
    const parts = [];
    while (reader) {
      const { done, value } = await reader.read();
      if (done || signal.aborted) break;
      if (!core.abi.http_receive(id, value.length)) {
        reader.cancel().catch(() => {});
        return null;
      }
      parts.push(value);
    }
    return parts;
  }

  /**
   * Copies a body into the plug-in's memory.
   * @param {Uint8Array[] | null} parts
   * @returns {number} its offset
   */
  #give(parts) {
    if (parts === null) return STOP;
    const length = parts.reduce((n, part) => n + part.length, 0);
    if (length === 0) return 0;
    const at = this.#plugin.kernel.host_alloc(length) >>> 0;
    if (at === 0) {
      this.#fail(Failed.NO_ROOM);
      return STOP;
    }
    const bytes = this.#plugin.memory.bytes();
    let to = at;
    for (const part of parts) {
      bytes.set(part, to);
      to += part.length;
    }
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
 * The platform's text. That of Node's fetch says nothing, and its cause everything.
 * @param {any} error
 */
function reasonOf(error) {
  const text = textOf(error);
  const cause = error instanceof Error && error.cause ? textOf(error.cause) : '';
  return cause ? `${text}: ${cause}` : text;
}
