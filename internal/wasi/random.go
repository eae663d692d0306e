package wasi

import "github.com/extism-js/extism-js/internal/engine"

// RandomGet is random_get(buf, buf_len): fills the buffer with random bytes
// that are fit for keys. With buf=8 and buf_len=3:
//
//	8    9    10   11
//	+----+----+----+
//	| r0 | r1 | r2 |
//	+----+----+----+
//
// The bytes pass through a fixed buffer, however many the guest asks for.
//
// Errors: EFAULT if the buffer is not all in the memory, which is then as it was.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#random_get
func (s *System) RandomGet(mem engine.Memory, buf, bufLen uint32) int32 {
	if !fits(mem, buf, uint64(bufLen)) {
		return ErrnoFault
	}
	for bufLen > 0 {
		n := min(bufLen, chunkSize)
		s.random(s.chunk[:n])
		if !mem.Write(buf, s.chunk[:n]) {
			return ErrnoFault
		}
		buf += n
		bufLen -= n
	}
	return ErrnoSuccess
}
