package enginetest

import "testing"

func TestKernelAllocates(t *testing.T) {
	k := NewKernel(48)
	off, n := k.Store("abc")
	if off == 0 || n != 3 {
		t.Fatalf("block at %d of %d bytes", off, n)
	}
	if s, ok := k.Block(off); s != "abc" || !ok {
		t.Errorf("block is %q, %t", s, ok)
	}
	if _, ok := k.Block(off + 1); ok {
		t.Error("there is a block inside the block")
	}
	if got := k.Alloc(0); got != 0 {
		t.Errorf("an empty block is at %d", got)
	}
	if got := k.Alloc(33); got != 0 {
		t.Errorf("a block that is too long is at %d", got)
	}
	if got := k.Alloc(32); got != off+16 {
		t.Errorf("the block that just fits is at %d", got)
	}
	if got := k.Alloc(1); got != 0 {
		t.Errorf("a block of a full kernel is at %d", got)
	}
	if k.Blocks() != 2 {
		t.Errorf("%d blocks, want 2", k.Blocks())
	}
}
