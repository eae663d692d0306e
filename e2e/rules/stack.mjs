// Rules 1, 6 and 7: guests and callers at the edge of the stack.

import { Innocent, Skip, assert, attacker, numbers, show, tally } from './lib.mjs';

const isOverflow = (error) =>
  error instanceof RangeError ||
  error?.name === 'InternalError' ||
  error?.code === 'STACK_OVERFLOW' ||
  (error?.code === 'TRAP' && isOverflow(error.cause));

/** What a try has led to; anything that is not listed fails the scenario. */
function classify(error) {
  if (isOverflow(error)) return 'overflow';
  if (error?.code === 'CORE_CRASHED') return 'crash';
  // These are what some operations lead to anywhere.
  if (['HTTP_INVALID', 'VARS_FULL', 'NON_ZERO_EXIT'].includes(error?.code)) return 'stopped';
  if (error instanceof WebAssembly.RuntimeError) return 'stopped'; // an export called directly
  throw new Error(`unexpected: ${show(error)}`, { cause: error });
}

/** Runs one attack after another, with a look at the core and the others after each. */
class Campaign {
  static async start(env, api = env.api) {
    const c = new Campaign();
    c.env = env;
    c.api = api;
    c.innocent = await Innocent.create(env, api);
    c.victim = await attacker(env, 'stack', { api });
    c.tally = tally();
    c.tries = 0;
    c.broken = 0;
    return c;
  }

  /** Calls the guest's edge at a depth. */
  async edge(op, depth) {
    return this.settle(() => this.victim.plugin.call('edge', numbers(this.victim.number(op), depth)));
  }

  /** @param {() => Promise<unknown>} f */
  async settle(f) {
    this.tries++;
    let outcome = 'ok';
    try {
      await f();
    } catch (error) {
      outcome = classify(error);
    }
    this.tally.add(outcome);
    const trouble = outcome === 'crash' ? 'the core crashed' : await this.innocent.trouble();
    if (trouble) {
      this.broken++;
      this.first ??= trouble;
    }
    return outcome;
  }

  /** The victim itself must work on. */
  async usable() {
    try {
      await this.victim.plugin.call('run', numbers(0));
    } catch (error) {
      this.broken++;
      this.first ??= `the plug-in itself is out of order: ${show(error)}`;
    }
  }

  /** The largest depth at which a test holds, found by halving. */
  async limit(holds, high = 256) {
    let low = 0;
    while (high < 1 << 22 && (await holds(high))) [low, high] = [high, high * 2];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (await holds(middle)) low = middle;
      else high = middle;
    }
    return low;
  }

  async end(minimum) {
    await this.innocent.close();
    await this.victim.plugin.close();
    const figures = { tries: this.tries, broken: this.broken, ...this.tally.counts };
    assert(this.broken === 0, () => `${this.broken} of ${this.tries} tries broke something; first: ${this.first}`);
    assert(this.tries >= minimum, `only ${this.tries} tries`);
    assert(this.tally.counts.overflow > 0 && this.tally.counts.ok > 0, () => `the edge was not met: ${show(figures)}`);
    return figures;
  }
}

/** Depths around the two edges: of the probe, where Go is barely entered, and of the stack. */
function* depths(probeEdge, stackEdge, each) {
  for (let i = -each; i < each; i++) yield probeEdge + i;
  for (let i = 0; i < each; i++) yield Math.floor(probeEdge + ((stackEdge - probeEdge) * i) / each);
  for (let i = -each; i < each; i++) yield stackEdge + i * 2;
}

/** Optimises what the attacks run. */
async function warm(campaign) {
  for (const op of campaign.victim.ops) {
    if (op === 'proc_exit' || op === 'var_full' || op === 'http_request') continue;
    for (let i = 0; i < 100; i++) await campaign.edge(op, 300);
  }
}

async function plain(env, { prepare, each, minimum }) {
  const c = await Campaign.start(env);
  await prepare?.(c);
  const reaches = (op) => async (depth) => (await c.edge(op, depth)) !== 'overflow';
  const stackEdge = await c.limit(reaches('nothing'));
  let reserve = Infinity;
  for (const op of c.victim.ops.slice(1)) {
    const probeEdge = await c.limit(reaches(op), stackEdge >> 1);
    if (!['user', 'log_trace'].includes(op)) reserve = Math.min(reserve, 1 - probeEdge / stackEdge);
    for (const depth of depths(probeEdge, stackEdge, each)) await c.edge(op, depth);
  }
  for (const op of c.victim.ops) {
    for (let i = 0; i < 4; i++) await c.settle(() => c.victim.plugin.call('dive', numbers(c.victim.number(op), 0)));
  }
  return { ...(await c.end(minimum)), frames: stackEdge, ...(prepare && { 'reserve %': Math.round(reserve * 1000) / 10 }) };
}

