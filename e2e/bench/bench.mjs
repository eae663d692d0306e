// The benchmark harness: two SDKs with the same API, the same guests, one run.
//
// It knows neither Node nor the browser; node.mjs and page.mjs bring it the two
// modules and the guests' bytes. A time alone says little, so the SDKs take turns
// on the same machine in the same minute, and what counts is the ratio.

/**
 * @typedef {object} SDK
 * @property {(manifest: any, options?: any) => Promise<any>} createPlugin
 *
 * @typedef {object} Row  One measured line.
 * @property {string} name
 * @property {'us' | 'bytes'} unit  Of `ours` and `peer`.
 * @property {number | null} ours   Median of the rounds; null: not measured.
 * @property {number | null} peer
 * @property {number | null} ratio  peer / ours: above 1, ours is the better.
 * @property {string} goal          For reading; empty where there is none.
 * @property {boolean | null} ok    Whether the goal is met; null without one.
 * @property {string} [error]       Why there are no figures.
 *
 * @typedef {object} Settings
 * @property {SDK} ours
 * @property {SDK} peer
 * @property {(name: string) => Promise<Uint8Array>} guest  A guest's module; `big` is the 2 MB one.
 * @property {number} rounds   How often each SDK has its turn.
 * @property {number} budget   Milliseconds that a turn should take.
 * @property {string} [only]   Measure the rows with this in their name.
 * @property {(line: string) => void} [log]
 */

const KiB = 1024;
const MiB = 1024 * KiB;

/** Text with all kinds of words; its length is exactly `n` bytes. */
export function prose(n) {
  const line = 'It was a bright cold day in April,\tand the clocks were striking thirteen.\n';
  return new TextEncoder().encode(line.repeat(Math.ceil(n / line.length)).slice(0, n));
}

/** Bytes without a pattern that an engine could profit from; the same each time. */
function noise(n) {
  const bytes = new Uint8Array(n);
  let x = 2463534242;
  for (let i = 0; i < n; i++) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    bytes[i] = x;
  }
  return bytes;
}

/** `ours` has to be at least `n` times as fast as the peer. */
const faster = (n) => ({ goal: `≥ ${n}×`, least: n });
/** `ours` may take at most `n` times the peer's time. */
const within = (n) => ({ goal: `≤ ${n}× the peer's time`, least: 1 / n });
const none = { goal: '', least: null };

const reflect = {
  'extism:host/user': {
    reflect: (context, block) => context.store(context.read(block).bytes()),
  },
};

/** count_vowels keeps a total with the host, so only its count repeats. */
const countOnly = (bytes) => {
  const { count } = JSON.parse(new TextDecoder().decode(bytes));
  return new TextEncoder().encode(String(count));
};

/** What is measured on plug-ins that exist already: calls. */
const CALLS = [
  { name: 'small call (16 B in, 51 B out)', guest: 'small', input: prose(16), ...faster(4) },
  {
    name: 'small call of a PDK guest (config, two variables)',
    guest: 'big', export: 'count_vowels', input: prose(16),
    options: { useWasi: true }, compared: countOnly, ...faster(4),
  },
  { name: 'echo 64 KiB', guest: 'echo', input: noise(64 * KiB), echo: true, ...faster(8) },
  { name: 'echo 1 MiB', guest: 'echo', input: noise(MiB), echo: true, ...faster(8) },
  { name: 'consume 1 MiB', guest: 'consume', input: noise(MiB), ...none },
  { name: 'count words in 256 KiB, 8 passes', guest: 'count', input: prose(256 * KiB), ...none },
  {
    name: 'reflect 1 KiB through a host function, 8 times',
    guest: 'reflect', input: noise(KiB), echo: true, options: { functions: reflect }, ...none,
  },
  {
    name: 'reflect 64 KiB through a host function, 8 times',
    guest: 'reflect', input: noise(64 * KiB), echo: true, options: { functions: reflect }, ...none,
  },
  { name: 'allocation stress (5,000 live blocks)', guest: 'alloc', input: noise(7), ...faster(10) },
];

/**
 * What is measured on plug-ins that are being made. `batch` plug-ins are made a
 * turn, with the clock stopped while they are closed; browsers allow only about a
 * hundred memories at once.
 */
const CREATIONS = [
  {
    name: 'create, small guest', guest: 'small', export: 'small',
    input: prose(16), batch: 10, ...within(1.5),
  },
  {
    name: 'create and call once, small guest', guest: 'small', export: 'small',
    input: prose(16), batch: 10, call: true, ...none,
  },
  {
    name: 'create, 2 MB guest', guest: 'big', export: 'count_vowels',
    input: prose(100), batch: 1, options: { useWasi: true }, ...none,
  },
  {
    name: 'create and call once, 2 MB guest', guest: 'big', export: 'count_vowels',
    input: prose(100), batch: 1, call: true, options: { useWasi: true }, ...none,
  },
];

/**
 * Measures everything, in order. What fails, or gives two different outputs, has an
 * error instead of figures; the rest is measured all the same.
 *
 * @param {Settings} settings
 * @returns {Promise<Row[]>}
 */
export async function run(settings) {
  const rows = [];
  const wanted = ({ name }) => !settings.only || name.includes(settings.only);
  for (const [specs, measure] of [[CALLS, measureCalls], [CREATIONS, measureCreations]]) {
    for (const spec of specs.filter(wanted)) {
      settings.log?.(spec.name);
      try {
        const { ours, peer } = await measure(spec, settings);
        rows.push(row(spec, ours, peer));
      } catch (error) {
        rows.push({ ...row(spec, null, null), error: String(error) });
      }
    }
  }
  return rows;
}

