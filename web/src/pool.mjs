// @ts-check

import { ExtismError } from './error.mjs';
import { bytesOf, reading } from './input.mjs';
import { Queue } from './queue.mjs';
import { typedFunction } from './typed.mjs';

/** @typedef {import('./plugin.mjs').Plugin} Plugin */

/**
 * @typedef {object} Settings
 * @property {number} min how many plug-ins are kept
 * @property {number} max how many there may be
 * @property {number} idleMs how long one that is not needed is kept
 * @property {number} maxQueue how many calls may wait for others
 * @property {boolean} worker whether the plug-ins run in workers
 * @property {boolean} edge whether no request may wait for another
 */

/**
 * A plug-in of the pool.
 * @typedef {object} Slot
 * @property {Plugin} plugin
 * @property {boolean} busy
 * @property {boolean} lost whether it is of no use any more
 * @property {number} since when it has become idle
 */

/**
 * A call, or a use of several.
 * @typedef {object} Job
 * @property {(slot: Slot) => any} run
 * @property {boolean} brief whether it is over once its plug-in is not active
 * @property {(value: any) => void} resolve
 * @property {(error: unknown) => void} reject
 * @property {boolean} gone whether it has been settled before it has begun
 * @property {() => void} quit ends what it does while it waits
 */

/** In milliseconds: how long the first failed creation delays the next, and the most that many do. */
const FIRST_DELAY = 100;
const LAST_DELAY = 5000;

/** In milliseconds: what timers can count. */
const LONGEST_TIMER = 2 ** 31 - 1;

/** After these a plug-in is replaced. Of a trap it takes care itself. */
const LOST = ['CORE_CRASHED', 'WORKER_FAILED', 'CLOSED', 'INTERNAL'];

const OPEN = 0;
const DRAINING = 1;
const CLOSED = 2;

/** Time; tests have their own. A timer keeps no process alive unless it is held. */
const platformClock = {
  now: () => performance.now(),
  after(/** @type {number} */ ms, /** @type {() => void} */ f) {
    /** @type {any} */
    const timer = setTimeout(f, Math.min(ms, LONGEST_TIMER));
    timer.unref?.();
    return timer;
  },
  hold: (/** @type {any} */ timer) => timer?.ref?.(),
  cancel: (/** @type {any} */ timer) => clearTimeout(timer),
};

/**
 * Plug-ins of one kind, and the calls that wait for them; see types/extism.d.ts.
 *
 * A call takes the plug-in that was used last, so that those which are not needed
 * become old; while all are taken it waits, and more are made up to the limit.
 */
export class Pool {
  #create;
  #settings;
  #clock;
  #state = OPEN;
  /** @type {Set<Slot>} */
  #slots = new Set();
  /** @type {Slot[]} those that are free, the longest idle first */
  #idle = [];
  /** @type {Queue<Job>} is empty while one is free */
  #queue = new Queue();
  /** How many plug-ins are being made, and how many being closed. */
  #making = 0;
  #ending = 0;
  /** How many creations have failed in a row. */
  #failed = 0;
  /** @type {unknown} the timer that holds up creations, after one has failed */
  #retry;
  /** @type {unknown} the timer of those that are idle */
  #sweeper;
  #counts = { created: 0, replaced: 0, calls: 0, failures: 0 };
  /** @type {{ error: unknown } | null} what a plug-in has thrown first when it was closed */
  #thrown = null;
  /** @type {() => void} */
  #finish = () => {};
  /** @type {Promise<void>} */
  #finished = new Promise((resolve) => (this.#finish = resolve));

  /**
   * @param {() => Promise<Plugin>} create
   * @param {Settings} settings
   * @param {typeof platformClock} [clock]
   */
  constructor(create, settings, clock = platformClock) {
    this.#create = create;
    this.#settings = settings;
    this.#clock = clock;
    // Not a method: a class with a computed name stays in every bundle.
    Object.assign(this, { [Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]: () => this.close() });
  }

  /**
   * A pool that has its first plug-ins; if one of them cannot be made there is none.
   * @param {() => Promise<Plugin>} create
   * @param {Settings} settings
   * @param {typeof platformClock} [clock]
   */
  static async open(create, settings, clock) {
    const pool = new Pool(create, settings, clock);
    const made = await Promise.allSettled(Array.from({ length: settings.min }, create));
    for (const m of made) if (m.status === 'fulfilled') pool.#free(pool.#add(m.value));
    for (const m of made) {
      if (m.status === 'fulfilled') continue;
      await pool.close().catch(() => {}); // why there is no pool goes first
      throw m.reason;
    }
    return pool;
  }

