// @ts-check

/**
 * What Go's js/wasm runtime asks of JavaScript: the import module `gojs`.
 *
 * Every import takes Go's stack pointer and finds its parameters and results in
 * linear memory, 8 bytes above it, each at its natural alignment. A JavaScript
 * value is a 64-bit *ref*: numbers are themselves, +0.0 stands for undefined,
 * and a NaN carries the index of anything else in a table (its low half) with
 * three bits that say what kind of thing it is. `runtime` and `syscall/js`
 * define this; it may change with each minor version of Go, so `toolchain`
 * records the one that this file was written for.
 *
 * One rule shapes the code: no exception passes through Go's frames, for Go
 * cannot unwind them and would go on with a broken stack.
 *
 * The public side is documented in wasm_exec.d.ts.
 *
 * @typedef {import("./wasm_exec.d.ts").GoProgram} Program
 * @typedef {import("./wasm_exec.d.ts").GoProgramOptions} Options
 * @typedef {{ id: number, this: unknown, args: unknown[], result: unknown }} FuncCall
 * @typedef {{ due: number, handle: unknown }} Timer
 * @typedef {(sp: number) => void} Import
 */

export const toolchain = Object.freeze({
  go: "1.26",
  wasmExecSHA256: "0c949f4996f9a89698e4b5c586de32249c3b69b7baadb64d220073cc04acba14",
});

/** Where the linker leaves room for arguments and environment, in bytes. */
const ARGUMENTS_START = 4096;
const ARGUMENTS_END = ARGUMENTS_START + 8192;

/** The upper half of a ref that is an index; the kind is added to it. */
const NAN_HEAD = 0x7ff80000;

/** @param {unknown} value not a number or undefined */
function kindOf(value) {
  switch (typeof value) {
    case "string":
      return 2;
    case "symbol":
      return 3;
    case "function":
      return 4;
    case "boolean":
    case "number": // 0 and NaN
    case "bigint": // unknown to Go
      return 0;
    default:
      return value === null ? 0 : 1;
  }
}

/** The JavaScript values that Go holds, counted, by index. */
class Values {
  #values;
  #counts;
  #indices;
  /** @type {number[]} */
  #free = [];

  /** @param {unknown[]} fixed values whose indices are compiled into Go; never released */
  constructor(fixed) {
    this.#values = [...fixed];
    this.#counts = fixed.map(() => Infinity);
    this.#indices = new Map(fixed.map((value, index) => [value, index]));
  }

  /** How many values the table had room for so far. */
  get length() {
    return this.#values.length;
  }

  /** @param {number} index */
  at(index) {
    return this.#values[index];
  }

  /**
   * The index of a value, which Go now holds once more. Equal values share one,
   * because Go compares refs.
   * @param {unknown} value
   */
  hold(value) {
    let index = this.#indices.get(value);
    if (index === undefined) {
      index = this.#free.pop() ?? this.#values.length;
      this.#indices.set(value, index);
      this.#values[index] = value;
      this.#counts[index] = 0;
    }
    this.#counts[index]++;
    return index;
  }

  /** @param {number} index */
  release(index) {
    if (--this.#counts[index] !== 0) return;
    this.#indices.delete(this.#values[index]);
    this.#values[index] = undefined;
    this.#free.push(index);
  }

  clear() {
    this.#values = [];
    this.#counts = [];
    this.#free = [];
    this.#indices.clear();
  }
}

/** Go's linear memory, through views that are renewed when it has grown. */
class LinearMemory {
  #memory;
  #view;
  #bytes;
  #decoder = new TextDecoder("utf-8", { ignoreBOM: true }); // a string may begin with U+FEFF

  /** @param {{ readonly buffer: ArrayBuffer }} memory a WebAssembly.Memory, or none yet */
  constructor(memory = { buffer: new ArrayBuffer(0) }) {
    this.#memory = memory;
    this.#view = new DataView(memory.buffer);
    this.#bytes = new Uint8Array(memory.buffer);
  }

  get view() {
    if (this.#bytes.length === 0) {
      // The buffer was detached, as every growth does (JavaScript API, section 5.2).
      this.#view = new DataView(this.#memory.buffer);
      this.#bytes = new Uint8Array(this.#memory.buffer);
    }
    return this.#view;
  }

  /** @param {number} address */
  int(address) {
    const { view } = this;
    return view.getUint32(address, true) + view.getInt32(address + 4, true) * 2 ** 32;
  }