/** @returns {Row} */
function row({ name, goal, least }, ours, peer) {
  const ratio = ours === null ? null : peer / ours;
  return { name, unit: 'us', ours, peer, ratio, goal, ok: least === null ? null : ratio >= least };
}

async function measureCalls(spec, settings) {
  const wasm = await settings.guest(spec.guest);
  const sides = {};
  try {
    for (const side of ['ours', 'peer']) {
      const plugin = await create(settings[side], wasm, spec.options);
      const call = () => plugin.call(spec.export ?? spec.guest, spec.input);
      sides[side] = { plugin, call, turn: (n) => timeCalls(call, n) };
    }
    await compare(spec, sides.ours.call, sides.peer.call);
    const medians = await takeTurns(sides, settings);
    // Again: neither may have become wrong by having been called often.
    await compare(spec, sides.ours.call, sides.peer.call);
    return medians;
  } finally {
    for (const { plugin } of Object.values(sides)) await plugin.close();
  }
}

/** Milliseconds that `n` calls, one after another, take. */
async function timeCalls(call, n) {
  const start = performance.now();
  for (let i = 0; i < n; i++) await call();
  return performance.now() - start;
}

async function measureCreations(spec, settings) {
  const wasm = await settings.guest(spec.guest);
  const sides = {};
  for (const side of ['ours', 'peer']) {
    const fresh = () => create(settings[side], unlike(wasm), spec.options);
    sides[side] = { fresh, turn: (n) => timeCreations(spec, settings[side], wasm, n) };
  }

  const once = ({ fresh }) => async () => {
    const plugin = await fresh();
    try {
      return await plugin.call(spec.export, spec.input);
    } finally {
      await plugin.close();
    }
  };
  await compare(spec, once(sides.ours), once(sides.peer));
  return takeTurns(sides, settings);
}

/** Milliseconds that making `n` plug-ins takes, without closing them. */
async function timeCreations(spec, sdk, wasm, n) {
  let elapsed = 0;
  for (let made = 0; made < n; made += spec.batch) {
    const size = Math.min(spec.batch, n - made);
    const modules = Array.from({ length: size }, () => unlike(wasm));
    const plugins = [];
    const start = performance.now();
    for (const module of modules) {
      const plugin = await create(sdk, module, spec.options);
      if (spec.call) await plugin.call(spec.export, spec.input);
      plugins.push(plugin);
    }
    elapsed += performance.now() - start;
    for (const plugin of plugins) await plugin.close();
    globalThis.gc?.();
  }
  return elapsed;
}

function create(sdk, wasm, options) {
  return sdk.createPlugin({ wasm: [{ data: wasm }] }, { ...options });
}

let copies = 0;

/**
 * The same module in other bytes: a custom section with a number is added. Engines
 * and SDKs keep what they compiled and find it by its bytes; whichever SDK comes
 * second would be spared the work.
 */
function unlike(wasm) {
  const name = [...new TextEncoder().encode('copy')];
  const number = [...new TextEncoder().encode(String(++copies).padStart(8, '0'))];
  const content = [name.length, ...name, ...number];
  const out = new Uint8Array(wasm.length + 2 + content.length);
  out.set(wasm);
  out.set([0, content.length, ...content], wasm.length);
  return out;
}

/** Throws unless both give the same output, and the right one where it is known. */
async function compare(spec, ours, peer) {
  const view = spec.compared ?? ((bytes) => bytes);
  const [a, b] = [view(await output(ours)), view(await output(peer))];
  if (!same(a, b)) {
    throw new Error(`the outputs differ: ${preview(a)} (ours), ${preview(b)} (peer)`);
  }
  if (spec.echo && !same(a, spec.input)) {
    throw new Error(`the output is not the input: ${preview(a)}`);
  }
}

async function output(call) {
  const result = await call();
  if (!result) throw new Error('no output');
  return result.bytes().slice();
}

function same(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

function preview(bytes) {
  return `${bytes.length} bytes [${bytes.subarray(0, 16)}…]`;
}

/**
 * Lets both sides run in turn and gives the median of each in microseconds per
 * repetition. Who goes first changes from round to round.
 */
export async function takeTurns(sides, { rounds, budget }) {
  const names = Object.keys(sides);
  const times = {};
  const repetitions = {};
  for (const name of names) {
    times[name] = [];
    repetitions[name] = await warmUp(sides[name].turn, budget);
  }
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 ? [...names].reverse() : names) {
      // One side's garbage is not the other's to collect.
      globalThis.gc?.();
      const n = repetitions[name];
      times[name].push((await sides[name].turn(n)) / n * 1000);
    }
  }
  return Object.fromEntries(names.map((name) => [name, median(times[name])]));
}

/**
 * Runs long enough for the engine's best compiler to have had its say, and gives
 * the number of repetitions that fill the budget.
 */
async function warmUp(turn, budget) {
  let n = 1;
  let elapsed = await turn(n);
  for (let total = elapsed; total < 4 * budget; total += elapsed) {
    if (elapsed < budget) n *= 2;
    elapsed = await turn(n);
  }
  return Math.max(1, Math.round(budget / (elapsed / n)));
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
}
