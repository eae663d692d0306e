// Rules 3 and 8: what a host hands in, however deep, wrong or hostile.

import { Innocent, assert, equal, refusal, rejection, show, silent, tally } from './lib.mjs';

const MILLION = 1_000_000;

/** An object nested as deep as memory allows, made without recursion. */
function nested(levels, wrap) {
  let value = {};
  for (let i = 0; i < levels; i++) value = wrap(value);
  return value;
}

/** A million levels of nesting, wherever JSON or an object can come in. */
async function nesting(env) {
  const innocent = await Innocent.create(env);
  const count = await env.guest('count');
  const { counts, add } = tally();
  const objects = nested(MILLION, (value) => ({ value }));
  const arrays = nested(MILLION, (value) => [value]);
  const open = (head, tail = '') => head + '['.repeat(MILLION) + tail;
  const texts = {
    'unclosed arrays': open('{"wasm":'),
    'unclosed objects': '{"a":'.repeat(MILLION),
    'closed arrays': open('{"wasm":', ']'.repeat(MILLION) + '}'),
    'closed objects': '{"config":' + '{"a":'.repeat(MILLION) + '1' + '}'.repeat(MILLION) + '}',
    'arrays in config': open('{"wasm":[],"config":{"k":', ']'.repeat(MILLION) + '}}'),
  };
  const given = {
    'nested manifest': () => env.api.createPlugin(objects),
    'nested wasm': () => env.api.createPlugin({ wasm: arrays }),
    'nested config of a manifest': () => env.api.createPlugin({ wasm: [{ data: count }], config: objects }),
    'nested config': () => env.api.createPlugin(count, { config: { key: objects } }),
    'nested allowed hosts': () => env.api.createPlugin(count, { allowedHosts: arrays }),
    'nested functions': () => env.api.createPlugin(count, { functions: objects }),
  };
  if (!env.edge) given['only brackets'] = () => env.api.createPlugin('['.repeat(MILLION));
  for (const [what, text] of Object.entries(texts)) {
    given[`text, ${what}`] = () => env.api.createPlugin(text);
    const fetch = async () => new Response(text, { headers: { 'content-type': 'application/json' } });
    given[`fetched, ${what}`] = () => env.api.createPlugin('https://example.test/manifest.json', { fetch });
    given[`a Response, ${what}`] = () => env.api.createPlugin(new Response(text, { headers: { 'content-type': 'text/json' } }));
  }
  for (const [what, create] of Object.entries(given)) {
    const error = await refusal(env, what, create);
    assert(!['CORE_CRASHED', 'INTERNAL'].includes(error.code), () => `${what}: ${show(error)}`);
    assert(error.message.length < 5000, `${what}: a message of ${error.message.length} characters`);
    await innocent.check(what);
    add(error.code);
  }
  const { memoryBytes } = env.api.coreStats();
  assert(memoryBytes < 256 << 20, `the core has grown to ${memoryBytes} bytes`);
  await innocent.close();
  return { ...counts, 'core MiB': Math.round(memoryBytes / 2 ** 20) };
}

