// Scenarios of config, vars and their stores, and the log, for every runtime. A
// scenario gets an environment as those of rules/ do, and throws if something is
// not as it should be.

import { assert, caught, equal, refusal, rejection, show, silent, turn } from './rules/lib.mjs';

const text = (s) => new TextEncoder().encode(s);
const string = (output) => (output === null ? null : output.string());
const names = (map) => [...map.keys()].sort().join();

/**
 * A plug-in of guests/env.wat. What its function "host" calls can be replaced, and
 * gets the context.
 */
async function envPlugin(env, options = {}, api = env.api) {
  const host = { does: () => {} };
  const functions = { 'extism:host/user': { host: (context, at) => host.does(context, at) ?? 0n } };
  const plugin = await api.createPlugin(await env.guest('env'), { useWasi: true, enableWasiOutput: true, functions, logger: silent, ...options });
  /** Runs a function with the context, inside a call. */
  const inside = async (f) => {
    let result;
    host.does = (context, at) => void (result = f(context, at));
    await plugin.call('host', 'input');
    return result;
  };
  return { plugin, host, inside };
}

async function configIsNoObject(env) {
  const { plugin } = await envPlugin(env, { config: { greeting: 'hello', empty: '' } });
  for (const key of ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'empty', 'greet', '']) {
    equal(string(await plugin.call('config', key)), null, `config ${key}`);
  }
  equal(string(await plugin.call('config', 'greeting')), 'hello', 'config greeting');
  equal((await plugin.call('config_owned', 'greeting')), null, 'the length of a key that was passed');
  await plugin.close();
  // They are keys like any other if somebody sets them.
  const config = JSON.parse('{"__proto__":"proto","constructor":"c","toString":"t","":"nameless","größe":"groß","k\\u0000":"nul"}');
  const own = await envPlugin(env, { config });
  const inManifest = await env.api.createPlugin({ wasm: [{ data: await env.guest('env') }], config }, { useWasi: true, functions: { 'extism:host/user': { host: () => 0n } } });
  for (const p of [own.plugin, inManifest]) {
    for (const key of Object.keys(config)) equal(string(await p.call('config', key)), config[key], `own config ${key}`);
    await p.close();
  }
}

const KEYS = [
  '', 'a', '\0', 'a\0', 'größe', '😀', '\ufeffa', '\ufffd', '\ufffd\ufffd', '\ufffdff', '\ud800', '\udfff', '\udfff\ud800', 'x\ud800', '__proto__',
  'constructor', 'k'.repeat(100 << 10), `${'k'.repeat(100 << 10)}!`,
];

async function keysOfAnyText(env) {
  const { plugin, inside } = await envPlugin(env);
  await inside((c) => KEYS.forEach((key, i) => c.setVariable(key, `value ${i}`)));
  await inside((c) => KEYS.forEach((key, i) => equal(string(c.getVariable(key)), `value ${i}`, `the var ${key.slice(0, 9)}`)));
  for (const [i, key] of KEYS.entries()) {
    if (/\p{Surrogate}/u.test(key)) continue; // the input is UTF-8
    equal(string(await plugin.call('get', key)), `value ${i}`, `the guest's var ${key.slice(0, 9)}`);
    await plugin.call('mark', key);
    equal(await inside((c) => string(c.getVariable(key))), 'by guest', `set by the guest, ${key.slice(0, 9)}`);
  }
  for (const [i, key] of KEYS.entries()) {
    await inside((c) => c.deleteVariable(key));
    await inside((c) => KEYS.forEach((k, j) => equal(c.getVariable(k) === null, j <= i, `whether ${k.slice(0, 9)} is gone`)));
  }
  await plugin.close();
}

async function valuesOfAnyBytes(env) {
  const { plugin, inside } = await envPlugin(env);
  const bytes = Uint8Array.from({ length: 70_000 }, (_, i) => (i * 7) ^ (i >> 8));
  await plugin.call('put', bytes);
  const same = (got, what) => assert(got.length === bytes.length && got.every((b, i) => b === bytes[i]), what);
  same((await plugin.call('get', 'a var!!!')).bytes(), 'the guest gets other bytes');
  same(await inside((c) => c.getVariable('a var!!!').bytes()), 'the host gets other bytes');
  for (const view of [new Uint16Array(bytes.buffer), new DataView(bytes.buffer), bytes.buffer]) {
    await inside((c) => c.setVariable('view', view));
    same((await plugin.call('get', 'view')).bytes(), `set by a ${view.constructor.name}`);
  }
  await plugin.close();
}

