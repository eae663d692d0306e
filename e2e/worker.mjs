// Scenarios of plug-ins in workers, for every runtime. A scenario gets an environment:
// the API, the guests, a server's URL, whether memory can be shared, and the workers
// that have been started. It throws if something is not as it should be.

import { assert, caught, equal, refusal, rejection, show, silent, turn } from './rules/lib.mjs';

const string = (output) => (output === null ? null : output.string());

/** A plug-in of guests/worker.wat. What its function "host" calls can be replaced. */
async function inWorker(env, options = {}) {
  const host = { does: () => 0n, pairs: (c, at) => [at, at] };
  const functions = { 'extism:host/user': { host: (...args) => host.does(...args), pair: (...args) => host.pairs(...args) } };
  const plugin = await env.api.createPlugin(await env.guest('worker'), { runInWorker: true, functions, logger: silent, ...options });
  return { plugin, host };
}

async function sizes(env) {
  const { plugin } = await inWorker(env);
  for (const n of [0, 1, 47, 48, 49, 255, 256, 257, 4096, 65_535, 65_536, 1 << 20, 8 << 20]) {
    const input = Uint8Array.from({ length: n }, (_, i) => (i * 7) ^ (i >> 8));
    const output = await plugin.call('echo', input);
    equal(output?.byteLength ?? 0, n, 'the length of the output');
    equal(input.length, n, 'the length of the input, which is the caller\'s');
    assert(n === 0 || output.bytes().every((b, i) => b === input[i]), `other bytes of ${n}`);
  }
  for (const text of ['a', 'größe', '😀'.repeat(20), 'x'.repeat(100_000)]) equal(string(await plugin.call('echo', text)), text, 'a text');
  equal(await plugin.call('echo'), null, 'no output');
  const view = new Uint8Array([1, 2, 3, 4]).subarray(1, 3);
  const pending = [plugin.call('echo', view), plugin.call('echo', view)];
  view.fill(9);
  for (const p of pending) equal((await p).bytes().join(), '2,3', 'what was given is copied');
  equal(plugin.isActive(), false, 'isActive afterwards');
  await plugin.close();
}

async function rest(env) {
  const { plugin } = await inWorker(env, { name: 'the name' });
  equal(plugin.name, 'the name', 'name');
  const another = await env.api.createPlugin(await env.guest('worker'), { functions: { 'extism:host/user': { host() {}, pair() {} } } });
  equal(another.id, plugin.id + 1, 'the number of the next one, which is not in a worker');
  equal(show(await plugin.getExports()), show(await another.getExports()), 'exports');
  equal(show(await plugin.getImports()), show(await another.getImports()), 'imports');
  equal(await plugin.functionExists('echo'), true, 'functionExists');
  equal(await plugin.functionExists('$name'), false, 'functionExists of none');
  equal(await plugin.reset(), true, 'reset');
  const call = plugin.call('echo', 'x');
  equal(plugin.isActive(), true, 'isActive');
  equal(await plugin.reset(), false, 'reset during a call');
  await call;
  const { codecs } = env.api;
  equal(await plugin.function('echo', { input: codecs.json(), output: codecs.json() })({ a: 1 }).then(show), '{"a":1}', 'a typed function');
  await refusal(env, 'getInstance', plugin.getInstance(), 'UNSUPPORTED');
  await refusal(env, 'callSync', () => plugin.callSync('echo'), 'UNSUPPORTED');
  await refusal(env, 'a level that is none', async () => (plugin.logLevel = 'loud'), 'INVALID_INPUT');
  await another.close();
  await plugin.close();
}

async function hostFunctions(env) {
  const { plugin, host } = await inWorker(env);
  const say = async (f, hostContext) => {
    host.does = f;
    return string(await plugin.call('host', 'input', hostContext));
  };
  equal(await say((c, at) => c.store(`${c.read(at).string()}!`)), 'input!', 'at once');
  equal(await say(async (c, at) => (await turn(), c.store(`${c.read(at).string()}?`))), 'input?', 'later');
  equal(await say((c, at) => at), 'input', 'the block itself');
  equal(await say((c) => c.store(c.hostContext().text), { text: 'context' }), 'context', 'the host context');
  equal(await say((c) => Number(c.store('a number'))), 'a number', 'a handle as a number');
  equal(await say((c) => (c.setVariable('the var!', 'from here'), 0n)), null, 'no block');
  equal(string(await plugin.call('kept')), 'from here', 'the var that the host has set');
  host.pairs = (c) => [c.store('first'), c.store('second')];
  host.does = (c, at) => (equal(c.read(at).string(), 'first', 'a block of before'), c.free(at), 0n);
  equal(string(await plugin.call('pair', 'x')), 'second', 'several results');
  for (const wrong of [() => 'text', () => ({}), () => () => {}, () => 0.5, () => undefined]) {
    const error = await rejection('a wrong result', say(wrong));
    assert(error instanceof TypeError && error.message.includes('host function extism:host/user.host has returned'), () => show(error));
  }
  await plugin.close();
}

