// Many calls, malformed modules, wild arguments, and the ends of plug-ins and of
// memory.

import { Innocent, Skip, assert, equal, long, longs, random, refusal, rejection, show, silent, tally, turn } from './lib.mjs';

const CALLS = 100_000;

/** Two plug-ins take turns, and from inside their calls call a third and a fourth. */
async function interleaved(env) {
  const calls = { total: 0, inner: 0 };
  const third = await Innocent.create(env);
  const started = [];
  const make = async () =>
    env.api.createPlugin(await env.guest('work'), {
      functions: {
        'extism:host/user': {
          work(_, seed) {
            if (calls.total++ % 4 === 0) {
              calls.inner++;
              started.push(third.plugin.call('count'));
            }
            return seed + 1n;
          },
        },
      },
    });
  const pair = [await make(), await make()];
  const next = random(7);
  let answered = 0n;
  for (let i = 0; i < CALLS; i++) {
    const seed = BigInt(Math.floor(next() * 1e9));
    const length = 8 * (1 + Math.floor(next() * (i % 64 === 0 ? 4000 : 40))); // garbage for both collectors
    const answer = long(await pair[i & 1].call('work', longs(length, seed)));
    equal(answer, seed + 1n, `call ${i}`);
    for (const n of await Promise.all(started.splice(0))) equal(long(n), ++answered, `inner call ${answered}`);
    if (i % 1000 === 0) await turn();
    if (i % 4000 === 0) globalThis.gc?.();
  }
  third.count = answered;
  await third.check('the interleaving');
  const { memoryBytes } = env.api.coreStats();
  for (const p of pair) await p.close();
  await third.close();
  return { calls: CALLS, 'calls inside them': calls.inner, 'core KiB': memoryBytes >> 10 };
}

/** A module with bits flipped, or cut off: refused, or it runs and traps as it may. */
async function malformed(env) {
  const innocent = await Innocent.create(env);
  const whole = await env.guest('count');
  if (whole instanceof WebAssembly.Module) throw new Skip('modules are compiled beforehand here');
  const next = random(11);
  const { counts, add } = tally();
  for (let i = 0; i < 500; i++) {
    const bytes = i % 2 ? whole.slice(0, Math.floor(next() * whole.length)) : whole.slice();
    if (i % 2 === 0) for (let k = 0; k <= i % 3; k++) bytes[Math.floor(next() * bytes.length)] ^= 1 << Math.floor(next() * 8);
    const error = await env.api.createPlugin(bytes).then(
      (p) => p.close(),
      (e) => e,
    );
    if (error) {
      assert(error instanceof env.api.ExtismError, () => `variant ${i}: ${show(error)}`);
      assert(['INVALID_WASM', 'UNRESOLVED_IMPORT', 'INSTANTIATION', 'TRAP'].includes(error.code), () => `variant ${i}: ${show(error)}`);
      assert(error.message.length > 10 && error.module !== undefined, () => `variant ${i}: ${show(error)} names nothing`);
    }
    add(error?.code ?? 'valid');
    if (i % 20 === 0) await innocent.check(`variant ${i}`);
    if (i % 50 === 0) await turn();
  }
  await innocent.close();
  return counts;
}

/** Every function of the environment with wild arguments. */
async function wild(env) {
  const innocent = await Innocent.create(env);
  const victim = await env.api.createPlugin(await env.guest('fuzz'), { useWasi: true, logLevel: 'trace', logger: silent });
  const { counts, add } = tally();
  for (let i = 0; i < 60; i++) {
    const code = await victim.call('fuzz', longs(i * 7919 + 1, 100)).then(
      () => 'ok',
      (e) => e.code ?? show(e),
    );
    assert(!['INTERNAL', 'CORE_CRASHED', 'BUSY'].includes(code), () => `seed ${i}: ${code}`);
    add(code);
    if (i % 10 === 0) await innocent.check(`seed ${i}`);
    if (i % 20 === 0) await turn();
  }
  await victim.close();
  await innocent.close();
  return counts;
}

