// @ts-check

import { codecs } from './codecs.mjs';
import { ExtismError } from './error.mjs';
import { emptyOutput } from './output.mjs';

/** @typedef {import('./context.mjs').CallContext} CallContext */
/** @typedef {'i32' | 'i64' | 'f32' | 'f64'} ValueType */

/**
 * How values of one kind cross between a guest and a function.
 * @typedef {object} Crossing
 * @property {ValueType} type what the guest sees
 * @property {(context: CallContext, given: any) => unknown} take makes an argument of what the guest gives
 * @property {(context: CallContext, result: any) => number | bigint} give makes what the guest gets of a result
 */

/**
 * Declares a host function; see types/extism.d.ts. What comes out is an ordinary
 * one, with the signature beside it.
 * @param {{ params?: readonly unknown[] | undefined, results?: readonly unknown[] | undefined }} spec
 * @param {Function} fn
 */
export function hostFunction({ params = [], results = [] }, fn) {
  if (typeof fn !== 'function') throw new ExtismError('INVALID_INPUT', `hostFunction: function expected, not ${typeof fn}`);
  const takes = crossings('params', params);
  const gives = crossings('results', results);
  /**
   * @param {CallContext} context
   * @param {any[]} args
   */
  const call = (context, ...args) => {
    const result = fn(context, ...takes.map(({ take }, i) => take(context, args[i])));
    if (typeof result?.then === 'function') return Promise.resolve(result).then((value) => give(context, gives, value));
    return give(context, gives, result);
  };
  const signature = Object.freeze({ params: typesOf(takes), results: typesOf(gives) });
  return Object.defineProperty(call, 'signature', { value: signature, enumerable: true });
}

/** @param {Crossing[]} crossings */
const typesOf = (crossings) => Object.freeze(crossings.map(({ type }) => type));

/**
 * What WebAssembly takes as results: nothing, one value, or several in an array.
 * @param {CallContext} context
 * @param {Crossing[]} gives
 * @param {any} result
 */
function give(context, gives, result) {
  if (gives.length === 0) return undefined;
  if (gives.length === 1) return gives[0].give(context, result);
  if (!Array.isArray(result) || result.length !== gives.length) {
    throw new TypeError(`a host function with ${gives.length} results must return an array of so many values`);
  }
  return gives.map((g, i) => g.give(context, result[i]));
}

/**
 * @param {string} what
 * @param {readonly unknown[]} kinds
 */
function crossings(what, kinds) {
  if (!Array.isArray(kinds)) throw new ExtismError('INVALID_INPUT', `hostFunction: ${what}: array expected, not ${typeof kinds}`);
  return kinds.map((kind, i) => crossing(kind, `${what}[${i}]`));
}

/**
 * @param {any} kind
 * @param {string} where
 * @returns {Crossing}
 */
function crossing(kind, where) {
  if (NUMBERS.includes(kind)) return number(kind);
  if (kind === 'handle') return handle;
  const codec = codecOf(kind);
  if (typeof codec?.encode === 'function' && typeof codec.decode === 'function') return block(codec);
  const shown = typeof kind === 'string' ? `"${kind}"` : typeof kind;
  throw new ExtismError('INVALID_INPUT', `hostFunction: ${where}: ${NUMBERS.join(', ')}, handle, text, bytes, json or a codec expected, not ${shown}`);
}

const NUMBERS = ['i32', 'i64', 'f32', 'f64'];

/** @param {any} kind */
function codecOf(kind) {
  switch (kind) {
    case 'text': return codecs.text;
    case 'bytes': return codecs.bytes;
    case 'json': return codecs.json();
    default: return kind;
  }
}

/**
 * @param {ValueType} type
 * @returns {Crossing}
 */
function number(type) {
  return {
    type,
    take: (_, given) => given,
    give(_, result) {
      // WebAssembly itself would take undefined for 0.
      if (typeof result !== 'number' && typeof result !== 'bigint') {
        throw new TypeError(`a host function must return a number or a BigInt for ${type}, not ${typeof result}`);
      }
      if (type === 'i64') return BigInt(result);
      return Number(type === 'i32' && typeof result === 'bigint' ? BigInt.asIntN(32, result) : result);
    },
  };
}

/** @type {Crossing} the offset of a block, as it is */
const handle = {
  type: 'i64',
  take: (_, given) => given,
  give: (_, result) => BigInt(result ?? 0),
};

/**
 * A value in a block. The guest owns those that it passes, and those that it gets.
 * @param {import('./codecs.mjs').Codec<any>} codec
 * @returns {Crossing}
 */
function block(codec) {
  return {
    type: 'i64',
    take: (context, offset) => codec.decode(context.read(offset) ?? emptyOutput()),
    give: (context, result) => (result === undefined ? 0n : context.store(codec.encode(result) ?? '')),
  };
}
