package plugin

import (
	"fmt"
	"testing"

	"github.com/extism-js/extism-js/internal/manifest"
)

func TestLinkErrors(t *testing.T) {
	for _, tt := range []struct {
		name    string
		modules []Module
		want    string
	}{
		{"nothing imported", []Module{module("main", "", "f")}, ""},
		{"everything there", []Module{
			module("side", "", "g m:memory t:table v:global"),
			module("main", "side/g side/m:memory side/t:table side/v:global user/f extism:host/env/alloc WASI", "f"),
		}, ""},
		{"no such module", []Module{module("main", "other/f", "")},
			`UNRESOLVED_IMPORT other.f: from module "main": cannot resolve import "other" "f": not provided by host imports nor linked manifest items`},
		{"no such module, and no function", []Module{module("main", "env/memory:memory", "")},
			`UNRESOLVED_IMPORT env.memory: from module "main": cannot resolve import "env" "memory": not provided by host imports nor linked manifest items`},
		{"no such host function", []Module{module("main", "user/h", "")},
			`UNRESOLVED_IMPORT user.h: from module "main": cannot resolve import "user" "h": "user" is a host module, but does not contain "h"`},
		{"an empty namespace", []Module{module("main", "none/h", "")},
			`UNRESOLVED_IMPORT none.h: from module "main": cannot resolve import "none" "h": "none" is a host module, but does not contain "h"`},
		{"a host function as a global", []Module{module("main", "user/f:global", "")},
			`UNRESOLVED_IMPORT user.f: from module "main": cannot resolve import "user" "f": a global is asked for, and host imports are functions`},
		{"no such function of the environment", []Module{module("main", "extism:host/env/allocate", "")},
			`UNRESOLVED_IMPORT extism:host/env.allocate: from module "main": cannot resolve import "extism:host/env" "allocate": "extism:host/env" is a host module, but does not contain "allocate"`},
		{"the kernel's memory", []Module{module("main", "extism:host/env/memory:memory", "")},
			`UNRESOLVED_IMPORT extism:host/env.memory: from module "main": cannot resolve import "extism:host/env" "memory": "extism:host/env" is a host module, but does not contain "memory"`},
		{"what the kernel keeps for the host", []Module{module("main", "extism:host/env/host_begin", "")},
			`UNRESOLVED_IMPORT extism:host/env.host_begin: from module "main": cannot resolve import "extism:host/env" "host_begin": "extism:host/env" is a host module, but does not contain "host_begin"`},
		{"an environment's function as a table", []Module{module("main", "extism:host/env/alloc:table", "")},
			`UNRESOLVED_IMPORT extism:host/env.alloc: from module "main": cannot resolve import "extism:host/env" "alloc": "extism:host/env" is a host module, but does not contain "alloc"`},
		{"no such function of WASI", []Module{module("main", "wasi_snapshot_preview1/fork", "")},
			`UNRESOLVED_IMPORT wasi_snapshot_preview1.fork: from module "main": cannot resolve import "wasi_snapshot_preview1" "fork": "wasi_snapshot_preview1" is a host module, but does not contain "fork"`},
		{"WASI of the wrong age", []Module{module("main", "wasi_unstable/fd_write", "")},
			`UNRESOLVED_IMPORT wasi_unstable.fd_write: from module "main": cannot resolve import "wasi_unstable" "fd_write": not provided by host imports nor linked manifest items`},
		{"no such export", []Module{module("side", "", "f"), module("main", "side/g", "")},
			`UNRESOLVED_IMPORT side.g: from module "main": cannot resolve import "side" "g": module "side" exports no such function`},
		{"an export of another kind", []Module{module("side", "", "g:global"), module("main", "side/g", "")},
			`UNRESOLVED_IMPORT side.g: from module "main": cannot resolve import "side" "g": module "side" exports no such function`},
		{"an export that should be a memory", []Module{module("side", "", "g"), module("main", "side/g:memory", "")},
			`UNRESOLVED_IMPORT side.g: from module "main": cannot resolve import "side" "g": module "side" exports no such memory`},
		{"behind two modules", []Module{module("a", "other/f", "x"), module("b", "a/x", "y"), module("main", "b/y", "")},
			`UNRESOLVED_IMPORT other.f: from module "main"/"b"/"a": cannot resolve import "other" "f": not provided by host imports nor linked manifest items`},
		{"a module that nobody needs", []Module{module("idle", "other/f", ""), module("main", "", "f")}, ""},
		{"itself", []Module{module("main", "main/f", "f")},
			`UNRESOLVED_IMPORT main.f: from module "main": cannot resolve import "main" "f": modules that import from each other in a circle are not supported by this version`},
		{"a circle of two", []Module{module("a", "main/f", "x"), module("main", "a/x", "f")},
			`UNRESOLVED_IMPORT main.f: from module "main"/"a": cannot resolve import "main" "f": modules that import from each other in a circle are not supported by this version`},
		{"a circle away from the main module", []Module{module("a", "b/y", "x"), module("b", "a/x", "y"), module("main", "a/x", "f")},
			`UNRESOLVED_IMPORT a.x: from module "main"/"a"/"b": cannot resolve import "a" "x": modules that import from each other in a circle are not supported by this version`},
		{"a diamond is no circle", []Module{
			module("base", "", "x"), module("a", "base/x", "y"), module("b", "base/x", "z"), module("main", "a/y b/z base/x", "f"),
		}, ""},
		{"a module in front of a host namespace of its name", []Module{module("user", "", "f h"), module("main", "user/h", "")}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := New(config(tt.modules...))
			if got := show(err); got != tt.want {
				t.Errorf("the error is\n\t%s\nwant\n\t%s", got, tt.want)
			}
		})
	}
}