  /** @param {number} address @param {number} value an integer */
  setInt(address, value) {
    const { view } = this;
    view.setUint32(address, value, true);
    view.setInt32(address + 4, Math.floor(value / 2 ** 32), true);
  }

  /**
   * The bytes that a Go string or slice describes; borrowed.
   * @param {number} address of the string or slice header
   */
  bytes(address) {
    const start = this.int(address); // renews the views
    const length = this.int(address + 8);
    return this.#bytes.subarray(start, start + length);
  }

  /** @param {number} address of the string header */
  string(address) {
    return this.#decoder.decode(this.bytes(address));
  }
}

/** Milliseconds that never go backwards and are never 0, which Go forbids. */
function monotonicClock() {
  const source = globalThis.performance ?? Date;
  const start = source.now() - 1;
  let latest = 1;
  return () => (latest = Math.max(latest, source.now() - start));
}

/**
 * Fills `bytes` with random data. Where the platform refuses (workerd does,
 * outside a request), Go still needs seeds that differ from run to run, and has
 * no way to hear of a failure; the caller reports it.
 * @param {Crypto | undefined} crypto
 * @param {Uint8Array<ArrayBuffer>} bytes
 */
function fillRandom(crypto, bytes) {
  const limit = 65536; // of one getRandomValues (Web Cryptography API, section 10.1.1)
  try {
    if (!crypto) throw new Error("this platform has no crypto.getRandomValues");
    for (let at = 0; at < bytes.length; at += limit) crypto.getRandomValues(bytes.subarray(at, at + limit));
  } catch (error) {
    for (let i = 0; i < bytes.length; i++) bytes[i] = Math.random() * 256;
    throw error;
  }
}

const typedArray = Object.getPrototypeOf(Uint8Array.prototype);
/** @param {string | symbol} name */
const typedArrayGetter = (name) =>
  /** @type {() => any} */ (Object.getOwnPropertyDescriptor(typedArray, name)?.get);
const typedArrayName = typedArrayGetter(Symbol.toStringTag);
const typedArrayBuffer = typedArrayGetter("buffer");
const typedArrayOffset = typedArrayGetter("byteOffset");
const typedArrayLength = typedArrayGetter("length");

/**
 * A view on the bytes of a Uint8Array or Uint8ClampedArray of any realm, or
 * undefined. Runs no code of a subclass or Proxy.
 * @param {unknown} value
 */
function byteView(value) {
  const name = typedArrayName.call(value);
  if (name !== "Uint8Array" && name !== "Uint8ClampedArray") return undefined;
  return new Uint8Array(typedArrayBuffer.call(value), typedArrayOffset.call(value), typedArrayLength.call(value));
}

/** Output for the console, which wants whole lines. */
class ConsoleLines {
  /** @type {Map<number, { decoder: TextDecoder, rest: string }>} */
  #streams = new Map();

  /** @param {number} fd @param {Uint8Array} bytes */
  write(fd, bytes) {
    const stream = this.#streams.get(fd) ?? { decoder: new TextDecoder(), rest: "" };
    this.#streams.set(fd, stream);
    const text = stream.rest + stream.decoder.decode(bytes, { stream: true });
    const end = text.lastIndexOf("\n");
    stream.rest = text.slice(end + 1);
    if (end >= 0) this.#print(fd, text.slice(0, end));
  }

