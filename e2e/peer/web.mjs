// Runs the scenarios in a page.

import { run } from './peer.mjs';

/**
 * @param {string} module the package's
 * @param {string} site what the guests' URLs begin with
 */
export async function inPage(module, site) {
  return run(await import(module), {
    runtime: 'chromium',
    path: () => 'no/such/file.wasm',
    guest: async (name) => new Uint8Array(await (await fetch(`${site}${name}`)).arrayBuffer()),
    url: (name, query = '') => `${site}${name}${query}`,
  });
}
