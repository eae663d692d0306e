// @ts-check

import { PageError, SharedHead, Turn, unpackBytes, unpackError } from './worker_protocol.mjs';

/** @typedef {import('./worker_protocol.mjs').Question} Question */
/** @typedef {import('./worker_protocol.mjs').Answer} Answer */

/** Where answers can come to while the thread stands still. @typedef {{ head: Int32Array, bytes: Uint8Array }} Shared */

/** The questions that a worker has for its page. */
export class Asking {
  #post;
  #last = 0;
  /** @type {Map<number, { resolve: (value: any) => void, reject: (error: unknown) => void }>} */
  #open = new Map();
  /** @type {Shared | null} */
  #shared = null;

  /** @param {(message: object, transfer?: Transferable[]) => void} post */
  constructor(post) {
    this.#post = post;
  }

  /** @param {SharedArrayBuffer | null} buffer through which answers can come while this thread stands still */
  share(buffer) {
    if (buffer) this.#shared = { head: new Int32Array(buffer, 0, SharedHead.BYTES / 4), bytes: new Uint8Array(buffer, SharedHead.BYTES) };
  }

  /** Whether this thread can stand still until there is an answer. */
  get canWait() {
    return this.#shared !== null;
  }

  /**
   * @param {Question} question
   * @param {Transferable[]} [transfer]
   * @param {AbortSignal | null} [signal]
   * @returns {Promise<any>} rejected with a PageError for what was thrown there
   */
  ask(question, transfer, signal) {
    const number = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#open.set(number, { resolve, reject });
      signal?.addEventListener('abort', () => this.cancel(number), { once: true });
      this.#post({ type: 'ask', number, waits: false, question }, transfer);
    });
  }

  /** The number of the last question. */
  get last() {
    return this.#last;
  }

  /** @param {number} number of a fetch that is not wanted any more */
  cancel(number) {
    this.#post({ type: 'cancel', number });
  }

  /**
   * @param {number} number
   * @param {Answer} answer
   */
  answered(number, answer) {
    const question = this.#open.get(number);
    this.#open.delete(number);
    try {
      question?.resolve(valueOf(answer));
    } catch (error) {
      question?.reject(error);
    }
  }

  /**
   * Asks and stands still until there is an answer.
   * @param {Question} question
   * @param {Transferable[]} [transfer]
   * @returns {any}
   */
  askNow(question, transfer) {
    const { head, bytes } = /** @type {Shared} */ (this.#shared);
    Atomics.store(head, SharedHead.TURN, Turn.PAGE);
    this.#post({ type: 'ask', number: ++this.#last, waits: true, question }, transfer);
    Atomics.wait(head, SharedHead.TURN, Turn.PAGE);
    const answer = new Uint8Array(head[SharedHead.LEFT]);
    for (let at = 0; ; ) {
      const part = bytes.subarray(0, head[SharedHead.LEFT]);
      answer.set(part, at);
      at += part.length;
      if (at === answer.length) return valueOf(unpackBytes(answer));
      Atomics.store(head, SharedHead.TURN, Turn.PAGE);
      this.#post({ type: 'more' });
      Atomics.wait(head, SharedHead.TURN, Turn.PAGE);
    }
  }
}

/** @param {Answer} answer */
function valueOf(answer) {
  if ('value' in answer) return answer.value;
  throw unpackError(answer.thrown, (sent) => new PageError(sent));
}