async function emptyAndAbsent(env) {
  const { plugin, inside } = await envPlugin(env);
  await inside((c) => c.setVariable('empty', ''));
  await inside((c) => {
    equal(c.getVariable('empty').byteLength, 0, "an empty var's length");
    equal(c.getVariable('empty').string(), '', "an empty var's text");
    equal(c.getVariable('absent'), null, 'no var');
  });
  equal(await plugin.call('get', 'empty'), null, 'an empty var, to the guest');
  await inside((c) => c.setVariable('a var!!!', 'x'));
  await plugin.call('put', ''); // an empty block is none, so this deletes
  equal(await inside((c) => c.getVariable('a var!!!')), null, 'a var that a guest sets to nothing');
  await plugin.close();
}

async function bothSidesDelete(env) {
  const { plugin, inside } = await envPlugin(env);
  await plugin.call('mark', 'key');
  await inside((c) => c.deleteVariable('key'));
  equal(await plugin.call('get', 'key'), null, 'deleted by the host');
  await inside((c) => c.setVariable('key', 'of the host'));
  await plugin.call('delete', 'key');
  await plugin.call('delete', 'never there');
  equal(await inside((c) => c.getVariable('key')), null, 'deleted by the guest');
  await plugin.close();
}

async function limitsLeaveOldValues(env) {
  const { plugin, inside } = await envPlugin(env, { memory: { maxVarBytes: 20 } });
  await inside((c) => c.setVariable('key', 'old'));
  await refusal(env, 'a var too large, by the guest', plugin.call('put', 'x'.repeat(20)), 'VARS_FULL');
  await refusal(env, 'a var too large, by the host', inside((c) => c.setVariable('key', 'x'.repeat(18))), 'VARS_FULL');
  await refusal(env, 'a var far too large', inside((c) => c.setVariable('key', 'x'.repeat(1 << 20))), 'VARS_FULL');
  equal(string(await plugin.call('get', 'key')), 'old', 'the var');
  await plugin.close();
}

async function varsStay(env) {
  const { plugin, inside } = await envPlugin(env);
  await refusal(env, 'a trap', plugin.call('mark_and_trap', 'key'), 'TRAP');
  equal(string(await plugin.call('get', 'key')), 'by guest', 'after a trap');
  let at;
  let kept;
  await inside((c) => {
    kept = c;
    at = c.store('a block');
  });
  equal(kept.length(at), 7n, 'a block after its call');
  equal(await plugin.reset(), true, 'reset');
  equal(kept.length(at), 0n, 'a block after reset');
  equal(kept.read(at), null, 'what it holds');
  equal(string(await plugin.call('get', 'key')), 'by guest', 'after reset');
  await plugin.close();
}

const WILD = {
  offsets: [0, 1, -1, -1n, 1023, 1025, 2 ** 31, 2 ** 32, 2 ** 32 + 1024, 2 ** 53, 2 ** 64, 1e300, 1n << 32n, (1n << 32n) + 1024n, 1n << 63n, 1n << 64n, (1n << 64n) + 1024n, -(1n << 63n), -(1n << 64n) + 1024n, -0],
  refused: [NaN, Infinity, -Infinity, 0.5, -1.5, '1024', '', null, undefined, {}, [], true, Symbol('x'), () => {}],
};

async function wildInput(env) {
  const { plugin, inside } = await envPlugin(env);
  const size = 64 << 10;
  await inside((c) => {
    const at = c.store('kept');
    for (const off of WILD.offsets) {
      equal(c.length(off), 0n, `length(${off})`);
      if (Number(off) === 0) equal(c.read(off).byteLength, 0, `read(${off})`); // the handle of nothing
      else equal(c.read(off), null, `read(${off})`);
      c.free(off);
    }
    for (const n of WILD.offsets.filter((n) => n < 1 || n >= 2 ** 32)) equal(c.alloc(n), 0n, `alloc(${n})`);
    for (const n of [4_261_412_865, 2 ** 32 - 1]) equal(c.alloc(n), 0n, `alloc(${n})`); // MaxBlock and a byte
    assert(c.alloc(size) > 0n, 'no room after that');
    equal(c.read(at).string(), 'kept', 'a block that nobody meant');
    equal(c.read(Number(at)).string(), 'kept', 'the same by a number');
  });
  for (const value of WILD.refused) {
    for (const method of ['alloc', 'free', 'length', 'read']) {
      const error = await refusal(env, `${method}(${String(value)})`, inside((c) => c[method](value)), 'INVALID_INPUT');
      assert(error.message.includes('integers'), error.message);
    }
  }
  for (const value of [5, null, undefined, {}, [], true]) {
    await refusal(env, `store(${show(value)})`, inside((c) => c.store(value)), 'INVALID_INPUT');
    await refusal(env, `setVariable(${show(value)})`, inside((c) => c.setVariable('key', value)), 'INVALID_INPUT');
  }
  equal(await inside((c) => c.store('')), 0n, 'an empty block');
  await refusal(env, 'an error that is no text', inside((c) => c.setError(5)), 'INVALID_INPUT');
  equal(string(await plugin.call('echo', 'fine')), 'fine', 'after all that');
  await plugin.close();
}