async function promising(env, { prepare, each, minimum }) {
  if (typeof WebAssembly.promising !== 'function') throw new Skip('no JSPI here');
  const c = await Campaign.start(env);
  await prepare?.(c);
  let instance, at;
  const enter = async (op, depth) =>
    c.settle(async () => {
      const now = await c.victim.plugin.getInstance();
      if (now !== instance) [instance, at] = [now, WebAssembly.promising(now.exports.at)];
      return at(c.victim.number(op), depth);
    });
  const reaches = (op) => async (depth) => (await enter(op, depth)) !== 'overflow';
  const stackEdge = await c.limit(reaches('nothing'));
  for (const op of c.victim.ops.slice(1)) {
    const probeEdge = await c.limit(reaches(op), stackEdge >> 1);
    for (const depth of depths(probeEdge, stackEdge, each)) await enter(op, depth);
  }
  await c.usable();
  return { ...(await c.end(minimum)), frames: stackEdge };
}

/**
 * Runs act with the stack used up but for a number of JavaScript frames.
 * @param {number} frames
 * @param {() => void} act
 * @param {number} pad for distances finer than a frame: how many words more are used
 */
function nearTheEdge(frames, act, pad) {
  const padding = new Array(pad).fill(0);
  const run = function () {
    act();
  };
  const down = () => {
    let back;
    try {
      back = down();
    } catch {
      return 1;
    }
    if (back === frames) run.apply(null, padding);
    return back + 1;
  };
  down();
}

/** Enters near the edge of the caller's own stack, by a function that gives a promise. */
async function fromDeep(c, frames, pad, enter) {
  return c.settle(() => {
    let result, thrown;
    nearTheEdge(
      frames,
      () => {
        try {
          result = enter();
        } catch (error) {
          thrown = { error };
        }
      },
      pad,
    );
    if (thrown) throw thrown.error;
    return result;
  });
}

async function deepCaller(env, { prepare, minimum }) {
  const c = await Campaign.start(env);
  await prepare?.(c);
  const call = (op, frames, pad = 0) =>
    fromDeep(c, frames, pad, () => c.victim.plugin.call('run', numbers(c.victim.number(op), 0)));
  // What makes the way down has to be compiled before it is measured.
  for (let i = 0; i < 300; i++) nearTheEdge(1, () => {}, 0);
  // The more frames there are, the more room. Where does the call begin to work?
  const fails = async (frames) => (await call('var_get', frames + 1)) === 'overflow';
  let edge = await c.limit(fails);
  const { ops } = c.victim;
  const wide = Math.ceil(minimum / 2);
  for (let i = 0; i < wide; i++) {
    await call(ops[i % ops.length], 1 + Math.floor((i * (edge + 200)) / wide));
    if (i % 8 === 0) await c.usable();
  }
  // Around that place step by step: what begins a call may need less than what ends it.
  for (const op of ['var_set', 'nothing', 'proc_exit', 'var_full', 'user']) {
    edge = await c.limit(fails);
    for (let i = -60; i < 60; i++) {
      await call(op, Math.max(1, edge + (i >> 3)), i & 7);
      await c.usable();
    }
  }
  return { ...(await c.end(minimum)), 'frames at the edge': edge };
}

/**
 * A guest that is entered by way of JSPI has a stack of its own, but JavaScript
 * that it or Go calls runs on the caller's. So whoever enters must probe that.
 */
