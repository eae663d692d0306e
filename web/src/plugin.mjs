// @ts-check

import { handle, KERNEL_SLOT, Memory, NO_TEXT, Op, Outcome } from './abi.mjs';
import { CallContext, HOST_CONTEXT } from './context.mjs';
import { decodeError, ExtismError, textOf } from './error.mjs';
import { bytesOf } from './input.mjs';
import { OutputSlab, PluginOutput } from './output.mjs';
import { Trampoline } from './trampoline.mjs';

/** @typedef {import('./core.mjs').Core} Core */
/** @typedef {import('./input.mjs').Request} Request */
/** @typedef {import('./input.mjs').LocalOptions} LocalOptions */

/**
 * What a plug-in shows to its call context.
 * @typedef {object} Internals
 * @property {Core} core
 * @property {number} id
 * @property {any} kernel the exports of the kernel's instance
 * @property {Memory} memory the kernel's
 * @property {(cause?: unknown) => ExtismError} error what the core says has gone wrong
 */

/** @typedef {{ number: number, run: Function }} GuestFunction */

const encoder = new TextEncoder();
/** In characters. */
const SHORT = 48;

/** In bytes: no engine takes a module with longer names (WebAssembly JavaScript interface, limits). */
const MAX_NAME = 100_000;

/** Of what a guest gives to error_set, in bytes. The core, whose memory all plug-ins share, must hold it several times. */
const MAX_GUEST_ERROR = 64 << 10;

// What host_call and host_return of the kernel give in place of an offset.
const NO_ROOM = -1;
const GUEST_ERROR = -1;

const LEVELS = /** @type {const} */ (['trace', 'debug', 'info', 'warn', 'error']);

/** Closes plug-ins that were dropped without being closed. */
const dropped = new FinalizationRegistry((/** @type {{ core: Core, id: number, modules: number }} */ p) => release(p));

/** @param {{ core: Core, id: number, modules: number }} plugin */
function release({ core, id, modules }) {
  for (let slot = 0; slot < modules; slot++) core.memories.delete(handle(id, slot));
  core.memories.delete(handle(id, KERNEL_SLOT));
  if (!core.dead) core.abi.plugin_close(id);
}

/**
 * A plug-in, and the driver of its state machine in the core
 * (internal/plugin): the core says what to do, this does it and tells how it
 * went. A guest is only ever called from here, never from below Go.
 */
export class Plugin {
  /** @type {Core} */
  #core;
  #id = 0;
  /** @type {{ id: number, core: Core, modules: number }} */
  #held;
  #freshCore;
  /** @type {Request} */
  #request;
  #local;
  /** @type {WebAssembly.Module[]} */
  #modules = [];
  /** @type {import('./host.mjs').ModuleRecord[]} the same with what belongs to them */
  #records = [];
  /** @type {string[]} */
  #names = [];
  /** @type {any} */
  #kernel;
  /** @type {Memory} */
  #memory;
  /** @type {WebAssembly.Instance[]} */
  #instances = [];
  /** @type {WebAssembly.Exports[]} for WASI, by module; of those that import it */
  #adapters = [];
  /** @type {Trampoline[]} by module; of those that import from others in a circle */
  #trampolines = [];
  /** @type {Map<string, GuestFunction>} */
  #functions = new Map();
  /** @type {Record<string, Record<string, Function>>} */
  #imports;
  #context;
  #outputs = new OutputSlab();
  /** @type {Set<number>} handles of the memories of guests whose output is handed on */
  #captured = new Set();
  #active = false;
  #closed = false;
  /** @type {Promise<unknown> | null} while instances are being made */
  #preparing = null;
  /** @type {{ error: unknown } | null} what a user's function has thrown in this call */
  #thrown = null;
  /** Where the core notes where the vars are. */
  #varsAt = 0;
  /** @type {Uint8Array | null} the vars, on their way from a dead core to one that is alive */
  #rescued = null;

  /**
   * @param {Core} core
   * @param {Request} request
   * @param {LocalOptions} local
   * @param {() => Promise<Core>} freshCore gives a core that is alive
   */
  static async create(core, request, local, freshCore) {
    const plugin = new Plugin(request, local, freshCore);
    await plugin.#attach(core);
    return plugin;
  }

