package wasi

import (
	"math"
	"testing"

	"github.com/extism-js/extism-js/internal/engine/enginetest"
)

func TestClocks(t *testing.T) {
	c := &clocks{real: 5_000, mono: 1_000}
	s := newSystem(t, func(o *Options) { *o = c.options() })
	c.real, c.mono = 7_000, 1_300
	m := enginetest.NewMemory(memSize)
	tests := []struct {
		id   uint64
		want int32
		time uint64
		res  uint64
	}{
		{0, 0, 7_000, 1e6},
		{1, 0, 1_300, 1e5},
		{2, 0, 300, 1e5},
		{3, 0, 300, 1e5},
		{4, ErrnoInval, 0, 0},
		{1<<32 - 1, ErrnoInval, 0, 0},
	}
	for _, tt := range tests {
		clear(m.Bytes())
		expect(t, tt.want, s, m, "clock_time_get", tt.id, 1<<64-1, 0)
		expect(t, tt.want, s, m, "clock_res_get", tt.id, 8)
		if u64(m, 0) != tt.time || u64(m, 8) != tt.res {
			t.Errorf("clock %d: time %d, resolution %d", tt.id, u64(m, 0), u64(m, 8))
		}
	}
}

func TestClockResolutionIsAnOption(t *testing.T) {
	s := newSystem(t, func(o *Options) { o.WalltimeResolution, o.NanotimeResolution = 7, 8 })
	m := enginetest.NewMemory(memSize)
	expect(t, 0, s, m, "clock_res_get", 0, 0)
	expect(t, 0, s, m, "clock_res_get", 1, 8)
	if u64(m, 0) != 7 || u64(m, 8) != 8 {
		t.Errorf("resolutions %d and %d", u64(m, 0), u64(m, 8))
	}
}

func TestWallClockBefore1970IsZero(t *testing.T) {
	s := newSystem(t, func(o *Options) { o.Walltime = func() int64 { return -1 } })
	m := enginetest.NewMemory(memSize)
	expect(t, 0, s, m, "clock_time_get", 0, 0, 0)
	if u64(m, 0) != 0 {
		t.Errorf("time is %d", u64(m, 0))
	}
}

func TestAddTime(t *testing.T) {
	for _, tt := range []struct{ t, d, want int64 }{
		{1, 2, 3}, {-5, 2, -3}, {math.MaxInt64, 0, math.MaxInt64},
		{math.MaxInt64, 1, math.MaxInt64}, {1, math.MaxInt64, math.MaxInt64},
	} {
		if got := addTime(tt.t, tt.d); got != tt.want {
			t.Errorf("addTime(%d, %d) = %d, want %d", tt.t, tt.d, got, tt.want)
		}
	}
}
