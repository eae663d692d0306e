// Every form of a manifest, through the public API. What it needs of its
// surroundings comes from manifest_page.mjs and manifest_node.mjs:
//
// @typedef Environment
//   api      the namespace of dist/extism.mjs
//   url      (name) => URL of what manifest_test.go serves under that name
//   guest    (name) => Promise of the bytes of rules/guests/<name>.wasm
//   corpus   the cases of internal/manifest/testdata/corpus.txt
//   realm    () => the global object of another realm
//   path     (name) => path of rules/guests/<name>.wasm; not there without files
//   fileURL  (name, text) => file: URL of a file of that text, beside which settings.wasm is; likewise

import { assert, caught, customSection, equal, exporter, importer, refusal, sha256, show, tally } from './rules/lib.mjs';

/** What the settings guest says of a config value; null if there is none. */
async function config(plugin, key = 'k') {
  return (await plugin.call('config', key))?.text() ?? null;
}

/** Creates a plug-in, checks what it says of its config, and closes it. */
async function says(env, what, manifest, want, options) {
  let plugin;
  try {
    plugin = await env.api.createPlugin(manifest, options);
  } catch (error) {
    throw new Error(`${what}: ${show(error)}`, { cause: error });
  }
  equal(await config(plugin), want, what);
  await plugin.close();
}

/** A refusal that names a path of the manifest, or has other words in it. */
async function refused(env, what, manifest, words, options, code = 'INVALID_MANIFEST') {
  const error = await refusal(env, what, env.api.createPlugin(manifest, options), code);
  assert(error.message.includes(words), () => `${what}: ${show(error)} does not have ${JSON.stringify(words)}`);
  return error;
}

const base64 = (bytes) => btoa(Array.from(bytes, (b) => String.fromCharCode(b)).join(''));

/** All that createPlugin takes in place of a manifest. */
async function forms(env) {
  const bytes = await env.guest('settings');
  const module = await WebAssembly.compile(bytes);
  const json = JSON.stringify({ wasm: [{ data: base64(bytes) }], config: { k: 'v' } });
  const respond = (body, type) => new Response(body, type === undefined ? {} : { headers: { 'content-type': type } });
  const typeless = () => {
    const response = respond(bytes);
    response.headers.delete('content-type');
    return response;
  };
  const unset = {
    bytes,
    'an ArrayBuffer': bytes.slice().buffer,
    'a module': module,
    'a Response of a module': respond(bytes, 'application/wasm'),
    'a Response of type APPLICATION/WASM with a parameter': respond(bytes, 'APPLICATION/WASM; a=b'),
    'a Response of bytes': respond(bytes, 'application/octet-stream'),
    'a Response without a type': typeless(),
    'a URL of a module': new URL(env.url('settings.wasm')),
    'a URL of a module, as text': env.url('settings.wasm'),
    'a URL of type Application/WASM with a parameter': env.url('upper.wasm'),
    'a URL of bytes': env.url('bytes.wasm'),
    'a URL without a type': env.url('typeless.wasm'),
    'a data: URL': `data:application/wasm;base64,${base64(bytes)}`,
    'a blob: URL': URL.createObjectURL(new Blob([bytes], { type: 'application/wasm' })),
  };
  const set = {
    'an object': { wasm: [{ data: bytes }], config: { k: 'v' } },
    'an object without a prototype': Object.assign(Object.create(null), { wasm: [{ data: bytes }], config: { k: 'v' } }),
    'JSON': json,
    'JSON with a byte order mark': `\ufeff${json}`,
    'JSON with space around it': ` \r\n\t${json}\n`,
    'a Response of JSON': respond(json, 'application/json'),
    'a Response of JSON with a byte order mark': respond(`\ufeff${json}`, 'application/json'),
    'a Response of type Text/JSON with a parameter': respond(json, 'Text/JSON;charset=utf-8'),
    'a URL of JSON': new URL(env.url('settings.json')),
    'a URL of JSON, as text': env.url('settings.json'),
    'a URL of type TEXT/JSON': env.url('upper.json'),
    'a data: URL of JSON': `data:application/json,${encodeURIComponent(json)}`,
  };
  if (env.path) {
    Object.assign(unset, {
      'a path': env.path('settings'),
      'a file: URL of a module': env.fileURL('settings.wasm'),
      'a file: URL of a module, as text': env.fileURL('settings.wasm').href,
    });
    set['a file: URL of JSON'] = env.fileURL('plugin.json', '{"wasm": [{"url": "settings.wasm"}], "config": {"k": "v"}}');
    set['a file: URL of JSON without an extension'] = env.fileURL('plugin', '\n{"wasm": [{"url": "settings.wasm"}], "config": {"k": "v"}}');
  }
  const { counts, add } = tally();
  for (const [group, want] of [[unset, null], [set, 'v']]) {
    for (const [what, manifest] of Object.entries(group)) {
      const again = manifest instanceof Response ? manifest.clone() : manifest;
      await says(env, what, manifest, want);
      await says(env, `a promise of ${what}`, Promise.resolve(again), want);
      add('forms');
    }
  }
  await says(env, 'a thenable', { then: (resolve) => resolve(json) }, 'v');
  const own = new Error('of the user');
  const { error } = await caught('a promise that is rejected', env.api.createPlugin(Promise.reject(own)));
  equal(error, own, 'what a rejected promise gives');
  for (const [what, value] of Object.entries({ undefined: undefined, null: null, number: 1, boolean: true, symbol: Symbol('s'), function: () => {} })) {
    await refused(env, what, value, 'manifest: ');
  }
  await refused(env, 'an empty string', '', 'an empty string');
  await refused(env, 'no wasm', {}, 'Expected "wasm" key in manifest');
  await refused(env, 'a page', env.url('page.html'), 'While processing manifest URL');
  await refused(env, 'a page as a Response', respond('<html>', 'text/html'), '"text/html"');
  await refused(env, 'what is not there', env.url('none.wasm'), 'answered 404', {}, 'FETCH_FAILED');
  await refused(env, 'what cannot be reached', 'https://example.test/', 'fetching https://example.test/', { fetch: async () => { throw new TypeError('no network'); } }, 'FETCH_FAILED');
  if (!env.path) {
    await refused(env, 'a path', 'settings.wasm', 'no file system', {}, 'FETCH_FAILED');
    await refused(env, 'a path of a module', { wasm: [{ path: 'settings.wasm' }] }, 'no file system', {}, 'FETCH_FAILED');
  }
  return counts;
}