async function thrownObjects(env) {
  const { plugin, host } = await inWorker(env);
  class Mine extends Error {
    secret = () => {};
  }
  for (const thrown of [new Mine('mine'), new env.api.ExtismError('BUSY', 'not really'), 'text', undefined, null, { get message() { throw 1; } }, Symbol('s')]) {
    for (const does of [() => { throw thrown; }, async () => { throw thrown; }]) {
      host.does = does;
      const got = await caught('a host function that throws', plugin.call('host', 'x'));
      assert(Object.is(got.error, thrown), () => `another error than that of the user: ${show(got.error)}`);
    }
  }
  // What was done before it was thrown is done.
  host.does = (c) => { c.setVariable('the var!', 'before'); throw new Mine(); };
  await rejection('throwing', plugin.call('host', 'x'));
  equal(string(await plugin.call('kept')), 'before', 'the var');
  host.does = (c, at) => at;
  equal(string(await plugin.call('host', 'fine')), 'fine', 'the plug-in afterwards');
  await plugin.close();
}

async function blocks(env) {
  const { plugin, host } = await inWorker(env);
  let kept;
  host.does = (c, at) => {
    kept = c;
    equal(c.length(at), 5n, 'the length');
    equal(c.length(0n), 0n, 'the length of nothing');
    equal(c.read(0).byteLength, 0, 'the empty value');
    equal(c.length(-1), 0n, 'a negative offset');
    const block = c.store('new');
    equal(c.read(block).string(), 'new', 'a new block');
    c.free(block);
    equal(c.read(block), null, 'a block that is free');
    equal(c.length(c.alloc(10)), 10n, 'an allocated block');
    equal(c.store(''), 0n, 'the empty block');
    for (const f of [() => c.read(at + 8n), () => c.length(at + 8n)]) {
      let code;
      try { f(); } catch (error) { code = error.code; }
      equal(code, 'UNSUPPORTED', 'a block that has not come along');
    }
    return at;
  };
  equal(string(await plugin.call('host', 'input')), 'input', 'the output');
  for (const f of ['store', 'alloc', 'free', 'read', 'length', 'deleteVariable']) {
    const error = await rejection(f, async () => kept[f](f === 'store' ? 'x' : 1));
    equal(error.code, 'UNSUPPORTED', `${f} once the function has returned`);
  }
  equal(kept.getVariable('none'), null, 'a var, once the function has returned');
  host.does = (c) => (c.setError('an error of the host'), 0n);
  equal((await refusal(env, 'setError', plugin.call('host', 'x'), 'PLUGIN_ERROR')).message, 'Plugin-originated error: an error of the host', 'the error');
  host.does = (c) => (c.setError('x'), c.setError(), 0n);
  equal(await plugin.call('host', 'x'), null, 'an error that is taken back');
  host.does = (c) => c.store(new Uint8Array(300_000).fill(65)); // is longer than the shared buffer
  equal((await plugin.call('host', 'x')).string(), 'A'.repeat(300_000), 'a large block');
  await plugin.close();
  await refusal(env, 'a context of a plug-in that has ended', async () => kept.getVariable('x'), 'CLOSED');
}

async function typedHostFunctions(env) {
  const { hostFunction, createPlugin } = env.api;
  const functions = {
    'extism:host/user': {
      host: hostFunction({ params: ['json'], results: ['json'] }, async (_, value) => ({ got: value.n + 1 })),
      pair: hostFunction({ params: ['text', 'i64'], results: ['text', 'text'] }, (_, text) => [text, `${text}${text}`]),
    },
  };
  const plugin = await createPlugin(await env.guest('worker'), { runInWorker: true, functions });
  equal(string(await plugin.call('host', '{"n":1}')), '{"got":2}', 'json');
  functions['extism:host/user'].host = null; // they were read once
  equal((await rejection('no JSON', plugin.call('host', '{'))).name, 'SyntaxError', "a codec's error");
  await plugin.close();
}

