// What one meets first: a plug-in of another project, its state, its config, and
// functions of the host.

import { inside, numberOf, outcome, using, withHost } from './lib.mjs';

const vowels = async (api, env, options) => api.createPlugin({ wasm: [{ data: await env.guest('count_vowels') }] }, options);

async function firstCall(api, env) {
  return using(api.createPlugin(env.url('count_vowels'), { useWasi: true }), async (plugin) => {
    const output = await plugin.call('count_vowels', 'a plug-in from the web');
    return { text: output.text(), json: output.json() };
  });
}

/** A plug-in keeps its total in a var, which belongs to it alone. */
async function state(api, env) {
  const [one, other] = [await vowels(api, env), await vowels(api, env)];
  const totals = [];
  for (const plugin of [one, one, other, one, other]) totals.push((await plugin.call('count_vowels', 'aeiou')).json().total);
  const reset = await one.reset();
  const after = (await one.call('count_vowels', 'aeiou')).json().total;
  await one.close();
  await other.close();
  return { totals, reset, after };
}

async function config(api, env) {
  const count = (options) =>
    using(vowels(api, env, options), async (plugin) => (await plugin.call('count_vowels', 'fly me to the moon')).json());
  return { unset: await count(), 'more vowels': await count({ config: { vowels: 'aeiouy' } }) };
}

/** A store that outlives the plug-in, as a map of bytes. */
async function store(api, env) {
  const entries = new Map();
  const seen = [];
  const functions = {
    'extism:host/user': {
      kv_read(cp, at) {
        const key = cp.read(at).text();
        const value = entries.get(key) ?? new Uint8Array(8);
        seen.push(`read ${key} ${new DataView(value.buffer, value.byteOffset).getUint32(0, true)}`);
        return cp.store(value);
      },
      kv_write(cp, keyAt, valueAt) {
        const value = cp.read(valueAt);
        seen.push(`write ${cp.read(keyAt).text()} ${value.getUint32(0, true)}`);
        entries.set(cp.read(keyAt).text(), value.bytes());
      },
    },
  };
  const totals = [];
  for (let i = 0; i < 2; i++) {
    await using(api.createPlugin({ wasm: [{ data: await env.guest('kv') }] }, { functions }), async (plugin) => {
      totals.push(numberOf(await plugin.call('count', 'hello')));
      totals.push(numberOf(await plugin.call('count', 'again')));
    });
  }
  return { totals: totals.map(String), seen };
}

/** The host functions that plug-ins of the Go SDK's tests ask for. */
async function functionsOfTheSdk(api, env) {
  const run = async (name, functions, calls) =>
    using(api.createPlugin({ wasm: [{ data: await env.guest(name) }] }, { useWasi: true, functions }), async (plugin) => {
      const answers = [];
      for (const [f, input] of calls) answers.push((await plugin.call(f, input)).text());
      return answers;
    });
  return {
    multiplied: await run('host', { 'extism:host/user': { mult: (_, a, b) => a * b } }, [['run_test']]),
    'upper case': await run('host_memory', { host: { to_upper: (cp, at) => cp.store(cp.read(at).text().toUpperCase()) } }, [['run_test', 'frodo']]),
    'two functions': await run(
      'host_multiple',
      {
        'extism:host/user': {
          hostGreenMessage: (cp, at) => cp.store(`green ${cp.read(at).text()}`),
          hostPurpleMessage: (cp, at) => cp.store(`purple ${cp.read(at).text()}`),
        },
      },
      [['say_green', 'leaves'], ['say_purple', 'plums']],
    ),
  };
}

/** Each call may bring an object that its host functions see. */
async function hostContext(api, env) {
  return withHost(api, env, async (call) => {
    const seen = [];
    const note = (cp) => {
      seen.push(cp.hostContext());
      return 0n;
    };
    await call(note, 'x', { user: 'Ada' });
    await call(note, 'x', 7);
    await call(note, 'x');
    return { seen, after: await outcome(() => inside(call, (cp) => typeof cp.hostContext())) };
  });
}

export const stories = [
  { name: 'a plug-in by its URL', run: firstCall },
  { name: 'state', run: state },
  { name: 'config', run: config },
  { name: 'a key-value store', run: store },
  { name: 'host functions', run: functionsOfTheSdk },
  { name: 'host context', run: hostContext },
];
