// @ts-check

import { DELETED } from './abi.mjs';
import { ExtismError, textOf } from './error.mjs';
import { bytesOf } from './input.mjs';

// Vars on their way between the core and the store that keeps them. In the core a
// key is any bytes; a store gets text, see storeKey.

const encoder = new TextEncoder();
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Half of a pair: text that has no UTF-8. */
const LONE_SURROGATE = /(\p{Surrogate})/u;

/**
 * The bytes of a var's name as a host function gives it: UTF-8, with three bytes for
 * a surrogate that has no partner, as that encoding would give it. So no two names
 * are one var.
 * @param {string} name
 * @returns {Uint8Array}
 */
export function nameBytes(name) {
  const text = `${name}`;
  if (!LONE_SURROGATE.test(text)) return encoder.encode(text);
  const parts = text.split(LONE_SURROGATE).map((part, i) => {
    const c = part.charCodeAt(0);
    return i % 2 === 0 ? encoder.encode(part) : [0xed, 0x80 | ((c >> 6) & 63), 0x80 | (c & 63)];
  });
  return Uint8Array.from(parts.flatMap((part) => [...part]));
}

/** Before what is no text, and before a text that begins with it. */
const MARK = '\ufffd';

/**
 * The key as stores get it: its text. If the bytes are not UTF-8 it is U+FFFD and
 * their hexadecimal digits; a text that begins with U+FFFD has another one before
 * it. So it is text of which every store takes good care, and no two keys are one.
 * @param {Uint8Array} bytes
 */
export function storeKey(bytes) {
  try {
    const text = strict.decode(bytes);
    return text.startsWith(MARK) ? MARK + text : text;
  } catch {
    return MARK + Array.from(bytes, (b) => b.toString(16).padStart(2, '0')).join('');
  }
}

/**
 * The bytes of a key that a store gives back.
 * @param {unknown} key as {@link storeKey} gives it, or bytes
 * @returns {Uint8Array}
 */
export function storedKeyBytes(key) {
  const given = bytesOf(key);
  if (given) return given;
  if (typeof key !== 'string') throw new TypeError(`a key is text or bytes, not ${typeof key}`);
  const bytes =
    key.startsWith(MARK) && !key.startsWith(MARK + MARK)
      ? Uint8Array.from(key.slice(1).match(/../g) ?? [], (digits) => parseInt(digits, 16))
      : encoder.encode(key.startsWith(MARK) ? key.slice(1) : key);
  if (storeKey(bytes) !== key) throw new TypeError(`${JSON.stringify(key.slice(0, 100))} is no key as a store gets it`);
  return bytes;
}

/**
 * Encodes vars as the core's journal does (internal/hostenv/journal.go).
 * @param {Map<string, Uint8Array>} vars by {@link storeKey}
 */
export function encodeVars(vars) {
  const records = [...vars].map(([key, value]) => ({ key: storedKeyBytes(key), value }));
  const bytes = new Uint8Array(records.reduce((n, { key, value }) => n + 8 + key.length + value.length, 0));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { key, value } of records) {
    view.setUint32(at, key.length, true);
    view.setUint32(at + 4, value.length, true);
    bytes.set(key, at + 8);
    bytes.set(value, at + 8 + key.length);
    at += 8 + key.length + value.length;
  }
  return bytes;
}

/**
 * Reads what {@link encodeVars} makes, or the core; later records of a key count. A
 * record that is cut off ends it: a core may die while it writes.
 * @param {Uint8Array} journal
 * @returns {Map<string, Uint8Array>} by {@link storeKey}
 */
export function decodeVars(journal) {
  const view = new DataView(journal.buffer, journal.byteOffset, journal.byteLength);
  /** @type {Map<string, Uint8Array>} */
  const vars = new Map();
  for (let at = 0; at + 8 <= journal.length; ) {
    const keyLength = view.getUint32(at, true);
    const length = view.getUint32(at + 4, true);
    at += 8 + keyLength;
    if (at + (length === DELETED ? 0 : length) > journal.length) break;
    const key = storeKey(journal.subarray(at - keyLength, at));
    if (length === DELETED) {
      vars.delete(key);
      continue;
    }
    vars.set(key, journal.slice(at, at + length));
    at += length;
  }
  return vars;
}

