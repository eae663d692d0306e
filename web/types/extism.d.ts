/// <reference lib="esnext.disposable" />

/**
 * extism-js runs Extism plug-ins (https://extism.org) on the WebAssembly engine
 * that the platform already has. Programs written for `@extism/extism` 2.x work
 * by changing the name in their import; what is added says so.
 *
 * What this version cannot do it refuses by an {@link ExtismError} of code
 * `UNSUPPORTED`: `allowedPaths`; `timeoutMs` without `runInWorker`; and what the
 * engine lacks, as the message says.
 *
 * @packageDocumentation
 */

/** Severities of log records; `silent` passes nothing on. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** What is known of a log record. It is frozen. Not in `@extism/extism`. */
export interface LogRecord {
  readonly level: Exclude<LogLevel, 'silent'>;
  readonly text: string;
  /** {@link Plugin.name} of the plug-in that has written it. */
  readonly plugin: string;
  /** {@link Plugin.id} of that plug-in. */
  readonly id: number;
  /** The function that is being called; while instances are made, the one that initialises, or "". */
  readonly function: string;
  /** By Extism's log functions, or as a line that a guest has written to WASI's stdout (as `info`) or stderr (as `error`). */
  readonly source: 'guest' | 'stdout' | 'stderr';
}

/**
 * Takes log records, if their level is at least {@link Plugin.logLevel}; what is
 * written to stdout and stderr passes at any level.
 *
 * The text is the first argument. `console` gets that alone, as with
 * `@extism/extism`, with `[name] ` before it if the plug-in has been given a name.
 * Any other logger gets the record as the second argument, if its method declares two
 * parameters (its `length` is 2 or more) or the plug-in has been given a name;
 * otherwise it gets the text alone, since programs written for `@extism/extism` have
 * loggers that print whatever they are given.
 *
 * An exception from it ends the call and reaches its caller as it is. What it returns
 * is ignored, also a promise that is rejected.
 */
export interface Logger {
  trace(text: string, record: LogRecord): unknown;
  debug(text: string, record: LogRecord): unknown;
  info(text: string, record: LogRecord): unknown;
  warn(text: string, record: LogRecord): unknown;
  error(text: string, record: LogRecord): unknown;
}

/**
 * Keeps the vars of one plug-in beyond its life. Not in `@extism/extism`.
 *
 * While a plug-in is called its vars are in memory; a store is never waited for. It
 * is read once, when the plug-in is created, and after each call it gets what has
 * changed. A store belongs to one plug-in at a time, and must not wait for a call of
 * its own plug-in. Its methods are looked up once.
 *
 * Keys are text. A key whose bytes are not UTF-8, which a guest can make, is U+FFFD
 * followed by its bytes in hexadecimal digits, and one that itself begins with U+FFFD
 * has another one before it. So no two keys are one, and none has half a surrogate
 * pair in it. The empty text and NUL are possible.
 */
export interface VarStore {
  /**
   * Gives all vars. Of a key that is there twice the last one counts. Keys are as
   * {@link save} has got them, or bytes; values are copied. What it throws makes
   * {@link createPlugin} fail with `STORE_FAILED` and that as `cause`; so does
   * anything that is no key or value. Vars above {@link MemoryOptions.maxVarBytes} make
   * it fail with `VARS_FULL`.
   */
  load(): Iterable<readonly [key: string | Uint8Array, value: Uint8Array]> | PromiseLike<Iterable<readonly [key: string | Uint8Array, value: Uint8Array]>>;
  /**
   * Takes what has changed: a value, which is the store's to keep, or null for a var
   * that has been deleted and may never have been there. There is one saving at a time,
   * except on edge workers, where no request may wait for another.
   *
   * {@link Plugin.call} resolves once the changes of that call are saved. What this
   * throws makes it fail with `STORE_FAILED` and that as `cause`, although the function
   * has succeeded; if the function has failed itself, its own error goes first. The vars
   * stay as they are. What has not been saved is given again, with its value of then,
   * after the next call, and when the plug-in is closed.
   */
  save(changes: Map<string, Uint8Array | null>): void | PromiseLike<void>;
}

/** `localStorage`, `sessionStorage`, and their like. */
export interface StorageLike {
  readonly length: number;
  key(index: number): string | null;
  getItem(key: string): string | null;
  setItem(key: string, value: string): void;
  removeItem(key: string): void;
}

