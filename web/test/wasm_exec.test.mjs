// Tests of wasm_exec.js: node --test web/test/wasm_exec.test.mjs (needs go).

import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, describe, mock, test } from "node:test";
import { fileURLToPath } from "node:url";
import vm from "node:vm";

// Node replaces some globals by their values when they are first read.
for (const key of Reflect.ownKeys(globalThis)) void globalThis[key];
const globalsBefore = new Map(
  Reflect.ownKeys(globalThis).map((key) => [key, Object.getOwnPropertyDescriptor(globalThis, key)]),
);
const { GoProgram, toolchain } = await import("../wasm_exec.js");

const here = path.dirname(fileURLToPath(import.meta.url));
const directory = fs.mkdtempSync(path.join(os.tmpdir(), "glue-"));
const wasmFile = path.join(directory, "glue.wasm");
const goroot = execFileSync("go", ["env", "GOROOT"], { encoding: "utf8" }).trim();
let module;

before(async () => {
  execFileSync("go", ["build", "-o", wasmFile, "."], {
    cwd: path.join(here, "testdata/glue"),
    env: { ...process.env, GOOS: "js", GOARCH: "wasm" },
  });
  module = await WebAssembly.compile(fs.readFileSync(wasmFile));
});

after(() => fs.rmSync(directory, { recursive: true }));

/** Starts the test program; `go` has its functions, `log` what its owner heard. */
async function launch({ args = [], ...options } = {}) {
  const log = { faults: [], exits: [], crashes: [], output: "", marks: 0 };
  const go = {};
  const program = new GoProgram({
    args: ["glue", ...args],
    scope: { test: go },
    write: (fd, bytes) => (log.output += Buffer.from(bytes)),
    onFault: (operation, error) => log.faults.push([operation, error]),
    onExit: (code) => log.exits.push(code),
    onCrash: (error) => log.crashes.push(error),
    ...options,
  });
  const instance = await WebAssembly.instantiate(module, { ...program.imports, test: { mark: () => log.marks++ } });
  program.start(instance);
  return { program, instance, go, log };
}

/** Shows that the program computes, allocates and collects as it should. */
function assertHealthy({ go, program }) {
  assert.equal(go.work(1000), 1000);
  assert.equal(program.exited, false);
}

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

describe("neighbours", () => {
  test("the global object stays as it was", async () => {
    const running = await launch();
    assertHealthy(running);
    running.go.print("text\n");
    running.go.exit(0);
    const keys = Reflect.ownKeys(globalThis);
    assert.deepEqual(keys, [...globalsBefore.keys()]);
    for (const key of keys)
      assert.deepEqual(Object.getOwnPropertyDescriptor(globalThis, key), globalsBefore.get(key), String(key));
  });

  test("two programs run side by side, and one outlives the other", async () => {
    const [one, two] = await Promise.all([launch({ args: ["1"] }), launch({ args: ["2"] })]);
    assert.equal(one.go.args(), "glue|1");
    assert.equal(two.go.args(), "glue|2");
    // Each calls into the other while it is itself on the stack.
    assert.equal(one.go.invoke(() => two.go.invoke(() => one.go.work(50))), 50);
    one.go.exit(3);
    assert.deepEqual([one.program.exitCode, two.program.exitCode], [3, undefined]);
    assertHealthy(two);
  });

  test("a program on the toolchain's own wasm_exec.js runs in the same realm", async () => {
    const names = ["fs", "path", "process", "Go", "test"];
    const saved = names.map((name) => [name, Object.getOwnPropertyDescriptor(globalThis, name)]);
    try {
      vm.runInThisContext(fs.readFileSync(path.join(goroot, "lib/wasm/wasm_exec.js"), "utf8"));
      const ours = await launch();
      globalThis.test = {};
      const stock = new globalThis.Go();
      const ended = stock.run(await WebAssembly.instantiate(module, { ...stock.importObject, test: { mark() {} } }));
      assert.notEqual(ours.go, globalThis.test);
      assert.equal(globalThis.test.invoke(() => ours.go.invoke(() => globalThis.test.work(50))), 50);
      assertHealthy(ours);
      stock.exit = () => {};
      globalThis.test.exit(0);
      await ended;
      assertHealthy(ours);
    } finally {
      for (const [name, descriptor] of saved)
        if (descriptor) Object.defineProperty(globalThis, name, descriptor);
        else delete globalThis[name];
    }
  });
});

