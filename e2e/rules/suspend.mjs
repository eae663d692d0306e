// Rule 5: host functions that return promises, and guests that wait for them.

import { Innocent, assert, caught, equal, random, rejection, refusal, show, silent, tally, turn } from './lib.mjs';

/** Whether guests can wait here. Where they cannot, a promise is an error that says so. */
const suspends = typeof WebAssembly.Suspending === 'function';

const later = (value, ms = 0) => new Promise((resolve) => setTimeout(resolve, ms, value));

/** Echoes a block of the guest after some time. */
const slowEcho = (ms) => async (context, at) => {
  const bytes = context.read(at).bytes();
  await later(undefined, ms());
  return context.store(bytes);
};

const plain = {
  echo: (context, at) => context.store(context.read(at).bytes()),
  nothing() {},
  i32: (_, v) => v,
  i64: (_, v) => v,
  f32: (_, v) => v,
  f64: (_, v) => v,
  pair: (_, a, b) => [a, b],
};

/** The guest, with functions in place of the plain ones, as bytes or compiled. */
async function guest(env, functions, { compiled = false, name = 'suspend', ...options } = {}) {
  const { echo, ...user } = { ...plain, ...functions };
  const bytes = await env.guest(name);
  return env.api.createPlugin(compiled && bytes instanceof Uint8Array ? await WebAssembly.compile(bytes) : bytes, {
    logger: silent,
    ...options,
    functions: { 'extism:host/user': { echo }, user },
  });
}

const passed = async (plugin) => (await plugin.getInstance()).exports.passed.value;

/** Whoever returns a promise, and however: the guest gets what it is settled with. */
async function promises(env) {
  const innocent = await Innocent.create(env);
  const { counts, add } = tally();
  let n = 0;
  const ways = {
    'an async function': async (context, at) => plain.echo(context, at),
    'a function that returns a promise': (context, at) => later(plain.echo(context, at)),
    'a thenable': (context, at) => ({ then: (resolve) => setTimeout(resolve, 0, plain.echo(context, at)) }),
    'a promise that is settled': (context, at) => Promise.resolve(plain.echo(context, at)),
    ...(suspends && { 'now a value and now a promise': (context, at) => (n++ % 2 ? plain.echo(context, at) : later(plain.echo(context, at))) }),
  };
  for (const compiled of [false, true]) {
    for (const [way, echo] of Object.entries(ways)) {
      const plugin = await guest(env, { echo }, { compiled });
      for (const f of ['echo', 'relay', 'echo']) {
        const call = plugin.call(f, `${way}, ${f}`);
        if (suspends) {
          const output = await call;
          equal(output.text(), `${way}, ${f}`, `${way}, ${f}, compiled: ${compiled}`);
        } else {
          const error = await refusal(env, way, call, 'UNSUPPORTED');
          assert(error.message.includes('extism:host/user.echo'), () => `${way}: ${show(error)}`);
        }
        await innocent.check(way);
        add(suspends ? 'waited for' : 'refused');
      }
      await plugin.close();
    }
  }
  await innocent.close();
  return counts;
}

/** The caller gets what a promise is rejected with, and no guest can catch it. */
async function rejections(env) {
  const innocent = await Innocent.create(env);
  const { counts, add } = tally();
  let fail = true;
  const thrown = new Error('later');
  for (const [way, echo] of Object.entries({
    'a rejection': () => later().then(() => { throw thrown; }),
    'a throw before the first wait': async () => { throw thrown; },
    'a thenable that throws': () => ({ then() { throw thrown; } }),
  })) {
    fail = true;
    const plugin = await guest(env, { echo: (context, at) => (fail ? echo() : plain.echo(context, at)) });
    for (let i = 0; i < 3; i++) {
      const { error } = await caught(way, plugin.call('stubborn', 'x'));
      if (suspends) assert(error === thrown, () => `${way}: the caller got ${show(error)}`);
      else equal(error.code, 'UNSUPPORTED', way);
      equal(await passed(plugin), 0, `${way}: how often the guest went on`);
      await innocent.check(way);
      add(way);
    }
    fail = false;
    equal((await plugin.call('echo', 'still here')).text(), 'still here', 'the plug-in after it');
    await plugin.close();
  }
  await innocent.close();
  return counts;
}

