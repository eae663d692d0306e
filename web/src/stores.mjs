// @ts-check

import { ExtismError } from './error.mjs';

// Places where vars can live; each function gives a VarStore, which is described in
// types/extism.d.ts.

/** @typedef {Map<string, Uint8Array | null>} Changes */

/**
 * @param {any} object
 * @param {string[]} methods
 * @param {string} what
 */
function expect(object, methods, what) {
  for (const name of methods) {
    if (typeof object?.[name] !== 'function') throw new ExtismError('INVALID_INPUT', `${what} expected`);
  }
}

/**
 * @param {unknown} text
 * @param {string} what
 */
function expectText(text, what) {
  if (typeof text !== 'string' || text === '') throw new ExtismError('INVALID_INPUT', `${what}: text expected, and not an empty one`);
}

/** @param {Map<string, Uint8Array>} map */
function mapStore(map) {
  expect(map, ['entries', 'set', 'delete'], 'stores.map: a Map');
  return {
    load: () => map.entries(),
    save(/** @type {Changes} */ changes) {
      for (const [key, value] of changes) {
        if (value === null) map.delete(key);
        else map.set(key, value);
      }
    },
  };
}

/** @param {Uint8Array} bytes */
function toBase64(bytes) {
  let text = '';
  for (const b of bytes) text += String.fromCharCode(b);
  return btoa(text);
}

/** @param {string} text */
const fromBase64 = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/**
 * @param {Storage} storage
 * @param {string} prefix
 */
function storageStore(storage, prefix) {
  expect(storage, ['key', 'getItem', 'setItem', 'removeItem'], 'stores.storage: localStorage or its like');
  expectText(prefix, 'the prefix of stores.storage');
  return {
    load() {
      const names = Array.from({ length: storage.length }, (_, i) => storage.key(i) ?? '').filter((name) => name.startsWith(prefix));
      return names.map((name) => /** @type {const} */ ([name.slice(prefix.length), fromBase64(storage.getItem(name) ?? '')]));
    },
    save(/** @type {Changes} */ changes) {
      for (const [key, value] of changes) {
        if (value === null) storage.removeItem(prefix + key);
        else storage.setItem(prefix + key, toBase64(value));
      }
    },
  };
}

/** The one object store of a database. */
const OBJECTS = 'vars';

/**
 * @param {string} name
 * @returns {Promise<IDBDatabase>}
 */
function openDatabase(name) {
  if (typeof indexedDB === 'undefined') {
    throw new ExtismError('UNSUPPORTED', 'there is no IndexedDB on this platform; take another store');
  }
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(name, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(OBJECTS);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/** @param {string} name */
function indexedDBStore(name) {
  expectText(name, 'the name of stores.indexedDB');
  /** @type {IDBDatabase | null} */
  let database = null;
  const open = async () => {
    if (database !== null) return database;
    const opened = await openDatabase(name);
    // The platform may close it, and others may want to delete it; it is opened anew then.
    opened.onclose = () => (database = null);
    opened.onversionchange = () => {
      opened.close();
      database = null;
    };
    return (database = opened);
  };
  /**
   * @template T
   * @param {IDBTransactionMode} mode
   * @param {(objects: IDBObjectStore) => () => T} use gives a function for the result, once all is done
   * @returns {Promise<T>}
   */
  const transact = async (mode, use) => {
    const opened = await open();
    return new Promise((resolve, reject) => {
      const transaction = opened.transaction(OBJECTS, mode);
      const result = use(transaction.objectStore(OBJECTS));
      transaction.oncomplete = () => resolve(result());
      transaction.onabort = () => reject(transaction.error);
    });
  };
  return {
    load: () =>
      transact('readonly', (objects) => {
        const keys = objects.getAllKeys();
        const values = objects.getAll();
        return () => keys.result.map((key, i) => /** @type {[string, Uint8Array]} */ ([key, values.result[i]]));
      }),
    save: (/** @type {Changes} */ changes) =>
      transact('readwrite', (objects) => {
        for (const [key, value] of changes) {
          if (value === null) objects.delete(key);
          else objects.put(value, key);
        }
        return () => {};
      }),
  };
}

/**
 * @param {any} namespace
 * @param {string} prefix
 */
function kvStore(namespace, prefix) {
  expect(namespace, ['list', 'get', 'put', 'delete'], 'stores.kv: a key-value namespace with list, get, put and delete');
  expectText(prefix, 'the prefix of stores.kv');
  return {
    async load() {
      /** @type {string[]} */
      const names = [];
      for (let cursor; ; ) {
        /** @type {{ keys: { name: string }[], list_complete: boolean, cursor?: string }} */
        const page = await namespace.list(cursor === undefined ? { prefix } : { prefix, cursor });
        for (const { name } of page.keys) names.push(name);
        if (page.list_complete) break;
        cursor = page.cursor;
      }
      const values = await Promise.all(names.map((name) => namespace.get(name, 'arrayBuffer')));
      /** @type {[string, Uint8Array][]} */
      const vars = [];
      names.forEach((name, i) => {
        if (values[i] !== null) vars.push([name.slice(prefix.length), new Uint8Array(values[i])]);
      });
      return vars;
    },
    async save(/** @type {Changes} */ changes) {
      const done = await Promise.allSettled(
        Array.from(changes, async ([key, value]) => (value === null ? namespace.delete(prefix + key) : namespace.put(prefix + key, value))),
      );
      for (const d of done) if (d.status === 'rejected') throw d.reason;
    },
  };
}

export const stores = Object.freeze({ map: mapStore, storage: storageStore, indexedDB: indexedDBStore, kv: kvStore });