async function contextsThatAreKept(env) {
  const { plugin, inside } = await envPlugin(env);
  const c = await inside((context) => context);
  equal(c.hostContext(), null, 'the host context after the call');
  const at = c.store('between calls');
  equal(c.read(at).string(), 'between calls', 'a block between calls');
  c.setVariable('key', 'between calls');
  c.setError('between calls');
  equal(string(await plugin.call('get', 'key')), 'between calls', 'a var that was set between calls');
  c.deleteVariable('key');
  equal(await plugin.call('get', 'key'), null, 'a var that was deleted between calls');
  await refusal(env, 'a trap', plugin.call('trap'), 'TRAP');
  equal(c.getVariable('key'), null, 'no var after a trap');
  equal(c.length(c.store('x')), 1n, 'a block after a trap');
  await plugin.close();
  const uses = [
    (c) => c.alloc(1), (c) => c.free(1024), (c) => c.length(1024), (c) => c.read(1024), (c) => c.store('x'), (c) => c.setError('x'), (c) => c.setError(),
    (c) => c.getVariable('x'), (c) => c.setVariable('x', 'y'), (c) => c.deleteVariable('x'), (c) => (c.logLevel = 'info'), () => (plugin.logLevel = 'info'),
  ];
  for (const use of uses) await refusal(env, `${use} after close`, async () => use(c), 'CLOSED');
  equal(c.logLevel, 'silent', 'the log level after close');
  equal(c.hostContext(), null, 'the host context after close');
}

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

/** A logger that keeps all arguments of each call. */
function recorder() {
  const calls = [];
  const logger = { calls };
  for (const level of LEVELS.slice(0, 5)) logger[level] = (t, record) => void calls.push({ level, t, record });
  return logger;
}

async function logLevels(env) {
  const logger = recorder();
  const { plugin, inside, host } = await envPlugin(env, { logger });
  const number = async () => Number((await plugin.call('log_level')).getBigUint64(0, true));
  const passed = async () => {
    logger.calls.length = 0;
    await plugin.call('log_all');
    return logger.calls.map((c) => c.level).join();
  };
  equal(plugin.logLevel, 'silent', 'the level unasked');
  for (const [i, level] of LEVELS.entries()) {
    if (i % 2) plugin.logLevel = level;
    else await inside((c) => (c.logLevel = level));
    equal(plugin.logLevel, level, 'the level of the plug-in');
    equal(await inside((c) => c.logLevel), level, 'the level of the context');
    equal(await number(), level === 'silent' ? 0x7fffffff : i, `get_log_level at ${level}`);
    equal(await passed(), LEVELS.slice(i, 5).join(), `records at ${level}`);
  }
  // At once, in the middle of a call.
  plugin.logLevel = 'trace';
  logger.calls.length = 0;
  host.does = (c) => void (c.logLevel = 'warn');
  await plugin.call('log_around');
  equal(logger.calls.map((c) => c.t).join(), '1       ', 'lines around a change of level');
  for (const wrong of ['verbose', '', 'INFO', 0, null, undefined, {}, '__proto__', 'constructor', NaN]) {
    for (const set of [() => (plugin.logLevel = wrong), () => inside((c) => (c.logLevel = wrong))]) {
      const error = await refusal(env, `level ${show(wrong)}`, async () => set(), 'INVALID_INPUT');
      equal(error.message, `unrecognized log level "${wrong}"; expected one of "trace", "debug", "info", "warn", "error", "silent"`, 'the message');
    }
  }
  equal(plugin.logLevel, 'warn', 'the level after wrong ones');
  await plugin.close();
  const error = await refusal(env, 'a wrong option', envPlugin(env, { logLevel: 'verbose' }), 'INVALID_INPUT');
  assert(error.message.includes('unrecognized log level "verbose"; expected one of "trace"'), error.message);
}