/** A namespace of Cloudflare Workers KV, and its like. */
export interface KVLike {
  list(options: { prefix: string; cursor?: string }): PromiseLike<{ keys: { name: string }[]; list_complete: boolean; cursor?: string }>;
  get(key: string, type: 'arrayBuffer'): PromiseLike<ArrayBuffer | null>;
  put(key: string, value: Uint8Array): PromiseLike<void>;
  delete(key: string): PromiseLike<void>;
}

/**
 * Stores of vars. Keys in them begin with a prefix, which names the plug-in and must
 * not be the beginning of another's. Not in `@extism/extism`.
 *
 * @example
 * await createPlugin(url, { vars: stores.storage(localStorage, 'counter:') });
 */
export const stores: {
  /** A Map, of which each change is a copy. */
  map(map: Map<string, Uint8Array>): VarStore;
  /** `localStorage` or its like. Values are base64. If there is no room for all changes, some may have been saved. */
  storage(storage: StorageLike, prefix: string): VarStore;
  /** An IndexedDB database of that name, for this plug-in alone. Of the changes of a saving all are saved or none. */
  indexedDB(name: string): VarStore;
  /** A KV namespace. If it fails, some changes may have been saved. How soon other places see them is up to it. */
  kv(namespace: KVLike, prefix: string): VarStore;
};

/** Values that a plug-in reads by `config_get` (https://extism.org/docs/concepts/pdk). */
export type PluginConfig = Record<string, string>;
/** The same under the name that `@extism/extism` has for it. */
export type PluginConfigLike = PluginConfig;

/** Memory limits of a plug-in. */
export interface MemoryOptions {
  /**
   * Most pages of 64 KiB that the kernel's memory, through which input, output and
   * all other blocks go, may have: 0 to 65,536. Unset: no limit. An input that does
   * not fit makes the call fail with `OUT_OF_MEMORY`. The guest's own memory is
   * limited by what its module declares.
   */
  maxPages?: number | undefined;
  /** Most bytes of an HTTP response: 0 to 2^53 - 1. Accepted; this version has no HTTP. */
  maxHttpResponseBytes?: number | undefined;
  /** Most bytes of all vars, keys and values together: 0 to 2^53 - 1. Unset: 1 MiB. 0: vars are disabled. */
  maxVarBytes?: number | undefined;
}

/** As {@link MemoryOptions}, in the spelling of other Extism SDKs; not both of one key. */
export interface SnakeCaseMemoryOptions {
  max_pages?: number | undefined;
  /** Same as `max_pages`. */
  max?: number | undefined;
  max_http_response_bytes?: number | undefined;
  max_var_bytes?: number | undefined;
}

/** What every module of a manifest may have. */
export interface ManifestWasmOptions {
  /**
   * The name by which other modules import from this one; not empty. The one called
   * `main`, or else the last, has the functions that are called. Unset: the hash in
   * lower case, or else the number in the list, from 0. Names are unique, and
   * `extism:host/env` and `wasi_snapshot_preview1` are reserved.
   */
  name?: string | undefined;
  /**
   * SHA-256 of exactly the module's bytes, as 64 hexadecimal digits in either case.
   * Not possible with `module`; needs a secure context (https or localhost).
   */
  hash?: string | undefined;
}

/** A module as bytes, which are copied (of a view exactly those that it shows), or as base64 text. */
export interface ManifestWasmData extends ManifestWasmOptions {
  data: ModuleBytes | string | PromiseLike<ModuleBytes | string>;
}
/** The bytes of a module. */
export type ModuleBytes = Uint8Array | ArrayBuffer | SharedArrayBuffer | ArrayBufferView;
/**
 * A module to fetch, of any type; `application/wasm` lets it compile while it arrives.
 * In a manifest that was fetched the URL may be relative to the manifest's own.
 */
export interface ManifestWasmUrl extends ManifestWasmOptions {
  url: URL | string;
  /** Of the request; unset: GET. */
  method?: string | undefined;
  headers?: Record<string, string> | undefined;
  /** Same as `headers`. */
  header?: Record<string, string> | undefined;
}
/** A module in a file, where {@link Capabilities.manifestSupportsPaths}. Not in a manifest from another machine. */
export interface ManifestWasmPath extends ManifestWasmOptions {
  path: string;
}
/** A module as the response to a request; its body is consumed. */
export interface ManifestWasmResponse extends ManifestWasmOptions {
  response: Response | PromiseLike<Response>;
}
/** A compiled module. */
export interface ManifestWasmModule extends ManifestWasmOptions {
  module: WebAssembly.Module | PromiseLike<WebAssembly.Module>;
  /**
   * What the module's bytes begin with, up to its code, as {@link CompiledPlugin} has
   * it: the engine tells no types of what a module imports and exports. Without it
   * modules are linked by name and kind, and host functions have to return the very
   * type that the guest expects. Not in `@extism/extism`.
   */
  interface?: Uint8Array | undefined;
}
/** One module of a plug-in: exactly one of `data`, `url`, `path`, `response` and `module`. */
export type ManifestWasm =
  | ManifestWasmData
  | ManifestWasmUrl
  | ManifestWasmPath
  | ManifestWasmResponse
  | ManifestWasmModule;