/** Views of every type: exactly the bytes that are seen, and their hash. */
async function views(env) {
  let bytes = await env.guest('settings');
  if (bytes.length % 8) {
    // A custom section without contents makes it long enough for elements of 8 bytes.
    const name = 'x'.repeat(8 - ((bytes.length + 3) % 8) || 8);
    bytes = new Uint8Array([...bytes, ...customSection(name)]);
  }
  equal(bytes.length % 8, 0, 'the length of the module, modulo 8');
  const hash = await sha256(bytes);
  const garbage = [9, 9, 9, 9, 9, 9, 9, 9];
  const within = new Uint8Array([...garbage, ...bytes, ...garbage]);
  const shared = new Uint8Array(new SharedArrayBuffer(within.length));
  shared.set(within);
  const whole = new SharedArrayBuffer(bytes.length);
  new Uint8Array(whole).set(bytes);
  const given = { 'a SharedArrayBuffer': whole, 'an ArrayBuffer': bytes.slice().buffer };
  for (const Type of [Uint8Array, Int8Array, Uint8ClampedArray, Uint16Array, Int16Array, Uint32Array, Int32Array, Float32Array, Float64Array, BigInt64Array, BigUint64Array]) {
    for (const around of [within, shared]) {
      given[`${Type.name} of ${around === shared ? 'shared' : 'own'} memory`] = new Type(around.buffer, 8, bytes.length / Type.BYTES_PER_ELEMENT);
    }
  }
  given.DataView = new DataView(within.buffer, 8, bytes.length);
  given['DataView of shared memory'] = new DataView(shared.buffer, 8, bytes.length);
  for (const [what, data] of Object.entries(given)) {
    await says(env, what, data, null);
    await says(env, `${what}, with its hash`, { wasm: [{ data, hash }], config: { k: 'v' } }, 'v');
  }
  const view = new Uint8Array(within.buffer, 7, bytes.length);
  const error = await refused(env, 'a view of other bytes', { wasm: [{ data: view, hash }] }, 'hash mismatch. Expected: ', {}, 'HASH_MISMATCH');
  assert(error.message.includes(hash) && error.message.includes(`Actual: ${await sha256(view)}`), () => show(error));

  // What was given is copied at once: it may change while the plug-in is in the making.
  const own = bytes.slice();
  const making = env.api.createPlugin({ wasm: [{ data: own, hash }] });
  own.fill(0);
  await (await making).close();
  return { views: Object.keys(given).length };
}

