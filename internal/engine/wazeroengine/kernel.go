package wazeroengine

import (
	"context"
	"errors"
	"fmt"

	"github.com/tetratelabs/wazero/api"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/kernel"
)

// Env is what the kernel imports from Go: the functions of extism:host/env that are
// not about memory. id says whose plug-in is calling; offsets and lengths are those
// of blocks in its kernel, and 0, 0 if the guest named no live block. An int64
// result is the offset of a block, 0 for none. A negative result stops the guest.
type Env interface {
	ConfigGet(id int32, key, keyLen uint32) int64
	VarGet(id int32, key, keyLen uint32) int64
	// VarSet removes the variable if value is 0.
	VarSet(id int32, key, keyLen, value, valueLen uint32) int32
	// Log says whether a line of that level and length is wanted: 1 or 0.
	Log(id, level int32, n uint32) int32
	GetLogLevel(id int32) int32
	// HTTPRequest begins a request, which KernelConfig.HTTP makes if the result is 1.
	HTTPRequest(id int32, request, requestLen uint32) int64
	HTTPStatusCode(id int32) int32
	HTTPHeaders(id int32) int64
}

// KernelConfig configures a plug-in's kernel.
type KernelConfig struct {
	// ID is the plug-in's; no other kernel of the engine has it while this one lives.
	ID int32
	// MaxPages limits the kernel's memory, in pages of 64 KiB; nil: no limit.
	MaxPages *uint32
	// Env answers the guest.
	Env Env
	// Log takes a line that Env wanted: a block's offset and length. It may call user
	// code. A result other than 0 stops the guest. Nil ignores lines.
	Log func(id, level int32, off, n uint32) int32
	// HTTP makes the request that Env has begun, with a body of n bytes at off, and
	// gives the offset of the response, or a number below 0 to stop the guest. Nil
	// stops it.
	HTTP func(off, n uint32) float64
}

// Kernel is an instance of the kernel. It implements [engine.KernelMemory], also
// while one of the functions in Env is running. Its Instance satisfies imports from
// extism:host/env.
type Kernel struct {
	*Instance
	memory
	engine *Engine
	config KernelConfig
	glue   *Instance

	begin, alloc, free, length                   api.Function
	output, outputLength, errOffset, errorLength api.Function
}

var _ engine.KernelMemory = (*Kernel)(nil)

// NewKernel makes a kernel for a plug-in. The caller closes it.
func (e *Engine) NewKernel(ctx context.Context, c KernelConfig) (*Kernel, error) {
	if e.kernels[c.ID] != nil {
		return nil, fmt.Errorf("wazeroengine: there is a kernel %d already", c.ID)
	}
	maxPages := uint32(kernel.NoPageLimit)
	if c.MaxPages != nil {
		maxPages = *c.MaxPages
	}
	glue, err := e.glue(ctx, e.kernel.info, e.env, []global{{"id", uint32(c.ID)}, {"max_pages", maxPages}})
	if err != nil {
		return nil, err
	}
	inst, err := e.Instantiate(ctx, e.kernel, Instances{"gate": e.gate, "go": glue, "host": e.sink})
	if err != nil {
		return nil, errors.Join(err, glue.Close(ctx))
	}
	k := &Kernel{Instance: inst, memory: memory{inst.mod.Memory()}, engine: e, config: c, glue: glue}
	for name, f := range map[string]*api.Function{
		"host_begin": &k.begin, "host_alloc": &k.alloc, "host_free": &k.free, "host_length": &k.length,
		"host_output": &k.output, "host_output_length": &k.outputLength,
		"host_error": &k.errOffset, "host_error_length": &k.errorLength,
	} {
		*f = inst.mod.ExportedFunction(name)
	}
	e.kernels[c.ID] = k
	return k, nil
}

// Close frees the kernel.
func (k *Kernel) Close(ctx context.Context) error {
	delete(k.engine.kernels, k.config.ID)
	return errors.Join(k.Instance.Close(ctx), k.glue.Close(ctx))
}

// Begin frees every block, forgets output and error, and allocates the input: n
// bytes, which the caller writes. Gives its offset, or 0 if n is 0 or there is no
// room.
func (k *Kernel) Begin(n uint32) uint32 { return call(k.begin, n) }

