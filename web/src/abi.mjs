// @ts-check

// The JavaScript side of the interface between shim and core; its twin is
// internal/bridge/abi_js.go with internal/engine/webengine/memory_js.go. What
// changes here changes there, and raises VERSION on both sides.

export const VERSION = 3;

/** What the core asks the driver to do next (internal/plugin/step.go). */
export const Op = Object.freeze({ CALL: 0, KERNEL: 1, INSTANTIATE: 2, INVOKE: 3, READY: 4, FAILED: 5, BRIDGE: 6, WIRE: 7 });

/** How something has ended (internal/plugin/step.go). */
export const Outcome = Object.freeze({ RETURNED: 0, TRAPPED: 1, USER_ERROR: 2, NO_ROOM: 3 });

/** In place of a length: there is no text. */
export const NO_TEXT = -1;

/** In place of a var's length: the var is deleted (internal/hostenv/journal.go). */
export const DELETED = 4294967295;

/** Failures that a core built for tests can be told to have (internal/inject). */
export const Failure = Object.freeze({ NOTHING: 0, PANIC: 1, EXIT: 2, COLLECT: 3, OVERFLOW: 4 });

const SLOT_BITS = 7;

/** The slot of a plug-in's kernel; its modules have those below. */
export const KERNEL_SLOT = 64;

/**
 * The number by which the core knows one memory of one plug-in.
 * @param {number} id of the plug-in
 * @param {number} slot
 */
export const handle = (id, slot) => (id << SLOT_BITS) | slot;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/**
 * One memory, and a view of all of it that is renewed after growth.
 */
export class Memory {
  /** @param {WebAssembly.Memory} memory */
  constructor(memory) {
    this.memory = memory;
    this.view = new Uint8Array(memory.buffer);
    this.shared = !(memory.buffer instanceof ArrayBuffer);
  }

  /**
   * All bytes, as they are now; the view is stale once the memory has grown.
   * Growth detaches the buffer, and the view is empty then; only that of a shared
   * memory has to be asked for each time.
   */
  bytes() {
    if (this.view.length === 0 || this.shared) this.view = new Uint8Array(this.memory.buffer);
    return this.view;
  }

  /**
   * Copies a part into a buffer of its own.
   * @param {number} off
   * @param {number} n
   */
  copy(off, n) {
    return this.bytes().slice(off, off + n).buffer; // not buffer.slice: that takes longer
  }
}

/** Stands for a memory that is not there: nothing can be read or written. */
const NO_MEMORY = { bytes: () => NOTHING };
const NOTHING = new Uint8Array();

/**
 * Copies bytes between two views. Short ones are not worth a subarray.
 * @param {Uint8Array} to
 * @param {number} at
 * @param {Uint8Array} from
 * @param {number} off
 * @param {number} n
 */
function copy(to, at, from, off, n) {
  if (n > 48) {
    to.set(from.subarray(off, off + n), at);
    return;
  }
  for (let i = 0; i < n; i++) to[at + i] = from[off + i];
}

/**
 * The imports `extism` of the core, and the memories that they reach. They run
 * while a guest waits for Go: none enters Go or runs a user's code.
 */
export class MemoryTable {
  /** @type {Map<number, Memory>} by handle */
  #memories = new Map();
  /** The memory that was looked up last, as lookups come in runs. */
  #recent = { handle: 0, memory: NO_MEMORY };
  /** @type {Map<number, (n: number) => number>} by handle of a kernel */
  #allocators = new Map();
  /** @type {Memory} of the core */
  #core;

  /** @param {WebAssembly.Memory} memory the core's */
  attach(memory) {
    this.#core = new Memory(memory);
  }

  /** The core's own memory, as it is now. */
  coreBytes() {
    return this.#core.bytes();
  }

  /**
   * @param {number} handle
   * @param {unknown} memory an instance's export of that name, if it has one
   * @param {(n: number) => number} [alloc] of a kernel
   */
  set(handle, memory, alloc) {
    if (memory instanceof WebAssembly.Memory) this.#memories.set(handle, new Memory(memory));
    else this.#memories.delete(handle);
    this.#recent.handle = 0;
    if (alloc) this.#allocators.set(handle, alloc);
  }

  /** @param {number} handle */
  #bytes(handle) {
    const recent = this.#recent;
    if (recent.handle !== handle) {
      recent.handle = handle;
      recent.memory = this.#memories.get(handle) ?? NO_MEMORY;
    }
    return recent.memory.bytes();
  }

  /** @param {number} handle */
  delete(handle) {
    this.#memories.delete(handle);
    this.#recent.handle = 0;
    this.#allocators.delete(handle);
  }

  imports = {
    /** @param {number} handle */
    memory_pages: (handle) => this.#bytes(handle).length / 65536,
    /** @type {(handle: number, off: number, dst: number, n: number) => number} */
    memory_read: (handle, off, dst, n) => {
      const bytes = this.#bytes(handle);
      if ((off >>> 0) + (n >>> 0) > bytes.length) return 0;
      copy(this.#core.bytes(), dst >>> 0, bytes, off >>> 0, n >>> 0);
      return 1;
    },
    /** @type {(handle: number, off: number, src: number, n: number) => number} */
    memory_write: (handle, off, src, n) => {
      const bytes = this.#bytes(handle);
      if ((off >>> 0) + (n >>> 0) > bytes.length) return 0;
      copy(bytes, off >>> 0, this.#core.bytes(), src >>> 0, n >>> 0);
      return 1;
    },
    /** @type {(handle: number, n: number) => number} */
    kernel_alloc: (handle, n) => this.#allocators.get(handle)?.(n) ?? 0,
    /** @type {(dst: number, n: number) => void} */
    random: (dst, n) => {
      const bytes = this.#core.bytes().subarray(dst >>> 0, (dst >>> 0) + (n >>> 0));
      for (let i = 0; i < bytes.length; i += 65536) crypto.getRandomValues(bytes.subarray(i, i + 65536));
    },
  };
}

/**
 * @param {string} text
 * @param {number} [limit] in bytes; what is longer is cut
 */
export function encodeText(text, limit = Infinity) {
  const bytes = encoder.encode(text.length > limit ? text.slice(0, limit) : text);
  return bytes.length > limit ? bytes.subarray(0, limit) : bytes;
}

/** @param {Uint8Array} bytes */
export const decodeText = (bytes) => decoder.decode(bytes);