async function vars(env) {
  const map = new Map([['the var!', new Uint8Array([1, 2])]]);
  const { plugin, host } = await inWorker(env, { vars: env.api.stores.map(map) });
  equal((await plugin.call('kept')).bytes().join(), '1,2', 'a var of the store');
  await plugin.call('keep', 'kept');
  equal(new TextDecoder().decode(map.get('the var!')), 'kept', 'the store after a call');
  await refusal(env, 'a trap', plugin.call('keep_and_trap', 'trapped'), 'TRAP');
  equal(new TextDecoder().decode(map.get('the var!')), 'trapped', 'the store after a trap');
  host.does = (c) => {
    equal(c.getVariable('the var!').string(), 'trapped', 'the var, to the host');
    c.setVariable('the var!', 'by the host');
    equal(c.getVariable('the var!').string(), 'by the host', 'the var that it has set');
    c.setVariable('\ud800', 'half a pair');
    return 0n;
  };
  await plugin.call('host', '');
  equal(string(await plugin.call('kept')), 'by the host', 'the var, to the guest');
  equal(map.has('\ufffdeda080'), true, 'a name that is half a pair');
  host.does = (c) => (c.deleteVariable('the var!'), equal(c.getVariable('the var!'), null, 'deleted'), 0n);
  await plugin.call('host', '');
  equal(map.has('the var!'), false, 'whether the var is in the store');
  await plugin.close();
}

async function varsFull(env) {
  const { plugin, host } = await inWorker(env, { memory: { maxVarBytes: 12 } });
  await plugin.call('keep', 'abcd');
  host.does = (c) => (c.setVariable('the var!', 'abcde'), 0n);
  await refusal(env, 'a var that is too large', plugin.call('host', ''), 'VARS_FULL');
  equal(string(await plugin.call('kept')), 'abcd', 'the var');
  await plugin.close();
}

async function sameErrors(env) {
  const functions = { 'extism:host/user': { host: () => 0n, pair: () => [0n, 0n] } };
  const guest = await env.guest('worker');
  const here = await env.api.createPlugin(guest, { functions });
  const there = await env.api.createPlugin(guest, { functions, runInWorker: true });
  for (const [name, input] of [['keep_and_trap'], ['nothing'], ['memory'], ['x'.repeat(200_000)], [7], ['echo', 7], ['http', 'no request'], ['http', '{"url":"https://example.test/"}']]) {
    const [a, b] = [await rejection(name, here.call(name, input)), await rejection(name, there.call(name, input))];
    const facts = (e) => show([e.constructor === env.api.ExtismError, e.code, e.message, e.module, e.function, e.cause?.name, e.cause?.message]);
    equal(facts(b), facts(a), `the error of ${String(name).slice(0, 20)}`);
  }
  await here.close();
  await there.close();
  for (const [manifest, options] of [['{"wasm":[]}'], [new Uint8Array([1, 2])], [guest, { functions: {} }], [guest, { functions, config: 1 }], [{ wasm: [{ url: 'data:application/wasm,x' }] }]]) {
    const [a, b] = [await rejection('', env.api.createPlugin(manifest, options)), await rejection('', env.api.createPlugin(manifest, { ...options, runInWorker: true }))];
    equal(show(b), show(a), 'the error of creation');
    equal(b.cause?.name, a.cause?.name, "its cause's name");
  }
  await refusal(env, 'a flag that is none', env.api.createPlugin(guest, { functions, runInWorker: 'yes' }), 'INVALID_INPUT');
}

