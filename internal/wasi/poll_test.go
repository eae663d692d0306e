package wasi

import (
	"encoding/binary"
	"math"
	"slices"
	"testing"

	"github.com/extism-js/extism-js/internal/engine/enginetest"
)

// sub is one subscription of a test; its userdata is its index plus 100.
type sub struct {
	tag     uint8
	id      uint32
	timeout uint64
	flags   uint16
}

func putSubs(m *enginetest.Memory, off int, subs []sub) {
	for i, x := range subs {
		b := m.Bytes()[off+48*i:]
		binary.LittleEndian.PutUint64(b, uint64(100+i))
		b[8] = x.tag
		binary.LittleEndian.PutUint32(b[16:], x.id)
		binary.LittleEndian.PutUint64(b[24:], x.timeout)
		binary.LittleEndian.PutUint16(b[40:], x.flags)
	}
}

// ev is one event: of which subscription, and what.
type ev struct {
	index  int
	errno  uint16
	tag    uint8
	nbytes uint64
	flags  uint16
}

func events(m *enginetest.Memory, off uint32, n uint32) (list []ev) {
	for i := range n {
		p := off + 32*i
		list = append(list, ev{int(u64(m, p)) - 100, u16(m, p+8), m.Bytes()[p+10], u64(m, p+16), u16(m, p+24)})
	}
	return list
}

func TestPollOneoff(t *testing.T) {
	const real, mono = 1_700_000_000e9, 1e9 // as newSystem's clocks
	tests := []struct {
		name  string
		stdin string
		subs  []sub
		slept int64
		want  []ev
	}{
		{"a sleep", "", []sub{{0, 1, 50, 0}}, 50, []ev{{0, 0, 0, 0, 0}}},
		{"a sleep by the wall clock", "", []sub{{0, 0, 50, 0}}, 50, []ev{{0, 0, 0, 0, 0}}},
		{"no time", "", []sub{{0, 1, 0, 0}}, 0, []ev{{0, 0, 0, 0, 0}}},
		{"until a moment", "", []sub{{0, 1, mono + 70, 1}}, 70, []ev{{0, 0, 0, 0, 0}}},
		{"until a moment of the wall clock", "", []sub{{0, 0, real + 70, 1}}, 70, []ev{{0, 0, 0, 0, 0}}},
		{"until a moment that has passed", "", []sub{{0, 0, real - 70, 1}}, 0, []ev{{0, 0, 0, 0, 0}}},
		{"until a moment long passed", "", []sub{{0, 1, 0, 1}}, 0, []ev{{0, 0, 0, 0, 0}}},
		{"longest", "", []sub{{0, 1, math.MaxUint64, 0}}, math.MaxInt64, []ev{{0, 0, 0, 0, 0}}},
		{"first of several", "", []sub{{0, 1, 90, 0}, {0, 1, 30, 0}, {0, 0, 30, 0}}, 30, []ev{{1, 0, 0, 0, 0}, {2, 0, 0, 0, 0}}},
		{"input is there", "abc", []sub{{0, 1, 90, 0}, {1, 0, 0, 0}}, 0, []ev{{1, 0, 1, 3, 0}}},
		{"input has ended", "", []sub{{0, 1, 90, 0}, {1, 0, 0, 0}}, 0, []ev{{1, 0, 1, 0, 1}}},
		{"output is taken", "", []sub{{2, 1, 0, 0}, {2, 2, 0, 0}}, 0, []ev{{0, 0, 2, maxLine, 0}, {1, 0, 2, maxLine, 0}}},
		{"wrong direction", "", []sub{{2, 0, 0, 0}, {1, 1, 0, 0}}, 0, []ev{{0, 8, 2, 0, 0}, {1, 8, 1, 0, 0}}},
		{"not open", "", []sub{{1, 3, 0, 0}, {2, 1<<32 - 1, 0, 0}}, 0, []ev{{0, 8, 1, 0, 0}, {1, 8, 2, 0, 0}}},
		{"CPU clocks", "", []sub{{0, 2, 9, 0}, {0, 3, 9, 0}}, 0, []ev{{0, 58, 0, 0, 0}, {1, 58, 0, 0, 0}}},
		{"no such clock", "", []sub{{0, 4, 9, 0}}, 0, []ev{{0, 28, 0, 0, 0}}},
		{"no such flag", "", []sub{{0, 1, 9, 2}}, 0, []ev{{0, 28, 0, 0, 0}}},
		{"no such kind", "", []sub{{3, 1, 9, 0}, {255, 0, 0, 0}}, 0, []ev{{0, 28, 3, 0, 0}, {1, 28, 255, 0, 0}}},
		{"an error does not wait", "", []sub{{0, 1, 9, 0}, {0, 9, 9, 0}}, 0, []ev{{1, 28, 0, 0, 0}}},
	}
	for _, tt := range tests {
		var slept int64
		s := newSystem(t, func(o *Options) {
			o.Stdin = []byte(tt.stdin)
			o.Sleep = func(ns int64) bool { slept += ns; return true }
		})
		m := enginetest.NewMemory(memSize)
		putSubs(m, 64, tt.subs)
		expect(t, 0, s, m, "poll_oneoff", 64, 4096, uint64(len(tt.subs)), 32)
		if got := events(m, 4096, u32(m, 32)); !slices.Equal(got, tt.want) {
			t.Errorf("%s: events %v, want %v", tt.name, got, tt.want)
		}
		if slept != tt.slept {
			t.Errorf("%s: slept %d ns, want %d", tt.name, slept, tt.slept)
		}
	}
}

