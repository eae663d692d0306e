// Runs a Go js/wasm program or test binary on our glue under Node:
//
//	GOOS=js GOARCH=wasm go test -exec=/abs/web/test/go_js_wasm_exec PACKAGES

import fs from "node:fs";
import { createRequire } from "node:module";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { GoProgram } from "../wasm_exec.js";
import { engineUnderTest } from "./engine.mjs";

const [file, ...args] = process.argv.slice(2);
if (!file) {
  console.error("usage: go_js_wasm_exec program.wasm [arguments]");
  process.exit(2);
}

/** Go has room for 8 KiB of arguments and environment, so only what tests read is passed on. */
function environment() {
  const wanted = /^(PATH|HOME|USER|TZ|LANG|PWD|TMPDIR|ZONEINFO|CI|GO.*)$/;
  return Object.fromEntries([
    ["TMPDIR", os.tmpdir()],
    ...Object.entries(process.env).filter(([name]) => wanted.test(name)),
  ]);
}

/** Writes all of `bytes`; a pipe may take them piecemeal. */
function writeAll(fd, bytes) {
  while (bytes.length > 0) {
    try {
      bytes = bytes.subarray(fs.writeSync(fd, bytes));
    } catch (error) {
      if (error.code !== "EAGAIN") throw error;
    }
  }
}

const engine = engineUnderTest();
const program = new GoProgram({
  args: [file, ...args],
  env: environment(),
  scope: { fs, path, process, require: createRequire(import.meta.url), ...engine.scope },
  write: writeAll,
  onExit: (code) => process.exit(code),
  onCrash(error) {
    console.error(error);
    process.exit(1);
  },
});

// With nothing left in Node's event loop, every goroutine must be waiting for another.
process.on("exit", (code) => {
  if (code === 0 && !program.exited) program.declareDeadlock();
});

let instance;
const testImports = {
  // For TestWasmImport and TestWasmExport of syscall/js.
  add: (a, b) => a + b,
  callExport(a, b) {
    instance.exports.testExport0();
    return instance.exports.testExport(a, b);
  },
  // For the program in testdata.
  mark() {},
};
({ instance } = await WebAssembly.instantiate(fs.readFileSync(file), { ...program.imports, ...engine.imports, _gotest: testImports, test: testImports }));
engine.attach(instance);
program.start(instance);
