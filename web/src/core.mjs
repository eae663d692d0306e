// @ts-check

import { decodeText, encodeText, MemoryTable, VERSION } from './abi.mjs';
import { decodeError, encodeError, ExtismError, isStackOverflow, textOf } from './error.mjs';
import { Host } from './host.mjs';
import { GoProgram } from '../wasm_exec.js';

/**
 * Reads a file of at most so many bytes; gives its length if it is longer.
 * @typedef {(path: string, limit: number) => Promise<Uint8Array | number>} ReadFile
 */

/**
 * Where a build has its WebAssembly.
 * @typedef {object} Assets
 * @property {() => Promise<WebAssembly.Module>} core compiles dist/extism.wasm, or gives it
 * @property {() => void} [forget] has core load it anew the next time, as what it gave is no core
 * @property {() => WebAssembly.Module} gate
 * @property {() => WebAssembly.Module} kernel
 * @property {() => WebAssembly.Module} wasi
 * @property {ReadFile | undefined} [readFile] where there is a file system
 * @property {(request: import('./input.mjs').Request, local: import('./input.mjs').LocalOptions) => Promise<any>} [remote] creates a plug-in in a worker of its own
 * @property {boolean} [worker] whether this is an edge worker, which must not share work between requests
 */

/** How much of an engine's message the core is told, in bytes. */
const MAX_MESSAGE = 4096;

/**
 * One running Go core. JavaScript drives and Go answers: an entry computes and
 * returns, with the gate before and behind it, and nothing that Go imports ever
 * comes back into Go.
 */
export class Core {
  /** @type {ExtismError | null} why it is dead */
  dead = null;
  memories = new MemoryTable();
  /** @type {Set<import('./call_state.mjs').CallState>} calls whose guests may be suspended */
  waiting = new Set();
  /** @type {Record<string, (...args: number[]) => any>} the core's exports, behind the gate */
  abi = {};
  /** @type {any} the core's exports, for the imports of adapters, which enter the gate themselves */
  raw;
  /** @type {any} */
  #create;
  /** @type {WebAssembly.Memory} */
  #memory;
  /** @type {GoProgram | null} */
  #program = null;

  /** @param {Assets} assets */
  constructor(assets) {
    this.assets = assets;
    this.host = new Host(assets.readFile, (create) => (this.#create = create));
    /** @type {any} */
    this.gate = null;
    this.running = false;
    /** @type {Promise<Core>} */
    this.started = this.#start();
  }

  /** Loads and starts the program. */
  async #start() {
    const loading = this.assets.core();
    loading.catch(() => {}); // it is awaited below
    await undefined; // others have something to load, too
    const program = new GoProgram({
      args: ['extism'],
      env: { GOGC: '50' }, // a heap of 2 MB is collected, not one of 4 MB: it never shrinks
      scope: { extismHost: this.host.object },
      onExit: (/** @type {number} */ code) => this.crash(`it exited with code ${code}`),
      onCrash: (/** @type {unknown} */ error) => this.crash(textOf(error), error),
      onFault: (/** @type {string} */ operation, /** @type {unknown} */ error) =>
        console.error(`extism: ${operation} threw under the core`, error),
    });
    const instance = await this.#instantiate(loading, {
      .../** @type {any} */ (program.imports),
      extism: { ...this.memories.imports, ...this.#control },
    });
    const { exports } = instance;
    this.#memory = /** @type {WebAssembly.Memory} */ (exports.mem);
    this.memories.attach(this.#memory);
    this.#program = program;
    program.start(instance);
    this.raw = exports;
    for (const [name, f] of Object.entries(exports)) {
      if (typeof f === 'function') this.abi[name] = this.#entry(this.gate.enter, /** @type {any} */ (f));
    }
    // A call ends where it has begun: the stack has been probed there. Nor may it
    // fail to end, which would leave the plug-in busy for ever.
    for (const name of ['plugin_end', 'plugin_next']) {
      this.abi[name] = this.#entry(this.gate.reenter, /** @type {any} */ (exports[name]));
    }
    if (this.dead) throw this.dead;
    if (!this.#create) throw new ExtismError('INTERNAL', 'the core has started without offering its control plane');
    this.running = true;
    return this;
  }

  /**
   * @param {Promise<WebAssembly.Module>} loading
   * @param {WebAssembly.Imports} imports
   */
  async #instantiate(loading, imports) {
    let done = 'loaded';
    try {
      this.gate = new WebAssembly.Instance(this.assets.gate()).exports;
      this.assets.kernel(); // is compiled meanwhile
      const module = await loading;
      checkVersion(module);
      done = 'instantiated';
      return await WebAssembly.instantiate(module, imports);
    } catch (error) {
      if (error instanceof ExtismError) throw error;
      const code = done === 'loaded' ? 'FETCH_FAILED' : 'INSTANTIATION';
      throw new ExtismError(code, `the core could not be ${done}: ${textOf(error)}`, { cause: error });
    }
  }

  /**
   * The gate around one of the core's exports.
   * @param {() => void} enter
   * @param {(...args: number[]) => any} f
   */
  #entry(enter, f) {
    const { leave } = this.gate;
    return (/** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ c, /** @type {number} */ d, /** @type {number} */ e) => {
      try {
        enter();
      } catch (error) {
        throw this.refused(error);
      }
      try {
        const result = f(a, b, c, d, e);
        leave();
        return result;
      } catch (error) {
        throw this.crash('an exception went through it', error);
      }
    };
  }

