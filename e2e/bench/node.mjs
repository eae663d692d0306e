// The harness in Node: `node --expose-gc node.mjs '{"ours": …}'`. Rows go to
// standard output as JSON, progress to standard error.
//
// Settings: `ours`, a path, or "" for the peer on both sides; `big`, the 2 MB
// guest's path; `rounds`, `budget`, `only` as in bench.mjs.

import { readFile } from 'node:fs/promises';
import { pathToFileURL } from 'node:url';

import * as peer from '@extism/extism';

import { run } from './bench.mjs';

const { ours, big, rounds, budget, only } = JSON.parse(process.argv[2]);

const rows = await run({
  ours: ours ? await import(pathToFileURL(ours).href) : peer,
  peer,
  rounds,
  budget,
  only,
  guest: async (name) => new Uint8Array(
    await readFile(name === 'big' ? big : new URL(`guests/${name}.wasm`, import.meta.url)),
  ),
  log: (line) => console.error(`node: ${line}`),
});
process.stdout.write(JSON.stringify({ version: process.version, rows }), () => process.exit(0));
