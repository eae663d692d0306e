// @ts-check

// Entry of extism.mjs, for pages, workers, Node, Deno and Bun: the core lies
// beside this file, and the small fixed modules are part of it.

import kernel from '../../internal/kernel/kernel.wasm';
import wasi from '../../internal/kernel/wasi.wasm';
import { configure, createPlugin } from './api.mjs';
import { gate } from './gate.mjs';
import { compileOnce, compileURL, forgetCompiled, readFile } from './load.mjs';
import { RemotePlugin } from './remote.mjs';

export { CAPABILITIES, ExtismError, PluginOutput, codecs, compilePlugin, coreStats, createPlugin, createPool, hostFunction, newPlugin, stores } from './api.mjs';
export default createPlugin;

const core = () => new URL('extism.wasm', import.meta.url);

configure({
  core: () => compileURL(core()),
  remote: (request, local) => RemotePlugin.create(request, local, { core: core(), worker: new URL('extism.worker.mjs', import.meta.url) }),
  forget: forgetCompiled,
  gate: compileOnce(gate),
  kernel: compileOnce(() => kernel),
  wasi: compileOnce(() => wasi),
  readFile,
});