/** Where the modules of a manifest may be, with and without a hash. */
async function places(env) {
  const bytes = await env.guest('settings');
  const module = await WebAssembly.compile(bytes);
  const hash = await sha256(bytes);
  const respond = () => new Response(bytes, { headers: { 'content-type': 'application/wasm' } });
  const made = {
    data: () => bytes,
    'data in base64': () => base64(bytes),
    module: () => module,
    response: respond,
    url: () => env.url('settings.wasm'),
    'url as an object': () => new URL(env.url('settings.wasm')),
  };
  if (env.path) {
    made.path = () => env.path('settings');
    made['url of a file'] = () => env.fileURL('settings.wasm').href;
  }
  const settings = { config: { k: 'v' } };
  for (const [what, make] of Object.entries(made)) {
    const [key] = what.split(' ');
    await says(env, what, { wasm: [{ [key]: make() }], ...settings }, 'v');
    if (key === 'module') {
      await refused(env, 'the hash of a module', { wasm: [{ module, hash }] }, 'manifest.wasm[0].hash: source data of a WebAssembly.Module is unavailable for hashing');
    } else {
      await says(env, `${what}, with a hash`, { wasm: [{ [key]: make(), hash }], ...settings }, 'v');
      await says(env, `${what}, with a hash in capitals`, { wasm: [{ [key]: make(), hash: hash.toUpperCase() }], ...settings }, 'v');
      await refused(env, `${what}, with a wrong hash`, { wasm: [{ [key]: make(), hash: hash.replace(/./g, '0') }] }, `Actual: ${hash}`, {}, 'HASH_MISMATCH');
    }
    if (!['data', 'module', 'response'].includes(key)) continue;
    await says(env, `a promise of ${what}`, { wasm: [{ [key]: Promise.resolve(make()) }], ...settings }, 'v');
    await says(env, `a thenable of ${what}`, { wasm: [{ [key]: { then: (resolve) => resolve(make()) } }], ...settings }, 'v');
  }
  await says(env, 'a fetch', { wasm: [{ response: fetch(env.url('settings.wasm')) }], ...settings }, 'v');

  const own = new Error('of the user');
  const two = { wasm: [{ response: Promise.reject(own), name: 'a' }, { data: Promise.reject(own) }] };
  equal((await caught('promises that are rejected', env.api.createPlugin(two))).error, own, 'what a rejected promise gives');
  await refused(env, 'a promise of another thing', { wasm: [{ module: Promise.resolve(bytes) }] }, 'manifest.wasm[0].module: a WebAssembly.Module expected, not bytes');
  await refused(env, 'a promise of nothing', { wasm: [{ data: Promise.resolve(undefined) }] }, 'manifest.wasm[0]: exactly one of');
  await refused(env, 'a promise where none is taken', { wasm: [{ url: Promise.resolve('u') }] }, 'manifest.wasm[0].url: string expected, not a promise');
  await refused(env, 'a Response for data', { wasm: [{ data: respond() }] }, 'manifest.wasm[0].data: bytes expected, not a Response');
  await refused(env, 'bytes for a Response', { wasm: [{ response: bytes }] }, 'manifest.wasm[0].response: a Response expected, not bytes');
  for (const [what, make] of Object.entries({ bytes: () => bytes, 'a Response': respond, 'a module': () => module })) {
    await says(env, `${what} in the place of an item`, { wasm: [make()], ...settings }, 'v');
  }
}

