// @ts-check

// Entry of extism.edge.mjs, for edge workers, where nothing may be compiled at
// run time: the platform compiles all modules when the worker is deployed.

import core from '../../dist/extism.wasm';
import gate from '../../internal/kernel/gate.wasm';
import kernel from '../../internal/kernel/kernel.wasm';
import wasi from '../../internal/kernel/wasi.wasm';
import { configure, createPlugin } from './api.mjs';

export { CAPABILITIES, ExtismError, PluginOutput, codecs, compilePlugin, coreStats, createPlugin, createPool, hostFunction, newPlugin, stores } from './api.mjs';
export default createPlugin;

/** @param {unknown} module */
const compiled = (module) => /** @type {WebAssembly.Module} */ (module);

configure({
  core: async () => compiled(core),
  gate: () => compiled(gate),
  kernel: () => compiled(kernel),
  wasi: () => compiled(wasi),
  worker: true,
});