  /** Prints what is left without a newline. */
  flush() {
    for (const [fd, { rest }] of this.#streams) if (rest) this.#print(fd, rest);
    this.#streams.clear();
  }

  /** @param {number} fd @param {string} text */
  #print(fd, text) {
    if (fd === 2) console.error(text);
    else console.log(text);
  }
}

/** The error that Go's `syscall` maps to ENOSYS. */
const notImplemented = () => Object.assign(new Error("not implemented"), { code: "ENOSYS" });

/** The functions of Node's `fs` that Go's `syscall` calls and that do nothing here. */
const FS_FUNCTIONS =
  "chmod chown close fchmod fchown fstat ftruncate lchown link lstat mkdir open read readdir readlink rename rmdir stat symlink truncate unlink utimes";

/**
 * What Go's `syscall` expects to find on the global object: output, and for all
 * else an error.
 * @param {(fd: number, bytes: Uint8Array) => void} write never throws
 */
function minimalScope(write) {
  const refuse = () => {
    throw notImplemented();
  };
  /** @param {any[]} args the last is a callback */
  const refuseLater = (...args) => args[args.length - 1](notImplemented());
  const none = () => -1;
  const fs = {
    ...Object.fromEntries(FS_FUNCTIONS.split(" ").map((name) => [name, refuseLater])),
    constants: { O_WRONLY: -1, O_RDWR: -1, O_CREAT: -1, O_TRUNC: -1, O_APPEND: -1, O_EXCL: -1, O_DIRECTORY: -1 },
    /** @param {number} fd @param {Uint8Array} bytes */
    writeSync(fd, bytes) {
      write(fd, bytes);
      return bytes.length;
    },
    /**
     * @param {number} fd @param {Uint8Array} bytes @param {number} offset @param {number} length
     * @param {number | null} position @param {(error: Error | null, written?: number) => void} done
     */
    write(fd, bytes, offset, length, position, done) {
      if (position !== null) return done(notImplemented());
      done(null, fs.writeSync(fd, bytes.subarray(offset, offset + length)));
    },
    /** @param {number} fd @param {(error: null) => void} done */
    fsync: (fd, done) => done(null),
  };
  const process = {
    pid: -1,
    ppid: -1,
    getuid: none,
    getgid: none,
    geteuid: none,
    getegid: none,
    umask: () => 0,
    getgroups: refuse,
    cwd: refuse,
    chdir: refuse,
  };
  const path = { resolve: (/** @type {string[]} */ ...segments) => segments.join("/") };
  return { fs, process, path };
}

/** @param {unknown} _ */
const ignore = (_) => {};

/** @implements {Program} */
export class GoProgram {
  #args;
  #env;
  /** @type {Record<string, unknown>} */
  #scope;
  #write;
  #onExit;
  #onCrash;
  #onFault;

  // The platform's services, as they were when the program was made.
  #encoder = new TextEncoder();
  #now = monotonicClock();
  #crypto = globalThis.crypto;
  #setTimeout = globalThis.setTimeout;
  #clearTimeout = globalThis.clearTimeout;

  /** What Go knows as its own side in JavaScript; the names are Go's. */
  #bridge = {
    /** @type {Partial<FuncCall> | null} */
    _pendingEvent: null,
    _makeFuncWrapper: (/** @type {number} */ id) => this.#makeFunc(id),
    /** Only syscall/js's own tests look at this, to see that finalizers run. */
    _values: { length: 0 },
  };
  #values = (this.#bridge._values = new Values([NaN, 0, null, true, false, globalThis, this.#bridge]));
  /** @type {() => number} */
  #getsp = () => 0;
  /** @type {() => void} */
  #resume = () => {};
  #started = false;
  #memory = new LinearMemory();

  /** @type {Map<number, Timer>} */
  #timers = new Map();
  #lastTimer = 0;
  #unarmed = false;

  #inCallback = false;
  #ended = false;
  /** @type {number | undefined} */
  #exitCode;
  /** @type {unknown} */
  #crash;
  /** @type {ConsoleLines | undefined} */
  #console;

