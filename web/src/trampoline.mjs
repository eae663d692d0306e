// @ts-check

// Modules may import functions from each other in a circle. The first of them to be
// instantiated gets functions of a trampoline in place of those that are not there
// yet; when all are there, the trampoline is told what its functions are to call. The
// core says which functions these are, and makes the trampoline's module
// (internal/plugin/trampoline.go, internal/wasm/trampoline.go).

/**
 * @typedef {object} Link
 * @property {string} module under which the function is imported
 * @property {string} name
 * @property {number} provider the module that exports it
 */

export class Trampoline {
  /** @type {Record<string, Record<string, Function>>} what the module imports */
  imports = Object.create(null);
  /** @type {Link[]} */
  #links;
  /** @type {any} the exports of the module that the core has made */
  #compiled;
  /** @type {Function[]} what is called, if there is no such module */
  #targets = [];
  #early = 0;

  /**
   * @param {Uint8Array<ArrayBuffer>} made what the core says of it (encodeTrampoline in abi_js.go)
   * @param {WebAssembly.ModuleImportDescriptor[]} imports of the module
   * @param {() => void} trap
   */
  constructor(made, imports, trap) {
    const numbers = new Uint32Array(made.buffer, 0, made.length >> 2);
    const [count, first] = numbers;
    this.#links = Array.from({ length: count }, (_, i) => {
      const { module, name } = imports[numbers[2 + 2 * i]];
      return { module, name, provider: numbers[3 + 2 * i] };
    });
    this.#compiled = instantiate(made.subarray(8 + 8 * count));
    this.#links.forEach(({ module, name }, i) => {
      this.imports[module] ??= Object.create(null);
      this.imports[module][name] = this.#compiled?.[i] ?? this.#standIn(i, first + i, trap);
    });
  }

  /**
   * The same in JavaScript, where nothing can be compiled or the core does not know
   * the function's signature. It cannot carry vectors.
   * @param {number} i
   * @param {number} number
   * @param {() => void} trap
   */
  #standIn(i, number, trap) {
    return (/** @type {unknown[]} */ ...args) => {
      const target = this.#targets[i];
      if (target) return target(...args);
      this.#early ||= number;
      trap();
    };
  }

  /**
   * Says what is to be called.
   * @param {WebAssembly.Instance[]} instances by module
   */
  wire(instances) {
    this.#targets = this.#links.map(({ name, provider }) => /** @type {Function} */ (instances[provider].exports[name]));
    if (this.#compiled) this.#targets.forEach((target, i) => this.#compiled.table.set(i, target));
  }

  /** @returns {number} of the function that was called before there was one to call; 0 if none was */
  get early() {
    return this.#compiled?.early.value ?? this.#early;
  }
}

/**
 * @param {Uint8Array<ArrayBuffer>} code
 * @returns {WebAssembly.Exports | null} null if there is none, or the platform compiles nothing at run time
 */
function instantiate(code) {
  if (code.length === 0) return null;
  try {
    return new WebAssembly.Instance(new WebAssembly.Module(code)).exports;
  } catch {
    return null;
  }
}