/** What a manifest says beside its modules; options of {@link createPlugin} of the same name override it. */
export interface NativeManifestOptions {
  config?: PluginConfig | undefined;
  memory?: MemoryOptions | undefined;
  /** Accepted; this version has no HTTP. */
  allowedHosts?: string[] | undefined;
  /** Must be empty: this version has no filesystems. */
  allowedPaths?: Record<string, string> | undefined;
  /**
   * How long a call may take, and what initialises the plug-in, in milliseconds: 0 to
   * 2^32 - 1. Unset or 0: no limit. Needs {@link ExtismPluginOptions.runInWorker}, since a
   * guest that does not return can only be ended with its worker (`TIMEOUT`). The time of
   * host functions and HTTP counts, that of waiting for other calls does not.
   */
  timeoutMs?: number | null | undefined;
}

/** Limits of a manifest in the spelling of other Extism SDKs. */
export interface SnakeCaseManifestOptions {
  allowed_hosts?: string[] | undefined;
  allowed_paths?: Record<string, string> | undefined;
  timeout_ms?: number | null | undefined;
}
/** As {@link NativeManifestOptions}, in either spelling, but not in both. */
export type ManifestOptions = Omit<NativeManifestOptions, 'memory'> &
  SnakeCaseManifestOptions & { memory?: (MemoryOptions & SnakeCaseMemoryOptions) | undefined };

/**
 * Describes a plug-in (https://extism.org/docs/concepts/manifest; docs/MANIFEST.md
 * has every key). An unknown key or a value of the wrong type is an
 * `INVALID_MANIFEST` error with the key's path. null is the same as undefined.
 * manifest.schema.json describes the form in JSON.
 */
export interface Manifest extends ManifestOptions {
  /** One to 64 modules. */
  wasm: ManifestWasm[];
}

/**
 * Whatever {@link createPlugin} makes a plug-in of: a manifest as an object or as
 * JSON; a module as bytes, as a `WebAssembly.Module` or as a `Response`; a URL of a
 * manifest or a module, told apart by the response's type. A string that begins
 * with `{` is JSON, one with the scheme http, https, file, data or blob is a URL,
 * any other is the path of a file. A manifest that is fetched has at most 8 MiB.
 */
export type ManifestLike =
  | Manifest
  | Response
  | WebAssembly.Module
  | ArrayBuffer
  | SharedArrayBuffer
  | ArrayBufferView
  | string
  | URL;

/**
 * A host function. The arguments are those of the guest's import: i64 as BigInt,
 * the rest as numbers. Handles are i64 offsets for {@link CallContext}. A result
 * for an i64 must be a BigInt. What it throws stops the guest, which cannot catch
 * it, and reaches the caller of {@link Plugin.call} as it is.
 */
export type HostFunction = (context: CallContext, ...args: any[]) => any;

/** The types of WebAssembly that host functions can have. */
export type ValueType = 'i32' | 'i64' | 'f32' | 'f64';

/** What a guest's import of a host function has to look like. Frozen. */
export interface HostFunctionSignature {
  readonly params: readonly ValueType[];
  readonly results: readonly ValueType[];
}

/** A {@link HostFunction} that says what its signature is. The context may also be that of `@extism/extism`. */
export interface TypedHostFunction {
  (context: any, ...args: any[]): any;
  readonly signature: HostFunctionSignature;
}

/**
 * How a value crosses between a guest and a host function. `text`, `bytes`, `json`
 * and codecs are blocks in the plug-in's memory, as PDKs pass them: the guest sees
 * the i64 offset. `handle` is such an offset itself.
 */
export type HostValue = ValueType | 'text' | 'bytes' | 'json' | 'handle' | Codec<any>;