  /** @param {Options} [options] */
  constructor({ args = ["js"], env = {}, scope = {}, write, onExit = ignore, onCrash, onFault } = {}) {
    this.#args = [...args];
    this.#env = { ...env };
    if (!write) this.#console = new ConsoleLines();
    this.#write = write ?? ((fd, bytes) => this.#console?.write(fd, bytes));
    this.#onExit = onExit;
    this.#onCrash = onCrash ?? ((error) => console.error("Go program crashed:", error));
    this.#onFault = onFault ?? ((operation, error) => console.warn(`Go program: ${operation} failed:`, error));
    this.#scope = Object.assign(Object.create(null), minimalScope((fd, bytes) => this.#output(fd, bytes)), scope);
    this.imports = { gojs: { ...this.#runtimeImports(), ...this.#valueImports() } };
  }

  get exited() {
    return this.#ended;
  }

  get exitCode() {
    return this.#exitCode;
  }

  /** @param {WebAssembly.Instance} instance */
  start(instance) {
    if (this.#started) throw new Error("a GoProgram starts only once");
    const { mem, run, resume, getsp } = /** @type {any} */ (instance.exports);
    if (!mem || !run || !resume || !getsp) throw new TypeError("not an instance of a Go program for js/wasm");
    this.#memory = new LinearMemory(mem);
    const [argc, argv] = this.#passArguments();
    this.#started = true;
    this.#resume = resume;
    this.#getsp = getsp;
    this.#enter(() => run(argc, argv));
  }

  declareDeadlock() {
    this.#checkEnterable();
    this.#bridge._pendingEvent = { id: 0 };
    this.#enter(this.#resume);
  }

  /** @param {unknown} error */
  crash(error) {
    if (this.#ended) return;
    this.#crash = error;
    this.#end();
    this.#callBack("onCrash", () => this.#onCrash(error));
  }

  // Entering and leaving Go

  /** Writes arguments and environment where Go's runtime looks for them. */
  #passArguments() {
    const variables = Object.entries(this.#env).sort(([a], [b]) => (a < b ? -1 : 1));
    const groups = [this.#args, variables.map(([name, value]) => `${name}=${value}`)];
    const { view } = this.#memory;
    let next = ARGUMENTS_START;
    /** @param {string} text */
    const place = (text) => {
      const start = next;
      const room = new Uint8Array(view.buffer, start, ARGUMENTS_END - start);
      const { read, written } = this.#encoder.encodeInto(`${text}\0`, room);
      if (read <= text.length) throw new RangeError("arguments and environment of a Go program exceed 8 KiB");
      next += Math.ceil(written / 8) * 8;
      return start;
    };
    const pointers = groups.flatMap((group) => [...group.map(place), 0]);
    const argv = next;
    if (argv + pointers.length * 8 > ARGUMENTS_END)
      throw new RangeError("arguments and environment of a Go program exceed 8 KiB");
    pointers.forEach((pointer, i) => this.#memory.setInt(argv + i * 8, pointer));
    return [this.#args.length, argv];
  }

  #checkEnterable() {
    if (this.#ended) throw this.#epitaph();
    if (!this.#started) throw new Error("Go program has not started");
    if (this.#inCallback) throw new Error("Go program cannot be entered from write, onExit, onCrash or onFault");
  }

  /**
   * Runs Go until it waits for an event. Throws only if Go crashed.
   * @param {() => void} entry
   */
  #enter(entry) {
    if (this.#unarmed) this.#armTimers();
    try {
      entry();
    } catch (error) {
      this.crash(error); // does nothing if the frames of an ended program were cut off
    }
    if (this.#ended && this.#exitCode === undefined) throw this.#epitaph();
  }

  /**
   * The JavaScript function behind a js.Func.
   * @param {number} id
   */
  #makeFunc(id) {
    const program = this;
    return /** @this {unknown} */ function (/** @type {unknown[]} */ ...args) {
      const call = { id, this: this, args, result: undefined };
      program.#checkEnterable();
      program.#bridge._pendingEvent = call;
      program.#enter(program.#resume);
      return call.result;
    };
  }

  /** Makes every import and Func inert and lets go of what Go held. */
  #end() {
    this.#ended = true;
    for (const { handle } of this.#timers.values()) this.#cancel(handle);
    this.#timers.clear();
    this.#bridge._pendingEvent = null;
    this.#values.clear();
    this.#memory = new LinearMemory();
    this.#getsp = this.#resume = () => {
      throw this.#epitaph();
    };
    this.#callBack("write", () => this.#console?.flush());
  }

  #epitaph() {
    return this.#exitCode === undefined
      ? new Error("Go program has crashed", { cause: this.#crash })
      : new Error(`Go program has exited with code ${this.#exitCode}`);
  }

  /**
   * Calls back the program's owner, from where neither an exception nor a call
   * into Go may come: the runtime may be in the middle of anything.
   * @param {string} name
   * @param {() => void} callback
   */
  #callBack(name, callback) {
    const outer = this.#inCallback;
    this.#inCallback = true;
    try {
      callback();
    } catch (error) {
      if (name === "write") this.#fault(name, error);
      else this.#complain(name, error);
    } finally {
      this.#inCallback = outer;
    }
  }

  /** @param {string} name @param {unknown} error */
  #complain(name, error) {
    try {
      console.error(`Go program: ${name} threw:`, error);
    } catch {
      // Nobody is left to tell.
    }
  }

  /** @param {string} operation @param {unknown} error */
  #fault(operation, error) {
    this.#callBack("onFault", () => this.#onFault(operation, error));
  }

  /** @param {number} fd @param {Uint8Array} bytes */
  #output(fd, bytes) {
    this.#callBack("write", () => this.#write(fd, bytes));
  }

  // Timers

  /** @param {number} delay in milliseconds */
  #startTimer(delay) {
    const id = (this.#lastTimer = (this.#lastTimer + 1) | 0);
    this.#timers.set(id, { due: this.#now() + delay, handle: undefined });
    this.#arm(id);
    return id;
  }

  /** @param {number} id */
  #stopTimer(id) {
    this.#cancel(this.#timers.get(id)?.handle);
    this.#timers.delete(id);
  }

  /**
   * Some platforms have timers only while they serve a request; a timer that is
   * refused is armed at the next entry into Go.
   * @param {number} id
   */
  #arm(id) {
    const timer = /** @type {Timer} */ (this.#timers.get(id));
    const setTimeout = this.#setTimeout; // a method call would have the wrong `this`
    try {
      timer.handle = setTimeout(() => this.#timeOut(id), Math.max(1, Math.ceil(timer.due - this.#now())));
    } catch (error) {
      timer.handle = undefined;
      this.#unarmed = true;
      this.#fault("scheduleTimeoutEvent", error);
    }
  }

  #armTimers() {
    this.#unarmed = false;
    for (const [id, { handle }] of this.#timers) if (handle === undefined) this.#arm(id);
  }

  /** @param {unknown} handle */
  #cancel(handle) {
    if (handle === undefined) return;
    const clearTimeout = this.#clearTimeout;
    try {
      clearTimeout(/** @type {number} */ (handle));
    } catch (error) {
      this.#fault("clearTimeoutEvent", error);
    }
  }

  /**
   * Go stops a timer when it has seen it. One that is still there came before
   * Go's clock had reached it (golang/go issue 28975) and comes again.
   * @param {number} id
   */
  #timeOut(id) {
    if (this.#ended) return;
    try {
      this.#enter(this.#resume);
    } catch {
      return; // onCrash has it, and there is no caller
    }
    if (this.#timers.has(id)) this.#arm(id);
  }

  // Imports

  /** Go's stack pointer now: it moves when an import's JavaScript calls into Go. */
  #sp() {
    return this.#getsp() >>> 0;
  }

  /**
   * An import from which no exception escapes while Go lives. `recover` then
   * gives Go its result.
   *
   * If the program ended while `work` ran, inside a Func that it called, the
   * frames below belong to nobody: their stack pointer is gone. They are cut off
   * by an exception, as a trap would.
   * @param {Import} work
   * @param {(sp: number, error: unknown) => void} recover
   * @returns {Import}
   */
  #guard(work, recover) {
    return (sp) => {
      if (this.#ended) return;
      try {
        work(sp >>> 0);
      } catch (error) {
        if (!this.#ended) this.#recover(recover, error);
      }
      if (this.#ended) throw this.#epitaph();
    };
  }

  /** @param {(sp: number, error: unknown) => void} recover @param {unknown} error */
  #recover(recover, error) {
    try {
      recover(this.#sp(), error);
    } catch (second) {
      this.#complain("recovering from a failed import", second);
    }
  }

  /**
   * An import that cannot tell Go of a failure: it gives a defined result and
   * reports a fault.
   * @param {string} operation
   * @param {Import} work
   * @param {Import} [recover] sets the result
   */
  #report(operation, work, recover = ignore) {
    return this.#guard(work, (sp, error) => {
      recover(sp);
      this.#fault(operation, error);
    });
  }

  /**
   * @param {number} address of a ref
   * @returns {any}
   */
  #value(address) {
    const { view } = this.#memory;
    const number = view.getFloat64(address, true);
    if (number === 0) return undefined;
    if (number === number) return number;
    return this.#values.at(view.getUint32(address, true));
  }

  /** @param {number} address of a slice of refs */
  #valueList(address) {
    const start = this.#memory.int(address);
    const length = this.#memory.int(address + 8);
    const values = [];
    for (let i = 0; i < length; i++) values.push(this.#value(start + i * 8));
    return values;
  }

  /** @param {number} address of a ref @param {unknown} value */
  #setValue(address, value) {
    const { view } = this.#memory;
    if (value === undefined) view.setFloat64(address, 0, true);
    else if (typeof value === "number" && value !== 0 && value === value) view.setFloat64(address, value, true);
    else {
      view.setUint32(address, this.#values.hold(value), true);
      view.setUint32(address + 4, NAN_HEAD | kindOf(value), true);
    }
  }

  /** @param {number} address @param {boolean} value */
  #setBool(address, value) {
    this.#memory.view.setUint8(address, value ? 1 : 0);
  }

  /**
   * A property, with the program's own scope in front of the global object's.
   * @param {any} target @param {string} name
   */
  #property(target, name) {
    return target === globalThis && name in this.#scope ? this.#scope[name] : Reflect.get(target, name);
  }