async function logLevelSurvivesTheCore(env) {
  const api = await env.failing();
  const logger = recorder();
  const { plugin } = await envPlugin(env, { logger, logLevel: 'error' }, api);
  plugin.logLevel = 'info';
  api.arm('log', api.Failure.EXIT);
  await refusal({ api }, 'a call in which the core dies', plugin.call('log', 'lost'), 'CORE_CRASHED');
  await plugin.call('log', 'a line');
  equal(logger.calls.map((c) => c.t).join(), 'a line', 'the lines');
  equal(plugin.logLevel, 'info', 'the level');
  api.arm('log', api.Failure.EXIT);
  await refusal({ api }, 'a call in which the core dies', plugin.call('log', 'lost'), 'CORE_CRASHED');
  plugin.logLevel = 'silent'; // while there is no core
  logger.calls.length = 0;
  await plugin.call('log', 'a line');
  equal(logger.calls.length, 0, 'lines after the level was set without a core');
  await plugin.close();
}

async function recordsTellWhoseTheyAre(env) {
  const logger = recorder();
  const named = await envPlugin(env, { logger, logLevel: 'info', name: 'greeter' });
  const other = await envPlugin(env, { logger, logLevel: 'info' });
  equal(named.plugin.name, 'greeter', 'a name');
  equal(other.plugin.name, `plugin-${other.plugin.id}`, 'the name of a plug-in without one');
  assert(Number.isInteger(named.plugin.id) && named.plugin.id > 0 && other.plugin.id > named.plugin.id, 'numbers that are no numbers');
  for (const { plugin } of [named, other]) {
    await plugin.call('log', 'a line');
    await plugin.call('print');
  }
  const { id } = named.plugin;
  const want = (plugin, id) => [
    { level: 'info', text: 'a line', plugin, id, function: 'log', source: 'guest' },
    { level: 'info', text: 'hello', plugin, id, function: 'print', source: 'stdout' },
    { level: 'error', text: 'hello', plugin, id, function: 'print', source: 'stderr' },
  ];
  equal(show(logger.calls.map((c) => ({ ...c.record, text: c.t }))), show([...want('greeter', id), ...want(other.plugin.name, other.plugin.id)]), 'the records');
  assert(logger.calls.every((c) => c.level === c.record.level && c.t === c.record.text && Object.isFrozen(c.record)), 'records that differ from their call');
  for (const { plugin } of [named, other]) await plugin.close();
  await refusal(env, 'a name that is no text', envPlugin(env, { name: 5 }), 'INVALID_INPUT');
  const unnamed = await envPlugin(env, { name: '' });
  equal(unnamed.plugin.name, `plugin-${unnamed.plugin.id}`, 'the name of a plug-in with an empty one');
  await unnamed.plugin.close();
}

/** What a program gets that was written for @extism/extism: the text alone, from whatever kind of logger. */
async function loggersOfThePeer(env) {
  const lines = [];
  const take = (...args) => lines.push(args);
  const given = {
    'rest parameters': { info: take },
    'one parameter': { info(t) { lines.push([...arguments]); } },
    'a bound function': { info: take.bind(null) },
    'a method of a class': new (class { info(...args) { assert(this.info, 'no this'); lines.push(args); } })(),
  };
  for (const [what, logger] of Object.entries(given)) {
    lines.length = 0;
    const { plugin } = await envPlugin(env, { logger, logLevel: 'info' });
    await plugin.call('log', 'a line');
    equal(show(lines), '[["a line"]]', `arguments of ${what}`);
    await plugin.close();
  }
  const named = await envPlugin(env, { logger: { info: take }, logLevel: 'info', name: 'x' });
  lines.length = 0;
  await named.plugin.call('log', 'a line');
  equal(lines[0]?.[1]?.plugin, 'x', 'the record, as the plug-in has a name');
  await named.plugin.close();
  const { info } = console;
  try {
    console.info = take;
    for (const [options, want] of [[{}, 'a line'], [{ name: 'greeter' }, '[greeter] a line'], [{ logger: undefined, name: 'greeter' }, '[greeter] a line']]) {
      lines.length = 0;
      const { plugin } = await envPlugin(env, { logger: console, logLevel: 'info', ...options });
      await plugin.call('log', 'a line');
      equal(show(lines), show([[want]]), `what console gets with ${show(options)}`);
      await plugin.close();
    }
  } finally {
    console.info = info;
  }
}

