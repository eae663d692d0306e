//go:build js && wasm

package bridge

import (
	"encoding/binary"
	"fmt"
	"unsafe"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/inject"
	"github.com/extism-js/extism-js/internal/plugin"
)

// abiVersion tells the shim, by the name of its export alone, the version of the
// interface between the two: the shim refuses a core of another version before
// any of it runs. The number changes with every change of an import, an export,
// a code or an encoding.
//
//go:wasmexport abi_version_3
func abiVersion() {}

// Text goes to the core through the inbox and comes back through the outbox;
// both are read or written by the shim before the next entry.
var inbox, outbox []byte

// keepBox is how large a box may stay between uses, in bytes.
const keepBox = 64 << 10

// inboxAt gives the address of an inbox of at least n bytes.
//
//go:wasmexport inbox
func inboxAt(n int32) unsafe.Pointer {
	size := max(int(n), 1) // an address even of nothing
	if size > cap(inbox) || cap(inbox) > keepBox {
		inbox = make([]byte, max(size, 256))
	}
	inbox = inbox[:size]
	return unsafe.Pointer(&inbox[0])
}

// outboxAt gives the address of the outbox.
//
//go:wasmexport outbox
func outboxAt() unsafe.Pointer {
	if len(outbox) == 0 {
		return nil
	}
	return unsafe.Pointer(&outbox[0])
}

//go:wasmexport outbox_length
func outboxLength() int32 { return int32(len(outbox)) }

func reply[T string | []byte](data T) { outbox = append(outbox[:0:min(cap(outbox), keepBox)], data...) }

// step packs a step; what belongs to it is in the outbox: the name of a function to
// invoke, or a trampoline. Only steps that are about a module name it: the kernel
// takes 0 as the one to call.
func (e *entry) step(s plugin.Step) int32 {
	switch s.Op {
	case plugin.Invoke:
		reply(s.Function)
	case plugin.Bridge:
		reply(encodeTrampoline(e.Trampoline(s.Module)))
	}
	switch s.Op {
	case plugin.Invoke, plugin.Bridge, plugin.Instantiate, plugin.Wire:
		return int32(s.Op) | int32(s.Module)<<8
	}
	return int32(s.Op)
}

// encodeTrampoline gives numbers of 32 bits: how many links there are, the number of
// the first, and for each its place among the module's imports and the module that
// provides it. Behind them is the module, or nothing if none can be made.
func encodeTrampoline(t *plugin.Trampoline) []byte {
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(t.Links)))
	b = binary.LittleEndian.AppendUint32(b, uint32(t.First))
	for _, l := range t.Links {
		b = binary.LittleEndian.AppendUint32(b, uint32(l.Import))
		b = binary.LittleEndian.AppendUint32(b, uint32(l.Provider))
	}
	return append(b, t.Wasm...)
}

const failed = int32(plugin.Failed)

// noText in place of a length says that there is no text.
const noText = -1

// outcome unpacks what the shim reports. The inbox has the engine's message and
// behind it what the guest gave to error_set.
func outcome(kind, code, messageLen, errorLen int32) plugin.Outcome {
	o := plugin.Outcome{Kind: plugin.OutcomeKind(kind), Code: code}
	if messageLen > 0 {
		o.Message = string(inbox[:messageLen])
	}
	if errorLen != noText {
		text := string(inbox[max(messageLen, 0):][:errorLen])
		o.GuestError = &text
	}
	return o
}

// guardStep turns a panic in the state machine into a failed step.
func guardStep(id int32, result *int32) {
	if r := recover(); r != nil {
		abort(id, r)
		*result = failed
	}
}

// abort leaves the plug-in ready for the next call after a panic in its state
// machine.
func abort(id int32, reason any) {
	if e := find(id); e != nil {
		e.Abort(plugin.Panicked(reason))
	}
}

//go:wasmexport plugin_start
func pluginStart(id int32) (op int32) {
	defer guardStep(id, &op)
	if e := find(id); e != nil {
		return e.step(e.Start())
	}
	return failed
}

//go:wasmexport plugin_next
func pluginNext(id, kind, code, messageLen, errorLen int32) (op int32) {
	defer guardStep(id, &op)
	if e := find(id); e != nil {
		return e.step(e.Next(outcome(kind, code, messageLen, errorLen)))
	}
	return failed
}

