// Runs the scenarios under Node. Its argument is JSON: the package's module, the
// folders with the guests, the server that has them too, and the file for the
// results. They go to a file, because plug-ins may write to standard output.

import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { run } from './peer.mjs';

// A package may drop what a host function has promised.
process.on('unhandledRejection', () => {});

const { module, folders, site, out } = JSON.parse(process.argv[2]);
const path = (name) => join(folders.find((folder) => existsSync(join(folder, `${name}.wasm`))) ?? '', `${name}.wasm`);
const api = await import(pathToFileURL(module).href);
const results = await run(api, {
  runtime: 'node',
  path,
  guest: async (name) => new Uint8Array(await readFile(path(name))),
  url: (name, query = '') => `${site}${name}${query}`,
});
await writeFile(out, JSON.stringify(results));