async function timeouts(env) {
  const store = new Map();
  const { plugin, host } = await inWorker(env, { timeoutMs: 400, vars: env.api.stores.map(store) });
  await plugin.call('keep', 'before');
  const spinning = plugin.call('spin');
  const behind = plugin.call('kept'); // its time begins when it does
  const error = await refusal(env, 'a guest that does not end', spinning, 'TIMEOUT');
  equal(error.function, 'spin', 'the function');
  assert(error.message.includes('"spin"') && error.message.includes('400'), error.message);
  equal(string(await behind), 'before', 'the var');
  await refusal(env, 'a var on the way', plugin.call('keep_and_spin', 'lost'), 'TIMEOUT');
  equal(string(await plugin.call('kept')), 'before', 'the var of a call that was ended');
  host.does = () => 0n;
  await refusal(env, 'a var that the host was shown', plugin.call('keep_host_and_spin', 'shown'), 'TIMEOUT');
  equal(string(await plugin.call('kept')), 'shown', 'the var as the host has seen it');
  equal(new TextDecoder().decode(store.get('the var!')), 'shown', 'the var in the store');
  host.does = () => new Promise(() => {});
  await refusal(env, 'a host function that does not end', plugin.call('host', ''), 'TIMEOUT');
  await plugin.close();
  for (const timeouts of [{ timeoutMs: 300 }, { timeout_ms: 300 }]) {
    const { plugin } = await inWorker(env, { ...(timeouts.timeoutMs && timeouts) });
    await plugin.close();
    const functions = { 'extism:host/user': { host: () => 0n, pair: () => [0n, 0n] } };
    const listed = await env.api.createPlugin({ wasm: [{ data: await env.guest('worker') }], ...timeouts }, { runInWorker: true, functions });
    await refusal(env, 'a timeout of the manifest', listed.call('spin'), 'TIMEOUT');
    await listed.close();
    await refusal(env, 'a timeout without a worker', env.api.createPlugin({ wasm: [{ data: await env.guest('worker') }], ...timeouts }, { functions }), 'UNSUPPORTED');
  }
  await env.settled();
}

async function timeoutOfInitialisation(env) {
  let ok = 1n;
  const options = { runInWorker: true, timeoutMs: 400, functions: { 'extism:host/user': { host: () => ok } } };
  const create = async () => env.api.createPlugin(await env.guest('boot_spin'), options);
  const plugin = await create();
  ok = 0n;
  await refusal(env, 'an initialisation that does not end', create(), 'TIMEOUT');
  await plugin.close();
  await env.settled();
}

async function signals(env) {
  const { plugin } = await inWorker(env);
  await plugin.call('keep', 'before');
  const reason = { mine: true };
  const gone = AbortSignal.abort(reason);
  equal((await caught('aborted before', plugin.call('echo', 'x', null, { signal: gone }))).error, reason, 'the reason');
  const running = new AbortController();
  const waiting = new AbortController();
  const calls = [
    caught('a call that is running', plugin.call('spin', '', null, { signal: running.signal })),
    caught('a call that waits', plugin.call('echo', 'x', null, { signal: waiting.signal })),
    plugin.call('kept'),
  ];
  waiting.abort(reason);
  setTimeout(() => running.abort(reason), 100);
  equal((await calls[1]).error, reason, 'the reason of the one that waits');
  equal(running.signal.aborted, false, 'whether the one that waits has waited for the other');
  equal((await calls[0]).error, reason, 'the reason of the one that runs');
  equal(string(await calls[2]), 'before', 'the call behind');
  const late = new AbortController();
  equal(string(await plugin.call('echo', 'x', null, { signal: late.signal })), 'x', 'a call that is not aborted');
  late.abort();
  equal(string(await plugin.call('echo', 'y')), 'y', 'a signal after the call');
  await plugin.close();
  await env.settled();
}

async function queues(env) {
  const { plugin } = await inWorker(env, { maxQueue: 1 });
  const stop = new AbortController();
  const first = plugin.call('echo', 'first');
  const second = caught('a call that waits', plugin.call('echo', 'x', null, { signal: stop.signal }));
  await refusal(env, 'a call too many', plugin.call('echo', 'x'), 'BUSY');
  stop.abort();
  await second;
  equal(string(await plugin.call('echo', 'third')), 'third', 'a call in the place of one that has given up');
  equal(string(await first), 'first', 'the first call');
  await plugin.close();
}

async function endedFromOutside(env) {
  const { plugin } = await inWorker(env);
  await plugin.call('keep', 'before');
  const spinning = plugin.call('spin');
  const behind = plugin.call('kept');
  setTimeout(env.endLast, 100);
  await refusal(env, 'a worker that ends', spinning, 'WORKER_FAILED');
  equal(string(await behind), 'before', 'the call behind');
  env.endLast();
  await new Promise((resolve) => setTimeout(resolve, 100));
  equal(string(await plugin.call('kept')), 'before', 'after an end between two calls');
  await plugin.close();
  await env.settled();
}

