// Rules 4 and 5: what a user's code throws or returns, and calls from inside calls.

import { Innocent, assert, attacker, caught, equal, long, numbers, refusal, rejection, show, silent, supports, tally } from './lib.mjs';

/** Guests that catch whatever WebAssembly lets them catch. */
async function catchers(env) {
  const known = [];
  for (const name of ['catch', 'table']) if (await supports(env, name)) known.push(name);
  return known;
}

/** Things to throw, with what can be thrown at all. */
function throwables() {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const angry = new Proxy({}, new Proxy({}, { get: () => () => { throw new Error('a trap of a proxy'); } }));
  const message = Object.defineProperty(new Error('x'), 'message', { get() { throw new Error('a getter'); } });
  return {
    'an Error': new Error('of the user'),
    'a subclass': new (class Mine extends TypeError {})('mine'),
    'a frozen Error': Object.freeze(new Error('frozen')),
    'an Error with a throwing message': message,
    'a RangeError': new RangeError('Maximum call stack size exceeded'),
    'a RuntimeError': new WebAssembly.RuntimeError('unreachable'),
    null: null,
    undefined: undefined,
    'a number': 1,
    'a string': 'text',
    'a symbol': Symbol('s'),
    'a revoked proxy': revoked.proxy,
    'a proxy that throws': angry,
    'a function': () => {},
    'an object that throws as text': { toString() { throw new Error('toString'); } },
    'a promise': Promise.resolve(1),
    ...(typeof WebAssembly.Exception === 'function' && {
      'a WebAssembly.Exception': new WebAssembly.Exception(new WebAssembly.Tag({ parameters: [] }), []),
    }),
  };
}

/** The caller gets what was thrown, that very value; the guest gets nothing. */
async function thrownValues(env) {
  const innocent = await Innocent.create(env);
  let thrown, times, from;
  const fail = (where) => {
    if (where !== from) return 0n;
    times++;
    throw thrown;
  };
  const logger = { ...silent, info: () => fail('logger'), error: () => fail('logger') };
  const { counts, add } = tally();
  for (const name of ['stack', ...(await catchers(env))]) {
    const victim = await attacker(env, name, { user: () => fail('function'), logger });
    for (const [op, place] of [['user', 'function'], ['log_info', 'logger'], ['log_error', 'logger'], ['fd_write', 'logger']]) {
      for (const [what, value] of Object.entries(throwables())) {
        [thrown, times, from] = [value, 0, place];
        const where = `${what} from the ${place} by ${op} of guest ${name}`;
        const { error: got } = await caught(where, victim.plugin.call('run', numbers(victim.number(op))));
        assert(Object.is(got, value), () => `${where}: the caller got ${show(got)}`);
        equal((await victim.plugin.getInstance()).exports.ran.value, 0, `${where}: the guest's mark`);
        equal(times, 1, `${where}: how often it was called`);
        from = '';
        await victim.plugin.call('run', numbers(victim.number(op)));
        await innocent.check(where);
        add(name);
      }
    }
    await victim.plugin.close();
  }
  await innocent.close();
  return counts;
}

/** What the host itself stops cannot be caught either. */
async function stops(env) {
  const innocent = await Innocent.create(env);
  const { counts, add } = tally();
  for (const name of await catchers(env)) {
    const victim = await attacker(env, name);
    for (const [op, code] of [['var_full', 'VARS_FULL'], ['proc_exit', 'NON_ZERO_EXIT'], ['http_request', 'HTTP_INVALID']]) {
      await refusal(env, `${op} of ${name}`, victim.plugin.call('run', numbers(victim.number(op))), code);
      equal((await victim.plugin.getInstance()).exports.ran.value, 0, `${op} of ${name}: the guest's mark`);
      await innocent.check(op);
      add(op);
    }
    await victim.plugin.close();
  }
  // A sound catcher, to show that the mark would be there.
  for (const name of await catchers(env)) {
    const victim = await attacker(env, name);
    await victim.plugin.call('run', numbers(victim.number('var_set')));
    equal((await victim.plugin.getInstance()).exports.ran.value, 1, 'the mark of a guest that is not stopped');
    const { exports } = await victim.plugin.getInstance();
    equal(exports.ran.value, 1, 'the mark');
    await victim.plugin.close();
  }
  await innocent.close();
  return counts;
}

