// @ts-check

import { readBody } from './body.mjs';
import { ExtismError } from './error.mjs';
import { Link } from './link.mjs';
import { levelNumber, Log } from './log.mjs';
import { PluginOutput } from './output.mjs';
import { busyError, checkInput, closedError } from './plugin.mjs';
import { RemoteContext } from './remote_context.mjs';
import { RemoteFetch } from './remote_fetch.mjs';
import { platformFetch } from './load.mjs';
import { typedFunction } from './typed.mjs';
import { decodeVars, loadVars, VarSaver } from './vars.mjs';
import { NEW_BLOCKS, portable } from './worker_protocol.mjs';

/** @typedef {import('./input.mjs').Request} Request */
/** @typedef {import('./input.mjs').LocalOptions} LocalOptions */
/** @typedef {import('./worker_protocol.mjs').SentRequest} SentRequest */

/** In milliseconds: the longest that timers take, 24.8 days. */
const MAX_TIMER = 2 ** 31 - 1;

/** Ends the workers of plug-ins that were dropped without being closed. */
const dropped = new FinalizationRegistry((/** @type {{ link: Link | null }} */ held) => held.link?.fail(closedError('')));

/**
 * A plug-in that runs in a worker of its own, with a core of its own. What belongs to
 * the user is here: host functions, the logger, a fetch function, the store of vars.
 *
 * There is one request at a time. If the worker ends, by itself or because a call has
 * to be stopped, the next call starts another one with the vars as they were last
 * told: with each result, and whenever a host function was called.
 */
export class RemotePlugin {
  #local;
  #place;
  /** @type {SentRequest} makes the plug-in; once it has been made, of modules that are compiled */
  #request;
  /** @type {{ link: Link | null }} */
  #held = { link: null };
  #fetch;
  #log;
  #logLevel;
  /** What the logger has thrown in the present call. @type {{ error: unknown } | null} */
  #logThrown = null;
  /** @type {Map<string, Uint8Array>} as they are in the worker, by their keys in stores */
  #vars = new Map();
  /** @type {Set<string>} keys of those that have changed and the saver has not been told of */
  #changed = new Set();
  /** @type {VarSaver | null} */
  #saver = null;
  /** @type {WebAssembly.ModuleExportDescriptor[]} */
  #exports = [];
  /** @type {WebAssembly.ModuleImportDescriptor[]} */
  #imports = [];
  /** The last of the calls, each of which waits for the one before. It is never rejected. @type {Promise<void> | null} */
  #busy = null;
  /** How many calls have not begun. */
  #waiting = 0;
  /** The function that is being called, for errors. */
  #calling = '';
  /** @type {unknown} */
  #hostContext = null;
  /** Whether a host function is on the stack. */
  #inside = false;
  #closed = false;
  #timeoutMs = 0;
  #blocks = NEW_BLOCKS;

  /**
   * @param {Request} request
   * @param {LocalOptions} local
   * @param {{ core: URL, worker: URL }} place where the build has its files
   */
  static async create(request, local, place) {
    const { fetch: _, ...rest } = request;
    const plugin = new RemotePlugin(local, { ...place, worker: local.workerUrl ?? place.worker });
    plugin.#request = { ...rest, sources: await sendable(request.sources, local.maxModuleBytes) };
    if (local.vars) {
      plugin.#vars = decodeVars((await loadVars(local.vars)).journal);
      plugin.#saver = new VarSaver(local.vars, plugin.#varSource());
    }
    try {
      await plugin.#start();
      await plugin.#saver?.save(); // what initialisers have changed
    } catch (error) {
      plugin.#saver = null;
      await plugin.close();
      throw error;
    }
    return plugin;
  }

