// Runs the scenarios under Node. Its argument is JSON: the settings of the test, with
// the folders of the builds (dist, testing). Prints the results as JSON.

import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';
import { run } from './http.mjs';

const settings = JSON.parse(process.argv[2]);
const build = (folder) => import(`${pathToFileURL(folder)}/extism.mjs`);
const results = await run({
  ...settings,
  runtime: 'node',
  api: await build(settings.dist),
  guest: async (name) => new Uint8Array(await readFile(new URL(`../rules/guests/${name}.wasm`, import.meta.url))),
  failing: () => build(settings.testing),
});
console.log(JSON.stringify(results));
