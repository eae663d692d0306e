// Whatever a plug-in can be made of.

import { echoed, outcomes, sha256 } from './lib.mjs';

/** Bytes in the midst of a larger buffer. */
function view(bytes) {
  const larger = new Uint8Array(bytes.length + 100);
  larger.set(bytes, 50);
  return larger.subarray(50, 50 + bytes.length);
}

const base64 = (bytes) => btoa(String.fromCharCode(...bytes));

async function objects(api, env) {
  const data = await env.guest('tool');
  const module = await WebAssembly.compile(data);
  const url = env.url('tool');
  return outcomes({
    bytes: () => echoed(api, { wasm: [{ data }] }),
    'a view of bytes': () => echoed(api, { wasm: [{ data: view(data) }] }),
    'an ArrayBuffer as data': () => echoed(api, { wasm: [{ data: data.buffer }] }),
    'base64 text as data': () => echoed(api, { wasm: [{ data: base64(data) }] }),
    'a module': () => echoed(api, { wasm: [{ module }] }),
    'a URL object': () => echoed(api, { wasm: [{ url: new URL(url) }] }),
    'a URL as text': () => echoed(api, { wasm: [{ url }] }),
    'a URL with another type': () => echoed(api, { wasm: [{ url: env.url('tool', '?type=application/octet-stream') }] }),
    'a response': async () => echoed(api, { wasm: [{ response: await fetch(url) }] }),
    'a response with another type': async () => echoed(api, { wasm: [{ response: await fetch(env.url('tool', '?type=application/octet-stream')) }] }),
    'a name': () => echoed(api, { wasm: [{ data, name: 'main' }] }),
    'another name': () => echoed(api, { wasm: [{ data, name: 'tool' }] }),
    'a module with a name': () => echoed(api, { wasm: [{ module, name: 'main' }] }),
  });
}

async function bare(api, env) {
  const data = await env.guest('tool');
  const url = env.url('tool');
  return outcomes({
    'an ArrayBuffer': () => echoed(api, data.buffer.slice(0)),
    'a Uint8Array': () => echoed(api, data),
    'a module': async () => echoed(api, await WebAssembly.compile(data)),
    'a URL object': () => echoed(api, new URL(url)),
    'a URL as text': () => echoed(api, url),
    'a response': async () => echoed(api, await fetch(url)),
    'a response with another type': async () => echoed(api, await fetch(env.url('tool', '?type=application/octet-stream'))),
    'a response without a type': () => echoed(api, new Response(data.slice(), { headers: [] })),
    'a promise of a response': () => echoed(api, fetch(url)),
    'a promise of bytes': () => echoed(api, Promise.resolve(data.buffer.slice(0))),
    'a thenable': () => echoed(api, { then: (resolve) => resolve({ wasm: [{ data }] }) }),
    'a data: URL': () => echoed(api, `data:application/wasm;base64,${base64(data)}`),
  });
}

async function json(api, env) {
  const wasm = [{ url: env.url('tool') }];
  const text = JSON.stringify({ wasm });
  const response = (type) => new Response(text, { headers: { 'content-type': type } });
  return outcomes({
    text: () => echoed(api, text),
    'text with space around it': () => echoed(api, `\n  ${text}\n`),
    'text with base64 data': async () => echoed(api, JSON.stringify({ wasm: [{ data: base64(await env.guest('tool')) }] })),
    'a response': () => echoed(api, response('application/json')),
    'a response with text/json': () => echoed(api, response('text/json; charset=utf-8')),
    'a URL': () => echoed(api, env.url('tool', '?manifest')),
    'keys of other SDKs': () => echoed(api, JSON.stringify({ wasm, allowed_hosts: [], allowed_paths: {}, memory: { max_pages: 10 } })),
  });
}

async function paths(api, env) {
  const path = env.path('tool');
  return outcomes({
    'a path': () => echoed(api, path),
    'a path in a manifest': () => echoed(api, { wasm: [{ path }] }),
    'a path in JSON': () => echoed(api, JSON.stringify({ wasm: [{ path }] })),
    'a file: URL': () => echoed(api, `file://${path}`),
    'a hash': async () => echoed(api, { wasm: [{ path, hash: await sha256(await env.guest('tool')) }] }),
    'a wrong hash': async () => echoed(api, { wasm: [{ path, hash: '00'.repeat(32) }] }),
  });
}

async function hashes(api, env) {
  const data = await env.guest('tool');
  const module = await WebAssembly.compile(data);
  const hash = await sha256(data);
  const wrong = '00'.repeat(32);
  return outcomes({
    'of bytes': () => echoed(api, { wasm: [{ data, hash }] }),
    'of a URL': () => echoed(api, { wasm: [{ url: env.url('tool'), hash }] }),
    'of a response': async () => echoed(api, { wasm: [{ response: await fetch(env.url('tool')), hash }] }),
    'in capital letters': () => echoed(api, { wasm: [{ data, hash: hash.toUpperCase() }] }),
    'wrong, of bytes': () => echoed(api, { wasm: [{ data, hash: wrong }] }),
    'wrong, of a URL': () => echoed(api, { wasm: [{ url: env.url('tool'), hash: wrong }] }),
    'of a module': () => echoed(api, { wasm: [{ module, hash }] }),
    'malformed': () => echoed(api, { wasm: [{ data, hash: 'xyz' }] }),
  });
}

/** What a plug-in reads from its config, by way of each place that it can be given at. */
async function precedence(api, env) {
  const wasm = [{ data: await env.guest('tool') }];
  const read = async (manifest, options) => {
    const plugin = await api.createPlugin(manifest, options);
    const value = await plugin.call('config', 'key');
    await plugin.close();
    return value;
  };
  const manifest = { wasm, config: { key: 'of the manifest' } };
  return outcomes({
    'of the manifest': () => read(manifest),
    'of the options': () => read(manifest, { config: { key: 'of the options' } }),
    'an empty one of the options': () => read(manifest, { config: {} }),
    'undefined in the options': () => read(manifest, { config: undefined }),
    'of neither': () => read({ wasm }),
  });
}

export const manifests = [
  { name: 'manifests as objects', run: objects },
  { name: 'manifests that are a module', run: bare },
  { name: 'manifests as JSON', run: json },
  { name: 'manifests with paths', only: ['node'], run: paths },
  { name: 'hashes', run: hashes },
  { name: 'config of manifest and options', run: precedence },
];
