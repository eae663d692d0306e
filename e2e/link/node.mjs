// Runs link.mjs under Node. Reads {module, testing, guests, cases} as JSON from
// standard input: the URLs of the runtime's ES module, of a build whose core fails on
// demand and of the guests' folder, and the cases. Writes the results as JSON to
// standard output.

import { readFile } from 'node:fs/promises';
import { json } from 'node:stream/consumers';
import { runCases, runScenarios } from './link.mjs';

const { module, testing, guests, cases } = await json(process.stdin);
const load = async (file) => new Uint8Array(await readFile(new URL(file, guests)));
const env = { api: await import(module), failing: () => import(testing), load };
process.stdout.write(JSON.stringify([...(await runCases(env, cases)), ...(await runScenarios(env))]));