async function asynchronousLoggers(env) {
  const unhandled = [];
  const hear = (event) => {
    unhandled.push(event?.reason ?? event);
    event?.preventDefault?.();
  };
  if (globalThis.process?.on) process.on('unhandledRejection', hear);
  else addEventListener('unhandledrejection', hear);
  const thrower = { get then() { throw new Error('then'); } };
  const results = [() => Promise.reject(new Error('rejected')), async () => { await turn(); throw new Error('late'); }, () => thrower, () => ({ then: null }), () => new Proxy(Promise.resolve(), {}), () => Object.create(Promise.prototype)];
  for (const info of results) {
    const { plugin } = await envPlugin(env, { logger: { ...silent, info }, logLevel: 'info' });
    await plugin.call('log', 'a line');
    equal(string(await plugin.call('echo', 'fine')), 'fine', 'an answer');
    await plugin.close();
  }
  for (let i = 0; i < 5; i++) await turn();
  if (globalThis.process?.off) process.off('unhandledRejection', hear);
  else removeEventListener('unhandledrejection', hear);
  equal(show(unhandled.map(show)), '[]', 'rejections that nobody handles');
}

/** A store on which the test decides how a saving ends. */
function testStore(initial = []) {
  const vars = new Map(initial);
  const store = {
    vars,
    saved: [],
    fails: null,
    load: () => vars,
    save(changes) {
      store.saved.push(names(changes));
      if (store.fails) throw store.fails;
      for (const [key, value] of changes) value === null ? vars.delete(key) : vars.set(key, value);
    },
    text: (key) => (vars.has(key) ? new TextDecoder().decode(vars.get(key)) : null),
  };
  return store;
}

async function storesKeepVars(env) {
  const { stores } = env.api;
  const map = new Map([['kept', text('from before')]]);
  const first = await envPlugin(env, { vars: stores.map(map) });
  equal(string(await first.plugin.call('get', 'kept')), 'from before', 'a var of the store');
  await first.plugin.call('mark', 'marked');
  equal(new TextDecoder().decode(map.get('marked')), 'by guest', 'a var of the guest, as the call has ended');
  await first.inside((c) => { c.setVariable('host', 'of the host'); c.setVariable('empty', ''); c.deleteVariable('kept'); });
  equal(names(map), 'empty,host,marked', 'the vars');
  await first.plugin.call('delete', 'marked');
  equal(names(map), 'empty,host', 'the vars, one deleted by the guest');
  await first.plugin.close();
  const second = await envPlugin(env, { vars: stores.map(map) });
  equal(string(await second.plugin.call('get', 'host')), 'of the host', 'a var in the next plug-in');
  equal(await second.inside((c) => c.getVariable('empty').byteLength), 0, 'an empty var in the next plug-in');
  await second.plugin.close();
}

async function onlyChangesAreSaved(env) {
  const store = testStore([['a', text('1')], ['b', text('2')]]);
  const { plugin, inside } = await envPlugin(env, { vars: store });
  await plugin.call('get', 'a');
  await plugin.call('echo', 'x');
  await inside((c) => { c.setVariable('passing', 'x'); c.deleteVariable('passing'); c.deleteVariable('absent'); });
  equal(store.saved.length, 0, 'savings for nothing');
  await plugin.call('mark', 'a');
  await refusal(env, 'a trap', plugin.call('mark_and_trap', 'c'), 'TRAP');
  await plugin.reset();
  await plugin.call('delete', 'b');
  equal(store.saved.join(), 'a,c,b', 'what was saved');
  equal(names(store.vars), 'a,c', 'the vars');
  await plugin.close();
}

async function initialisersHaveVars(env) {
  const store = testStore([['a booter', text('boots!')]]);
  const { plugin } = await envPlugin(env, { vars: store });
  equal((await plugin.getInstance()).exports.boot.value, 6n, 'what the initialiser has read');
  equal(names(store.vars), 'a booter,booted!!', 'what it has set, once the plug-in is there');
  await plugin.close();
  const full = testStore([['a booter', text('boots!')]]);
  full.fails = new Error('no disk');
  const error = await refusal(env, 'a store that fails at creation', envPlugin(env, { vars: full }), 'STORE_FAILED');
  equal(error.cause, full.fails, 'the cause');
}