/** What a host function gets for a parameter. */
export type HostArgument<K> =
  K extends 'i32' | 'f32' | 'f64' ? number
  : K extends 'i64' | 'handle' ? bigint
  : K extends 'text' ? string
  : K extends 'bytes' ? Uint8Array
  : K extends 'json' ? any
  : K extends Codec<infer T> ? T
  : never;

/** What a host function may return for a result. */
export type HostResult<K> =
  K extends ValueType ? number | bigint
  : K extends 'handle' ? bigint | null | undefined
  : K extends 'text' ? string | null | undefined
  : K extends 'bytes' ? Uint8Array | null | undefined
  : K extends 'json' ? any
  : K extends Codec<infer T> ? T | undefined
  : never;

/** The arguments of a host function, after the context. */
export type HostArguments<P extends readonly unknown[]> = { -readonly [I in keyof P]: HostArgument<P[I]> };

/** What a host function returns: anything for no result, the value itself for one, an array for several. */
export type HostResults<R extends readonly unknown[]> =
  R extends readonly [] ? unknown
  : R extends readonly [infer K] ? HostResult<K>
  : { readonly [I in keyof R]: HostResult<R[I]> };

/** No value is of the second type. It makes TypeScript take array literals for tuples, also where `R` is still to be inferred. */
type Returned<R extends readonly unknown[]> = NoInfer<HostResults<R>> | readonly [never];

/**
 * Declares a host function: what a guest passes and what it gets, so that the
 * function itself needs no offsets, and its signature can be told. Not in
 * `@extism/extism`, whose `functions` take the result, too.
 *
 * Numbers come as WebAssembly has them: i64 as BigInt and signed, i32 as a signed
 * number. As results both numbers and BigInts are taken; an integer that does not
 * fit wraps around, and what is neither is a TypeError.
 *
 * The guest owns all blocks, as PDKs expect: it frees those that it has passed,
 * and those that it gets, or leaves both to the end of the call. The function gets
 * copies. An offset at which no block is, such as 0, is an empty value; JSON has
 * none, and {@link codecs}`.optional` makes undefined of it. An empty result, and
 * undefined for any of these kinds, is offset 0; so is null, but JSON and other
 * codecs have a null of their own.
 *
 * @param spec unset params or results: none
 * @param fn gets the context and the values; its result may be a promise
 * @throws ExtismError `INVALID_INPUT` for a kind that does not exist
 *
 * @example
 * const functions = {
 *   'extism:host/user': {
 *     lookup: hostFunction({ params: ['text'], results: ['json'] }, (context, key) => table[key]),
 *   },
 * };
 */
export function hostFunction<const P extends readonly HostValue[] = [], const R extends readonly HostValue[] = []>(
  spec: { params?: P | undefined; results?: R | undefined },
  fn: (context: CallContext, ...args: HostArguments<P>) => Returned<R> | PromiseLike<Returned<R>>,
): TypedHostFunction;

