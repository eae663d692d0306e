// Tests of vars.mjs and stores.mjs: node --test web/test/vars.test.mjs.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DELETED } from "../src/abi.mjs";
import { stores } from "../src/stores.mjs";
import { decodeVars, encodeVars, loadVars, nameBytes, readStore, storedKeyBytes, storeKey, VarSaver } from "../src/vars.mjs";

const text = (s) => new TextEncoder().encode(s);
const show = (changes) => Object.fromEntries([...changes].map(([k, v]) => [k, v && new TextDecoder().decode(v)]));
const turn = () => new Promise((resolve) => setTimeout(resolve));

describe("names and keys", () => {
  const names = [
    "", "a", "\0", "größe", "😀", "\ufeffa", "\ufffd", "\ufffd\ufffd", "\ufffdff", "\ud800", "\udfff", "\ud800\ud800",
    "\ud800\ud83d\ude00", "\udc00\ud800", "x\ud800", "__proto__", "k".repeat(100_000),
  ];

  test("no two names are one var, and names that are text are UTF-8", () => {
    const seen = new Set(names.map((name) => nameBytes(name).join()));
    assert.equal(seen.size, names.length);
    for (const name of names) if (name.isWellFormed()) assert.deepEqual(nameBytes(name), text(name));
    assert.deepEqual([...nameBytes("a\ud800b")], [97, 0xed, 0xa0, 0x80, 98]);
  });

  test("stores get text, each key another, and give it back", () => {
    const keys = [...names.map(nameBytes), ...[[0xff], [0xff, 0xfe], [0xc3], [0xc0, 0x80], [0xed, 0xa0], [0xf4, 0x90, 0x80, 0x80]].map((b) => Uint8Array.from(b))];
    const texts = keys.map(storeKey);
    assert.equal(new Set(texts).size, keys.length);
    texts.forEach((t, i) => {
      assert.ok(t.isWellFormed(), t.slice(0, 20));
      assert.deepEqual(storedKeyBytes(t), keys[i]);
    });
    assert.equal(storeKey(text("größe")), "größe");
    assert.equal(storeKey(text("\ufffdff")), "\ufffd\ufffdff");
    assert.equal(storeKey(Uint8Array.of(0xff)), "\ufffdff");
  });

  test("what is no key is refused", () => {
    for (const key of ["\ufffd", "\ufffdxy", "\ufffd61", "\ufffdFF", "\ufffdfff", "\ud800", 5, null, undefined, {}]) {
      assert.throws(() => storedKeyBytes(key), TypeError, String(key));
    }
  });
});

describe("encodings", () => {
  test("vars come back", () => {
    const vars = new Map([["", text("empty")], ["a", text("")], ["\ufffdff", Uint8Array.of(0, 255)]]);
    assert.deepEqual(decodeVars(encodeVars(vars)), vars);
  });

  test("a journal's later records count", () => {
    const record = (key, n, value = "") => {
      const bytes = new Uint8Array(8 + key.length + value.length);
      new DataView(bytes.buffer).setUint32(0, key.length, true);
      new DataView(bytes.buffer).setUint32(4, n, true);
      bytes.set(text(key + value), 8);
      return [...bytes];
    };
    const journal = [record("a", 1, "1"), record("b", 1, "2"), record("a", 2, "33"), record("b", DELETED), record("c", DELETED), record("c", 0)];
    assert.deepEqual(show(decodeVars(Uint8Array.from(journal.flat()))), { a: "33", c: "" });
    for (let n = 0; n < journal.flat().length; n++) decodeVars(Uint8Array.from(journal.flat().slice(0, n))); // does not throw
    assert.deepEqual(show(decodeVars(Uint8Array.from([...record("a", 1, "1"), ...record("b", 9, "2")]))), { a: "1" });
  });
});

/** A plug-in as a saver sees it, and a store on which the test decides. */
function setup({ overlapping = false, save } = {}) {
  const vars = new Map();
  let changed = [];
  const saved = [];
  const store = {
    load: () => [],
    save: save ?? ((changes) => new Promise((resolve, reject) => saved.push({ changes: show(changes), resolve, reject }))),
  };
  const source = {
    overlapping,
    changes: () => changed.splice(0),
    reader: () => (key) => vars.get(key) ?? null,
  };
  const set = (key, value) => {
    changed.push(key);
    if (value === null) vars.delete(key);
    else vars.set(key, text(value));
  };
  return { saver: new VarSaver(store, source), set, saved };
}

const failure = (cause) => (error) => error.code === "STORE_FAILED" && error.cause === cause && /saved to their store/.test(error.message);

