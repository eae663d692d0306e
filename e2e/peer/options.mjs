// The options of createPlugin.

import { echoed, outcome, outcomes, recorder, using, withHost } from './lib.mjs';

const LEVELS = ['trace', 'debug', 'info', 'warn', 'error', 'silent'];

const tool = async (api, env, options) => api.createPlugin({ wasm: [{ data: await env.guest('tool') }] }, options);

async function logLevels(api, env) {
  const results = {};
  for (const logLevel of [undefined, ...LEVELS]) {
    const { lines, logger } = recorder();
    await using(tool(api, env, { logger, logLevel }), (plugin) => plugin.call('log', 'a record'));
    results[String(logLevel)] = lines;
  }
  return results;
}

/** What a plug-in is told when it asks which records are wanted. */
async function askedLevels(api, env) {
  const results = {};
  for (const logLevel of [undefined, ...LEVELS]) {
    results[String(logLevel)] = await outcome(() =>
      using(tool(api, env, { logger: recorder().logger, logLevel }), async (plugin) => (await plugin.call('log_level')).getInt32(0, true)),
    );
  }
  return results;
}

async function loggers(api, env) {
  return outcomes({
    'this of its methods': async () => {
      class Mine {
        lines = [];
        info(text) {
          this.lines.push(text);
        }
        trace() {}
        debug() {}
        warn() {}
        error() {}
      }
      const logger = new Mine();
      await using(tool(api, env, { logger, logLevel: 'info' }), (plugin) => plugin.call('log', 'a record'));
      return logger.lines;
    },
    'an exception from it': () => {
      const logger = { ...recorder().logger, info: () => { throw new Error('the disk is full'); } };
      return using(tool(api, env, { logger, logLevel: 'info' }), (plugin) => plugin.call('log', 'a record'));
    },
    'a level that there is not': () => using(tool(api, env, { logLevel: 'loud' }), () => 'created'),
  });
}

async function wasi(api, env) {
  const manifest = { wasm: [{ data: await env.guest('noop') }] };
  const hello = (options) => using(api.createPlugin(manifest, options), (plugin) => plugin.call('run_test'));
  return outcomes({
    'switched on': () => hello({ useWasi: true }),
    'switched off': () => hello({ useWasi: false }),
    unset: () => hello({}),
    'for a plug-in that needs none': () => using(tool(api, env, { useWasi: true }), (plugin) => plugin.call('echo', 'hello')),
  });
}

/** Where what a plug-in prints goes to. */
async function wasiOutput(api, env) {
  const { lines, logger } = recorder();
  const manifest = { wasm: [{ data: await env.guest('println') }] };
  const options = { useWasi: true, enableWasiOutput: true, logger, logLevel: 'info' };
  await using(api.createPlugin(manifest, options), (plugin) => plugin.call('run_test'));
  return { 'what the logger gets': lines };
}

/** A fetch of the program's own serves manifests and modules. */
async function ownFetch(api, env) {
  const data = await env.guest('tool');
  const asked = [];
  const fetch = async (url) => {
    asked.push(String(url));
    if (String(url).endsWith('.json')) {
      return Response.json({ wasm: [{ url: 'https://plugins.example/tool.wasm' }] });
    }
    return new Response(data.slice(), { headers: { 'content-type': 'application/wasm' } });
  };
  const results = await outcomes({
    'a module': () => echoed(api, 'https://plugins.example/tool.wasm', { fetch }),
    'a manifest': () => echoed(api, 'https://plugins.example/tool.json', { fetch }),
    'a module of a manifest': () => echoed(api, { wasm: [{ url: 'https://plugins.example/other.wasm' }] }, { fetch }),
    'one that fails': () => echoed(api, 'https://plugins.example/tool.wasm', { fetch: () => Promise.reject(new Error('no network')) }),
  });
  return { ...results, asked };
}

async function varLimits(api, env) {
  const keep = (maxVarBytes, length) =>
    using(tool(api, env, { memory: { maxVarBytes }, logger: recorder().logger }), async (plugin) => {
      await plugin.call('remember', 'x'.repeat(length));
      return (await plugin.call('recall'))?.byteLength ?? null;
    });
  return outcomes({
    'within the limit': () => keep(100, 50),
    'above it': () => keep(100, 200),
    'no vars at all': () => keep(0, 1),
    'no limit, 2 MiB': () => keep(undefined, 2 << 20),
  });
}

