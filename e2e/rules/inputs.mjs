// Rules 1, 3 and 8, and whatever else may be handed in: manifests, options, modules
// and arguments that are wrong, hostile or huge.

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
  assert(memoryBytes <= 12 << 20, `the core has grown to ${memoryBytes} bytes`);
  for (const p of pair) await p.close();
  await third.close();
  return { calls: CALLS, 'calls inside them': calls.inner, 'core KiB': memoryBytes >> 10 };
}

const MILLION = 1_000_000;

/** Nesting that data chooses, a million levels deep. */
async function nesting(env) {
  const innocent = await Innocent.create(env);
  const nested = (n) => {
    let value = {};
    for (let i = 0; i < n; i++) value = { a: value };
    return value;
  };
  const codes = ['INVALID_MANIFEST', 'INVALID_INPUT'];
  const json = (open, close) => `{"wasm":${open.repeat(MILLION)}${close.repeat(MILLION)}}`;
  const url = (text) => URL.createObjectURL(new Blob([text], { type: 'application/json' }));
  const cases = {
    'a text of arrays': () => env.api.createPlugin(json('[', ']')),
    'a text of open arrays': () => env.api.createPlugin(json('[', '')),
    'a text of open objects': () => env.api.createPlugin('{"a":'.repeat(MILLION)),
    'an object': () => env.api.createPlugin({ wasm: [nested(MILLION)] }),
    'nested config': () => env.api.createPlugin({ wasm: [{ data: '' }], config: nested(MILLION) }),
    'nested options': async () => env.api.createPlugin(await env.guest('count'), { config: nested(MILLION) }),
    'an object of 65 levels': () => env.api.createPlugin({ wasm: [nested(65)] }),
    'fetched JSON': () => env.api.createPlugin(url(json('[', ']'))),
  };
  for (const [what, f] of Object.entries(cases)) {
    await refusal(env, what, f, ...codes);
    await innocent.check(what);
  }
  await innocent.close();
  return { cases: Object.keys(cases).length };
}

/** Objects that throw when they are looked at. */
function hostile() {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const fail = () => {
    throw new Error('hostile');
  };
  const traps = Object.fromEntries(Object.getOwnPropertyNames(Reflect).map((name) => [name, fail]));
  return {
    'a revoked proxy': revoked.proxy,
    'a proxy that throws': new Proxy({}, traps),
    'a throwing getter': Object.defineProperty({}, 'wasm', { enumerable: true, get: fail }),
    'throwing conversions': { toString: fail, valueOf: fail, toJSON: fail, [Symbol.toPrimitive]: fail },
    'a throwing tag': Object.defineProperty({}, Symbol.toStringTag, { get: fail }),
    'a thenable that throws': { then: fail },
    'a number': 5,
    'a symbol': Symbol('s'),
    'a function': () => {},
    'a BigInt': 5n,
    'a cycle': (() => {
      const a = {};
      a.a = a;
      return a;
    })(),
  };
}

/** In each place where a user's value goes in. The caller gets an error of some kind, and nothing else happens. */
async function hostileValues(env) {
  const innocent = await Innocent.create(env);
  const guest = await env.guest('count');
  const { createPlugin } = env.api;
  const plugin = await createPlugin(guest);
  const places = {
    manifest: (v) => createPlugin(v),
    module: (v) => createPlugin({ wasm: [v] }),
    data: (v) => createPlugin({ wasm: [{ data: v }] }),
    url: (v) => createPlugin({ wasm: [{ url: v }] }),
    'manifest.config': (v) => createPlugin({ wasm: [{ data: guest }], config: v }),
    'a config value': (v) => createPlugin({ wasm: [{ data: guest }], config: { a: v } }),
    options: (v) => createPlugin(guest, v),
    'options.config': (v) => createPlugin(guest, { config: { a: v } }),
    'options.functions': (v) => createPlugin(guest, { functions: { a: { b: v } } }),
    'options.logLevel': (v) => createPlugin(guest, { logLevel: v }),
    'options.fetch': (v) => createPlugin('http://127.0.0.1:1/', { fetch: v }),
    'a result of fetch': (v) => createPlugin('http://127.0.0.1:1/', { fetch: () => v }),
    input: (v) => plugin.call('echo', v),
    'a function name': (v) => plugin.call(v, ''),
  };
  const { counts, add } = tally();
  for (const [place, use] of Object.entries(places)) {
    for (const [what, value] of Object.entries(hostile())) {
      const where = `${what} as ${place}`;
      try {
        const p = await Promise.race([use(value), turn().then(turn).then(turn).then(() => new Promise((r) => setTimeout(r, 2000, 'late')))]);
        assert(p !== 'late', `${where}: no answer`);
        add('harmless');
      } catch (error) {
        assert(error instanceof Error || error === value, () => `${where}: ${show(error)}`);
        if (error instanceof env.api.ExtismError) assert(!['INTERNAL', 'CORE_CRASHED'].includes(error.code), () => `${where}: ${show(error)}`);
        add(error instanceof env.api.ExtismError ? error.code : 'its own');
      }
      await innocent.check(where);
    }
  }
  equal((await plugin.call('echo', 'still')).text(), 'still', 'the answer of the plug-in itself');
  await plugin.close();
  await innocent.close();
  return counts;
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
  { name: 'a million levels of nesting', rule: 8, run: nesting },
  { name: 'hostile values in every place', rule: 3, run: hostileValues },
  { name: 'malformed modules', rule: 8, run: malformed },
  { name: 'wild arguments', rule: 3, run: wild },
  { name: 'closing inside a call', rule: 6, run: closing },
  { name: 'running out of memories', rule: 7, run: exhaustion },
];
