package build

import "fmt"

// packageJSON is the description of the npm package. It is text and not a
// marshalled struct because the order of conditions decides: the first that an
// importer knows wins. "worker" is not among them: webpack sets it for browser
// workers too, where the edge build's static wasm imports do not load.
func packageJSON() string { return fmt.Sprintf(packageTemplate, Version) }

const packageTemplate = `{
  "name": "extism-js",
  "version": %q,
  "description": "Run Extism plug-ins in pages, on edge workers and in server-side JavaScript",
  "license": "BSD-3-Clause",
  "type": "module",
  "sideEffects": false,
  "main": "./extism.mjs",
  "module": "./extism.mjs",
  "types": "./extism.d.ts",
  "unpkg": "./extism.js",
  "jsdelivr": "./extism.js",
  "exports": {
    ".": {
      "types": "./extism.d.ts",
      "workerd": "./extism.edge.mjs",
      "edge-light": "./extism.edge.mjs",
      "default": "./extism.mjs"
    },
    "./edge": {
      "types": "./extism.d.ts",
      "default": "./extism.edge.mjs"
    },
    "./extism.js": "./extism.js",
    "./extism.wasm": "./extism.wasm",
    "./extism.worker.mjs": "./extism.worker.mjs",
    "./kernel.wasm": "./kernel.wasm",
    "./gate.wasm": "./gate.wasm",
    "./wasi.wasm": "./wasi.wasm",
    "./manifest.schema.json": "./manifest.schema.json",
    "./package.json": "./package.json"
  },
  "files": [
    "extism.d.ts",
    "extism.edge.mjs",
    "extism.edge.mjs.map",
    "extism.js",
    "extism.js.map",
    "extism.mjs",
    "extism.mjs.map",
    "extism.wasm",
    "extism.worker.mjs",
    "extism.worker.mjs.map",
    "gate.wasm",
    "kernel.wasm",
    "manifest.schema.json",
    "wasi.wasm"
  ]
}
`