async function pageLimits(api, env) {
  const length = (maxPages, n) =>
    using(tool(api, env, { memory: { maxPages }, logger: recorder().logger }), async (plugin) =>
      (await plugin.call('echo', new Uint8Array(n)))?.byteLength ?? null);
  return outcomes({
    'an input within the limit': () => length(8, 1000),
    'an input above it': () => length(2, 200_000),
    'no pages at all': () => length(0, 100_000),
  });
}

/** What this is not about is accepted, and what is wrong is refused. */
async function others(api, env) {
  const data = await env.guest('tool');
  const create = (options) => echoed(api, { wasm: [{ data }] }, options);
  return outcomes({
    'none': () => create(undefined),
    'an empty object': () => create({}),
    'every option left undefined': () =>
      create({ useWasi: undefined, runInWorker: undefined, logger: undefined, logLevel: undefined, functions: undefined,
        allowedPaths: undefined, allowedHosts: undefined, memory: undefined, timeoutMs: undefined, enableWasiOutput: undefined,
        config: undefined, fetch: undefined, sharedArrayBufferSize: undefined, allowHttpResponseHeaders: undefined, nodeWorkerArgs: undefined }),
    'sharedArrayBufferSize': () => create({ sharedArrayBufferSize: 1 << 20 }),
    'nodeWorkerArgs': () => create({ nodeWorkerArgs: { name: 'worker' } }),
    'allowHttpResponseHeaders': () => create({ allowHttpResponseHeaders: true }),
    'maxHttpResponseBytes': () => create({ memory: { maxHttpResponseBytes: 1000 } }),
    'allowedHosts': () => create({ allowedHosts: ['example.com'] }),
    'runInWorker: false': () => create({ runInWorker: false }),
    'timeoutMs: null': () => create({ timeoutMs: null }),
    'timeoutMs: 0': () => create({ timeoutMs: 0 }),
    'an unknown option': () => create({ useWasm: true }),
    'an unknown key of the manifest': () => echoed(api, { wasm: [{ data }], author: 'Ada' }),
    'an unknown key of a module': () => echoed(api, { wasm: [{ data, version: 1 }] }),
    'a config that is not text': () => create({ config: { retries: 3 } }),
    'useWasi: 1': () => create({ useWasi: 1 }),
    'a function that is none': () => create({ functions: { 'extism:host/user': { work: 5 } } }),
  });
}

/** The options belong to the program: they are neither changed nor looked at again. */
async function ownership(api, env) {
  const data = await env.guest('tool');
  const given = Object.freeze({ config: Object.freeze({ key: 'as given' }), functions: Object.freeze({}) });
  const manifest = Object.freeze({ wasm: Object.freeze([Object.freeze({ data })]) });
  const functions = { 'extism:host/user': { work: () => 0n } };
  return outcomes({
    'frozen options and manifest': () => echoed(api, manifest, given),
    'a function that is replaced later': () => {
      let used = 'none';
      functions['extism:host/user'].work = () => {
        used = 'the first';
        return 0n;
      };
      return using(env.guest('asks_host').then((data) => api.createPlugin({ wasm: [{ data }] }, { functions })), async (plugin) => {
        functions['extism:host/user'].work = () => {
          used = 'the second';
          return 0n;
        };
        await plugin.call('run');
        return used;
      });
    },
    'bytes that are overwritten later': async () => {
      const bytes = data.slice();
      const creating = api.createPlugin({ wasm: [{ data: bytes }] });
      const plugin = await creating;
      bytes.fill(0);
      return using(plugin, (p) => p.call('echo', 'hello'));
    },
  });
}

async function thisOfFunctions(api, env) {
  return withHost(api, env, async (call) => ({
    arguments: await outcome(async () => {
      let seen;
      await call((...args) => {
        seen = args.slice(1).map((a) => typeof a);
        return 0n;
      });
      return seen;
    }),
  }));
}

export const options = [
  { name: 'log levels', run: logLevels },
  { name: 'log levels as a plug-in sees them', run: askedLevels },
  { name: 'loggers', run: loggers },
  { name: 'WASI', run: wasi },
  { name: 'WASI output', run: wasiOutput },
  { name: 'a fetch of one\u2019s own', run: ownFetch },
  { name: 'limits of vars', run: varLimits },
  { name: 'limits of pages', run: pageLimits },
  { name: 'other options', run: others },
  { name: 'who owns the options', run: ownership },
  { name: 'arguments of host functions', run: thisOfFunctions },
];