async function noWorkerThere(env) {
  const error = await refusal(env, 'a worker that is not there', inWorker(env, { workerUrl: env.url('nothing.mjs') }), 'WORKER_FAILED');
  assert(error.cause instanceof Error, 'no cause');
  await env.settled();
}

async function logs(env) {
  const records = [];
  const logger = Object.fromEntries(['trace', 'debug', 'info', 'warn', 'error'].map((level) => [level, (text, record) => void records.push([text, record])]));
  const { plugin } = await inWorker(env, { logger, logLevel: 'info' });
  for (let i = 0; i < 20; i++) await plugin.call('log', `record ${i}`);
  equal(records.map(([text]) => text).join(), Array.from({ length: 20 }, (_, i) => `record ${i}`).join(), 'the order');
  equal(show(records[0][1]), show({ level: 'info', text: 'record 0', plugin: plugin.name, id: plugin.id, function: 'log', source: 'guest' }), 'the record');
  plugin.logLevel = 'error';
  await plugin.call('log', 'not this one');
  equal(records.length, 20, 'records of a level below');
  await plugin.close();
  const thrown = { by: 'the logger' };
  const failing = await inWorker(env, { logger: { ...silent, info() { throw thrown; } }, logLevel: 'info' });
  equal((await caught('a logger that throws', failing.plugin.call('log', 'x'))).error, thrown, 'what it has thrown');
  equal(string(await failing.plugin.call('echo', 'x')), 'x', 'the plug-in afterwards');
  await failing.plugin.close();
}

async function closing(env) {
  const { plugin } = await inWorker(env);
  const calls = [plugin.call('spin'), plugin.call('echo', 'x')];
  const refused = calls.map((call) => refusal(env, 'a call of a plug-in that is closed', call, 'CLOSED'));
  await turn();
  await plugin.close();
  await Promise.all(refused);
  await plugin.close();
  await refusal(env, 'a call afterwards', plugin.call('echo'), 'CLOSED');
  await refusal(env, 'the level afterwards', async () => (plugin.logLevel = 'info'), 'CLOSED');
  equal(await plugin.reset(), false, 'reset afterwards');
  await env.settled();
}

async function fromInside(env) {
  const { plugin, host } = await inWorker(env);
  host.does = async () => {
    await refusal(env, 'a call of its own plug-in', plugin.call('echo', 'x'), 'BUSY');
    return 0n;
  };
  await plugin.call('host', 'x');
  const other = await inWorker(env);
  host.does = async (c, at) => c.store((await other.plugin.call('echo', c.read(at).bytes())).bytes());
  equal(string(await plugin.call('host', 'both')), 'both', 'a call of another plug-in');
  await plugin.close();
  await other.plugin.close();
}

async function manyAtOnce(env) {
  const plugins = await Promise.all(Array.from({ length: 4 }, () => inWorker(env)));
  const calls = plugins.flatMap(({ plugin, host }, p) => {
    host.does = async (c, at) => c.store(`${p}: ${c.read(at).string()}`);
    return Array.from({ length: 25 }, async (_, i) => equal(string(await plugin.call('host', `${i}`)), `${p}: ${i}`, 'an answer'));
  });
  await Promise.all(calls);
  await Promise.all(plugins.map(({ plugin }) => plugin.close()));
}

async function sources(env) {
  const guest = await env.guest('worker');
  const options = { runInWorker: true, functions: { 'extism:host/user': { host: () => 0n, pair: () => [0n, 0n] } } };
  const url = env.url('worker.wasm');
  const module = await WebAssembly.compile(guest);
  const manifests = { bytes: guest, url, URL: new URL(url), module, response: fetch(url), list: { wasm: [{ response: fetch(url) }] }, json: JSON.stringify({ wasm: [{ url }] }) };
  for (const [what, manifest] of Object.entries(manifests)) {
    const plugin = await env.api.createPlugin(manifest, options);
    equal(string(await plugin.call('echo', what)), what, what);
    await plugin.close();
  }
  equal(guest.length > 0, true, 'the bytes are still there');
  const compiled = await env.api.compilePlugin(guest, options);
  const plugin = await compiled.instantiate();
  equal(string(await plugin.call('echo', 'compiled')), 'compiled', 'of compiled modules');
  await plugin.close();
  for (const manifest of [guest, { wasm: [{ response: fetch(url) }] }]) {
    await refusal(env, 'a module that is too large', env.api.createPlugin(await manifest, { ...options, maxModuleBytes: 100 }), 'INVALID_WASM');
  }
}