async function storesFail(env) {
  const store = testStore();
  const { plugin, inside } = await envPlugin(env, { vars: store });
  store.fails = new Error('no disk');
  for (const key of ['a', 'b']) {
    const error = await refusal(env, 'a call whose vars cannot be saved', plugin.call('mark', key), 'STORE_FAILED');
    equal(error.cause, store.fails, 'the cause');
    assert(/vars could not be saved to their store: no disk/.test(error.message), error.message);
  }
  equal((await rejection('a trap', plugin.call('mark_and_trap', 'c'))).code, 'TRAP', 'the error of a call that has failed itself');
  const own = new Error('own');
  equal((await caught('a host function', inside(() => { throw own; }))).error, own, "a host function's own error");
  equal((await caught('another name', plugin.call('nothing'))).error.code, 'FUNCTION_NOT_FOUND', 'a function that is not there');
  store.fails = null;
  await plugin.call('delete', 'a');
  equal(store.saved.at(-1), 'a,b,c', 'what is saved in the end');
  equal(names(store.vars), 'b,c', 'the vars');
  equal(string(await plugin.call('get', 'b')), 'by guest', 'a var');
  // What is left is saved when the plug-in ends, or its end says so.
  const c = await inside((context) => context);
  c.setVariable('outside', 'of a call');
  store.fails = new Error('no disk');
  const error = await refusal(env, 'a call', plugin.call('echo', 'x'), 'STORE_FAILED');
  equal(error.cause, store.fails, 'the cause');
  store.fails = null;
  await plugin.close();
  equal(store.text('outside'), 'of a call', 'a var that was set outside of a call');
  const other = await envPlugin(env, { vars: store });
  (await other.inside((context) => context)).setVariable('late', 'x');
  store.fails = new Error('no disk');
  await refusal(env, 'closing', other.plugin.close(), 'STORE_FAILED');
  await refusal(env, 'a call after that', other.plugin.call('echo'), 'CLOSED');
  await other.plugin.close();
}

async function slowStores(env) {
  const pending = [];
  const vars = new Map();
  const store = {
    load: async () => { await turn(); return [['loaded', text('late')]]; },
    save: (changes) => new Promise((resolve) => pending.push(() => { for (const [k, v] of changes) vars.set(k, v && new TextDecoder().decode(v)); resolve(); })),
  };
  const { plugin } = await envPlugin(env, { vars: store });
  equal(string(await plugin.call('get', 'loaded')), 'late', 'a var that came late');
  const done = [];
  const calls = ['a', 'b', 'c'].map((key) => plugin.call('mark', key).then(() => done.push(key)));
  const reading = plugin.call('get', 'c');
  equal(string(await reading), 'by guest', 'a call that changes nothing, which waits for no store');
  for (let i = 0; i < 3; i++) await turn();
  equal(`${pending.length} ${done}`, '1 ', 'savings and calls that are over');
  pending[0]();
  await calls[0];
  await turn();
  equal(`${pending.length} ${done}`, '2 a', 'savings and calls that are over, after the first');
  const closing = plugin.close();
  pending[1]();
  await Promise.all([...calls, closing]);
  equal(names(vars), 'a,b,c', 'the vars');
}

async function loadsFail(env) {
  const cause = new Error('no disk');
  const loads = {
    'that throws': () => { throw cause; },
    'that is rejected': () => Promise.reject(cause),
    'with a getter that throws': () => ({ get [Symbol.iterator]() { throw cause; } }),
  };
  for (const [what, load] of Object.entries(loads)) {
    const error = await refusal(env, `a store ${what}`, envPlugin(env, { vars: { load, save() {} } }), 'STORE_FAILED');
    equal(error.cause, cause, `the cause of one ${what}`);
  }
  for (const wrong of [5, 'x', {}, [], { load() {} }]) {
    await refusal(env, `a store that is ${show(wrong)}`, envPlugin(env, { vars: wrong }), 'INVALID_INPUT');
  }
  await refusal(env, 'a store that cannot be looked at', envPlugin(env, { vars: { get load() { throw cause; } } }), 'INVALID_INPUT');
  const count = env.api.coreStats().plugins;
  const big = new Map([['key', new Uint8Array(18)]]);
  const error = await refusal(env, 'too many vars', envPlugin(env, { vars: env.api.stores.map(big), memory: { maxVarBytes: 20 } }), 'VARS_FULL');
  assert(error.message.includes('21 bytes requested, 20 allowed'), error.message);
  await refusal(env, 'vars where they are disabled', envPlugin(env, { vars: env.api.stores.map(big), memory: { maxVarBytes: 0 } }), 'VARS_FULL');
  equal(env.api.coreStats().plugins, count, 'plug-ins that are left of those');
  const fits = await envPlugin(env, { vars: env.api.stores.map(big), memory: { maxVarBytes: 21 } });
  equal((await fits.plugin.call('get', 'key')).byteLength, 18, 'vars that just fit');
  await fits.plugin.close();
}

