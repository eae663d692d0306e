// @ts-check

import { CallState, canSuspend, suspending } from './call_state.mjs';
import { ExtismError } from './error.mjs';

/**
 * A host function that a module imports.
 * @typedef {object} HostImport
 * @property {number} module its number
 * @property {string} namespace
 * @property {string} name
 * @property {string} signature letters of the parameters, a colon, letters of the results; "?" if it is not known
 */

// Values of host.pending, see HostAdapter in internal/wasm/adapter.go.
const GO_ON = 0;
const STOP = -1;
const WAIT = 1;

/** @type {Map<string, WebAssembly.Module>} by signatures: plug-ins of a kind share it */
const compiled = new Map();

/** How many adapters are remembered; more are made anew each time. */
const MAX_COMPILED = 64;

/**
 * A plug-in's host functions, as its modules import them. What they throw is kept
 * for the caller, and the guest is stopped by a trap, which it cannot catch. If one
 * returns a promise the guest is suspended; one that returns a value costs no more
 * than a plain call.
 */
export class HostFunctions {
  #functions;
  #context;
  #state;
  #pending = new WebAssembly.Global({ value: 'i32', mutable: true }, GO_ON);
  /** @type {PromiseLike<unknown> | null} what the guest is about to wait for */
  #promise = null;
  /** @type {(result: unknown) => unknown} */
  #convert = (result) => result;
  /** @type {unknown} what a promise has given, in the form that the guest takes */
  #settled;
  /** @type {Record<string, Record<string, Function>>[]} by module */
  #imports = [];

  /**
   * @param {Record<string, Record<string, Function>>} functions
   * @param {unknown} context their first argument
   * @param {CallState} state
   */
  constructor(functions, context, state) {
    this.#functions = functions;
    this.#context = context;
    this.#state = state;
  }

  /**
   * Makes what modules import.
   * @param {HostImport[]} list
   * @param {() => Uint8Array} adapter encodes the adapter for the functions whose signature is known
   * @param {any} gate the exports of the core's gate
   * @param {boolean} compiles whether the platform compiles at run time
   */
  link(list, adapter, gate, compiles) {
    this.#imports = [];
    const known = compiles ? list.filter((i) => i.signature !== '?') : [];
    const exports = known.length > 0 ? this.#adapt(known, adapter, gate) : {};
    for (const i of list) {
      const group = ((this.#imports[i.module] ??= Object.create(null))[i.namespace] ??= Object.create(null));
      const number = known.indexOf(i);
      group[i.name] = number < 0 ? this.#bare(i, gate) : exports[number];
    }
  }

  /**
   * What a module imports, by namespace and name.
   * @param {number} module its number
   */
  imports(module) {
    return this.#imports[module] ?? {};
  }


  /**
   * @param {HostImport[]} list
   * @param {() => Uint8Array} adapter
   * @param {any} gate
   * @returns {any} the exports of the adapter's instance
   */
  #adapt(list, adapter, gate) {
    const key = list.map((i) => i.signature).join();
    let module = compiled.get(key);
    if (!module) {
      module = new WebAssembly.Module(/** @type {any} */ (adapter()));
      if (compiled.size < MAX_COMPILED) compiled.set(key, module);
    }
    /** @type {Record<string, any>} */
    const host = { pending: this.#pending, wait: suspending(() => this.#wait()) };
    list.forEach((i, n) => {
      const results = i.signature.slice(i.signature.indexOf(':') + 1);
      host[`f${n}`] = this.#function(i, converter(where(i), results), zero(results));
      host[`r${n}`] = () => this.#settled;
    });
    return new WebAssembly.Instance(module, { gate, host }).exports;
  }

  /**
   * One function in front of the adapter.
   * @param {HostImport} i
   * @param {(result: unknown) => unknown} convert
   * @param {unknown} nothing a result that the guest does not get to see
   */
  #function(i, convert, nothing) {
    const f = this.#functions[i.namespace][i.name];
    const state = this.#state;
    const pending = this.#pending;
    return (/** @type {any[]} */ ...args) => {
      try {
        if (state.thrown === null) {
          state.inside = true;
          const result = f(this.#context, ...args);
          state.inside = false;
          if (!isThenable(result)) {
            const value = convert(result);
            pending.value = GO_ON;
            return value;
          }
          if (!state.suspendable) throw cannotWait(i, result);
          this.#promise = result;
          this.#convert = convert;
          pending.value = WAIT;
          return nothing;
        }
      } catch (error) {
        state.inside = false;
        state.keep(error);
      }
      pending.value = STOP;
      return nothing;
    };
  }

  /** The adapter's import wait, which suspends the guest. */
  #wait() {
    const promise = /** @type {PromiseLike<unknown>} */ (this.#promise);
    const convert = this.#convert;
    this.#promise = null;
    return this.#state.wait(promise, (value) => {
      this.#settled = convert(value);
    });
  }

