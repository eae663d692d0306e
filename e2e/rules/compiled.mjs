// Modules that are compiled once and used often, in this realm and in others.

import { Innocent, assert, equal, long, rejection, silent } from './lib.mjs';

const count = async (plugin) => long(await plugin.call('count'));

/** Many plug-ins of the same modules, each with vars and options of its own. */
async function many(env) {
  const innocent = await Innocent.create(env);
  const bytes = await env.guest('count');
  const forms = { module: bytes, manifest: { wasm: [{ data: bytes }], config: { a: 'b' } }, promise: Promise.resolve(bytes) };
  if (bytes instanceof WebAssembly.Module) forms.manifest.wasm[0] = { module: bytes };
  for (const [form, given] of Object.entries(forms)) {
    const compiled = await env.api.compilePlugin(given);
    const [a, b] = await Promise.all([compiled.instantiate(), compiled.instantiate({ logLevel: 'info' })]);
    for (let i = 1n; i < 5n; i++) equal(await count(a), i, `${form}, one`);
    equal(await count(b), 1n, `${form}, the other`);
    await a.close();
    equal(await count(b), 2n, `${form}, after one has closed`);
    const again = await env.api.createPlugin(compiled.manifest);
    equal(await count(again), 1n, `${form}, by the manifest`);
    await again.close();
    await b.close();
    assert(Object.isFrozen(compiled.manifest) && compiled.manifest.wasm[0].module instanceof WebAssembly.Module, 'the manifest');
    await innocent.check(form);
  }
  const same = (await env.api.compilePlugin(forms.manifest)).manifest;
  equal(same.config.a, 'b', 'a limit of the manifest');
  equal((await rejection('no module', env.api.compilePlugin(new Uint8Array([1, 2, 3])))).code, 'INVALID_WASM', 'the code');
  await innocent.close();
  return {};
}

/** Signatures stay known, after a message to another realm, too. */
async function signatures(env) {
  const bytes = await env.guest('suspend');
  if (bytes instanceof WebAssembly.Module) return {};
  const user = { nothing() {}, i32: () => 1, i64: () => 2, f32: () => 3, f64: () => 4, pair: () => [5, 6] };
  const functions = { 'extism:host/user': { echo: () => 0n }, user };
  const compiled = await env.api.compilePlugin(bytes, { functions, logger: silent });
  const { port1, port2 } = new MessageChannel();
  const received = new Promise((resolve) => (port2.onmessage = ({ data }) => resolve(data)));
  port1.postMessage(compiled.manifest);
  for (const manifest of [compiled.manifest, await received]) {
    const plugin = await env.api.createPlugin(manifest, { functions, logger: silent });
    const output = await plugin.call('numbers'); // a number for an i64 is only possible where the signature is known
    equal(output.getBigInt64(8, true), 2n, 'an i64');
    await plugin.close();
  }
  port1.close();
  port2.close();
  const { module } = compiled.manifest.wasm[0];
  const wrong = await rejection('a wrong interface', env.api.createPlugin({ wasm: [{ module, interface: new Uint8Array([0, 1, 2]) }] }, { functions }));
  assert(wrong instanceof env.api.ExtismError && wrong.code !== 'INTERNAL', () => `a wrong interface: ${wrong.code} ${wrong.message}`);
  return {};
}

export const compiled = [
  { name: 'plug-ins of modules compiled once', rule: 3, run: many },
  { name: 'compiled modules keep their signatures', rule: 3, run: signatures },
];
