// The methods of an output.

import { outcome, outcomes, using } from './lib.mjs';

const BYTES = new Uint8Array([0x80, 0x02, 0xc0, 0x04, 0, 0, 0xf8, 0x7f, 9, 0xff, 1, 2, 3, 4, 5, 6]);

const getters = ['getInt8', 'getUint8', 'getInt16', 'getUint16', 'getInt32', 'getUint32', 'getFloat32', 'getFloat64', 'getBigInt64', 'getBigUint64'];
const setters = ['setInt8', 'setUint8', 'setInt16', 'setUint16', 'setInt32', 'setUint32', 'setFloat32', 'setFloat64', 'setBigInt64', 'setBigUint64'];

const echo = async (api, env, input, use) =>
  using(api.createPlugin({ wasm: [{ data: await env.guest('tool') }] }), async (plugin) => use(await plugin.call('echo', input)));

async function texts(api, env) {
  const text = (input) => echo(api, env, input, (o) => ({ text: o.text(), string: o.string() }));
  return outcomes({
    ascii: () => text('hello'),
    'beyond ASCII': () => text('Zoë 世界 👋'),
    'not UTF-8': () => text(new Uint8Array([65, 0xff, 66])),
    'a byte order mark': () => text('\ufeffx'),
    json: () => echo(api, env, '{"a":[1,2,{"b":null}]}', (o) => o.json()),
    'malformed JSON': () => echo(api, env, '{"a":', (o) => { try { return o.json(); } catch (error) { return error instanceof SyntaxError; } }),
  });
}

async function views(api, env) {
  return echo(api, env, BYTES, (output) =>
    outcomes({
      byteLength: () => output.byteLength,
      byteOffset: () => output.byteOffset,
      'buffer is an ArrayBuffer': () => output.buffer instanceof ArrayBuffer,
      'length of buffer': () => output.buffer.byteLength,
      'buffer twice': () => output.buffer === output.buffer,
      bytes: () => output.bytes(),
      'bytes twice': () => output.bytes() === output.bytes(),
      'class of bytes': () => output.bytes().constructor === Uint8Array,
      arrayBuffer: () => new Uint8Array(output.arrayBuffer()),
      'arrayBuffer is buffer': () => output.arrayBuffer() === output.buffer,
      'new DataView of buffer': () => new DataView(output.buffer).getUint32(0, true),
      'is a DataView': () => output instanceof DataView,
      'is a view': () => ArrayBuffer.isView(output),
      'decoded as a view': () => new TextDecoder().decode(output).length,
    }));
}

async function gets(api, env) {
  return echo(api, env, BYTES, (output) => {
    const results = {};
    for (const name of getters) {
      results[name] = String(output[name](0));
      results[`${name}, little-endian, at 3`] = String(output[name](3, true));
    }
    return results;
  });
}

async function sets(api, env) {
  return echo(api, env, BYTES, async (output) => {
    const results = {};
    for (const name of setters) results[name] = await outcome(() => output[name](0, name.includes('Big') ? 1n : 1));
    return { ...results, afterwards: output.getUint8(0), 'beyond the end': await outcome(() => typeof output.getUint8(100)) };
  });
}

/** An output belongs to the caller: later calls do not change it. */
async function ownership(api, env) {
  return using(api.createPlugin({ wasm: [{ data: await env.guest('tool') }] }), async (plugin) => {
    const first = await plugin.call('echo', 'the first');
    const second = await plugin.call('echo', 'another');
    second.bytes()[0] = 65;
    const input = new Uint8Array([1, 2, 3]);
    const passed = await plugin.call('pass_on', input);
    passed.bytes()[0] = 99;
    return { first: first.text(), second: second.text(), 'input of a call whose output was changed': Array.from(input) };
  });
}

export const outputs = [
  { name: 'outputs as text', run: texts },
  { name: 'outputs as views', run: views },
  { name: 'outputs, getters', run: gets },
  { name: 'outputs, setters', run: sets },
  { name: 'who owns an output', run: ownership },
];
