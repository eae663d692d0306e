// Errors, with the messages that a program could look for.

import { echoed, outcome, outcomes, recorder, using } from './lib.mjs';

const tool = async (api, env, options) => api.createPlugin({ wasm: [{ data: await env.guest('tool') }] }, options);

async function calls(api, env) {
  return using(tool(api, env), (plugin) =>
    outcomes({
      'no such function': () => plugin.call('no_such_function'),
      'a memory': () => plugin.call('memory'),
      'a global': () => plugin.call('answer'),
      'an error of the plug-in': () => plugin.call('fail', 'no such user'),
      'an error of the plug-in, code 7': () => plugin.call('fail_with_7', 'no such user'),
      'an error of the plug-in, code 0': () => plugin.call('fail_with_0', 'no such user'),
      'an error in another language': () => plugin.call('fail', 'Größe 世界'),
      'an empty error': () => plugin.call('fail', ''),
      'the next call': () => plugin.call('echo', 'fine'),
      'a trap': () => plugin.call('trap').catch((error) => error.message.includes('unreachable')),
      'the class of every error': () => plugin.call('fail', 'x').catch((error) => error instanceof Error),
      'a rejection, no exception': () => {
        const promise = plugin.call('no_such_function');
        return promise.then(() => 'fulfilled', () => 'rejected');
      },
    }));
}

/** What is left of an instance after a trap. */
async function afterATrap(api, env) {
  return using(tool(api, env), async (plugin) => {
    await plugin.call('remember', 'a var');
    await plugin.call('count_and_trap').catch(() => {});
    return outcomes({
      'the instance’s count': async () => (await plugin.call('count')).getBigUint64(0, true),
      'a var': () => plugin.call('recall'),
      isActive: () => plugin.isActive(),
    });
  });
}

async function imports(api, env) {
  const create = async (name, options) => using(api.createPlugin({ wasm: [{ data: await env.guest(name) }] }, options), () => 'created');
  const work = { functions: { 'extism:host/user': { other: () => {} } } };
  return outcomes({
    'a module that there is not': () => create('imports_nowhere'),
    'a namespace that there is not': () => create('imports_function'),
    'a function that a namespace has not': () => create('imports_function', work),
    'a function that the environment has not': () => create('imports_env'),
    'a memory of the host': () => create('imports_memory', work),
    'a memory that the host offers': () => create('imports_memory', { functions: { 'extism:host/user': { memory: () => {} } } }),
    'WASI, not enabled': () => create('noop'),
  });
}

async function manifests(api, env) {
  const data = await env.guest('tool');
  return outcomes({
    'no wasm key': () => echoed(api, {}),
    'no wasm key in JSON': () => echoed(api, '{}'),
    'wasm is no array': () => echoed(api, { wasm: { data } }),
    'wasm is empty': () => echoed(api, { wasm: [] }),
    'an item without a place': () => echoed(api, { wasm: [{ name: 'main' }] }),
    'malformed JSON': () => echoed(api, '{"wasm":').catch(() => 'rejected'),
    'not WebAssembly': () => echoed(api, { wasm: [{ data: new Uint8Array([1, 2, 3, 4]) }] }).catch((error) => /expected magic word/.test(error.message)),
    'a number': () => echoed(api, 5),
    undefined: () => echoed(api, undefined),
    null: () => echoed(api, null),
    'two modules of one name': () => echoed(api, { wasm: [{ data, name: 'main' }, { data, name: 'main' }] }),
    'a rejected promise': () => echoed(api, Promise.reject(new Error('of the program'))),
  });
}

async function network(api, env) {
  return outcomes({
    'a wrong content type': () => echoed(api, env.url('tool', '?type=text/html')),
    'a wrong content type of a response': () => echoed(api, new Response('<p>', { headers: { 'content-type': 'text/html' } })),
    'a wrong content type of a module': () => echoed(api, { wasm: [{ url: env.url('tool', '?type=text/html') }] }),
    'not found': () => echoed(api, env.url('no_such_guest')),
    'not found, of a manifest': () => echoed(api, { wasm: [{ url: env.url('no_such_guest') }] }),
    'no server': () => echoed(api, 'http://127.0.0.1:9/x.wasm').catch(() => 'rejected'),
  });
}

async function files(api) {
  return outcomes({
    'no such file': () => echoed(api, './no/such/file.wasm').catch((error) => /ENOENT/.test(error.message)),
  });
}

async function noFiles(api) {
  return { 'a path': await outcome(() => echoed(api, './plugin.wasm')) };
}

/** What this version refuses, and what the peer has for it. */
async function notYet(api, env) {
  const data = await env.guest('tool');
  const create = (options) => echoed(api, { wasm: [{ data }] }, options);
  return outcomes({
    timeoutMs: () => create({ timeoutMs: 1000 }),
    'allowedPaths, read-only': () => create({ allowedPaths: { '/data': 'ro:/tmp' } }),
    allowedPaths: () => create({ allowedPaths: { '/data': '/tmp' } }),
    runInWorker: () => create({ runInWorker: true }),
    'an HTTP request': async () =>
      using(api.createPlugin({ wasm: [{ data: await env.guest('http_headers') }] }, { useWasi: true, logger: recorder().logger }), (plugin) => plugin.call('http_get', JSON.stringify({ url: 'https://example.com/', method: 'GET', headers: {} }))),
  });
}

export const errors = [
  { name: 'errors of calls', run: calls },
  { name: 'after a trap', run: afterATrap },
  { name: 'errors of imports', run: imports },
  { name: 'errors of manifests', run: manifests },
  { name: 'errors of the network', run: network },
  { name: 'errors of files', only: ['node'], run: files },
  { name: 'paths where there are no files', only: ['chromium'], run: noFiles },
  { name: 'limits that are refused', run: notYet },
];
