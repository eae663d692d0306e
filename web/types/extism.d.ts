/**
 * extism-js runs Extism plug-ins (https://extism.org) on the WebAssembly engine
 * that the platform already has. Programs written for `@extism/extism` 2.x work
 * by changing the name in their import; what is added says so.
 *
 * What this version cannot do it refuses by an {@link ExtismError} of code
 * `UNSUPPORTED`: HTTP, `runInWorker`, `timeoutMs`, `allowedPaths`, and host
 * functions that return promises.
 *
 * @packageDocumentation
 */

/** Severities of log records; `silent` passes nothing on. */
export type LogLevel = 'trace' | 'debug' | 'info' | 'warn' | 'error' | 'silent';

/** Takes log records. `console` is one. An exception from it ends the call and reaches its caller as it is. */
export interface Logger {
  trace(text: string): void;
  debug(text: string): void;
  info(text: string): void;
  warn(text: string): void;
  error(text: string): void;
}

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
  /** Most bytes of an HTTP response. Accepted; this version has no HTTP. */
  maxHttpResponseBytes?: number | undefined;
  /** Most bytes of all vars, keys and values together. Unset: 1 MiB. 0: vars are disabled. */
  maxVarBytes?: number | undefined;
}

/** What every module of a manifest may have. */
export interface ManifestWasmOptions {
  /**
   * The name by which other modules import from this one. The one called `main`,
   * or else the last, has the functions that are called. Names are unique.
   */
  name?: string | undefined;
  /** SHA-256 of exactly the module's bytes, as 64 hexadecimal digits. Not possible with `module`. */
  hash?: string | undefined;
}

/** A module as bytes, which are copied, or as base64 text. */
export interface ManifestWasmData extends ManifestWasmOptions {
  data: Uint8Array | ArrayBuffer | ArrayBufferView | string;
}
/** A module to fetch; type `application/wasm` lets it compile while it arrives. */
export interface ManifestWasmUrl extends ManifestWasmOptions {
  url: URL | string;
  /** Of the request; unset: GET. */
  method?: string | undefined;
  headers?: Record<string, string> | undefined;
}
/** A module in a file, where {@link Capabilities.manifestSupportsPaths}. */
export interface ManifestWasmPath extends ManifestWasmOptions {
  path: string;
}
/** A module as the response to a request; its body is consumed. */
export interface ManifestWasmResponse extends ManifestWasmOptions {
  response: Response;
}
/** A compiled module. */
export interface ManifestWasmModule extends ManifestWasmOptions {
  module: WebAssembly.Module;
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
  /** Milliseconds. Must be 0 or unset: this version cannot stop a guest. */
  timeoutMs?: number | null | undefined;
}

/** Limits of a manifest in the spelling of other Extism SDKs. */
export interface SnakeCaseManifestOptions {
  allowed_hosts?: string[] | undefined;
  allowed_paths?: Record<string, string> | undefined;
  timeout_ms?: number | null | undefined;
}
/** As {@link NativeManifestOptions}, in either spelling, but not in both. */
export type ManifestOptions = NativeManifestOptions & SnakeCaseManifestOptions;

/**
 * Describes a plug-in (https://extism.org/docs/concepts/manifest). An unknown key
 * or a value of the wrong type is an `INVALID_MANIFEST` error with the key's path.
 */
export interface Manifest extends ManifestOptions {
  /**
   * One to 64 modules; a compiled module, a response or bytes may stand for
   * themselves. They may import from each other, functions also in a circle.
   */
  wasm: (ManifestWasm | WebAssembly.Module | Response | Uint8Array | ArrayBuffer)[];
}

