// @ts-check

import { canSuspend } from './call_state.mjs';
import { ExtismError } from './error.mjs';
import { MAX_BLOCK_BYTES, NEW_BLOCKS, PageError, portable, unpackError } from './worker_protocol.mjs';

/** @typedef {import('./context.mjs').CallContext} CallContext */
/** @typedef {import('./worker_protocol.mjs').Block} Block */
/** @typedef {import('./worker_protocol.mjs').HostAnswer} HostAnswer */

/**
 * Stands for the host functions, which are on the page: each has the page call the
 * function, and does what that wants done to the plug-in.
 */
export class HostFunctionsOfPage {
  #asking;
  /** @type {import('./plugin.mjs').Internals} */
  plugin;
  /** @type {import('./call_state.mjs').CallState} */
  #state;
  /** @type {Map<number, bigint>} offsets of the blocks that the page has made in this call, by its numbers */
  #made = new Map();

  /** @param {import('./worker_asking.mjs').Asking} asking */
  constructor(asking) {
    this.#asking = asking;
  }

  /** Takes the plug-in whose functions these are. */
  attach = (/** @type {import('./plugin.mjs').Internals} */ plugin, /** @type {import('./call_state.mjs').CallState} */ state) => {
    this.plugin = plugin;
    this.#state = state;
  };

  /** A call begins, and the blocks of the one before are gone. */
  begin() {
    this.#made.clear();
  }

  /** @param {Record<string, string[]>} names by namespace */
  proxies(names) {
    /** @type {Record<string, Record<string, Function>>} */
    const functions = Object.create(null);
    for (const [namespace, group] of Object.entries(names)) {
      functions[namespace] = Object.create(null);
      for (const name of group) functions[namespace][name] = this.#proxy(namespace, name);
    }
    return functions;
  }

  /**
   * @param {string} namespace
   * @param {string} name
   */
  #proxy(namespace, name) {
    return (/** @type {CallContext} */ context, /** @type {unknown[]} */ ...args) => {
      const waits = !this.#state.suspendable;
      if (waits && !this.#asking.canWait) throw cannotWait(`${namespace}.${name}`);
      this.plugin.saveVars(); // the function may look at them
      const blocks = blocksOf(context, args);
      const transfer = blocks.flatMap(([, , bytes]) => (bytes ? [/** @type {ArrayBuffer} */ (bytes.buffer)] : []));
      const question = /** @type {const} */ ({ kind: 'host' });
      const asked = { ...question, namespace, name, args: args.map(portable), blocks };
      if (waits) return this.#take(context, this.#asking.askNow(asked, transfer));
      return this.#asking.ask(asked, transfer).then((answer) => this.#take(context, answer));
    };
  }

  /**
   * @param {CallContext} context
   * @param {HostAnswer} answer
   */
  #take(context, { result, thrown, ops }) {
    for (const op of ops) this.#perform(context, op);
    if (thrown) throw unpackError(thrown, (sent) => new PageError(sent));
    return Array.isArray(result) ? result.map((value) => this.#real(value)) : this.#real(result);
  }

  /**
   * @param {CallContext} context
   * @param {import('./worker_protocol.mjs').HostOp} op
   */
  #perform(context, op) {
    switch (op[0]) {
      case 'alloc':
        return this.#made.set(op[1], context.alloc(op[2]));
      case 'store':
        return this.#made.set(op[1], context.store(op[2]));
      case 'free':
        return context.free(/** @type {any} */ (this.#real(op[1])));
      case 'error':
        return context.setError(op[1]);
      case 'set':
        return context.setVariable(op[1], op[2]);
      case 'delete':
        return context.deleteVariable(op[1]);
      case 'level':
        context.logLevel = op[1];
    }
  }

  /**
   * A result, with the offset of a block in place of its number on the page.
   * @param {unknown} value
   */
  #real(value) {
    if (typeof value !== 'bigint' && typeof value !== 'number') return value;
    const offset = value >= NEW_BLOCKS ? this.#made.get(Number(value)) : undefined;
    if (offset === undefined) return value;
    return typeof value === 'bigint' ? offset : Number(offset);
  }
}

/**
 * The blocks that arguments name, as far as they may be sent.
 * @param {CallContext} context
 * @param {unknown[]} args
 */
function blocksOf(context, args) {
  /** @type {Block[]} */
  const blocks = [];
  let left = MAX_BLOCK_BYTES;
  for (const arg of args) {
    if (typeof arg !== 'bigint') continue;
    const length = Number(context.length(arg));
    const bytes = length > 0 && length <= left ? (context.read(arg)?.bytes() ?? null) : null;
    left -= bytes?.length ?? 0;
    blocks.push([arg, length, bytes]);
  }
  return blocks;
}

/** @param {string} name */
function cannotWait(name) {
  return new ExtismError(
    'UNSUPPORTED',
    `host function ${name} is on the page, for which ` +
      (canSuspend ? 'a module in a worker cannot wait while it is being instantiated' : 'this engine can wait in a worker') +
      ' only on cross-origin isolated pages; isolate the page, or leave runInWorker out',
  );
}
