// Runs the corpus under Node. Reads {module, files, cases} as JSON from standard
// input: the URL of the runtime's ES module, the path of each plug-in's module,
// and the cases. Writes the results as JSON to standard output.

import { readFile } from 'node:fs/promises';
import { json } from 'node:stream/consumers';
import { runCorpus } from './corpus.mjs';

const { module, files, cases } = await json(process.stdin);
const { createPlugin } = await import(module);
const load = async (file) => new Uint8Array(await readFile(files[file]));
const results = await runCorpus({ createPlugin, load, path: (file) => files[file], cases });

// Ending by itself shows that nothing is left that keeps the process alive; a
// runtime that holds on to something is stopped by the caller's time limit.
process.stdout.write(JSON.stringify(results));
