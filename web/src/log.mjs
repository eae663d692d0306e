// @ts-check

import { ExtismError, textOf } from './error.mjs';

/** A logger's methods, in the order of Extism's numbers. */
export const LEVELS = /** @type {const} */ (['trace', 'debug', 'info', 'warn', 'error']);

/** @typedef {typeof LEVELS[number] | 'silent'} LogLevel */

/** The number of `silent`, above all others. */
const OFF = 0x7fffffff;

/**
 * The number of a level (https://extism.org/docs/concepts/pdk, get_log_level).
 * @param {unknown} level
 */
export function levelNumber(level) {
  if (level === 'silent') return OFF;
  const n = LEVELS.indexOf(/** @type {any} */ (level));
  if (n >= 0) return n;
  const names = [...LEVELS, 'silent'].map((name) => `"${name}"`).join(', ');
  throw new ExtismError('INVALID_INPUT', `unrecognized log level "${textOf(level).slice(0, 40)}"; expected one of ${names}`);
}

/** How many plug-ins this realm has made. */
let made = 0;

/** Where a record comes from. @typedef {'guest' | 'stdout' | 'stderr' | 'host'} Source */

/**
 * The way of one plug-in's records to its logger.
 *
 * A logger that was written for @extism/extism gets what it gets there, the text and
 * nothing else: it may print all that it is given. The record follows if the logger
 * shows that it knows of it, by a second parameter, or the program does by naming
 * the plug-in.
 */
export class Log {
  #logger;
  #named;
  #isConsole;

  /**
   * @param {any} logger
   * @param {string | undefined} name of the plug-in, if it was given one
   */
  constructor(logger, name) {
    this.#logger = logger;
    this.#named = name !== undefined;
    this.#isConsole = logger === console;
    this.id = ++made;
    this.name = name ?? `plugin-${this.id}`;
  }

  /**
   * Throws what the logger throws.
   * @param {typeof LEVELS[number]} level
   * @param {string} text
   * @param {string} func that is being called
   * @param {Source} source
   */
  emit(level, text, func, source) {
    const logger = this.#logger;
    if (this.#isConsole) {
      logger[level](this.#named ? `[${this.name}] ${text}` : text);
      return;
    }
    const method = logger[level];
    const args = [text];
    if (this.#named || method?.length > 1) {
      args.push(/** @type {any} */ (Object.freeze({ level, text, plugin: this.name, id: this.id, function: func, source })));
    }
    ignoreRejection(Reflect.apply(method, logger, args));
  }
}

/**
 * Nobody waits for a logger that answers by a promise, so its rejection must not be
 * one that nobody handles.
 * @param {unknown} result
 */
function ignoreRejection(result) {
  if (typeof result !== 'object' || result === null) return;
  try {
    Promise.prototype.then.call(result, undefined, () => {});
  } catch {
    // it is no promise
  }
}