/**
 * A store, with its methods looked up once.
 * @typedef {object} Store
 * @property {() => any} load
 * @property {(changes: Map<string, Uint8Array | null>) => any} save
 * @property {boolean} [immediate] whether it takes changes at once, so that no saving has to wait for another
 */

/**
 * @param {any} given
 * @returns {Store}
 */
export function readStore(given) {
  const load = given?.load;
  const save = given?.save;
  if (typeof load !== 'function' || typeof save !== 'function') {
    throw new ExtismError('INVALID_INPUT', 'options.vars: an object with the functions load and save expected; `stores` has some');
  }
  return { load: () => Reflect.apply(load, given, []), save: (changes) => Reflect.apply(save, given, [changes]) };
}

/**
 * Reads all vars of a store.
 * @param {Store} store
 * @returns {Promise<{ journal: Uint8Array, size: number }>} the vars for the core, and the bytes of keys and values
 */
export async function loadVars(store) {
  try {
    /** @type {Map<string, Uint8Array>} */
    const vars = new Map();
    for (const [key, value] of await store.load()) {
      const bytes = bytesOf(value);
      const text = storeKey(storedKeyBytes(key));
      if (!bytes) throw new TypeError(`the value of ${JSON.stringify(text.slice(0, 100))} is ${typeof value}, not bytes`);
      vars.set(text, bytes);
    }
    const journal = encodeVars(vars);
    return { journal, size: journal.length - 8 * vars.size };
  } catch (error) {
    throw failed('loaded from', error);
  }
}

/**
 * @param {string} what
 * @param {unknown} cause
 */
function failed(what, cause) {
  return new ExtismError('STORE_FAILED', `the plug-in's vars could not be ${what} their store: ${textOf(cause)}`, { cause });
}

/**
 * What a saver knows of its plug-in.
 * @typedef {object} VarSource
 * @property {() => string[]} changes gives the keys of what has changed since the last time
 * @property {() => (key: string) => Uint8Array | null} reader gives a function that copies vars, as they are now
 * @property {boolean} overlapping whether no saving may wait for another
 */

/**
 * Writes changes of one plug-in's vars through to its store. There is one saving at
 * a time, and one that waits for it, with everything that has changed meanwhile. Only
 * on edge workers they overlap: no request may wait there for what another one does.
 *
 * Only keys are kept of what is not saved yet; the values are those of the moment at
 * which a saving begins. So a saving that has failed is made good by the next one,
 * and never undoes a later one.
 */
export class VarSaver {
  #store;
  #source;
  /** @type {Set<string>} keys of what has changed and is not with the store */
  #unsaved = new Set();
  /** @type {Promise<void> | null} the end of the saving that is under way, however it ends */
  #saving = null;
  /** @type {Promise<void> | null} the saving that waits for it */
  #next = null;

  /**
   * @param {Store} store
   * @param {VarSource} source
   */
  constructor(store, source) {
    this.#store = store;
    this.#source = source;
  }

  /** Notes keys whose vars have changed. */
  note(/** @type {string[]} */ keys) {
    for (const key of keys) this.#unsaved.add(key);
  }

  /**
   * Resolves once all changes since the last time are saved, and those that a saving
   * before has failed to save.
   */
  async save() {
    const changed = this.#source.changes();
    this.note(changed);
    if (this.#unsaved.size === 0) return;
    if (this.#source.overlapping) return this.#start();
    if (this.#next !== null) return changed.length > 0 ? this.#next : undefined;
    if (this.#saving === null) return this.#start();
    this.#next = this.#saving.then(() => {
      this.#next = null;
      return this.#start();
    });
    return this.#next;
  }

  /** Resolves once nothing is left to be saved. */
  async finish() {
    if (!this.#source.overlapping) await (this.#next ?? this.#saving)?.catch(() => {}); // its callers know
    await this.save();
  }

  async #start() {
    /** @type {Map<string, Uint8Array | null>} */
    const changes = new Map();
    const read = this.#source.reader();
    for (const key of this.#unsaved) changes.set(key, read(key));
    const keys = [...this.#unsaved];
    this.#unsaved.clear();
    /** @type {() => void} */
    let over = () => {};
    this.#saving = new Promise((resolve) => (over = resolve));
    try {
      await this.#store.save(changes);
    } catch (error) {
      this.note(keys);
      throw failed('saved to', error);
    } finally {
      this.#saving = null;
      over();
    }
  }
}