/** Objects of another realm, for which instanceof is false. */
async function otherRealm(env) {
  const other = await env.realm();
  const bytes = await env.guest('settings');
  const copy = new other.Uint8Array(bytes.length);
  copy.set(bytes);
  const module = new other.WebAssembly.Module(copy);
  assert(!(module instanceof WebAssembly.Module), 'the module is of this realm');
  const given = { module, 'an ArrayBuffer': copy.buffer, 'a view': copy, 'a DataView': new other.DataView(copy.buffer) };
  if (other.Response) given['a Response'] = new other.Response(copy, { headers: { 'content-type': 'application/wasm' } });
  if (other.URL) given['a URL'] = new other.URL(env.url('settings.wasm'));
  for (const [what, manifest] of Object.entries(given)) await says(env, what, manifest, null);
  await says(env, 'a module of a manifest', { wasm: [{ module }], config: { k: 'v' } }, 'v');
  await says(env, 'a manifest', other.JSON.parse(JSON.stringify({ wasm: [{ data: base64(bytes) }], config: { k: 'v' } })), 'v');
}

/** What is relative to what, and how modules are asked for. */
async function urls(env) {
  await says(env, 'a URL relative to the manifest', env.url('settings.json'), 'v');
  await says(env, 'relative to where a redirect has led', env.url('moved'), 'nested');
  const relative = JSON.stringify({ wasm: [{ url: 'settings.wasm' }], config: { k: 'v' } });
  const typed = { headers: { 'content-type': 'application/json' } };
  const asked = [];
  const fetching = async (url, init) => {
    asked.push(String(url));
    return String(url).endsWith('.json') ? new Response(relative, typed) : fetch(url, init);
  };
  await says(env, 'relative to what was asked for', env.url('made/up.json'), 'v', {
    fetch: async (url, init) => fetching(String(url).replace('made/settings.wasm', 'settings.wasm'), init),
  });
  asked.length = 0;
  const wasm = await env.guest('settings');
  const serve = async (url) => {
    asked.push(url);
    return new Response(wasm, { headers: { 'content-type': 'application/wasm' } });
  };
  await says(env, 'a relative URL of nobody', relative, 'v', { fetch: serve });
  equal(asked.join(), 'settings.wasm', 'what fetch is asked for');

  const by = { method: 'POST', headers: { 'X-Key': 'secret', Accept: 'application/wasm' } };
  await says(env, 'method and headers', { wasm: [{ url: env.url('post.wasm'), ...by }], config: { k: 'v' } }, 'v');
  await says(env, 'headers as libextism has them', { wasm: [{ url: env.url('post.wasm'), method: 'POST', header: { 'x-key': 'secret' } }] }, null);
  await refused(env, 'neither', { wasm: [{ url: env.url('post.wasm') }] }, 'answered 403', {}, 'FETCH_FAILED');
  await refused(env, 'a header that is none', { wasm: [{ url: env.url('post.wasm'), headers: { 'not one': 'x' } }] }, 'fetching', {}, 'FETCH_FAILED');
  await refused(env, 'Headers', { wasm: [{ url: 'u', headers: new Headers({ a: 'b' }) }] }, 'manifest.wasm[0].headers: object expected, not a Headers');

  await refused(env, 'a path in a fetched manifest', env.url('path.json'), 'must not name files');
  await refused(env, 'a file: URL in a fetched manifest', env.url('file.json'), 'must not name files', {}, 'FETCH_FAILED');
  await refused(env, 'a manifest without an end', env.url('endless.json'), 'has at least');
}