describe("what Go sees", () => {
  test("js.Global() is the global object, with the scope in front", async () => {
    const { go } = await launch();
    assert.equal(go.global(), globalThis);
    assert.equal(go.same(globalThis, globalThis), true);
    assert.equal(go.get(globalThis, "test"), go);
    assert.equal(go.get(globalThis, "Array"), Array);
    assert.notEqual(go.get(globalThis, "process"), process);
    assert.equal(go.get({ process: 5 }, "process"), 5);
  });

  test("values cross both ways unchanged", async () => {
    const { go } = await launch();
    const values = [
      undefined, null, true, false, 0, 1, -1, 1.5, NaN, Infinity, -Infinity, 2 ** 53, 5e-324,
      "", "text", "\uFEFFa byte order mark", "\u{1F600}", "\0", Symbol("s"), Symbol.iterator,
      {}, [], () => {}, class {}, Object.create(null), new Proxy({}, {}),
    ];
    for (const value of values) assert.ok(Object.is(go.get({ value }, "value"), value), String(typeof value));
    assert.equal(go.get({ value: -0 }, "value"), 0);
    assert.equal(go.same("equal strings", "equal " + "strings"), true);
    assert.equal(go.text("\uFEFFa\u{1F600}\0"), "\uFEFFa\u{1F600}\0");
    assert.equal(go.text("a lone \uD800"), "a lone \uFFFD");
  });

  test("lengths are integers, or 0", async () => {
    const { go } = await launch();
    for (const [length, want] of [[3, 3], ["4", 4], [2.9, 2], [-1, -1], [2 ** 40, 2 ** 40], [NaN, 0], [Infinity, 0], [{}, 0], [undefined, 0]])
      assert.equal(go.length({ length }), want, String(length));
  });

  test("bytes of any realm are copied, also of a subclass that lies", async () => {
    const { go } = await launch();
    class Liar extends Uint8Array {
      subarray() {
        throw new Error("must not be called");
      }
      get buffer() {
        throw new Error("must not be called");
      }
    }
    for (const bytes of [
      Uint8Array.of(1, 2, 3),
      Uint8ClampedArray.of(1, 2, 3),
      vm.runInNewContext("Uint8Array.of(1, 2, 3)"),
      Liar.of(1, 2, 3),
      new Uint8Array(Uint8Array.of(0, 0, 1, 2, 3, 0).buffer, 2, 3),
    ])
      assert.deepEqual([...go.copy(bytes)], [1, 2, 3]);
    assert.equal(go.copy(new Uint8Array(1 << 20).fill(7)).reduce((sum, byte) => sum + byte), 7 << 20);
  });

  test("arguments and environment", async () => {
    const { go } = await launch({ args: ["a b", "", "é"], env: { B: "2", A: "1=1" } });
    assert.equal(go.args(), "glue|a b||é");
    assert.equal(go.env(), "A=1=1|B=2");
    await launch({ args: ["x".repeat(8000)] });
    await assert.rejects(launch({ args: ["x".repeat(8192)] }), RangeError);
    await launch({ args: ["x".repeat(8151)] }); // exactly, with four pointers and "glue"
    await assert.rejects(launch({ args: ["x".repeat(8152)] }), RangeError);
    await assert.rejects(launch({ args: Array(1000).fill("é") }), RangeError);
  });

  test("files answer ENOSYS", async () => {
    const { go, log } = await launch();
    const error = await new Promise((resolve) => go.readFile(resolve));
    assert.match(error, /not implemented/);
    assert.match(go.getwd(), /not implemented/);
    assert.deepEqual(log.faults, []);
  });

  test("memory that grows under every view", async () => {
    const { go, instance, log } = await launch();
    const size = instance.exports.mem.buffer.byteLength;
    assert.equal(go.grow(96, Uint8Array.of(0, 0, 5)), 96 * 5);
    assert.ok(instance.exports.mem.buffer.byteLength > size + (64 << 20));
    // Grown in the middle of an import: by Go inside a getter, by JavaScript, and both.
    const grower = {
      get x() {
        go.grow(32, Uint8Array.of(0, 0, 1));
        instance.exports.mem.grow(1);
        return "grown";
      },
    };
    assert.equal(go.get(grower, "x"), "grown");
    assert.equal(go.index([grower], 0).x, "grown");
    assert.equal(go.invoke(() => grower.x), "grown");
    assert.equal(go.work(100), 100);
    assert.deepEqual(log.faults, []);
  });

  test("an import's result finds its place when Go's stack moved meanwhile", async () => {
    const { go } = await launch();
    const nest = (depth) => (depth === 0 ? "deepest" : go.get({ get x() { return nest(depth - 1); } }, "x"));
    assert.equal(nest(100), "deepest");
    const index = (depth) => (depth === 0 ? 7 : go.index(new Proxy([], { get: () => index(depth - 1) }), 0));
    assert.equal(index(100), 7);
    const length = (depth) => (depth === 0 ? 7 : go.length({ get length() { return length(depth - 1); } }));
    assert.equal(length(100), 7);
  });
});

