// What the scenarios share. It runs in every runtime alike.

export class Skip extends Error {}

export function assert(condition, message) {
  if (!condition) throw new Error(typeof message === 'function' ? message() : message);
}

export function equal(got, want, what) {
  if (!Object.is(got, want)) throw new Error(`${what}: got ${show(got)}, want ${show(want)}`);
}

export function show(value) {
  try {
    if (value instanceof Error) return `${value.name} ${value.code ?? ''} ${JSON.stringify(String(value.message).slice(0, 200))}`;
    return typeof value === 'object' && value ? JSON.stringify(value) : String(value);
  } catch {
    return '(cannot be shown)';
  }
}

/**
 * What a promise, or a function that may give one, is rejected with, in a box: a
 * promise cannot be fulfilled with just any value.
 */
export async function caught(what, f) {
  try {
    await (typeof f === 'function' ? f() : f);
  } catch (error) {
    return { error };
  }
  throw new Error(`${what}: has succeeded`);
}

/** The same without the box, for errors. */
export async function rejection(what, f) {
  return (await caught(what, f)).error;
}

/** The rejection, which has to be an ExtismError of one of the codes. */
export async function refusal(env, what, f, ...codes) {
  const error = await rejection(what, f);
  assert(error instanceof env.api.ExtismError, () => `${what}: rejected with ${show(error)}, which is no ExtismError`);
  assert(codes.length === 0 || codes.includes(error.code), () => `${what}: ${show(error)}, want ${codes.join(' or ')}`);
  return error;
}

/** Bytes of two 32-bit numbers, as attackers take an operation and a depth. */
export const numbers = (a, b = 0) => new Uint8Array(new Int32Array([a, b]).buffer);

/** Bytes of 64-bit numbers. */
export const longs = (...values) => new Uint8Array(new BigInt64Array(values.map(BigInt)).buffer);

/** The 64-bit number that a guest has given. */
export const long = (output) => output.getBigInt64(0, true);

export const silent = { trace() {}, debug() {}, info() {}, warn() {}, error() {} };

/**
 * The innocent plug-in beside every attack: it counts its calls in a var, so a
 * wrong answer shows that the attack has reached it.
 */
export class Innocent {
  static async create(env, api = env.api) {
    const innocent = new Innocent();
    innocent.api = api;
    innocent.count = 0n;
    innocent.lost = false; // whether it did not get over the end of a core
    innocent.plugin = await api.createPlugin(await env.guest('count'));
    return innocent;
  }

  /** Whether the core lives and the plug-in answers right; else what is wrong. */
  async trouble() {
    let dead = '';
    try {
      if (!this.api.coreStats()) dead = 'the core is dead';
    } catch (error) {
      dead = `the core is broken: ${show(error)}`;
    }
    const wrong = await this.wrong();
    if (dead && wrong) this.lost = true;
    return dead || wrong;
  }

  /** As trouble, but a core that has been started anew is fine. */
  async wrong() {
    try {
      const n = long(await this.plugin.call('count'));
      const want = ++this.count;
      if (n === want) return '';
      this.count = n;
      return `the other plug-in's count is ${n}, want ${want}`;
    } catch (error) {
      return `the other plug-in failed: ${show(error)}`;
    }
  }

  async check(after) {
    const trouble = await this.trouble();
    if (trouble) throw new Error(`after ${after}: ${trouble}`);
  }

  close() {
    return this.plugin.close();
  }
}

/** An attacker (guests/stack.wat and its siblings). */
export async function attacker(env, name, { api = env.api, user = (_, at) => at, ...options } = {}) {
  const guest = await env.guest(name);
  const module = guest instanceof WebAssembly.Module ? guest : await WebAssembly.compile(guest);
  const plugin = await api.createPlugin(module, {
    useWasi: true,
    enableWasiOutput: true,
    logLevel: 'debug', // so log_trace is filtered
    logger: silent,
    config: { 'life-key': 'value' },
    functions: { 'extism:host/user': { user } },
    ...options,
  });
  const ops = WebAssembly.Module.exports(module)
    .map((e) => e.name)
    .filter((n) => n.startsWith('op:'))
    .map((n) => n.slice(3));
  return { plugin, ops, number: (op) => ops.indexOf(op) };
}

/** Whether this engine knows what the guest needs. */
export async function supports(env, name) {
  const guest = await env.guest(name).catch(() => null);
  return guest !== null && (guest instanceof WebAssembly.Module || WebAssembly.validate(guest));
}

/** A small generator of random numbers, the same everywhere: mulberry32. */
export function random(seed) {
  return () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Lets the event loop turn. */
export const turn = () => new Promise((resolve) => setTimeout(resolve, 0));

/** Counts by name. */
export function tally() {
  const counts = {};
  return { counts, add: (name) => (counts[name] = (counts[name] ?? 0) + 1) };
}

/** The SHA-256 of bytes as hexadecimal digits. */
export async function sha256(bytes) {
  const sum = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return Array.from(sum, (b) => b.toString(16).padStart(2, '0')).join('');
}

/** A string or a list with its length before it, as modules have them. */
const counted = (items) => [items.length, ...items];
const string = (text) => counted([...new TextEncoder().encode(text)]);
const section = (id, items) => [id, ...counted(items)];
const MODULE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
const TYPES = section(1, [1, 0x60, 0, 0]);

/** A module that exports a function which does nothing. */
export const exporter = (name) =>
  new Uint8Array([...MODULE, ...TYPES, ...section(3, [1, 0]), ...section(7, [1, ...string(name), 0, 0]), ...section(10, [1, 2, 0, 0x0b])]);

/** A module that imports functions, given as pairs of module and name. */
export const importer = (...imports) =>
  new Uint8Array([...MODULE, ...TYPES, ...section(2, [imports.length, ...imports.flatMap(([module, name]) => [...string(module), ...string(name), 0, 0])])]);

/** A custom section without contents, which may stand at the end of any module. */
export const customSection = (name) => section(0, string(name));