/** A guest at the edge of the stack, with a host function that throws there. */
async function thrownAtTheEdge(env) {
  const innocent = await Innocent.create(env);
  const thrown = new Error('at the edge');
  let times = 0;
  const victim = await attacker(env, 'stack', {
    user: () => {
      times++;
      throw thrown;
    },
  });
  const op = victim.number('user');
  const at = (depth) => rejection('the call', victim.plugin.call('edge', numbers(op, depth)));
  let [low, high] = [0, 256];
  while ((await at(high)) === thrown) [low, high] = [high, high * 2];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((await at(middle)) === thrown) low = middle;
    else high = middle;
  }
  const { counts, add } = tally();
  for (let depth = low - 150; depth < low + 150; depth++) {
    times = 0;
    const got = await at(depth);
    const overflow = got?.code === 'TRAP' || got instanceof RangeError || got?.name === 'InternalError';
    assert(got === thrown || overflow, () => `at depth ${depth}: ${show(got)}`);
    assert(times === 0 || got === thrown || got instanceof RangeError, () => `at depth ${depth} the function was called, but the caller got ${show(got)}`);
    add(got === thrown ? 'the very error' : 'overflow');
    // Nothing of it is left over for the next call.
    const trap = await rejection('a trap', victim.plugin.call('dive', numbers(victim.number('nothing'))));
    equal(trap.code, 'TRAP', `the code after depth ${depth}`);
    await innocent.check(`depth ${depth}`);
  }
  await innocent.close();
  await victim.plugin.close();
  return counts;
}

async function userPlugin(env, functions, options = {}) {
  return env.api.createPlugin(await env.guest('user'), {
    logLevel: 'trace',
    logger: silent,
    ...options,
    functions: { 'extism:host/user': { i64: (_, v) => v, i32: (_, v) => v, f64: (_, v) => v, nothing() {}, ...functions } },
  });
}

/** Results of the wrong type: an error that the caller understands, or a number. */
async function results(env) {
  const innocent = await Innocent.create(env);
  const { counts, add } = tally();
  const throwing = { [Symbol.toPrimitive]() { throw new Error('toPrimitive'); } };
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const values = {
    'a string': 'text', 'a number': 5, 'a fraction': 1.5, 'not a number': NaN, infinity: Infinity, undefined: undefined, null: null,
    'a huge BigInt': 2n ** 70n, 'a negative BigInt': -(2n ** 63n), true: true, 'an object': {}, 'an array': [1], 'a symbol': Symbol('s'),
    'a function': () => 1, 'a promise': Promise.resolve(1n), 'a rejected promise': Promise.reject(new Error('late')), 'a thenable': { then: (f) => f(1n) },
    'a thenable that throws': { get then() { throw new Error('then'); } }, 'an object that throws as number': throwing,
    'a revoked proxy': revoked.proxy, 'a function that throws as number': Object.assign(() => 1, throwing),
  };
  values['a rejected promise'].catch(() => {});
  for (const [what, value] of Object.entries(values)) {
    for (const type of ['i64', 'i32', 'f64', 'nothing']) {
      const plugin = await userPlugin(env, { [type]: () => value });
      const outcome = await plugin.call(type).then(
        (output) => (output.byteLength === 8 ? 'a number' : 'garbage'),
        (error) => (error instanceof Error ? (error.code ?? error.constructor.name) : 'garbage'),
      );
      assert(outcome !== 'garbage' && outcome !== 'CORE_CRASHED' && outcome !== 'INTERNAL', `${what} for ${type}: ${outcome}`);
      if (/promise$|thenable$/.test(what)) {
        const settled = what === 'a rejected promise' ? 'Error' : 'a number';
        equal(outcome, typeof WebAssembly.Suspending === 'function' ? settled : 'UNSUPPORTED', `${what} for ${type}`);
      }
      add(outcome);
      await innocent.check(`${what} for ${type}`);
      await plugin.close();
    }
  }
  const i64 = await userPlugin(env, { i64: () => 2n ** 70n + 3n });
  equal(long(await i64.call('i64')), 3n, 'a BigInt of more than 64 bits');
  await i64.close();
  await innocent.close();
  return counts;
}

