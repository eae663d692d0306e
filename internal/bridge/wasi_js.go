//go:build js && wasm

package bridge

import (
	"bytes"

	"github.com/extism-js/extism-js/internal/wasi"
)

// wasiArgs are the arguments of the call that is under way; there is only one, as
// Go is a leaf. They are no local variable, which would be allocated anew each time.
var wasiArgs [9]uint64

// wasiCall is what the WASI adapter calls for a function of the guest behind the
// handle: its number in wasi.Functions, and its arguments, 32-bit ones extended by
// zeros, with zeros for those that it does not have. The result is that of the
// method of wasi.System: an error number, perhaps with wasi.OutputPending, or a
// negative status, upon which the adapter traps. A handle that belongs to no guest
// is ENOSYS.
//
// One export for all is 20 KB less to download than one for each. It runs with a
// guest on the stack, so nothing here may block, call JavaScript that could call
// back, or let a panic out.
//
//go:wasmexport wasi
func wasiCall(handle, function int32, a, b, c, d, e, f, g, h, i uint64) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	wasiArgs = [...]uint64{a, b, c, d, e, f, g, h, i}
	return wasi.Functions[function].Call(s, mem, wasiArgs[:])
}

// wasiTakeOutput puts the next captured line into the outbox, without its
// newline, and gives its descriptor: 1 or 2, or 0 if there is no line.
//
//go:wasmexport wasi_take_output
func wasiTakeOutput(handle int32) (fd int32) {
	defer guardWASI(handle, &fd)
	s, _, ok := wasiGuest(handle)
	if !ok {
		return 0
	}
	from, line, ok := s.TakeOutput()
	if !ok {
		return 0
	}
	reply(bytes.TrimSuffix(line, []byte("\n")))
	return int32(from)
}

// wasiFlushOutput makes an unfinished line one that can be taken; 1 if there
// is anything to take.
//
//go:wasmexport wasi_flush_output
func wasiFlushOutput(handle int32) (pending int32) {
	defer guardWASI(handle, &pending)
	if s, _, ok := wasiGuest(handle); ok && s.FlushOutput() {
		return 1
	}
	return 0
}
