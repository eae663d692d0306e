// Scenarios of pools of real plug-ins, for every runtime. A scenario gets an
// environment as those of rules/ do, and throws if something is not as it should be.

import { assert, caught, equal, long, random, refusal, rejection, show, silent, tally, turn } from './rules/lib.mjs';

const later = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** A pool of the guest in pool_test.go, whose function "ask" is what the test says. */
async function createPool(env, ask, { api = env.api, ...options } = {}) {
  return api.createPool(await env.guest('pool'), { logger: silent, functions: { 'extism:host/user': { ask } }, ...options });
}

const echo = (context, at) => context.store(context.read(at).bytes());
const never = () => new Promise(() => {});

/** Waits until something holds. */
async function until(what, holds) {
  for (let i = 0; !holds(); i++) {
    assert(i < 2000, `waiting until ${what}`);
    await later(1);
  }
}

/** Guests that wait overlap, as many as there may be, and each call gets its own answer. */
async function overlap(env) {
  let now = 0;
  let most = 0;
  const pool = await createPool(env, async (context, at) => {
    most = Math.max(most, ++now);
    const text = context.read(at).text();
    equal(text, context.hostContext(), 'the host context');
    await later(2);
    now--;
    return context.store(text);
  }, { max: 4 });
  const ask = pool.function('ask', { input: env.api.codecs.text, output: env.api.codecs.text });
  const calls = Array.from({ length: 40 }, async (_, i) => equal(await ask(`call ${i}`, { hostContext: `call ${i}` }), `call ${i}`, 'an answer'));
  await Promise.all(calls);
  const { size, idle, created, calls: made, failures } = pool.stats;
  equal([most, size, idle, created, made, failures].join(), '4,4,4,4,40,0', 'the figures');
  await pool.drain();
  equal(pool.stats.size, 0, 'plug-ins that are left');
}

/** Guests that compute share one plug-in, and need no more. */
async function share(env) {
  const pool = await createPool(env, echo, { max: 4, functions: { 'extism:host/user': { ask: echo } } });
  const plain = await env.api.createPool(await env.guest('count'), { max: 4 });
  const counts = await Promise.all(Array.from({ length: 50 }, () => plain.call('count')));
  equal(counts.map(long).join(), Array.from({ length: 50 }, (_, i) => i + 1).join(), 'the counts');
  equal(plain.stats.created, 1, 'how many were made');
  // Where host functions might wait it is not known in time.
  await Promise.all(Array.from({ length: 50 }, () => pool.call('count')));
  assert(pool.stats.created <= 4, () => show(pool.stats));
  await plain.close();
  await pool.close();
}

async function uses(env) {
  const pool = await createPool(env, echo, { max: 2 });
  const count = async (plugin) => long(await plugin.call('count'));
  const totals = await Promise.all(Array.from({ length: 10 }, () => pool.use(async (plugin) => {
    const first = await count(plugin);
    await turn();
    return (await count(plugin)) - first;
  })));
  equal(totals.join(), Array(10).fill(1n).join(), 'what came in between');
  const own = new Error('mine');
  equal(await rejection('a use', pool.use(() => { throw own; })), own, 'its error');
  await pool.close();
}

async function failures(env) {
  let ask = echo;
  const pool = await createPool(env, (...args) => ask(...args), { max: 2 });
  const own = new Error('a host function');
  for (let i = 0; i < 20; i++) {
    equal((await rejection('a trap', pool.call('trap'))).code, 'TRAP', 'the code');
    for (const fail of [() => { throw own; }, () => turn().then(() => { throw own; })]) {
      ask = fail;
      equal((await caught('a host function', pool.call('ask', 'x'))).error, own, 'its error');
    }
    await refusal(env, 'no such function', pool.call('no_such_function'), 'FUNCTION_NOT_FOUND');
    await refusal(env, 'no input', pool.call('ask', 5), 'INVALID_INPUT');
    ask = echo;
    equal((await pool.call('ask', 'again')).text(), 'again', 'an answer');
  }
  equal([pool.stats.replaced, pool.stats.failures, pool.stats.busy].join(), '0,100,0', 'the figures');
  await pool.close();
}

/** The core dies while guests wait; all get fresh plug-ins. */
async function coreCrash(env) {
  if (!env.failing) return;
  const api = await env.failing();
  let ask = never;
  const pool = await createPool({ ...env, api }, (...args) => ask(...args), { max: 3 });
  for (const failure of ['EXIT', 'OVERFLOW']) {
    const before = pool.stats.replaced;
    ask = never;
    const waiting = [pool.call('ask', 'a'), pool.call('ask', 'b')].map((call) => rejection('a call on a dead core', call));
    await until('two wait', () => pool.stats.busy === 2);
    await turn();
    ask = echo;
    await pool.call('ask', 'c');
    api.arm('end', api.Failure[failure]);
    equal((await rejection('the killer', pool.call('count'))).code, 'CORE_CRASHED', 'the code');
    for (const call of waiting) equal((await call).code, 'CORE_CRASHED', 'the code of those that waited');
    for (let i = 0; i < 10; i++) equal((await pool.call('ask', `after it ${i}`)).text(), `after it ${i}`, 'an answer');
    equal(pool.stats.replaced - before, 3, `replaced after ${failure}`);
  }
  await pool.drain();
}