/** Calls of a plug-in from inside its own call. */
async function reentrance(env) {
  const innocent = await Innocent.create(env);
  const { counts, add } = tally();
  let inner;
  let plugin;
  const again = () => {
    inner = plugin.call('nothing').then(() => 'went through', (e) => e.code);
    return 0n;
  };
  const ways = {
    'a host function': ['i64', { i64: again }, {}],
    'the logger': ['log', {}, { logger: { ...silent, info: again } }],
  };
  for (const [way, [name, functions, options]] of Object.entries(ways)) {
    plugin = await userPlugin(env, functions, options);
    for (let i = 0; i < 20; i++) {
      await plugin.call(name);
      equal(await inner, 'BUSY', `a call from ${way}`);
      await innocent.check(way);
      add(way);
    }
    const error = await rejection('busy', (async () => {
      let caught;
      const p = await userPlugin(env, { i64: () => { caught = p.call('nothing'); return 0n; } });
      await p.call('i64');
      return caught;
    })());
    assert(/inside a call of "i64"/.test(error.message) && error.function === 'nothing', () => `the message is ${show(error)}`);
    await plugin.close();
  }
  // Everything else of a plug-in's interface, from inside a call.
  plugin = await userPlugin(env, {
    i64: (context) => {
      inner = Promise.all([plugin.reset(), plugin.functionExists('i64'), plugin.getExports(), plugin.getImports(), plugin.getInstance()]);
      assert(plugin.isActive(), 'not active inside a call');
      context.setVariable('a', 'value');
      equal(context.getVariable('a').text(), 'value', 'a var');
      context.deleteVariable('a');
      equal(context.getVariable('a'), null, 'a deleted var');
      return 9n;
    },
  });
  equal(long(await plugin.call('i64')), 9n, 'the answer');
  equal((await inner)[0], false, 'reset inside a call');
  assert(!plugin.isActive(), 'active after the call');
  await plugin.close();
  add('the rest of the interface');
  await innocent.close();
  return counts;
}

/** Calls of other plug-ins, and creations, from wherever user code runs. */
async function fromUserCode(env) {
  const innocent = await Innocent.create(env);
  const pending = [];
  const visit = () => {
    pending.push(innocent.plugin.call('count').then((output) => assert(long(output) === ++innocent.count, 'a wrong count')));
  };
  const count = await env.guest('count');
  const wasm = () => [new Uint8Array(count)];
  // A custom fetch.
  if (!(count instanceof WebAssembly.Module)) {
    const fetched = await env.api.createPlugin('https://example.test/count.wasm', {
      fetch: async () => {
        visit();
        return new Response(count, { headers: { 'content-type': 'application/wasm' } });
      },
    });
    equal((await fetched.call('echo', 'x')).text(), 'x', 'the fetched plug-in');
    await fetched.close();
    // Getters of a manifest and of its parts.
    const manifest = {
      get wasm() {
        visit();
        return [{ get data() { visit(); return wasm()[0]; } }];
      },
      get config() {
        visit();
        return { get key() { visit(); return 'value'; } };
      },
    };
    await (await env.api.createPlugin(manifest)).close();
  }
  const options = {
    get config() { visit(); return {}; },
    get functions() { visit(); return { get other() { visit(); return { get f() { visit(); return () => {}; } }; } }; },
    get logger() { visit(); return silent; },
  };
  await (await env.api.createPlugin(count, options)).close();
  // A thenable for a manifest.
  const later = { then(resolve) { visit(); resolve(count); } };
  await (await env.api.createPlugin(later)).close();
  // A logger and a host function that create plug-ins and call them.
  const created = [];
  const create = () => {
    visit();
    created.push(env.api.createPlugin(count).then(async (p) => {
      equal((await p.call('echo', 'y')).text(), 'y', 'the new plug-in');
      await p.close();
    }));
    return 0n;
  };
  const plugin = await userPlugin(env, { i64: create }, { logger: { ...silent, info: create } });
  for (let i = 0; i < 20; i++) await plugin.call(i % 2 ? 'i64' : 'log');
  await Promise.all([...pending, ...created]);
  await plugin.close();
  await innocent.check('all of it');
  await innocent.close();
  return { visits: pending.length, created: created.length };
}

export const exceptions = [
  { name: 'what user code throws reaches the caller and no guest', rule: 4, run: thrownValues },
  { name: 'guests cannot catch a stop', rule: 4, run: stops },
  { name: 'user code throws at the edge of the stack', rule: 4, run: thrownAtTheEdge },
  { name: 'results of the wrong type', rule: 3, run: results },
  { name: 'calls of a plug-in inside its own call', rule: 1, run: reentrance },
  { name: 'calls of other plug-ins from user code', rule: 1, run: fromUserCode },
];