  /** @private use {@link create} */
  constructor(/** @type {LocalOptions} */ local, /** @type {{ core: URL, worker: string | URL }} */ place) {
    this.#local = local;
    this.#place = place;
    this.#fetch = new RemoteFetch(local.fetch);
    this.#log = new Log(local.logger, local.name);
    this.#logLevel = local.logLevel;
    dropped.register(this, this.#held, this);
  }

  /** @returns {import('./vars.mjs').VarSource} */
  #varSource() {
    return {
      overlapping: false,
      changes: () => {
        const keys = [...this.#changed];
        this.#changed.clear();
        return keys;
      },
      reader: () => (key) => this.#vars.get(key)?.slice() ?? null,
    };
  }

  /** Starts a worker, and has it make the plug-in. */
  async #start() {
    const local = this.#local;
    const place = this.#place;
    const link = new Link(place.worker, local.nodeWorkerArgs ?? {}, this);
    this.#held.link = link;
    this.#calling = '';
    const limit = new Limit(link);
    this.#limit = limit;
    try {
      await link.ready;
      const { sources } = this.#request;
      const made = await link.request(
        {
          type: 'create',
          core: place.core.href,
          base: globalThis.document?.baseURI ?? globalThis.location?.href,
          request: { ...this.#request, text: withLevel(this.#request.text, this.#logLevel) },
          options: {
            functions: Object.fromEntries(Object.entries(local.functions).map(([namespace, group]) => [namespace, Object.keys(group)])),
            logLevel: this.#logLevel,
            wasiOutput: local.wasiOutput,
            ownFetch: local.fetch !== platformFetch,
          },
          vars: [...this.#vars],
          shared: link.shared,
        },
        // A module's bytes are copies, and not wanted any more: see readRequest.
        sources.flatMap((source) => (source instanceof Uint8Array ? [/** @type {ArrayBuffer} */ (source.buffer)] : [])),
      );
      this.#request = made.request;
      this.#exports = made.exports;
      this.#imports = made.imports;
      return link;
    } catch (error) {
      link.fail(error);
      throw error;
    } finally {
      limit.end();
    }
  }

  /** Of the time that is running. @type {Limit | null} */
  #limit = null;

  /**
   * What the worker says. Called by its link.
   * @param {Link} link
   * @param {import('./worker_protocol.mjs').ToPage} message
   */
  receive(link, message) {
    switch (message.type) {
      case 'linked':
        this.#timeoutMs = message.timeoutMs;
        this.#limit?.begin(message.timeoutMs, '');
        return;
      case 'vars':
        for (const [key, value] of message.changes) {
          if (value === null) this.#vars.delete(key);
          else this.#vars.set(key, value);
          if (this.#saver) this.#changed.add(key);
        }
        return;
      case 'log':
        return this.#emit(message);
      case 'cancel':
        return this.#fetch.cancel(message.number);
      case 'ask':
        return void link.answer(message, () => this.#answer(link, message));
    }
  }

  /** @param {import('./worker_protocol.mjs').LogMessage} record */
  #emit({ level, text, function: func, source }) {
    try {
      this.#log.emit(level, text, func, source);
    } catch (error) {
      this.#logThrown ??= { error };
    }
  }

  /**
   * @param {Link} link
   * @param {import('./worker_protocol.mjs').Ask} ask
   * @returns {unknown}
   */
  #answer(link, { number, question }) {
    switch (question.kind) {
      case 'host':
        return this.#callHost(link, question);
      case 'fetch':
        return this.#fetch.fetch(number, question.url, question.init);
      case 'read':
        return this.#fetch.read(question.body);
    }
  }

  /**
   * @param {Link} link
   * @param {import('./worker_protocol.mjs').HostQuestion} question
   * @returns {Promise<import('./worker_protocol.mjs').HostAnswer>}
   */
  async #callHost(link, { namespace, name, args, blocks }) {
    const context = new RemoteContext(this.#shown, blocks, this.#hostContext);
    try {
      const result = await this.#callInside(this.#local.functions[namespace][name], context, args);
      return { result: portable(result), ops: RemoteContext.end(context) };
    } catch (error) {
      return { thrown: link.keep(error), ops: RemoteContext.end(context) };
    }
  }

  /**
   * @param {Function} f
   * @param {RemoteContext} context
   * @param {unknown[]} args
   */
  #callInside(f, context, args) {
    this.#inside = true;
    try {
      return f(context, ...args);
    } finally {
      this.#inside = false;
    }
  }

  /** @type {import('./remote_context.mjs').Shown} */
  #shown = (() => {
    const self = this;
    return {
      get closed() { return self.#closed; },
      variable: (key) => self.#vars.get(key) ?? null,
      get logLevel() { return self.#logLevel; },
      set logLevel(level) { self.logLevel = level; },
      newBlock: () => self.#blocks++,
    };
  })();

  /**
   * Calls a function of the main module. Calls run one after the other, in the order
   * in which they were made.
   * @param {string} name
   * @param {string | Uint8Array | ArrayBuffer | ArrayBufferView | null} [input] is copied
   * @param {unknown} [hostContext] what host functions get from their context in this call
   * @param {{ signal?: AbortSignal | undefined }} [options] an aborted call is stopped, with its worker
   * @returns {Promise<PluginOutput | null>} the output, or null if the function has set none
   */
  async call(name, input, hostContext, { signal } = {}) {
    if (this.#closed) throw closedError(name);
    if (typeof name !== 'string') throw new ExtismError('INVALID_INPUT', `function name: string expected, not ${typeof name}`);
    const given = checkInput(input);
    signal?.throwIfAborted();
    if (this.#inside) throw busyError(name);
    if (this.#busy !== null && this.#waiting >= this.#local.maxQueue) throw busyError(name, this.#waiting);
    const copy = given === input || typeof input !== 'string' ? given.slice() : given; // the caller may change it meanwhile
    const run = () => this.#callNow(name, copy, hostContext, signal);
    return this.#busy === null ? this.#last(run()) : this.#wait(this.#busy, run, signal);
  }

  /**
   * Makes a request the last of those that others have to wait for.
   * @template T
   * @param {Promise<T>} request
   */
  #last(request) {
    const ended = () => {
      if (this.#busy === busy) this.#busy = null;
    };
    const busy = request.then(ended, ended);
    this.#busy = busy;
    return request;
  }

  /**
   * Has a call wait for its turn. If its signal is aborted it is rejected at once, and
   * its place is free; when its turn comes it does not begin.
   * @template T
   * @param {Promise<void>} others
   * @param {() => Promise<T>} run
   * @param {AbortSignal | undefined} signal
   * @returns {Promise<T>}
   */
  #wait(others, run, signal) {
    let waits = true;
    const leave = () => {
      if (waits) this.#waiting--;
      waits = false;
    };
    this.#waiting++;
    const call = this.#last(
      others.then(() => {
        leave();
        return run();
      }),
    );
    if (!signal) return call;
    return new Promise((resolve, reject) => {
      const abort = () => {
        leave();
        reject(signal.reason);
      };
      const over = () => signal.removeEventListener('abort', abort);
      signal.addEventListener('abort', abort);
      call.then(resolve, reject).then(over);
    });
  }

  /**
   * @param {string} name
   * @param {string | Uint8Array} input
   * @param {unknown} hostContext
   * @param {AbortSignal | undefined} signal
   */
  async #callNow(name, input, hostContext, signal) {
    signal?.throwIfAborted();
    const link = await this.#connect(name);
    signal?.throwIfAborted();
    this.#calling = name;
    this.#hostContext = hostContext;
    this.#logThrown = null;
    const limit = new Limit(link);
    limit.begin(this.#timeoutMs, name);
    const abort = () => link.fail(signal?.reason);
    signal?.addEventListener('abort', abort);
    let output;
    try {
      output = await link.request({ type: 'call', name, input }, typeof input === 'string' ? [] : [/** @type {ArrayBuffer} */ (input.buffer)]);
      this.#throwLogged();
    } catch (error) {
      await this.#saver?.save().catch(() => {}); // the call's own error goes first; the next one tries again
      throw error;
    } finally {
      signal?.removeEventListener('abort', abort);
      limit.end();
      this.#hostContext = null;
    }
    await this.#saver?.save();
    return output === null ? null : new PluginOutput(output);
  }

  /** A logger's exception is the call's, although the guest has not been stopped for it. */
  #throwLogged() {
    if (this.#logThrown) throw this.#logThrown.error;
  }

  /**
   * The link to a worker that has not ended.
   * @param {string} name
   */
  async #connect(name) {
    if (this.#closed) throw closedError(name);
    const { link } = this.#held;
    if (link && !link.dead) return link;
    const fresh = await this.#start();
    if (this.#closed) throw closedError(name);
    return fresh;
  }

  /** What takes a value instead of a promise needs the plug-in's thread. */
  callSync() {
    throw new ExtismError('UNSUPPORTED', 'callSync: the plug-in runs in a worker, for which this thread can only wait in promises; use call');
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

  /** @param {string} name */
  async functionExists(name) {
    return this.#exports.some((e) => e.name === name && e.kind === 'function');
  }

  async getExports() {
    return this.#exports.slice();
  }

  async getImports() {
    return this.#imports.slice();
  }

  /** @returns {Promise<WebAssembly.Instance>} */
  async getInstance() {
    throw new ExtismError('UNSUPPORTED', 'getInstance: the instance is in a worker, which it cannot leave; leave runInWorker out to get at it');
  }

  get name() {
    return this.#log.name;
  }

  get id() {
    return this.#log.id;
  }

  /** The least severe level of the records that are passed on. */
  get logLevel() {
    return this.#logLevel;
  }

  set logLevel(/** @type {import('./log.mjs').LogLevel} */ level) {
    levelNumber(level); // is it one?
    if (this.#closed) throw closedError('');
    this.#logLevel = level;
    this.#held.link?.post({ type: 'level', level });
  }

  isActive() {
    return this.#busy !== null;
  }

  /** @returns {Promise<boolean>} false, and nothing is done, while a call is under way */
  async reset() {
    if (this.#busy || this.#closed) return false;
    const { link } = this.#held;
    if (!link || link.dead) return true; // the next worker has no blocks yet
    return this.#last(link.request({ type: 'reset' }));
  }

  /**
   * Ends the plug-in and its worker; a call that is under way is stopped. Doing so
   * again has no effect.
   */
  async close() {
    if (this.#closed) return;
    this.#closed = true;
    dropped.unregister(this);
    await this.#held.link?.fail(closedError(this.#calling));
    while (this.#busy) await this.#busy;
    await this.#saver?.finish();
    this.#vars.clear();
  }

  async [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]() {
    await this.close();
  }
}

/** The time that a call may take. Its worker is ended with it. */
class Limit {
  #link;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #timer;

  /** @param {Link} link */
  constructor(link) {
    this.#link = link;
  }

  /**
   * @param {number} ms 0: no limit
   * @param {string} name of the function; '' while the plug-in is being initialised
   */
  begin(ms, name) {
    if (ms === 0) return;
    const what = name === '' ? "the plug-in's initialisation" : `"${name}"`;
    const error = new ExtismError('TIMEOUT', `${what} has taken longer than timeoutMs, which is ${ms}, and was ended`, { function: name });
    this.#timer = setTimeout(() => this.#link.fail(error), Math.min(ms, MAX_TIMER));
  }

  end() {
    clearTimeout(this.#timer);
  }
}

/**
 * Sources in a form that can be sent. A response's body is read here, since not all
 * engines can send a stream.
 * @param {unknown[]} sources
 * @param {number | undefined} limit of the bytes of a module
 */
function sendable(sources, limit) {
  return Promise.all(
    sources.map(async (source) => {
      const { response, facts } = /** @type {any} */ (source);
      if (!response) return source;
      const read = await readBody(response, limit ?? Infinity).catch((cause) => {
        throw new ExtismError('FETCH_FAILED', `the response could not be read: ${cause?.message}`, { cause });
      });
      // Of one that is too large only its size counts.
      return { body: typeof read === 'number' ? new Uint8Array(read) : read, facts };
    }),
  );
}

/**
 * @param {string} text of a request
 * @param {import('./log.mjs').LogLevel} logLevel as it is now
 */
function withLevel(text, logLevel) {
  const { options, ...rest } = JSON.parse(text);
  return JSON.stringify({ ...rest, options: { ...options, logLevel } });
}
