//go:build !js

// Package guests_test checks the guests that the benchmarks run: that the
// committed modules are what their sources assemble to, and that they compute
// what they say on the Go SDK. A guest that is wrong everywhere alike would
// otherwise pass, since the benchmarks only compare two SDKs.
package guests_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"math/bits"
	"path/filepath"
	"strings"
	"testing"

	extism "github.com/extism/go-sdk"

	"github.com/extism-js/extism-js/internal/wattest"
)

func TestCommittedGuests(t *testing.T) {
	sources, err := filepath.Glob("*.wat")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	for _, source := range sources {
		t.Run(source, func(t *testing.T) {
			wattest.Committed(t, source)
		})
	}
}

func TestGuestsAnswer(t *testing.T) {
	// Not a multiple of eight, so that copying has a tail.
	text := strings.Repeat("The quick brown fox\njumps over\tthe LAZY dog. ", 3) + "end\r\n"
	identity := func(in []byte) []byte { return in }
	tests := []struct {
		name   string
		inputs []string
		want   func(in []byte) []byte
	}{
		{"echo", []string{"x", "12345678", text, strings.Repeat(text, 3000)}, identity},
		{"reflect", []string{"x", "12345678", text, strings.Repeat(text, 3000)}, identity},
		{"consume", []string{"", "x", "12345678", text}, checksum},
		{"small", []string{"", "sixteen bytes ok"}, greeting},
		{"count", []string{"", "x", text, strings.Repeat(text, 3000)}, report},
		{"alloc", []string{"", "another seed"}, allocations},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			p := load(t, tt.name)
			for _, in := range tt.inputs {
				_, out, err := p.Call(tt.name, []byte(in))
				if want := tt.want([]byte(in)); err != nil || !bytes.Equal(out, want) {
					t.Errorf("%d bytes in: %.100q, %v; want %.100q", len(in), out, err, want)
				}
			}
		})
	}
}

func checksum(in []byte) []byte {
	var sum uint64
	for len(in) >= 8 {
		sum = bits.RotateLeft64(sum, 5) ^ binary.LittleEndian.Uint64(in)
		in = in[8:]
	}
	for _, b := range in {
		sum = bits.RotateLeft64(sum, 5) ^ uint64(b)
	}
	return number(sum)
}

func greeting(in []byte) []byte {
	return fmt.Appendf(nil, `{"greeting":"Good day, %s","ok":true}`, in)
}

func report(in []byte) []byte {
	const passes = 8
	vowels, lines := 0, bytes.Count(in, []byte("\n"))
	for _, v := range []byte("aeiouAEIOU") {
		vowels += bytes.Count(in, []byte{v})
	}
	words := len(bytes.Fields(in))
	return fmt.Appendf(nil, `{"b":%d,"v":%d,"w":%d,"l":%d}`, len(in), passes*vowels, passes*words, passes*lines)
}

// allocations is alloc.wat without an allocator.
func allocations(in []byte) []byte {
	const count = 5000
	random, sum := uint64(len(in)), uint64(0)
	sizes := make([]uint64, count)
	makeBlock := func(i int) {
		random = random*6364136223846793005 + 1442695040888963407
		sizes[i] = random>>55 + 1
	}
	mix := func(v uint64) { sum = sum*1099511628211 + v }
	drop := func(i int) {
		mix(sizes[i])
		mix(uint64(byte(i)))
		mix(0)
	}
	each := func(first, step int, do func(int)) {
		for i := first; i < count; i += step {
			do(i)
		}
	}
	each(0, 1, makeBlock)
	for _, c := range []struct{ first, step int }{{0, 2}, {1, 3}, {2, 7}} {
		each(c.first, c.step, drop)
		each(c.first, c.step, makeBlock)
	}
	for i, left := 17, count; left > 0; i, left = (i+2741)%count, left-1 {
		drop(i)
	}
	return number(sum)
}

func number(n uint64) []byte { return binary.LittleEndian.AppendUint64(nil, n) }

func load(t *testing.T, name string) *extism.Plugin {
	t.Helper()
	ctx := context.Background()
	reflect := extism.NewHostFunctionWithStack("reflect", func(_ context.Context, p *extism.CurrentPlugin, stack []uint64) {
		message, err := p.ReadBytes(stack[0])
		if err == nil {
			stack[0], err = p.WriteBytes(message)
		}
		if err != nil {
			panic(err)
		}
	}, []extism.ValueType{extism.ValueTypePTR}, []extism.ValueType{extism.ValueTypePTR})
	reflect.SetNamespace("extism:host/user")

	manifest := extism.Manifest{Wasm: []extism.Wasm{extism.WasmData{Data: wattest.Read(t, name+".wasm")}}}
	p, err := extism.NewPlugin(ctx, manifest, extism.PluginConfig{}, []extism.HostFunction{reflect})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.Close(ctx) })
	return p
}