  /**
   * The imports of package runtime and crypto/rand.
   * @returns {Record<string, Import>}
   */
  #runtimeImports() {
    const memory = () => this.#memory;
    return {
      // func wasmExit(code int32)
      "runtime.wasmExit": (sp) => {
        if (this.#ended) return;
        const code = memory().view.getInt32((sp >>> 0) + 8, true);
        this.#exitCode = code;
        this.#end();
        this.#callBack("onExit", () => this.#onExit(code));
      },

      // func wasmWrite(fd uintptr, p unsafe.Pointer, n int32)
      "runtime.wasmWrite": this.#report("wasmWrite", (sp) => {
        const start = memory().int(sp + 16);
        const end = start + memory().view.getInt32(sp + 24, true);
        this.#output(memory().int(sp + 8), new Uint8Array(memory().view.buffer.slice(start, end)));
      }),

      // func resetMemoryDataView(): the views renew themselves.
      "runtime.resetMemoryDataView": () => {},

      // func nanotime1() int64
      "runtime.nanotime1": this.#report("nanotime1", (sp) => {
        memory().setInt(sp + 8, Math.floor(this.#now() * 1e6));
      }),

      // func walltime() (sec int64, nsec int32)
      "runtime.walltime": this.#report("walltime", (sp) => {
        const now = Date.now();
        memory().setInt(sp + 8, Math.floor(now / 1000));
        memory().view.setInt32(sp + 16, (now % 1000) * 1e6, true);
      }),

      // func scheduleTimeoutEvent(ms int64) int32
      "runtime.scheduleTimeoutEvent": this.#report("scheduleTimeoutEvent", (sp) => {
        memory().view.setInt32(sp + 16, this.#startTimer(memory().int(sp + 8)), true);
      }),

      // func clearTimeoutEvent(id int32)
      "runtime.clearTimeoutEvent": this.#report("clearTimeoutEvent", (sp) => {
        this.#stopTimer(memory().view.getInt32(sp + 8, true));
      }),

      // func getRandomData(r []byte)
      "runtime.getRandomData": this.#report("getRandomData", (sp) => {
        fillRandom(this.#crypto, memory().bytes(sp + 8));
      }),
    };
  }

  /**
   * The imports of package syscall/js.
   * @returns {Record<string, Import>}
   */
  #valueImports() {
    const memory = () => this.#memory;

    /**
     * An import that answers (ref, bool): a result, or an exception and false.
     * @param {number} offset of the ref
     * @param {(sp: number) => unknown} work
     */
    const outcome = (offset, work) =>
      this.#guard(
        (sp) => {
          const result = work(sp);
          const at = this.#sp() + offset;
          this.#setValue(at, result);
          this.#setBool(at + 8, true);
        },
        (sp, error) => {
          this.#setBool(sp + offset + 8, false);
          this.#setValue(sp + offset, undefined); // in case there is no room for the error
          this.#setValue(sp + offset, error);
        },
      );

    /**
     * An import that copies as many bytes as both sides have: (int, bool).
     * @param {string} operation
     * @param {(sp: number) => [to: Uint8Array | undefined, from: Uint8Array | undefined]} sides
     */
    const copy = (operation, sides) =>
      this.#report(
        operation,
        (sp) => {
          const [to, from] = sides(sp);
          this.#setBool(sp + 48, Boolean(to && from));
          if (!to || !from) return;
          const count = Math.min(to.length, from.length);
          to.set(from.subarray(0, count));
          memory().setInt(sp + 40, count);
        },
        (sp) => this.#setBool(sp + 48, false),
      );

    return {
      // func finalizeRef(r ref)
      "syscall/js.finalizeRef": this.#report("finalizeRef", (sp) => {
        this.#values.release(memory().view.getUint32(sp + 8, true));
      }),

      // func stringVal(x string) ref
      "syscall/js.stringVal": this.#report(
        "stringVal",
        (sp) => this.#setValue(sp + 24, memory().string(sp + 8)),
        (sp) => this.#setValue(sp + 24, undefined),
      ),

      // func valueGet(v ref, p string) ref
      "syscall/js.valueGet": this.#report(
        "valueGet",
        (sp) => {
          const result = this.#property(this.#value(sp + 8), memory().string(sp + 16));
          this.#setValue(this.#sp() + 32, result);
        },
        (sp) => this.#setValue(sp + 32, undefined),
      ),

      // func valueSet(v ref, p string, x ref)
      "syscall/js.valueSet": this.#report("valueSet", (sp) => {
        Reflect.set(this.#value(sp + 8), memory().string(sp + 16), this.#value(sp + 32));
      }),

      // func valueDelete(v ref, p string)
      "syscall/js.valueDelete": this.#report("valueDelete", (sp) => {
        Reflect.deleteProperty(this.#value(sp + 8), memory().string(sp + 16));
      }),

      // func valueIndex(v ref, i int) ref
      "syscall/js.valueIndex": this.#report(
        "valueIndex",
        (sp) => {
          const result = Reflect.get(this.#value(sp + 8), memory().int(sp + 16));
          this.#setValue(this.#sp() + 24, result);
        },
        (sp) => this.#setValue(sp + 24, undefined),
      ),

      // func valueSetIndex(v ref, i int, x ref)
      "syscall/js.valueSetIndex": this.#report("valueSetIndex", (sp) => {
        Reflect.set(this.#value(sp + 8), memory().int(sp + 16), this.#value(sp + 24));
      }),

      // func valueCall(v ref, m string, args []ref) (ref, bool)
      "syscall/js.valueCall": outcome(56, (sp) => {
        const target = this.#value(sp + 8);
        const name = memory().string(sp + 16);
        const args = this.#valueList(sp + 32);
        return Reflect.apply(this.#property(target, name), target, args);
      }),

      // func valueInvoke(v ref, args []ref) (ref, bool)
      "syscall/js.valueInvoke": outcome(40, (sp) => {
        return Reflect.apply(this.#value(sp + 8), undefined, this.#valueList(sp + 16));
      }),

      // func valueNew(v ref, args []ref) (ref, bool)
      "syscall/js.valueNew": outcome(40, (sp) => {
        return Reflect.construct(this.#value(sp + 8), this.#valueList(sp + 16));
      }),

      // func valueLength(v ref) int
      "syscall/js.valueLength": this.#report(
        "valueLength",
        (sp) => {
          const length = Math.trunc(this.#value(sp + 8).length);
          memory().setInt(this.#sp() + 16, Number.isSafeInteger(length) ? length : 0);
        },
        (sp) => memory().setInt(sp + 16, 0),
      ),

      // func valuePrepareString(v ref) (ref, int)
      "syscall/js.valuePrepareString": this.#report(
        "valuePrepareString",
        (sp) => {
          const bytes = this.#encoder.encode(String(this.#value(sp + 8)));
          const at = this.#sp() + 16;
          this.#setValue(at, bytes);
          memory().setInt(at + 8, bytes.length);
        },
        (sp) => {
          this.#setValue(sp + 16, undefined);
          memory().setInt(sp + 24, 0);
        },
      ),

      // func valueLoadString(v ref, b []byte)
      "syscall/js.valueLoadString": this.#report("valueLoadString", (sp) => {
        const bytes = this.#value(sp + 8);
        if (bytes) memory().bytes(sp + 16).set(bytes);
      }),

      // func valueInstanceOf(v ref, t ref) bool
      "syscall/js.valueInstanceOf": this.#report(
        "valueInstanceOf",
        (sp) => {
          const result = this.#value(sp + 8) instanceof this.#value(sp + 16);
          this.#setBool(this.#sp() + 24, result);
        },
        (sp) => this.#setBool(sp + 24, false),
      ),

      // func copyBytesToGo(dst []byte, src ref) (int, bool)
      "syscall/js.copyBytesToGo": copy("copyBytesToGo", (sp) => [
        memory().bytes(sp + 8),
        byteView(this.#value(sp + 32)),
      ]),

      // func copyBytesToJS(dst ref, src []byte) (int, bool)
      "syscall/js.copyBytesToJS": copy("copyBytesToJS", (sp) => [
        byteView(this.#value(sp + 8)),
        memory().bytes(sp + 16),
      ]),
    };
  }
}