async function keysThatAreNoText(env) {
  const map = new Map();
  const keys = [Uint8Array.of(0xff, 0xfe), text('\ufffdfffe'), text('\ufffd'), Uint8Array.of(0xed, 0xa0, 0x80), text('\0'), Uint8Array.of(0xc3), new Uint8Array()];
  const first = await envPlugin(env, { vars: env.api.stores.map(map) });
  for (const key of keys) await first.plugin.call('mark', key);
  await first.inside((c) => KEYS.forEach((key, i) => c.setVariable(`host ${key}`, `${i}`)));
  await first.plugin.close();
  equal(map.size, keys.length + KEYS.length, 'vars in the store');
  assert([...map.keys()].every((k) => !/\p{Surrogate}/u.test(k)), 'keys that are no text');
  assert(map.has('\ufffdfffe') && map.has('\ufffd\ufffdfffe'), 'keys as they are described');
  const second = await envPlugin(env, { vars: env.api.stores.map(map) });
  for (const key of keys) equal(string(await second.plugin.call('get', key)), 'by guest', `the var ${key}`);
  await second.inside((c) => KEYS.forEach((key, i) => equal(string(c.getVariable(`host ${key}`)), `${i}`, `the var ${key.slice(0, 9)}`)));
  equal(string(await second.plugin.call('get', Uint8Array.of(0xed, 0xa0, 0x80))), 'by guest', 'the bytes of half a pair');
  equal(await second.inside((c) => string(c.getVariable('\ud800'))), 'by guest', 'half a pair, of which they are the bytes');
  for (const key of keys) await second.plugin.call('delete', key);
  equal(map.size, KEYS.length, 'vars in the store after deletions');
  await second.plugin.close();
}

async function changesSurviveTheCore(env) {
  const api = await env.failing();
  const store = testStore([['deleted', text('x')]]);
  const { plugin, inside } = await envPlugin(env, { vars: store }, api);
  const dies = (call) => refusal({ api }, 'a call in which the core dies', call, 'CORE_CRASHED');
  // In the very call: what it has changed until then is saved.
  const dying = (c) => {
    c.setVariable('set', 'in the call');
    c.deleteVariable('deleted');
    api.arm('end', api.Failure.EXIT);
  };
  await dies(inside(dying));
  equal(names(store.vars), 'set', 'the vars after a crash');
  equal(store.text('set'), 'in the call', 'a var after a crash');
  // The store fails too; a fresh core has them, and the next call saves them.
  store.fails = new Error('no disk');
  await dies(inside((c) => { c.setVariable('more', 'in the call'); c.deleteVariable('set'); api.arm('end', api.Failure.OVERFLOW); }));
  equal(names(store.vars), 'set', 'the vars while the store fails');
  await refusal({ api }, 'the next call', plugin.call('mark', 'next'), 'STORE_FAILED');
  equal(string(await plugin.call('get', 'more').catch((e) => e.cause && null)), null, 'a call while the store fails');
  store.fails = null;
  equal(string(await plugin.call('get', 'more')), 'in the call', 'a var on the fresh core');
  equal(names(store.vars), 'more,next', 'the vars in the end');
  // And if no call comes any more.
  store.fails = new Error('no disk');
  await dies(inside((c) => { c.setVariable('last', 'words'); api.arm('end', api.Failure.EXIT); }));
  store.fails = null;
  await plugin.close();
  equal(store.text('last'), 'words', 'a var of a plug-in that was closed without a core');
  // What somebody else's crash finds unsaved.
  const mine = await envPlugin(env, { vars: store }, api);
  const c = await mine.inside((context) => context);
  c.setVariable('outside', 'of a call');
  const other = await envPlugin(env, {}, api);
  await dies(other.inside(() => api.arm('end', api.Failure.EXIT)));
  await refusal({ api }, 'a var without a core', async () => c.setVariable('x', 'y'), 'CORE_CRASHED');
  await mine.plugin.call('mark', 'after');
  equal(store.text('outside'), 'of a call', 'a var that was set outside of a call before a crash');
  equal(store.text('after'), 'by guest', 'a var after it');
  for (const p of [mine, other]) await p.plugin.close();
}