/** Many guests wait at once, each for an answer of its own. */
async function manyAtOnce(env) {
  if (!suspends) return {};
  const innocent = await Innocent.create(env);
  const next = random(7);
  const ms = () => Math.floor(next() * 20);
  const plugins = await Promise.all(Array.from({ length: 20 }, () => guest(env, { echo: slowEcho(ms) })));
  const calls = plugins.flatMap((plugin, p) => Array.from({ length: 10 }, async (_, i) => {
    const text = `${p}/${i}`;
    equal((await plugin.call('echo', text)).text(), text, 'the echo');
  }));
  for (let i = 0; i < 20; i++) {
    await innocent.check('some of it');
    await later(undefined, ms());
  }
  await Promise.all(calls);
  await Promise.all(plugins.map((p) => p.close()));
  await innocent.close();
  return { calls: calls.length };
}

/** Calls of one plug-in run one after the other, in order, whatever happens to some. */
async function inTurn(env) {
  if (!suspends) return {};
  const innocent = await Innocent.create(env);
  const order = [];
  let running = 0;
  const plugin = await guest(env, {
    echo: async (context, at) => {
      equal(++running, 1, 'calls that run at once');
      const text = context.read(at).text();
      order.push(text);
      await later(undefined, 3);
      running--;
      if (text === '3') throw new Error('three');
      equal(context.hostContext(), `context ${text}`, 'the host context');
      return context.store(text);
    },
  });
  const input = new Uint8Array(1);
  const calls = [];
  for (let i = 0; i < 8; i++) {
    input[0] = 48 + i;
    calls.push(plugin.call(i === 5 ? 'no_such_function' : 'echo', input, `context ${i}`).then((o) => o.text(), (e) => e.code ?? e.message));
  }
  input[0] = 120; // is of no matter: what a call was given is a copy
  assert(plugin.isActive(), 'not active');
  equal(await plugin.reset(), false, 'reset meanwhile');
  equal((await Promise.all(calls)).join(), '0,1,2,three,4,FUNCTION_NOT_FOUND,6,7', 'the answers');
  equal(order.join(), '0,1,2,3,4,6,7', 'the order');
  assert(!plugin.isActive(), 'still active');
  equal((await plugin.call('echo', '8', 'context 8')).text(), '8', 'a call after them');
  await plugin.close();
  await innocent.check('it');
  await innocent.close();
  return { order: order.length };
}

/** A plug-in is closed while its guest waits for what never comes. */
async function closing(env) {
  if (!suspends) return {};
  const innocent = await Innocent.create(env);
  for (let i = 0; i < 20; i++) {
    const plugin = await guest(env, { echo: () => new Promise(() => {}) }, { compiled: i % 2 === 1 });
    const calls = [0, 1, 2].map(() => rejection('a call of a closed plug-in', plugin.call('stubborn', 'x')));
    if (i % 3) await turn();
    await plugin.close();
    for (const call of calls) equal((await call).code, 'CLOSED', 'the code');
    await innocent.check('closing');
  }
  await innocent.close();
  return {};
}

/** A signal ends a call while it waits: for its turn, or for a host function. */
async function aborting(env) {
  if (!suspends) return {};
  const innocent = await Innocent.create(env);
  const { counts, add } = tally();
  let wait = () => new Promise(() => {});
  for (const compiled of [false, true]) {
    const plugin = await guest(env, { echo: (context, at) => wait(context, at) }, { compiled, maxQueue: 3 });
    const first = new AbortController();
    const second = new AbortController();
    const running = plugin.call('stubborn', 'x', null, { signal: first.signal });
    const waiting = plugin.call('echo', 'y', null, { signal: second.signal });
    const others = [plugin.call('echo', 'z'), plugin.call('echo', 'z')];
    equal((await rejection('one too many', plugin.call('echo', 'z'))).code, 'BUSY', 'the code of one too many');
    const reason = { why: 'second' };
    second.abort(reason);
    equal((await caught('a call that waited', waiting)).error, reason, 'the reason of the second');
    others.push(plugin.call('echo', 'z')); // there is room again
    wait = plain.echo;
    first.abort();
    equal((await rejection('a call that ran', running)).name, 'AbortError', 'the name of the first');
    equal((await Promise.all(others)).map((o) => o.text()).join(''), 'zzz', 'the others');
    equal((await plugin.call('echo', 'w', null, { signal: second.signal }).catch((e) => e)), reason, 'a signal of the past');
    const third = new AbortController();
    equal((await plugin.call('echo', 'v', null, { signal: third.signal })).text(), 'v', 'a signal that says nothing');
    third.abort(); // too late
    equal((await plugin.call('echo', 'u')).text(), 'u', 'after a signal that came too late');
    if (!compiled) equal(await passed(plugin), 5, 'how often the guest went on'); // of a fresh instance: the stubborn one never
    // From inside the call: the guest stops when it next asks for anything.
    const inside = new AbortController();
    wait = (context, at) => (inside.abort(reason), plain.echo(context, at));
    equal((await caught('a call that aborts itself', plugin.call('relay', 'x', null, { signal: inside.signal }))).error, reason, 'its reason');
    wait = () => new Promise(() => {});
    await plugin.close();
    await innocent.check('aborting');
    add('plug-ins');
  }
  await innocent.close();
  return counts;
}