func TestWASIHasToBeEnabled(t *testing.T) {
	c := config(module("main", "WASI", ""))
	c.Options.UseWASI = false
	_, err := New(c)
	want := `UNRESOLVED_IMPORT wasi_snapshot_preview1.fd_write: from module "main": cannot resolve import "wasi_snapshot_preview1" "fd_write": WASI is not enabled; see the "useWasi" plugin option`
	if got := show(err); got != want {
		t.Errorf("the error is\n\t%s\nwant\n\t%s", got, want)
	}
}

// Who chooses the modules chooses the length of the chain, so nothing may recurse
// along it.
func TestLongChainOfModules(t *testing.T) {
	const n = 5000
	modules := []Module{module("m0", "", "f")}
	for i := 1; i < n; i++ {
		modules = append(modules, module(fmt.Sprint("m", i), fmt.Sprintf("m%d/f", i-1), "f"))
	}
	modules = append(modules, module("main", fmt.Sprintf("m%d/f", n-1), "f"))
	p := newPlugin(t, modules...)
	if len(p.linked.order) != n+1 {
		t.Fatalf("%d modules are instantiated", len(p.linked.order))
	}
	for i, m := range p.linked.order {
		if m != i {
			t.Fatalf("module %d comes at place %d", m, i)
		}
	}
}

// TestLimitsThatCannotBeKept: they are refused, not ignored.
func TestLimitsThatCannotBeKept(t *testing.T) {
	zero, some := uint32(0), uint32(1000)
	for _, tt := range []struct {
		name    string
		m, opts manifest.Manifest
		want    string
	}{
		{"none", manifest.Manifest{}, manifest.Manifest{}, ""},
		{"a timeout", manifest.Manifest{TimeoutMs: &some}, manifest.Manifest{}, "UNSUPPORTED .: timeoutMs: only a guest in a worker can be stopped; add runInWorker: true, or leave it out"},
		{"a timeout of zero means none", manifest.Manifest{TimeoutMs: &zero}, manifest.Manifest{}, ""},
		{"a timeout in the options", manifest.Manifest{}, manifest.Manifest{TimeoutMs: &some}, "UNSUPPORTED .: timeoutMs: only a guest in a worker can be stopped; add runInWorker: true, or leave it out"},
		{"a timeout that the options lift", manifest.Manifest{TimeoutMs: &some}, manifest.Manifest{TimeoutMs: &zero}, ""},
		{"paths", manifest.Manifest{AllowedPaths: map[string]string{"/a": "/b"}}, manifest.Manifest{}, "UNSUPPORTED .: allowedPaths: this version has no filesystems; leave it out"},
		{"no paths", manifest.Manifest{AllowedPaths: map[string]string{}}, manifest.Manifest{}, ""},
		{"paths that the options lift", manifest.Manifest{AllowedPaths: map[string]string{"/a": "/b"}}, manifest.Manifest{AllowedPaths: map[string]string{}}, ""},
		{"hosts", manifest.Manifest{AllowedHosts: []string{"*"}}, manifest.Manifest{}, ""},
	} {
		c := config(module("main", "", "f"))
		tt.m.Wasm = c.Manifest.Wasm
		c.Manifest, c.Options.Limits = &tt.m, tt.opts
		_, err := New(c)
		if got := show(err); got != tt.want {
			t.Errorf("%s: the error is %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestTimeoutInAWorker: whoever can end the worker keeps the limit.
func TestTimeoutInAWorker(t *testing.T) {
	zero, some := uint32(0), uint32(1000)
	for _, tt := range []struct {
		set, option *uint32
		want        uint32
	}{{nil, nil, 0}, {&zero, nil, 0}, {&some, nil, 1000}, {nil, &some, 1000}, {&some, &zero, 0}} {
		c := config(module("main", "", "f"))
		c.Manifest.TimeoutMs, c.Options.Limits.TimeoutMs = tt.set, tt.option
		c.Options.Stoppable = true
		p, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.TimeoutMs(); got != tt.want {
			t.Errorf("%v, %v: %d ms, want %d", tt.set, tt.option, got, tt.want)
		}
	}
}

func TestMaxPages(t *testing.T) {
	zero, two := uint32(0), uint32(2)
	for _, tt := range []struct {
		set  *uint32
		want uint32
	}{{nil, 1<<32 - 1}, {&zero, 0}, {&two, 2}} {
		c := config(module("main", "", "f"))
		c.Manifest.Memory.MaxPages = tt.set
		p, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.MaxPages(); got != tt.want {
			t.Errorf("%v: %d pages, want %d", tt.set, got, tt.want)
		}
	}
}

func TestBadWASIOptions(t *testing.T) {
	c := config(module("main", "WASI", "f"))
	c.Options.UseWASI = true
	c.WASI.Env = []string{"no value"}
	_, err := New(c)
	if got, want := show(err), "INVALID_INPUT .: WASI: wasi: environment entry is not KEY=value: no value"; got != want {
		t.Errorf("the error is %q, want %q", got, want)
	}
}
