// Uses the codecs of examples/codecs, and declared host functions, on one
// JavaScript runtime. What it gives is compared in codecs_test.go.

import { create } from '@bufbuild/protobuf';
import { StructSchema, timestampDate, timestampFromDate, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { tableFromArrays } from 'apache-arrow';
import { arrow } from '../examples/codecs/arrow.mjs';
import { msgpack } from '../examples/codecs/msgpack.mjs';
import { protobuf } from '../examples/codecs/protobuf.mjs';

/**
 * @param {object} o
 * @param {typeof import('../web/types/extism.js')} o.api
 * @param {(file: string) => Promise<Uint8Array>} o.load gives a module's bytes
 * @returns {Promise<Record<string, unknown>>} what came out, by name
 */
export async function runCodecs({ api, load }) {
  const plugins = [];
  const open = async (file, options) => {
    plugins.push(await api.createPlugin(await load(file), options));
    return plugins.at(-1);
  };
  try {
    return {
      ...(await roundTrips(api, await open('echo.wasm'))),
      ...(await protobufInGo(api, open)),
      ...(await numbers(api, open)),
      ...(await blocks(api, open)),
    };
  } finally {
    for (const p of plugins) await p.close();
  }
}

/** Every format through a plug-in that gives back what it gets. */
async function roundTrips({ codecs }, plugin) {
  const trip = (codec, value) => plugin.function('echo', { input: codec, output: codec })(value);
  const struct = create(StructSchema, { fields: { n: { kind: { case: 'numberValue', value: 1.5 } } } });
  const big = { list: Array.from({ length: 1000 }, (_, i) => i), bytes: new Uint8Array([0, 255]), none: null };
  const packed = await trip(msgpack(), big);
  const table = await trip(arrow(), tableFromArrays({ id: Int32Array.of(1, 2, 3), name: ['a', 'b', 'Zoë'] }));
  return {
    text: await trip(codecs.text, 'Zoë €'),
    'empty text': await trip(codecs.text, ''),
    bytes: Array.from(await trip(codecs.bytes, new Uint8Array([0, 255]))),
    json: await trip(codecs.json(), { a: [null, 'é'] }),
    'json of nothing': await plugin.function('echo', { output: codecs.json() })().catch((e) => e.name),
    'optional json': (await trip(codecs.optional(codecs.json()), undefined)) === undefined,
    protobuf: (await trip(protobuf(StructSchema), struct)).fields.n.kind.value,
    // A message whose fields have their default values is no bytes at all.
    'empty protobuf': timestampDate(await trip(protobuf(TimestampSchema), create(TimestampSchema))).toISOString(),
    msgpack: [packed.list.length, packed.list[999], ...packed.bytes, packed.none],
    arrow: table.toArray().map((row) => row.toJSON()),
  };
}

/** A plug-in in Go that decodes Protobuf, and gives it to a host function. */
async function protobufInGo({ codecs, hostFunction }, open) {
  const timestamp = protobuf(TimestampSchema);
  const holiday = hostFunction({ params: [timestamp], results: ['text'] }, (context, day) =>
    context.hostContext()?.[timestampDate(day).toISOString().slice(5, 10)],
  );
  const plugin = await open('calendar.wasm', { useWasi: true, functions: { 'extism:host/user': { holiday } } });
  const nextDay = plugin.function('next_day', { input: timestamp, output: timestamp });
  const describe = plugin.function('describe', { input: timestamp, output: codecs.text });
  const evening = timestampFromDate(new Date('2026-04-30T22:15:00Z'));
  const next = await nextDay(evening);
  return {
    'next day': timestampDate(next).toISOString(),
    'an ordinary day': await describe(evening, { hostContext: { '05-01': 'Labour Day' } }),
    'a holiday': await describe(next, { hostContext: { '05-01': 'Labour Day' } }),
    'no protobuf': await plugin.call('next_day', 'x').catch((e) => e.code),
    'the host fails': await describe(next, { hostContext: { '05-01': 5 } }).catch((e) => e.code),
  };
}

/** All types of WebAssembly, and several results. */
async function numbers({ hostFunction }, open) {
  const seen = [];
  const mix = hostFunction({ params: ['i32', 'i64', 'f32', 'f64'], results: ['i32', 'i64'] }, (_, ...args) => {
    seen.push(...args.map(String));
    return [2n ** 40n - 1n, -5];
  });
  const plugin = await open('types.wasm', { functions: { 'extism:host/user': { mix } } });
  const call = plugin.function('mix', { output: { decode: (o) => [o.getInt32(0, true), o.getBigInt64(8, true)].map(String) } });
  return { results: await call(), arguments: seen, signature: mix.signature };
}

/** Blocks that are not there, both ways. */
async function blocks({ codecs, hostFunction }, open) {
  const seen = [];
  const pass = hostFunction({ params: ['text', 'bytes', codecs.optional(codecs.json())], results: ['text'] }, (_, text, bytes, json) => {
    seen.push([text, bytes.length, typeof json]);
  });
  const plugin = await open('blocks.wasm', { functions: { 'extism:host/user': { pass } } });
  return { 'result of nothing': await plugin.function('pass', { output: codecs.text })(), 'blocks of nothing': seen };
}