/** What functions return takes the form of their type, at once and later. */
async function numbers(env) {
  const { counts, add } = tally();
  const view = (output) => [0, 8, 32, 40].map((at) => output.getBigInt64(at, true)).concat([16, 24].map((at) => output.getFloat64(at, true))).join();
  const compiledWell = { i64: () => 2n, i32: () => 1, f32: () => 0.5, f64: () => 1e300, pair: () => [3n, 4] };
  const kinds = {
    'of the very type': [compiledWell, '1,2,3,4,0.5,1e+300', true],
    'numbers for BigInts and the reverse': [{ i64: () => 2, i32: () => 1n, f32: () => 3n, f64: () => 4n, pair: () => [3, 4n] }, '1,2,3,4,3,4', false],
    'booleans and nothing': [{ i64: () => true, i32: () => undefined, f32: () => null, f64: () => false, pair: () => [false, null] }, '0,1,0,0,0,0', false],
    'at the ends of their ranges': [
      { i64: () => -(2n ** 63n), i32: () => 2 ** 32 - 1, f32: () => -0.25, f64: () => -Infinity, pair: () => [2n ** 63n, -(2 ** 31)] },
      '-1,-9223372036854775808,-9223372036854775808,-2147483648,-0.25,-Infinity', true],
  };
  for (const [kind, [functions, want, always]] of Object.entries(kinds)) {
    const wait = Object.fromEntries(Object.entries(functions).map(([name, f]) => [name, async () => f()]));
    for (const compiled of always ? [false, true] : [false]) {
      for (const group of suspends ? [functions, wait] : [functions]) {
        const plugin = await guest(env, group, { compiled });
        equal(view(await plugin.call('numbers')), want, kind);
        await plugin.close();
        add(kind);
      }
    }
  }
  const wrong = {
    i64: ['text', 1.5, undefined, null, {}, 2 ** 60], i32: ['text', {}, 2n ** 40n], f64: ['text', {}, []],
    pair: [1n, [1n], [1n, 2, 3], undefined, ['x', 1]],
  };
  for (const [name, values] of Object.entries(wrong)) {
    for (const value of values) {
      for (const f of suspends ? [() => value, async () => value] : [() => value]) {
        let made = false; // the initialiser calls i64, too
        const plugin = await guest(env, { [name]: (...args) => (made ? f() : plain[name](...args)) });
        made = true;
        const error = await rejection(`${name} of ${show(value)}`, plugin.call('numbers'));
        assert(error instanceof TypeError && error.message.includes(`user.${name}`), () => `${name} of ${String(value)}: ${show(error)}`);
        await plugin.close();
        add('refused');
      }
    }
  }
  return counts;
}

/** What declares its signature is checked when the guest is linked, and converts. */
async function declared(env) {
  const { hostFunction } = env.api;
  const plugin = await guest(env, {
    echo: hostFunction({ params: ['text'], results: ['text'] }, (context, text) => (suspends ? later(`${text}!`) : `${text}!`)),
    pair: hostFunction({ params: ['i64', 'i32'], results: ['i64', 'i32'] }, (context, a, b) => [a + 1n, b + 1]),
  });
  equal((await plugin.call('echo', 'declared')).text(), 'declared!', 'the echo');
  equal((await plugin.call('numbers')).getBigInt64(40, true), 9n, 'the second of a pair');
  await plugin.close();
  const wrong = guest(env, { pair: hostFunction({ params: ['i64', 'i64'], results: ['i64', 'i32'] }, (context, a, b) => [a, Number(b)]) });
  const error = await refusal(env, 'a wrong signature', wrong, 'UNRESOLVED_IMPORT');
  for (const part of ['"user" "pair"', '(func (param i64 i32) (result i64 i32))', '(func (param i64 i64) (result i64 i32))']) {
    assert(error.message.includes(part), () => `${part} is not in ${show(error)}`);
  }
  return {};
}

