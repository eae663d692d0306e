package wasi

import "github.com/extism-js/extism-js/internal/engine"

// Numbers in a guest's memory are little-endian. encoding/binary is not used
// because it brings reflection into the core.

func get16(b []byte) uint16 { return uint16(b[0]) | uint16(b[1])<<8 }

func get32(b []byte) uint32 {
	_ = b[3]
	return uint32(b[0]) | uint32(b[1])<<8 | uint32(b[2])<<16 | uint32(b[3])<<24
}

func get64(b []byte) uint64 { return uint64(get32(b)) | uint64(get32(b[4:]))<<32 }

func put16(b []byte, v uint16) { b[0], b[1] = byte(v), byte(v>>8) }

func put32(b []byte, v uint32) {
	_ = b[3]
	b[0], b[1], b[2], b[3] = byte(v), byte(v>>8), byte(v>>16), byte(v>>24)
}

func put64(b []byte, v uint64) {
	put32(b, uint32(v))
	put32(b[4:], uint32(v>>32))
}

// fits tells if the n bytes at off lie in the memory. n is at most 2^32 times
// the size of a record, so the sum cannot wrap.
func fits(mem engine.Memory, off uint32, n uint64) bool {
	return uint64(off)+n <= mem.Size()
}

// written turns the outcome of a write to the guest into an error number.
func written(ok bool) int32 {
	if !ok {
		return ErrnoFault
	}
	return ErrnoSuccess
}

func (s *System) write32(mem engine.Memory, off, v uint32) int32 {
	put32(s.small[:], v)
	return written(mem.Write(off, s.small[:4]))
}

func (s *System) write64(mem engine.Memory, off uint32, v uint64) int32 {
	put64(s.small[:], v)
	return written(mem.Write(off, s.small[:8]))
}

// Limits on vectors.
const (
	vectorSize = 8
	// maxVectors bounds the work of one call; it is IOV_MAX of Linux and of
	// most other systems, beyond which POSIX has EINVAL.
	maxVectors = 1024
)

// vectors are the buffers of a read or write, as the guest describes them:
//
//	iovec:  buf u32 | len u32
//
// All of them have been found to lie in the memory.
type vectors struct {
	mem   engine.Memory
	off   uint32 // of the array
	count uint32
	total uint32 // bytes in all buffers
}

// vector gives the i-th buffer. They are fetched in batches, so i must count up
// from 0.
func (s *System) vector(v vectors, i uint32) (off, n uint32, ok bool) {
	slot := i % vectorBatch
	if slot == 0 {
		batch := min(v.count-i, vectorBatch)
		if !v.mem.Read(v.off+i*vectorSize, s.vectors[:batch*vectorSize]) {
			return 0, 0, false
		}
	}
	b := s.vectors[slot*vectorSize:]
	return get32(b), get32(b[4:]), true
}

// checkVectors reads the array once and checks every buffer. EFAULT: the array
// or a buffer is outside the memory. EINVAL: there are too many buffers, or
// together they have more bytes than a 32-bit result can tell.
func (s *System) checkVectors(mem engine.Memory, off, count uint32) (vectors, int32) {
	v := vectors{mem: mem, off: off, count: count}
	if count > maxVectors {
		return v, ErrnoInval
	}
	size := mem.Size()
	if uint64(off)+uint64(count)*vectorSize > size {
		return v, ErrnoFault
	}
	var total uint64
	for i := range count {
		buf, n, ok := s.vector(v, i)
		if !ok || uint64(buf)+uint64(n) > size {
			return v, ErrnoFault
		}
		total += uint64(n)
	}
	if total > 1<<32-1 {
		return v, ErrnoInval
	}
	v.total = uint32(total)
	return v, ErrnoSuccess
}

// scatter copies src into the guest's buffers, as much as they take. A guest
// whose buffers cover the array itself changes it on the way; the memory's own
// checks still hold.
func (s *System) scatter(v vectors, src []byte) (n uint32, errno int32) {
	for i := uint32(0); i < v.count && len(src) > 0; i++ {
		off, size, ok := s.vector(v, i)
		if !ok {
			return n, ErrnoFault
		}
		part := src[:min(uint64(size), uint64(len(src)))]
		if len(part) > 0 && !v.mem.Write(off, part) {
			return n, ErrnoFault
		}
		n += uint32(len(part))
		src = src[len(part):]
	}
	return n, ErrnoSuccess
}

// gather fills dst from the guest's buffers; n is less than len(dst) only if
// they hold less.
func (s *System) gather(v vectors, dst []byte) (n uint32, errno int32) {
	for i := uint32(0); i < v.count && len(dst) > 0; i++ {
		off, size, ok := s.vector(v, i)
		if !ok {
			return n, ErrnoFault
		}
		part := dst[:min(uint64(size), uint64(len(dst)))]
		if len(part) > 0 && !v.mem.Read(off, part) {
			return n, ErrnoFault
		}
		n += uint32(len(part))
		dst = dst[len(part):]
	}
	return n, ErrnoSuccess
}
