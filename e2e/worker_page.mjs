// Runs the scenarios of worker.mjs in a page.

import { run } from './worker.mjs';

/** @param {string[]} [only] names of scenarios */
export async function inPage(only) {
  return run({
    api: await import(new URL('/extism.mjs', import.meta.url)),
    guest: async (name) => new Uint8Array(await (await fetch(new URL(`rules/guests/${name}.wasm`, import.meta.url))).arrayBuffer()),
    url: (name) => new URL(`worker/${name}`, import.meta.url).href,
    holder: globalThis,
    // A page is not told of a worker that just ends.
    end: (worker) => worker.dispatchEvent(new ErrorEvent('error', { message: 'ended from outside' })),
    only,
  });
}
