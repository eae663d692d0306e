// @ts-check

import { Core } from './core.mjs';
import { ExtismError } from './error.mjs';
import { readOptions, readRequest } from './input.mjs';
import { PluginOutput } from './output.mjs';
import { Plugin } from './plugin.mjs';
import { CAPABILITIES } from './capabilities.mjs';
import { stores } from './stores.mjs';

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
  const request = readRequest(await manifest, forCore, local.fetch);
  const mine = currentCore();
  if (mine.running) return Plugin.create(mine, request, local, runningCore);
  for (const url of request.urls) mine.host.fetchEarly(local.fetch, url);
  await mine.started;
  return Plugin.create(mine, request, local, runningCore);
}

/**
 * What the core uses, if it is running: the size of its memory in bytes, and how
 * many plug-ins it knows.
 */
export function coreStats() {
  return core?.running && !core.dead ? core.stats() : null;
}

export { createPlugin as newPlugin };
