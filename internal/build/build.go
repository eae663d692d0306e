// Package build makes the directory that is published and served: the core, the
// fixed adapters, the bundled shim, types, package files, demo plug-ins and the
// page. It needs the Go toolchain and nothing else, so that a build works
// offline once the modules are there.
package build

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"github.com/extism-js/extism-js/internal/overlay"
)

// Version is the version of the published package.
const Version = "0.1.0"

// modulePath names the module whose root [FindRoot] looks for.
const modulePath = "github.com/extism-js/extism-js"

// Options say what to build and where to put it.
type Options struct {
	// Root is the directory that holds the module's go.mod.
	Root string
	// Out is the output directory; if it is relative, to Root. It is created,
	// and files in it that the build does not make are left alone.
	Out string
}

// Result is what a build made.
type Result struct {
	// Out is the output directory as an absolute path.
	Out string
	// Files are the names of the files made, relative to Out, sorted.
	Files []string
	// Sizes are those of the files that a page downloads to run a plug-in.
	Sizes []Size
}

// FindRoot finds the module's root directory in dir or above it.
func FindRoot(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", fmt.Errorf("build: %w", err)
	}
	for d := abs; ; d = filepath.Dir(d) {
		mod, err := os.ReadFile(filepath.Join(d, "go.mod"))
		if err == nil && bytes.HasPrefix(mod, []byte("module "+modulePath+"\n")) {
			return d, nil
		}
		if d == filepath.Dir(d) {
			return "", fmt.Errorf("build: %s is not inside a checkout of %s", abs, modulePath)
		}
	}
}

// Run builds everything. A file whose content did not change keeps its time, so
// that a browser's cached copy stays valid. The context stops the compilers.
func Run(ctx context.Context, opts Options) (*Result, error) {
	if opts.Root == "" || opts.Out == "" {
		return nil, errors.New("build: root and output directory must be given")
	}
	b := &builder{root: opts.Root, out: opts.Out}
	if !filepath.IsAbs(b.out) {
		b.out = filepath.Join(b.root, b.out)
	}
	steps := []struct {
		name string
		run  func(context.Context) error
	}{
		{"core", b.core},
		{"adapters", b.adapters},
		{"shim", b.shim},
		{"package", b.packageFiles},
		{"plug-ins", b.plugins},
		{"page", b.page},
		{"compress", b.compress},
	}
	for _, s := range steps {
		if err := s.run(ctx); err != nil {
			return nil, fmt.Errorf("build: %s: %w", s.name, err)
		}
	}
	sizes, err := measure(b.out)
	if err != nil {
		return nil, fmt.Errorf("build: sizes: %w", err)
	}
	slices.Sort(b.files)
	return &Result{Out: b.out, Files: b.files, Sizes: sizes}, nil
}

type builder struct {
	root  string
	out   string
	files []string
}

// write puts one file into the output directory, unless it is there already.
func (b *builder) write(name string, data []byte) error {
	b.files = append(b.files, name)
	return writeIfChanged(filepath.Join(b.out, filepath.FromSlash(name)), data)
}

// copy takes a file of the source tree over as it is.
func (b *builder) copy(src, dst string) error {
	data, err := os.ReadFile(filepath.Join(b.root, filepath.FromSlash(src)))
	if err != nil {
		return err
	}
	return b.write(dst, data)
}

func writeIfChanged(path string, data []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	// A server may be reading the file: replace it in one step.
	tmp := path + ".tmp"
	if err := os.WriteFile(tmp, data, 0o644); err != nil {
		return err
	}
	return os.Rename(tmp, path)
}

// goBuild compiles one package of the module for a WebAssembly target and
// returns the module's bytes.
func goBuild(ctx context.Context, root, goos, pkg string, flags ...string) ([]byte, error) {
	dir, err := os.MkdirTemp("", "extism-js-build-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	out := filepath.Join(dir, "out.wasm")
	args := append([]string{"build", "-trimpath", "-buildvcs=false"}, flags...)
	cmd := exec.CommandContext(ctx, "go", append(args, "-o", out, pkg)...)
	cmd.Dir = root
	// Flags that are set for native builds, such as -race, do not fit here.
	// Greentea, a collector for large heaps, is 10 KB of download for a heap that
	// is small.
	cmd.Env = append(os.Environ(), "GOOS="+goos, "GOARCH=wasm", "GOFLAGS=", "GOWASM=", "CGO_ENABLED=0",
		"GOEXPERIMENT=nogreenteagc")
	if text, err := cmd.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("go build %s for %s: %w\n%s", pkg, goos, err, bytes.TrimSpace(text))
	}
	return os.ReadFile(out)
}

