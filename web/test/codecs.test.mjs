// Tests of codecs.mjs and typed.mjs: node --test web/test/codecs.test.mjs

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { codecs } from '../src/codecs.mjs';
import { ExtismError } from '../src/error.mjs';
import { PluginOutput } from '../src/output.mjs';
import { typedFunction } from '../src/typed.mjs';

const utf8 = new TextEncoder();

/** @param {string | Uint8Array} value */
const outputOf = (value) => new PluginOutput((typeof value === 'string' ? utf8.encode(value) : value).slice().buffer);

/** A plug-in whose functions give what they are given, unless told otherwise. */
function fake(answer = (/** @type {any} */ input) => (input ? outputOf(input) : null)) {
  /** @type {any[][]} */
  const calls = [];
  return {
    calls,
    async call(/** @type {any[]} */ ...args) {
      calls.push(args);
      return answer(args[1]);
    },
  };
}

for (const [name, codec, value, encoded, ofNothing] of /** @type {const} */ ([
  ['text', codecs.text, 'Zoë', 'Zoë', ''],
  ['bytes', codecs.bytes, new Uint8Array([0, 255]), new Uint8Array([0, 255]), new Uint8Array()],
  ['json', codecs.json(), { a: [null, 1.5, 'é'] }, '{"a":[null,1.5,"é"]}', SyntaxError],
  ['json null', codecs.json(), null, 'null', SyntaxError],
  ['none', codecs.none, undefined, '', undefined],
  ['optional text', codecs.optional(codecs.text), 'x', 'x', undefined],
  ['optional json', codecs.optional(codecs.json()), 5, '5', undefined],
  ['optional json null', codecs.optional(codecs.json()), null, 'null', undefined],
  ['optional, of nothing', codecs.optional(codecs.json()), undefined, '', undefined],
])) {
  test(`codec ${name}`, async () => {
    const any = /** @type {any} */ (codec);
    assert.deepEqual(any.encode(value), encoded);
    if (encoded.length > 0) assert.deepEqual(any.decode(outputOf(encoded)), value);
    // No output and an empty one are the same.
    for (const nothing of [null, outputOf('')]) {
      const f = typedFunction(fake(() => nothing), 'f', { output: any });
      if (ofNothing === SyntaxError) await assert.rejects(f(), SyntaxError);
      else assert.deepEqual(await f(), ofNothing);
    }
  });
}

test('a typed function passes name, input and host context on', async () => {
  const plugin = fake();
  const f = typedFunction(plugin, 'greet', { input: codecs.text, output: codecs.text });
  assert.equal(await f('Ada', { hostContext: 7 }), 'Ada');
  assert.equal(await f('Zoë'), 'Zoë');
  assert.deepEqual(plugin.calls, [['greet', 'Ada', 7], ['greet', 'Zoë', undefined]]);
});

test('without codecs nothing goes in, and what comes out does not matter', async () => {
  const plugin = fake(() => outputOf('something'));
  assert.equal(await typedFunction(plugin, 'f')(), undefined);
  assert.deepEqual(plugin.calls, [['f', undefined, undefined]]);
});

test('a call that is replaced later is the one that is made', async () => {
  const plugin = fake();
  const f = typedFunction(plugin, 'f', { output: codecs.text });
  plugin.call = async () => outputOf('replaced');
  assert.equal(await f(), 'replaced');
});

test('what a codec or the call throws reaches the caller as it is, as a rejection', async () => {
  const mine = new Error('mine');
  const fails = () => {
    throw mine;
  };
  const isMine = (/** @type {unknown} */ error) => error === mine;
  const plugin = fake();
  await assert.rejects(typedFunction(plugin, 'f', { input: { encode: fails } })(1), isMine);
  assert.equal(plugin.calls.length, 0);
  await assert.rejects(typedFunction(plugin, 'f', { output: { decode: fails } })(), isMine);
  await assert.rejects(typedFunction({ call: async () => fails() }, 'f', { output: codecs.text })(), isMine);
  await assert.rejects(typedFunction({ call: fails }, 'f')(), isMine);
});

test('the input is encoded before the caller goes on', () => {
  const plugin = fake();
  const value = { a: 1 };
  typedFunction(plugin, 'f', { input: codecs.json() })(value);
  value.a = 2;
  assert.equal(plugin.calls[0][1], '{"a":1}');
});

test('what is no codec is refused when the function is made', () => {
  for (const wrong of [{ input: {} }, { output: {} }, { input: null }, { output: 'text' }, { input: { decode() {} } }]) {
    assert.throws(() => typedFunction(fake(), 'f', /** @type {any} */ (wrong)), (error) =>
      error instanceof ExtismError && error.code === 'INVALID_INPUT');
  }
});