describe("output", () => {
  test("goes to write, from os and from the runtime", async () => {
    const { go, log } = await launch();
    go.print("out ");
    go.printError("err ");
    go.runtimePrint("print");
    assert.equal(log.output, "out err print");
  });

  test("goes to the console in whole lines, the rest at exit", async () => {
    const lines = [];
    const logged = mock.method(console, "log", (text) => lines.push(["log", text]));
    const erred = mock.method(console, "error", (text) => lines.push(["error", text]));
    try {
      const { go } = await launch({ write: undefined });
      go.print("one ");
      go.printError("oops\n");
      go.print("é\ntwo\nthr");
      go.print("ee");
      go.exit(0);
    } finally {
      logged.mock.restore();
      erred.mock.restore();
    }
    assert.deepEqual(lines, [["error", "oops"], ["log", "one é\ntwo"], ["log", "three"]]);
  });

  test("a sink that throws or calls into Go is a fault", async () => {
    let sink;
    const running = await launch({ write: () => sink() });
    sink = () => {
      throw new Error("sink");
    };
    running.go.print("x");
    sink = () => running.go.now();
    running.go.runtimePrint("x");
    assert.deepEqual(running.log.faults.map(([operation]) => operation), ["write", "write"]);
    assert.match(running.log.faults[1][1].message, /cannot be entered/);
    assertHealthy(running);
  });
});

