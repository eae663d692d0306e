// What tests of internal/engine/webengine find in place of a core: the shim's host
// object with one request, number 1, and one memory of a page, with the handle 1.

import { encodeText, MemoryTable } from "../src/abi.mjs";
import { Host } from "../src/host.mjs";
import { platformFetch, readFile } from "../src/load.mjs";

export function engineUnderTest() {
  const table = new MemoryTable();
  const memory = new WebAssembly.Memory({ initial: 1 });
  const host = new Host(readFile, () => {});
  host.begin({ sources: [], modules: [], fetch: platformFetch, created() {}, refused() {} });
  let text = new Uint8Array();
  return {
    scope: { extismHost: host.object, growTestMemory: () => memory.grow(1) },
    imports: {
      extism: {
        ...table.imports,
        compile_now(request, source, slot) {
          const description = host.compileNow(request, source, slot);
          if (description === null) return -1;
          text = encodeText(description);
          return text.length;
        },
        source_size: (request, source) => host.sourceBytes(request, source).length,
        source_read(request, source, off, dst, n) {
          const bytes = host.sourceBytes(request, source).subarray(off, off + n);
          if (bytes.length < n) return 0;
          table.coreBytes().set(bytes, dst);
          return 1;
        },
        take_text: (to) => table.coreBytes().set(text, to),
        request_created() {},
        request_refused() {},
      },
    },
    attach(instance) {
      table.attach(instance.exports.mem);
      table.set(1, memory);
    },
  };
}