func TestPollOneoffErrors(t *testing.T) {
	m := enginetest.NewMemory(4 * memSize)
	putSubs(m, 0, []sub{{0, 1, 50, 0}})
	for _, tt := range []struct {
		in, out, n uint64
		want       int32
	}{
		{0, 64, 0, ErrnoInval},
		{0, 64, maxSubscriptions, ErrnoSuccess},
		{0, 64, maxSubscriptions + 1, ErrnoInval},
		{0, 64, 1<<32 - 1, ErrnoInval},
		{0, 4*memSize - 31, 1, ErrnoFault},
		{4*memSize - 47, 64, 1, ErrnoFault},
	} {
		expect(t, tt.want, newSystem(t, nil), m, "poll_oneoff", tt.in, tt.out, tt.n, 48)
	}
}

func TestPollOneoffStops(t *testing.T) {
	s := newSystem(t, func(o *Options) { o.Sleep = func(int64) bool { return false } })
	m := enginetest.NewMemory(memSize)
	putSubs(m, 64, []sub{{0, 1, 50, 0}})
	expect(t, Stop, s, m, "poll_oneoff", 64, 4096, 1, 32)
	if _, exited := s.ExitCode(); exited {
		t.Error("taken for an exit")
	}
}

func poll(t *testing.T, s *System, ns uint64) {
	t.Helper()
	m := enginetest.NewMemory(memSize)
	putSubs(m, 64, []sub{{0, 1, ns, 0}})
	expect(t, 0, s, m, "poll_oneoff", 64, 4096, 1, 32)
}

func clock(t *testing.T, s *System, id uint64) int64 {
	t.Helper()
	m := enginetest.NewMemory(8)
	expect(t, 0, s, m, "clock_time_get", id, 0, 0)
	return int64(u64(m, 0))
}

// TestSleepOnAClockThatStandsStill: the guest's clocks show that it slept, and
// wait for the platform's.
func TestSleepOnAClockThatStandsStill(t *testing.T) {
	c := &clocks{real: 5_000_000, mono: 1_000}
	s := newSystem(t, func(o *Options) { *o = c.options() }) // with the default Sleep
	for i := range int64(3) {
		poll(t, s, 100)
		if got, want := clock(t, s, 1), 1_000+100*(i+1); got != want {
			t.Errorf("sleep %d: monotonic clock %d, want %d", i, got, want)
		}
		if got, want := clock(t, s, 0), 5_000_000+100*(i+1); got != want {
			t.Errorf("sleep %d: wall clock %d, want %d", i, got, want)
		}
	}
	c.mono, c.real = 1_200, 5_000_200
	if got := clock(t, s, 1); got != 1_300 {
		t.Errorf("monotonic clock %d while the platform catches up", got)
	}
	if got := clock(t, s, 0); got != 5_000_300 {
		t.Errorf("wall clock %d while the platform catches up", got)
	}
	c.mono, c.real = 1_400, 5_000_400
	if mono, real := clock(t, s, 1), clock(t, s, 0); mono != 1_400 || real != 5_000_400 {
		t.Errorf("clocks %d and %d after the platform caught up", mono, real)
	}
}

func TestSpinWaitsForAClockThatMoves(t *testing.T) {
	c := &clocks{mono: 1_000, step: 7}
	s := newSystem(t, func(o *Options) { *o = c.options() })
	before := c.mono
	poll(t, s, 1_000)
	if c.mono-before < 1_000 {
		t.Errorf("waited %d ns, want 1000", c.mono-before)
	}
	if s.floor != 0 {
		t.Error("the guest's clock was put forward")
	}
}

func TestSpinGivesUpOnAClockThatStandsStill(t *testing.T) {
	reads := 0
	now := int64(1_000)
	s := newSystem(t, func(o *Options) {
		o.Nanotime = func() int64 { reads++; return now }
		o.Sleep = nil
	})
	poll(t, s, 1_000)
	if reads < maxStill || reads > maxStill+100 {
		t.Errorf("%d readings, want about %d", reads, maxStill)
	}
	reads = 0
	poll(t, s, 1_000)
	if reads > 100 {
		t.Errorf("%d readings of a clock known to stand still", reads)
	}
	now++
	reads = 0
	poll(t, s, 1_000)
	if reads < maxStill {
		t.Errorf("%d readings of a clock that has moved", reads)
	}
}
