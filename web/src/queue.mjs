// @ts-check

/**
 * @template T
 * @typedef {{ value: T, before: Place<T>, after: Place<T> }} Place
 */

/**
 * First in, first out. Whoever has waited long enough may also leave from the middle,
 * and what has left is held no longer, however slowly the rest moves on.
 * @template T
 */
export class Queue {
  length = 0;
  /** @type {Place<T>} the end of the ring, which stands before the first and behind the last */
  #end;

  constructor() {
    const end = /** @type {Place<T>} */ ({});
    this.#end = end.before = end.after = end;
  }

  /**
   * @param {T} value
   * @returns {() => void} takes it out again, if it is still there
   */
  push(value) {
    const end = this.#end;
    const place = { value, before: end.before, after: end };
    end.before = end.before.after = place;
    this.length++;
    return () => this.#remove(place);
  }

  /** @returns {T | undefined} the first, which is taken out */
  shift() {
    const { after } = this.#end;
    if (after === this.#end) return undefined;
    this.#remove(after);
    return after.value;
  }

  /** @param {Place<T>} place */
  #remove(place) {
    const { before, after } = place;
    if (before === place) return; // it has been taken out
    before.after = after;
    after.before = before;
    place.before = place.after = place;
    this.length--;
  }
}
