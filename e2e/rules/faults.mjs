// Faults of every kind at random, through thousands of calls: each call settles once,
// rightly, and a clean call after each fault succeeds.

import { Innocent, assert, equal, random, silent, tally } from './lib.mjs';

const suspends = typeof WebAssembly.Suspending === 'function';
const CALLS = 10_000;
const AT_ONCE = 4; // calls of one plug-in that are under way together
const PLUGINS = 5;

/** What may happen to a call; each gives what its caller is to get. */
const faults = {
  nothing: { name: 'echo', host: (text) => text, want: (text) => text },
  'a throw': { name: 'stubborn', host() { throw new Fault('thrown'); }, want: () => 'thrown' },
  'a trap': { name: 'trap', host: (text) => text, want: () => 'TRAP' },
  'a function that is not there': { name: 'nowhere', host: (text) => text, want: () => 'FUNCTION_NOT_FOUND' },
  ...(suspends && {
    'a wait': { name: 'echo', host: (text, ms) => later(ms, text), want: (text) => text },
    'a rejection': { name: 'stubborn', host: (_, ms) => later(ms).then(() => { throw new Fault('rejected'); }), want: () => 'rejected' },
    'a trap after a wait': { name: 'trap', host: (text, ms) => later(ms, text), want: () => 'TRAP' },
    'a signal': { name: 'stubborn', host: () => new Promise(() => {}), want: () => 'aborted', abort: true },
    'a signal that may be late': { name: 'echo', host: (text, ms) => later(ms, text), want: (text) => `${text} or aborted`, abort: true },
  }),
};

class Fault extends Error {}

const later = (ms, value) => new Promise((resolve) => setTimeout(resolve, ms, value));

/** One plug-in whose host function does what the input says. */
async function victim(env) {
  const pair = (_, a, b) => [a, b];
  const same = (_, v) => v;
  return env.api.createPlugin(await env.guest('suspend'), {
    logger: silent,
    functions: {
      'extism:host/user': {
        echo(context, at) {
          const text = context.read(at).text();
          const [what, ms] = text.split('|');
          const result = faults[what].host(text, Number(ms));
          return typeof result === 'string' ? context.store(result) : result.then((t) => context.store(t));
        },
      },
      user: { nothing() {}, i32: same, i64: same, f32: same, f64: same, pair },
    },
  });
}

/** One call with what its caller got. It counts how often it is settled. */
async function attempt(plugin, what, text, ms, settled) {
  const fault = faults[what];
  const controller = new AbortController();
  if (fault.abort) setTimeout(() => controller.abort(new Fault('aborted')), ms);
  const call = fault.abort ? plugin.call(fault.name, text, null, { signal: controller.signal }) : plugin.call(fault.name, text);
  call.then(() => settled.count++, () => settled.count++);
  const got = await call.then((output) => output?.text() ?? '', (error) => error.code ?? error.message);
  const want = fault.want(text);
  assert(got === want || want.split(' or ').includes(got), () => `${what}: got ${got}, want ${want}`);
}

async function atRandom(env) {
  const innocent = await Innocent.create(env);
  const next = random(1126);
  const { counts, add } = tally();
  const settled = { count: 0 };
  const names = Object.keys(faults);
  const plugins = await Promise.all(Array.from({ length: PLUGINS }, () => victim(env)));
  let calls = 0;
  await Promise.all(plugins.map(async (plugin, p) => {
    while (calls < CALLS) {
      const batch = Array.from({ length: AT_ONCE }, () => {
        const what = names[Math.floor(next() * names.length)];
        const ms = Math.floor(next() * 3);
        add(what);
        calls++;
        return attempt(plugin, what, `${what}|${ms}|${calls}`, ms, settled);
      });
      calls++;
      await Promise.all([...batch, attempt(plugin, 'nothing', `nothing|0|${calls}`, 0, settled)]);
      if (next() < 0.01) {
        await plugin.close();
        plugin = plugins[p] = await victim(env);
      }
    }
  }));
  equal(settled.count, calls, 'how often calls were settled');
  await innocent.check('all of it');
  await Promise.all(plugins.map((plugin) => plugin.close()));
  await innocent.close();
  return { calls, ...counts };
}

export const atRandomTimes = [{ name: 'faults of every kind at random', rule: 5, run: atRandom }];
