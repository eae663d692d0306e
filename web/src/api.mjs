// @ts-check

import { CompiledPlugin, compiledManifest } from './compiled.mjs';
import { Core } from './core.mjs';
import { ExtismError } from './error.mjs';
import { isThenable, readOptions, readRequest, settled } from './input.mjs';
import { PluginOutput } from './output.mjs';
import { Plugin } from './plugin.mjs';
import { Pool, readPoolOptions } from './pool.mjs';
import { CAPABILITIES } from './capabilities.mjs';
import { stores } from './stores.mjs';

export { codecs } from './codecs.mjs';
export { hostFunction } from './host_function.mjs';
export { CAPABILITIES, ExtismError, PluginOutput, stores };

/** @type {import('./core.mjs').Assets} */
let assets;
/** @type {Core | null} */
let core = null;

/**
 * Says where this build has its WebAssembly; each entry point does so once.
 * @param {import('./core.mjs').Assets} where
 */
export function configure(where) {
  assets = where;
}

/**
 * One core serves all plug-ins of a realm. It is started by the first that needs
 * it, and again after a crash. On an edge worker requests must not wait for each
 * other, so there each one that finds no running core starts one; the first to
 * be up stays.
 * @returns {Core} perhaps not started yet
 */
function currentCore() {
  if (core && !core.dead && (core.running || !assets.worker)) return core;
  const fresh = new Core(assets);
  core = fresh;
  fresh.started.catch(() => {
    assets.forget?.();
    if (core === fresh) core = null; // the next one tries again
  });
  return fresh;
}

/** Gives a core that is running. */
async function runningCore() {
  const mine = await currentCore().started;
  if (core && core !== mine && core.running && !core.dead) return core;
  return (core = mine);
}

/**
 * Creates a plug-in; see types/extism.d.ts.
 * @param {unknown} manifest
 * @param {unknown} [options]
 */
export async function createPlugin(manifest, options) {
  const { forCore, local } = readOptions(options);
  // Without promises there is no waiting before what was given is copied.
  let given = settled(isThenable(manifest) ? await manifest : manifest);
  if (isThenable(given)) given = await given;
  const request = readRequest(given, forCore, local.fetch);
  return local.runInWorker ? createElsewhere(request, local) : createHere(request, local);
}

/**
 * @param {import('./input.mjs').Request} request
 * @param {import('./input.mjs').LocalOptions} local
 */
export async function createHere(request, local) {
  const mine = currentCore();
  if (!mine.running) await starting(mine, request);
  return Plugin.create(mine, request, local, runningCore);
}

/**
 * @param {import('./input.mjs').Request} request
 * @param {import('./input.mjs').LocalOptions} local
 */
function createElsewhere(request, local) {
  if (assets.remote && CAPABILITIES.hasWorkerCapability) return assets.remote(request, local);
  throw new ExtismError('UNSUPPORTED', 'runInWorker: this platform has no workers; leave it out, and timeoutMs with it');
}

/**
 * Waits for a core that is being started, and has it loaded meanwhile what is asked
 * for.
 * @param {Core} mine
 * @param {import('./input.mjs').Request} request
 */
function starting(mine, request) {
  for (const url of request.urls) mine.host.fetchEarly(request.fetch, url, request);
  return mine.started;
}

/**
 * Compiles the modules of a plug-in; see types/extism.d.ts.
 * @param {unknown} manifest
 * @param {unknown} [options]
 */
export async function compilePlugin(manifest, options) {
  const { forCore, local } = readOptions(options);
  const given = await settled(await manifest);
  const request = readRequest(given, forCore, local.fetch, true);
  const mine = currentCore();
  if (!mine.running) await starting(mine, request);
  return new CompiledPlugin(compiledManifest(request, await mine.create(request)), options, createPlugin);
}

/**
 * Creates a pool of plug-ins; see types/extism.d.ts.
 * @param {unknown} manifest
 * @param {unknown} [given]
 */
export async function createPool(manifest, given) {
  const { settings, options } = readPoolOptions(given, assets.worker === true);
  const compiled = await compilePlugin(manifest, options);
  return Pool.open(() => compiled.instantiate(), settings);
}

/**
 * What the core uses, if it is running: the size of its memory in bytes, and how
 * many plug-ins it knows.
 */
export function coreStats() {
  return core?.running && !core.dead ? core.stats() : null;
}

export { createPlugin as newPlugin };
