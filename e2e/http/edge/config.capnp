using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "main", worker = .edge),
    (name = "machine", network = (allow = ["private", "local"])), # where the tests' server is
  ],
  sockets = [ (name = "http", address = "127.0.0.1:8787", http = (), service = "main") ],
);

const edge :Workerd.Worker = (
  compatibilityDate = "2026-11-01",
  globalOutbound = "machine",
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "extism.edge.mjs", esModule = embed "../../../dist/extism.edge.mjs"),
    (name = "extism.wasm", wasm = embed "../../../dist/extism.wasm"),
    (name = "gate.wasm", wasm = embed "../../../dist/gate.wasm"),
    (name = "kernel.wasm", wasm = embed "../../../dist/kernel.wasm"),
    (name = "wasi.wasm", wasm = embed "../../../dist/wasi.wasm"),
    (name = "http.wasm", wasm = embed "../../rules/guests/http.wasm"),
  ],
);