/** The same on what the platform has; each is emptied first. */
async function keepsVars(env, make) {
  const big = Uint8Array.from({ length: 5000 }, (_, i) => i * 13);
  const first = await envPlugin(env, { vars: await make() });
  await first.inside((c) => { c.setVariable('big', big); c.setVariable('', 'nameless'); c.setVariable('gone', 'x'); c.setVariable('\0ü😀', 'text'); c.setVariable('none', ''); });
  await first.plugin.call('mark', Uint8Array.of(0xff));
  await first.plugin.call('delete', 'gone');
  await Promise.all(Array.from({ length: 10 }, (_, i) => first.plugin.call('mark', `at once ${i}`)));
  await first.plugin.close();
  const second = await envPlugin(env, { vars: await make() });
  const got = await second.inside((c) => ['', '\0ü😀', 'none', 'gone', 'at once 9'].map((k) => string(c.getVariable(k))));
  equal(show(got), '["nameless","text","",null,"by guest"]', 'the vars');
  equal(string(await second.plugin.call('get', Uint8Array.of(0xff))), 'by guest', 'a var whose key is no text');
  assert((await second.plugin.call('get', 'big')).bytes().every((b, i) => b === big[i]), 'other bytes');
  await second.plugin.close();
}

async function inLocalStorage(env) {
  localStorage.clear();
  localStorage.setItem('other', 'item');
  await keepsVars(env, () => env.api.stores.storage(localStorage, 'env:'));
  equal(localStorage.getItem('other'), 'item', "somebody else's item");
  const full = await envPlugin(env, { vars: env.api.stores.storage(localStorage, 'full:'), memory: { maxVarBytes: 16 << 20 } });
  const error = await refusal(env, 'more than there is room for', full.inside((c) => c.setVariable('big', new Uint8Array(8 << 20))), 'STORE_FAILED');
  equal(error.cause.name, 'QuotaExceededError', 'the cause');
  await full.inside((c) => c.setVariable('big', 'small'));
  await full.plugin.close();
  localStorage.clear();
}

async function inIndexedDB(env) {
  const deleted = () => new Promise((resolve, reject) => {
    const request = indexedDB.deleteDatabase('env');
    request.onsuccess = resolve;
    request.onerror = request.onblocked = () => reject(new Error('the database cannot be deleted'));
  });
  await deleted();
  await keepsVars(env, () => env.api.stores.indexedDB('env'));
  // Somebody deletes it while it is open: it is opened anew.
  const { plugin } = await envPlugin(env, { vars: env.api.stores.indexedDB('env') });
  await deleted();
  await plugin.call('mark', 'after');
  await plugin.close();
  const next = await envPlugin(env, { vars: env.api.stores.indexedDB('env') });
  equal(string(await next.plugin.call('get', 'after')), 'by guest', 'a var in the new database');
  equal(await next.plugin.call('get', 'big'), null, 'a var of the deleted one');
  await next.plugin.close();
  await deleted();
}

const scenarios = [
  { name: 'config lookups do not reach Object.prototype', run: configIsNoObject },
  { name: 'keys of any text', run: keysOfAnyText },
  { name: 'values of any bytes', run: valuesOfAnyBytes },
  { name: 'empty and absent vars', run: emptyAndAbsent },
  { name: 'both sides delete vars', run: bothSidesDelete },
  { name: 'limits leave old values', run: limitsLeaveOldValues },
  { name: 'vars survive traps and resets', run: varsStay },
  { name: 'wild input of a context', run: wildInput },
  { name: 'contexts between calls and after the end', run: contextsThatAreKept },
  { name: 'log levels', run: logLevels },
  { name: 'the log level survives the core', run: logLevelSurvivesTheCore },
  { name: 'records tell whose they are', run: recordsTellWhoseTheyAre },
  { name: 'loggers written for the peer get the text alone', run: loggersOfThePeer },
  { name: 'asynchronous loggers', run: asynchronousLoggers },
  { name: 'stores keep vars', run: storesKeepVars },
  { name: 'only changes are saved', run: onlyChangesAreSaved },
  { name: 'initialisers have the vars of the store', run: initialisersHaveVars },
  { name: 'stores that fail', run: storesFail },
  { name: 'stores that are slow', run: slowStores },
  { name: 'stores that cannot be read', run: loadsFail },
  { name: 'keys that are no text, in stores', run: keysThatAreNoText },
  { name: 'unsaved vars survive the core', run: changesSurviveTheCore },
  { name: 'vars in localStorage', inPages: true, run: inLocalStorage },
  { name: 'vars in IndexedDB', inPages: true, run: inIndexedDB },
];

/**
 * Runs the scenarios one after another.
 * @returns {Promise<{ name: string, error?: string }[]>}
 */
export async function run(env) {
  const results = [];
  for (const { name, inPages, run } of scenarios) {
    if (inPages && env.runtime !== 'web') continue;
    try {
      await run(env);
      results.push({ name });
    } catch (error) {
      results.push({ name, error: String(error?.stack ?? error) });
    }
  }
  return results;
}