/** Options of {@link createPlugin}. Unknown keys are refused. */
export interface ExtismPluginOptions extends NativeManifestOptions {
  /** Whether modules may import `wasi_snapshot_preview1`. Unset: false. */
  useWasi?: boolean | undefined;
  /**
   * Whether what guests write to stdout and stderr goes to the logger, line by
   * line, as `info` and `error`. Unset: {@link Capabilities.extismStdoutEnvVarSet}.
   */
  enableWasiOutput?: boolean | undefined;
  /** Unset: `console`. */
  logger?: Logger | undefined;
  /** The least severe level that is passed on. Unset: `silent`. */
  logLevel?: LogLevel | undefined;
  /** What the plug-in is called in the log; "" is unset. Not in `@extism/extism`. */
  name?: string | undefined;
  /** Where the vars are kept. Unset: nowhere, they end with the plug-in. Not in `@extism/extism`. */
  vars?: VarStore | undefined;
  /** Host functions by namespace and name; `extism:host/user` is the namespace that PDKs use. */
  functions?: Record<string, Record<string, HostFunction>> | undefined;
  /** Takes the place of the platform's for manifests and modules. */
  fetch?: typeof fetch | undefined;
  /**
   * Most bytes of each module, 0 to 2^53 - 1; a larger one is not compiled, and no
   * more of it is read (`INVALID_WASM`). Modules are then compiled once they are
   * complete, not while they arrive. Unset: no limit. Compiled modules have no bytes
   * any more and always pass. Not in `@extism/extism`.
   */
  maxModuleBytes?: number | undefined;
  /** How many calls may wait for their turn. Unset: as many as there are. On edge workers none waits. */
  maxQueue?: number | undefined;
  /**
   * Whether the plug-in runs in a worker of its own, with a core of its own, so that the
   * page does not stand still meanwhile and a call can be stopped. Unset: false. Needs
   * {@link Capabilities.hasWorkerCapability}; cross-origin isolation is not needed where
   * there is JSPI. `getInstance` and `callSync` are `UNSUPPORTED` then.
   *
   * Host functions, the logger, `fetch` and the store of vars stay here:
   * - A host function's context has the blocks that its i64 arguments name, up to 64 MiB,
   *   and those that it makes itself; `read` and `length` of any other are `UNSUPPORTED`.
   *   Each call has a context of its own, which only `getVariable`, `hostContext` and
   *   `logLevel` are left of once the function has returned.
   * - What it does to the plug-in is done when it has returned. So `store`, `alloc` and
   *   `setVariable` do not fail for lack of room; the call does, with the same error.
   * - `store` and `alloc` give numbers from 2^52 on. They become offsets where they are the
   *   function's result, or one of its results; nothing can be calculated with them.
   * - Where there is no JSPI (and in any engine while a module is being instantiated), host
   *   functions and HTTP need shared memory: in browsers cross-origin isolation.
   * - Log records come later than they are written, in order and before the end of their
   *   call. An exception of the logger's is the call's, but does not stop the guest.
   *
   * If the worker ends, the next call starts another one, with the vars as they were at
   * the end of the last call or the last time that a host function was called. See
   * docs/WORKERS.md.
   */
  runInWorker?: boolean | undefined;
  /**
   * Where `extism.worker.mjs` is; relative to the page. Unset: beside the JavaScript of
   * this library. For bundlers that move files, and for a content security policy that
   * names one place for workers. Not in `@extism/extism`.
   */
  workerUrl?: string | URL | undefined;
  /** Accepted for programs written for `@extism/extism`; no effect. */
  sharedArrayBufferSize?: number | undefined;
  /** Options of Node's `new Worker` (`node:worker_threads`), such as `resourceLimits`. Elsewhere of no effect. */
  nodeWorkerArgs?: Record<string, unknown> | undefined;
  /** Likewise. */
  allowHttpResponseHeaders?: boolean | undefined;
}

/**
 * What a function has given back, or a block that a host function reads: a copy
 * that belongs to you, with the read side of DataView. Its `set` methods throw.
 */
export class PluginOutput {
  constructor(buffer: ArrayBuffer, byteOffset?: number, byteLength?: number);
  /** The bytes as UTF-8; what is not UTF-8 becomes U+FFFD. */
  text(): string;
  /** Same as {@link text}. */
  string(): string;
  /**
   * The bytes as JSON.
   * @throws SyntaxError if they are not JSON
   */
  json(): any;
  /** The bytes, as a view of `buffer`; the same view each time. */
  bytes(): ReturnType<Uint8Array['slice']>; // is Uint8Array<ArrayBuffer> since TypeScript 5.7, and Uint8Array before
  /** The buffer, which holds exactly these bytes. */
  arrayBuffer(): ArrayBuffer;
}
/** It is a DataView. Declared like this it is one in any version of TypeScript. */
export interface PluginOutput extends DataView {
  readonly buffer: ArrayBuffer;
}

/** Makes bytes of values. A string stands for its UTF-8. Not in `@extism/extism`, as are the codecs below. */
export interface Encoder<T> {
  encode(value: T): string | Uint8Array;
}

/**
 * Makes values of bytes. A function that has set no output counts as one with an
 * empty output, which PDKs do not tell apart: whether that is a value, the decoder
 * says.
 */
export interface Decoder<T> {
  decode(output: PluginOutput): T;
}

/** A format. What its methods throw reaches the caller as it is. */
export interface Codec<T> extends Encoder<T>, Decoder<T> {}

/** The formats that need no library; those that do are about three lines each. */
export const codecs: {
  /** UTF-8. */
  readonly text: Codec<string>;
  /** The bytes themselves. */
  readonly bytes: Codec<Uint8Array>;
  /** No value: no input, or an output that does not matter. */
  readonly none: Codec<void>;
  /**
   * JSON. Nobody checks that it is a `T`. Decoding throws a SyntaxError for what is
   * no JSON, and that includes nothing at all.
   */
  json<T = any>(): Codec<T>;
  /** Of another codec: undefined is nothing at all, the empty input or output. */
  optional<T>(codec: Codec<T>): Codec<T | undefined>;
};