/** Closing a plug-in inside its own call, and using what is left of a closed one. */
async function closing(env) {
  const innocent = await Innocent.create(env);
  let plugin;
  const user = (_, v) => (plugin.close(), v);
  plugin = await env.api.createPlugin(await env.guest('user'), {
    functions: { 'extism:host/user': { i64: user, i32: user, f64: user, nothing: () => user() } },
  });
  const instance = await plugin.getInstance();
  const first = await plugin.call('i64').then(
    () => 'an output',
    (e) => e.code ?? show(e),
  );
  assert(['an output', 'CLOSED'].includes(first), () => `a call that closes: ${first}`);
  await refusal(env, 'a call after it', plugin.call('i64'), 'CLOSED');
  await rejection('an export of a closed plug-in', async () => instance.exports.then_var());
  await innocent.check('closing');
  await innocent.close();
  return { first };
}

/** Errors and vars of a size that the core could not hold, at a guest's wish. */
async function huge(env) {
  const innocent = await Innocent.create(env);
  const { counts, add } = tally();
  const complainer = await env.api.createPlugin(await env.guest('complain'));
  for (const size of [1 << 20, 1 << 28, 0xf0000000]) {
    for (const f of ['fails', 'traps']) {
      // Where there is no room for the block there is no error, either.
      const error = await refusal(env, `${f}, ${size}`, complainer.call(f, longs(size)), 'PLUGIN_ERROR', 'NON_ZERO_EXIT', 'TRAP');
      assert(error.message.length < 70_000, () => `${f}, ${size}: a message of ${error.message.length} characters`);
      add(error.code);
    }
    await innocent.check(`an error of ${size} bytes`);
  }
  await complainer.close();

  const bytes = new Uint8Array(1 << 28);
  const name = 'n'.repeat(1 << 24);
  let work;
  const plugin = await env.api.createPlugin(await env.guest('user'), {
    functions: { 'extism:host/user': { i64: (_, v) => v, i32: (_, v) => v, f64: (_, v) => v, nothing: (context) => work(context) } },
  });
  const large = {
    'a large value': (context) => context.setVariable('v', bytes),
    'a large name': (context) => context.setVariable(name, 'v'),
  };
  for (work of Object.values(large)) await refusal(env, 'a large var', plugin.call('nothing'), 'VARS_FULL');
  work = (context) => {
    equal(context.getVariable(name), null, 'a var of a large name');
    context.deleteVariable(name);
    context.setVariable('v', bytes.subarray(0, 1_000_000));
    equal(context.getVariable('v').byteLength, 1_000_000, 'a var that fits');
  };
  await plugin.call('nothing');
  await innocent.check('large vars');
  const { memoryBytes } = env.api.coreStats();
  assert(memoryBytes <= 32 << 20, `the core has grown to ${memoryBytes} bytes`);
  await plugin.close();
  await innocent.close();
  return { ...counts, 'core KiB': memoryBytes >> 10 };
}

/** Many alive at once, and then as many as there is memory for. */
async function exhaustion(env) {
  if (env.runtime !== 'web') throw new Skip('only in browsers are memories few');
  const innocent = await Innocent.create(env);
  const guest = await env.guest('count');
  const alive = [];
  for (let i = 0; i < 50; i++) alive.push(await env.api.createPlugin(guest));
  for (const p of alive) equal(long(await p.call('count')), 1n, 'the first count of each');
  let error;
  while (!error && alive.length < 2000) await env.api.createPlugin(guest).then((p) => alive.push(p), (e) => (error = e));
  assert(error instanceof env.api.ExtismError && error.code === 'INSTANTIATION', () => `running out: ${show(error)}`);
  assert(/memory/i.test(error.message), () => `running out: ${show(error)}`);
  await innocent.check('running out');
  for (const p of alive) assert(long(await p.call('count')) > 0n, 'one that is alive does not answer');
  const most = alive.length;
  for (const p of alive.splice(0)) await p.close();
  const again = await env.api.createPlugin(guest);
  equal(long(await again.call('count')), 1n, 'a plug-in after some were closed');
  await again.close();
  await innocent.close();
  return { most, error: error.message };
}

export const inputs = [
  { name: 'plug-ins, collections and host functions interleaved', rule: 1, run: interleaved },
  { name: 'malformed modules', rule: 8, run: malformed },
  { name: 'wild arguments', rule: 3, run: wild },
  { name: 'errors and vars of huge size', rule: 6, run: huge },
  { name: 'closing inside a call', rule: 6, run: closing },
  { name: 'running out of memories', rule: 7, run: exhaustion },
];
