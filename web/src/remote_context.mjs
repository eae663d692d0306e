// @ts-check

import { encodeText } from './abi.mjs';
import { unsigned } from './context.mjs';
import { ExtismError } from './error.mjs';
import { bytesOf } from './input.mjs';
import { PluginOutput } from './output.mjs';
import { nameBytes, storeKey } from './vars.mjs';
import { MAX_BLOCK_BYTES, NEW_BLOCKS } from './worker_protocol.mjs';

/**
 * What a plug-in in a worker shows to the contexts of its host functions.
 * @typedef {object} Shown
 * @property {boolean} closed
 * @property {(key: string) => Uint8Array | null} variable as it is in the worker; not to be changed
 * @property {import('./log.mjs').LogLevel} logLevel
 * @property {() => number} newBlock gives a number that no other block has
 */

/** @typedef {import('./worker_protocol.mjs').HostOp} HostOp */

/**
 * What a host function gets as its first argument if its plug-in runs in a worker.
 * The plug-in's memory is there and this is here, so the blocks that the arguments
 * name have come along, and what the function does to the plug-in is done when it
 * has returned, in order, before the guest goes on. One function, one context.
 */
export class RemoteContext {
  #plugin;
  #hostContext;
  /** @type {Map<number, { length: number, bytes: Uint8Array | null }>} by offset; those that are there now */
  #blocks = new Map();
  /** @type {Set<number>} offsets of which it is known whether there is a block */
  #known = new Set();
  /** @type {Map<string, Uint8Array | null>} vars that the function has changed, by their keys in stores */
  #vars = new Map();
  /** @type {HostOp[] | null} null once the function has returned */
  #ops = [];

  /**
   * @param {Shown} plugin
   * @param {import('./worker_protocol.mjs').Block[]} blocks
   * @param {unknown} hostContext
   */
  constructor(plugin, blocks, hostContext) {
    this.#plugin = plugin;
    this.#hostContext = hostContext;
    for (const [offset, length, bytes] of blocks) {
      this.#known.add(unsigned(offset));
      if (length > 0) this.#blocks.set(unsigned(offset), { length, bytes });
    }
  }

  /**
   * The function has returned.
   * @param {RemoteContext} context
   * @returns {HostOp[]} what it wants done
   */
  static end(context) {
    const ops = context.#ops ?? [];
    context.#ops = null;
    return ops;
  }

  /** @returns {any} */
  hostContext() {
    return this.#hostContext;
  }

  /** @param {bigint | number} size */
  alloc(size) {
    const n = unsigned(size);
    const ops = this.#open('alloc');
    if (n > 0xffffffff) return 0n;
    const at = this.#plugin.newBlock();
    ops.push(['alloc', at, n]);
    this.#put(at, n, null);
    return BigInt(at);
  }

  /** @param {bigint | number} offset */
  free(offset) {
    const at = unsigned(offset);
    const ops = this.#open('free');
    if (at === Infinity) return;
    ops.push(['free', at]);
    this.#known.add(at);
    this.#blocks.delete(at);
  }

  /** @param {bigint | number} offset */
  length(offset) {
    return BigInt(this.#block('length', offset)?.length ?? 0);
  }

  /** @param {bigint | number} offset */
  read(offset) {
    const block = this.#block('read', offset);
    if (!block) return unsigned(offset) === 0 ? new PluginOutput(new ArrayBuffer(0)) : null;
    if (block.bytes) return new PluginOutput(block.bytes.slice().buffer);
    throw unsupported(unsigned(offset) < NEW_BLOCKS
      ? `read: the arguments' blocks are larger than the ${MAX_BLOCK_BYTES >> 20} MiB that come along to the page`
      : 'read: what is in a new block is not known here');
  }

  /** @param {string | Uint8Array} value */
  store(value) {
    const bytes = copyOf('store', value);
    const ops = this.#open('store');
    if (bytes.length === 0) return 0n;
    const at = this.#plugin.newBlock();
    ops.push(['store', at, bytes]);
    this.#put(at, bytes.length, bytes);
    return BigInt(at);
  }

  /** @param {string | Error | null} [error] */
  setError(error = null) {
    const text = error instanceof Error ? error.message : error;
    this.#open('setError').push(['error', text ? String(text) : null]);
  }

  /** @param {string} name */
  getVariable(name) {
    this.#checkOpen();
    const key = storeKey(nameBytes(name));
    const value = this.#vars.has(key) ? this.#vars.get(key) : this.#plugin.variable(key);
    return value ? new PluginOutput(value.slice().buffer) : null;
  }

  /**
   * @param {string} name
   * @param {string | Uint8Array} value
   */
  setVariable(name, value) {
    const bytes = copyOf('setVariable', value);
    this.#open('setVariable').push(['set', `${name}`, bytes]);
    this.#vars.set(storeKey(nameBytes(name)), bytes);
  }

  /** @param {string} name */
  deleteVariable(name) {
    this.#open('deleteVariable').push(['delete', `${name}`]);
    this.#vars.set(storeKey(nameBytes(name)), null);
  }

  get logLevel() {
    return this.#plugin.logLevel;
  }

  set logLevel(/** @type {import('./log.mjs').LogLevel} */ level) {
    this.#plugin.logLevel = level;
    this.#ops?.push(['level', level]); // a worker that stands still hears of it so
  }

  /**
   * @param {number} at
   * @param {number} length
   * @param {Uint8Array | null} bytes
   */
  #put(at, length, bytes) {
    this.#known.add(at);
    this.#blocks.set(at, { length, bytes });
  }

  /**
   * @param {string} method
   * @param {bigint | number} offset
   */
  #block(method, offset) {
    const at = unsigned(offset);
    this.#open(method);
    if (at === 0 || at === Infinity || this.#known.has(at)) return this.#blocks.get(at);
    throw unsupported(`${method}: there may be a block at ${at} in the worker, but only those that the function's arguments name, and new ones, are known here`);
  }

  /** @param {string} method */
  #open(method) {
    this.#checkOpen();
    if (this.#ops !== null) return this.#ops;
    throw unsupported(`${method}: the host function has returned, and its plug-in runs on in a worker`);
  }

  #checkOpen() {
    if (this.#plugin.closed) throw new ExtismError('CLOSED', 'the plug-in has been closed');
  }
}

/** @param {string} message */
const unsupported = (message) => new ExtismError('UNSUPPORTED', message);

/**
 * @param {string} method
 * @param {string | Uint8Array} value
 * @returns {Uint8Array<ArrayBuffer>}
 */
function copyOf(method, value) {
  const bytes = typeof value === 'string' ? encodeText(value) : bytesOf(value)?.slice();
  if (!bytes) throw new ExtismError('INVALID_INPUT', `${method}: string or bytes expected, not ${typeof value}`);
  return /** @type {any} */ (bytes);
}
