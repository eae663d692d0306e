package wasm

import (
	"fmt"
	"unicode/utf8"
)

// FormatError says that bytes are not a module in the binary format.
type FormatError struct {
	// Offset is where in the module reading failed, in bytes.
	Offset int
	// Reason is a short phrase, such as "unexpected end".
	Reason string
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("wasm: %s at offset %d", e.Reason, e.Offset)
}

// reader walks over bytes. After the first error it stands still, gives zeros and
// keeps that error, so that callers check once for a whole structure.
type reader struct {
	data []byte // of the module, from base on
	base int
	pos  int // from the start of the module
	end  int
	err  *FormatError
}

func (r *reader) fail(at int, reason string) {
	if r.err == nil {
		r.err = &FormatError{at, reason}
		r.pos = r.end
	}
}

func (r *reader) failed() bool { return r.err != nil }

func (r *reader) left() int { return r.end - r.pos }

func (r *reader) byte() byte {
	if r.pos >= r.end {
		r.fail(r.pos, "unexpected end")
		return 0
	}
	b := r.data[r.pos-r.base]
	r.pos++
	return b
}

// skip passes over n bytes and returns where they begin.
func (r *reader) skip(n uint32) int {
	at := r.pos
	if uint64(n) > uint64(r.left()) {
		r.fail(r.pos, "unexpected end")
		return at
	}
	r.pos += int(n)
	return at
}

// leb reads an unsigned LEB128 number of at most `bits` bits (core spec §5.2.2).
func (r *reader) leb(bits int) uint64 {
	at := r.pos
	var v uint64
	for shift := 0; ; shift += 7 {
		b := r.byte()
		if shift+7 > bits && b>>(max(bits-shift, 0)) != 0 {
			r.fail(at, "number too large")
		}
		if r.failed() {
			return 0
		}
		v |= uint64(b&0x7f) << shift
		if b < 0x80 {
			return v
		}
	}
}

func (r *reader) u32() uint32 { return uint32(r.leb(32)) }

// skipSigned passes over a signed LEB128 number of at most so many bytes.
func (r *reader) skipSigned(most int) {
	at := r.pos
	for range most {
		if r.byte() < 0x80 {
			return
		}
	}
	r.fail(at, "number too large")
}

// maxItems is how long a vector may be: what engines on the web accept for types,
// functions, imports and exports (WebAssembly JavaScript interface, §"Implementation
// limits").
const maxItems = 1_000_000

// count reads the length of a vector whose items take at least `least` bytes, so
// that a short module cannot make anyone allocate for a long vector.
func (r *reader) count(least int) int {
	at := r.pos
	n := r.u32()
	if n > maxItems {
		r.fail(at, "too many items")
		return 0
	}
	if uint64(n)*uint64(least) > uint64(r.left()) {
		r.fail(at, "more items than bytes")
		return 0
	}
	return int(n)
}

func (r *reader) name() string {
	n := r.u32()
	at := r.skip(n)
	if r.failed() {
		return ""
	}
	b := r.data[at-r.base : r.pos-r.base]
	if !utf8.Valid(b) {
		r.fail(at, "name is not UTF-8")
		return ""
	}
	return string(b)
}
