package wasi

import (
	"testing"

	"github.com/extism-js/extism-js/internal/engine/enginetest"
)

func TestArgsAndEnviron(t *testing.T) {
	tests := []struct {
		name     string
		list     []string
		pointers []uint32 // relative to the buffer
		bytes    string
	}{
		{"none", nil, nil, ""},
		{"one", []string{"A=1"}, []uint32{0}, "A=1\x00"},
		{"two", []string{"A=1", "BC="}, []uint32{0, 4}, "A=1\x00BC=\x00"},
		{"not ASCII", []string{"Ä=ö"}, []uint32{0}, "Ä=ö\x00"},
	}
	for _, tt := range tests {
		for _, what := range []string{"args", "environ"} {
			s := newSystem(t, func(o *Options) {
				if what == "args" {
					o.Args = tt.list
				} else {
					o.Env = tt.list
				}
			})
			m := enginetest.NewMemory(memSize)
			expect(t, 0, s, m, what+"_sizes_get", 0, 4)
			if int(u32(m, 0)) != len(tt.list) || int(u32(m, 4)) != len(tt.bytes) {
				t.Errorf("%s, %s: sizes %d, %d", tt.name, what, u32(m, 0), u32(m, 4))
			}
			expect(t, 0, s, m, what+"_get", 16, 64)
			for i, p := range tt.pointers {
				if got := u32(m, uint32(16+4*i)); got != 64+p {
					t.Errorf("%s, %s: pointer %d is %d", tt.name, what, i, got)
				}
			}
			if got := string(m.Bytes()[64 : 65+len(tt.bytes)]); got != tt.bytes+"\x00" {
				t.Errorf("%s, %s: %q", tt.name, what, got)
			}
		}
	}
}

func TestMoreArgsThanTheScratchHolds(t *testing.T) {
	list := make([]string, 3000)
	for i := range list {
		list[i] = "x"
	}
	s := newSystem(t, func(o *Options) { o.Args = list })
	m := enginetest.NewMemory(memSize)
	expect(t, 0, s, m, "args_get", 0, 20000)
	for i := range list {
		if got := u32(m, uint32(4*i)); got != uint32(20000+2*i) {
			t.Fatalf("pointer %d is %d", i, got)
		}
	}
	if u32(m, 12000) != 0 {
		t.Error("wrote past the pointers")
	}
}