// Alloc implements [engine.KernelMemory].
func (k *Kernel) Alloc(n uint32) uint32 { return call(k.alloc, n) }

// Free frees a live block; any other offset changes nothing.
func (k *Kernel) Free(off uint32) { call(k.free, off) }

// Length is the length of the live block at off in bytes, or 0.
func (k *Kernel) Length(off uint32) uint32 { return call(k.length, off) }

// Output is the range that the guest has set as its output.
func (k *Kernel) Output() (off, n uint32) { return call(k.output), call(k.outputLength) }

// Error is the block that the guest has set as its error; off is 0 if there is none.
func (k *Kernel) Error() (off, n uint32) { return call(k.errOffset), call(k.errorLength) }

// Size implements [engine.Memory].
func (k *Kernel) Size() uint64 { return k.memory.Size() }

// call calls one of the kernel's host functions, which never trap: what fails here
// is the kernel or the runtime.
func call(f api.Function, args ...uint32) uint32 {
	var stack [1]uint64
	for i, a := range args {
		stack[i] = uint64(a)
	}
	if err := f.CallWithStack(context.Background(), stack[:]); err != nil {
		panic("wazeroengine: kernel: " + err.Error())
	}
	return uint32(stack[0])
}

// hostEnv makes the module behind the kernel's imports from "go". It serves all
// kernels: the first argument says which one is calling.
func (e *Engine) hostEnv(ctx context.Context) (*Instance, error) {
	answers := map[string]func(env Env, id int32, a []uint64) uint64{
		"config_get": func(env Env, id int32, a []uint64) uint64 {
			return uint64(env.ConfigGet(id, uint32(a[1]), uint32(a[2])))
		},
		"var_get": func(env Env, id int32, a []uint64) uint64 {
			return uint64(env.VarGet(id, uint32(a[1]), uint32(a[2])))
		},
		"var_set": func(env Env, id int32, a []uint64) uint64 {
			return encode(env.VarSet(id, uint32(a[1]), uint32(a[2]), uint32(a[3]), uint32(a[4])))
		},
		"log": func(env Env, id int32, a []uint64) uint64 {
			return encode(env.Log(id, int32(a[1]), uint32(a[2])))
		},
		"get_log_level": func(env Env, id int32, a []uint64) uint64 {
			return encode(env.GetLogLevel(id))
		},
		"http_request": func(env Env, id int32, a []uint64) uint64 {
			return uint64(env.HTTPRequest(id, uint32(a[1]), uint32(a[2])))
		},
		"http_status_code": func(env Env, id int32, a []uint64) uint64 {
			return encode(env.HTTPStatusCode(id))
		},
		"http_headers": func(env Env, id int32, a []uint64) uint64 {
			return uint64(env.HTTPHeaders(id))
		},
	}
	return e.host(ctx, e.kernel.info, "go", func(name string) func([]uint64) uint64 {
		f := answers[name]
		if f == nil {
			// What the shim's calls go through; the driver here needs no short cut.
			return func([]uint64) uint64 { panic("wazeroengine: the kernel's " + name + " is for the shim") }
		}
		return func(a []uint64) uint64 {
			id := int32(a[0])
			return f(e.kernels[id].config.Env, id, a)
		}
	})
}

// hostSinks makes the module behind the kernel's imports from "host".
func (e *Engine) hostSinks(ctx context.Context) (*Instance, error) {
	return e.host(ctx, e.kernel.info, "host", func(name string) func([]uint64) uint64 {
		switch name {
		case "http":
			return func([]uint64) uint64 { return 1 } // guests can always wait here
		case "http_wait":
			return func(a []uint64) uint64 {
				if request := e.kernels[int32(a[0])].config.HTTP; request != nil {
					return api.EncodeF64(request(uint32(a[1]), uint32(a[2])))
				}
				return api.EncodeF64(stopHTTP)
			}
		}
		return func(a []uint64) uint64 {
			id := int32(a[0])
			if log := e.kernels[id].config.Log; log != nil {
				return encode(log(id, int32(a[1]), uint32(a[2]), uint32(a[3])))
			}
			return 0
		}
	})
}

func encode(n int32) uint64 { return api.EncodeI32(n) }
