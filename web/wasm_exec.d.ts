/**
 * Runs Go programs built with GOOS=js GOARCH=wasm, without touching the page's
 * global object. Any number of programs live side by side, also with others that
 * run on the toolchain's own wasm_exec.js.
 *
 * ```js
 * const program = new GoProgram({ onExit: (code) => console.log("exit", code) });
 * const { instance } = await WebAssembly.instantiateStreaming(fetch("main.wasm"), program.imports);
 * program.start(instance);
 * ```
 */
export declare class GoProgram {
  /**
   * Looks up what the program needs of the platform (TextEncoder, TextDecoder,
   * setTimeout, and if there, performance and crypto); later changes to the
   * global object do not reach it.
   *
   * @throws ReferenceError if the platform has no TextEncoder or TextDecoder.
   */
  constructor(options?: GoProgramOptions);

  /** The import module `gojs`, for the one instance that `start` is given. */
  readonly imports: { readonly gojs: Record<string, (sp: number) => void> };

  /**
   * Runs the program until its main waits for something, or ends; returns then.
   * Timers and calls of its js.Funcs run it on.
   *
   * @throws Error if called twice, TypeError if the instance is not of a Go
   *   js/wasm program, RangeError if `args` and `env` together exceed 8 KiB (the
   *   room that Go's linker leaves them), and Error with a `cause` if Go crashed.
   */
  start(instance: WebAssembly.Instance): void;

  /**
   * True once the program has exited or crashed. All its imports then do
   * nothing, its timers are cancelled, what it held is released, and a call of
   * one of its js.Funcs throws an Error.
   */
  readonly exited: boolean;

  /** What Go exited with, 0 to 2^31-1; undefined while it runs and if it crashed. */
  readonly exitCode: number | undefined;

  /**
   * Tells Go that no event will ever come, as the event loop is empty: if all
   * its goroutines wait, it prints them and exits with code 2.
   *
   * @throws Error if the program has ended or not begun, or Go crashed.
   */
  declareDeadlock(): void;

  /**
   * Declares the program dead, for who calls its raw exports (//go:wasmexport)
   * and got an exception from one, or wants no more of it. Called from one of the
   * callbacks, it ends the Go code that is running. Calls `onCrash`; does nothing
   * if the program has ended.
   */
  crash(error: unknown): void;
}

/**
 * All callbacks are called synchronously, from within Go. An exception from one
 * is reported (to `onFault` if it is from `write`, else to the console) and goes
 * no further. They cannot call the program's js.Funcs: such a call throws.
 */
export interface GoProgramOptions {
  /** os.Args, the program's name first. Default: `["js"]`. Copied. */
  args?: readonly string[];

  /** The environment. Default: empty. Copied. */
  env?: Readonly<Record<string, string>>;

  /**
   * What Go finds as properties of js.Global() in front of the global object's
   * own; js.Global() itself is the real global object. Go's packages syscall and
   * os expect Node's `fs`, `process` and `path` there. For each of these that is
   * not given, Go finds one of the program's own, which can write to files 1 and
   * 2 and answers ENOSYS to all else. Copied one level deep.
   */
  scope?: Readonly<Record<string, unknown>>;

  /**
   * Output of Go: of the runtime (also panics and fatal errors), and unless
   * `scope` has an `fs`, of os.Stdout (1) and os.Stderr (2). `bytes` is a copy
   * and may end in the middle of a line or a character. Default: whole lines to
   * console.log, or console.error for 2.
   */
  write?(fd: number, bytes: Uint8Array): void;

  /**
   * The program has exited: main returned (0), os.Exit, or a panic or fatal
   * error (2). Called while Go is still on the stack, before its caller goes on.
   */
  onExit?(code: number): void;

  /**
   * The program ended by an exception that came out of Go: a trap, or an
   * overflow of the stack. Called once and at once. Default: console.error.
   */
  onCrash?(error: unknown): void;

  /**
   * An operation failed that cannot tell Go of it, for instance `valueGet` on a
   * Proxy that throws. Go has been given undefined, 0 or false, or the operation
   * was not done; after `getRandomData`, bytes that are no good for
   * cryptography. `operation` is the name of Go's import, without its package,
   * or "write". Default: console.warn.
   */
  onFault?(operation: string, error: unknown): void;
}

/** What this module was written for. */
export declare const toolchain: {
  /** Go's version, as major.minor. */
  readonly go: string;
  /** SHA-256 of that toolchain's lib/wasm/wasm_exec.js, in lower-case hex. */
  readonly wasmExecSHA256: string;
};