/** A panic in the core is a bug of ours, but no end; the plug-in is replaced. */
async function panic(env) {
  if (!env.failing) return;
  const api = await env.failing();
  const pool = await createPool({ ...env, api }, echo);
  for (let i = 0; i < 5; i++) {
    api.arm('begin', api.Failure.PANIC);
    equal((await rejection('a panic', pool.call('count'))).code, 'INTERNAL', 'the code');
    equal(long(await pool.call('count')), 1n, 'the count of a fresh one');
  }
  await pool.close();
}

async function signals(env) {
  let ask = never;
  const pool = await createPool(env, (...args) => ask(...args), { max: 2 });
  const reason = new Error('enough');
  for (let i = 0; i < 10; i++) {
    ask = never;
    const [running, waiting] = [new AbortController(), new AbortController()];
    const others = [new AbortController(), new AbortController()];
    const calls = [running, others[0], waiting, others[1]].map(({ signal }, n) =>
      caught(`call ${n}`, pool.call('ask', `${n}`, null, { signal })));
    await until('two run', () => pool.stats.busy === 2);
    waiting.abort(reason);
    equal((await calls[2]).error, reason, 'the reason of the one that waited');
    running.abort(reason);
    equal((await calls[0]).error, reason, 'the reason of the one that ran');
    for (const c of others) c.abort(reason);
    await Promise.all(calls);
    ask = echo;
    equal((await pool.call('ask', 'still here')).text(), 'still here', 'an answer');
  }
  equal(pool.stats.replaced, 0, 'replaced');
  await pool.close();
}

async function ends(env) {
  const before = env.api.coreStats()?.plugins ?? 0;
  for (const method of ['drain', 'close', Symbol.asyncDispose ?? Symbol.for('Symbol.asyncDispose')]) {
    let ask = never;
    let go = () => {};
    const wait = new Promise((resolve) => (go = resolve));
    if (method === 'drain') ask = async (...args) => (await wait, echo(...args));
    const pool = await createPool(env, ask, { max: 2 });
    const calls = Array.from({ length: 5 }, (_, i) => pool.call('ask', `${i}`).then((o) => o.text(), (e) => e.code));
    if (method !== 'close') await until('two run', () => pool.stats.busy === 2);
    const end = pool[method]();
    await refusal(env, 'a call after it', pool.call('count'), 'CLOSED');
    await refusal(env, 'a use after it', pool.use(() => 0), 'CLOSED');
    go();
    await end;
    equal((await Promise.all(calls)).join(), method === 'drain' ? '0,1,2,3,4' : Array(5).fill('CLOSED').join(), `the calls, ${String(method)}`);
    equal(pool.stats.size, 0, 'plug-ins of the pool');
  }
  equal(env.api.coreStats()?.plugins ?? 0, before, 'plug-ins that the core knows');
}

async function idle(env) {
  const pool = await createPool(env, async (...args) => (await later(1), echo(...args)), { max: 4, idleMs: 20 });
  await Promise.all(Array.from({ length: 8 }, () => pool.call('ask', 'x')));
  equal(pool.stats.size, 4, 'plug-ins after a burst');
  await until('the others are closed', () => pool.stats.size === 1);
  await pool.call('ask', 'x');
  equal([pool.stats.created, pool.stats.replaced].join(), '4,0', 'the figures');
  await pool.close();
}

async function refused(env) {
  const before = env.api.coreStats()?.plugins ?? 0;
  const guest = await env.guest('pool');
  await refusal(env, 'no ask', env.api.createPool(guest), 'UNRESOLVED_IMPORT');
  await refusal(env, 'no module', env.api.createPool(new Uint8Array([1, 2])), 'INVALID_WASM');
  await refusal(env, 'an unknown option', env.api.createPool(guest, { maximum: 5 }), 'INVALID_INPUT');
  await refusal(env, 'a wrong one', env.api.createPool(guest, { max: 0 }), 'INVALID_INPUT');
  equal(env.api.coreStats()?.plugins ?? 0, before, 'plug-ins that the core knows');
  // With min 0 it shows with the first call, and no call is kept waiting for more than that.
  const pool = await env.api.createPool(guest, { min: 0, max: 2 });
  const calls = [0, 1, 2].map(() => refusal(env, 'a call', pool.call('count'), 'UNRESOLVED_IMPORT'));
  await Promise.all(calls);
  equal(pool.stats.failures, 3, 'failures');
  await pool.close();
}