  /** What there is at the moment, and what there has been. */
  get stats() {
    const size = this.#slots.size;
    const idle = this.#idle.length;
    return { size, idle, busy: size - idle, waiting: this.#waiting, ...this.#counts };
  }

  /** How many calls wait. On the edge each does for a plug-in that is being made for it. */
  get #waiting() {
    return this.#settings.edge ? this.#making : this.#queue.length;
  }

  /**
   * Calls a function of the main module of whichever plug-in is free.
   * @param {string} name
   * @param {string | Uint8Array | ArrayBuffer | ArrayBufferView | null} [input]
   * @param {unknown} [hostContext]
   * @param {{ signal?: AbortSignal | undefined }} [options]
   * @returns {Promise<import('./output.mjs').PluginOutput | null>}
   */
  async call(name, input, hostContext, options) {
    const signal = options?.signal;
    let given = input;
    /** @type {Job['run']} */
    const run = (/** @type {{ plugin: any }} */ { plugin }) =>
      signal ? plugin.call(name, given, hostContext, { signal }) : plugin.call(name, given, hostContext);
    // A signal may still reach the plug-in between a call's end and that being known.
    return this.#do(run, !signal, signal, () => {
      given = bytesOf(input)?.slice() ?? input; // the caller may change it meanwhile
    });
  }

  /**
   * A function that takes and gives values.
   * @template [I=void]
   * @template [O=void]
   * @param {string} name
   * @param {{ input?: import('./codecs.mjs').Encoder<I> | undefined, output?: import('./codecs.mjs').Decoder<O> | undefined }} [codecs]
   */
  function(name, codecs) {
    return typedFunction(this, name, codecs);
  }

  /**
   * Lends a plug-in until a promise is settled.
   * @template T
   * @param {(plugin: Plugin) => T | PromiseLike<T>} f
   * @param {{ signal?: AbortSignal | undefined }} [options]
   * @returns {Promise<T>}
   */
  async use(f, options) {
    const run = async (/** @type {Slot} */ slot) => {
      try {
        return await f(slot.plugin);
      } finally {
        // What has been begun and not waited for must not reach the next one's calls.
        if (slot.plugin.isActive()) this.#lose(slot);
      }
    };
    return this.#do(run, false, options?.signal);
  }

  /**
   * @param {Job['run']} run
   * @param {boolean} brief
   * @param {AbortSignal} [signal] ends it while it waits
   * @param {() => void} [keep] is called if it has to wait
   * @returns {Promise<any>}
   */
  #do(run, brief, signal, keep) {
    try {
      if (this.#state !== OPEN) throw closedError();
      signal?.throwIfAborted();
      const slot = this.#queue.length === 0 ? this.#idle.pop() : undefined;
      if (slot === undefined) return this.#wait(run, brief, signal, keep);
      const result = this.#run(slot, run, brief);
      this.#pump(); // host functions may have made calls, too
      return result;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * @param {Job['run']} run
   * @param {boolean} brief
   * @param {AbortSignal} [signal]
   * @param {() => void} [keep]
   * @returns {Promise<any>}
   */
  #wait(run, brief, signal, keep) {
    const { max, maxQueue, edge } = this.#settings;
    if (this.#waiting >= maxQueue + max - this.#slots.size) throw busyError(max, this.#waiting);
    keep?.();
    return new Promise((resolve, reject) => {
      /** @type {Job} */
      const job = { run, brief, resolve, reject, gone: false, quit() {} };
      let leave = () => {};
      if (signal) {
        const abort = () => {
          leave();
          this.#refuse(job, signal.reason);
          this.#pump();
        };
        signal.addEventListener('abort', abort);
        job.quit = () => signal.removeEventListener('abort', abort);
      }
      if (edge) {
        this.#make(job);
        return;
      }
      leave = this.#queue.push(job);
      this.#clock.hold(this.#retry);
      this.#grow();
    });
  }

  /**
   * Settles a job that has not begun.
   * @param {Job} job
   * @param {unknown} error
   */
  #refuse(job, error) {
    job.gone = true;
    job.quit();
    job.reject(error);
  }

  /** @param {unknown} error that all get who wait */
  #refuseAll(error) {
    for (let job; (job = this.#queue.shift()); ) this.#refuse(job, error);
  }

  /**
   * @param {Slot} slot
   * @param {Job} job that has waited
   */
  #runJob(slot, job) {
    job.quit();
    job.resolve(this.#run(slot, job.run, job.brief));
  }

  /**
   * @param {Slot} slot
   * @param {Job['run']} run
   * @param {boolean} brief
   */
  #run(slot, run, brief) {
    slot.busy = true;
    this.#counts.calls++;
    const result = begin(() => run(slot));
    // A guest that has nothing to wait for has returned by now, and the plug-in is
    // free although nobody has the result yet. Of workers one only hears later.
    const over = brief && !this.#settings.worker && !slot.plugin.isActive();
    if (over) this.#free(slot);
    result.then(over ? undefined : () => this.#ended(slot), (error) => {
      this.#counts.failures++;
      if (isLost(error)) this.#lose(slot);
      if (over) this.#pump();
      else this.#ended(slot);
    });
    return result;
  }

  /** @param {Slot} slot */
  #ended(slot) {
    this.#free(slot);
    this.#pump();
  }

  /** @param {Plugin} plugin */
  #add(plugin) {
    const slot = { plugin, busy: true, lost: false, since: 0 };
    this.#slots.add(slot);
    this.#counts.created++;
    return slot;
  }

  /** @param {Slot} slot is not needed any more; what now can be done is left to {@link #pump} */
  #free(slot) {
    if (!this.#slots.has(slot)) return; // it has been closed meanwhile
    slot.busy = false;
    if (slot.lost) {
      this.#drop(slot);
      return;
    }
    slot.since = this.#clock.now();
    this.#idle.push(slot);
  }

  /**
   * A plug-in is of no use any more.
   * @param {Slot} slot perhaps in use again
   */
  #lose(slot) {
    if (slot.lost || !this.#slots.has(slot)) return;
    slot.lost = true;
    this.#counts.replaced++;
    if (slot.busy) return;
    this.#idle.splice(this.#idle.indexOf(slot), 1);
    this.#drop(slot);
  }

  /** @param {Slot} slot is closed */
  #drop(slot) {
    this.#slots.delete(slot);
    this.#ending++;
    begin(() => slot.plugin.close())
      .catch((error) => (this.#thrown ??= { error }))
      .then(() => {
        this.#ending--;
        this.#settle();
      });
  }

  /** Begins what can be begun, and ends what can be ended. */
  #pump() {
    while (this.#idle.length > 0 && this.#queue.length > 0) {
      this.#runJob(/** @type {Slot} */ (this.#idle.pop()), /** @type {Job} */ (this.#queue.shift()));
    }
    this.#grow();
    if (this.#idle.length > 0) this.#plan();
    this.#settle();
  }

  /** Makes plug-ins for those who wait, and as many as are always kept. */
  #grow() {
    const { min, max, edge } = this.#settings;
    // On the edge a call's request makes what it needs; nothing lives on in between.
    if (this.#retry || this.#state === CLOSED || edge) return;
    const kept = this.#state === OPEN ? min : 0;
    for (;;) {
      const size = this.#slots.size + this.#making;
      if (size >= max || (size >= kept && this.#making >= this.#queue.length)) return;
      this.#make();
    }
  }

  /** @param {Job} [job] that waits for this very one */
  #make(job) {
    this.#making++;
    begin(this.#create).then(
      (plugin) => {
        this.#making--;
        this.#failed = 0;
        const slot = this.#add(plugin);
        if (this.#state === CLOSED) {
          if (job) this.#refuse(job, closedError());
          this.#drop(slot);
          return;
        }
        if (job && !job.gone) this.#runJob(slot, job);
        else this.#free(slot);
        this.#pump();
      },
      (error) => {
        this.#making--;
        if (job) this.#fail(job, error);
        else if (this.#state !== CLOSED) this.#notMade(error);
        this.#pump();
      },
    );
  }

  /**
   * A plug-in could not be made: those who wait are told unless there is another one
   * to wait for, and the next is made after a while.
   * @param {unknown} error
   */
  #notMade(error) {
    if (this.#slots.size + this.#making === 0) {
      for (let job; (job = this.#queue.shift()); ) this.#fail(job, error);
    }
    if (this.#retry) return;
    const ms = Math.min(FIRST_DELAY * 2 ** this.#failed++, LAST_DELAY);
    this.#retry = this.#clock.after(ms, () => {
      this.#retry = undefined;
      this.#pump();
    });
    if (this.#queue.length > 0) this.#clock.hold(this.#retry);
  }

  /**
   * A job has failed for want of a plug-in.
   * @param {Job} job
   * @param {unknown} error
   */
  #fail(job, error) {
    if (job.gone) return;
    this.#counts.calls++;
    this.#counts.failures++;
    this.#refuse(job, error);
  }

  /** Has those closed that are idle for long, now or when it is time. */
  #plan() {
    const { min, idleMs, edge } = this.#settings;
    if (this.#sweeper || this.#slots.size <= min || idleMs === Infinity) return;
    // On the edge a timer would belong to a request, and end with it.
    if (edge) {
      this.#sweep();
      return;
    }
    const ms = this.#idle[0].since + idleMs - this.#clock.now();
    this.#sweeper = this.#clock.after(Math.max(0, ms), () => {
      this.#sweeper = undefined;
      this.#sweep();
      if (this.#idle.length > 0) this.#plan();
    });
  }

  #sweep() {
    const { min, idleMs } = this.#settings;
    const before = this.#clock.now() - idleMs;
    while (this.#slots.size > min && this.#idle.length > 0 && this.#idle[0].since <= before) {
      this.#drop(/** @type {Slot} */ (this.#idle.shift()));
    }
  }

  /** Comes to an end, if it is to and nothing is left to be done. */
  #settle() {
    if (this.#state === OPEN || this.#queue.length + this.#making > 0) return;
    if (this.#idle.length === this.#slots.size) this.#closeAll();
    if (this.#slots.size + this.#ending === 0) this.#finish();
  }

  #closeAll() {
    this.#clock.cancel(this.#retry);
    this.#clock.cancel(this.#sweeper);
    this.#idle = [];
    for (const slot of this.#slots) this.#drop(slot);
  }

  /** Takes no more calls, does those that it has taken, and closes all plug-ins. */
  async drain() {
    if (this.#state === OPEN) this.#state = DRAINING;
    this.#pump();
    return this.#end();
  }

  /** Ends all calls and closes all plug-ins. */
  async close() {
    this.#state = CLOSED;
    this.#refuseAll(closedError());
    this.#closeAll();
    this.#settle();
    return this.#end();
  }

  async #end() {
    await this.#finished;
    if (this.#thrown) throw this.#thrown.error;
  }
}

/**
 * Begins something at once that gives a promise, or should.
 * @template T
 * @param {() => T | PromiseLike<T>} f
 * @returns {Promise<T>}
 */
function begin(f) {
  try {
    return Promise.resolve(f());
  } catch (error) {
    return Promise.reject(error);
  }
}

/** @param {unknown} error anything that a host function can throw */
function isLost(error) {
  try {
    return error instanceof ExtismError && LOST.includes(error.code);
  } catch {
    return false;
  }
}

const closedError = () => new ExtismError('CLOSED', 'the pool takes no more calls');

/**
 * @param {number} max
 * @param {number} waiting
 */
const busyError = (max, waiting) =>
  new ExtismError('BUSY', `all ${max} plug-ins of the pool are taken, and ${waiting} calls wait already; call less at once, or raise max or maxQueue`);

/**
 * Takes the pool's own options out of a user's.
 * @param {unknown} given
 * @param {boolean} edge
 * @returns {{ settings: Settings, options: Record<string, unknown> }} the options are those of each plug-in
 */
export function readPoolOptions(given, edge) {
  const { min, max, idleMs, maxQueue, worker, ...options } = reading('the options', 'INVALID_INPUT', () => copyOf(given));
  if (worker !== undefined && worker !== null) options.runInWorker = whether(worker);
  const inWorker = Boolean(options.runInWorker);
  const settings = {
    min: count('min', min, 0) ?? (edge ? 0 : 1),
    max: count('max', max, 1),
    idleMs: count('idleMs', idleMs, 0, Infinity) ?? 60_000,
    maxQueue: count('maxQueue', maxQueue, 0, Infinity) ?? 1000,
    worker: inWorker,
    edge,
  };
  if (edge) settings.maxQueue = 0;
  settings.max ??= Math.max(settings.min, edge ? 8 : inWorker ? processors() : 1);
  if (settings.max < settings.min) throw new ExtismError('INVALID_INPUT', `options.max: ${settings.max} is less than options.min, ${settings.min}`);
  return { settings: /** @type {Settings} */ (settings), options };
}

/** @param {any} given */
function copyOf(given) {
  if (given !== undefined && typeof given !== 'object') throw new ExtismError('INVALID_INPUT', `options: object expected, not ${typeof given}`);
  return { ...given };
}

/** @param {unknown} worker */
function whether(worker) {
  if (typeof worker === 'boolean') return worker;
  throw new ExtismError('INVALID_INPUT', 'options.worker: boolean expected');
}

/**
 * @param {string} name
 * @param {any} value
 * @param {number} least
 * @param {number} [most] Infinity where that is a value, too
 * @returns {number | undefined} undefined if it is unset
 */
function count(name, value, least, most) {
  if (value === undefined || value === null) return undefined;
  if ((Number.isSafeInteger(value) && value >= least) || value === most) return value;
  throw new ExtismError('INVALID_INPUT', `options.${name}: an integer from ${least} on${most ? ', or Infinity,' : ''} expected`);
}

/** How many threads can run at once here. */
const processors = () =>
  globalThis.navigator?.hardwareConcurrency ?? /** @type {any} */ (globalThis).process?.getBuiltinModule?.('node:os')?.availableParallelism() ?? 2;
