// The methods of a plug-in.

import { numberOf, outcome, outcomes, using, withHost } from './lib.mjs';

const tool = async (api, env, options) => api.createPlugin({ wasm: [{ data: await env.guest('tool') }] }, options);

async function inputs(api, env) {
  return using(tool(api, env), (plugin) => {
    const buffer = new Uint8Array([104, 101, 108, 108, 111]);
    return outcomes({
      text: () => plugin.call('echo', 'Zoë 世界 👋'),
      bytes: () => plugin.call('echo', buffer),
      'a view of bytes': () => plugin.call('echo', buffer.subarray(1, 3)),
      'an ArrayBuffer': () => plugin.call('echo', buffer.buffer),
      'a DataView': () => plugin.call('echo', new DataView(buffer.buffer, 1, 2)),
      'an empty text': () => plugin.call('echo', ''),
      'no bytes': () => plugin.call('echo', new Uint8Array()),
      nothing: () => plugin.call('echo'),
      null: () => plugin.call('echo', null),
      'a number': () => plugin.call('echo', 5),
      'an object': () => plugin.call('echo', {}),
      'a megabyte': async () => (await plugin.call('echo', new Uint8Array(1 << 20).fill(7))).bytes().every((b) => b === 7),
      'passed on as the output': () => plugin.call('pass_on', 'hello'),
      'passed on as the output, empty': () => plugin.call('pass_on', ''),
      'passed on as the output, none': () => plugin.call('pass_on'),
      'bytes afterwards': () => buffer,
    });
  });
}

async function nullAndEmpty(api, env) {
  return using(tool(api, env), (plugin) =>
    outcomes({
      'no output': () => plugin.call('nothing', 'x'),
      'an empty output': () => plugin.call('empty', 'x'),
      'an empty output, its length': async () => (await plugin.call('empty', 'x'))?.byteLength,
      'a function without a result': () => plugin.call('without_result', 'x'),
      'a part of a block': () => plugin.call('first_four', 'hello world'),
    }));
}

async function inquiries(api, env) {
  return using(tool(api, env), (plugin) =>
    outcomes({
      'functionExists of a function': () => plugin.functionExists('echo'),
      'functionExists of nothing': () => plugin.functionExists('no_such_function'),
      'functionExists of a memory': () => plugin.functionExists('memory'),
      'functionExists of a property of every object': () => plugin.functionExists('toString'),
      getExports: async () => (await plugin.getExports()).map((e) => `${e.kind} ${e.name}`).slice(0, 3),
      getImports: async () => (await plugin.getImports()).map((e) => `${e.kind} ${e.module} ${e.name}`).slice(0, 3),
      'getInstance, of what class': async () => (await plugin.getInstance()) instanceof WebAssembly.Instance,
      'getInstance, a global': async () => (await plugin.getInstance()).exports.answer.value,
      'getInstance twice': async () => (await plugin.getInstance()) === (await plugin.getInstance()),
      'getInstance, its state after a call': async () => {
        await plugin.call('count');
        (await plugin.getInstance()).exports.memory.grow(1);
        return (await plugin.getInstance()).exports.memory.buffer.byteLength / 65536;
      },
    }));
}

async function activity(api, env) {
  return withHost(api, env, async (call, plugin) => {
    const seen = { before: plugin.isActive() };
    const resets = [];
    const under = call(() => {
      seen.inside = plugin.isActive();
      resets.push(plugin.reset());
      return 0n;
    });
    await under;
    seen.after = plugin.isActive();
    return { ...seen, 'reset inside': await resets[0], 'reset after': await plugin.reset() };
  });
}

async function resets(api, env) {
  return using(tool(api, env), async (plugin) => {
    const output = await plugin.call('echo', 'kept');
    await plugin.call('remember', 'a var');
    return outcomes({
      reset: () => plugin.reset(),
      'an output from before': () => output,
      'a var from before': () => plugin.call('recall'),
      'state of the instance': async () => {
        await plugin.call('count');
        await plugin.reset();
        return numberOf(await plugin.call('count'));
      },
    });
  });
}

async function closing(api, env) {
  const plugin = await tool(api, env);
  const output = await plugin.call('echo', 'kept');
  return outcomes({
    close: () => plugin.close(),
    'close again': () => plugin.close(),
    'an output from before': () => output,
    'a call afterwards': () => plugin.call('echo', 'hello'),
    'isActive afterwards': () => plugin.isActive(),
    'reset afterwards': () => plugin.reset(),
    'functionExists afterwards': () => plugin.functionExists('echo'),
    'getInstance afterwards': async () => (await plugin.getInstance()) instanceof WebAssembly.Instance,
  });
}

/** Kinds of modules: what runs before the first call, and how often. */
async function initialisation(api, env) {
  const of = async (name, f) =>
    using(env.guest(name).then((data) => api.createPlugin({ wasm: [{ data }] })), async (plugin) => numberOf(await plugin.call(f)));
  return outcomes({
    'a reactor': () => of('reactor', 'initialised'),
    'a command whose _start sets an output': () => of('command', '_start'),
    'another function of such a command': () => of('command', 'started'),
  });
}

/** Two calls that the program has not waited for in between. */
async function exportsOfThePackage(api) {
  return {
    'functions are one': api.default === api.createPlugin && api.newPlugin === api.createPlugin,
    kinds: Object.fromEntries(['default', 'createPlugin', 'newPlugin', 'CAPABILITIES'].map((n) => [n, typeof api[n]])),
  };
}

async function capabilities(api) {
  const { supportsJSPromiseInterface, allowSharedBufferCodec, manifestSupportsPaths, crossOriginChecksEnforced, fsAccess,
    hasWorkerCapability, supportsWasiPreview1, supportsTimeouts, extismStdoutEnvVarSet } = api.CAPABILITIES;
  return { supportsJSPromiseInterface, allowSharedBufferCodec, manifestSupportsPaths, crossOriginChecksEnforced, fsAccess,
    hasWorkerCapability, supportsWasiPreview1, supportsTimeouts, extismStdoutEnvVarSet };
}

async function deferral(api, env) {
  return withHost(api, env, async (call) => {
    const order = [];
    const promise = call(() => {
      order.push('inside');
      return 0n;
    });
    order.push('after call');
    await promise;
    order.push('after await');
    return { order, 'is a promise': await outcome(() => promise instanceof Promise) };
  });
}

export const calls = [
  { name: 'exports of the package', run: exportsOfThePackage },
  { name: 'CAPABILITIES', run: capabilities },
  { name: 'inputs', run: inputs },
  { name: 'no output and an empty one', run: nullAndEmpty },
  { name: 'questions to a plug-in', run: inquiries },
  { name: 'isActive and reset in a call', run: activity },
  { name: 'reset', run: resets },
  { name: 'close', run: closing },
  { name: 'initialisation', run: initialisation },
  { name: 'when a call runs', run: deferral },
];
