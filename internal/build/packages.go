package build

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"text/tabwriter"
)

// PackageCost is how many bytes of the uncompressed core one Go package takes.
type PackageCost struct {
	// Package is an import path; "(data)" for the whole data section and
	// "(other)" for code that belongs to no package.
	Package string
	Bytes   int64
}

const (
	costData  = "(data)"
	costOther = "(other)"
)

// PackageCosts compiles the core with its names and adds up the size of its
// functions by package, the largest first. Data cannot be told apart: the
// linker writes it as one section without symbols.
func PackageCosts(ctx context.Context, root string) ([]PackageCost, error) {
	wasm, err := buildCore(ctx, root)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	paths, err := corePackages(ctx, root)
	if err != nil {
		return nil, fmt.Errorf("build: %w", err)
	}
	syms, data, err := functionSizes(wasm)
	if err != nil {
		return nil, fmt.Errorf("build: reading the core: %w", err)
	}
	return groupByPackage(syms, paths, data), nil
}

func corePackages(ctx context.Context, root string) ([]string, error) {
	cmd := exec.CommandContext(ctx, "go", "list", "-deps", corePackage)
	cmd.Dir = root
	cmd.Env = append(os.Environ(), "GOOS=js", "GOARCH=wasm")
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	return strings.Fields(string(out)), nil
}

// unsafeInName is what the Go linker replaces by "_" in the name section.
var unsafeInName = regexp.MustCompile(`[^\w.]`)

func groupByPackage(syms []symbol, paths []string, data int64) []PackageCost {
	// The longest prefix wins, so that "internal/a.b" is not taken for "internal".
	byName := map[string]string{}
	for _, p := range paths {
		if p == modulePath+strings.TrimPrefix(corePackage, ".") {
			byName["main"] = p
		}
		byName[unsafeInName.ReplaceAllString(p, "_")] = p
	}
	sum := map[string]int64{costData: data}
	for _, s := range syms {
		sum[packageOf(s.name, byName)] += s.size
	}
	costs := make([]PackageCost, 0, len(sum))
	for p, n := range sum {
		costs = append(costs, PackageCost{p, n})
	}
	slices.SortFunc(costs, func(a, b PackageCost) int {
		if a.Bytes != b.Bytes {
			return int(b.Bytes - a.Bytes)
		}
		return strings.Compare(a.Package, b.Package)
	})
	return costs
}

func packageOf(symbol string, byName map[string]string) string {
	for i := len(symbol) - 1; i > 0; i-- {
		if symbol[i] != '.' {
			continue
		}
		if p, ok := byName[symbol[:i]]; ok {
			return p
		}
	}
	return costOther
}

// WritePackageCosts prints costs as a table, in bytes and per cent.
func WritePackageCosts(w io.Writer, costs []PackageCost) {
	var total int64
	for _, c := range costs {
		total += c.Bytes
	}
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(tw, "bytes\tshare\tpackage")
	for _, c := range costs {
		fmt.Fprintf(tw, "%9s\t%4.1f %%\t%s\n", thousands(c.Bytes), 100*float64(c.Bytes)/float64(total), c.Package)
	}
	tw.Flush()
}

// symbol is one function of a module with the size of its code in bytes.
type symbol struct {
	name string
	size int64
}

// Section numbers of the binary format (core spec §5.5.2).
const (
	sectionCustom = 0
	sectionImport = 2
	sectionCode   = 10
	sectionData   = 11
)

// functionSizes reads a module's code, data and name sections.
func functionSizes(wasm []byte) (syms []symbol, data int64, err error) {
	if !bytes.HasPrefix(wasm, []byte("\x00asm\x01\x00\x00\x00")) {
		return nil, 0, errors.New("not a WebAssembly module")
	}
	r := &reader{rest: wasm[8:]}
	var sizes []int64
	names := map[uint64]string{}
	imported := uint64(0)
	for len(r.rest) > 0 && r.err == nil {
		id := r.byte()
		body := &reader{rest: r.bytes(r.uint())}
		switch id {
		case sectionImport:
			imported = importedFunctions(body)
		case sectionCode:
			for range body.uint() {
				n := body.uint()
				body.bytes(n)
				sizes = append(sizes, int64(n))
				if body.err != nil {
					break
				}
			}
		case sectionData:
			data = int64(len(body.rest))
		case sectionCustom:
			if string(body.bytes(body.uint())) == "name" {
				functionNames(body, names)
			}
		}
		r.err = errors.Join(r.err, body.err)
	}
	for i, n := range sizes {
		syms = append(syms, symbol{names[imported+uint64(i)], n})
	}
	return syms, data, r.err
}

// importedFunctions counts the functions of an import section; they come first
// in the function index space. Go's modules import nothing else, which keeps
// this short: other kinds are an error.
func importedFunctions(r *reader) uint64 {
	n := r.uint()
	for range n {
		r.bytes(r.uint())
		r.bytes(r.uint())
		if kind := r.byte(); kind != 0 && r.err == nil {
			r.err = fmt.Errorf("import of kind %d", kind)
		}
		r.uint()
		if r.err != nil {
			return 0
		}
	}
	return n
}

// functionNames reads subsection 1 of the name section (core spec §7.4.2).
func functionNames(r *reader, names map[uint64]string) {
	for len(r.rest) > 0 && r.err == nil {
		id := r.byte()
		sub := &reader{rest: r.bytes(r.uint())}
		if id != 1 {
			continue
		}
		for range sub.uint() {
			i := sub.uint()
			names[i] = string(sub.bytes(sub.uint()))
			if sub.err != nil {
				r.err = sub.err
				return
			}
		}
	}
}

// reader takes values from the front of a slice; after the first error it gives
// zeros.
type reader struct {
	rest []byte
	err  error
}

func (r *reader) uint() uint64 {
	v, n := binary.Uvarint(r.rest)
	if n <= 0 {
		r.fail()
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) bytes(n uint64) []byte {
	if n > uint64(len(r.rest)) {
		r.fail()
		return nil
	}
	b := r.rest[:n]
	r.rest = r.rest[n:]
	return b
}

func (r *reader) byte() byte {
	if b := r.bytes(1); len(b) == 1 {
		return b[0]
	}
	return 0
}

func (r *reader) fail() {
	if r.err == nil {
		r.err = io.ErrUnexpectedEOF
	}
	r.rest = nil
}
