// @ts-check

import { ExtismError, textOf } from './error.mjs';
import { spawn } from './spawn.mjs';
import { packBytes, SharedHead, Turn, unpackError, VERSION } from './worker_protocol.mjs';

/** @typedef {import('./worker_protocol.mjs').ToPage} ToPage */
/** @typedef {import('./worker_protocol.mjs').Answer} Answer */
/** @typedef {import('./worker_protocol.mjs').Ask} Ask */

/**
 * Who has a worker. It is not kept alive by it.
 * @typedef {object} Owner
 * @property {(link: Link, message: ToPage) => void} receive
 */

/** Of the shared buffer, in bytes. Longer answers go through it in pieces. */
const SHARED = 64 << 10;

/** Whether memory can be shared with a worker: in browsers only where a page is isolated. */
const canShare = typeof SharedArrayBuffer === 'function' && /** @type {any} */ (globalThis).crossOriginIsolated !== false;

/**
 * The page's end of one worker, from its start to its end. Whatever ends it, all that
 * waits for the worker is rejected.
 */
export class Link {
  /** @type {{ error: unknown } | null} why it has ended */
  dead = null;
  shared = canShare ? new SharedArrayBuffer(SHARED) : null;
  #head = this.shared && new Int32Array(this.shared, 0, SharedHead.BYTES / 4);
  /** @type {Uint8Array} what the worker has not taken yet of an answer */
  #left = new Uint8Array();
  #worker;
  #owner;
  #url;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: unknown) => void }>} */
  #pending = new Map();
  #last = 0;
  /** @type {Map<number, unknown>} what users have thrown here in the present request */
  #thrown = new Map();
  #lastTicket = 0;
  /** Resolves once the worker listens. */
  ready = new Promise((resolve, reject) => {
    this.#pending.set(0, { resolve, reject });
  });

  /**
   * @param {string | URL} url
   * @param {object} nodeArgs
   * @param {Owner} owner
   */
  constructor(url, nodeArgs, owner) {
    this.#url = url;
    this.#owner = new WeakRef(owner);
    this.#worker = spawn(url, nodeArgs, {
      message: (message) => this.#receive(message),
      failed: (cause) => this.fail(new ExtismError('WORKER_FAILED', `the plug-in's worker has ended: ${textOf(cause)}`, { cause })),
    });
  }

  /**
   * Asks something of the worker. There is one request at a time.
   * @param {Record<string, unknown>} message
   * @param {Transferable[]} [transfer]
   * @returns {Promise<any>}
   */
  async request(message, transfer) {
    if (this.dead) throw this.dead.error;
    const number = ++this.#last;
    const done = new Promise((resolve, reject) => this.#pending.set(number, { resolve, reject }));
    this.#worker.keepAlive(true);
    try {
      this.#worker.post({ ...message, number }, transfer);
      return await done;
    } finally {
      this.#pending.delete(number);
      this.#thrown.clear();
      if (!this.dead) this.#worker.keepAlive(false);
    }
  }

  /**
   * @param {object} message
   * @param {Transferable[]} [transfer]
   */
  post(message, transfer) {
    if (!this.dead) this.#worker.post(message, transfer);
  }

  /**
   * Ends the worker, at once.
   * @param {unknown} error for all that waits for it
   * @returns {unknown} a promise, where that takes time
   */
  fail(error) {
    if (this.dead) return;
    this.dead = { error };
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
    return this.#worker.terminate();
  }

  /** @param {ToPage} message */
  #receive(message) {
    if (this.dead) return;
    switch (message.type) {
      case 'ready':
        return this.#started(message.version);
      case 'done': {
        const request = this.#pending.get(message.number);
        if (message.error) request?.reject(unpackError(message.error, (sent) => this.#kept(sent)));
        else request?.resolve(message.value);
        return;
      }
      case 'more':
        return this.#share();
    }
    this.#owner.deref()?.receive(this, message);
  }

  /** @param {number} version */
  #started(version) {
    if (version === VERSION) return this.#pending.get(0)?.resolve(undefined);
    this.fail(new ExtismError('INTERNAL', `${this.#url} and the JavaScript that starts it are of different builds (protocol ${version} and ${VERSION}); take both from one release`));
  }

  /**
   * Answers a question of the worker.
   * @param {Ask} ask
   * @param {() => unknown} answer what it throws stays here, and the worker gets a number for it
   */
  async answer({ number, waits }, answer) {
    /** @type {Answer} */
    let given;
    try {
      given = { value: await answer() };
    } catch (error) {
      given = { thrown: this.keep(error) };
    }
    if (this.dead) return;
    if (!waits) return this.post({ type: 'answer', number, answer: given }, buffersOf(given));
    this.#left = packBytes(given);
    this.#share();
  }

  /** Puts into the shared buffer what there is room for. */
  #share() {
    const head = /** @type {Int32Array} */ (this.#head);
    const to = new Uint8Array(/** @type {SharedArrayBuffer} */ (this.shared), SharedHead.BYTES);
    const part = this.#left.subarray(0, to.length);
    to.set(part);
    head[SharedHead.LEFT] = this.#left.length;
    this.#left = this.#left.subarray(part.length);
    Atomics.store(head, SharedHead.TURN, Turn.WORKER);
    Atomics.notify(head, SharedHead.TURN);
  }

  /**
   * Keeps what a user has thrown.
   * @param {unknown} error
   * @returns {{ ticket: number, text: string }} stands for it in the worker
   */
  keep(error) {
    this.#thrown.set(++this.#lastTicket, error);
    return { ticket: this.#lastTicket, text: textOf(error) };
  }

  /** @param {{ ticket: number, text: string }} sent */
  #kept({ ticket, text }) {
    return this.#thrown.has(ticket) ? this.#thrown.get(ticket) : new Error(text);
  }
}

/**
 * The buffers of an answer's bytes, which are the answer's own.
 * @param {Answer} answer
 * @returns {ArrayBuffer[]}
 */
function buffersOf(answer) {
  const value = 'value' in answer ? answer.value : null;
  if (value instanceof Uint8Array) return [/** @type {ArrayBuffer} */ (value.buffer)];
  return (value?.ops ?? []).flatMap((/** @type {unknown[]} */ op) => (op[2] instanceof Uint8Array ? [op[2].buffer] : []));
}
