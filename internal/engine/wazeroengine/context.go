package wazeroengine

import (
	"context"
	"fmt"
	"math"

	"github.com/tetratelabs/wazero/api"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/wasm"
)

// HostFunction is a function of the host's own that guests can import.
type HostFunction struct {
	// Type is the signature, of i32, i64, f32 and f64. A guest that imports the
	// function with another one cannot be linked.
	Type wasm.FuncType
	// Call takes the parameters from the stack and puts the results in their place,
	// both from its beginning, encoded as by wazero's package api; i32 parameters
	// have the upper half 0. An error stops the guest, which cannot prevent that,
	// and the plug-in's caller gets that very error.
	//
	// It must not call the plug-in. The context is that of the plug-in's call.
	Call func(ctx context.Context, c *CallContext, stack []uint64) error
}

// hostFunction makes a function that wazero can call.
func (p *Plugin) hostFunction(where string, f HostFunction) api.GoFunc {
	params := valueTypes(f.Type.Params)
	return func(ctx context.Context, stack []uint64) {
		clearUpper(stack, params)
		if err := user("host function "+where, func() error { return f.Call(ctx, &p.context, stack) }); err != nil {
			p.keep(err)
			panic(errStopped)
		}
	}
}

// CallContext is what a host function may do with the plug-in that has called it.
// It is good until the function returns. Offsets are those that guests pass, in the
// kernel's memory.
type CallContext struct{ plugin *Plugin }

// Alloc allocates a block of n bytes and gives its offset, or 0 if there is no room
// or n is 0. The guest frees it, or else the next call does.
func (c *CallContext) Alloc(n uint64) uint64 {
	if n > math.MaxUint32 {
		return 0
	}
	return uint64(c.plugin.kernel.Alloc(uint32(n)))
}

// Free frees the block at an offset; if there is none it does nothing.
func (c *CallContext) Free(off uint64) {
	if off <= math.MaxUint32 {
		c.plugin.kernel.Free(uint32(off))
	}
}

// Length gives the length of the block at an offset in bytes; 0 if there is none.
func (c *CallContext) Length(off uint64) uint64 {
	if off > math.MaxUint32 {
		return 0
	}
	return uint64(c.plugin.kernel.Length(uint32(off)))
}

// Read gives a copy of the block at an offset; nil if there is none.
func (c *CallContext) Read(off uint64) []byte {
	n := c.Length(off)
	if n == 0 {
		return nil
	}
	data := make([]byte, n)
	c.plugin.kernel.Read(uint32(off), data)
	return data
}

// Store copies data into a new block and gives its offset; 0 if data is empty. It
// fails with [fault.OutOfMemory] if there is no room.
func (c *CallContext) Store(data []byte) (uint64, error) {
	if len(data) == 0 {
		return 0, nil
	}
	off := c.Alloc(uint64(len(data)))
	if off == 0 || !c.plugin.kernel.Write(uint32(off), data) {
		return 0, fault.New(fault.OutOfMemory, fmt.Sprintf("no room for %d bytes in the plug-in's memory", len(data)))
	}
	return off, nil
}

// SetError makes the call fail with this text, unless the guest clears it; an empty
// text clears it.
func (c *CallContext) SetError(text string) error {
	off, err := c.Store([]byte(text))
	if err != nil {
		return err
	}
	_, err = c.plugin.kernel.Call(context.Background(), "error_set", off)
	return err
}

// Var gives a copy of a var; ok is false if there is none.
func (c *CallContext) Var(name string) (value []byte, ok bool) {
	value, ok = c.plugin.machine.Env().Var([]byte(name))
	return append([]byte(nil), value...), ok
}

// SetVar sets a var. It fails with [fault.VarsFull] if that would exceed the limit.
func (c *CallContext) SetVar(name string, value []byte) error {
	if err := c.plugin.machine.Env().SetVar([]byte(name), value); err != nil {
		return err
	}
	return nil
}

// DeleteVar deletes a var, if it is there.
func (c *CallContext) DeleteVar(name string) { c.plugin.machine.Env().DeleteVar([]byte(name)) }
