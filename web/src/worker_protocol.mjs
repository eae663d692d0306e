// @ts-check

import { decodeText, encodeText } from './abi.mjs';
import { ExtismError } from './error.mjs';

// What a page and the worker of one of its plug-ins say to each other; both sides
// are bundled from this file. No object of a user's crosses: what is sent is made of
// primitives, bytes, compiled modules, and lists and records of these.

/** Is raised with every change of a message. */
export const VERSION = 1;

/**
 * To the worker. Each request is answered by a `done` of its number.
 * @typedef {{ type: 'create', number: number, core: string, base: string | undefined, request: SentRequest, options: SentOptions, vars: [string, Uint8Array][], shared: SharedArrayBuffer | null }} Create
 * @typedef {{ type: 'call', number: number, name: string, input: string | Uint8Array }} Call
 * @typedef {{ type: 'reset', number: number }} Reset
 * @typedef {{ type: 'level', level: import('./log.mjs').LogLevel }} Level
 * @typedef {{ type: 'answer', number: number, answer: Answer }} Answered of a question
 * @typedef {{ type: 'more' }} More from the worker: it has taken what was in the shared buffer
 * @typedef {Create | Call | Reset | Level | Answered} ToWorker
 */

/**
 * To the page.
 * @typedef {{ type: 'ready', version: number }} Ready is the first of all
 * @typedef {{ type: 'linked', timeoutMs: number }} Linked from now on guests run
 * @typedef {{ type: 'done', number: number, value?: any, error?: SentError }} Done
 * @typedef {{ type: 'vars', changes: Map<string, Uint8Array | null> }} Vars by their keys in stores
 * @typedef {{ type: 'log', level: typeof import('./log.mjs').LEVELS[number], text: string, function: string, source: import('./log.mjs').Source }} LogMessage
 * @typedef {{ type: 'ask', number: number, waits: boolean, question: Question }} Ask waits: the answer goes to the shared buffer, where the worker waits for it
 * @typedef {{ type: 'cancel', number: number }} Cancel of a fetch, or of the body that it has given
 * @typedef {Ready | Linked | Done | Vars | LogMessage | Ask | Cancel | More} ToPage
 */

/**
 * @typedef {{ kind: 'host', namespace: string, name: string, args: unknown[], blocks: Block[] }} HostQuestion
 * @typedef {{ kind: 'fetch', url: string, init: RequestInit }} FetchQuestion gives a Head
 * @typedef {{ kind: 'read', body: number }} ReadQuestion of the fetch with that number: gives the next bytes, or null at the end
 * @typedef {HostQuestion | FetchQuestion | ReadQuestion} Question
 */

/** A block that an argument names, and its bytes unless they are too many. @typedef {[offset: bigint, length: number, bytes: Uint8Array | null]} Block */

/** @typedef {{ value: any } | { thrown: SentError }} Answer */

/** What a host function gives or has thrown, and what it wants done before. @typedef {{ result?: unknown, thrown?: SentError, ops: HostOp[] }} HostAnswer */

/**
 * What a host function wants done. Its new blocks have numbers of their own, from
 * {@link NEW_BLOCKS} on: where they come to be only the worker knows.
 * @typedef {['alloc', number, number] | ['store', number, Uint8Array] | ['free', number] | ['error', string | null] | ['set', string, Uint8Array] | ['delete', string] | ['level', import('./log.mjs').LogLevel]} HostOp
 */

/** @typedef {{ status: number, headers: [string, string][], url: string, type: ResponseType, redirected: boolean }} Head */

/** @typedef {Omit<import('./input.mjs').Request, 'fetch'>} SentRequest whose sources are bytes, SentResponse and ModuleRecord objects */

/** A response, of which the core goes by its facts. @typedef {{ body: Uint8Array, facts: string }} SentResponse */

/** @typedef {{ functions: Record<string, string[]>, logLevel: import('./log.mjs').LogLevel, wasiOutput: boolean, ownFetch: boolean }} SentOptions */

/**
 * An error: one that the page keeps, by its number there; or all that is known of it.
 * @typedef {{ ticket: number, text: string } | { value: unknown } | { name: string, message: string, stack?: string | undefined, code?: string, module?: string | undefined, function?: string | undefined, cause?: SentError }} SentError
 */

/** No block of a plug-in's memory is there: offsets have 32 bits. Numbers that JavaScript is exact with go up to twice as far. */
export const NEW_BLOCKS = 2 ** 52;

/** In bytes, of all blocks that are sent with one call of a host function. */
export const MAX_BLOCK_BYTES = 64 << 20;

/** What a user has thrown on the page, where it stays; this stands for it in the worker. */
export class PageError extends Error {
  /** @param {{ ticket: number, text: string }} sent */
  constructor({ ticket, text }) {
    super(text);
    this.ticket = ticket;
  }
}

/** How long a chain of causes may be. */
const MAX_CAUSES = 8;

