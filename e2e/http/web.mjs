// Runs the scenarios in a page or in its module worker.

import { run } from './http.mjs';

const environment = async (settings) => ({
  ...settings,
  runtime: 'web',
  api: await import(new URL('/extism.mjs', import.meta.url)),
  guest: async (name) => new Uint8Array(await (await fetch(new URL(`../rules/guests/${name}.wasm`, import.meta.url))).arrayBuffer()),
  failing: () => import(new URL('../testing/extism.mjs', import.meta.url)),
});

/** @returns {Promise<object[]>} the results */
export const inThisRealm = async (settings) => run(await environment(settings));

/** The same in a worker. */
export function inWorker(settings) {
  return new Promise((resolve, reject) => {
    const worker = new Worker(import.meta.url, { type: 'module' });
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data.results));
    worker.onerror = (event) => reject(new Error(event.message));
    worker.postMessage(settings);
  });
}

if (typeof document === 'undefined') {
  globalThis.onmessage = async ({ data }) => {
    try {
      globalThis.postMessage({ results: await inThisRealm(data) });
    } catch (error) {
      globalThis.postMessage({ error: String(error?.stack ?? error) });
    }
  };
}
