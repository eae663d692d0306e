package wazeroengine

import (
	"context"
	"errors"
	"fmt"

	"github.com/extism-js/extism-js/internal/kernel"
)

// WasiFunc answers one function of wasi_snapshot_preview1. args begins with its
// parameters in the order of its signature, an i32 in the lower half of an element
// and the upper half 0; it belongs to the caller. The result
// is the errno; with bit 16 set (0x10000|errno) there is output for the sink;
// negative, it stops the guest, which is how proc_exit ends.
type WasiFunc func(handle int32, args []uint64) int32

// enosys is the errno of a function that nobody answers (witx: $errno).
const enosys = 52

// WasiConfig configures the adapter for one guest module.
type WasiConfig struct {
	// Handle says whose module is calling; no other adapter of the engine has it while
	// this one lives.
	Handle int32
	// Funcs answers by function name. What is missing gives errno ENOSYS.
	Funcs map[string]WasiFunc
	// Output is called when a function's result had bit 16 set. It may call user code.
	// A result other than 0 stops the guest. Nil does nothing.
	Output func(handle int32) int32
}

// Wasi is an instance of the WASI adapter. Its Instance satisfies imports from
// wasi_snapshot_preview1.
type Wasi struct {
	*Instance
	engine *Engine
	config WasiConfig
	glue   *Instance
}

// NewWasi makes the adapter for one guest module. The caller closes it.
func (e *Engine) NewWasi(ctx context.Context, c WasiConfig) (*Wasi, error) {
	if e.wasis[c.Handle] != nil {
		return nil, fmt.Errorf("wazeroengine: there is a WASI adapter %d already", c.Handle)
	}
	glue, err := e.glue(ctx, e.wasi.info, e.wasiEnv, []global{{"handle", uint32(c.Handle)}})
	if err != nil {
		return nil, err
	}
	inst, err := e.Instantiate(ctx, e.wasi, Instances{"gate": e.gate, "go": glue, "host": e.wasiSink})
	if err != nil {
		return nil, errors.Join(err, glue.Close(ctx))
	}
	w := &Wasi{Instance: inst, engine: e, config: c, glue: glue}
	e.wasis[c.Handle] = w
	return w, nil
}

// Close frees the adapter.
func (w *Wasi) Close(ctx context.Context) error {
	delete(w.engine.wasis, w.config.Handle)
	return errors.Join(w.Instance.Close(ctx), w.glue.Close(ctx))
}

// hostWasi makes the module behind the adapters' imports from "go".
func (e *Engine) hostWasi(ctx context.Context) (*Instance, error) {
	return e.host(ctx, e.wasi.info, "go", func(string) func([]uint64) uint64 {
		return func(a []uint64) uint64 {
			handle, function := int32(a[0]), kernel.WasiFunctions[uint32(a[1])]
			if f := e.wasis[handle].config.Funcs[function.Name]; f != nil {
				return encode(f(handle, a[2:2+len(function.Type.Params)]))
			}
			return enosys
		}
	})
}

// hostWasiOutput makes the module behind the adapters' import from "host".
func (e *Engine) hostWasiOutput(ctx context.Context) (*Instance, error) {
	return e.host(ctx, e.wasi.info, "host", func(string) func([]uint64) uint64 {
		return func(a []uint64) uint64 {
			handle := int32(a[0])
			if output := e.wasis[handle].config.Output; output != nil {
				return encode(output(handle))
			}
			return 0
		}
	})
}
