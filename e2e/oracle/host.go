package oracle

import (
	"context"

	extism "github.com/extism/go-sdk"

	"github.com/extism-js/extism-js/internal/engine/wazeroengine"
	"github.com/extism-js/extism-js/internal/wasm"
)

// hostFunction is a function that every host in a test offers: once as Go for the
// SDK and for our native engine, once as JavaScript in corpus.mjs.
type hostFunction struct {
	namespace, name string
	params, results []wasm.ValueType
	call            func(h blocks, stack []uint64) error
}

// blocks is what a host function does with the plug-in that has called it.
type blocks interface {
	Read(off uint64) []byte
	Free(off uint64)
	Store(data []byte) (uint64, error)
}

var hostFunctions = []hostFunction{
	{"extism:host/user", "mult", []wasm.ValueType{wasm.I64, wasm.I64}, []wasm.ValueType{wasm.I64},
		func(_ blocks, stack []uint64) error { stack[0] *= stack[1]; return nil }},
	answering("extism:host/user", "hostGreenMessage", func(b []byte) []byte { return append([]byte("green: "), b...) }),
	answering("extism:host/user", "hostPurpleMessage", func(b []byte) []byte { return append([]byte("purple: "), b...) }),
	answering("host", "to_upper", upper),
	// Hosts that have no other way to look at vars do it here.
	{"extism:host/user", "inspect", nil, nil, ignore},
	// What instrumented plug-ins tell an observer, if there is one.
	{"dylibso_observe", "instrument_enter", []wasm.ValueType{wasm.I32}, nil, ignore},
	{"dylibso_observe", "instrument_exit", []wasm.ValueType{wasm.I32}, nil, ignore},
	{"dylibso_observe", "instrument_memory_grow", []wasm.ValueType{wasm.I32}, nil, ignore},
}

func ignore(blocks, []uint64) error { return nil }

// answering is a function that takes a block and gives another one.
func answering(namespace, name string, answer func([]byte) []byte) hostFunction {
	i64 := []wasm.ValueType{wasm.I64}
	return hostFunction{namespace, name, i64, i64, func(h blocks, stack []uint64) (err error) {
		text := h.Read(stack[0])
		h.Free(stack[0])
		stack[0], err = h.Store(answer(text))
		return err
	}}
}

// upper makes capitals of ASCII letters, about which all languages agree.
func upper(b []byte) []byte {
	out := make([]byte, len(b))
	for i, c := range b {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		out[i] = c
	}
	return out
}

// sdkBlocks is blocks over the Go SDK.
type sdkBlocks struct{ plugin *extism.CurrentPlugin }

func (b sdkBlocks) Read(off uint64) []byte {
	data, err := b.plugin.ReadBytes(off)
	if err != nil {
		panic(err)
	}
	return data
}

func (b sdkBlocks) Free(off uint64) {
	if err := b.plugin.Free(off); err != nil {
		panic(err)
	}
}

func (b sdkBlocks) Store(data []byte) (uint64, error) { return b.plugin.WriteBytes(data) }

func sdkFunctions() []extism.HostFunction {
	var list []extism.HostFunction
	for _, f := range hostFunctions {
		h := extism.NewHostFunctionWithStack(f.name, func(_ context.Context, p *extism.CurrentPlugin, stack []uint64) {
			if err := f.call(sdkBlocks{p}, stack); err != nil {
				panic(err)
			}
		}, sdkTypes(f.params), sdkTypes(f.results))
		h.SetNamespace(f.namespace)
		list = append(list, h)
	}
	return list
}

func sdkTypes(types []wasm.ValueType) []extism.ValueType {
	list := make([]extism.ValueType, len(types))
	for i, t := range types {
		list[i] = extism.ValueType(t)
	}
	return list
}

// nativeFunctions are the same for our native engine; inspect runs in the function
// of that name.
func nativeFunctions(inspect func(*wazeroengine.CallContext)) map[string]map[string]wazeroengine.HostFunction {
	all := map[string]map[string]wazeroengine.HostFunction{}
	for _, f := range hostFunctions {
		if all[f.namespace] == nil {
			all[f.namespace] = map[string]wazeroengine.HostFunction{}
		}
		all[f.namespace][f.name] = wazeroengine.HostFunction{
			Type: wasm.FuncType{Params: f.params, Results: f.results},
			Call: func(_ context.Context, c *wazeroengine.CallContext, stack []uint64) error {
				if f.name == "inspect" {
					inspect(c)
				}
				return f.call(c, stack)
			},
		}
	}
	return all
}
