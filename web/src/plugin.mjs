// @ts-check

import { handle, KERNEL_SLOT, Memory, NO_TEXT, Op, Outcome } from './abi.mjs';
import { CallState, canSuspend, promised } from './call_state.mjs';
import { CallContext, HOST_CONTEXT } from './context.mjs';
import { decodeError, ExtismError, textOf } from './error.mjs';
import { HostFunctions } from './functions.mjs';
import { unescape } from './host.mjs';
import { Http } from './http.mjs';
import { bytesOf } from './input.mjs';
import { LEVELS, levelNumber, Log } from './log.mjs';
import { OutputSlab, PluginOutput } from './output.mjs';
import { typedFunction } from './typed.mjs';
import { decodeKeys, decodeVars, loadVars, storedKeyBytes, VarSaver } from './vars.mjs';

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
 * @property {import('./log.mjs').LogLevel} logLevel
 * @property {() => void} saveVars gives the vars that have changed to their store
 * @property {() => Request} compiledRequest what makes the same plug-in again, of modules that are compiled
 */

/** @typedef {{ number: number, run: Function, wait: Function }} GuestFunction run, or wait where it may be suspended */

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
  /** @type {Map<string, GuestFunction>} */
  #functions = new Map();
  #context;
  #state = new CallState();
  #hostFunctions;
  #http;
  /** Whether guests are called so that they can be suspended. */
  #waits = false;
  #outputs = new OutputSlab();
  /** @type {Set<number>} handles of the memories of guests whose output is handed on */
  #captured = new Set();
  /** Whether a guest is running or suspended. */
  #active = false;
  #closed = false;
  /**
   * The last of the calls that could not be done at once, while there are any: they
   * wait for each other in turn. It is never rejected.
   * @type {Promise<void> | null}
   */
  #busy = null;
  /** Where the core notes where the vars are. */
  #varsAt = 0;
  /** @type {Uint8Array | null} the vars, on their way from a dead core to one that is alive */
  #rescued = null;
  /** @type {VarSaver | null} where there is a store of vars */
  #saver = null;
  #log;
  #logLevel;
  /** The function that is being called, for the log. */
  #calling = '';

  /**
   * @param {Core} core
   * @param {Request} request
   * @param {LocalOptions} local
   * @param {() => Promise<Core>} freshCore gives a core that is alive
   */
  static async create(core, request, local, freshCore) {
    const plugin = new Plugin(request, local, freshCore);
    if (!local.vars) {
      await plugin.#attach(core);
      return plugin;
    }
    const loading = loadVars(local.vars);
    loading.catch(() => {}); // it is awaited once there is a place for them
    plugin.#saver = new VarSaver(local.vars, plugin.#varSource(core.assets.worker || local.vars.immediate === true));
    await plugin.#attach(core, loading);
    try {
      await plugin.#saver.save(); // what initialisers have changed
    } catch (error) {
      plugin.#saver = null;
      await plugin.close();
      throw error;
    }
    return plugin;
  }

  /** @private use {@link create} */
  constructor(/** @type {Request} */ request, /** @type {LocalOptions} */ local, /** @type {() => Promise<Core>} */ freshCore) {
    this.#request = request;
    this.#local = local;
    this.#freshCore = freshCore;
    this.#log = new Log(local.logger, local.name);
    this.#logLevel = local.logLevel;
    const internals = this.#internals();
    this.#context = new CallContext(internals);
    this.#http = new Http(internals, this.#state, local, (text) => this.#emit('warn', text, 'host'));
    this.#hostFunctions = new HostFunctions(local.functions, this.#context, this.#state);
    local.reveal?.(internals, this.#state);
  }

  /**
   * Calls a function of the main module. Calls run one after the other, in the order
   * in which they were made.
   * @param {string} name
   * @param {string | Uint8Array | ArrayBuffer | ArrayBufferView | null} [input] is copied
   * @param {unknown} [hostContext] what host functions get from their context in this call
   * @returns {Promise<PluginOutput | null>} the output, or null if the function has set none
   */
  async call(name, input, hostContext) {
    if (this.#closed) throw closedError(name);
    const given = checkInput(input);
    if (this.#busy === null || this.#state.inside) return this.#callNow(name, given, hostContext);
    if (this.#core.assets.worker) throw busyError(name);
    const copy = given.slice(); // the caller may change it meanwhile
    return this.#last(this.#busy.then(() => this.#callNow(name, copy, hostContext)));
  }

  /**
   * Calls a function of the main module and returns when it has: for where nothing
   * can wait, such as a host function on an engine that cannot suspend guests.
   * @param {string} name
   * @param {string | Uint8Array | ArrayBuffer | ArrayBufferView | null} [input] is copied
   * @param {unknown} [hostContext]
   * @returns {PluginOutput | null}
   */
  callSync(name, input, hostContext) {
    if (this.#closed) throw closedError(name);
    const given = checkInput(input);
    if (this.#busy !== null && !this.#state.inside) throw busyError(name);
    if (this.#core.dead) throw this.#core.dead;
    const f = this.#function(name);
    const off = this.#begin(f.number, given.length);
    if (off < NO_ROOM) {
      this.#stepOf(off);
      this.#core.abi.plugin_cannot_wait(this.#id);
      throw this.#error();
    }
    if (!this.#give(off, given)) return this.#finish(Outcome.NO_ROOM, given.length);
    try {
      return this.#run(name, f, hostContext);
    } finally {
      this.#saver?.save().catch(() => {}); // what is not saved is tried again with the next call
    }
  }

  /**
   * Makes a call the last of those that others have to wait for.
   * @template T
   * @param {Promise<T>} call
   */
  #last(call) {
    const ended = () => {
      if (this.#busy === busy) this.#busy = null;
    };
    const busy = call.then(ended, ended);
    this.#busy = busy;
    return call;
  }

  /**
   * Has others wait for a call that takes its time, unless they do so already because
   * it has waited itself.
   * @template T
   * @param {Promise<T>} call
   */
  #occupy(call) {
    return this.#busy === null ? this.#last(call) : call;
  }

  /**
   * @param {string} name
   * @param {string | Uint8Array} given
   * @param {unknown} hostContext
   * @returns {PluginOutput | null | Promise<PluginOutput | null>} a promise if something has to be waited for
   */
  #callNow(name, given, hostContext) {
    if (this.#closed) throw closedError(name);
    if (this.#core.dead) return this.#occupy(this.#callRevived(name, given.slice(), hostContext));
    const f = this.#function(name);
    const off = this.#begin(f.number, given.length);
    if (off < NO_ROOM) return this.#occupy(this.#callPrepared(name, f, given.slice(), hostContext, this.#stepOf(off)));
    if (!this.#give(off, given)) return this.#finish(Outcome.NO_ROOM, given.length);
    if (this.#waits || this.#saver !== null) return this.#occupy(this.#runWaiting(name, f, hostContext));
    return this.#run(name, f, hostContext);
  }

  /**
   * The step that the core wants before a call, unless it has refused that.
   * @param {number} off what host_call has given
   */
  #stepOf(off) {
    const op = -1 - off;
    if (op === Op.FAILED) throw this.#error();
    return op;
  }

  /**
   * Calls a function on a fresh core.
   * @param {string} name
   * @param {string | Uint8Array} given
   * @param {unknown} hostContext
   */
  async #callRevived(name, given, hostContext) {
    await this.#revive();
    return this.#callNow(name, given, hostContext);
  }

  /**
   * Calls a function once the core has what it wants first.
   * @param {string} name
   * @param {GuestFunction} f
   * @param {string | Uint8Array} given
   * @param {unknown} hostContext
   * @param {number} op
   */
  async #callPrepared(name, f, given, hostContext, op) {
    await this.#perform(op);
    if (this.#closed) throw closedError(name);
    if (!this.#give(this.#kernel.host_begin(given.length) >>> 0, given)) return this.#finish(Outcome.NO_ROOM, given.length);
    return this.#runWaiting(name, f, hostContext);
  }

  /**
   * Runs a call for which something may have to be waited: what its guest waits for,
   * and that the vars are saved which it has changed, however it has ended. Which they
   * are must be asked before another call runs.
   * @param {string} name
   * @param {GuestFunction} f
   * @param {unknown} hostContext
   */
  async #runWaiting(name, f, hostContext) {
    let output;
    try {
      output = this.#waits ? await this.#runSuspendable(name, f, hostContext) : this.#run(name, f, hostContext);
    } catch (error) {
      await this.#saver?.save().catch(() => {}); // the call's own error goes first; the next one tries again
      throw error;
    }
    await this.#saver?.save();
    return output;
  }

  /**
   * A function of the main module that takes and gives values.
   * @template [I=void]
   * @template [O=void]
   * @param {string} name
   * @param {{ input?: import('./codecs.mjs').Encoder<I> | undefined, output?: import('./codecs.mjs').Decoder<O> | undefined }} [codecs]
   */
  function(name, codecs) {
    return typedFunction(this, name, codecs);
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
    this.#begun(name, hostContext);
    try {
      let code;
      try {
        code = toCode((f.run ??= this.#main(name))());
      } catch (error) {
        return this.#failed(name, error);
      }
      return this.#ended(name, code);
    } finally {
      this.#over();
    }
  }

  /**
   * The same for guests that may be suspended.
   * @param {string} name
   * @param {GuestFunction} f
   * @param {unknown} hostContext
   */
  async #runSuspendable(name, f, hostContext) {
    const state = this.#state;
    const { waiting } = this.#core;
    this.#begun(name, hostContext);
    state.suspendable = true;
    waiting.add(state);
    try {
      let code;
      try {
        code = toCode(await (f.wait ??= promised(this.#main(name)))());
      } catch (error) {
        return this.#failed(name, error);
      }
      return this.#ended(name, code);
    } finally {
      state.suspendable = false;
      waiting.delete(state);
      this.#over();
    }
  }

  /**
   * A function has returned.
   * @param {string} name
   * @param {number} code
   */
  #ended(name, code) {
    // At the edge of the stack there may have been no room even for the trap, and a
    // guest can catch an overflow.
    if (this.#state.thrown !== null) return this.#failed(name, this.#state.thrown.error);
    if (this.#closed) throw closedError(name); // from inside the call
    return this.#returned(code);
  }

  /**
   * @param {string} name
   * @param {unknown} hostContext
   */
  #begun(name, hostContext) {
    this.#active = true;
    this.#calling = name;
    this.#state.thrown = null;
    this.#state.cause = undefined;
    this.#context[HOST_CONTEXT] = hostContext;
  }

  /** A call is over, however it has ended. */
  #over() {
    this.#active = false;
    this.#context[HOST_CONTEXT] = null;
    if (this.#captured.size > 0) this.#flushOutput();
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
    const thrown = this.#state.takeThrown();
    core.checkAfter(error);
    if (core.dead) throw core.dead;
    if (!this.#closed) {
      if (thrown === null) return this.#finish(Outcome.TRAPPED, 0, this.#state.cause ?? error);
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
    // As with Extism's other hosts, an error of no bytes is none: its block is gone.
    const length = off === 0 ? 0 : Math.min(kernel.host_error_length() >>> 0, MAX_GUEST_ERROR);
    if (kind === Outcome.RETURNED && length === 0) return abi[entry](this.#id, kind, code, NO_TEXT, NO_TEXT);
    const text = length === 0 ? new Uint8Array() : this.#memory.bytes().subarray(off, off + length);
    const [messageLength, errorLength] = this.#postTexts(cause === undefined ? '' : textOf(cause), text);
    return abi[entry](this.#id, kind, code, messageLength, length === 0 ? NO_TEXT : errorLength);
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
    this.#calling = '';
    switch (op) {
      case Op.KERNEL:
        await withMemory(() => this.#startKernel());
        return 0;
      case Op.INSTANTIATE:
        await withMemory(() => this.#instantiate(module));
        return 0;
      default: {
        this.#calling = this.#core.collectText();
        const f = /** @type {Function} */ (this.#instances[module].exports[this.#calling]);
        this.#kernel.host_begin(0);
        return toCode(await this.#initialise(f));
      }
    }
  }

  /**
   * Calls what makes an instance usable.
   * @param {Function} f
   */
  async #initialise(f) {
    if (!this.#waits) return f(0, 0);
    this.#state.suspendable = true;
    try {
      return await promised(f)(0, 0);
    } finally {
      this.#state.suspendable = false;
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
    const thrown = this.#state.takeThrown();
    if (thrown === null) return this.#report('plugin_next', Outcome.TRAPPED, 0, error);
    this.#report('plugin_next', Outcome.USER_ERROR, 0);
    throw thrown.error;
  }

  #startKernel() {
    const { abi, assets, gate, raw } = this.#core;
    const maxPages = abi.plugin_max_pages(this.#id);
    const self = new WeakRef(this); // the kernel must not keep the plug-in alive: the core knows it
    this.#kernel = new WebAssembly.Instance(assets.kernel(), {
      gate,
      go: { __proto__: raw, id: this.#id, max_pages: maxPages },
      host: {
        http: this.#http.import(this.#waits),
        log: (/** @type {number} */ _, /** @type {number} */ level, /** @type {number} */ off, /** @type {number} */ n) => {
          const plugin = self.deref();
          return plugin ? plugin.#logRecord(level, off >>> 0, n >>> 0) : 0;
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
    const imports = { ...this.#hostFunctions.imports(module), 'extism:host/env': this.#kernel };
    this.#names.forEach((name, i) => {
      if (this.#instances[i]) imports[name] = this.#instances[i].exports;
    });
    if (WebAssembly.Module.imports(this.#modules[module]).some((i) => i.module === 'wasi_snapshot_preview1')) {
      imports.wasi_snapshot_preview1 = this.#adapters[module] ??= this.#adapter(at);
      if (this.#local.wasiOutput) this.#captured.add(at);
    }
    memories.set(at, undefined);
    const instance = await WebAssembly.instantiate(this.#modules[module], imports);
    this.#instances[module] = instance;
    memories.set(at, instance.exports.memory);
    for (const f of this.#functions.values()) f.run = f.wait = /** @type {any} */ (undefined);
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
   * @param {ReturnType<typeof loadVars>} [loading] the vars of the store
   */
  async #attach(core, loading) {
    const { id, names, modules, json } = await core.create(this.#request);
    this.#core = core;
    this.#id = id;
    this.#names = names;
    this.#modules = modules.map((record) => record.module);
    this.#records = modules;
    this.#request.sources = modules; // the bytes are not wanted any more
    this.#instances = [];
    this.#adapters = [];
    this.#captured.clear();
    this.#functions.clear();
    if (json) this.#request = { ...this.#request, text: withInput(this.#request.text, { json }) };
    this.#held = { core, id, modules: modules.length };
    dropped.register(this, this.#held, this);
    try {
      this.#linkFunctions();
      this.#local.linked?.(core.abi.plugin_timeout(id) >>> 0);
      this.#varsAt = core.abi.vars_location(id) >>> 0;
      if (loading) this.#takeVars(await loading);
      this.#restore();
      await this.#perform(core.abi.plugin_start(id));
      this.#rescued = null;
    } catch (error) {
      dropped.unregister(this);
      release(this.#held);
      throw error;
    }
  }

  /** Makes the host functions that the modules import. */
  #linkFunctions() {
    const { abi, assets, gate } = this.#core;
    abi.host_imports(this.#id);
    const fields = this.#core.collectText().split('\0').map(unescape);
    const list = [];
    for (let i = 0; i + 4 < fields.length; i += 4) {
      list.push({ module: Number(fields[i]), namespace: fields[i + 1], name: fields[i + 2], signature: fields[i + 3] });
    }
    const adapter = () => {
      abi.host_adapter(this.#id);
      return this.#core.collect();
    };
    this.#hostFunctions.link(list, adapter, gate, !assets.worker);
    this.#waits = canSuspend && (list.length > 0 || abi.plugin_http(this.#id) === 1);
  }

  /**
   * Has the vars of the store ready for the core, if they are not too many.
   * @param {Awaited<ReturnType<typeof loadVars>>} loaded
   */
  #takeVars({ journal, size }) {
    if (!this.#core.abi.context_var_fits(this.#id, 0, Math.min(size, 0xffffffff))) throw this.#error();
    this.#rescued = journal;
  }

  /** Gives the core what it must know before any guest can ask for it. */
  #restore() {
    const { abi } = this.#core;
    if (this.#logLevel !== this.#local.logLevel) abi.set_log_level(this.#id, levelNumber(this.#logLevel));
    if (this.#rescued !== null) {
      const [n] = this.#core.post(this.#rescued);
      abi.vars_restore(this.#id, n);
    }
    if (this.#local.vars) abi.vars_track(this.#id);
  }

  /** Takes the vars over from a core that is dead, and notes which have changed. */
  #rescue() {
    if (this.#rescued !== null) return this.#rescued;
    this.#saver?.note(decodeKeys(this.#core.notedBytes(this.#varsAt + 8)));
    return (this.#rescued = this.#core.notedBytes(this.#varsAt));
  }

  /**
   * @param {boolean} overlapping
   * @returns {import('./vars.mjs').VarSource}
   */
  #varSource(overlapping) {
    return {
      overlapping,
      changes: () => {
        const core = this.#core;
        if (this.#kernel === undefined) return []; // the plug-in has ended
        if (core.dead) {
          this.#rescue();
          return [];
        }
        core.abi.vars_changes(this.#id);
        return decodeKeys(core.collect());
      },
      reader: () => {
        const core = this.#core;
        if (core.dead) {
          const vars = decodeVars(this.#rescue());
          return (key) => vars.get(key) ?? null;
        }
        return (key) => {
          const [n] = core.post(storedKeyBytes(key));
          return core.abi.context_var_get(this.#id, n) ? core.collect() : null;
        };
      },
    };
  }

  #compiledRequest() {
    return { ...this.#request, text: compiled(this.#request.text, this.#modules.length), sources: this.#records };
  }

  /** Moves to a fresh core after the one before has crashed. The vars come along. */
  async #revive() {
    this.#rescue();
    dropped.unregister(this);
    release(this.#held);
    this.#request = this.#compiledRequest();
    const dead = this.#core;
    try {
      await this.#attach(await this.#freshCore());
    } catch (error) {
      this.#core = dead; // so that the next call tries again
      throw error;
    }
  }

  /**
   * @param {string} name
   * @returns {GuestFunction}
   */
  #function(name) {
    return this.#functions.get(name) ?? this.#resolve(name);
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
    const f = { number, run: /** @type {any} */ (undefined), wait: /** @type {any} */ (undefined) };
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
      get core() { return self.#open().#core; },
      get id() { return self.#id; },
      get kernel() { return self.#open().#kernel; },
      get memory() { return self.#open().#memory; },
      error: () => self.#error(),
      get logLevel() { return self.logLevel; },
      set logLevel(level) { self.logLevel = level; },
      saveVars: () => void self.#saver?.save().catch(() => {}), // what is not saved is tried again with the next call
      compiledRequest: () => self.#compiledRequest(),
    };
  }

  /**
   * The kernel's log sink. It runs with no Go frame on the stack.
   * @param {number} level
   * @param {number} off
   * @param {number} n
   * @returns {number} not 0: the guest is stopped
   */
  #logRecord(level, off, n) {
    return this.#emit(LEVELS[level], textIn(this.#memory.copy(off, n)), 'guest');
  }

  /**
   * @param {typeof LEVELS[number]} level
   * @param {string} text
   * @param {import('./log.mjs').Source} source
   */
  #emit(level, text, source) {
    const state = this.#state;
    try {
      state.inside = true;
      this.#log.emit(level, text, this.#calling, source);
      state.inside = false;
      return 0;
    } catch (error) {
      state.inside = false;
      state.keep(error);
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
        const text = this.#core.collectText();
        if (fd === 2 ? this.#emit('error', text, 'stderr') : this.#emit('info', text, 'stdout')) return 1;
      }
      return 0;
    } catch (error) {
      this.#state.keep(error); // the core was not entered, which a guest must not catch
      return 1;
    }
  }

  /** Hands on the lines that the guest has begun and not ended. */
  #flushOutput() {
    for (const at of this.#captured) {
      if (this.#core.dead || !this.#core.abi.wasi_flush_output(at) || !this.#wasiOutput(at)) continue;
      throw this.#state.takeThrown()?.error;
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

  /** The name that the plug-in was given, or else one made of its number. */
  get name() {
    return this.#log.name;
  }

  /** The number of the plug-in among those of this realm. */
  get id() {
    return this.#log.id;
  }

  /** The least severe level of the records that are passed on. */
  get logLevel() {
    return this.#logLevel;
  }

  set logLevel(/** @type {import('./log.mjs').LogLevel} */ level) {
    const number = levelNumber(level);
    const core = this.#open().#core;
    if (!core.dead) core.abi.set_log_level(this.#id, number);
    this.#logLevel = level; // a core that comes after this one is told, too
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

  /** Whether a call is under way or waiting for its turn. */
  isActive() {
    return this.#active || this.#busy !== null;
  }

  /**
   * Frees all blocks in the plug-in's memory. Vars stay.
   * @returns {Promise<boolean>} false, and nothing is done, while a call is under way
   */
  async reset() {
    if (this.#active || this.#busy || this.#closed) return false;
    this.#kernel.reset();
    return true;
  }

  /**
   * Ends the plug-in. Doing so again has no effect. Vars that are not saved yet are
   * saved; if their store fails, the plug-in has ended all the same.
   */
  async close() {
    if (this.#closed) return;
    this.#closed = true;
    this.#state.stop(closedError(''));
    while (this.#busy) await this.#busy;
    try {
      if (this.#saver !== null) await this.#saver.finish();
    } finally {
      this.#release();
    }
  }

  #release() {
    dropped.unregister(this);
    release(this.#held);
    // Whoever keeps the plug-in shall not keep its memories.
    this.#instances = [];
    this.#adapters = [];
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
export function closedError(name) {
  return new ExtismError('CLOSED', 'the plug-in has been closed', { function: name });
}

const decoder = new TextDecoder();

/** @param {ArrayBuffer} bytes */
const textIn = (bytes) => decoder.decode(bytes);

/**
 * @param {string} name
 * @param {number} [queued] how many calls wait already
 */
export function busyError(name, queued = 0) {
  const others = queued > 0 ? `, and ${queued} more wait already` : '';
  return new ExtismError('BUSY', `the plug-in is inside another call${others}; "${name}" would have to wait for it`, { function: name });
}

/**
 * @param {unknown} input
 * @returns {string | Uint8Array} bytes, or a short text: to encode that apart takes longer
 */
export function checkInput(input) {
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
  return JSON.stringify({ ...JSON.parse(text), compiled: modules });
}