describe("exceptions without a way to tell Go", () => {
  const boom = new Error("boom");
  const throws = () => {
    throw boom;
  };
  const throwing = new Proxy(
    function () {},
    Object.fromEntries(Reflect.ownKeys(Reflect).map((trap) => [trap, throws])),
  );
  const { proxy: revoked, revoke } = Proxy.revocable(function () {}, {});
  revoke();
  const primitive = { [Symbol.toPrimitive]: throws };
  const cases = [
    ["valueGet", "get", [{ get x() { return throws(); } }, "x"], undefined],
    ["valueGet", "get", [throwing, "x"], undefined],
    ["valueGet", "get", [revoked, "x"], undefined],
    ["valueSet", "set", [{ set x(value) { throws(); } }, "x", 1], "done"],
    ["valueSet", "set", [throwing, "x", 1], "done"],
    ["valueSet", "set", [revoked, "x", 1], "done"],
    ["valueDelete", "remove", [throwing, "x"], "done"],
    ["valueDelete", "remove", [revoked, "x"], "done"],
    ["valueIndex", "index", [throwing, 0], undefined],
    ["valueIndex", "index", [revoked, 0], undefined],
    ["valueSetIndex", "setIndex", [throwing, 0, 1], "done"],
    ["valueSetIndex", "setIndex", [revoked, 0, 1], "done"],
    ["valueLength", "length", [throwing], 0],
    ["valueLength", "length", [revoked], 0],
    ["valueLength", "length", [{ length: primitive }], 0],
    ["valueLength", "length", [{ length: Symbol() }], 0],
    ["valueLength", "length", [{ length: 1n }], 0],
    ["valueInstanceOf", "instanceOf", [throwing, Array], false],
    ["valueInstanceOf", "instanceOf", [{}, throwing], false],
    ["valueInstanceOf", "instanceOf", [revoked, Array], false],
    ["valueInstanceOf", "instanceOf", [{}, {}], false],
    ["valueInstanceOf", "instanceOf", [{}, { [Symbol.hasInstance]: throws }], false],
  ];

  test("give Go a defined result, its owner a fault, and leave it healthy", async () => {
    const running = await launch();
    for (const [operation, name, args, want] of cases) {
      running.log.faults.length = 0;
      assert.equal(running.go[name](...args), want, operation);
      assert.deepEqual(running.log.faults.map(([operation]) => operation), [operation]);
      assert.ok(running.log.faults[0][1] instanceof Error);
    }
    for (let round = 0; round < 200; round++) for (const [, name, args] of cases) running.go[name](...args);
    assertHealthy(running);
    assert.deepEqual([running.log.exits, running.log.crashes], [[], []]);
  });

  test("reach Go as errors where it has a way", async () => {
    const running = await launch();
    const { go, log } = running;
    assert.match(go.invoke(throws), /boom/);
    assert.match(go.call({ m: throws }, "m"), /boom/);
    assert.match(go.construct(function () { throws(); }), /boom/);
    assert.match(go.construct(() => {}), /not a constructor/);
    assert.deepEqual(log.faults, []);
    assertHealthy(running);
  });

  test("an owner's callbacks that throw go no further", async () => {
    const printed = mock.method(console, "error", () => {
      throw new Error("even this");
    });
    try {
      const running = await launch({ onFault: throws, onExit: throws, onCrash: throws });
      assert.equal(running.go.get(throwing, "x"), undefined);
      assertHealthy(running);
      running.go.exit(4);
      assert.equal(running.program.exitCode, 4);
      const other = await launch({ onCrash: throws });
      assert.throws(() => other.go.overflow(), /crashed/);
    } finally {
      printed.mock.restore();
    }
  });
});

