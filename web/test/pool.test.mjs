// Tests of pool.mjs and queue.mjs, with plug-ins and a clock that do what the test
// says: node --test web/test/pool.test.mjs.

import assert from "node:assert/strict";
import { availableParallelism } from "node:os";
import { describe, test } from "node:test";
import { ExtismError } from "../src/error.mjs";
import { Pool, readPoolOptions } from "../src/pool.mjs";
import { Queue } from "../src/queue.mjs";

const turn = () => new Promise((resolve) => setImmediate(resolve));
const crash = (code = "CORE_CRASHED") => new ExtismError(code, "by the test");

class FakeClock {
  time = 1000;
  timers = new Map();
  held = new Set();
  #number = 0;
  now = () => this.time;
  after = (ms, f) => {
    assert.ok(ms >= 0, `a timer of ${ms} ms`);
    this.timers.set(++this.#number, { at: this.time + ms, f });
    return this.#number;
  };
  hold = (timer) => timer && this.held.add(timer);
  cancel = (timer) => this.timers.delete(timer);

  /** Passes time, with a turn after each timer. */
  async advance(ms) {
    const end = this.time + ms;
    for (;;) {
      const next = [...this.timers].filter(([, t]) => t.at <= end).sort(([, a], [, b]) => a.at - b.at)[0];
      if (!next) break;
      this.time = next[1].at;
      this.timers.delete(next[0]);
      next[1].f();
      await turn();
    }
    this.time = end;
  }
}

/** A plug-in that does what the name of the function says. */
class FakePlugin {
  active = 0;
  closed = false;
  vars = 0;

  constructor(world, number) {
    this.world = world;
    this.number = number;
  }

  async call(name, input, hostContext, options) {
    const { world } = this;
    if (this.closed) throw crash("CLOSED");
    assert.equal(this.active, 0, "two calls of one plug-in at once");
    world.log.push(`${this.number}:${input ?? name}`);
    world.options = options;
    this.vars++;
    if (name === "now") return `${this.number}`;
    if (name === "throw") throw input;
    if (name === "nest") return hostContext();
    this.active++;
    world.most = Math.max(world.most, world.plugins.reduce((n, p) => n + p.active, 0));
    try {
      const wait = new Promise((resolve, reject) => world.waits.push({ plugin: this, input, resolve, reject }));
      this.stop = world.waits.at(-1).reject;
      options?.signal?.addEventListener("abort", () => this.stop(options.signal.reason));
      return await wait;
    } finally {
      this.active--;
    }
  }

  isActive() {
    return this.active > 0;
  }

