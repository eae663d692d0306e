// @ts-check

import { bytesOf } from './input.mjs';
import { encodeText } from './abi.mjs';
import { ExtismError } from './error.mjs';
import { PluginOutput } from './output.mjs';
import { nameBytes } from './vars.mjs';

/** @type {unique symbol} what the plug-in alone may set */
export const HOST_CONTEXT = Symbol('host context');

/**
 * An offset or a length. Those of guests have 64 bits and may come as negative
 * numbers; no block is there, nor at any that is larger.
 * @param {unknown} value
 */
export function unsigned(value) {
  if (typeof value === 'bigint' || Number.isInteger(value)) {
    const n = Number(value);
    return n < 0 ? Infinity : n;
  }
  throw new ExtismError('INVALID_INPUT', `offsets and lengths are integers or BigInts, not ${typeof value === 'number' ? value : typeof value}`);
}

/**
 * What a host function gets as its first argument: the plug-in that has called
 * it. Offsets are those that the guest passes, in the kernel's memory; they may
 * be numbers or BigInts. @extism/extism has the same class.
 */
export class CallContext {
  #plugin;
  /** @type {any} */
  [HOST_CONTEXT] = null;

  /** @param {import('./plugin.mjs').Internals} plugin */
  constructor(plugin) {
    this.#plugin = plugin;
  }

  /**
   * What the caller has passed to `plugin.call` as its third argument.
   * @returns {any}
   */
  hostContext() {
    return this[HOST_CONTEXT];
  }

  /**
   * Allocates a block; the guest has to free it, or the next call does.
   * @param {bigint | number} size in bytes
   * @returns {bigint} its offset, or 0n if there is no room
   */
  alloc(size) {
    const n = unsigned(size);
    return n > 0xffffffff ? 0n : BigInt(this.#plugin.kernel.host_alloc(n) >>> 0);
  }

  /** @param {bigint | number} offset of a block; anything else does nothing */
  free(offset) {
    const at = unsigned(offset);
    if (at <= 0xffffffff) this.#plugin.kernel.host_free(at);
  }

  /**
   * @param {bigint | number} offset
   * @returns {bigint} the length of the block there, or 0n if there is none
   */
  length(offset) {
    const at = unsigned(offset);
    return at > 0xffffffff ? 0n : BigInt(this.#plugin.kernel.host_length(at) >>> 0);
  }

  /**
   * @param {bigint | number} offset
   * @returns {PluginOutput | null} a copy of the block, or null if there is none; 0 is where empty values are
   */
  read(offset) {
    const n = Number(this.length(offset));
    const at = unsigned(offset);
    if (n === 0 && at !== 0) return null;
    return new PluginOutput(this.#plugin.memory.copy(at, n));
  }

  /**
   * Copies a value into a new block.
   * @param {string | Uint8Array} value
   * @returns {bigint} its offset; 0n for an empty value
   */
  store(value) {
    const bytes = typeof value === 'string' ? encodeText(value) : bytesOf(value);
    if (!bytes) throw new ExtismError('INVALID_INPUT', `store: string or bytes expected, not ${typeof value}`);
    if (bytes.length === 0) return 0n;
    const at = this.#plugin.kernel.host_alloc(bytes.length) >>> 0;
    if (at === 0) throw new ExtismError('OUT_OF_MEMORY', `no room for ${bytes.length} bytes in the plug-in's memory`);
    this.#plugin.memory.bytes().set(bytes, at);
    return BigInt(at);
  }

  /**
   * Makes the call fail with this error, unless the guest clears it.
   * @param {string | Error | null} [error] null clears
   */
  setError(error = null) {
    const text = error instanceof Error ? error.message : error;
    this.#plugin.kernel.error_set(text ? this.store(text) : 0n);
  }

  /**
   * @param {string} name
   * @returns {PluginOutput | null} a copy of the var, or null if there is none
   */
  getVariable(name) {
    const { core, id } = this.#plugin;
    const key = nameBytes(name);
    if (!this.#fits(key.length, 0)) return null;
    const [n] = core.post(key);
    if (!core.abi.context_var_get(id, n)) return null;
    return new PluginOutput(core.collect().buffer);
  }

  /**
   * @param {string} name
   * @param {string | Uint8Array} value
   */
  setVariable(name, value) {
    const bytes = typeof value === 'string' ? encodeText(value) : bytesOf(value);
    if (!bytes) throw new ExtismError('INVALID_INPUT', `setVariable: string or bytes expected, not ${typeof value}`);
    const { core, id } = this.#plugin;
    const key = nameBytes(name);
    if (!this.#fits(key.length, bytes.length)) throw this.#plugin.error();
    const [keyLength, n] = core.post(key, bytes);
    if (!core.abi.context_var_set(id, keyLength, n)) throw this.#plugin.error();
  }

  /** @param {string} name */
  deleteVariable(name) {
    const { core, id } = this.#plugin;
    const key = nameBytes(name);
    if (!this.#fits(key.length, 0)) return;
    const [n] = core.post(key);
    core.abi.context_var_delete(id, n);
  }

  /** The least severe level of the records that are passed on. */
  get logLevel() {
    return this.#plugin.logLevel;
  }

  set logLevel(/** @type {import('./log.mjs').LogLevel} */ level) {
    this.#plugin.logLevel = level;
  }

  /**
   * Whether there can be a var of that size. Small ones are not worth asking for;
   * a large one may come from a guest and must not go into the core unasked.
   * @param {number} keyLength
   * @param {number} length
   */
  #fits(keyLength, length) {
    const { core, id } = this.#plugin;
    if (keyLength + length <= 0x10000) return true;
    return core.abi.context_var_fits(id, Math.min(keyLength, 0xffffffff), Math.min(length, 0xffffffff)) === 1;
  }
}