  /** @private use {@link create} */
  constructor(/** @type {Request} */ request, /** @type {LocalOptions} */ local, /** @type {() => Promise<Core>} */ freshCore) {
    this.#request = request;
    this.#local = local;
    this.#freshCore = freshCore;
    this.#context = new CallContext(this.#internals());
    this.#imports = this.#wrapFunctions(local.functions);
  }

  /**
   * Calls a function of the main module.
   * @param {string} name
   * @param {string | Uint8Array | ArrayBuffer | ArrayBufferView | null} [input] is copied
   * @param {unknown} [hostContext] what host functions get from their context in this call
   * @returns {Promise<PluginOutput | null>} the output, or null if the function has set none
   */
  async call(name, input, hostContext) {
    if (this.#closed) throw closedError(name);
    let given = checkInput(input);
    if (this.#preparing || this.#core.dead) {
      given = given.slice(); // the caller may change it meanwhile
      await this.#usable();
      if (this.#closed) throw closedError(name);
    }
    const f = this.#functions.get(name) ?? this.#resolve(name);
    let off = this.#begin(f.number, given.length);
    if (off < NO_ROOM) {
      given = given.slice();
      await this.#prepare(() => this.#perform(-1 - off));
      if (this.#closed) throw closedError(name);
      off = this.#kernel.host_begin(given.length) >>> 0;
    }
    if (!this.#give(off, given)) return this.#finish(Outcome.NO_ROOM, given.length);
    try {
      return this.#run(name, f, hostContext);
    } finally {
      if (this.#captured.size > 0) this.#flushOutput();
    }
  }

  /**
   * Has the core begin a call, and the kernel make room for its input.
   * @param {number} number of the function
   * @param {number} length of the input
   * @returns {number} where the input goes, or a negative number: see host_call in kernel.wat
   */
  #begin(number, length) {
    try {
      return this.#kernel.host_call(number, length);
    } catch (error) {
      throw this.#core.refused(error);
    }
  }

  /**
   * Gives a call its input.
   * @param {number} off
   * @param {string | Uint8Array} given
   * @returns {boolean} false if there is no room
   */
  #give(off, given) {
    if (given.length === 0) return true;
    if (off <= 0) return false;
    const bytes = this.#memory.bytes();
    if (typeof given !== 'string') {
      bytes.set(given, off);
      return true;
    }
    for (let i = 0; i < given.length; i++) {
      const c = given.charCodeAt(i);
      if (c > 127) return this.#giveEncoded(given);
      bytes[off + i] = c;
    }
    return true;
  }

  /** @param {string} text a short one that is not ASCII, for which the room made so far is too little */
  #giveEncoded(text) {
    const bytes = encoder.encode(text);
    return this.#give(this.#kernel.host_begin(bytes.length) >>> 0, bytes);
  }

  /**
   * The call itself, with everything in place.
   * @param {string} name
   * @param {GuestFunction} f
   * @param {unknown} hostContext
   */
  #run(name, f, hostContext) {
    this.#active = true;
    this.#context[HOST_CONTEXT] = hostContext;
    let code;
    try {
      code = toCode((f.run ??= this.#main(name))());
    } catch (error) {
      return this.#failed(name, error);
    } finally {
      this.#active = false;
      this.#context[HOST_CONTEXT] = null;
    }
    // At the edge of the stack there may have been no room even for the trap, and a
    // guest can catch an overflow.
    if (this.#thrown !== null) return this.#failed(name, this.#thrown.error);
    if (this.#closed) throw closedError(name); // from inside the call
    return this.#returned(code);
  }

  /**
   * Tells the core that a function has returned, which most do, by way of the
   * kernel: it takes fewer crossings.
   * @param {number} code
   */
  #returned(code) {
    const kernel = this.#kernel;
    let off;
    try {
      off = kernel.host_return(code);
    } catch (error) {
      throw this.#core.refused(error);
    }
    if (off === 0) return null;
    if (off > 0) return this.#outputs.copy(this.#memory, off, kernel.host_output_length() >>> 0);
    if (off === GUEST_ERROR) return this.#finish(Outcome.RETURNED, code);
    throw this.#error();
  }

  /**
   * Tells the core how a call has ended, and gives the output or the error.
   * @param {number} kind
   * @param {number} code
   * @param {unknown} [cause]
   * @returns {PluginOutput | null}
   */
  #finish(kind, code, cause) {
    const kernel = this.#kernel;
    if (!this.#report('plugin_end', kind, code, cause)) throw this.#error(cause);
    const off = kernel.host_output() >>> 0;
    return off === 0 ? null : this.#outputs.copy(this.#memory, off, kernel.host_output_length() >>> 0);
  }

  /**
   * Sorts out what came up from a guest.
   * @param {string} name of the function
   * @param {unknown} error
   * @returns {PluginOutput | null} the output, if the guest has only ended itself
   */
  #failed(name, error) {
    const core = this.#core;
    const thrown = this.#thrown;
    this.#thrown = null;
    core.checkAfter(error);
    if (core.dead) throw core.dead;
    if (!this.#closed) {
      if (thrown === null) return this.#finish(Outcome.TRAPPED, 0, error);
      this.#report('plugin_end', Outcome.USER_ERROR, 0);
    }
    throw thrown === null ? closedError(name) : thrown.error;
  }

  /**
   * Gives an outcome to the core, with the texts that belong to it.
   * @param {'plugin_end' | 'plugin_next'} entry
   * @param {number} kind
   * @param {number} code
   * @param {unknown} [cause]
   * @returns {number} what the core answers
   */
  #report(entry, kind, code, cause) {
    const { abi } = this.#core;
    const kernel = this.#kernel;
    const off = kernel ? kernel.host_error() >>> 0 : 0;
    if (kind === Outcome.RETURNED && off === 0) return abi[entry](this.#id, kind, code, NO_TEXT, NO_TEXT);
    const length = off === 0 ? 0 : Math.min(kernel.host_error_length() >>> 0, MAX_GUEST_ERROR);
    const text = length === 0 ? new Uint8Array() : this.#memory.bytes().subarray(off, off + length);
    const [messageLength, errorLength] = this.#postTexts(cause === undefined ? '' : textOf(cause), text);
    return abi[entry](this.#id, kind, code, messageLength, off === 0 ? NO_TEXT : errorLength);
  }

  /**
   * The texts of an outcome. If the stack is nearly used up they are left out: the
   * core must learn in any case that a call has ended.
   * @param {string} message
   * @param {Uint8Array} error
   */
  #postTexts(message, error) {
    try {
      return this.#core.post(message, error);
    } catch (refused) {
      if (this.#core.dead) throw refused;
      return [0, 0];
    }
  }

  /** Waits until the instances are in place, on a core that is alive. */
  async #usable() {
    while (this.#preparing) await this.#preparing;
    if (this.#core.dead) await this.#prepare(() => this.#revive());
  }

  /**
   * Runs something that must be done before the next call, while other calls
   * wait for it.
   * @param {() => Promise<void>} f
   */
  async #prepare(f) {
    const done = f();
    this.#preparing = done.catch(() => {});
    try {
      await done;
    } finally {
      this.#preparing = null;
    }
  }

  /**
   * Does what the core asks for until there is nothing more to be done.
   * @param {number} op
   */
  async #perform(op) {
    /** @type {unknown} */
    let cause;
    for (;;) {
      if ((op & 255) === Op.FAILED) throw this.#error(cause);
      if ((op & 255) === Op.READY || (op & 255) === Op.CALL) return;
      try {
        const code = await this.#step(op & 255, op >> 8);
        op = this.#report('plugin_next', Outcome.RETURNED, code);
      } catch (error) {
        op = this.#stepFailed(error);
        cause = error;
      }
    }
  }

  /**
   * @param {number} op
   * @param {number} module
   * @returns {Promise<number>} the code that a function has returned
   */
  async #step(op, module) {
    switch (op) {
      case Op.KERNEL:
        await withMemory(() => this.#startKernel());
        return 0;
      case Op.INSTANTIATE:
        await withMemory(() => this.#instantiate(module));
        return 0;
      case Op.BRIDGE: {
        const imports = WebAssembly.Module.imports(this.#modules[module]);
        this.#trampolines[module] = new Trampoline(this.#core.collect(), imports, this.#core.gate.trap);
        return 0;
      }
      case Op.WIRE:
        this.#trampolines[module].wire(this.#instances);
        return 0;
      default: {
        const f = this.#instances[module].exports[this.#core.collectText()];
        this.#kernel.host_begin(0);
        return toCode(/** @type {Function} */ (f)(0, 0));
      }
    }
  }

  /**
   * @param {unknown} error
   * @returns {number} the next step
   */
  #stepFailed(error) {
    const core = this.#core;
    core.checkAfter(error);
    if (core.dead) throw core.dead;
    const thrown = this.#thrown;
    if (thrown === null) return this.#report('plugin_next', Outcome.TRAPPED, this.#calledEarly(), error);
    this.#thrown = null;
    this.#report('plugin_next', Outcome.USER_ERROR, 0);
    throw thrown.error;
  }

  /** The number of the function that was called before there was one, or 0. */
  #calledEarly() {
    return this.#trampolines.find((t) => t?.early)?.early ?? 0;
  }

  #startKernel() {
    const { abi, assets, gate, raw } = this.#core;
    const maxPages = abi.plugin_max_pages(this.#id);
    const self = new WeakRef(this); // the kernel must not keep the plug-in alive: the core knows it
    this.#kernel = new WebAssembly.Instance(assets.kernel(), {
      gate,
      go: { __proto__: raw, id: this.#id, max_pages: maxPages },
      host: {
        log: (/** @type {number} */ _, /** @type {number} */ level, /** @type {number} */ off, /** @type {number} */ n) => {
          const plugin = self.deref();
          return plugin ? plugin.#log(level, off >>> 0, n >>> 0) : 0;
        },
      },
    }).exports;
    this.#memory = new Memory(this.#kernel.memory);
    this.#core.memories.set(handle(this.#id, KERNEL_SLOT), this.#kernel.memory, this.#kernel.host_alloc);
  }

  /** @param {number} module */
  async #instantiate(module) {
    const { memories } = this.#core;
    const at = handle(this.#id, module);
    /** @type {Record<string, any>} */
    const imports = Object.assign(Object.create(null), this.#imports, { 'extism:host/env': this.#kernel });
    this.#names.forEach((name, i) => {
      if (this.#instances[i]) imports[name] = this.#instances[i].exports;
    });
    Object.assign(imports, this.#trampolines[module]?.imports);
    if (WebAssembly.Module.imports(this.#modules[module]).some((i) => i.module === 'wasi_snapshot_preview1')) {
      imports.wasi_snapshot_preview1 = this.#adapters[module] ??= this.#adapter(at);
      if (this.#local.wasiOutput) this.#captured.add(at);
    }
    memories.set(at, undefined);
    const instance = await WebAssembly.instantiate(this.#modules[module], imports);
    this.#instances[module] = instance;
    memories.set(at, instance.exports.memory);
    for (const f of this.#functions.values()) f.run = /** @type {any} */ (undefined);
  }

  /**
   * Makes the WASI adapter of a module, which serves all its instances in turn.
   * @param {number} at the handle of the guest's memory
   */
  #adapter(at) {
    const { assets, gate, raw } = this.#core;
    const self = new WeakRef(this);
    return new WebAssembly.Instance(assets.wasi(), {
      gate,
      go: { __proto__: raw, handle: at },
      host: {
        wasi_output: () => {
          const plugin = self.deref();
          return plugin ? plugin.#wasiOutput(at) : 0;
        },
      },
    }).exports;
  }

  /**
   * Makes the plug-in known to a core, and brings its instances up there.
   * @param {Core} core
   */
  async #attach(core) {
    const { id, names, modules, json } = await core.create(this.#request);
    this.#core = core;
    this.#id = id;
    this.#names = names;
    this.#modules = modules.map((record) => record.module);
    this.#records = modules;
    this.#instances = [];
    this.#adapters = [];
    this.#trampolines = [];
    this.#captured.clear();
    this.#functions.clear();
    if (json) this.#request = { ...this.#request, text: withInput(this.#request.text, { json }) };
    this.#held = { core, id, modules: modules.length };
    dropped.register(this, this.#held, this);
    try {
      this.#varsAt = core.abi.vars_location(id) >>> 0;
      await this.#perform(core.abi.plugin_start(id));
    } catch (error) {
      dropped.unregister(this);
      release(this.#held);
      throw error;
    }
  }

  /** Moves to a fresh core after the one before has crashed. The vars come along. */
  async #revive() {
    this.#rescued ??= this.#core.notedBytes(this.#varsAt);
    dropped.unregister(this);
    release(this.#held);
    this.#request = { ...this.#request, text: compiled(this.#request.text, this.#modules.length), sources: this.#records };
    const dead = this.#core;
    try {
      await this.#attach(await this.#freshCore());
    } catch (error) {
      this.#core = dead; // so that the next call tries again
      throw error;
    }
    const [n] = this.#core.post(this.#rescued);
    this.#core.abi.vars_restore(this.#id, n);
    this.#rescued = null;
  }

  /**
   * @param {string} name
   * @returns {GuestFunction}
   */
  #resolve(name) {
    if (typeof name !== 'string') throw new ExtismError('INVALID_INPUT', `function name: string expected, not ${typeof name}`);
    const bytes = encoder.encode(name);
    if (bytes.length > MAX_NAME) throw new ExtismError('FUNCTION_NOT_FOUND', `Plugin error: function "${name.slice(0, 100)}…" does not exist`);
    const [n] = this.#core.post(bytes);
    const number = this.#core.abi.plugin_function(this.#id, n);
    if (number < 0) throw this.#error();
    const f = { number, run: /** @type {any} */ (undefined) };
    this.#functions.set(name, f);
    return f;
  }

  /** @param {string} name */
  #main(name) {
    return /** @type {Function} */ (this.#instances[this.#mainModule].exports[name]);
  }

  get #mainModule() {
    return this.#names.indexOf('main');
  }

  /**
   * What the core says has gone wrong.
   * @param {unknown} [cause]
   */
  #error(cause) {
    this.#core.abi.plugin_error(this.#id);
    return decodeError(this.#core.collectText(), cause === undefined ? {} : { cause });
  }

  /** This plug-in, unless it has been closed. */
  #open() {
    if (this.#closed) throw closedError('');
    return this;
  }

  /** @returns {Internals} */
  #internals() {
    const self = this;
    return {
      get core() { return self.#core; },
      get id() { return self.#id; },
      get kernel() { return self.#open().#kernel; },
      get memory() { return self.#open().#memory; },
      error: () => self.#error(),
    };
  }

  /**
   * Puts every host function behind a guard: what it throws is kept for the
   * caller, and the guest is stopped by a trap, which it cannot catch.
   * @param {Record<string, Record<string, Function>>} functions
   */
  #wrapFunctions(functions) {
    /** @type {Record<string, Record<string, Function>>} */
    const imports = Object.create(null);
    for (const namespace of Object.keys(functions)) {
      imports[namespace] = Object.create(null);
      for (const name of Object.keys(functions[namespace])) {
        const f = functions[namespace][name];
        const where = `${namespace}.${name}`;
        imports[namespace][name] = (/** @type {any[]} */ ...args) => {
          try {
            this.#core.gate.probe(); // what comes after the function shall not fail for lack of stack
            if (this.#thrown === null) return wasmResult(where, f(this.#context, ...args));
          } catch (error) {
            this.#thrown ??= { error }; // first of all: there may be no stack left for a call
          }
          this.#core.gate.trap();
        };
      }
    }
    return imports;
  }

  /**
   * The kernel's log sink. It runs with no Go frame on the stack.
   * @param {number} level
   * @param {number} off
   * @param {number} n
   * @returns {number} not 0: the guest is stopped
   */
  #log(level, off, n) {
    return this.#emit(LEVELS[level], this.#memory.copy(off, n));
  }

  /**
   * @param {'trace' | 'debug' | 'info' | 'warn' | 'error'} level
   * @param {ArrayBuffer} record
   */
  #emit(level, record) {
    try {
      this.#local.logger[level](new PluginOutput(record).text());
      return 0;
    } catch (error) {
      this.#thrown ??= { error };
      return 1;
    }
  }

  /**
   * Hands what the guest has written to stdout and stderr to the logger.
   * @param {number} at the handle of the guest's memory
   */
  #wasiOutput(at) {
    const { abi } = this.#core;
    try {
      for (let fd; (fd = abi.wasi_take_output(at)) > 0; ) {
        if (this.#emit(fd === 2 ? 'error' : 'info', this.#core.collect().buffer)) return 1;
      }
      return 0;
    } catch (error) {
      this.#thrown ??= { error }; // the core was not entered, which a guest must not catch
      return 1;
    }
  }

  /** Hands on the lines that the guest has begun and not ended. */
  #flushOutput() {
    for (const at of this.#captured) {
      if (this.#core.dead || !this.#core.abi.wasi_flush_output(at) || !this.#wasiOutput(at)) continue;
      const thrown = this.#thrown;
      this.#thrown = null;
      throw thrown?.error;
    }
  }

  /**
   * @param {string} name
   * @returns {Promise<boolean>} whether the main module exports a function of that name
   */
  async functionExists(name) {
    const found = (await this.getExports()).find((e) => e.name === name);
    return found?.kind === 'function';
  }

  /** What the main module exports. */
  async getExports() {
    return WebAssembly.Module.exports(this.#modules[this.#mainModule]);
  }

  /** What the main module imports. */
  async getImports() {
    return WebAssembly.Module.imports(this.#modules[this.#mainModule]);
  }

  /** The main module's present instance; after a trap the next call makes a new one. */
  async getInstance() {
    if (this.#closed) throw closedError('');
    return this.#instances[this.#mainModule];
  }

  /** Whether a call is under way. */
  isActive() {
    return this.#active;
  }

  /**
   * Frees all blocks in the plug-in's memory. Vars stay.
   * @returns {Promise<boolean>} false, and nothing is done, while a call is under way
   */
  async reset() {
    if (this.#active || this.#closed) return false;
    this.#kernel.reset();
    return true;
  }

  /** Ends the plug-in. Doing so again has no effect. */
  async close() {
    if (this.#closed) return;
    this.#closed = true;
    while (this.#preparing) await this.#preparing;
    dropped.unregister(this);
    release(this.#held);
    // Whoever keeps the plug-in shall not keep its memories.
    this.#instances = [];
    this.#adapters = [];
    this.#trampolines = [];
    this.#kernel = undefined;
    this.#memory = /** @type {any} */ (undefined);
    this.#functions.clear();
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    await this.close();
  }
}

/** In milliseconds: how long to wait before one tries again to get a memory. */
const WAITS = [0, 0, 10, 50];

/**
 * Makes an instance. There may be no memory left only because those of instances
 * that are gone have not been collected; engines do that between tasks.
 * @param {() => void | Promise<void>} make
 */
async function withMemory(make) {
  for (const ms of WAITS) {
    try {
      return await make();
    } catch (error) {
      if (!(error instanceof RangeError && /memory/i.test(error.message))) throw error;
      await new Promise((resolve) => setTimeout(resolve, ms));
    }
  }
  return make();
}

/** @param {string} name */
function closedError(name) {
  return new ExtismError('CLOSED', 'the plug-in has been closed', { function: name });
}

/**
 * @param {unknown} input
 * @returns {string | Uint8Array} bytes, or a short text: to encode that apart takes longer
 */
function checkInput(input) {
  if (typeof input === 'string') return input.length > SHORT ? encoder.encode(input) : input;
  if (input === undefined || input === null) return '';
  const bytes = bytesOf(input);
  if (!bytes) throw new ExtismError('INVALID_INPUT', `input: string or bytes expected, not ${typeof input}`);
  return bytes;
}

/**
 * A function's result as a return code of 32 bits.
 * @param {unknown} result
 */
function toCode(result) {
  if (result === undefined) return 0;
  return typeof result === 'bigint' ? Number(BigInt.asIntN(32, result)) : Number(result) | 0;
}

/**
 * What a host function has returned, if WebAssembly can take it.
 * @param {string} where
 * @param {unknown} result
 */
function wasmResult(where, result) {
  if (typeof result !== 'object' || result === null || Array.isArray(result)) return result;
  if (typeof (/** @type {any} */ (result).then) === 'function') {
    throw new ExtismError('UNSUPPORTED', `host function ${where} has returned a promise; this version waits for none, so return the value itself`);
  }
  throw new TypeError(`host function ${where} has returned an object; numbers and BigInts are possible`);
}

/**
 * @param {string} text of a request
 * @param {object} input
 */
function withInput(text, input) {
  return JSON.stringify({ ...JSON.parse(text), input });
}

/**
 * @param {string} text of a request, whose sources then are its compiled modules
 * @param {number} modules how many it has
 */
function compiled(text, modules) {
  return JSON.stringify({ ...JSON.parse(text), compiled: true, sources: Array(modules).fill('module') });
}