  /**
   * Why an entry has failed: the gate has let nobody in, or the core is lost.
   * @param {unknown} error
   */
  refused(error) {
    if (this.dead) return this.dead;
    if (!isStackOverflow(error) || this.gate.depth() !== 0) return this.crash('an exception went through it', error);
    return new ExtismError('STACK_OVERFLOW', 'the stack is nearly used up, so the core was not entered', { cause: error });
  }

  /** Finds out, after something has been thrown, whether it went through Go's frames. */
  checkAfter(/** @type {unknown} */ error) {
    if (!this.dead && this.gate.depth() !== 0) this.crash('an exception went through it', error);
  }

  /**
   * Declares the core dead: the gate stays shut, what waits for it is rejected,
   * and the next plug-in to be created or called starts a fresh one.
   * @param {string} why
   * @param {unknown} [cause]
   */
  crash(why, cause) {
    if (this.dead) return this.dead;
    this.dead = new ExtismError('CORE_CRASHED', `the core has crashed: ${why}`, cause === undefined ? {} : { cause });
    this.gate.kill();
    this.#program?.crash(cause);
    const { dead } = this;
    for (const call of this.waiting) call.stop(dead);
    this.host.refuseAll((making) => making.refused(encodeError(dead), { cause: dead.cause }));
    return this.dead;
  }

  /**
   * Links a plug-in.
   * @param {import('./input.mjs').Request} request
   * @returns {Promise<{ id: number, names: string[], modules: import('./host.mjs').ModuleRecord[], json: string }>}
   */
  create(request) {
    return new Promise((resolve, reject) => {
      /** @type {import('./host.mjs').ModuleRecord[]} */
      const modules = [];
      const number = this.host.begin({
        sources: request.sources.slice(),
        modules,
        fetch: request.fetch,
        created: ({ id, names, json }) => resolve({ id, names: names.split('\0'), modules, json }),
        refused: (error, cause) => reject(decodeError(error, cause)),
      });
      try {
        const [n] = this.post(encodeText(request.text));
        if (!this.abi.request_now(number, n)) this.#create(number, n);
      } catch (error) {
        this.host.end(number);
        if (error instanceof ExtismError) reject(error); // from the gate
        else reject(this.crash(textOf(error), error));
      }
    });
  }

  /** A text that waits to be taken by the core. */
  #text = new Uint8Array();

