// Many at once, and what is left of them.

import { assert, at, equal, input, plugin, requests, send, turn } from './lib.mjs';

/** In browsers memories are few: 124 at once in one process of Chromium. */
const manyPlugins = (env) => (env.browser ? 80 : 200);

async function atOnce(env) {
  const { home } = env.origins;
  const before = env.api.coreStats();
  await env.control('forget');
  const count = manyPlugins(env);
  const plugins = await Promise.all(Array.from({ length: count }, () => plugin(env)));
  const calls = plugins.flatMap((p, i) =>
    Array.from({ length: 5 }, async (_, j) => {
      const body = `plug-in ${i}, call ${j}, ${'x'.repeat(i)}`;
      const { status, text } = await send(p, at(home, '/status', { code: 200 + (i % 3), body }));
      equal(status, 200 + (i % 3), `the status of ${body}`);
      equal(text, body, 'the answer');
    }));
  await Promise.all(calls);
  equal((await requests(env, '/status')).length, count * 5, 'requests');
  equal(await env.control('running'), 0, 'requests that have not ended');
  await Promise.all(plugins.map((p) => p.close()));
  const after = env.api.coreStats();
  equal(after.plugins, before.plugins, 'plug-ins that the core knows');
  assert(after.memoryBytes - before.memoryBytes < 8 << 20, `the core has grown by ${after.memoryBytes - before.memoryBytes} bytes`);
  return { plugins: count, 'core grown by': after.memoryBytes - before.memoryBytes };
}

/** The same plug-in, over and over: nothing is left of a request. */
async function overAndOver(env) {
  const p = await plugin(env, { allowHttpResponseHeaders: true });
  const url = at(env.origins.home, '/bytes', { n: 10_000 });
  const round = async () => {
    for (let i = 0; i < 200; i++) await p.call('body', input(url));
  };
  await round();
  const before = env.api.coreStats().memoryBytes;
  await round();
  equal(env.api.coreStats().memoryBytes, before, "the core's memory after 200 more requests");
  await p.close();
}

/** A plug-in that nobody holds and nobody has closed goes away. */
async function dropped(env) {
  const before = env.api.coreStats().plugins;
  await (async () => {
    for (let i = 0; i < 10; i++) await send(await plugin(env), at(env.origins.home, '/status'));
  })();
  for (let i = 0; i < 100 && env.api.coreStats().plugins > before; i++) {
    globalThis.gc();
    await turn();
  }
  equal(env.api.coreStats().plugins, before, 'plug-ins that were dropped');
}

/** While a guest waits for an answer the page goes on. */
async function frames(env) {
  const p = await plugin(env);
  const call = send(p, at(env.origins.home, '/held', { gate: 'frames' }));
  await env.control('arrived', { gate: 'frames' });
  let longest = 0;
  let count = 0;
  const start = performance.now();
  let last = start;
  while (last - start < 2000) {
    await new Promise((resolve) => requestAnimationFrame(resolve));
    const now = performance.now();
    longest = Math.max(longest, now - last);
    last = now;
    count++;
  }
  await env.control('open', { gate: 'frames' });
  equal((await call).text, 'released', 'the answer');
  await p.close();
  assert(longest < 500, `${longest} ms without a frame`);
  return { frames: count, 'longest gap in ms': Math.round(longest * 10) / 10 };
}

export const manyScenarios = [
  { name: 'many plug-ins at once', run: atOnce },
  { name: 'one plug-in over and over', run: overAndOver },
  { name: 'plug-ins that were dropped', where: 'gc', run: dropped },
  { name: 'frames while a guest waits', inPages: true, run: frames },
];
