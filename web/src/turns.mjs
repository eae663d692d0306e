// @ts-check

/**
 * The order of one plug-in's calls. A call that can be done at once is none of its
 * business; the others wait for each other, in the order in which they were made.
 */
export class Turns {
  /**
   * The end of the last of the calls that take their time, while there are any. It is
   * never rejected.
   * @type {Promise<void> | null}
   */
  last = null;
  /** How many of them have not begun. */
  waiting = 0;

  /**
   * Has a call wait for its turn.
   * @template T
   * @param {() => T | Promise<T>} run
   * @returns {{ call: Promise<T>, leave: () => void }} leave gives the place up, but run will be called
   */
  enter(run) {
    let waits = true;
    const leave = () => {
      if (waits) this.waiting--;
      waits = false;
    };
    this.waiting++;
    const call = /** @type {Promise<void>} */ (this.last).then(() => {
      leave();
      return run();
    });
    return { call: this.#follow(call), leave };
  }

  /**
   * Has others wait for a call that takes its time, unless they do so already because
   * it has waited itself.
   * @template T
   * @param {Promise<T>} call
   */
  occupy(call) {
    return this.last === null ? this.#follow(call) : call;
  }

  /**
   * @template T
   * @param {Promise<T>} call
   */
  #follow(call) {
    const ended = () => {
      if (this.last === last) this.last = null;
    };
    const last = call.then(ended, ended);
    this.last = last;
    return call;
  }
}