describe("the saver", () => {
  test("does nothing without changes", async () => {
    const { saver, saved } = setup();
    await saver.save();
    await saver.finish();
    assert.equal(saved.length, 0);
  });

  test("resolves once the store has", async () => {
    const { saver, set, saved } = setup();
    set("a", "1");
    set("b", null);
    let done = false;
    const saving = saver.save().then(() => (done = true));
    await turn();
    assert.deepEqual(saved[0].changes, { a: "1", b: null });
    assert.ok(!done);
    saved[0].resolve();
    await saving;
  });

  test("has one saving at a time, and one that waits with all that has changed", async () => {
    const { saver, set, saved } = setup();
    set("a", "1");
    const first = saver.save();
    set("a", "2");
    const second = saver.save();
    set("b", "3");
    set("a", "4");
    const third = saver.save();
    await turn();
    assert.equal(saved.length, 1);
    saved[0].resolve();
    await first;
    await turn();
    assert.deepEqual(saved.map((s) => s.changes), [{ a: "1" }, { a: "4", b: "3" }]);
    saved[1].resolve();
    await Promise.all([second, third]);
    await saver.save();
    assert.equal(saved.length, 2);
  });

  test("has nobody wait who has changed nothing", async () => {
    const { saver, set, saved } = setup();
    set("a", "1");
    const first = saver.save();
    await saver.save();
    set("b", "1");
    const second = saver.save();
    await saver.save();
    saved[0].resolve();
    await first;
    await turn();
    saved[1].resolve();
    await second;
  });

  test("tries again what has failed, with later values", async () => {
    const { saver, set, saved } = setup();
    const cause = new Error("no disk");
    set("a", "1");
    set("b", "1");
    const first = saver.save();
    set("b", "2");
    set("c", null);
    const second = saver.save();
    saved[0].reject(cause);
    await assert.rejects(first, failure(cause));
    await turn();
    assert.deepEqual(saved[1].changes, { a: "1", b: "2", c: null });
    saved[1].reject(cause);
    await assert.rejects(second, failure(cause));
    set("a", null);
    const third = saver.save();
    assert.deepEqual(saved[2].changes, { a: null, b: "2", c: null });
    saved[2].resolve();
    await third;
    await saver.finish();
    assert.equal(saved.length, 3);
  });

  for (const [what, save] of Object.entries({
    "throws": () => { throw "oops"; },
    "is rejected": () => Promise.reject("oops"),
    "has a then that throws": () => ({ then() { throw "oops"; } }),
    "empties what it was given and throws": (changes) => { changes.clear(); throw "oops"; },
  })) {
    test(`a store that ${what}`, async () => {
      const { saver, set } = setup({ save });
      set("a", "1");
      await assert.rejects(saver.save(), failure("oops"));
      await assert.rejects(saver.save(), failure("oops"), "a second time");
    });
  }

  test("waits for what is under way before it finishes, and saves what that has not", async () => {
    const { saver, set, saved } = setup();
    set("a", "1");
    const first = saver.save();
    const end = saver.finish();
    saved[0].reject("oops");
    await assert.rejects(first, failure("oops"));
    await turn();
    assert.deepEqual(saved[1].changes, { a: "1" });
    saved[1].resolve();
    await end;
  });

  test("on edge workers waits for no other saving, and a late failure undoes no later value", async () => {
    const { saver, set, saved } = setup({ overlapping: true });
    set("a", "1");
    const first = saver.save();
    set("a", "2");
    const second = saver.save();
    assert.equal(saved.length, 2);
    saved[1].resolve();
    await second;
    saved[0].reject("oops");
    await assert.rejects(first, failure("oops"));
    const third = saver.save();
    assert.deepEqual(saved[2].changes, { a: "2" });
    saved[2].resolve();
    await third;
    set("b", "1"); // one that never ends, because its request has been cancelled
    saver.save();
    set("c", "1");
    const last = saver.save();
    saved[4].resolve();
    await last;
    await saver.finish();
  });
});

describe("loading", () => {
  test("counts keys and values, the last of a key", async () => {
    const { journal, size } = await loadVars({ load: async () => [["a", text("1")], [Uint8Array.of(255), text("22")], ["a", new DataView(text("333").buffer)]] });
    assert.deepEqual(show(decodeVars(journal)), { a: "333", "\ufffdff": "22" });
    assert.equal(size, 1 + 3 + 1 + 2);
  });

  for (const [what, load] of Object.entries({
    "throws": () => { throw "oops"; },
    "is rejected": () => Promise.reject("oops"),
    "gives nothing": () => undefined,
    "gives no pairs": () => [1],
    "gives a text as a value": () => [["a", "text"]],
    "gives a number as a key": () => [[1, text("a")]],
    "gives half a pair of surrogates": () => [["\ud800", text("a")]],
    "breaks in the middle": function* () { yield ["a", text("1")]; throw "oops"; },
  })) {
    test(`a store that ${what}`, async () => {
      await assert.rejects(loadVars({ load }), (error) => error.code === "STORE_FAILED" && error.cause !== undefined && /loaded from/.test(error.message));
    });
  }

  test("methods are looked up once, and called on the store", async () => {
    const given = { vars: [["a", text("1")]], load() { return this.vars; }, save() {} };
    const store = readStore(given);
    given.load = () => assert.fail("the later one");
    assert.equal((await loadVars(store)).size, 2);
    for (const wrong of [{}, 5, "x", { load() {} }, { save() {} }, new Map()]) assert.throws(() => readStore(wrong), { code: "INVALID_INPUT" });
  });
});

