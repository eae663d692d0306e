// What is closed, or only dropped, is gone: objects of JavaScript, plug-ins of the
// core, instances and memories of the engine.

import { Skip, assert, equal, silent, turn } from './lib.mjs';

const ROUNDS = 40;
const AT_ONCE = 10;

/** Everything that a plug-in can hold on to. */
async function use(env, i) {
  const functions = {
    'extism:host/user': { echo: (context, at) => context.store(context.read(at).bytes()) },
    user: { nothing() {}, i32: (_, v) => v, i64: (_, v) => v, f32: (_, v) => v, f64: (_, v) => v, pair: (_, a, b) => [a, b] },
  };
  const vars = env.api.stores.map(new Map());
  const plugin = await env.api.createPlugin(await env.guest('suspend'), { functions, vars, logger: silent, name: `plugin ${i}` });
  const output = await plugin.call('echo', `input ${i}`, { i });
  equal(output.text(), `input ${i}`, 'the echo');
  return plugin;
}

/** Waits until the collector has got all that these refer to. */
async function collected(refs, what) {
  if (!globalThis.gc) throw new Skip('nobody can ask the collector here');
  for (let i = 0; i < 100 && refs.some((r) => r.deref()); i++) {
    await turn(); // who has been looked at lives on until here
    globalThis.gc();
  }
  equal(refs.filter((r) => r.deref()).length, 0, `${what} that are still there`);
}

/** The life of one plug-in, in a function of its own: engines keep what was in their frames. */
async function life(env, i, end, refs) {
  const plugin = await use(env, i);
  refs.push(new WeakRef(plugin), new WeakRef(await plugin.getInstance()));
  await end(plugin);
}

/** Makes and ends plug-ins, and compares what the core uses before and after. */
async function many(env, end) {
  const refs = [];
  let before = 0;
  for (let round = 0; round < ROUNDS; round++) {
    await Promise.all(Array.from({ length: AT_ONCE }, (_, i) => life(env, i, end, refs)));
    if (round === ROUNDS / 4) before = env.api.coreStats().memoryBytes;
  }
  return { refs, before };
}

async function closed(env) {
  const start = env.api.coreStats()?.plugins ?? 0;
  const { refs, before } = await many(env, (plugin) => plugin.close());
  const stats = env.api.coreStats();
  equal(stats.plugins, start, 'plug-ins of the core');
  assert(stats.memoryBytes <= before + (1 << 20), () => `the core has grown from ${before} to ${stats.memoryBytes} bytes`);
  await collected(refs, 'closed plug-ins and their instances');
  return { plugins: ROUNDS * AT_ONCE, memoryBytes: stats.memoryBytes };
}

async function dropped(env) {
  const start = env.api.coreStats()?.plugins ?? 0;
  const { refs } = await many(env, () => {});
  await collected(refs, 'dropped plug-ins and their instances');
  for (let i = 0; i < 100 && env.api.coreStats().plugins > start; i++) {
    globalThis.gc();
    await turn();
  }
  equal(env.api.coreStats().plugins, start, 'plug-ins of the core');
  return { plugins: ROUNDS * AT_ONCE };
}

export const leaks = [
  { name: 'nothing is left of closed plug-ins', rule: 6, run: closed },
  { name: 'nothing is left of dropped plug-ins', rule: 6, run: dropped },
];
