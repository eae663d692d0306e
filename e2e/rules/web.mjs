// Runs the scenarios in a page or in its worker. A worker is sent what to run, and
// sends each result back.

import { run } from './rules.mjs';

const guest = async (name) => new Uint8Array(await (await fetch(new URL(`guests/${name}.wasm`, import.meta.url))).arrayBuffer());
const testing = (query = '') => import(new URL(`../testing/extism.mjs${query}`, import.meta.url));

async function environment() {
  return {
    runtime: 'web',
    api: await import(new URL('/extism.mjs', import.meta.url)),
    guest,
    failing: () => testing(),
    sabotaged: async () => {
      const api = await testing('?sabotaged');
      const compiled = (bytes) => api.compileOnce(() => bytes);
      const fixed = async (name) => compiled(new Uint8Array(await (await fetch(`/${name}.wasm`)).arrayBuffer()));
      api.configure({
        core: () => api.compileURL(new URL('/extism.wasm', import.meta.url)),
        gate: compiled(await guest('no_probe')),
        kernel: await fixed('kernel'),
        wasi: await fixed('wasi'),
      });
      return api;
    },
  };
}

/** @returns {Promise<object[]>} the results */
export async function inThisRealm(settings) {
  const results = [];
  await run(await environment(), settings, (result) => results.push(result));
  return results;
}

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
