package wazeroengine

import (
	"syscall"
	"testing"

	"github.com/tetratelabs/wazero/experimental"

	"github.com/extism-js/extism-js/internal/kernel"
)

// reserved is a memory that reserves its address space and touches none of it.
type reserved struct {
	t   *testing.T
	all []byte
}

func (r *reserved) Reallocate(size uint64) []byte { return r.all[:size] }

func (r *reserved) Free() {
	if err := syscall.Munmap(r.all); err != nil {
		r.t.Error(err)
	}
}

// The largest block that there can be, in a memory of all but 4 GiB.
func TestAllThereIs(t *testing.T) {
	e := newEngine(t, Options{})
	ctx := experimental.WithMemoryAllocator(t.Context(), experimental.MemoryAllocatorFunc(func(_, _ uint64) experimental.LinearMemory {
		all, err := syscall.Mmap(-1, 0, 1<<32, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_PRIVATE|syscall.MAP_ANON|syscall.MAP_NORESERVE)
		if err != nil {
			t.Fatal(err)
		}
		return &reserved{t, all}
	}))
	k, err := e.NewKernel(ctx, KernelConfig{ID: 1, Env: &fakeEnv{}})
	if err != nil {
		t.Fatal(err)
	}
	defer k.Close(t.Context())
	if off := k.Alloc(kernel.MaxBlock); off != kernel.HeapBase || k.Length(off) != kernel.MaxBlock {
		t.Fatalf("alloc gave %d", off)
	}
	const last = uint64(kernel.HeapBase + kernel.MaxBlock - 8)
	if _, err := k.Call(t.Context(), "store_u64", last, 0x0102030405060708); err != nil {
		t.Fatal(err)
	}
	if r, err := k.Call(t.Context(), "load_u64", last); err != nil || r[0] != 0x0102030405060708 {
		t.Errorf("got %#x, %v", r, err)
	}
	if off := k.Alloc(1 << 20); off != 0 {
		t.Errorf("another MiB at %d", off)
	}
	// The rest is little, and can be had to the last block.
	small := 0
	for k.Alloc(1000) != 0 {
		small++
	}
	if small == 0 || small > 200 {
		t.Errorf("%d small blocks", small)
	}
	k.Free(kernel.HeapBase)
	if off := k.Alloc(kernel.MaxBlock); off != kernel.HeapBase {
		t.Errorf("freed, it cannot be had again: %d", off)
	}
	k.Free(kernel.HeapBase)
	// Many small ones, so that descriptors and the table take their share.
	for range 50000 {
		if k.Alloc(1) == 0 {
			t.Fatal("no room")
		}
	}
	if off := k.Alloc(kernel.MaxBlock); off != 0 {
		t.Errorf("more than there is, at %d", off)
	}
	k.Begin(100)
	if k.Length(kernel.HeapBase) != 100 {
		t.Error("no input")
	}
}
