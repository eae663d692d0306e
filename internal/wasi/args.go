package wasi

import (
	"errors"
	"strings"

	"github.com/extism-js/extism-js/internal/engine"
)

// stringList is a list of strings as guests receive it: all of them in one
// buffer, each ended by a NUL.
type stringList struct {
	bytes   []byte
	offsets []uint32 // where each string starts in bytes
}

func newStringList(list []string) (stringList, error) {
	var l stringList
	var size uint64
	for _, v := range list {
		if strings.IndexByte(v, 0) >= 0 {
			return l, errors.New("wasi: argument or environment entry contains a NUL byte: " + v)
		}
		size += uint64(len(v)) + 1
	}
	if size+4*uint64(len(list)) > 1<<32-1 {
		return l, errors.New("wasi: arguments or environment do not fit a guest's memory")
	}
	l.bytes = make([]byte, 0, size)
	l.offsets = make([]uint32, 0, len(list))
	for _, v := range list {
		l.offsets = append(l.offsets, uint32(len(l.bytes)))
		l.bytes = append(append(l.bytes, v...), 0)
	}
	return l, nil
}

// writeSizes writes the two numbers from which the guest sizes its buffers.
func (s *System) writeSizes(mem engine.Memory, l *stringList, count, size uint32) int32 {
	if !fits(mem, count, 4) || !fits(mem, size, 4) {
		return ErrnoFault
	}
	if errno := s.write32(mem, count, uint32(len(l.offsets))); errno != 0 {
		return errno
	}
	return s.write32(mem, size, uint32(len(l.bytes)))
}

// writeList writes the strings to buf and their offsets to pointers.
func (s *System) writeList(mem engine.Memory, l *stringList, pointers, buf uint32) int32 {
	if !fits(mem, pointers, 4*uint64(len(l.offsets))) || !fits(mem, buf, uint64(len(l.bytes))) {
		return ErrnoFault
	}
	if len(l.bytes) == 0 {
		return ErrnoSuccess
	}
	for rest := l.offsets; len(rest) > 0; {
		n := min(len(rest), chunkSize/4)
		for i, off := range rest[:n] {
			put32(s.chunk[4*i:], buf+off)
		}
		if !mem.Write(pointers, s.chunk[:4*n]) {
			return ErrnoFault
		}
		pointers += uint32(4 * n)
		rest = rest[n:]
	}
	return written(mem.Write(buf, l.bytes))
}

// ArgsGet is args_get(argv, argv_buf): the command line. With the arguments "a"
// and "bc", argv=16 and argv_buf=32:
//
//	argv                       argv_buf
//	16          20             32  33  34  35  36
//	+-----------+-----------+  +---+---+---+---+---+
//	| 32 u32    | 34 u32    |  | a | 0 | b | c | 0 |
//	+-----------+-----------+  +---+---+---+---+---+
//
// Errors: EFAULT if either does not fit; the memory is then as it was.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#args_get
func (s *System) ArgsGet(mem engine.Memory, argv, argvBuf uint32) int32 {
	return s.writeList(mem, &s.args, argv, argvBuf)
}

// ArgsSizesGet is args_sizes_get() -> (argc, argv_buf_size): how many arguments
// there are and how many bytes they take, each with a NUL. The arguments "a" and
// "bc":
//
//	argc            argv_buf_size
//	+----------+    +----------+
//	| 2 u32    |    | 5 u32    |
//	+----------+    +----------+
//
// Errors: EFAULT.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#args_sizes_get
func (s *System) ArgsSizesGet(mem engine.Memory, argc, argvBufSize uint32) int32 {
	return s.writeSizes(mem, &s.args, argc, argvBufSize)
}

// EnvironGet is environ_get(environ, environ_buf): the environment as
// "KEY=value" strings, laid out like the arguments of [System.ArgsGet]:
//
//	environ           environ_buf
//	+-----+-----+     +---+---+---+---+---+---+---+---+
//	| u32 | u32 |     | A | = | 1 | 0 | B | = | 2 | 0 |
//	+--|--+--|--+     +---+---+---+---+---+---+---+---+
//	   |     +----------------------- ^
//	   +------------- ^
//
// Errors: EFAULT.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#environ_get
func (s *System) EnvironGet(mem engine.Memory, environ, environBuf uint32) int32 {
	return s.writeList(mem, &s.env, environ, environBuf)
}

// EnvironSizesGet is environ_sizes_get() -> (environc, environ_buf_size), laid
// out like [System.ArgsSizesGet]:
//
//	environc        environ_buf_size
//	+----------+    +----------+
//	| u32      |    | u32      |
//	+----------+    +----------+
//
// Errors: EFAULT.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#environ_sizes_get
func (s *System) EnvironSizesGet(mem engine.Memory, environc, environBufSize uint32) int32 {
	return s.writeSizes(mem, &s.env, environc, environBufSize)
}