/** Options of a {@link PluginFunction}'s call. */
export interface CallOptions {
  /** For {@link CallContext.hostContext} in this call. */
  hostContext?: unknown;
}

/**
 * A function of a plug-in that takes a value and gives one. It calls
 * {@link Plugin.call}, and rejects with what that or a codec throws.
 */
export type PluginFunction<I, O> = (input: I, options?: CallOptions) => Promise<O>;

/**
 * The plug-in that has called a host function, in that call. Offsets are i64
 * handles of blocks in the plug-in's memory and may be given as numbers, too.
 * Blocks live until they are freed or the next call begins.
 *
 * There is no block at an offset that is negative or too large; what is no integer is
 * an `INVALID_INPUT` error. Between calls the context works on: vars that are set then
 * are saved with the next call or when the plug-in is closed, and blocks and errors are
 * gone when the next call begins. Once the plug-in is closed its methods fail with
 * `CLOSED`.
 */
export interface CallContext {
  /** What {@link Plugin.call} was given as its third argument. */
  hostContext<T = any>(): T;
  /** Allocates a block of `size` bytes; 0n if there is no room. Its contents are undefined. */
  alloc(size: bigint | number): bigint;
  /** Frees a block; any other offset does nothing. */
  free(offset: bigint | number): void;
  /** The length of a block in bytes; 0n if there is none. */
  length(offset: bigint | number): bigint;
  /** A copy of a block, or null if there is none. 0 stands for an empty value. */
  read(offset: bigint | number): PluginOutput | null;
  /**
   * Copies a value into a new block; 0n for an empty one.
   * @throws ExtismError `OUT_OF_MEMORY` if there is no room
   */
  store(value: string | Uint8Array): bigint;
  /** Makes the call fail with this message (`PLUGIN_ERROR`), as the guest's `error_set` does. null clears. */
  setError(error?: string | Error | null): void;
  /**
   * A copy of a var, or null if there is none. An empty one has no bytes; to guests it
   * is as absent, and they cannot set one: Extism has no block without bytes. Names are
   * any text; half a surrogate pair counts as its three bytes.
   */
  getVariable(name: string): PluginOutput | null;
  /**
   * Sets a var to a copy of a value.
   * @throws ExtismError `VARS_FULL` above {@link MemoryOptions.maxVarBytes}
   */
  setVariable(name: string, value: string | Uint8Array): void;
  /** Deletes a var, if it is there. */
  deleteVariable(name: string): void;
  /** Same as {@link Plugin.logLevel}. */
  logLevel: LogLevel;
}
export type { CallContext as CurrentPlugin };

/** A plug-in. After a trap, or once a command's `_start` has run, the next call starts from fresh instances; vars stay. */
export interface Plugin {
  /**
   * Calls a function of the main module.
   * @param name of an exported function
   * @param input is copied; nothing is the empty input. A number, which the declarations
   *   of `@extism/extism` allow, is refused by `INVALID_INPUT`: it has no bytes
   * @param hostContext for {@link CallContext.hostContext} in this call
   * @returns the output, or null if the function has set none
   * @throws ExtismError, or what a host function has thrown
   */
  call<T = any>(name: string, input?: string | number | Uint8Array | ArrayBuffer | ArrayBufferView | null, hostContext?: T): Promise<PluginOutput | null>;
  /** Whether the main module exports a function of that name. */
  functionExists(name: string): Promise<boolean>;
  /** What the main module exports. */
  getExports(): Promise<WebAssembly.ModuleExportDescriptor[]>;
  /** What the main module imports. */
  getImports(): Promise<WebAssembly.ModuleImportDescriptor[]>;
  /** The main module's present instance. */
  getInstance(): Promise<WebAssembly.Instance>;
  /** Whether a call is under way. */
  isActive(): boolean;
  /** Frees all blocks; vars stay. False, and nothing is done, while a call is under way. */
  reset(): Promise<boolean>;
  /**
   * Ends the plug-in and lets go of its memory. Doing so again has no effect; calls fail with `CLOSED`.
   * @throws ExtismError `STORE_FAILED` if vars that had not been saved yet could not be saved now; it has ended all the same
   */
  close(): Promise<void>;
}

/**
 * What {@link createPlugin} gives: a {@link Plugin} with what `@extism/extism` does not
 * have. `await using` closes it.
 */