describe("endings", () => {
  /** What an ended program must do, whatever ended it. */
  function assertEnded({ program, instance, go, log }) {
    assert.equal(program.exited, true);
    const before = structuredClone({ ...log, faults: log.faults.length, crashes: log.crashes.length });
    for (const call of Object.values(go)) assert.throws(call, /^Error: Go program has (exited|crashed)/);
    for (const inert of Object.values(program.imports.gojs)) assert.equal(inert(8), undefined);
    assert.throws(() => program.start(instance), /only once/);
    assert.throws(() => program.declareDeadlock(), /has (exited|crashed)/);
    program.crash(new Error("late"));
    assert.deepEqual({ ...log, faults: log.faults.length, crashes: log.crashes.length }, before);
  }

  test("main returns, os.Exit in main", async () => {
    for (const [arg, code] of [["stop", 0], ["exit", 7]]) {
      const ended = await launch({ args: [arg] });
      assert.deepEqual([ended.log.exits, ended.program.exitCode], [[code], code]);
      assertEnded(ended);
    }
  });

  test("os.Exit in a Func is reported before the caller goes on", async () => {
    const ended = await launch();
    assert.equal(ended.go.exit(5), undefined);
    assert.deepEqual([ended.log.exits, ended.program.exitCode, ended.log.crashes], [[5], 5, []]);
    assertEnded(ended);
  });

  test("a panic in a Func is an exit with code 2", async () => {
    const ended = await launch();
    ended.go.panic("with these words");
    assert.deepEqual(ended.log.exits, [2]);
    assert.match(ended.log.output, /panic: with these words/);
    assertEnded(ended);
  });

  test("a Func inside a call from Go: nothing of the dead program runs on", async () => {
    for (const [how, code] of [["exit", 6], ["panic", 2]]) {
      for (const nest of [
        (go, end) => go.invoke(end),
        (go, end) => go.call({ end }, "end"),
        (go, end) => go.construct(function () { end(); }),
        (go, end) => go.get({ get x() { return end(); } }, "x"),
        (go, end) => go.set({ set x(value) { end(); } }, "x", 1),
        (go, end) => go.index(new Proxy([], { get: end }), 1),
        (go, end) => go.length({ get length() { return end(); } }),
        (go, end) => go.instanceOf({}, { [Symbol.hasInstance]: end }),
        (go, end) => go.invoke(() => go.invoke(() => go.invoke(end))),
        (go, end) => go.invokeAndMark(end),
        (go, end) => go.invoke(() => go.invokeAndMark(() => go.invoke(end))),
        (go, end) => go.invokeAndMark(() => { try { end(); } catch {} return 1; }),
      ]) {
        const ended = await launch();
        let afterwards;
        nest(ended.go, () => {
          ended.go[how](code);
          afterwards = [...ended.log.exits];
        });
        assert.deepEqual([afterwards, ended.log.exits, ended.log.crashes, ended.log.marks], [[code], [code], [], 0]);
        assertEnded(ended);
      }
    }
  });

  test("a crash is reported at once, and to the caller", async () => {
    const ended = await launch();
    assert.throws(
      () => ended.go.overflow(),
      (error) => error.message === "Go program has crashed" && error.cause === ended.log.crashes[0],
    );
    assert.equal(ended.log.crashes.length, 1);
    assert.ok(ended.log.crashes[0] instanceof RangeError);
    assert.deepEqual([ended.log.exits, ended.program.exitCode], [[], undefined]);
    assertEnded(ended);
  });

  test("a crash inside a call from Go ends the outer frames too", async () => {
    const ended = await launch();
    let swallowed;
    assert.throws(
      () =>
        ended.go.invoke(() => {
          try {
            ended.go.overflow();
          } catch (error) {
            swallowed = error;
          }
        }),
      /crashed/,
    );
    assert.match(swallowed.message, /crashed/);
    assert.equal(ended.log.crashes.length, 1);
    assertEnded(ended);
  });

  test("the owner of a raw export declares a crash", async () => {
    const ended = await launch();
    assert.equal(ended.instance.exports.double(21), 42);
    const trap = new WebAssembly.RuntimeError("unreachable");
    ended.program.crash(trap);
    assert.deepEqual(ended.log.crashes, [trap]);
    assertEnded(ended);
  });

  test("exports of an exited program meet inert imports", async () => {
    const ended = await launch();
    ended.go.exit(0);
    for (let i = 0; i < 1000; i++) ended.instance.exports.double(i);
    assertEnded(ended);
  });

  test("its owner may end it from a callback", async () => {
    const stop = new Error("enough");
    let program;
    const ended = await launch({ onFault: () => program.crash(stop) });
    program = ended.program;
    const getter = { get x() { throw new Error("boom"); } };
    assert.throws(() => ended.go.get(getter, "x"), (error) => error.cause === stop);
    assert.deepEqual(ended.log.crashes, [stop]);
    assertEnded(ended);
  });

  test("a deadlock is reported when declared", async () => {
    const ended = await launch();
    ended.program.declareDeadlock();
    assert.deepEqual(ended.log.exits, [2]);
    assert.match(ended.log.output, /all goroutines are asleep - deadlock!/);
    assertEnded(ended);
  });

  test("start refuses what it cannot run", () => {
    const program = new GoProgram();
    const empty = new WebAssembly.Instance(new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0)));
    assert.throws(() => program.start(empty), TypeError);
    assert.throws(() => program.declareDeadlock(), /not started/);
  });
});