  async close() {
    assert.ok(!this.closed, "closed twice");
    this.closed = true;
    this.stop?.(crash("CLOSED"));
    await this.world.closing?.(this);
  }
}

/** A pool and what is around it. Settings that are left out are those of createPool. */
async function setup(options = {}, { edge = false, open = true, ...more } = {}) {
  const clock = new FakeClock();
  const world = { clock, log: [], waits: [], plugins: [], creations: [], most: 0, create: () => undefined, ...more };
  const create = async () => {
    world.creations.push(clock.time);
    await world.create(world.creations.length);
    const plugin = new FakePlugin(world, world.plugins.length + 1);
    world.plugins.push(plugin);
    return plugin;
  };
  const { settings } = readPoolOptions(options, edge);
  world.settings = settings;
  if (open) world.pool = await Pool.open(create, settings, clock);
  else world.open = () => Pool.open(create, settings, clock);
  return world;
}

/** How a promise stands: 'waits', or its value, or its error's code or itself. */
async function state(promise, meanwhile) {
  let is = "waits";
  promise.then((value) => (is = value), (error) => (is = error?.code ?? error));
  await meanwhile?.();
  await turn();
  await turn();
  return is;
}

const all = (promises) => Promise.all(promises.map((p) => state(p)));

describe("the queue", () => {
  test("gives first what came first, and lets go of what leaves", () => {
    const queue = new Queue();
    assert.equal(queue.shift(), undefined);
    const leave = [..."abcdef"].map((c) => queue.push(c));
    for (const i of [2, 2, 0, 5]) leave[i]();
    assert.equal(queue.length, 3);
    assert.equal(queue.shift(), "b");
    leave[1](); // it is not there any more
    queue.push("g");
    assert.deepEqual([queue.length, queue.shift(), queue.shift(), queue.shift(), queue.shift(), queue.length], [3, "d", "e", "g", undefined, 0]);
  });
});

describe("the order of calls", () => {
  test("first come, first served, with what was given then", async () => {
    const { pool, waits, log } = await setup();
    const input = new Uint8Array(1);
    const calls = [];
    for (let i = 0; i < 4; i++) {
      input[0] = i;
      calls.push(pool.call("wait", i === 3 ? input.buffer : input, "context"));
    }
    input[0] = 9;
    for (let i = 0; i < 4; i++) {
      assert.equal(pool.stats.waiting, 3 - i);
      waits[i].resolve(i);
      assert.equal(await calls[i], i);
    }
    assert.deepEqual(log, ["1:0", "1:1", "1:2", "1:3"]);
  });

  test("guests that do not wait share one plug-in", async () => {
    const { pool } = await setup({ max: 4 });
    const calls = Array.from({ length: 100 }, () => pool.call("now"));
    assert.deepEqual(pool.stats, { size: 1, idle: 1, busy: 0, waiting: 0, created: 1, replaced: 0, calls: 100, failures: 0 });
    assert.deepEqual(new Set(await Promise.all(calls)), new Set(["1"]));
  });

  test("but workers are taken until they have answered", async () => {
    const { pool } = await setup({ max: 2, worker: true });
    const calls = [pool.call("now"), pool.call("now"), pool.call("now")];
    assert.equal(pool.stats.waiting, 2);
    assert.deepEqual(await Promise.all(calls), ["1", "1", "1"]);
  });

  test("one that waits gets no second call while another is free, or can be made", async () => {
    const world = await setup({ max: 3 });
    const { pool, waits } = world;
    const calls = Array.from({ length: 5 }, (_, i) => pool.call("wait", i));
    await turn();
    assert.deepEqual(waits.map((w) => w.plugin.number), [1, 2, 3]);
    assert.deepEqual([pool.stats.busy, pool.stats.waiting, world.most], [3, 2, 3]);
    waits[1].resolve();
    assert.deepEqual(await all(calls), ["waits", undefined, "waits", "waits", "waits"]);
    assert.deepEqual([waits[3].plugin.number, waits[3].input], [2, 3]);
    waits[0].resolve();
    await turn();
    assert.equal(waits[4].input, 4);
    waits[2].resolve();
    await turn();
    assert.equal(await pool.call("now"), "3"); // the one that was used last
    await pool.close();
    await Promise.allSettled(calls);
  });

  test("calls from inside a call go elsewhere", async () => {
    const { pool } = await setup({ min: 2 });
    const inner = () => pool.call("nest", "inner", () => "inside");
    assert.equal(await pool.call("nest", "outer", inner), "inside");
    // More of them than there are plug-ins wait for each other, as with any pool; those nobody waits for do not.
    let later;
    assert.equal(await pool.call("nest", "outer", () => { later = pool.call("now"); return "first"; }), "first");
    assert.equal(await later, "1");
  });

  test("many that have waited run without a deep stack", async () => {
    const { pool, waits } = await setup({ maxQueue: Infinity });
    const first = pool.call("wait");
    const calls = Array.from({ length: 50_000 }, () => pool.call("now"));
    waits[0].resolve();
    await first;
    assert.equal((await Promise.all(calls)).length, 50_000);
  });
});

describe("limits", () => {
  for (const [options, running, waiting] of [
    [{}, 1, 1000],
    [{ maxQueue: 0 }, 1, 0],
    [{ max: 3, maxQueue: 2 }, 3, 2],
    [{ min: 0, max: 2, maxQueue: 0 }, 2, 0],
    [{ min: 2, maxQueue: 1 }, 2, 1],
  ]) {
    test(`with ${JSON.stringify(options)} ${running} run and ${waiting} wait`, async () => {
      const world = await setup(options);
      const { pool, waits } = world;
      const calls = Array.from({ length: running + waiting }, () => pool.call("wait"));
      await assert.rejects(pool.call("wait"), { code: "BUSY", message: /maxQueue/ });
      await turn();
      await assert.rejects(pool.use(() => 0), { code: "BUSY" });
      assert.deepEqual([pool.stats.busy, pool.stats.waiting, pool.stats.calls], [running, waiting, running]);
      waits[0].resolve("first");
      await calls[0];
      const next = pool.call("wait"); // there is room again
      for (let i = 1; i <= calls.length; i++) {
        while (!waits[i]) await turn();
        waits[i].resolve(i);
      }
      await Promise.all([...calls, next]);
      assert.equal(world.most, running);
    });
  }
});

describe("plug-ins that are idle", () => {
  test("are closed after a while, but for some", async () => {
    const world = await setup({ min: 1, max: 4, idleMs: 1000 });
    const { pool, waits, clock, plugins } = world;
    const calls = Array.from({ length: 4 }, () => pool.call("wait"));
    await turn();
    assert.equal(clock.timers.size, 0);
    for (const [i, w] of waits.entries()) {
      w.resolve();
      await turn();
      await clock.advance(100 * i); // they become idle at 0, 0, 100 and 300
    }
    await Promise.all(calls);
    assert.deepEqual(pool.stats.idle, 4);
    await clock.advance(100); // 700
    assert.equal(await pool.call("now"), "4"); // is used again
    await clock.advance(299);
    assert.equal(pool.stats.size, 4);
    await clock.advance(1);
    assert.deepEqual(plugins.map((p) => p.closed), [true, true, false, false]);
    await clock.advance(1000);
    assert.deepEqual(plugins.map((p) => p.closed), [true, true, true, false]);
    await clock.advance(100_000);
    assert.deepEqual([pool.stats.size, pool.stats.replaced, clock.timers.size, clock.held.size], [1, 0, 0, 0]);
  });

  test("are all closed with min 0, and made again when they are needed", async () => {
    const { pool, clock, plugins } = await setup({ min: 0, idleMs: 10 });
    assert.equal(plugins.length, 0);
    assert.equal(await pool.call("now"), "1");
    await clock.advance(10);
    assert.ok(plugins[0].closed);
    assert.equal(await pool.call("now"), "2");
    assert.deepEqual([pool.stats.created, pool.stats.replaced], [2, 0]);
  });

  test("stay with idleMs Infinity, and go at once with 0", async () => {
    for (const [idleMs, size] of [[Infinity, 1], [0, 0]]) {
      const { pool, clock } = await setup({ min: 0, idleMs });
      await pool.call("now");
      await clock.advance(1e9);
      assert.equal(pool.stats.size, size, `${idleMs}`);
    }
  });

  test("one that is busy is not closed for those that are not", async () => {
    const { pool, waits, clock, plugins } = await setup({ min: 0, max: 2, idleMs: 10 });
    const calls = [pool.call("wait"), pool.call("wait")];
    await turn();
    waits[0].resolve();
    await turn();
    await clock.advance(100);
    assert.deepEqual(plugins.map((p) => p.closed), [true, false]);
    waits[1].resolve("x");
    assert.equal(await calls[1], "x");
  });
});

describe("failures of calls", () => {
  const host = new Error("a host function's own");
  const nasty = new Proxy({}, { getPrototypeOf() { throw new Error("no"); } });
  for (const [error, replaced] of [
    [crash("CORE_CRASHED"), 1], [crash("WORKER_FAILED"), 1], [crash("CLOSED"), 1], [crash("INTERNAL"), 1],
    [crash("TRAP"), 0], [crash("PLUGIN_ERROR"), 0], [crash("OUT_OF_MEMORY"), 0], [host, 0], [undefined, 0], [nasty, 0],
    [Object.assign(new Error(), { code: "CORE_CRASHED" }), 0],
  ]) {
    test(`${error === nasty ? "a Proxy" : error?.code ?? error}: ${replaced} replaced`, async () => {
      for (const worker of [false, true]) {
        const { pool, plugins } = await setup({ worker, max: 1 });
        const got = await pool.call("throw", error).then(() => assert.fail(), (e) => ({ e }));
        assert.ok(got.e === error);
        await turn();
        assert.equal(await pool.call("now"), String(1 + replaced));
        assert.equal(plugins[0].closed, replaced === 1);
        const { size, created, failures, calls, replaced: n } = pool.stats;
        assert.deepEqual({ size, created, failures, calls, n }, { size: 1, created: 1 + replaced, failures: 1, calls: 2, n: replaced });
      }
    });
  }

  test("what has been found out about a plug-in in use comes into effect at its end", async () => {
    const { pool, waits, plugins } = await setup();
    const failing = pool.call("throw", crash());
    const next = pool.call("wait"); // on the same one, as nobody knows yet
    await assert.rejects(failing, { code: "CORE_CRASHED" });
    assert.ok(!plugins[0].closed);
    waits[0].resolve("done");
    assert.equal(await next, "done");
    await turn();
    assert.deepEqual([plugins[0].closed, await pool.call("now"), pool.stats.replaced], [true, "2", 1]);
  });

  test("those who wait get the one that is made in its place", async () => {
    const { pool, waits } = await setup();
    const calls = [pool.call("wait"), pool.call("now"), pool.call("now")];
    waits[0].reject(crash("WORKER_FAILED"));
    assert.deepEqual(await all(calls), ["WORKER_FAILED", "2", "2"]);
  });

  test("a plug-in that cannot be closed is counted out all the same", async () => {
    const lost = new ExtismError("STORE_FAILED", "by the test");
    const { pool } = await setup({}, { closing: (p) => { if (p.number === 1) throw lost; } });
    await assert.rejects(pool.call("throw", crash()));
    assert.equal(await pool.call("now"), "2");
    await assert.rejects(pool.close(), lost);
    await assert.rejects(pool.drain(), lost);
  });
});

describe("failures of creations", () => {
  test("there is no pool if the first plug-ins cannot be made", async () => {
    const error = crash("UNRESOLVED_IMPORT");
    const world = await setup({ min: 3 }, { open: false, create: (n) => { if (n === 2) throw error; } });
    await assert.rejects(world.open(), error);
    assert.deepEqual(world.plugins.map((p) => p.closed), [true, true]);
  });

  test("those who wait are told, and the next is made after a while", async () => {
    const error = new Error("no memory");
    let failing = true;
    const world = await setup({ min: 0, max: 2 }, { create: () => { if (failing) throw error; } });
    const { pool, creations, clock } = world;
    const start = clock.time;
    assert.deepEqual(await all([pool.call("now"), pool.call("now"), pool.use(() => 0)]), [error, error, error]);
    assert.equal(creations.length, 2);
    const times = [];
    for (let i = 0; i < 8; i++) {
      const call = pool.call("now");
      assert.equal(await state(call), "waits");
      assert.deepEqual([...clock.timers.keys()].map((t) => clock.held.has(t)), [true]); // a process must not end while a call waits
      const before = creations.length;
      while (creations.length === before) await clock.advance(50);
      times.push(creations.at(-1) - start);
      assert.equal(await state(call), error);
      assert.equal(creations.length, before + 1);
    }
    assert.deepEqual(times.map((t, i) => t - (times[i - 1] ?? 0)), [100, 200, 400, 800, 1600, 3200, 5000, 5000]);
    failing = false;
    const call = pool.call("now");
    await clock.advance(5000);
    assert.equal(await call, "1");
    assert.deepEqual([pool.stats.calls, pool.stats.failures], [12, 11]);
    // It begins anew.
    failing = true;
    await assert.rejects(pool.call("throw", crash()));
    assert.equal(await state(pool.call("now")), error);
    failing = false;
    const after = pool.call("now");
    await clock.advance(100);
    assert.equal(await after, "2");
  });

  test("nobody is told while another plug-in can serve", async () => {
    let failing = false;
    const { pool, waits, creations, clock } = await setup({ max: 3 }, { create: () => { if (failing) throw new Error("no memory"); } });
    failing = true;
    const calls = [pool.call("wait"), pool.call("now"), pool.call("now")];
    await turn();
    assert.deepEqual(await all(calls), ["waits", "waits", "waits"]);
    assert.equal(creations.length, 3);
    assert.deepEqual([...clock.timers.keys()].map((t) => clock.held.has(t)), [true]);
    await clock.advance(100);
    assert.deepEqual(await all(calls), ["waits", "waits", "waits"]);
    waits[0].resolve("x");
    assert.deepEqual(await all(calls), ["x", "1", "1"]);
  });

  test("what is always kept is made again, without a call and without an end", async () => {
    let failing = false;
    const { pool, creations, clock } = await setup({ min: 2 }, { create: () => { if (failing) throw new Error("no memory"); } });
    failing = true;
    await assert.rejects(pool.call("throw", crash()));
    await turn();
    assert.deepEqual([pool.stats.size, creations.length], [1, 3]);
    await clock.advance(10_000);
    assert.ok(creations.length > 6 && creations.length < 12, `${creations.length} tries in ten seconds`);
    assert.equal(clock.held.size, 0);
    failing = false;
    await clock.advance(5000);
    assert.deepEqual([pool.stats.size, clock.timers.size], [2, 0]);
  });
});

describe("signals", () => {
  const reason = new Error("enough");

  test("one that has been given already: nothing is called", async () => {
    const { pool, log } = await setup();
    await assert.rejects(pool.call("now", "", null, { signal: AbortSignal.abort(reason) }), reason);
    await assert.rejects(pool.use(() => 0, { signal: AbortSignal.abort(reason) }), reason);
    assert.deepEqual([log.length, pool.stats.calls, pool.stats.failures], [0, 0, 0]);
  });

  test("while it waits: it leaves at once, and the others move up", async () => {
    const { pool, waits, log } = await setup({ maxQueue: 3 });
    const controller = new AbortController();
    const { signal } = controller;
    const calls = [pool.call("wait", "a"), pool.call("now", "b", null, { signal }), pool.call("now", "c"), pool.use(() => 0, { signal })];
    await assert.rejects(pool.call("now"), { code: "BUSY" });
    controller.abort(reason);
    assert.deepEqual(await all(calls), ["waits", reason, "waits", reason]);
    assert.equal(pool.stats.waiting, 1);
    waits[0].resolve();
    await calls[2];
    assert.deepEqual(log, ["1:a", "1:c"]);
    assert.deepEqual([pool.stats.calls, pool.stats.failures], [2, 0]);
  });

  test("while its plug-in is made: it leaves, and the plug-in stays", async () => {
    for (const edge of [false, true]) {
      let made;
      const { pool, log } = await setup({ min: 0 }, { edge, create: () => new Promise((resolve) => (made = resolve)) });
      const controller = new AbortController();
      const call = pool.call("now", "", null, { signal: controller.signal });
      controller.abort(reason);
      assert.equal(await state(call), reason);
      made();
      await turn();
      assert.deepEqual([pool.stats.idle, log.length, await pool.call("now")], [1, 0, "1"]);
    }
  });

  test("while it runs: it is the plug-in's to end", async () => {
    const world = await setup();
    const { pool } = world;
    const controller = new AbortController();
    const { signal } = controller;
    const call = pool.call("wait", "a", "context", { signal });
    const next = pool.call("now", "b", undefined, { signal: undefined });
    controller.abort(reason);
    await assert.rejects(call, reason);
    assert.equal(await next, "1");
    assert.equal(world.options, undefined);
    assert.equal(pool.stats.replaced, 0);
  });

  test("once it has waited and runs, it has left the queue", async () => {
    const { pool, waits } = await setup();
    const controller = new AbortController();
    const calls = [pool.call("wait"), pool.call("wait", "a", null, { signal: controller.signal })];
    waits[0].resolve("x");
    await turn();
    controller.abort(reason);
    assert.deepEqual(await all(calls), ["x", reason]);
    assert.deepEqual([pool.stats.idle, pool.stats.waiting], [1, 0]);
  });

  test("it is not listened to longer than the call waits", async () => {
    const { pool, waits } = await setup();
    let listeners = 0;
    const signal = { aborted: false, throwIfAborted() {}, addEventListener: () => listeners++, removeEventListener: () => listeners-- };
    const calls = [pool.call("wait"), pool.use(() => 1, { signal }), pool.use(() => 2, { signal })];
    assert.equal(listeners, 2);
    waits[0].resolve();
    await Promise.all(calls);
    assert.equal(listeners, 0);
  });

  test("a call that one may still end is not over before that is known", async () => {
    const { pool } = await setup({ max: 2 });
    const { signal } = new AbortController();
    const calls = [pool.call("now", "", null, { signal }), pool.call("now", "", null, { signal })];
    assert.deepEqual([pool.stats.busy, pool.stats.waiting], [1, 1]);
    await Promise.all(calls);
  });

  test("after it has ended: nothing", async () => {
    const { pool } = await setup();
    const controller = new AbortController();
    assert.equal(await pool.call("now", "", null, { signal: controller.signal }), "1");
    controller.abort(reason);
    assert.equal(await pool.call("now"), "1");
  });
});

describe("uses", () => {
  test("have a plug-in for themselves, for as long as they like", async () => {
    const { pool, log } = await setup();
    const use = pool.use(async (plugin) => {
      await plugin.call("now", "a");
      await turn();
      await plugin.call("now", "b");
      return plugin.vars;
    });
    const call = pool.call("now", "c");
    assert.deepEqual([await use, await call], [2, "1"]);
    assert.deepEqual(log, ["1:a", "1:b", "1:c"]);
  });

  test("need no promise, and throw what they throw", async () => {
    const { pool } = await setup();
    assert.equal(await pool.use(() => 5), 5);
    const error = new Error("mine");
    await assert.rejects(pool.use(() => { throw error; }), error);
    await assert.rejects(pool.use(null), TypeError);
    assert.deepEqual([pool.stats.idle, pool.stats.calls, pool.stats.failures], [1, 3, 2]);
  });

  test("what they leave running does not reach others", async () => {
    const { pool, plugins } = await setup();
    let left;
    await pool.use((plugin) => { left = plugin.call("wait"); left.catch(() => {}); });
    await assert.rejects(left, { code: "CLOSED" });
    assert.equal(await pool.call("now"), "2");
    assert.ok(plugins[0].closed);
  });

  test("a plug-in that they have closed is replaced once that shows", async () => {
    const { pool, plugins } = await setup();
    await pool.use((plugin) => plugin.close());
    plugins[0].close = async () => {}; // again has no effect
    await assert.rejects(pool.call("now"), { code: "CLOSED" });
    assert.equal(await pool.call("now"), "2");
  });
});

describe("typed functions", () => {
  test("take and give values", async () => {
    const world = await setup();
    const { pool, log } = world;
    const f = pool.function("now", { input: { encode: (v) => `<${v}>` }, output: { decode: (o) => Number(o) } });
    assert.equal(await f("x"), 1);
    assert.deepEqual(log, ["1:<x>"]);
    assert.throws(() => pool.function("now", { input: {} }), { code: "INVALID_INPUT" });
  });
});

describe("the end", () => {
  /** What a pool may be in the midst of; gives what the calls must come to. */
  const states = {
    nothing: async () => ({}),
    "the time of plug-ins that are not needed": async (world) => {
      const calls = [world.pool.call("wait"), world.pool.call("wait")];
      await turn();
      for (const w of world.waits) w.resolve();
      await Promise.all(calls);
      assert.equal(world.clock.timers.size, 1);
      return {};
    },
    "a call": async ({ pool, waits }) => ({ calls: [pool.call("wait")], go: () => waits[0].resolve("x"), drained: ["x"], closed: ["CLOSED"] }),
    "calls that wait": async ({ pool, waits }) => ({
      calls: [pool.call("wait"), pool.call("now"), pool.use(() => 7)],
      go: () => waits[0].resolve("x"), drained: ["x", "1", 7], closed: ["CLOSED", "CLOSED", "CLOSED"],
    }),
    "a use": async ({ pool }) => {
      let done;
      const wait = new Promise((resolve) => (done = resolve));
      return { calls: [pool.use(async (p) => (await wait, p.call("now")))], go: () => done(), drained: ["1"], closed: ["CLOSED"] };
    },
    "a call that is about to fail": async ({ pool, waits }) => ({
      calls: [pool.call("wait"), pool.call("now")],
      go: () => waits[0].reject(crash()), drained: ["CORE_CRASHED", "2"], closed: ["CLOSED", "CLOSED"],
    }),
    "a creation": async (world) => {
      let made;
      world.create = () => new Promise((resolve) => (made = resolve));
      await world.pool.call("throw", crash()).catch(() => {});
      return { calls: [world.pool.call("now")], go: () => made(), drained: ["2"], closed: ["CLOSED"] };
    },
    "a creation that is about to fail": async (world) => {
      let fail;
      world.create = () => new Promise((_, reject) => (fail = reject));
      await world.pool.call("throw", crash()).catch(() => {});
      return { calls: [world.pool.call("now")], go: () => fail(crash("INSTANTIATION")), drained: ["INSTANTIATION"], closed: ["CLOSED"] };
    },
    "a delay after failed creations": async (world) => {
      world.create = () => { throw crash("INSTANTIATION"); };
      await world.pool.call("throw", crash()).catch(() => {});
      await turn();
      world.create = () => {};
      return { calls: [world.pool.call("now")], go: () => world.clock.advance(100), drained: ["2"], closed: ["CLOSED"] };
    },
    "a closing that takes its time": async (world) => {
      let closed;
      world.closing = () => new Promise((resolve) => (closed = resolve));
      await world.pool.call("throw", crash()).catch(() => {});
      world.closing = undefined;
      return { go: () => closed(), lasts: true };
    },
  };
  for (const [what, prepare] of Object.entries(states)) {
    for (const way of ["drain", "close", "drain, then close"]) {
      test(`${way} during ${what}`, async () => {
        const world = await setup(what.includes("not needed") ? { max: 2 } : {});
        const { pool, plugins, clock } = world;
        const { calls = [], go, drained, closed, lasts = false } = await prepare(world);
        const ends = way.split(", then ").map((method) => pool[method]());
        for (const call of [pool.call("now"), pool.use(() => 0), pool.function("now")()]) {
          await assert.rejects(call, { code: "CLOSED" });
        }
        if (way === "drain" && go) {
          assert.equal(await state(ends[0]), "waits");
          if (drained) assert.ok((await all(calls)).every((s) => s === "waits"));
        }
        if (way !== "drain" && calls.length && what !== "a use") assert.deepEqual(await all(calls), closed);
        if (way !== "drain" && lasts) assert.equal(await state(ends[0]), "waits");
        go?.();
        assert.deepEqual(await all(calls), way === "drain" ? drained ?? [] : closed ?? []);
        await Promise.all([...ends, pool.drain(), pool.close(), pool[Symbol.asyncDispose]()]);
        assert.ok(plugins.every((p) => p.closed));
        assert.deepEqual([pool.stats.size, pool.stats.idle, pool.stats.waiting, clock.timers.size], [0, 0, 0, 0]);
        await clock.advance(1e6);
        assert.ok(plugins.every((p) => p.closed));
      });
    }
  }
});

test("while a pool is drained nothing is made that no call needs", async () => {
  const { pool, waits, creations } = await setup({ min: 2 });
  const calls = [pool.call("wait"), pool.call("wait")];
  const end = pool.drain();
  waits[0].reject(crash());
  await assert.rejects(calls[0]);
  await turn();
  waits[1].resolve();
  await Promise.all([calls[1], end]);
  assert.equal(creations.length, 2);
});

describe("on the edge", () => {
  test("a call gets a free plug-in or makes one, or it is refused at once", async () => {
    const world = await setup({ min: 0, max: 2, maxQueue: 100 }, { edge: true });
    const { pool, waits } = world;
    const calls = [pool.call("wait"), pool.call("wait")];
    assert.equal(pool.stats.waiting, 2); // for their own plug-ins
    await assert.rejects(pool.call("now"), { code: "BUSY" });
    await turn();
    await assert.rejects(pool.call("now"), { code: "BUSY" });
    waits[1].resolve("y");
    assert.equal(await calls[1], "y");
    assert.equal(await pool.call("now"), "2");
    waits[0].resolve("x");
    assert.equal(await calls[0], "x");
  });

  test("no call gets what another has made, or waits for its failure", async () => {
    const gates = [];
    const { pool, creations } = await setup({ min: 0, max: 3 }, { edge: true, create: () => new Promise((resolve, reject) => gates.push({ resolve, reject })) });
    const calls = [pool.call("now"), pool.call("now"), pool.call("now")];
    gates[1].resolve();
    assert.deepEqual(await all(calls), ["waits", "1", "waits"]);
    gates[0].reject(crash("INSTANTIATION"));
    assert.deepEqual(await all(calls), ["INSTANTIATION", "1", "waits"]);
    gates[2].resolve();
    assert.deepEqual(await all(calls), ["INSTANTIATION", "1", "2"]);
    assert.equal(creations.length, 3);
  });

  test("nothing is made or closed unless somebody calls", async () => {
    let failing = false;
    const { pool, clock, creations, plugins } = await setup({ min: 1, max: 3, idleMs: 10 }, { edge: true, create: () => { if (failing) throw new Error("no"); } });
    await assert.rejects(pool.call("throw", crash()));
    failing = true;
    for (let i = 0; i < 3; i++) await assert.rejects(pool.call("now"), /no/); // no delay: each tries for itself
    failing = false;
    assert.equal(await pool.call("now"), "2");
    assert.equal(creations.length, 5);
    await pool.use(() => pool.call("now"));
    assert.equal(pool.stats.size, 2);
    await clock.advance(1000);
    assert.equal(clock.timers.size, 0);
    assert.deepEqual(plugins.map((p) => p.closed), [true, false, false]);
    await pool.call("now");
    assert.deepEqual([pool.stats.size, plugins.filter((p) => p.closed).length], [1, 2]);
  });

  test("drained while a plug-in is made, and closed", async () => {
    for (const [way, want] of [["drain", "1"], ["close", "CLOSED"]]) {
      let made;
      const { pool, plugins } = await setup({ min: 0 }, { edge: true, create: () => new Promise((resolve) => (made = resolve)) });
      const call = pool.call("now");
      const end = pool[way]();
      made();
      assert.equal(await state(call), want);
      await end;
      assert.ok(plugins[0].closed);
    }
  });
});

describe("options", () => {
  const defaults = { min: 1, idleMs: 60_000, maxQueue: 1000, worker: false, edge: false, max: 1 };
  const processors = availableParallelism();
  for (const [given, edge, want] of [
    [undefined, false, {}],
    [null, false, {}],
    [{ min: undefined, max: null, useWasi: true }, false, {}],
    [{ min: 0 }, false, { min: 0 }],
    [{ min: 3 }, false, { min: 3, max: 3 }],
    [{ max: 3, idleMs: Infinity, maxQueue: Infinity }, false, { max: 3, idleMs: Infinity, maxQueue: Infinity }],
    [{ worker: true }, false, { worker: true, max: processors }],
    [{ runInWorker: true }, false, { worker: true, max: processors }],
    [{ worker: false, runInWorker: true }, false, {}],
    [{ maxQueue: 5 }, true, { min: 0, edge: true, maxQueue: 0, max: 8 }],
    [{ min: 9 }, true, { min: 9, edge: true, maxQueue: 0, max: 9 }],
  ]) {
    test(`${JSON.stringify(given)}${edge ? " on the edge" : ""}`, () => {
      const { settings, options } = readPoolOptions(given, edge);
      assert.deepEqual(settings, { ...defaults, ...want });
      for (const key of Object.keys(defaults)) assert.ok(!(key in options));
    });
  }

  test("worker is runInWorker of the plug-ins, and the rest is theirs", () => {
    assert.deepEqual(readPoolOptions({ worker: true, name: "x", min: 1 }, false).options, { runInWorker: true, name: "x" });
  });

  for (const given of [
    5, "x", { min: -1 }, { min: 1.5 }, { min: "1" }, { min: Infinity }, { min: NaN }, { max: 0 }, { max: Infinity }, { max: 1, min: 2 }, { min: 2 ** 53 },
    { idleMs: -1 }, { idleMs: 0.5 }, { maxQueue: -1 }, { maxQueue: true }, { worker: 1 }, { worker: "yes" }, { get max() { throw new Error("no"); } },
  ]) {
    test(`refused: ${typeof given === "object" ? Object.keys(given).map((k) => `${k} ${Object.getOwnPropertyDescriptor(given, k).value}`) : given}`, () => {
      assert.throws(() => readPoolOptions(given, false), { name: "ExtismError", code: "INVALID_INPUT", message: /options/ });
    });
  }
});

test("a clean call after each fault succeeds", async () => {
  let failing = false;
  const { pool, plugins, clock } = await setup({ max: 2 }, { create: () => { if (failing) throw crash("INSTANTIATION"); } });
  for (let i = 0; i < 1000; i++) {
    failing = i % 3 === 0;
    const code = ["CORE_CRASHED", "WORKER_FAILED", "TRAP", "INTERNAL", "CLOSED"][i % 5];
    await assert.rejects(pool.call("throw", crash(code)), { code });
    if (failing && code !== "TRAP") {
      const doomed = state(pool.call("now"), () => clock.advance(100));
      assert.equal(await doomed, "INSTANTIATION");
    }
    failing = false;
    const clean = pool.call("now");
    await clock.advance(5000);
    assert.match(await clean, /^\d+$/);
  }
  assert.deepEqual([pool.stats.replaced, pool.stats.size, plugins.filter((p) => !p.closed).length], [800, 1, 1]);
});

describe("ten thousand calls, and everything that can go wrong", () => {
  /** mulberry32 */
  const random = (seed) => () => {
    seed = (seed + 0x6d2b79f5) | 0;
    let t = Math.imul(seed ^ (seed >>> 15), seed | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };

  for (const [seed, options, edge] of [
    [1, { max: 4, maxQueue: 20, idleMs: 50 }, false],
    [2, { min: 0, max: 1, maxQueue: Infinity, idleMs: 0 }, false],
    [3, { min: 3, max: 8, worker: true, maxQueue: 5 }, false],
    [4, { min: 0, max: 5, idleMs: 20 }, true],
  ]) {
    test(`each ends once, with ${JSON.stringify(options)}${edge ? " on the edge" : ""}`, async () => {
      const next = random(seed);
      const chance = (p) => next() < p;
      const pick = (list) => list[Math.floor(next() * list.length)];
      let fair = true;
      const world = await setup(options, { edge, create: () => {
        if (!fair && chance(0.2)) throw crash("INSTANTIATION");
        return chance(0.5) ? turn() : undefined;
      } });
      fair = false;
      const { pool, clock, waits, plugins } = world;
      const expected = new Set(["CORE_CRASHED", "WORKER_FAILED", "TRAP", "INSTANTIATION", "BUSY", "CLOSED", "AbortError", "mine"]);
      const ended = new Map();
      const ends = { values: 0 };
      const calls = [];
      const controllers = [];
      /** How often each has been begun, which is once at most. */
      const begun = new Map();
      const settle = (id, what) => {
        ended.set(id, (ended.get(id) ?? 0) + 1);
        ends[what] = (ends[what] ?? 0) + 1;
        assert.ok(what === "values" || expected.has(what), what);
      };
      const once = (id) => {
        begun.set(id, (begun.get(id) ?? 0) + 1);
        assert.equal(begun.get(id), 1, "a call that was begun twice");
      };
      const go = (id) => {
        const controller = new AbortController();
        const signal = chance(0.5) ? controller.signal : undefined;
        if (signal) controllers.push(controller);
        const kind = pick(["now", "wait", "wait", "throw", "use", "nest"]);
        if (kind === "use") {
          return pool.use(async (plugin) => {
            once(id);
            for (let n = 0; n < 3; n++) await plugin.call(pick(["now", "wait"]), id);
            if (chance(0.2)) plugin.call("wait", id).catch(() => {}); // and nobody waits for it
            if (chance(0.1)) throw Object.assign(new Error(), { code: "mine" });
          }, { signal });
        }
        if (kind === "nest") return pool.call("nest", id, () => (once(id), chance(0.5) ? "x" : void pool.call("now").catch(() => {})), { signal });
        const error = crash(pick(["CORE_CRASHED", "WORKER_FAILED", "TRAP"]));
        return pool.call(kind, kind === "throw" ? error : id, null, { signal });
      };
      /** Lets what waits go on, well or badly. */
      const answer = () => {
        const [wait] = waits.splice(Math.floor(next() * waits.length), 1);
        if (chance(0.8)) wait?.resolve();
        else wait?.reject(crash(pick(["CORE_CRASHED", "WORKER_FAILED", "TRAP", "mine"])));
      };
      for (let id = 0; id < 10_000; id++) {
        calls.push(go(id).then(() => settle(id, "values"), (error) => settle(id, error.code === 20 ? error.name : error.code)));
        if (chance(0.7)) answer();
        if (chance(0.2)) controllers.splice(-1 - Math.floor(next() * 5), 1)[0]?.abort();
        if (chance(0.1)) await turn();
        if (chance(0.02)) await clock.advance(Math.floor(next() * 200));
        const { size, idle, busy, waiting } = pool.stats;
        assert.ok(size <= world.settings.max && idle + busy === size, `${size} plug-ins`);
        assert.ok(!(idle > 0 && waiting > 0 && !edge), "one is idle while calls wait");
        if (id % 20) continue;
        // A clean call after all of that succeeds, once those before it have ended.
        fair = true;
        while (pool.stats.busy + pool.stats.waiting > 0) {
          while (waits.length > 0) answer();
          await clock.advance(100);
          await turn();
        }
        const clean = pool.call("now", "clean");
        await clock.advance(5000);
        assert.match(await clean, /^\d+$/);
        fair = false;
      }
      fair = true;
      let drained = false;
      const end = pool.drain().then(() => (drained = true));
      while (!drained) {
        while (waits.length > 0) answer();
        await clock.advance(100);
        await turn();
      }
      await Promise.all([...calls, end]);
      assert.equal(ended.size, 10_000);
      assert.ok([...ended.values()].every((n) => n === 1));
      assert.ok(plugins.every((p) => p.closed), "a plug-in was left over");
      assert.deepEqual([pool.stats.size, pool.stats.waiting, pool.stats.created], [0, 0, plugins.length]);
      const seen = ["CORE_CRASHED", "TRAP", "AbortError", "mine", "values", ...(options.min === 0 ? ["INSTANTIATION"] : [])];
      for (const what of seen) assert.ok(ends[what] > 50, `${what}: ${ends[what]}`);
    });
  }
});