export interface ExtismPlugin extends Plugin, AsyncDisposable {
  /** What the option `name` says, or else `plugin-` and {@link id}. Not in `@extism/extism`. */
  readonly name: string;
  /** The number of this plug-in among those of the realm, from 1 on. Not in `@extism/extism`. */
  readonly id: number;
  /**
   * The least severe level of the records that are passed on, at once for those that
   * follow and for the guest's `get_log_level`. Not in `@extism/extism`, which has it
   * in {@link CallContext} alone.
   * @throws ExtismError `INVALID_INPUT` if it is set to anything else, `CLOSED` after {@link close}
   */
  logLevel: LogLevel;
  /**
   * The same as {@link call}, and returns when the function has: for where nothing can wait, such as a
   * host function that calls another plug-in on an engine that cannot suspend guests.
   * A host function that returns a promise makes it fail with `UNSUPPORTED`.
   * @throws ExtismError `BUSY` while calls are under way, or if the plug-in needs fresh
   * instances first, as after a trap: {@link call} waits for them
   */
  callSync<T = any>(name: string, input?: string | Uint8Array | ArrayBuffer | ArrayBufferView | null, hostContext?: T): PluginOutput | null;
  /**
   * A function of the main module that takes and gives values instead of bytes.
   * Whether it exists shows when it is called.
   * @param name of an exported function
   * @param codecs unset input: it takes none; unset output: what it gives does not matter
   *
   * @example
   * const count = plugin.function('count_vowels', { input: codecs.text, output: codecs.json<{ count: number }>() });
   * console.log((await count('hello')).count);
   */
  function<I = void, O = void>(
    name: string,
    codecs?: { input?: Encoder<I> | undefined; output?: Decoder<O> | undefined },
  ): PluginFunction<I, O>;
}

/** The codes of {@link ExtismError}. */
export type ExtismErrorCode =
  /** An argument or option of the API is of the wrong type, or unknown. */
  | 'INVALID_INPUT'
  /** The manifest is malformed; the message has the path of the key at fault. */
  | 'INVALID_MANIFEST'
  /** A manifest or module could not be loaded; `cause` has the platform's error. */
  | 'FETCH_FAILED'
  /** A module's bytes are not those that the manifest names. */
  | 'HASH_MISMATCH'
  /** The bytes are no valid WebAssembly module; `cause` has the engine's error. */
  | 'INVALID_WASM'
  /** Nothing offers an import; `module` and `function` name it. */
  | 'UNRESOLVED_IMPORT'
  /** The engine has refused to instantiate a module, for instance for lack of memory. */
  | 'INSTANTIATION'
  /** There is no room for a block in the plug-in's memory. */
  | 'OUT_OF_MEMORY'
  /** The main module exports nothing of that name. */
  | 'FUNCTION_NOT_FOUND'
  /** The export is no function. */
  | 'NOT_A_FUNCTION'
  /** The guest has called `error_set`; the message has its text, up to 64 KiB of it. */
  | 'PLUGIN_ERROR'
  /** The function has returned a code other than 0, or has exited with one. */
  | 'NON_ZERO_EXIT'
  /** The guest has trapped; `cause` has the engine's error with the wasm stack. */
  | 'TRAP'
  /** Vars would exceed their limit, or are disabled. */
  | 'VARS_FULL'
  /** What the guest gave to `http_request` is no request. */
  | 'HTTP_INVALID'
  /** The guest may not make that HTTP request; most often no entry of `allowedHosts` matches. */
  | 'HTTP_DENIED'
  /** An HTTP request of the guest came to nothing: the network failed, or it led through too many redirects. */
  | 'HTTP_FAILED'
  /** An HTTP response is larger than `maxHttpResponseBytes`, or its headers than 256 KiB. */
  | 'HTTP_TOO_LARGE'
  /** A call has taken longer than `timeoutMs`, and was ended with its worker; `function` names it. The next one starts another worker; vars come along. */
  | 'TIMEOUT'
  /** A plug-in's worker could not be started, or has ended by itself; `cause` has the platform's error. The next call starts another one; vars come along. */
  | 'WORKER_FAILED'
  /** The store of the vars has failed; `cause` has what it has thrown. */
  | 'STORE_FAILED'
  /** The plug-in is inside another call. */
  | 'BUSY'
  /** The plug-in has been closed. */
  | 'CLOSED'
  /** This version or platform cannot do it; the message says what to do instead. */
  | 'UNSUPPORTED'
  /** The caller is too close to the end of its stack. */
  | 'STACK_OVERFLOW'
  /** The core has died. The next call starts a fresh one; vars come along. */
  | 'CORE_CRASHED'
  /** A bug of this library. */
  | 'INTERNAL';