/** Objects on which a program that looks at them breaks. */
function hostile(fail) {
  const everyTrap = new Proxy({}, { get: () => fail });
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const revokedArray = Proxy.revocable([], {});
  revokedArray.revoke();
  return {
    'a throwing getter': (keys) => Object.defineProperties({}, Object.fromEntries(keys.map((k) => [k, { enumerable: true, get: fail }]))),
    'a proxy that throws': () => new Proxy({}, everyTrap),
    'a proxy of a function that throws': () => new Proxy(() => {}, everyTrap),
    'a proxy of an array that throws': () => new Proxy([], everyTrap),
    'a revoked proxy': () => revoked.proxy,
    'a revoked proxy of an array': () => revokedArray.proxy,
    'an object that throws as text': () => ({ toString: fail, valueOf: fail, toJSON: fail, [Symbol.toPrimitive]: fail }),
    'a throwing tag': () => Object.defineProperty({}, Symbol.toStringTag, { get: fail }),
    'a throwing constructor': () => Object.defineProperty({}, 'constructor', { get: fail, enumerable: true }),
    'a false buffer': () => ({ [Symbol.toStringTag]: 'ArrayBuffer', byteLength: 5 }),
    'a false Response': () => ({ constructor: { name: 'Response' }, get headers() { return fail(); } }),
    'a proxy of a Response': () => new Proxy(new Response('x'), {}),
    'a proxy of bytes': () => new Proxy(new Uint8Array(4), {}),
    'a proxy of bytes that throws': () => new Proxy(new Uint8Array(4), everyTrap),
    'a circle': () => { const o = {}; o.o = o; return o; },
    'a symbol': () => Symbol('s'),
    'a BigInt': () => 1n,
    'a function': () => () => {},
    'a thenable that throws': () => ({ then: fail }),
    'a number': () => NaN,
    'a class': () => class {},
    'a throwing array': () => Object.defineProperty([1], 0, { get: fail, enumerable: true }),
    'an iterator that throws': () => ({ [Symbol.iterator]: fail, length: 3 }),
  };
}

const KEYS = ['wasm', 'config', 'memory', 'data', 'url', 'name', 'hash', 'functions', 'logger', 'useWasi', 'fetch', 'info', 'then'];

/** Never a crash, never a hang: an ExtismError, the user's own error, or success. */
async function hostileObjects(env) {
  const innocent = await Innocent.create(env);
  const count = await env.guest('count');
  const own = new Error('of the user');
  const fail = () => {
    throw own;
  };
  const user = await env.guest('user');
  const functions = { 'extism:host/user': { i64: (_, v) => v, i32: () => 0, f64: () => 0, nothing() {} } };
  const plugin = await env.api.createPlugin(user, { functions, logger: silent, logLevel: 'trace' });
  let inject;
  const carrier = await env.api.createPlugin(user, {
    functions: { 'extism:host/user': { ...functions['extism:host/user'], i64: (context, at) => inject(context, at) } },
  });
  const create = (manifest, options) => env.api.createPlugin(manifest, options).then((p) => p.close());
  const inContext = (use) => (value) => {
    inject = (context) => {
      use(context, value);
      return 0n;
    };
    return carrier.call('i64');
  };
  const ways = {
    manifest: (v) => create(v),
    'a promise of the manifest': (v) => create((async () => v)()),
    'manifest.wasm': (v) => create({ wasm: v }),
    'an item of wasm': (v) => create({ wasm: [v] }),
    'wasm.data': (v) => create({ wasm: [{ data: v }] }),
    'wasm.url': (v) => create({ wasm: [{ url: v }] }),
    'wasm.name': (v) => create({ wasm: [{ data: count, name: v }] }),
    'manifest.config': (v) => create({ wasm: [{ data: count }], config: v }),
    'manifest.memory': (v) => create({ wasm: [{ data: count }], memory: v }),
    options: (v) => create(count, v),
    config: (v) => create(count, { config: v }),
    'a value of config': (v) => create(count, { config: { key: v } }),
    functions: (v) => create(count, { functions: v }),
    'a namespace': (v) => create(count, { functions: { env: v } }),
    'a function': (v) => create(count, { functions: { env: { f: v } } }),
    logger: (v) => create(user, { functions, logger: v, logLevel: 'info' }),
    'a called logger': async (v) => {
      const p = await env.api.createPlugin(user, { functions, logger: v, logLevel: 'info' });
      await p.call('log').finally(() => p.close());
    },
    "a logger's method": async (v) => {
      const p = await env.api.createPlugin(user, { functions, logger: { info: v }, logLevel: 'info' });
      await p.call('log').finally(() => p.close());
    },
    fetch: (v) => create('https://example.test/x.wasm', { fetch: v }),
    "fetch's result": (v) => create('https://example.test/x.wasm', { fetch: () => v }),
    logLevel: (v) => create(count, { logLevel: v }),
    useWasi: (v) => create(count, { useWasi: v }),
    input: (v) => plugin.call('nothing', v),
    'function name': (v) => plugin.call(v, ''),
    'host context': (v) => plugin.call('nothing', '', v),
    functionExists: (v) => plugin.functionExists(v),
    'context.store': inContext((c, v) => c.store(v)),
    'context.alloc': inContext((c, v) => c.alloc(v)),
    'context.read': inContext((c, v) => c.read(v)),
    'context.free': inContext((c, v) => c.free(v)),
    'context.setError': inContext((c, v) => c.setError(v)),
    'context.setVariable': inContext((c, v) => c.setVariable(v, 'x')),
    "a var's value": inContext((c, v) => c.setVariable('x', v)),
    'context.getVariable': inContext((c, v) => c.getVariable(v)),
    'context.deleteVariable': inContext((c, v) => c.deleteVariable(v)),
  };
  const { counts, add } = tally();
  const odd = [];
  for (const [way, use] of Object.entries(ways)) {
    for (const [what, make] of Object.entries(hostile(fail))) {
      const outcome = await within(5000, (async () => use(make(KEYS)))(), own, env);
      // These fail in the engine, before or outside of anything that we could wrap.
      const engines = outcome === 'TypeError' && (way.startsWith('context.') || way.includes('logger') || /manifest$/.test(way) || way === 'host context');
      if (!['fine', 'ExtismError', 'own'].includes(outcome) && !engines) odd.push(`${what} as ${way}: ${outcome}`);
      add(engines ? 'TypeError' : outcome);
      const wrong = await innocent.trouble();
      if (wrong) odd.push(`${what} as ${way}: ${wrong}`);
    }
    equal((await plugin.call('nothing')).byteLength, 8, `the answer after ${way}`);
  }
  assert(odd.length === 0, () => `${odd.length}: ${odd.slice(0, 40).join('; ')}`);
  for (const p of [innocent, plugin, carrier]) await p.close();
  return counts;
}