// pluginFunction gives the number by which the shim calls the function whose
// name is in the inbox, or a negative number if the main module exports no such
// function; pluginError says why then.
//
//go:wasmexport plugin_function
func pluginFunction(id, nameLen int32) (number int32) {
	defer func() {
		if r := recover(); r != nil {
			abort(id, r)
			number = -1
		}
	}()
	e := find(id)
	if e == nil || !e.Exported(string(inbox[:nameLen])) {
		return -1
	}
	e.functions = append(e.functions, string(inbox[:nameLen]))
	return int32(len(e.functions) - 1)
}

//go:wasmexport plugin_begin
func pluginBegin(id, function int32) (op int32) {
	defer guardStep(id, &op)
	inject.Point("begin")
	if e := find(id); e != nil {
		return e.step(e.Begin(e.functions[function]))
	}
	return failed
}

// pluginCannotWait takes a call back that would need other steps first, as its
// caller cannot wait for them; pluginError says so then.
//
//go:wasmexport plugin_cannot_wait
func pluginCannotWait(id int32) {
	if e := find(id); e != nil {
		e.CannotWait()
	}
}

//go:wasmexport plugin_end
func pluginEnd(id, kind, code, messageLen, errorLen int32) (ok bool) {
	defer func() {
		if r := recover(); r != nil {
			abort(id, r)
			ok = false
		}
	}()
	inject.Point("end")
	e := find(id)
	return e != nil && e.End(outcome(kind, code, messageLen, errorLen))
}

//go:wasmexport plugin_close
func pluginClose(id int32) {
	if e := find(id); e != nil {
		e.Close()
		forget(id)
	}
}

//go:wasmexport plugin_count
func pluginCount() int32 { return int32(len(registry)) }

// pluginMaxPages gives the limit of the kernel's memory, as a kernel imports it.
//
//go:wasmexport plugin_max_pages
func pluginMaxPages(id int32) int32 {
	if e := find(id); e != nil {
		return int32(e.MaxPages())
	}
	return 0
}

// pluginTimeout gives how long a call of a plug-in in a worker may take, in
// milliseconds, as a uint32; 0: no limit.
//
//go:wasmexport plugin_timeout
func pluginTimeout(id int32) int32 {
	if e := find(id); e != nil {
		return int32(e.TimeoutMs())
	}
	return 0
}

// pluginError puts the error of the last failed step or call into the outbox:
// code, module, function and message, with a zero byte after each of the first
// three.
//
//go:wasmexport plugin_error
func pluginError(id int32) {
	if e := find(id); e != nil {
		reply(encodeError(e.TakeError()))
		return
	}
	reply(encodeError(fault.New(fault.Closed, "the plug-in has been closed")))
}

func encodeError(e *fault.Error) string {
	return fmt.Sprintf("%s\x00%s\x00%s\x00%s", string(e.Code), e.Module, e.Function, e.Message)
}

// varsLocation gives the address at which the core always notes where the
// plug-in's vars are, and which of them have changed: the address and the length of
// either encoding, four bytes each. So the shim can take them over even when the
// core has crashed.
//
//go:wasmexport vars_location
func varsLocation(id int32) unsafe.Pointer {
	if e := find(id); e != nil {
		return unsafe.Pointer(&e.noted)
	}
	return nil
}

// varsTrack has the core keep which vars change from now on.
//
//go:wasmexport vars_track
func varsTrack(id int32) {
	if e := find(id); e != nil {
		e.Env().TrackChanges()
	}
}

// varsChanges puts the vars that have changed since the last time into the outbox,
// as hostenv encodes them; their values say nothing.
//
//go:wasmexport vars_changes
func varsChanges(id int32) {
	reply("")
	if e := find(id); e != nil {
		reply(e.Env().TakeChanges())
		e.noteVars()
	}
}

// varsRestore replaces all vars by those in the inbox.
//
//go:wasmexport vars_restore
func varsRestore(id, n int32) int32 {
	e := find(id)
	if e == nil || !e.Env().SetVars(inbox[:n]) {
		return 0
	}
	e.noteVars()
	return 1
}
