// Runs the scenarios under Node. Its argument is JSON: the folders of the builds
// (dist, testing), what to run, and the size of a worker's stack in MB, if they
// are to run in one. Prints a line of JSON for each scenario.

import { readFile } from 'node:fs/promises';
import { Worker, isMainThread, workerData } from 'node:worker_threads';
import { pathToFileURL } from 'node:url';
import { run } from './rules.mjs';

const settings = isMainThread ? JSON.parse(process.argv[2]) : workerData;
const build = (folder, query = '') => import(`${pathToFileURL(folder)}/extism.mjs${query}`);
const guest = async (name) => new Uint8Array(await readFile(new URL(`guests/${name}.wasm`, import.meta.url)));

async function environment() {
  return {
    runtime: 'node',
    api: await build(settings.dist),
    guest,
    failing: () => build(settings.testing),
    sabotaged: async () => {
      const api = await build(settings.testing, '?sabotaged');
      const compiled = (bytes) => api.compileOnce(() => bytes);
      const fixed = async (name) => compiled(new Uint8Array(await readFile(`${settings.dist}/${name}.wasm`)));
      api.configure({
        core: () => api.compileURL(new URL('extism.wasm', pathToFileURL(`${settings.dist}/`))),
        gate: compiled(await guest('no_probe')),
        kernel: await fixed('kernel'),
        wasi: await fixed('wasi'),
      });
      return api;
    },
  };
}

if (isMainThread && settings.stackMB) {
  new Worker(new URL(import.meta.url), { workerData: settings, resourceLimits: { stackSizeMb: settings.stackMB } });
} else {
  await run(await environment(), settings, (result) => console.log(JSON.stringify(result)));
}