/** How something ends, or that it does not. */
async function within(ms, promise, own, env) {
  let timer;
  const late = new Promise((resolve) => (timer = setTimeout(resolve, ms, 'it hangs')));
  const outcome = promise.then(
    () => 'fine',
    (error) => {
      if (error === own) return 'own';
      if (!(error instanceof env.api.ExtismError)) return error?.constructor?.name ?? 'something';
      return ['CORE_CRASHED', 'INTERNAL', 'BUSY'].includes(error.code) ? `${error.code} ${error.message}` : 'ExtismError';
    },
  );
  try {
    return await Promise.race([outcome, late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Texts at the borders of lengths, and too long ones. */
async function texts(env) {
  const innocent = await Innocent.create(env);
  const { plugin } = innocent;
  const { counts, add } = tally();
  await refusal(env, 'an empty name', plugin.call(''), 'FUNCTION_NOT_FOUND');
  for (const name of ['a\0b', '__proto__', 'constructor', 'toString', 'memory', '\ud800', 'é'.repeat(1000), 'x'.repeat(1 << 24)]) {
    await refusal(env, `the name ${name.slice(0, 20)}`, plugin.call(name), 'FUNCTION_NOT_FOUND', 'NOT_A_FUNCTION', 'INVALID_INPUT');
    await innocent.check('a name');
    add('names');
  }
  const bytes = new TextEncoder();
  for (const size of [0, 1, 47, 48, 49, 1023, 1024, 1025, 3071, 3072, 3073, 65535, 65536, 65537, 1 << 20]) {
    for (const c of ['x', 'é', '€', '😀', '\ud800']) {
      const text = c.repeat(size);
      const got = (await plugin.call('echo', text))?.bytes() ?? new Uint8Array();
      const want = bytes.encode(text);
      assert(got.length === want.length && got.every((b, i) => b === want[i]), `${size} times ${JSON.stringify(c)} comes back wrong`);
      add('inputs');
    }
  }
  await innocent.close();
  return counts;
}

export const given = [
  { name: 'a million levels of nesting', rule: 8, run: nesting },
  { name: 'hostile objects', rule: 3, run: hostileObjects },
  { name: 'texts of any length', rule: 3, run: texts },
];
