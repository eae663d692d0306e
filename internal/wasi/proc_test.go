package wasi

import (
	"testing"

	"github.com/extism-js/extism-js/internal/engine/enginetest"
)

func TestProc(t *testing.T) {
	for _, code := range []uint32{0, 1, 1<<32 - 1} {
		s, m := newSystem(t, nil), enginetest.NewMemory(0)
		if _, exited := s.ExitCode(); exited {
			t.Error("exited before proc_exit")
		}
		expect(t, ErrnoNosys, s, m, "proc_raise", 6)
		expect(t, 0, s, m, "sched_yield")
		expect(t, Stop, s, m, "proc_exit", uint64(code))
		if got, exited := s.ExitCode(); !exited || got != code {
			t.Errorf("exit code %d, %v; want %d", got, exited, code)
		}
	}
}
