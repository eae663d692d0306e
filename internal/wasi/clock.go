package wasi

import (
	"math"

	"github.com/extism-js/extism-js/internal/engine"
)

// Clocks of preview 1 (clockid).
const (
	clockRealtime uint32 = iota
	clockMonotonic
	clockProcessCPU
	clockThreadCPU
)

// monotonic is the guest's monotonic clock: the platform's, but never behind the
// end of a sleep that the guest has finished. If the sleep was cut short, because
// the platform's clock stood still, the guest's clock waits there until the
// platform's has caught up. Otherwise a guest that checks the time after sleeping,
// as Go's scheduler does, would ask for the same sleep for ever.
func (s *System) monotonic() int64 { return max(s.nanotime(), s.floor) }

// realtime is the wall clock, ahead by as much as the monotonic clock is.
func (s *System) realtime() int64 {
	now := s.walltime()
	if s.floor == 0 {
		return max(now, 0)
	}
	return max(addTime(now, max(s.floor-s.nanotime(), 0)), 0)
}

// clock reads one of the guest's clocks; false if there is none with this id.
//
// The time that a page's processor spent on a guest is not to be had. Both CPU
// clocks tell the time since the instance was made: an upper bound.
func (s *System) clock(id uint32) (ns int64, ok bool) {
	switch id {
	case clockRealtime:
		return s.realtime(), true
	case clockMonotonic:
		return s.monotonic(), true
	case clockProcessCPU, clockThreadCPU:
		return max(s.monotonic()-s.started, 0), true
	}
	return 0, false
}

// addTime adds d >= 0 to t and stays at the largest time instead of wrapping.
func addTime(t, d int64) int64 {
	if t > math.MaxInt64-d {
		return math.MaxInt64
	}
	return t + d
}

// ClockResGet is clock_res_get(id) -> resolution: the clock's smallest step in
// nanoseconds, as in [Options]. With a resolution of 1 ms:
//
//	resolution
//	+---------------+
//	| 1000000 u64   |
//	+---------------+
//
// Errors: EINVAL if there is no such clock, EFAULT.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#clock_res_get
func (s *System) ClockResGet(mem engine.Memory, id, resolution uint32) int32 {
	switch id {
	case clockRealtime:
		return s.write64(mem, resolution, s.walltimeResolution)
	case clockMonotonic, clockProcessCPU, clockThreadCPU:
		return s.write64(mem, resolution, s.nanotimeResolution)
	}
	return ErrnoInval
}

// ClockTimeGet is clock_time_get(id, precision) -> time in nanoseconds: since
// 1970 UTC for the realtime clock, since an arbitrary moment for the monotonic
// one, since the instance was made for the CPU clocks. The precision asked for
// changes nothing: clocks are always as precise as they can be.
//
//	time
//	+---------------------------+
//	| 1640995200000000000 u64   |
//	+---------------------------+
//
// Errors: EINVAL if there is no such clock, EFAULT.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#clock_time_get
func (s *System) ClockTimeGet(mem engine.Memory, id uint32, precision uint64, time uint32) int32 {
	now, ok := s.clock(id)
	if !ok {
		return ErrnoInval
	}
	return s.write64(mem, time, uint64(now))
}