async function ownFetch(env) {
  const guest = await env.guest('worker');
  const asked = [];
  const thrown = new Error('mine');
  const own = async (url, init = {}) => {
    asked.push(String(url));
    if (String(url).endsWith('fails')) throw thrown;
    if (String(url).endsWith('/http')) return new Response(`${init.method} ${new TextDecoder().decode(init.body)}`);
    return new Response(guest, { headers: { 'content-type': 'application/wasm' } });
  };
  const functions = { 'extism:host/user': { host: () => 0n, pair: () => [0n, 0n] } };
  const plugin = await env.api.createPlugin({ wasm: [{ url: 'guest:one' }] }, { runInWorker: true, fetch: own, functions, allowedHosts: ['*'] });
  equal(string(await plugin.call('http', '{"url":"https://example.test/http","method":"POST"}')), 'POST ', "the guest's request");
  equal(asked.join(), 'guest:one,https://example.test/http', 'what was asked for');
  const error = await refusal(env, 'a request that fails', plugin.call('http', '{"url":"https://example.test/fails"}'), 'HTTP_FAILED');
  equal(error.cause, thrown, 'its cause');
  await plugin.close();
  const failed = await refusal(env, 'a module that cannot be fetched', env.api.createPlugin('https://example.test/fails', { runInWorker: true, fetch: own }), 'FETCH_FAILED');
  equal(failed.cause, thrown, 'its cause');
}

async function http(env) {
  const { plugin } = await inWorker(env, { allowedHosts: ['127.0.0.1'] });
  const request = (name) => JSON.stringify({ url: env.url(name) });
  equal(string(await plugin.call('http', request('hello.txt'))), 'hello from the server', 'the response');
  equal((await plugin.call('http', request('large.txt'))).byteLength, 1_000_000, 'the length of a large one');
  await plugin.close();
  const small = await inWorker(env, { allowedHosts: ['127.0.0.1'], memory: { maxHttpResponseBytes: 1000 } });
  await refusal(env, 'a response that is too large', small.plugin.call('http', request('large.txt')), 'HTTP_TOO_LARGE');
  await refusal(env, 'another host', small.plugin.call('http', '{"url":"https://example.test/"}'), 'HTTP_DENIED');
  await small.plugin.close();
}

async function hundred(env) {
  for (let i = 0; i < 20; i++) {
    const five = await Promise.all(Array.from({ length: 5 }, () => inWorker(env)));
    equal(string(await five[0].plugin.call('echo', 'x')), 'x', 'one of them');
    await Promise.all(five.map(({ plugin }) => plugin.close()));
  }
  await env.settled();
}

const scenarios = {
  sizes, rest, hostFunctions, thrownObjects, blocks, typedHostFunctions, vars, varsFull, sameErrors, timeouts, timeoutOfInitialisation, signals, queues,
  endedFromOutside, noWorkerThere, logs, closing, fromInside, manyAtOnce, sources, ownFetch, http, hundred,
};

/**
 * Watches the workers that are started from now on.
 * @param {object} holder of a class Worker
 * @param {(worker: object) => void} end ends one from outside, so that its page is told
 */
function watchWorkers(holder, end) {
  const alive = new Set();
  let last;
  holder.Worker = class extends holder.Worker {
    constructor(...args) {
      super(...args);
      alive.add((last = this));
    }

    terminate() {
      alive.delete(this);
      return super.terminate();
    }
  };
  return {
    forget: () => alive.clear(), // those of a scenario that has failed
    endLast: () => end(last),
    settled: async () => equal(alive.size, 0, 'workers that are left'),
  };
}

/**
 * @param {object} environment api, guest, url, holder, end, and whether memory is shared
 * @returns {Promise<{ name: string, error: string }[]>}
 */
export async function run({ holder, end, only, ...environment }) {
  const env = { ...environment, ...watchWorkers(holder, end) };
  const results = [];
  for (const [name, scenario] of Object.entries(scenarios)) {
    if (only && !only.includes(name)) continue;
    env.forget();
    try {
      await scenario(env);
      results.push({ name, error: '' });
    } catch (error) {
      results.push({ name, error: String(error?.stack ?? error) });
    }
  }
  return results;
}
