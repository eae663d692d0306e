// What @extism/extism is known to do wrong, one scenario each.

import { echoed, number, numberOf, outcome, outcomes, recorder, sha256, using, withHost } from './lib.mjs';

const soon = () => new Promise((resolve) => setTimeout(resolve, 5));

const tool = async (api, env, options) => api.createPlugin({ wasm: [{ data: await env.guest('tool') }] }, options);

/** Limits of a manifest that is JSON hold as those of an object do. */
async function memoryOfJson(api, env) {
  const manifest = JSON.stringify({ wasm: [{ url: env.url('tool') }], memory: { max_var_bytes: 100 } });
  return using(api.createPlugin(manifest, { logger: recorder().logger }), (plugin) =>
    outcomes({ 'a var above the limit': () => plugin.call('remember', 'x'.repeat(200)) }));
}

async function timeoutOfJson(api, env) {
  const create = (more) => echoed(api, JSON.stringify({ wasm: [{ url: env.url('tool') }], ...more }));
  return outcomes({
    timeout_ms: () => create({ timeout_ms: 1000 }),
    timeoutMs: () => create({ timeoutMs: 1000 }),
  });
}

/** Keys of other SDKs in a manifest that is an object. */
async function snakeCase(api, env) {
  const data = await env.guest('tool');
  return outcomes({
    timeout_ms: () => echoed(api, { wasm: [{ data }], timeout_ms: 1000 }),
    'memory.max_var_bytes': () =>
      using(api.createPlugin({ wasm: [{ data }], memory: { max_var_bytes: 100 } }, { logger: recorder().logger }), (plugin) =>
        plugin.call('remember', 'x'.repeat(200))),
  });
}

async function returnCodes(api, env) {
  return using(tool(api, env), (plugin) =>
    outcomes({
      'code 3': () => plugin.call('return_3', 'x'),
      'code 3 and an output': () => plugin.call('return_3_and_output', 'x'),
    }));
}

/** A host function that gives a promise, as an async function does, without being one. */
async function promises(api, env) {
  const slowly = (cp, at) => soon().then(() => cp.store(`later: ${cp.read(at).text()}`));
  const inFunction = async (work) =>
    using(env.guest('asks_host').then((data) => api.createPlugin({ wasm: [{ data }] }, { functions: { 'extism:host/user': { work } } })), (plugin) =>
      plugin.call('run', 'input'));
  return outcomes({
    'a function that gives a promise': () => inFunction(slowly),
    'an async function': () => inFunction(async (cp, at) => slowly(cp, at)),
    'a bound async function': () => inFunction((async (cp, at) => slowly(cp, at)).bind(null)),
    'a thenable': () => inFunction((cp) => ({ then: (resolve) => resolve(cp.store('thenable')) })),
    'a promise that is rejected': () => inFunction(async () => Promise.reject(new Error('of the host'))),
  });
}

/** Two calls at once, the one waiting in a host function while the other begins. */
async function concurrentCalls(api, env) {
  const work = async (cp, at) => {
    const before = cp.read(at).text();
    await soon();
    return cp.store(`${before}, after: ${cp.read(at)?.text()}`);
  };
  return using(env.guest('asks_host').then((data) => api.createPlugin({ wasm: [{ data }] }, { functions: { 'extism:host/user': { work } } })), async (plugin) => {
    const calls = ['one', 'another'].map((input) => outcome(() => plugin.call('run', input)));
    return { outputs: await Promise.all(calls) };
  });
}

/** Two calls at once that wait for nothing. */
async function immediateCalls(api, env) {
  return using(tool(api, env), async (plugin) => {
    const calls = ['one', 'another', 'a third'].map((input) => outcome(() => plugin.call('echo', input)));
    return { outputs: await Promise.all(calls) };
  });
}

/** A call from a host function into the plug-in that has called it. */
async function callsFromInside(api, env) {
  return withHost(api, env, async (call, plugin) => {
    let inner;
    const outer = call((cp, at) => {
      inner ??= outcome(() => plugin.call('run', 'of the inner call'));
      return cp.store(`given: ${cp.read(at)?.text()}`);
    }, 'of the outer call');
    return { 'the outer call': await outcome(() => outer), 'the inner call': await inner };
  });
}

async function activeAfterAMissingFunction(api, env) {
  return using(tool(api, env), async (plugin) => {
    const called = await outcome(() => plugin.call('no_such_function'));
    return { called, isActive: plugin.isActive(), reset: await plugin.reset() };
  });
}

async function hashOfAView(api, env) {
  const data = await env.guest('tool');
  const larger = new Uint8Array(data.length + 100);
  larger.set(data, 50);
  const hash = await sha256(data);
  return outcomes({ 'a view of bytes': () => echoed(api, { wasm: [{ data: larger.subarray(50, 50 + data.length), hash }] }) });
}

async function prototypeOfConfig(api, env) {
  return using(tool(api, env, { config: { present: 'yes' } }), (plugin) =>
    outcomes({
      present: () => plugin.call('config', 'present'),
      absent: () => plugin.call('config', 'absent'),
      constructor: () => plugin.call('config', 'constructor'),
      toString: () => plugin.call('config', 'toString'),
      'the name __proto__': () => plugin.call('config', '__proto__'),
    }));
}

async function manyBlocks(api, env) {
  const sum = (n) => (BigInt(n) * BigInt(n - 1)) / 2n;
  return using(tool(api, env), (plugin) =>
    outcomes({
      '1,000 blocks': async () => numberOf(await plugin.call('blocks', number(1000))) === sum(1000),
      '40,000 blocks': async () => numberOf(await plugin.call('blocks', number(40_000))) === sum(40_000),
      '100,000 blocks': async () => numberOf(await plugin.call('blocks', number(100_000))) === sum(100_000),
    }));
}

async function outOfBounds(api, env) {
  return using(tool(api, env), (plugin) =>
    outcomes({
      'behind a block': async () => numberOf(await plugin.call('behind_a_block', 'x')),
      'behind the input': async () => numberOf(await plugin.call('behind_the_input', 'x')),
      'freed twice': async () => numberOf(await plugin.call('free_twice', 'x')),
    }));
}

/** A config is what it was when the plug-in was created. */
async function configOfLater(api, env) {
  const config = { key: 'before' };
  return using(tool(api, env, { config }), (plugin) => {
    config.key = 'after';
    return outcomes({ 'what the plug-in reads': () => plugin.call('config', 'key') });
  });
}

export const faults = [
  { name: 'memory limits in a JSON manifest', run: memoryOfJson },
  { name: 'timeouts in a JSON manifest', run: timeoutOfJson },
  { name: 'snake_case keys in an object', run: snakeCase },
  { name: 'non-zero return codes', run: returnCodes },
  { name: 'host functions that return promises', run: promises },
  { name: 'two calls at once, one waiting', run: concurrentCalls },
  { name: 'calls at once', run: immediateCalls },
  { name: 'a call from inside a call', run: callsFromInside },
  { name: 'a missing function and isActive', run: activeAfterAMissingFunction },
  { name: 'the hash of a view', run: hashOfAView },
  { name: 'config and Object.prototype', run: prototypeOfConfig },
  { name: 'more than 32,768 blocks', run: manyBlocks },
  { name: 'reads out of bounds', run: outOfBounds },
  { name: 'config that is changed later', run: configOfLater },
];
