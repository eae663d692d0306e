// Plug-ins of several modules.

import { numberOf, outcomes, using } from './lib.mjs';

async function linking(api, env) {
  const [lib, byName, byNumber] = await Promise.all(['doubles', 'user_of_lib', 'user_of_0'].map(env.guest));
  const doubled = (wasm) => using(api.createPlugin({ wasm }), async (plugin) => numberOf(await plugin.call('run', 'four')));
  return outcomes({
    'main is named': () => doubled([{ data: lib, name: 'lib' }, { data: byName, name: 'main' }]),
    'main is the last': () => doubled([{ data: lib, name: 'lib' }, { data: byName }]),
    'main is the first': () => doubled([{ data: byName, name: 'main' }, { data: lib, name: 'lib' }]),
    'the last has another name': () => doubled([{ data: lib, name: 'lib' }, { data: byName, name: 'app' }]),
    'the other one by its number': () => doubled([{ data: lib }, { data: byNumber }]),
    'compiled modules': async () =>
      doubled([{ module: await WebAssembly.compile(lib), name: 'lib' }, { module: await WebAssembly.compile(byName), name: 'main' }]),
    'compiled modules, main is the last': async () =>
      doubled([{ module: await WebAssembly.compile(lib), name: 'lib' }, { module: await WebAssembly.compile(byName) }]),
    'the other one is missing': () => doubled([{ data: byName, name: 'main' }]),
    'the other one has another name': () => doubled([{ data: lib, name: 'library' }, { data: byName, name: 'main' }]),
    'the other one lacks the function': () => doubled([{ data: byNumber, name: 'lib' }, { data: byName, name: 'main' }]),
    'one that nobody imports': () => doubled([{ data: lib, name: 'lib' }, { data: byNumber, name: 'spare' }, { data: byName, name: 'main' }]),
  });
}

async function circles(api, env) {
  const [ping, pong] = await Promise.all(['ping', 'pong'].map(env.guest));
  return outcomes({
    'functions of each other': () =>
      using(api.createPlugin({ wasm: [{ data: pong, name: 'pong' }, { data: ping, name: 'main' }] }), async (plugin) =>
        numberOf(await plugin.call('run', 'four'))),
  });
}

/** Two modules of another project, each with WASI. */
async function ofTheSdk(api, env) {
  const wasm = [{ name: 'lib', data: await env.guest('lib') }, { name: 'main', data: await env.guest('main') }];
  return using(api.createPlugin({ wasm }, { useWasi: true }), (plugin) => outcomes({ run_test: () => plugin.call('run_test', 'benjamin') }));
}

export const linked = [
  { name: 'linked modules', run: linking },
  { name: 'modules in a circle', run: circles },
  { name: 'linked modules of the Go SDK', run: ofTheSdk },
];
