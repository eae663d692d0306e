package enginetest

import "testing"

func TestMemoryBounds(t *testing.T) {
	tests := []struct {
		off uint32
		n   int
		ok  bool
	}{
		{0, 0, true}, {0, 8, true}, {7, 1, true}, {8, 0, true},
		{0, 9, false}, {8, 1, false}, {9, 0, false}, {1<<32 - 1, 1, false}, {1<<32 - 1, 0, false},
	}
	for _, tt := range tests {
		m := NewMemory(8)
		if got := m.Read(tt.off, make([]byte, tt.n)); got != tt.ok {
			t.Errorf("Read(%d, %d bytes) = %v, want %v", tt.off, tt.n, got, tt.ok)
		}
		if got := m.Write(tt.off, make([]byte, tt.n)); got != tt.ok {
			t.Errorf("Write(%d, %d bytes) = %v, want %v", tt.off, tt.n, got, tt.ok)
		}
	}
}

func TestMemoryGrow(t *testing.T) {
	m := NewMemory(2)
	m.Write(0, []byte{1, 2})
	before := m.Bytes()
	m.Grow(1)
	if m.Size() != 3 || string(m.Bytes()) != "\x01\x02\x00" {
		t.Errorf("after Grow: %v", m.Bytes())
	}
	if m.Write(0, []byte{9}); before[0] != 1 {
		t.Error("old content still belongs to the memory")
	}
}