describe("timers", () => {
  test("wake goroutines, in their order", async () => {
    const { go } = await launch();
    const woken = [];
    for (const ms of [30, 10, 20]) go.sleep(ms, () => woken.push(ms));
    await sleep(150);
    assert.deepEqual(woken, [10, 20, 30]);
  });

  test("stop at exit", async () => {
    const ended = await launch();
    let woken = 0;
    ended.go.sleep(10, () => woken++);
    ended.go.exit(0);
    await sleep(50);
    assert.deepEqual([woken, ended.log.faults, ended.log.crashes], [0, [], []]);
  });

  /** Launches with another setTimeout, which is there only while the program is made. */
  async function launchWith(setTimeout) {
    const original = globalThis.setTimeout;
    globalThis.setTimeout = setTimeout;
    const launched = launch(); // makes the program before it first waits
    globalThis.setTimeout = original;
    return launched;
  }

  test("that fire early are armed again, without spinning", async () => {
    let armed = 0;
    const { go } = await launchWith((callback, ms) => (armed++, setTimeout(callback, ms / 2)));
    const start = performance.now();
    await new Promise((resolve) => go.sleep(80, resolve));
    assert.ok(performance.now() - start >= 79);
    assert.ok(armed < 60, `armed ${armed} times`);
  });

  test("that the platform refuses are armed at the next entry", async () => {
    let refuse = true;
    const { go, log } = await launchWith((callback, ms) => {
      if (refuse) throw new Error("not in global scope");
      return setTimeout(callback, ms);
    });
    let woken = 0;
    go.sleep(20, () => woken++);
    await sleep(40);
    assert.equal(woken, 0);
    assert.equal(log.faults[0][0], "scheduleTimeoutEvent");
    refuse = false;
    go.sleep(30, () => {}); // not yet due: the entry itself does not wake it
    await sleep(100);
    assert.equal(woken, 1);
  });
});

describe("platforms", () => {
  /** Launches on a platform that lacks or changes a global. */
  async function launchWithGlobal(name, value, options) {
    const original = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
    const launched = launch(options);
    Object.defineProperty(globalThis, name, original);
    return launched;
  }

  test("without performance", async () => {
    const running = await launchWithGlobal("performance", undefined);
    assert.ok(Math.abs(running.go.now() - Date.now()) < 1000);
    await new Promise((resolve) => running.go.sleep(5, resolve));
    assertHealthy(running);
  });

  test("with a clock that stands still at 0, as on the edge", async () => {
    assertHealthy(await launchWithGlobal("performance", { now: () => 0 }));
  });

  test("with a random source that refuses", async () => {
    const crypto = {
      getRandomValues() {
        throw new Error("not in global scope");
      },
    };
    for (const value of [crypto, undefined]) {
      const running = await launchWithGlobal("crypto", value);
      assert.ok(running.log.faults.every(([operation]) => operation === "getRandomData"));
      assert.ok(running.log.faults.length > 0);
      assertHealthy(running);
    }
  });
});

describe("the toolchain", () => {
  test("is the pinned one", () => {
    const file = fs.readFileSync(path.join(goroot, "lib/wasm/wasm_exec.js"));
    assert.equal(createHash("sha256").update(file).digest("hex"), toolchain.wasmExecSHA256);
  });

  test("runner: exit codes, and deadlocks when the event loop is empty", () => {
    const env = { ...process.env, PATH: `${path.dirname(process.execPath)}:${process.env.PATH}` };
    const run = (...args) =>
      spawnSync(path.join(here, "go_js_wasm_exec"), [wasmFile, ...args], { encoding: "utf8", env });
    assert.equal(run("exit").status, 7);
    const waiting = run("wait");
    assert.equal(waiting.status, 2);
    assert.match(waiting.stderr, /panic|deadlock/);
  });
});