async function deepPromising(env, api, probe) {
  if (typeof WebAssembly.promising !== 'function') throw new Skip('no JSPI here');
  const c = await Campaign.start(env, api);
  await c.victim.plugin.call('run', numbers(c.victim.number('var_set'), 0));
  for (let i = 0; i < 300; i++) nearTheEdge(1, () => {}, 0);
  const enter = async (frames, pad, op) => {
    const { exports } = await c.victim.plugin.getInstance();
    const at = WebAssembly.promising(exports.at);
    const number = c.victim.number(op);
    const outcome = await fromDeep(c, frames, pad, () => {
      probe();
      return at(number, 0);
    });
    if (!api.coreStats() || c.dead !== c.broken) await c.usable();
    c.dead = c.broken;
    return outcome;
  };
  // These make Go call JavaScript.
  for (const op of ['config_get', 'var_get', 'var_set', 'random_get', 'fd_write', 'log_info']) {
    const from = await c.limit(async (frames) => (await enter(frames + 1, 0, op)) === 'overflow', 16);
    for (let frames = Math.max(1, from - 8); frames < from + 16; frames++) {
      for (let pad = 0; pad < 8; pad++) await enter(frames, pad, op);
    }
  }
  return c;
}

async function probedPromising(env) {
  const api = await env.failing(); // which lets the test reach the probe
  const c = await deepPromising(env, api, () => api.core.gate.probe());
  return c.end(1000);
}

/**
 * Nobody can probe for those who take an instance's exports and enter them on
 * their own. What goes wrong must be noticed then, and others get over it.
 */
async function unprobedPromising(env) {
  const api = await env.failing();
  const c = await deepPromising(env, api, () => {});
  await c.usable();
  assert(!c.innocent.lost, 'the other plug-in did not get over the end of the core');
  return { tries: c.tries, broken: c.broken, ...c.tally.counts };
}

/** The same attacks with a gate that does not probe must show. */
async function withoutProbe(env) {
  const api = await env.sabotaged();
  const c = await Campaign.start(env, api);
  const ops = ['var_get', 'var_set', 'config_get', 'random_get', 'log_info'];
  // Frames shrink when the guest is optimised, so the edge is looked for again and again.
  for (let round = 0; round < 20 && c.broken < 5; round++) {
    const stackEdge = await c.limit(async (depth) => (await c.edge('nothing', depth)) !== 'overflow');
    for (let i = 0; i < 200 && c.broken < 5; i++) {
      const below = i % 2 ? i * 2 : (stackEdge * i) / 4000; // finely next to the edge, and farther away
      await c.edge(ops[(i >> 1) % ops.length], Math.floor(stackEdge - below));
    }
  }
  assert(c.broken > 0, 'without the probe nothing broke: the attack does not reach the danger');
  return { tries: c.tries, broken: c.broken };
}

/** At each point a garbage collection. */
async function collecting(env) {
  const api = await env.failing();
  const c = await Campaign.start(env, api);
  const groups = { config_get: 'config', var_get: 'var', var_set: 'var', log_info: 'log', get_log_level: 'log', http_status_code: 'http', random_get: 'wasi' };
  const stackEdge = await c.limit(async (depth) => (await c.edge('nothing', depth)) !== 'overflow');
  for (const [op, group] of Object.entries(groups)) {
    const probeEdge = await c.limit(async (depth) => (await c.edge(op, depth)) !== 'overflow', stackEdge >> 1);
    api.arm(group, api.Failure.COLLECT);
    for (let i = -10; i < 10; i++) await c.edge(op, probeEdge + i);
    api.arm('', api.Failure.NOTHING);
  }
  return c.end(100);
}

export const stack = [
  { name: 'guest at the edge of the stack, cold', rule: 7, stack: true, run: (env) => plain(env, { each: 4, minimum: 500 }) },
  { name: 'guest at the edge of the stack, optimised', rule: 7, stack: true, run: (env) => plain(env, { prepare: warm, each: 8, minimum: 1000 }) },
  { name: 'guest at the edge of a stack of its own (JSPI)', rule: 7, stack: true, run: (env) => promising(env, { each: 7, minimum: 1000 }) },
  { name: 'caller at the edge of its stack', rule: 7, stack: true, run: (env) => deepCaller(env, { minimum: 1000 }) },
  { name: 'caller at the edge of its stack, optimised', rule: 7, stack: true, run: (env) => deepCaller(env, { prepare: warm, minimum: 1000 }) },
  { name: 'caller at the edge of its stack, by way of JSPI, probing', rule: 7, needs: ['failing'], run: probedPromising },
  { name: 'control: caller by way of JSPI that does not probe', rule: 6, needs: ['failing'], run: unprobedPromising },
  { name: 'control: the edge without the probe', rule: 7, needs: ['sabotaged'], run: withoutProbe },
  { name: 'collection at the edge of the stack', rule: 7, needs: ['failing'], run: collecting },
];
