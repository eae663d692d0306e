// Runs the scenarios of manifest.mjs under Node. Its argument is JSON: the folder of
// the build (dist), where the tests' files are served (base), a folder of its own
// (temp), and the corpus. Prints the results as JSON.

import { copyFileSync, writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { createContext, runInContext } from 'node:vm';
import { run } from './manifest.mjs';

const { dist, base, temp, corpus } = JSON.parse(process.argv[2]);
const path = (name) => fileURLToPath(new URL(`rules/guests/${name}.wasm`, import.meta.url));
copyFileSync(path('settings'), join(temp, 'settings.wasm'));

const env = {
  api: await import(`${pathToFileURL(dist)}/extism.mjs`),
  guest: async (name) => new Uint8Array(await readFile(path(name))),
  realm: async () => runInContext('globalThis', createContext()),
  corpus,
  url: (name) => new URL(name, base).href,
  path,
  fileURL(name, text) {
    if (text !== undefined) writeFileSync(join(temp, name), text);
    return pathToFileURL(join(temp, name));
  },
};
console.log(JSON.stringify(await run(env)));