/** Options take the place of what the manifest says, one by one. */
async function overrides(env) {
  const data = await env.guest('settings');
  const manifest = (limits) => ({ wasm: [{ data }], ...limits });
  await says(env, 'config of the manifest', manifest({ config: { k: 'm' } }), 'm');
  await says(env, 'config of the options', manifest({ config: { k: 'm' } }), 'o', { config: { k: 'o' } });
  await says(env, 'config is not merged', manifest({ config: { k: 'm' } }), null, { config: { other: 'o' } });
  await says(env, 'config by an empty one', manifest({ config: { k: 'm' } }), null, { config: {} });
  for (const nothing of [undefined, null]) {
    await says(env, `config by ${nothing}`, manifest({ config: { k: 'm' }, memory: nothing, allowed_hosts: nothing, allowedPaths: nothing }), 'm', { config: nothing, memory: nothing });
  }
  await says(env, 'the timeout by 0, and paths by none', manifest({ timeout_ms: 5, allowedPaths: { '/nowhere': '/' }, config: { k: 'm' } }), 'm', { timeoutMs: 0, allowedPaths: {}, allowedHosts: [] });

  const ends = async (what, limits, options, code) => {
    const plugin = await env.api.createPlugin(manifest(limits), options);
    const outcome = await plugin.call('keep', 'x'.repeat(100_000)).then(
      () => 'fine',
      (error) => error.code,
    );
    equal(outcome, code, what);
    await plugin.close();
  };
  for (const [snake, camel] of [
    [{ max_pages: 1 }, { maxPages: 1 }],
    [{ max: 1 }, { maxPages: 1n }],
  ]) {
    await ends(`${JSON.stringify(snake)} in a manifest`, { memory: snake }, {}, 'OUT_OF_MEMORY');
    await ends('maxPages in a manifest', { memory: camel }, {}, 'OUT_OF_MEMORY');
    await ends('maxPages in options', {}, { memory: camel }, 'OUT_OF_MEMORY');
    await ends('maxPages of the options', { memory: snake }, { memory: { maxPages: 100 } }, 'fine');
  }
  await ends('max_var_bytes in a manifest', { memory: { max_var_bytes: 1000 } }, {}, 'VARS_FULL');
  await ends('maxVarBytes in a manifest', { memory: { maxVarBytes: 1000 } }, {}, 'VARS_FULL');
  await ends('maxVarBytes of the options', { memory: { maxVarBytes: 1000 } }, { memory: { maxVarBytes: 1e6 } }, 'fine');
  await ends('maxVarBytes of 0', { memory: { maxVarBytes: 1e6 } }, { memory: { maxVarBytes: 0 } }, 'VARS_FULL');
  await ends('another limit stays', { memory: { maxVarBytes: 1000 } }, { memory: { maxPages: 100 } }, 'VARS_FULL');
  await ends('the largest integer', { memory: { maxVarBytes: Number.MAX_SAFE_INTEGER, maxHttpResponseBytes: 2n ** 53n - 1n } }, {}, 'fine');
}

/** By which names modules import from each other. */
async function names(env) {
  const side = exporter('f');
  const hash = await sha256(side);
  const other = exporter('g');
  const create = (...wasm) => env.api.createPlugin({ wasm }).then((p) => p.close());
  await create({ data: side, name: 'side' }, { data: importer(['side', 'f']) });
  await create({ data: side, name: 'side' }, { data: importer(['side', 'f']), name: 'last' });
  await create({ data: importer(['side', 'f']), name: 'main' }, { data: side, name: 'side' });
  await create({ data: side }, { data: other }, { data: importer(['0', 'f'], ['1', 'g']) });
  await create({ data: side, hash: hash.toUpperCase() }, { data: importer([hash, 'f']) });
  await create({ data: side, hash, name: 'named' }, { data: importer(['named', 'f']) });
  await create({ data: side, name: 'env' }, { data: other, name: 'extism:host/user' }, { data: importer(['env', 'f'], ['extism:host/user', 'g']) });
  await refusal(env, 'a named one by its number', create({ data: side, name: 'side' }, { data: importer(['0', 'f']) }), 'UNRESOLVED_IMPORT');
  await refusal(env, 'one with a hash by its number', create({ data: side, hash }, { data: importer(['0', 'f']) }), 'UNRESOLVED_IMPORT');
  const many = await env.api.createPlugin({ wasm: [...Array(63).fill({ data: side }), { data: importer(['62', 'f']) }] });
  await many.close();
}