/** What this library throws; host functions' exceptions are not wrapped in it. */
export class ExtismError extends Error {
  constructor(code: ExtismErrorCode, message: string, more?: { cause?: unknown; module?: string; function?: string });
  readonly name: 'ExtismError';
  readonly code: ExtismErrorCode;
  /** The error that led to this one, if there is one. */
  readonly cause?: unknown;
  /** The module at fault, where it is known. */
  readonly module?: string;
  /** The function at fault, where it is known. */
  readonly function?: string;
}

/** What the platform can do, found out at run time. */
export interface Capabilities {
  /** Whether JavaScript promise integration (JSPI) is there. */
  readonly supportsJSPromiseInterface: boolean;
  /** Whether `TextDecoder` takes shared memory. */
  readonly allowSharedBufferCodec: boolean;
  /** Whether manifests may name files: in Node, Deno and Bun. */
  readonly manifestSupportsPaths: boolean;
  /** Whether `fetch` is bound by the same-origin policy: in pages. */
  readonly crossOriginChecksEnforced: boolean;
  /** Whether there is a file system: in Node, Deno and Bun. */
  readonly fsAccess: boolean;
  /** Whether `runInWorker` is possible: not on edge workers. */
  readonly hasWorkerCapability: boolean;
  /** Whether WASI preview 1 is there: everywhere. */
  readonly supportsWasiPreview1: boolean;
  /** Whether `timeoutMs` is possible: where {@link hasWorkerCapability}, with `runInWorker`. */
  readonly supportsTimeouts: boolean;
  /** Whether the environment variable `EXTISM_ENABLE_WASI_OUTPUT` is set, where there are such. */
  readonly extismStdoutEnvVarSet: boolean;
}
export const CAPABILITIES: Capabilities;

/**
 * Creates a plug-in: loads, compiles and links its modules, instantiates them, and
 * runs what initialises them (`_initialize`, `__wasm_call_ctors`, `hs_init`). The
 * `_start` of a main module that has none of these runs before the first call of
 * another function. The first plug-in of a realm also starts the core, which all
 * share.
 *
 * `await using` closes what this gives at the end of its block.
 *
 * @param manifest or a promise of one; bytes are copied, before this function returns if there is no promise
 * @param options override the manifest's values of the same name
 * @throws ExtismError
 *
 * @example
 * const plugin = await createPlugin('https://example.com/count_vowels.wasm');
 * const output = await plugin.call('count_vowels', 'hello');
 * console.log(output.json());
 * await plugin.close();
 */
export function createPlugin(manifest: ManifestLike | PromiseLike<ManifestLike>, options?: ExtismPluginOptions): Promise<ExtismPlugin>;
export { createPlugin as newPlugin };
export default createPlugin;

/**
 * Modules that have been compiled once, for any number of plug-ins. Not in
 * `@extism/extism`.
 */
export interface CompiledPlugin {
  /**
   * A manifest of the compiled modules, with the limits of the one that they came
   * from. {@link createPlugin} takes it here, and wherever a `WebAssembly.Module` can be
   * sent by `postMessage`.
   */
  readonly manifest: Readonly<Manifest>;
  /**
   * Creates a plug-in, as {@link createPlugin} does. Nothing is loaded or compiled.
   * @param options override those that {@link compilePlugin} was given
   */
  instantiate(options?: ExtismPluginOptions): Promise<ExtismPlugin>;
}

/**
 * Loads and compiles a plug-in's modules and checks their hashes; they are linked when
 * a plug-in is made of them.
 *
 * @param manifest as for {@link createPlugin}
 * @param options of every plug-in that is made
 * @throws ExtismError
 *
 * @example
 * const compiled = await compilePlugin('https://example.com/count_vowels.wasm', { useWasi: true });
 * const [a, b] = await Promise.all([compiled.instantiate(), compiled.instantiate()]);
 */
export function compilePlugin(manifest: ManifestLike | PromiseLike<ManifestLike>, options?: ExtismPluginOptions): Promise<CompiledPlugin>;

/**
 * What the core uses, or null if none is running: the size of its memory in bytes,
 * and how many plug-ins it knows. Not in `@extism/extism`.
 */
export function coreStats(): { memoryBytes: number; plugins: number } | null;
