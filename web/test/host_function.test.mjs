// Tests of host_function.mjs: node --test web/test/host_function.test.mjs

import assert from 'node:assert/strict';
import { test } from 'node:test';

import { codecs } from '../src/codecs.mjs';
import { ExtismError } from '../src/error.mjs';
import { hostFunction } from '../src/host_function.mjs';
import { PluginOutput } from '../src/output.mjs';

/** A context whose memory is a map, and which notes what it is asked to free. */
class Context {
  /** @type {Map<bigint, Uint8Array<ArrayBuffer>>} */
  blocks = new Map();
  /** @type {unknown[]} */
  freed = [];
  #next = 8n;

  /** @param {bigint} offset */
  read(offset) {
    const block = this.blocks.get(offset);
    return block ? new PluginOutput(block.slice().buffer) : null;
  }

  /** @param {string | Uint8Array} value */
  store(value) {
    const block = typeof value === 'string' ? new TextEncoder().encode(value) : value.slice();
    if (block.length === 0) return 0n;
    const at = (this.#next += 8n);
    this.blocks.set(at, /** @type {any} */ (block));
    return at;
  }

  /** @param {unknown} offset */
  free(offset) {
    this.freed.push(offset);
  }

  /** @param {bigint} offset */
  text(offset) {
    return this.read(offset)?.text();
  }
}

/** @type {import('../src/codecs.mjs').Codec<Date | null>} */
const date = {
  encode: (value) => (value === null ? 'never' : value.toISOString()),
  decode: (output) => (output.text() === 'never' ? null : new Date(output.text())),
};

test('the signature is what WebAssembly sees, and frozen', () => {
  const f = hostFunction(
    { params: ['i32', 'i64', 'f32', 'f64', 'handle', 'text', 'bytes', 'json', date], results: ['text', 'f64'] },
    () => ['', 1],
  );
  assert.deepEqual(f.signature, {
    params: ['i32', 'i64', 'f32', 'f64', 'i64', 'i64', 'i64', 'i64', 'i64'],
    results: ['i64', 'f64'],
  });
  for (const part of [f.signature, f.signature.params, f.signature.results]) assert.ok(Object.isFrozen(part));
  assert.throws(() => Object.assign(f, { signature: null }), TypeError);
  assert.deepEqual(hostFunction({}, () => {}).signature, { params: [], results: [] });
});

test('arguments are decoded', () => {
  const context = new Context();
  /** @type {any[]} */
  let got = [];
  const f = hostFunction(
    { params: ['i32', 'i64', 'f32', 'f64', 'handle', 'text', 'bytes', 'json', date] },
    (/** @type {any[]} */ ...args) => void (got = args),
  );
  const text = context.store('Zoë');
  const when = new Date(0);
  f(context, -1, -2n, 0.5, NaN, text, text, context.store(new Uint8Array([0, 255])), context.store('{"a":1}'), context.store(date.encode(when)));
  assert.equal(got[0], context);
  assert.deepEqual(got.slice(1), [-1, -2n, 0.5, NaN, text, 'Zoë', new Uint8Array([0, 255]), { a: 1 }, when]);
  assert.deepEqual(context.freed, []); // they are the guest's
});

test('a block that is not there is an empty value', () => {
  const context = new Context();
  const take = (/** @type {any} */ kind) =>
    hostFunction({ params: [kind], results: ['text'] }, (/** @type {any} */ _, /** @type {any} */ v) => codecs.json().encode([typeof v, v?.length ?? null]));
  const seen = (/** @type {any} */ kind) => context.text(/** @type {any} */ (take(kind)(/** @type {any} */ (context), 0n)));
  assert.equal(seen('text'), '["string",0]');
  assert.equal(seen('bytes'), '["object",0]');
  assert.equal(seen(codecs.optional(codecs.json())), '["undefined",null]');
  assert.throws(() => seen('json'), SyntaxError);
});

test('results are encoded', () => {
  const context = new Context();
  for (const [kind, result, want] of /** @type {[any, any, any][]} */ ([
    ['i32', 5, 5],
    ['i32', 5n, 5],
    ['i32', 2n ** 60n + 1n, 1],
    ['f64', 0.5, 0.5],
    ['i64', 5, 5n],
    ['i64', -(2n ** 63n), -(2n ** 63n)],
    ['handle', 16n, 16n],
    ['handle', 16, 16n],
    ['handle', null, 0n],
    ['handle', undefined, 0n],
    ['text', '', 0n],
    ['text', null, 0n],
    ['text', undefined, 0n],
    ['bytes', new Uint8Array(), 0n],
    ['bytes', null, 0n],
    ['json', undefined, 0n],
    [date, undefined, 0n],
    ['text', 'Zoë', 'Zoë'],
    ['bytes', new Uint8Array([65]), 'A'],
    ['json', null, 'null'],
    ['json', { a: [1] }, '{"a":[1]}'],
    [date, null, 'never'],
    [date, new Date(0), '1970-01-01T00:00:00.000Z'],
  ])) {
    const got = hostFunction({ results: [kind] }, () => result)(/** @type {any} */ (context));
    if (typeof want === 'string') assert.equal(context.text(/** @type {any} */ (got)), want);
    else assert.equal(got, want);
  }
  assert.deepEqual(context.freed, []);
});

test('several results come in an array, none are dropped', () => {
  const context = /** @type {any} */ (new Context());
  const f = (/** @type {any} */ result) => hostFunction({ results: ['i64', 'text'] }, () => result)(context);
  const got = /** @type {any} */ (f([1, 'one']));
  assert.deepEqual([got[0], context.text(got[1])], [1n, 'one']);
  for (const wrong of [undefined, 1, [1], [1, 'one', 2], 'ab']) assert.throws(() => f(wrong), TypeError);
  assert.equal(hostFunction({}, () => 5)(context), undefined);
});

test('a forgotten number is an error, and not 0', () => {
  for (const kind of ['i32', 'i64', 'f32', 'f64']) {
    for (const wrong of [undefined, null, '1', true, {}]) {
      assert.throws(() => hostFunction({ results: [kind] }, () => wrong)(/** @type {any} */ (new Context())), TypeError);
    }
  }
});

test('promises are passed on, and their values are encoded when they come', async () => {
  const context = /** @type {any} */ (new Context());
  const pending = /** @type {any} */ (hostFunction({ params: ['text'], results: ['text'] }, async (/** @type {any} */ _, /** @type {string} */ s) => s + '!')(context, context.store('hi')));
  assert.ok(pending instanceof Promise);
  assert.equal(context.blocks.size, 1);
  assert.equal(context.text(await pending), 'hi!');
  const thenable = { then: (/** @type {any} */ resolve) => resolve([1, 2n]) };
  assert.deepEqual(await hostFunction({ results: ['i64', 'i32'] }, () => thenable)(context), [1n, 2]);
  assert.equal(await hostFunction({}, async () => 5)(context), undefined);
  await assert.rejects(async () => hostFunction({ results: ['i32'] }, async () => {})(context), TypeError);
});

test('what the function or a codec throws comes out as it is', async () => {
  const mine = new Error('mine');
  const isMine = (/** @type {unknown} */ error) => error === mine;
  const fails = () => {
    throw mine;
  };
  const context = /** @type {any} */ (new Context());
  const at = context.store('x');
  assert.throws(() => hostFunction({}, fails)(context), isMine);
  assert.throws(() => hostFunction({ params: [{ encode: fails, decode: fails }] }, () => {})(context, at), isMine);
  assert.throws(() => hostFunction({ results: [{ encode: fails, decode: fails }] }, () => 1)(context), isMine);
  await assert.rejects(/** @type {any} */ (hostFunction({}, async () => fails())(context)), isMine);
});

test('what is no kind is refused when the function is declared', () => {
  for (const [spec, part] of /** @type {[any, string][]} */ ([
    [{ params: ['i32', 'string'] }, 'params[1]'],
    [{ results: ['constructor'] }, 'results[0]'],
    [{ params: [codecs.json] }, 'params[0]'],
    [{ params: [{ decode() {} }] }, 'params[0]'],
    [{ params: [null] }, 'params[0]'],
    [{ params: 'text' }, 'params'],
    [{ results: { 0: 'text' } }, 'results'],
  ])) {
    assert.throws(() => hostFunction(spec, () => {}), (error) =>
      error instanceof ExtismError && error.code === 'INVALID_INPUT' && error.message.includes(part));
  }
  assert.throws(() => hostFunction({}, /** @type {any} */ (undefined)), ExtismError);
});
