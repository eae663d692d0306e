//go:build js && wasm

package bridge

import (
	"strconv"
	"strings"

	"github.com/extism-js/extism-js/internal/plugin"
	"github.com/extism-js/extism-js/internal/wasm"
)

// hostImports puts the host functions that a plug-in's modules import into the
// outbox: four fields each, with a zero byte behind every field, which are the
// module's number, the namespace, the name, and the signature as encodeSignature
// gives it.
//
//go:wasmexport host_imports
func hostImports(id int32) {
	outbox = outbox[:0]
	e := find(id)
	if e == nil {
		return
	}
	for _, m := range e.HostImports() {
		for _, field := range [...]string{strconv.Itoa(m.Module), m.Namespace, m.Name, encodeSignature(m)} {
			outbox = append(append(outbox, escape(field)...), 0)
		}
	}
}

// hostAdapter puts the adapter for those functions into the outbox whose signatures
// are known, in that order.
//
//go:wasmexport host_adapter
func hostAdapter(id int32) {
	var known []wasm.FuncType
	if e := find(id); e != nil {
		for _, m := range e.HostImports() {
			if m.Type != nil {
				known = append(known, *m.Type)
			}
		}
	}
	reply(wasm.HostAdapter(known))
}

// encodeSignature gives a letter for each parameter, a colon, and a letter for each
// result, or "?" where the signature is not known.
func encodeSignature(m plugin.HostImport) string {
	if m.Type == nil {
		return "?"
	}
	var b strings.Builder
	for _, t := range m.Type.Params {
		b.WriteByte(letter(t))
	}
	b.WriteByte(':')
	for _, t := range m.Type.Results {
		b.WriteByte(letter(t))
	}
	return b.String()
}

func letter(t wasm.ValueType) byte {
	switch t {
	case wasm.I32:
		return 'i'
	case wasm.I64:
		return 'j'
	case wasm.F32:
		return 'f'
	case wasm.F64:
		return 'd'
	}
	return 'x'
}

// escape keeps the zero bytes of a name apart from those behind fields.
func escape(name string) string {
	if strings.IndexByte(name, 0) < 0 && strings.IndexByte(name, 1) < 0 {
		return name
	}
	return strings.ReplaceAll(strings.ReplaceAll(name, "\x01", "\x01o"), "\x00", "\x01z")
}
