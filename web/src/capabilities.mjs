// @ts-check

import { readFile } from './load.mjs';
import { hasWorkers } from './spawn.mjs';

/**
 * What this platform can do, in the terms of @extism/extism; the fields are
 * described in types/extism.d.ts.
 */
export const CAPABILITIES = Object.freeze({
  supportsJSPromiseInterface: typeof (/** @type {any} */ (WebAssembly).Suspending) === 'function',
  allowSharedBufferCodec: canDecodeShared(),
  manifestSupportsPaths: readFile !== undefined,
  crossOriginChecksEnforced: typeof document !== 'undefined',
  fsAccess: readFile !== undefined,
  hasWorkerCapability: hasWorkers,
  supportsWasiPreview1: true,
  supportsTimeouts: hasWorkers,
  extismStdoutEnvVarSet: Boolean(globalThis.process?.env?.EXTISM_ENABLE_WASI_OUTPUT),
});

function canDecodeShared() {
  try {
    new TextDecoder().decode(new Uint8Array(new SharedArrayBuffer(1)));
    return true;
  } catch {
    return false;
  }
}