/** Initialisers may wait; start functions cannot, and say so. */
async function initialisers(env) {
  const innocent = await Innocent.create(env);
  const five = (f) => guest(env, { i64: f });
  if (suspends) {
    const plugin = await five(() => later(5n, 2));
    equal((await plugin.call('first')).getBigInt64(0, true), 5n, 'what the initialiser got');
    await plugin.close();
    const thrown = new Error('while initialising');
    assert((await rejection('a creation', five(() => later().then(() => { throw thrown; })))) === thrown, 'the very error');
  } else {
    await refusal(env, 'a creation', five(async () => 5n), 'UNSUPPORTED');
  }
  const start = (f) => guest(env, { i64: f }, { name: 'start' });
  const error = await refusal(env, 'a start function', start(async () => 1n), 'UNSUPPORTED');
  assert(/user\.i64/.test(error.message), () => show(error));
  const plugin = await start(() => 1n);
  await plugin.call('first');
  await plugin.close();
  await innocent.check('it');
  await innocent.close();
  return {};
}

/** Plug-ins call each other through host functions. */
async function pluginToPlugin(env) {
  const innocent = await Innocent.create(env);
  const end = await guest(env, suspends ? { echo: slowEcho(() => 1) } : {});
  const chain = [end];
  for (let i = 0; i < 5; i++) {
    const to = chain[i];
    chain.push(await guest(env, {
      echo: suspends
        ? async (context, at) => context.store((await to.call('echo', context.read(at).bytes())).bytes())
        : (context, at) => context.store(to.callSync('echo', context.read(at).bytes()).bytes()),
    }));
  }
  for (let i = 0; i < 10; i++) equal((await chain.at(-1).call('echo', `round ${i}`)).text(), `round ${i}`, 'the answer');
  // In a circle there is no answer, but an error.
  let circle;
  circle = await guest(env, { echo: (context) => context.store(circle.callSync('echo', 'x').bytes()) });
  equal((await rejection('a circle', circle.call('echo', 'x'))).code, 'BUSY', 'the code of a circle');
  await Promise.all([...chain, circle].map((p) => p.close()));
  await innocent.check('it');
  await innocent.close();
  return { length: chain.length };
}

/** The core dies while a guest waits. */
async function coreCrash(env) {
  if (!suspends || !env.failing) return {};
  const failing = await env.failing();
  const env2 = { ...env, api: failing };
  let echo = () => new Promise(() => {});
  const waiting = await guest(env2, { echo: (...args) => echo(...args) });
  const call = rejection('a call on a dead core', waiting.call('stubborn', 'x'));
  const next = waiting.call('echo', 'after it');
  echo = plain.echo;
  const other = await guest(env2, {});
  failing.arm('begin', failing.Failure.EXIT);
  equal((await rejection('the killer', other.call('echo', 'x'))).code, 'CORE_CRASHED', 'the code');
  equal((await call).code, 'CORE_CRASHED', 'the code of the one that waited');
  equal((await next).text(), 'after it', 'the next in turn');
  await waiting.close();
  await other.close();
  return {};
}

export const suspend = [
  { name: 'promises of host functions', rule: 5, run: promises },
  { name: 'rejections reach the caller and no guest', rule: 5, run: rejections },
  { name: 'many guests are suspended at once', rule: 5, run: manyAtOnce },
  { name: 'calls of one plug-in run in turn', rule: 5, run: inTurn },
  { name: 'closing a plug-in whose guest waits', rule: 5, run: closing },
  { name: 'signals end calls that wait', rule: 5, run: aborting },
  { name: 'results in the form of their type', rule: 3, run: numbers },
  { name: 'declared signatures are checked', rule: 3, run: declared },
  { name: 'host functions while a plug-in is made', rule: 5, run: initialisers },
  { name: 'plug-ins call each other', rule: 1, run: pluginToPlugin },
  { name: 'the core dies while a guest waits', rule: 6, run: coreCrash },
];
