// Tests of worker_protocol.mjs: node --test web/test/worker_protocol.test.mjs.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { inspect } from "node:util";
import { ExtismError } from "../src/error.mjs";
import { packBytes, packError, PageError, portable, unpackBytes, unpackError } from "../src/worker_protocol.mjs";

const bytes = (...values) => new Uint8Array(values);

describe("bytes for the shared buffer", () => {
  const values = [
    null, undefined, true, 0, -0, 1.5, NaN, Infinity, -Infinity, 2 ** 53, 0n, -(2n ** 63n), "", "größe 😀", "\ud800", "\0", bytes(), bytes(1, 2, 3),
    [], [1n, bytes(9), undefined], {}, { ops: [["store", 2 ** 52, bytes(1)], ["set", "\ud800", bytes()]], result: [1n, NaN] }, { a: bytes(1), b: { c: bytes(2, 3) } },
  ];
  for (const value of values) {
    test(inspect(value), () => assert.deepEqual(unpackBytes(packBytes(value)), value));
  }

  test("a view in the middle of a buffer", () => {
    const packed = packBytes({ a: bytes(1, 2) });
    const larger = new Uint8Array(packed.length + 10);
    larger.set(packed, 5);
    assert.deepEqual(unpackBytes(larger.subarray(5, 5 + packed.length)), { a: bytes(1, 2) });
  });
});

describe("errors", () => {
  const crossed = (error, kept = () => assert.fail("nothing is kept")) => unpackError(structuredClone(packError(error)), kept);

  test("are of the same class, with code, cause and stack", () => {
    const cause = new WebAssembly.RuntimeError("unreachable", { cause: new RangeError("inner") });
    const error = new ExtismError("TRAP", "trapped", { cause, module: "m", function: "f" });
    const got = crossed(error);
    assert.ok(got instanceof ExtismError);
    assert.deepEqual([got.code, got.message, got.module, got.function], ["TRAP", "trapped", "m", "f"]);
    assert.ok(got.cause instanceof WebAssembly.RuntimeError);
    assert.equal(got.cause.stack, cause.stack);
    assert.ok(got.cause.cause instanceof RangeError);
    assert.equal("module" in crossed(new ExtismError("BUSY", "x")), false);
  });

  test("of an unknown class keep their name", () => {
    const got = crossed(new DOMException("gone", "AbortError"));
    assert.deepEqual([got.name, got.message], ["AbortError", "gone"]);
    assert.equal(crossed(Object.assign(new Error("x"), { name: "__proto__" })).name, "__proto__");
  });

  test("that the page keeps are the very same, also as a cause", () => {
    const mine = { own: true };
    const kept = ({ ticket, text }) => (assert.deepEqual([ticket, text], [7, "text"]), mine);
    const sent = new PageError({ ticket: 7, text: "text" });
    assert.equal(crossed(sent, kept), mine);
    assert.equal(crossed(new ExtismError("FETCH_FAILED", "x", { cause: sent }), kept).cause, mine);
  });

  test("that go round in a circle have an end", () => {
    const error = new Error("a");
    error.cause = error;
    assert.equal(crossed(error).cause.cause.message, "a");
  });

  test("that are no errors", () => {
    for (const thrown of ["text", 5, null, undefined, 1n]) assert.equal(crossed(thrown), thrown);
  });
});

test("what a guest cannot take does not cross", () => {
  for (const value of [{ then() {} }, () => {}, Symbol("s"), new Date()]) assert.deepEqual(portable(value), {});
  assert.deepEqual(portable([1, 2n, {}, [3]]), [1, 2n, {}, {}]);
  for (const value of [1, 1n, "text", true, null, undefined]) assert.equal(portable(value), value);
});