/** What an object can hold and JSON cannot is never dropped without a word. */
async function beyondJSON(env) {
  const data = await env.guest('settings');
  const numbers = { NaN: NaN, Infinity: Infinity, '-Infinity': -Infinity, 'a BigInt of that size': 2n ** 64n, 'a function': () => {}, 'a symbol': Symbol('s'), 'a promise': Promise.resolve(1) };
  const wasm = [{ data }];
  for (const [what, value] of Object.entries(numbers)) {
    await refused(env, what, { wasm, memory: { maxPages: value } }, `manifest.memory.maxPages: number expected, not ${what}`);
    await refused(env, `${what} in options`, data, `options.memory.maxPages: number expected, not ${what}`, { memory: { maxPages: value } }, 'INVALID_INPUT');
    await refused(env, `${what} in options, further up`, data, `options.timeoutMs: number expected, not ${what}`, { timeoutMs: value }, 'INVALID_INPUT');
    await refused(env, `${what} for config`, { wasm, config: value }, `manifest.config: object expected, not ${what}`);
    await refused(env, `${what} as config`, { wasm, config: { a: value } }, `manifest.config.a: string expected, not ${what}`);
  }
  await refused(env, 'a Map', { wasm, config: new Map([['k', 'v']]) }, 'manifest.config: object expected, not a Map');
  await refused(env, 'a Map in options', data, 'options.config: object expected, not a Map', { config: new Map() }, 'INVALID_INPUT');
  await refused(env, 'bytes for config', { wasm, config: data }, 'manifest.config: object expected, not bytes');
  await refused(env, 'a hole', { wasm: [, { data }] }, 'manifest.wasm[0]: object expected, not null');
  await refused(env, 'an unknown key', { wasm, useWasi: true }, 'manifest.useWasi: unknown key');
  await refused(env, 'a number that is too negative', { wasm, timeoutMs: -1n }, 'manifest.timeoutMs: an integer from 0 to 4294967295 expected, not -1');
  await refused(env, 'a limit of options that is no number', data, 'options.maxModuleBytes: number expected', { maxModuleBytes: '1' }, 'INVALID_INPUT');
  const loop = { wasm };
  loop.config = loop;
  await refused(env, 'a circle', loop, 'cannot be read');
  await says(env, 'undefined and unknown', { wasm: [{ data, name: undefined, src: undefined }], novelty: undefined, config: { k: 'v' } }, 'v');
  await says(env, 'a negative zero', { wasm, timeoutMs: -0, config: { k: 'v' } }, 'v');
  await says(env, 'objects of classes', { wasm, config: new (class { k = 'v' })() }, 'v');
  await says(env, 'what makes JSON of itself', { wasm, config: { toJSON: () => ({ k: 'v' }) } }, 'v');
  await says(env, 'a boxed string', { wasm, config: { k: new String('v') } }, 'v');
  await says(env, 'a lone surrogate', { wasm, config: { k: '\ud800' } }, '\ufffd');
  await says(env, 'JSON with a key __proto__', JSON.parse(`{"wasm": [{"data": "${base64(data)}"}], "config": {"__proto__": "p", "k": "v"}}`), 'v');
  equal(Object.prototype.k, undefined, 'what has become of all objects');
}