const corePackage = "./cmd/extism-js"

// coreFlags keep the download small: nothing is inlined in the standard library,
// which repeats itself so much more then that it compresses by 30 KB better. The
// project's own packages are inlined: it makes the first plug-ins a quarter quicker
// to create, for 19 KB.
var coreFlags = []string{"-gcflags=all=-l", "-gcflags=" + modulePath + "/...="}

// Core compiles the core alone, with build tags, and gives its bytes: tests use one
// that can be told to fail. Root is as in [Options].
func Core(ctx context.Context, root string, tags ...string) ([]byte, error) {
	flags := []string{"-ldflags=-s -w"}
	if len(tags) > 0 {
		flags = append(flags, "-tags="+strings.Join(tags, ","))
	}
	return buildCore(ctx, root, flags...)
}

// buildCore compiles the core on our versions of some standard packages.
func buildCore(ctx context.Context, root string, flags ...string) ([]byte, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "extism-js-overlay-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	cmd := exec.CommandContext(ctx, "go", "env", "GOROOT")
	cmd.Dir = root // whose go.mod chooses the toolchain
	goroot, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	file := filepath.Join(dir, "overlay.json")
	if err := overlay.Write(file, root, strings.TrimSpace(string(goroot))); err != nil {
		return nil, err
	}
	return goBuild(ctx, root, "js", corePackage, slices.Concat(coreFlags, []string{"-overlay=" + file}, flags)...)
}

func (b *builder) core(ctx context.Context) error {
	wasm, err := Core(ctx, b.root)
	if err != nil {
		return err
	}
	return b.write("extism.wasm", wasm)
}

// adapters copies the fixed modules. The bundles for browsers and Node contain
// them; the edge build imports them as files, because a worker there may not
// compile.
func (b *builder) adapters(context.Context) error {
	for _, name := range []string{"kernel.wasm", "gate.wasm", "wasi.wasm"} {
		if err := b.copy("internal/kernel/"+name, name); err != nil {
			return err
		}
	}
	return nil
}

func (b *builder) packageFiles(context.Context) error {
	if err := b.write("package.json", []byte(packageJSON())); err != nil {
		return err
	}
	for src, dst := range map[string]string{
		"web/types/extism.d.ts":       "extism.d.ts",
		"schema/manifest.schema.json": "manifest.schema.json",
		"README.md":                   "README.md",
		"LICENSE":                     "LICENSE",
	} {
		if err := b.copy(src, dst); err != nil {
			return err
		}
	}
	return nil
}

// plugins compiles the demo plug-ins that are written in Go and copies those
// whose modules are committed.
func (b *builder) plugins(ctx context.Context) error {
	greet, err := goBuild(ctx, b.root, "wasip1", "./examples/plugins/greet", "-ldflags=-s -w", "-buildmode=c-shared")
	if err != nil {
		return err
	}
	if err := b.write("plugins/greet.wasm", greet); err != nil {
		return err
	}
	found, err := filepath.Glob(filepath.Join(b.root, "examples", "plugins", "*", "*.wasm"))
	if err != nil {
		return err
	}
	for _, path := range found {
		src, err := filepath.Rel(b.root, path)
		if err != nil {
			return err
		}
		if err := b.copy(filepath.ToSlash(src), "plugins/"+filepath.Base(path)); err != nil {
			return err
		}
	}
	return nil
}

// page copies what lies directly in web/ for the browser; the glue and the shim
// are in the bundles.
func (b *builder) page(context.Context) error {
	entries, err := os.ReadDir(filepath.Join(b.root, "web"))
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !isPageFile(e) {
			continue
		}
		if err := b.copy("web/"+e.Name(), e.Name()); err != nil {
			return err
		}
	}
	return nil
}

func isPageFile(e fs.DirEntry) bool {
	if e.IsDir() {
		return false
	}
	switch filepath.Ext(e.Name()) {
	case ".html", ".css", ".svg", ".mjs":
		return !strings.HasSuffix(e.Name(), ".test.mjs")
	}
	return false
}