/**
 * Whatever {@link createPlugin} makes a plug-in of: a manifest as an object or as
 * JSON; a module as bytes, as a `WebAssembly.Module` or as a `Response`; a URL of a
 * manifest or a module, told apart by the response's type. A string that begins
 * with `{` is JSON, one with a scheme is a URL, any other is the path of a file.
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
  /** Host functions by namespace and name; `extism:host/user` is the namespace that PDKs use. */
  functions?: Record<string, Record<string, HostFunction>> | undefined;
  /** Takes the place of the platform's for manifests and modules. */
  fetch?: typeof fetch | undefined;
  /** Must be false or unset in this version. */
  runInWorker?: boolean | undefined;
  /** Accepted for programs written for `@extism/extism`; no effect. */
  sharedArrayBufferSize?: number | undefined;
  /** Likewise. */
  nodeWorkerArgs?: Record<string, unknown> | undefined;
  /** Likewise. */
  allowHttpResponseHeaders?: boolean | undefined;
}

/**
 * What a function has given back, or a block that a host function reads: a copy
 * that belongs to you, with the read side of DataView. Its `set` methods throw.
 */
export class PluginOutput extends DataView<ArrayBuffer> {
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
  /** The bytes, as a view of `buffer`. */
  bytes(): Uint8Array<ArrayBuffer>;
  /** The buffer, which holds exactly these bytes. */
  arrayBuffer(): ArrayBuffer;
}

/**
 * The plug-in that has called a host function, in that call. Offsets are i64
 * handles of blocks in the plug-in's memory and may be given as numbers, too.
 * Blocks live until they are freed or the next call begins.
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
  /** A copy of a block, or null if there is none. */
  read(offset: bigint | number): PluginOutput | null;
  /**
   * Copies a value into a new block; 0n for an empty one.
   * @throws ExtismError `OUT_OF_MEMORY` if there is no room
   */
  store(value: string | Uint8Array): bigint;
  /** Makes the call fail with this message (`PLUGIN_ERROR`), as the guest's `error_set` does. null clears. */
  setError(error?: string | Error | null): void;
  /** A copy of a var, or null if there is none. */
  getVariable(name: string): PluginOutput | null;
  /**
   * Sets a var to a copy of a value.
   * @throws ExtismError `VARS_FULL` above {@link MemoryOptions.maxVarBytes}
   */
  setVariable(name: string, value: string | Uint8Array): void;
  /** Deletes a var, if it is there. */
  deleteVariable(name: string): void;
}
export type { CallContext as CurrentPlugin };

/** A plug-in. After a trap, or once a command's `_start` has run, the next call starts from fresh instances; vars stay. */
export interface Plugin {
  /**
   * Calls a function of the main module.
   * @param name of an exported function
   * @param input is copied; nothing is the empty input
   * @param hostContext for {@link CallContext.hostContext} in this call
   * @returns the output, or null if the function has set none
   * @throws ExtismError, or what a host function has thrown
   */
  call<T = any>(name: string, input?: string | Uint8Array | ArrayBuffer | ArrayBufferView | null, hostContext?: T): Promise<PluginOutput | null>;
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
  /** Ends the plug-in and lets go of its memory. Doing so again has no effect; calls fail with `CLOSED`. */
  close(): Promise<void>;
  /** Same as {@link close}, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
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
  /** Nothing offers an import, or not with its type; `module` and `function` name it. */
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
  /** Whether `runInWorker` is possible: not in this version. */
  readonly hasWorkerCapability: boolean;
  /** Whether WASI preview 1 is there: everywhere. */
  readonly supportsWasiPreview1: boolean;
  /** Whether `timeoutMs` is possible: not in this version. */
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
 * @param manifest or a promise of one; bytes are copied
 * @param options override the manifest's values of the same name
 * @throws ExtismError
 *
 * @example
 * const plugin = await createPlugin('https://example.com/count_vowels.wasm');
 * const output = await plugin.call('count_vowels', 'hello');
 * console.log(output.json());
 * await plugin.close();
 */
export function createPlugin(manifest: ManifestLike | PromiseLike<ManifestLike>, options?: ExtismPluginOptions): Promise<Plugin>;
export { createPlugin as newPlugin };
export default createPlugin;

/**
 * What the core uses, or null if none is running: the size of its memory in bytes,
 * and how many plug-ins it knows. Not in `@extism/extism`.
 */
export function coreStats(): { memoryBytes: number; plugins: number } | null;