/** localStorage in small; it fails when it is full. */
class FakeStorage {
  #items = new Map();
  constructor(room = Infinity) { this.room = room; }
  get length() { return this.#items.size; }
  key(i) { return [...this.#items.keys()][i] ?? null; }
  getItem(k) { return this.#items.get(k) ?? null; }
  setItem(k, v) {
    if (v.length > this.room) throw new Error("QuotaExceededError");
    this.#items.set(k, String(v));
  }
  removeItem(k) { this.#items.delete(k); }
}

/** KV in small: two keys a page, and every answer takes a turn. */
class FakeKV {
  items = new Map();
  failing = null;
  async list({ prefix, cursor = "0" }) {
    await turn();
    const all = [...this.items.keys()].filter((k) => k.startsWith(prefix)).sort();
    const at = Number(cursor);
    const keys = all.slice(at, at + 2).map((name) => ({ name }));
    return at + 2 >= all.length ? { keys, list_complete: true } : { keys, list_complete: false, cursor: String(at + 2) };
  }
  async get(key, type) {
    await turn();
    assert.equal(type, "arrayBuffer");
    return this.items.get(key)?.slice().buffer ?? null;
  }
  async put(key, value) {
    await turn();
    if (key === this.failing) throw new Error("429");
    this.items.set(key, value);
  }
  async delete(key) {
    await turn();
    this.items.delete(key);
  }
}

describe("stores", () => {
  const every = {
    map: () => { const map = new Map(); return () => stores.map(map); },
    storage: () => { const storage = new FakeStorage(); return () => stores.storage(storage, "p:"); },
    kv: () => { const kv = new FakeKV(); return () => stores.kv(kv, "p:"); },
  };
  for (const [name, make] of Object.entries(every)) {
    test(`${name}: what is saved is loaded`, async () => {
      const open = make();
      const big = crypto.getRandomValues(new Uint8Array(10_000));
      await open().save(new Map([["a", text("1")], ["", text("empty")], ["\ufffdff", Uint8Array.of(255, 0)], ["gone", text("x")], ["none", null], ["big", big], ["z", new Uint8Array()]]));
      await open().save(new Map([["gone", null], ["a", text("2")]]));
      const vars = decodeVars((await loadVars(open())).journal);
      assert.deepEqual([...vars.keys()].sort(), ["", "a", "big", "z", "\ufffdff"]);
      assert.deepEqual(show([["a", vars.get("a")]]), { a: "2" });
      assert.deepEqual(vars.get("big"), big);
      assert.deepEqual([...vars.get("\ufffdff")], [255, 0]);
    });
  }

  test("storage: others' items are left alone, and rubbish is refused", async () => {
    const storage = new FakeStorage();
    storage.setItem("other", "item");
    const store = stores.storage(storage, "p:");
    await store.save(new Map([["a", text("1")]]));
    assert.deepEqual([storage.getItem("other"), storage.getItem("p:a"), storage.length], ["item", "MQ==", 2]);
    storage.setItem("p:b", "*");
    await assert.rejects(loadVars(store), { code: "STORE_FAILED" });
  });

  test("storage: a full one fails", () => {
    assert.throws(() => stores.storage(new FakeStorage(4), "p:").save(new Map([["a", text("1234")]])), /Quota/);
  });

  test("kv: fails once all is settled, and what has vanished meanwhile is not there", async () => {
    const kv = new FakeKV();
    kv.failing = "p:a";
    await assert.rejects(stores.kv(kv, "p:").save(new Map([["a", text("1")], ["b", text("2")]])), /429/);
    assert.deepEqual([...kv.items.keys()], ["p:b"]);
    kv.get = async () => null;
    assert.deepEqual(await stores.kv(kv, "p:").load(), []);
  });

  test("what is no such place is refused", () => {
    const wrong = [
      () => stores.map({}), () => stores.map(), () => stores.storage(new FakeStorage()), () => stores.storage(new FakeStorage(), ""),
      () => stores.storage({}, "p"), () => stores.kv({}, "p"), () => stores.kv(new FakeKV()), () => stores.indexedDB(), () => stores.indexedDB(""),
    ];
    for (const f of wrong) assert.throws(f, { code: "INVALID_INPUT" }, String(f));
  });

  test("IndexedDB where there is none", async () => {
    await assert.rejects(loadVars(stores.indexedDB("x")), (error) => error.code === "STORE_FAILED" && error.cause.code === "UNSUPPORTED");
  });
});
