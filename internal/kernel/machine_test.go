//go:build !js

package kernel_test

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/engine/wazeroengine"
	"github.com/extism-js/extism-js/internal/kernel"
)

// machine is a kernel, ours or Extism's, as guests see it.
type machine struct {
	tb    testing.TB
	inst  *wazeroengine.Instance
	mem   engine.Memory
	funcs map[string]func(context.Context, ...uint64) ([]uint64, error)
	close func()
	watch func(name string) // sees every function's first call; may be nil
}

// call calls a function; a trap fails the test.
func (m *machine) call(name string, args ...uint64) uint64 {
	r, err := m.try(name, args...)
	if err != nil {
		m.tb.Helper()
		m.tb.Fatalf("%s%v: %v", name, args, err)
	}
	return r
}

func (m *machine) try(name string, args ...uint64) (uint64, error) {
	f := m.funcs[name]
	if f == nil {
		f = m.inst.Function(name)
		if m.watch != nil {
			m.watch(name)
		}
		m.funcs[name] = f
	}
	r, err := f(context.Background(), args...)
	if err != nil || len(r) == 0 {
		return 0, err
	}
	return r[0], nil
}

func (m *machine) call32(name string, args ...uint64) uint32 { return uint32(m.call(name, args...)) }

// noEnv answers nothing: these tests are about memory.
type noEnv struct{}

func (noEnv) ConfigGet(int32, uint32, uint32) int64              { return 0 }
func (noEnv) VarGet(int32, uint32, uint32) int64                 { return 0 }
func (noEnv) VarSet(int32, uint32, uint32, uint32, uint32) int32 { return 0 }
func (noEnv) Log(int32, int32, uint32) int32                     { return 0 }
func (noEnv) GetLogLevel(int32) int32                            { return 0 }
func (noEnv) HTTPRequest(int32, uint32, uint32) int64            { return 0 }
func (noEnv) HTTPStatusCode(int32) int32                         { return 0 }
func (noEnv) HTTPHeaders(int32) int64                            { return 0 }

// lab is an engine with both kernels compiled.
type lab struct {
	engine   *wazeroengine.Engine
	official *wazeroengine.Module
	id       int32
	watch    func(name string) // of the machines
}

func newLab(tb testing.TB) *lab {
	tb.Helper()
	return newLabOf(tb, kernel.Wasm)
}

// newLabOf makes a lab in which another kernel takes the place of ours.
func newLabOf(tb testing.TB, ours []byte) *lab {
	tb.Helper()
	committed := kernel.Wasm
	kernel.Wasm = ours
	defer func() { kernel.Wasm = committed }()
	ctx := context.Background()
	e, err := wazeroengine.New(ctx, wazeroengine.Options{})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { e.Close(ctx) })
	m, err := e.Compile(officialKernel(tb))
	if err != nil {
		tb.Fatal(err)
	}
	return &lab{engine: e, official: m.(*wazeroengine.Module)}
}

func (l *lab) ours(tb testing.TB, maxPages *uint32) *machine {
	tb.Helper()
	l.id++
	k, err := l.engine.NewKernel(context.Background(), wazeroengine.KernelConfig{ID: l.id, MaxPages: maxPages, Env: noEnv{}})
	if err != nil {
		tb.Fatal(err)
	}
	return l.newMachine(tb, k.Instance, func() { k.Close(context.Background()) })
}

func (l *lab) theirs(tb testing.TB) *machine {
	tb.Helper()
	inst, err := l.engine.Instantiate(context.Background(), l.official, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return l.newMachine(tb, inst, func() { inst.Close(context.Background()) })
}

func (l *lab) newMachine(tb testing.TB, inst *wazeroengine.Instance, stop func()) *machine {
	return &machine{tb, inst, inst.Memory(), map[string]func(context.Context, ...uint64) ([]uint64, error){}, stop, l.watch}
}

// officialKernel is Extism's kernel as its Go SDK ships it.
func officialKernel(tb testing.TB) []byte {
	tb.Helper()
	b, err := readOfficial()
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

var readOfficial = sync.OnceValues(func() ([]byte, error) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "github.com/extism/go-sdk").Output()
	if err != nil {
		return nil, err
	}
	return os.ReadFile(filepath.Join(strings.TrimSpace(string(out)), "extism-runtime.wasm"))
})
