// Runs the scenarios of worker.mjs under Node. Its argument is JSON: the folder of the
// build (dist), and where the tests' files are served (base). Prints the results as JSON.

import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import threads from 'node:worker_threads';
import { run } from './worker.mjs';

const { dist, base, only } = JSON.parse(process.argv[2]);
const results = await run({
  api: await import(`${pathToFileURL(dist)}/extism.mjs`),
  guest: async (name) => new Uint8Array(await readFile(new URL(`rules/guests/${name}.wasm`, import.meta.url))),
  url: (name) => new URL(name, base).href,
  holder: threads,
  end: (worker) => threads.Worker.prototype.terminate.call(worker), // its exit is told
  only,
});
console.log(JSON.stringify(results));
