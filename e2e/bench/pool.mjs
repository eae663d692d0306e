// Pools, in Node: `node --expose-gc pool.mjs '{"ours": …}'`. A pool is measured
// against one plug-in of the same guest. Prints rows as bench.mjs does; settings:
// `ours`, a path; `rounds`, `budget` as there.

import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { pathToFileURL } from 'node:url';

import { prose, takeTurns } from './bench.mjs';

const { ours, rounds, budget } = JSON.parse(process.argv[2]);
const { CAPABILITIES, createPlugin, createPool } = await import(pathToFileURL(ours).href);

/** How many times as fast two workers have to be. */
const LEAST = 1.7;

const guest = async (name) => new Uint8Array(await readFile(new URL(`guests/${name}.wasm`, import.meta.url)));

/** Milliseconds of `n` calls, one after another. */
const inTurn = (target, name, input) => async (n) => {
  const start = performance.now();
  for (let i = 0; i < n; i++) await target.call(name, input);
  return performance.now() - start;
};

/** Milliseconds of `n` calls that are all made at once. */
const atOnce = (target, name, input) => async (n) => {
  const start = performance.now();
  await Promise.all(Array.from({ length: n }, () => target.call(name, input)));
  return performance.now() - start;
};

/** Measures a pool, as `ours`, against one plug-in, as `peer`. */
async function measure(name, input, timed, options) {
  const wasm = await guest(name);
  const plugin = await createPlugin(wasm);
  const pool = await createPool(wasm, options);
  try {
    const [a, b] = await Promise.all([plugin, pool].map(async (target) => (await target.call(name, input)).text()));
    if (a !== b) throw new Error(`the outputs differ: ${a} (one plug-in), ${b} (the pool)`);
    return await takeTurns({ ours: { turn: timed(pool, name, input) }, peer: { turn: timed(plugin, name, input) } }, { rounds, budget });
  } finally {
    await pool.close();
    await plugin.close();
  }
}

async function row(name, goal, measuring) {
  const line = { name, unit: 'us', ours: null, peer: null, ratio: null, goal, ok: null };
  try {
    const { ours, peer } = await measuring();
    return { ...line, ours, peer, ratio: peer / ours };
  } catch (error) {
    return { ...line, error: String(error) };
  }
}

/** Why two workers cannot be measured here; empty if they can. */
function hindrance() {
  if (!CAPABILITIES.hasWorkerCapability) return 'this build has no workers';
  return availableParallelism() < 2 ? 'this machine has one processor' : '';
}

async function workers() {
  const name = 'count words in 256 KiB, 8 passes, in a pool of 2 workers';
  const goal = `≥ ${LEAST}×`;
  const why = hindrance();
  if (why) return { name, unit: 'us', ours: null, peer: null, ratio: null, goal: `${goal}; not measured: ${why}`, ok: null };
  const line = await row(name, goal, () =>
    measure('count', prose(256 * 1024), atOnce, {
      worker: true, min: 2, max: 2,
      nodeWorkerArgs: { execArgv: [] }, // threads do not take --expose-gc
    }));
  return { ...line, ok: line.ratio >= LEAST };
}

const rows = [
  await row('small call (16 B in, 51 B out) by way of a pool', '', () => measure('small', prose(16), inTurn, {})),
  await workers(),
];
process.stdout.write(JSON.stringify(rows), () => process.exit(0));
