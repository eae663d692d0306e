//go:build !js

package kernel

import _ "embed"

// GateNativeWasm is the gate for engines whose stack is not the core's: the same
// exports as [GateWasm], without the probe. It serves wazero, where guests and Go
// do not share a stack and compiling the probe would only cost time.
//
//go:embed gate_native.wasm
var GateNativeWasm []byte