  /**
   * A function without an adapter: the module came compiled and nobody knows the
   * signature, or the platform compiles nothing. The engine converts results. It
   * suspends by itself; a promise that is rejected lets the guest go on with a zero
   * until it calls the host again, as a rejection could be caught by the guest.
   * @param {HostImport} i
   * @param {any} gate
   */
  #bare(i, gate) {
    const f = this.#functions[i.namespace][i.name];
    const state = this.#state;
    return suspending((/** @type {any[]} */ ...args) => {
      try {
        gate.probe(); // what comes after the function shall not fail for lack of stack
        if (state.thrown === null) {
          state.inside = true;
          const result = f(this.#context, ...args);
          state.inside = false;
          if (!isThenable(result)) return checked(where(i), result);
          if (!state.suspendable) throw cannotWait(i, result);
          return this.#settle(i, result);
        }
      } catch (error) {
        state.inside = false;
        state.keep(error); // first of all: there may be no stack left for a call
      }
      gate.trap();
    });
  }

  /**
   * @param {HostImport} i
   * @param {PromiseLike<unknown>} promise
   */
  async #settle(i, promise) {
    /** @type {unknown} */
    let value;
    const stop = await this.#state.wait(promise, (v) => (value = checked(where(i), v)));
    return stop ? 0 : value;
  }
}

/** @param {HostImport} i */
const where = ({ namespace, name }) => `${namespace}.${name}`;

/**
 * @param {any} value
 * @returns {value is PromiseLike<unknown>}
 */
function isThenable(value) {
  return typeof value === 'object' && value !== null && typeof value.then === 'function';
}

/**
 * @param {HostImport} i
 * @param {PromiseLike<unknown>} promise nobody will wait for it
 */
function cannotWait(i, promise) {
  Promise.resolve(promise).catch(() => {}); // this error is enough
  return new ExtismError(
    'UNSUPPORTED',
    `host function ${where(i)} has returned a promise, and ` +
      (canSuspend
        ? 'a module waits for none while it is being instantiated; call the function later'
        : 'this engine cannot suspend a guest (it has no JavaScript promise integration); return the value itself'),
  );
}

/**
 * @param {string} name
 * @param {unknown} result of a function whose signature is not known
 */
function checked(name, result) {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return result;
  throw new TypeError(`host function ${name} has returned an object; numbers and BigInts are possible`);
}

/** @type {Record<string, string>} */
const TYPES = { i: 'i32', j: 'i64', f: 'f32', d: 'f64' };

/**
 * Makes the function that brings a result into the form of a signature's.
 * @param {string} name
 * @param {string} results letters
 * @returns {(result: unknown) => unknown}
 */
function converter(name, results) {
  const convert = Array.from(results, (letter) => one(name, letter));
  if (convert.length === 0) return () => undefined;
  if (convert.length === 1) return convert[0];
  return (result) => {
    if (!Array.isArray(result) || result.length !== convert.length) {
      throw new TypeError(`host function ${name} has to return an array of ${convert.length} results`);
    }
    return convert.map((f, i) => f(result[i]));
  };
}

/**
 * @param {string} name
 * @param {string} letter
 * @returns {(value: unknown) => unknown}
 */
function one(name, letter) {
  const refuse = (/** @type {unknown} */ value) => {
    const what = typeof value === 'object' && value !== null ? 'an object' : typeof value === 'number' ? String(value) : typeof value;
    return new TypeError(`host function ${name} has returned ${what}; its result is of type ${TYPES[letter]}`);
  };
  switch (letter) {
    case 'j':
      return (value) => {
        if (typeof value === 'bigint') return value;
        if (typeof value === 'boolean' || (typeof value === 'number' && Number.isSafeInteger(value))) return BigInt(value);
        throw refuse(value);
      };
    case 'i':
      return (value) => {
        if (typeof value === 'number') return value;
        if (value === undefined || value === null || typeof value === 'boolean') return Number(value ?? 0);
        if (typeof value === 'bigint' && value >= -(2n ** 31n) && value < 2n ** 32n) return Number(value);
        throw refuse(value);
      };
    case 'f':
    case 'd':
      return (value) => {
        if (typeof value === 'number') return value;
        if (typeof value === 'bigint' || typeof value === 'boolean' || value === null || value === undefined) return Number(value);
        throw refuse(value);
      };
  }
  return (value) => value; // a reference, which can be anything
}

/**
 * Results that stand for none.
 * @param {string} results letters
 */
function zero(results) {
  const zeros = Array.from(results, (letter) => (letter === 'j' ? 0n : letter === 'x' ? null : 0));
  return zeros.length > 1 ? zeros : zeros[0];
}
