# A worker that shares a pool among its requests; for pool_test.go.

using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [ (name = "main", worker = .edge) ],
  sockets = [ (name = "http", address = "127.0.0.1:0", http = (), service = "main") ],
);

const edge :Workerd.Worker = (
  compatibilityDate = "2026-11-01",
  modules = [
    (name = "worker.mjs", esModule = embed "worker.mjs"),
    (name = "extism.edge.mjs", esModule = embed "../../dist/extism.edge.mjs"),
    (name = "extism.wasm", wasm = embed "../../dist/extism.wasm"),
    (name = "gate.wasm", wasm = embed "../../dist/gate.wasm"),
    (name = "kernel.wasm", wasm = embed "../../dist/kernel.wasm"),
    (name = "wasi.wasm", wasm = embed "../../dist/wasi.wasm"),
    (name = "suspend.wasm", wasm = embed "../rules/guests/suspend.wasm"),
  ],
);
