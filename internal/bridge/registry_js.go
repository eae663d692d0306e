//go:build js && wasm

// Package bridge is the only door between the core and JavaScript.
//
// There are two planes. The control plane (api_js.go) creates plug-ins: it may
// wait, and speaks safejs. The data plane (abi_js.go, env_js.go, wasi_js.go)
// runs inside calls: raw exports of numbers and pointers, which compute and
// return. web/src/abi.mjs is the twin of the data plane.
package bridge

import (
	"unsafe"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/engine/webengine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/hostenv"
	"github.com/extism-js/extism-js/internal/inject"
	"github.com/extism-js/extism-js/internal/plugin"
	"github.com/extism-js/extism-js/internal/wasi"
)

// entry is a plug-in with what the data plane needs at hand.
type entry struct {
	*plugin.Plugin
	kernel    engine.KernelMemory
	memories  []engine.Memory // by module
	functions []string        // by the number that JavaScript calls them
	noted     struct{ vars, changes region }
}

// region is where bytes are in the core's memory.
type region struct{ address, length uint32 }

func regionOf(data []byte) region {
	return region{uint32(uintptr(unsafe.Pointer(unsafe.SliceData(data)))), uint32(len(data))}
}

// noteVars writes down where the vars and their changes are, for whoever comes
// after a crash.
func (e *entry) noteVars() {
	e.noted.vars, e.noted.changes = regionOf(e.Env().Vars()), regionOf(e.Env().Changes())
}

// registry holds the plug-ins that are alive. Numbers are never used again: an
// instance may outlive its plug-in in the hands of a user, and must then reach
// nothing, not somebody else's plug-in.
var (
	registry = map[int32]*entry{}
	lastID   int32
	recent   *entry // the one that was looked up last
	recentID int32  // its number
)

// find gives the plug-in of that number, or nil. Lookups come in runs.
func find(id int32) *entry {
	if id == recentID {
		return recent
	}
	e := registry[id]
	if e != nil {
		recent, recentID = e, id
	}
	return e
}

// forget removes a plug-in.
func forget(id int32) {
	delete(registry, id)
	if id == recentID {
		recent, recentID = nil, 0
	}
}

func register(p *plugin.Plugin, modules int) (int32, error) {
	if lastID == webengine.MaxID {
		return 0, fault.New(fault.Internal, "the core has run out of plug-in numbers")
	}
	lastID++
	e := &entry{Plugin: p, kernel: webengine.Kernel{Memory: webengine.Memory(webengine.Handle(lastID, webengine.KernelSlot))}}
	for i := range modules {
		e.memories = append(e.memories, webengine.Memory(webengine.Handle(lastID, i)))
	}
	registry[lastID] = e
	return lastID, nil
}

// wasiGuest finds the module instance that a WASI adapter stands in front of.
func wasiGuest(handle int32) (*wasi.System, engine.Memory, bool) {
	inject.Point("wasi")
	id, slot := webengine.SplitHandle(handle)
	e := find(id)
	if e == nil || slot >= len(e.memories) {
		return nil, nil, false
	}
	s := e.WASI(slot)
	return s, e.memories[slot], s != nil
}

// crashed keeps the error of a panic for the plug-in in whose call it happened.
func crashed(id int32, reason any) {
	if e := find(id); e != nil {
		e.Crashed(reason)
	}
}

// guard turns a panic in a function of the environment into a stop. It must be
// deferred directly.
func guard[T int32 | int64](id int32, result *T) {
	if r := recover(); r != nil {
		crashed(id, r)
		*result = hostenv.Stop
	}
}

// guardWASI is guard for the functions of WASI.
func guardWASI(handle int32, status *int32) {
	if r := recover(); r != nil {
		id, _ := webengine.SplitHandle(handle)
		crashed(id, r)
		*status = wasi.Stop
	}
}
