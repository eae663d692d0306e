// @ts-check

const decoder = new TextDecoder();

/**
 * What a function has given back: a copy that belongs to the caller. It has the
 * read side of DataView.
 *
 * Small outputs are views of a part of a larger buffer, see {@link OutputSlab};
 * `buffer` is a buffer of its own all the same, made when it is first asked for.
 * @extends {DataView<ArrayBuffer>}
 */
export class PluginOutput extends DataView {
  /** @type {Uint8Array<ArrayBuffer> | undefined} */
  #own;

  /** The buffer that holds exactly these bytes. */
  // @ts-ignore DataView declares a property, and every engine has an accessor
  get buffer() {
    return this.bytes().buffer;
  }

  // @ts-ignore likewise
  get byteOffset() {
    return 0; // in buffer
  }

  /** The buffer that holds exactly these bytes. */
  arrayBuffer() {
    return this.buffer;
  }

  /** All bytes, as a view of {@link buffer}; the same each time. */
  bytes() {
    return (this.#own ??= new Uint8Array(ownBuffer(/** @type {ArrayBuffer} */ (super.buffer), super.byteOffset, super.byteLength)));
  }

  /** The bytes as UTF-8; what is not UTF-8 becomes U+FFFD. */
  text() {
    return decoder.decode(/** @type {any} */ (this));
  }

  /** Same as {@link text}. */
  string() {
    return this.text();
  }

  /**
   * The bytes as JSON.
   * @throws {SyntaxError} if they are not JSON
   */
  json() {
    return JSON.parse(this.text());
  }

  get [Symbol.toStringTag]() {
    return 'PluginOutput';
  }
}

/** The output of a function that has set none, where one is needed. */
export const emptyOutput = () => new PluginOutput(new ArrayBuffer(0));

/**
 * @param {ArrayBuffer} buffer
 * @param {number} off
 * @param {number} n
 */
function ownBuffer(buffer, off, n) {
  return n === buffer.byteLength ? buffer : buffer.slice(off, off + n);
}

for (const name of Object.getOwnPropertyNames(DataView.prototype)) {
  if (!name.startsWith('set')) continue;
  Object.defineProperty(PluginOutput.prototype, name, {
    configurable: true,
    writable: true,
    value: () => {
      throw new Error('Cannot set values on output');
    },
  });
}

/** In bytes. An output that is kept keeps a slab alive, so slabs are small. */
const SLAB = 4096;
const SMALL = 256;

/**
 * Makes outputs of one plug-in. To allocate an ArrayBuffer takes longer than all
 * the rest of a small call, so small outputs share one.
 */
export class OutputSlab {
  /** @type {Uint8Array<ArrayBuffer> | undefined} */
  #slab;
  #used = SLAB;

  /**
   * @param {import('./abi.mjs').Memory} memory
   * @param {number} off
   * @param {number} n
   */
  copy(memory, off, n) {
    if (n > SMALL) return new PluginOutput(memory.copy(off, n));
    if (this.#slab === undefined || this.#used + n > SLAB) {
      this.#slab = new Uint8Array(SLAB);
      this.#used = 0;
    }
    const at = this.#used;
    const to = this.#slab;
    const from = memory.bytes();
    for (let i = 0; i < n; i++) to[at + i] = from[off + i];
    this.#used += (n + 7) & ~7;
    return new PluginOutput(this.#slab.buffer, at, n);
  }
}