/** The cases that the decoder and the schema agree on, as text and as objects. */
async function corpus(env) {
  const { counts, add } = tally();
  const fetch = async () => {
    throw new Error('nobody is asked');
  };
  for (const { verdict, path, name, text } of env.corpus) {
    const ways = {};
    if (/^\s*\{/.test(text)) ways.text = text;
    if (verdict !== 'decoder' || !/key|twice|surrogates/.test(name)) ways.object = JSON.parse(text);
    for (const [way, manifest] of Object.entries(ways)) {
      if (typeof manifest === 'string' && way === 'object') continue; // it would be a URL
      const error = await env.api.createPlugin(manifest, { fetch }).then(
        (p) => p.close(),
        (e) => e,
      );
      if (verdict === 'accept') assert(!['INVALID_MANIFEST', 'INVALID_INPUT', 'INTERNAL'].includes(error?.code), () => `${name}, as ${way}: ${show(error)}`);
      else if (way === 'text' || !/deep/.test(name)) {
        assert(error?.code === 'INVALID_MANIFEST' && error.message.startsWith(`${path}: `), () => `${name}, as ${way}: ${show(error)}, want one at ${path}`);
      }
      add(`${verdict} ${way}`);
    }
  }
  return counts;
}

/** No module of more bytes than maxModuleBytes, wherever it comes from. */
async function sizes(env) {
  const bytes = await env.guest('settings');
  const { length } = bytes;
  const hash = await sha256(bytes);
  const big = new Uint8Array([...bytes, ...customSection('x'.repeat(100))]);
  const typed = (type = 'application/wasm') => ({ headers: { 'content-type': type, 'content-length': '8' } });
  const made = {
    bytes: () => bytes,
    'data of a manifest': () => ({ wasm: [{ data: bytes }] }),
    base64: () => JSON.stringify({ wasm: [{ data: base64(bytes) }] }),
    'bytes with a hash': () => ({ wasm: [{ data: bytes, hash }] }),
    'a URL': () => env.url('settings.wasm'),
    'a URL of bytes': () => env.url('bytes.wasm'),
    'a manifest with a URL': () => env.url('settings.json'),
    'a Response that lies about its length': () => new Response(bytes, typed()),
    'a Response that lies, of a manifest, with a hash': () => ({ wasm: [{ response: new Response(bytes, typed('')), hash }] }),
  };
  if (env.path) {
    made['a path'] = () => env.path('settings');
    made['a file: URL'] = () => env.fileURL('settings.wasm');
  }
  for (const [what, make] of Object.entries(made)) {
    const plugin = await env.api.createPlugin(make(), { maxModuleBytes: length });
    await plugin.close();
    const error = await refused(env, `${what}, too large`, make(), `maxModuleBytes is ${length - 1}`, { maxModuleBytes: length - 1 }, 'INVALID_WASM');
    equal(error.module, 'main', `${what}: the module that is named`);
    assert(error.message.includes(`at least ${length} bytes`), () => `${what}: ${show(error)}`);
  }
  const error = await refused(env, 'one of several', { wasm: [{ data: big, name: 'big' }, { data: bytes }] }, `at least ${big.length} bytes`, { maxModuleBytes: length }, 'INVALID_WASM');
  equal(error.module, 'big', 'the module that is too large');
  await refused(env, 'no module at all', bytes, 'maxModuleBytes is 0', { maxModuleBytes: 0 }, 'INVALID_WASM');
  const compiled = await env.api.createPlugin(await WebAssembly.compile(bytes), { maxModuleBytes: 0 });
  await compiled.close(); // it has no bytes any more

  // Bodies without an end, from a server and from a fetch of one's own.
  await refused(env, 'an endless body', env.url('endless.wasm'), 'too large', { maxModuleBytes: 1 << 20 }, 'INVALID_WASM');
  let pulled = 0;
  let cancelled = false;
  const endless = () =>
    new ReadableStream({
      pull(controller) {
        pulled++;
        controller.enqueue(new Uint8Array(1 << 16));
      },
      cancel() {
        cancelled = true;
      },
    });
  await refused(env, 'an endless stream', 'https://example.test/a.wasm', 'too large', { maxModuleBytes: 1 << 20, fetch: async () => new Response(endless(), typed()) }, 'INVALID_WASM');
  assert(cancelled && pulled < 30, `${pulled} pieces were taken, and the stream was ${cancelled ? '' : 'not '}cancelled`);
  pulled = 0;
  await refused(env, 'an endless manifest', 'https://example.test/a.json', 'has at least', { fetch: async () => new Response(endless(), typed('application/json')) });
  assert(pulled < 200, `${pulled} pieces of a manifest were taken`);
  const text = new ReadableStream({ start: (controller) => controller.enqueue('text') });
  await refused(env, 'a stream of text', new Response(text, typed()), 'reading the response', { maxModuleBytes: 100 }, 'FETCH_FAILED');
}

const scenarios = { forms, views, places, otherRealm, urls, overrides, names, beyondJSON, corpus, sizes };

/**
 * Runs all of it.
 * @param {object} env
 * @returns {Promise<object[]>} for each scenario its figures, or its error
 */
export async function run(env) {
  const results = [];
  for (const [name, scenario] of Object.entries(scenarios)) {
    const start = Date.now();
    const result = await scenario(env).then(
      (figures) => ({ figures: figures ?? {} }),
      (error) => ({ error: String(error?.stack ?? error) }),
    );
    results.push({ name, ...result, ms: Date.now() - start });
  }
  return results;
}