  /** What the core imports to compile and to answer requests; the promises' handlers run later, when no Go is on the stack. */
  #control = {
    /** @type {(request: number, source: number, slot: number) => number} */
    compile_now: (request, source, slot) => {
      const text = this.host.compileNow(request, source, slot);
      if (text === null) return -1;
      this.#text = encodeText(text);
      return this.#text.length;
    },
    /** @type {(request: number, source: number) => number} */
    source_size: (request, source) => this.host.sourceBytes(request, source).length,
    /** @type {(request: number, source: number, off: number, dst: number, n: number) => number} */
    source_read: (request, source, off, dst, n) => {
      const bytes = this.host.sourceBytes(request, source);
      const end = (off >>> 0) + (n >>> 0);
      if (end > bytes.length) return 0;
      this.memories.coreBytes().set(bytes.subarray(off >>> 0, end), dst >>> 0);
      return 1;
    },
    /** @type {(to: number) => void} */
    take_text: (to) => this.memories.coreBytes().set(this.#text, to >>> 0),
    /** @type {(request: number, id: number, names: number, namesLength: number, json: number, jsonLength: number) => void} */
    request_created: (request, id, names, namesLength, json, jsonLength) => {
      this.host.end(request)?.created({ id, names: this.#textAt(names, namesLength), json: this.#textAt(json, jsonLength) });
    },
    /** @type {(request: number, error: number, length: number, ticket: number) => void} */
    request_refused: (request, error, length, ticket) => {
      const cause = ticket < 0 ? {} : { cause: this.host.takeThrown(ticket) };
      this.host.end(request)?.refused(this.#textAt(error, length), cause);
    },
  };

  /**
   * @param {number} at
   * @param {number} n
   */
  #textAt(at, n) {
    return n === 0 ? '' : decodeText(this.memories.coreBytes().subarray(at >>> 0, (at >>> 0) + n));
  }

  /**
   * Puts text where the core will look for it.
   * @param {...(string | Uint8Array)} parts
   * @returns {number[]} how many bytes each has
   */
  post(...parts) {
    const bytes = parts.map((p) => (typeof p === 'string' ? encodeText(p, MAX_MESSAGE) : p));
    const total = bytes.reduce((n, b) => n + b.length, 0);
    let at = this.abi.inbox(total) >>> 0;
    for (const b of bytes) {
      this.memories.coreBytes().set(b, at);
      at += b.length;
    }
    return bytes.map((b) => b.length);
  }

  /** A copy of what the core has put out. */
  collect() {
    const at = this.abi.outbox() >>> 0;
    return this.memories.coreBytes().slice(at, at + this.abi.outbox_length());
  }

  /** What the core has put out, as text. */
  collectText() {
    return decodeText(this.collect());
  }

  /**
   * A copy of bytes that the core has noted down, address and length, at an
   * address of its own. It need not be alive.
   * @param {number} at
   */
  notedBytes(at) {
    const bytes = this.memories.coreBytes();
    const [address, length] = new Uint32Array(bytes.slice(at, at + 8).buffer);
    return bytes.slice(address, address + length);
  }

  /** What the core uses, for those who watch it. */
  stats() {
    return { memoryBytes: this.#memory.buffer.byteLength, plugins: this.abi.plugin_count() };
  }
}

/**
 * Refuses a core of another build, before any of it runs: the version of the
 * interface is part of an export's name.
 * @param {WebAssembly.Module} module
 */
function checkVersion(module) {
  const prefix = 'abi_version_';
  const found = WebAssembly.Module.exports(module).find((e) => e.name.startsWith(prefix));
  if (found?.name === prefix + VERSION) return;
  throw new ExtismError(
    'INTERNAL',
    `extism.wasm and the JavaScript beside it are of different builds (interface ${found?.name.slice(prefix.length) ?? 'unknown'} and ${VERSION}); take both from one release`,
  );
}