/**
 * @param {unknown} error one of ours or of the platform's
 * @param {number} [depth]
 * @returns {SentError}
 */
export function packError(error, depth = 0) {
  if (error instanceof PageError) return { ticket: error.ticket, text: error.message };
  if (!(error instanceof Error)) return { value: portable(error) };
  const { name, message, stack } = error;
  const cause = error.cause === undefined || depth === MAX_CAUSES ? {} : { cause: packError(error.cause, depth + 1) };
  if (error instanceof ExtismError) return { name, message, stack, code: error.code, module: error.module, function: error.function, ...cause };
  return { name, message, stack, ...cause };
}

/** @type {Record<string, new (message: string, options?: ErrorOptions) => Error>} */
const CLASSES = {
  TypeError, RangeError, SyntaxError, ReferenceError, EvalError, URIError,
  CompileError: WebAssembly.CompileError, LinkError: WebAssembly.LinkError, RuntimeError: WebAssembly.RuntimeError,
};

/**
 * @param {any} sent
 * @param {(sent: { ticket: number, text: string }) => unknown} kept gives the error of a ticket
 * @returns {unknown}
 */
export function unpackError(sent, kept) {
  if ('ticket' in sent) return kept(sent);
  if ('value' in sent) return sent.value;
  const { name, message, stack, code, module, function: func } = sent;
  const options = 'cause' in sent ? { cause: unpackError(sent.cause, kept) } : {};
  if (code !== undefined && name === 'ExtismError') return new ExtismError(code, message, { ...options, module, function: func });
  const error = new (Object.hasOwn(CLASSES, name) ? CLASSES[name] : Error)(message, options);
  if (error.name !== name) Object.defineProperty(error, 'name', { value: name, configurable: true, writable: true });
  if (stack) Object.defineProperty(error, 'stack', { value: stack, configurable: true, writable: true });
  return error;
}

/**
 * What crosses of a value that guests take or give. An object stands for all that
 * does not: it is no result of a host function, and the worker says so.
 * @param {unknown} value
 * @returns {unknown}
 */
export function portable(value) {
  if (Array.isArray(value)) return value.map((v) => (Array.isArray(v) ? {} : portable(v)));
  return value === null || !['object', 'function', 'symbol'].includes(typeof value) ? value : {};
}

// Bytes of a message, for the shared buffer: the length of its JSON, that, and the
// bytes that belong to it.

/** Marks what JSON does not have. */
const MARK = '\0';

/**
 * @param {any} value
 * @param {Uint8Array[]} parts takes the bytes
 * @returns {any} what JSON has of it
 */
function toPlain(value, parts) {
  if (value instanceof Uint8Array) return { [MARK]: 'bytes', n: parts.push(value) && value.length };
  if (typeof value === 'bigint') return { [MARK]: 'bigint', n: String(value) };
  if (value === undefined) return { [MARK]: 'undefined' };
  if (typeof value === 'number') return Number.isFinite(value) && !Object.is(value, -0) ? value : { [MARK]: 'number', n: Object.is(value, -0) ? '-0' : String(value) };
  if (Array.isArray(value)) return value.map((v) => toPlain(v, parts));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, toPlain(v, parts)]));
}

/**
 * @param {any} value made of primitives, bytes, arrays and plain objects
 * @returns {Uint8Array}
 */
export function packBytes(value) {
  /** @type {Uint8Array[]} */
  const parts = [];
  const json = encodeText(JSON.stringify(toPlain(value, parts)));
  const bytes = new Uint8Array(4 + json.length + parts.reduce((n, part) => n + part.length, 0));
  new DataView(bytes.buffer).setUint32(0, json.length, true);
  let at = 4;
  for (const part of [json, ...parts]) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * @param {Uint8Array} bytes
 * @returns {any}
 */
export function unpackBytes(bytes) {
  let at = 4 + new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const take = (/** @type {number} */ n) => bytes.slice(at, (at += n));
  /** @type {(value: any) => any} in the order in which the bytes have been put there */
  const fromPlain = (value) => {
    if (Array.isArray(value)) return value.map(fromPlain);
    if (typeof value !== 'object' || value === null) return value;
    switch (value[MARK]) {
      case 'bytes': return take(value.n);
      case 'bigint': return BigInt(value.n);
      case 'undefined': return undefined;
      case 'number': return Number(value.n);
    }
    return Object.fromEntries(Object.entries(value).map(([key, v]) => [key, fromPlain(v)]));
  };
  return fromPlain(JSON.parse(decodeText(bytes.subarray(4, at))));
}

/** The beginning of the shared buffer: whose turn it is, and how many bytes there still are, those in the buffer among them. */
export const SharedHead = Object.freeze({ TURN: 0, LEFT: 1, BYTES: 8 });
/** Values of the turn. */
export const Turn = Object.freeze({ PAGE: 0, WORKER: 1 });