/** Where there are workers calls compute at the same time; where there are none it is said. */
async function workers(env) {
  const bytes = await env.guest('count');
  const { api } = env;
  if (!api.CAPABILITIES.hasWorkerCapability) {
    const error = await refusal(env, 'workers', api.createPool(bytes, { worker: true }), 'UNSUPPORTED');
    assert(error.message.includes('runInWorker'), () => show(error));
    return;
  }
  const pool = await api.createPool(bytes, { worker: true, min: 2, max: 2 });
  const counts = await Promise.all(Array.from({ length: 20 }, () => pool.call('count')));
  // Each worker counts its own calls. The faster one has more of them.
  const twice = counts.map(long).filter((n, i, all) => all.indexOf(n) < i).length;
  const most = counts.map(long).reduce((a, b) => (a > b ? a : b));
  assert(twice > 0 && most + BigInt(twice) === 20n, () => `the counts: ${counts.map(long)}`);
  const use = pool.use(async (plugin) => [await plugin.call('count'), await plugin.call('count')].map(long));
  const [first, second] = await use;
  equal(second - first, 1n, 'what a use has counted');
  equal([pool.stats.created, pool.stats.replaced].join(), '2,0', 'the figures');
  await pool.drain();

  // A guest that computes for ever can be stopped there, and takes nobody with it.
  const other = await createPool(env, echo, { worker: true, max: 2 });
  const controller = new AbortController();
  const reason = new Error('enough');
  const spinning = caught('a call that is stopped', other.call('spin', '', null, { signal: controller.signal }));
  equal((await other.call('ask', 'beside it')).text(), 'beside it', 'an answer');
  controller.abort(reason);
  equal((await spinning).error, reason, 'the reason');
  const again = Array.from({ length: 5 }, (_, i) => other.call('ask', `${i}`));
  equal((await Promise.all(again)).map((o) => o.text()).join(), '0,1,2,3,4', 'the answers after it');
  const last = other.call('spin').catch((error) => error.code);
  await turn();
  await other.close();
  equal(await last, 'CLOSED', 'a call when the pool is closed');
}

/** Everything at once, by chance; every call ends, and the pool is whole afterwards. */
async function chaos(env) {
  if (!env.failing) return;
  const api = await env.failing();
  const next = random(11);
  const own = new Error('by the host');
  const pool = await createPool({ ...env, api }, async (...args) => {
    const luck = next();
    if (luck < 0.5) await later(Math.floor(next() * 5));
    if (luck < 0.2) throw own;
    return echo(...args);
  }, { max: 4, maxQueue: 30, idleMs: 1 });
  const { counts, add } = tally();
  const calls = [];
  for (let i = 0; i < 600; i++) {
    const kind = ['ask', 'ask', 'ask', 'count', 'trap', 'crash', 'use'][Math.floor(next() * 7)];
    if (kind === 'crash' && next() < 0.2 && api.coreStats() && !api.core.dead) api.arm('end', api.Failure.EXIT);
    const call = kind === 'use'
      ? pool.use(async (plugin) => (await plugin.call('ask', `${i}`), await plugin.call('ask', `${i}`)))
      : pool.call(kind === 'crash' ? 'count' : kind, `${i}`);
    calls.push(call.then(
      (output) => {
        if (kind === 'ask' || kind === 'use') equal(output.text(), `${i}`, 'an answer');
        add('answers');
      },
      (error) => {
        assert(error === own || ['TRAP', 'CORE_CRASHED', 'BUSY'].includes(error.code), () => `call ${i}: ${show(error)}`);
        add(error.code ?? 'host');
      }));
    if (next() < 0.3) await later(1);
  }
  await Promise.all(calls);
  for (const what of ['answers', 'TRAP', 'CORE_CRASHED', 'host']) assert(counts[what] > 0, () => `${what}: ${show(counts)}`);
  await pool.call('count').catch(() => {}); // what was armed last may not have gone off
  for (let i = 0; i < 5; i++) equal((await pool.use((plugin) => plugin.call('count'))) !== null, true, 'a call afterwards');
  await pool.drain();
  equal(api.coreStats()?.plugins ?? 0, 0, 'plug-ins that the core knows');
}

const scenarios = {
  'guests that wait overlap': overlap,
  'guests that compute share a plug-in': share,
  'uses have a plug-in for themselves': uses,
  'failures that replace nothing': failures,
  'the core dies while guests wait': coreCrash,
  'the core panics': panic,
  'signals': signals,
  'drained and closed': ends,
  'idle plug-ins are closed': idle,
  'what makes no pool': refused,
  'workers': workers,
  'everything by chance': chaos,
};

/** @returns {Promise<{ name: string, error: string }[]>} */
export async function run(env) {
  const results = [];
  for (const [name, scenario] of Object.entries(scenarios)) {
    let error = '';
    try {
      await scenario(env);
    } catch (thrown) {
      error = String(thrown?.stack ?? thrown);
    }
    results.push({ name, error });
  }
  return results;
}
