// @ts-check

import { handle, KERNEL_SLOT, Memory } from './abi.mjs';
import { suspending } from './call_state.mjs';
import { Trampoline } from './trampoline.mjs';

/**
 * Where a plug-in's kernel and WASI adapters turn to. None of it may keep the plug-in
 * alive, for the core knows the kernel.
 * @typedef {object} Sinks
 * @property {(level: number, off: number, n: number) => number} log
 * @property {(n: number) => number} httpBegin
 * @property {(off: number, n: number) => number | Promise<number>} httpWait
 * @property {(at: number) => number} wasiOutput
 */

/**
 * The instances of one plug-in on one core: its kernel, its modules, and what stands
 * between them.
 */
export class Instances {
  /** @type {any} the exports of the kernel */
  kernel;
  /** @type {Memory} the kernel's */
  memory;
  /** @type {WebAssembly.Instance[]} by module */
  list = [];
  /** @type {WebAssembly.Exports[]} for WASI, by module; of those that import it */
  #adapters = [];
  /** @type {Trampoline[]} by module; of those that import from others in a circle */
  #trampolines = [];
  #core;
  #id;
  #names;
  #modules;
  #sinks;

  /**
   * @param {import('./core.mjs').Core} core
   * @param {number} id of the plug-in
   * @param {string[]} names by module
   * @param {WebAssembly.Module[]} modules
   * @param {Sinks} sinks
   */
  constructor(core, id, names, modules, sinks) {
    this.#core = core;
    this.#id = id;
    this.#names = names;
    this.#modules = modules;
    this.#sinks = sinks;
  }

  /** Makes the kernel. */
  start() {
    const { abi, assets, gate, raw, memories } = this.#core;
    const { log, httpBegin, httpWait } = this.#sinks;
    this.kernel = new WebAssembly.Instance(assets.kernel(), {
      gate,
      go: { __proto__: raw, id: this.#id, max_pages: abi.plugin_max_pages(this.#id) },
      host: {
        http: (/** @type {number} */ _, /** @type {number} */ n) => httpBegin(n >>> 0),
        http_wait: suspending((/** @type {number} */ _, /** @type {number} */ off, /** @type {number} */ n) => httpWait(off >>> 0, n >>> 0)),
        log: (/** @type {number} */ _, /** @type {number} */ level, /** @type {number} */ off, /** @type {number} */ n) => log(level, off >>> 0, n >>> 0),
      },
    }).exports;
    this.memory = new Memory(this.kernel.memory);
    memories.set(handle(this.#id, KERNEL_SLOT), this.kernel.memory, this.kernel.host_alloc);
  }

  /**
   * Gives a module an instance, in place of the one that it had.
   * @param {number} module
   * @param {Record<string, Record<string, Function>>} functions of the host
   */
  async instantiate(module, functions) {
    const { memories } = this.#core;
    const at = handle(this.#id, module);
    /** @type {Record<string, any>} */
    const imports = Object.assign(Object.create(null), functions, { 'extism:host/env': this.kernel });
    this.#names.forEach((name, i) => {
      if (this.list[i]) imports[name] = this.list[i].exports;
    });
    Object.assign(imports, this.#trampolines[module]?.imports);
    if (WebAssembly.Module.imports(this.#modules[module]).some((i) => i.module === 'wasi_snapshot_preview1')) {
      imports.wasi_snapshot_preview1 = this.#adapters[module] ??= this.#adapter(at);
    }
    memories.set(at, undefined);
    const instance = await WebAssembly.instantiate(this.#modules[module], imports);
    this.list[module] = instance;
    memories.set(at, instance.exports.memory);
  }

  /**
   * Puts functions in the place of those that a module imports from others that are
   * not there yet.
   * @param {number} module
   * @param {Uint8Array<ArrayBuffer>} trampoline
   */
  bridge(module, trampoline) {
    this.#trampolines[module] = new Trampoline(trampoline, WebAssembly.Module.imports(this.#modules[module]), this.#core.gate.trap);
  }

  /**
   * Has them call the functions that are there now.
   * @param {number} module
   */
  wire(module) {
    this.#trampolines[module].wire(this.list);
  }

  /** The number of the function that was called before there was one, or 0. */
  get calledEarly() {
    return this.#trampolines.find((t) => t?.early)?.early ?? 0;
  }

  /** The handles of the memories of modules that import WASI. */
  get withWasi() {
    return Object.keys(this.#adapters).map((module) => handle(this.#id, Number(module)));
  }

  /**
   * Makes the WASI adapter of a module, which serves all its instances in turn.
   * @param {number} at the handle of the guest's memory
   */
  #adapter(at) {
    const { assets, gate, raw } = this.#core;
    const { wasiOutput } = this.#sinks;
    const host = { wasi_output: () => wasiOutput(at) };
    return new WebAssembly.Instance(assets.wasi(), { gate, go: { __proto__: raw, handle: at }, host }).exports;
  }
}
