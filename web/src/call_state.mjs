// @ts-check

/** JavaScript promise integration, where the engine has it. */
const { Suspending, promising } = /** @type {any} */ (WebAssembly);

/** Whether guests can wait for promises on this engine. */
export const canSuspend = typeof Suspending === 'function' && typeof promising === 'function';

/**
 * A function for guests to import that suspends them until its promise is settled.
 * @param {Function} f
 * @returns {Function} f itself where nothing can be suspended
 */
export const suspending = (f) => (canSuspend ? new Suspending(f) : f);

/**
 * An export that can be suspended: it gives a promise of its result.
 * @param {Function} f
 * @returns {Function} f itself where nothing can be suspended
 */
export const promised = (f) => (canSuspend ? promising(f) : f);

/**
 * What the code of users, which host functions and loggers are, has to do with the
 * call that is under way.
 */
export class CallState {
  /** @type {{ error: unknown } | null} what it has thrown first, which the caller gets */
  thrown = null;
  /** Whether some of it is on the stack. */
  inside = false;
  /** Whether the guest has been called so that it can be suspended. */
  suspendable = false;
  /** @type {unknown} the platform's error behind a reason that the core has kept */
  cause;
  /** @type {((error: unknown) => void) | null} ends the wait of a suspended guest */
  #stop = null;

  /** Whether the guest is suspended. */
  get suspended() {
    return this.#stop !== null;
  }

  /** A call begins. */
  reset() {
    this.thrown = null;
    this.cause = undefined;
  }

  /** @param {unknown} error */
  keep(error) {
    this.thrown ??= { error };
  }

  takeCause() {
    const { cause } = this;
    this.cause = undefined;
    return cause;
  }

  takeThrown() {
    const { thrown } = this;
    this.thrown = null;
    return thrown;
  }

  /**
   * Waits for a promise on behalf of a suspended guest.
   * @template T
   * @param {PromiseLike<T>} promise
   * @param {(value: T) => void} take
   * @param {() => void} [cancel] is called if nobody waits any longer
   * @returns {Promise<number>} 0; anything else: there is a reason in `thrown`, and the guest must be stopped
   */
  wait(promise, take, cancel) {
    return new Promise((resolve) => {
      const end = (/** @type {() => void} */ f) => {
        if (this.#stop !== stop) return; // it has been stopped
        this.#stop = null;
        try {
          f();
        } catch (error) {
          this.keep(error);
        }
        resolve(this.thrown === null ? 0 : 1);
      };
      const fail = (/** @type {unknown} */ error) => end(() => this.keep(error));
      const stop = (/** @type {unknown} */ error) => {
        fail(error);
        cancel?.();
      };
      this.#stop = stop;
      Promise.resolve(promise).then((value) => end(() => take(value)), fail);
    });
  }

  /**
   * Ends the call that is under way: at once if its guest is suspended, and else when
   * it next calls a function of the user's, or returns.
   * @param {unknown} reason what its caller gets
   */
  abort(reason) {
    this.keep(reason);
    this.stop(reason);
  }

  /**
   * Ends the wait of a suspended guest, which is stopped. What it has waited for may
   * go on.
   * @param {unknown} reason what its caller gets
   */
  stop(reason) {
    this.#stop?.(reason);
  }
}
