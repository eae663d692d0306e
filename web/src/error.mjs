// @ts-check

/**
 * The one class of error that this library throws. A program tests `code`;
 * the codes are listed in types/extism.d.ts.
 */
export class ExtismError extends Error {
  /**
   * @param {string} code
   * @param {string} message
   * @param {{ cause?: unknown, module?: string, function?: string }} [more]
   */
  constructor(code, message, more = {}) {
    super(message, 'cause' in more ? { cause: more.cause } : undefined);
    this.name = 'ExtismError';
    this.code = code;
    if (more.module) this.module = more.module;
    if (more.function) this.function = more.function;
  }
}

/**
 * The text of anything that can be thrown. Never throws itself: what a program
 * throws may have getters and methods of its own.
 * @param {unknown} thrown
 * @returns {string}
 */
export function textOf(thrown) {
  try {
    if (thrown instanceof Error) return String(thrown.message || thrown.name);
    return String(thrown);
  } catch {
    return 'something that cannot be shown as text';
  }
}

/**
 * @param {string} text as the core encodes errors: code, module, function and message
 * @param {{ cause?: unknown }} [more]
 */
export function decodeError(text, more = {}) {
  const [code, module, func, ...message] = text.split('\0');
  return new ExtismError(code, message.join('\0'), { ...more, module, function: func });
}

/** @param {ExtismError} error */
export const encodeError = ({ code, message }) => `${code}\0\0\0${message}`;

/**
 * Whether an engine reports with this error that the stack is used up: a
 * RangeError in V8 and JavaScriptCore, an InternalError in SpiderMonkey.
 * @param {unknown} error
 */
export function isStackOverflow(error) {
  return error instanceof RangeError || /** @type {any} */ (error)?.constructor?.name === 'InternalError';
}
