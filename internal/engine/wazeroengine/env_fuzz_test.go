package wazeroengine

import (
	"bytes"
	"context"
	"encoding/binary"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/kernel"
	"github.com/extism-js/extism-js/internal/manifest"
)

// envModel knows what must be in a kernel and its environment: the blocks with
// their contents, the vars, and what has been logged.
type envModel struct {
	t       *testing.T
	p       *Plugin
	config  map[string]string
	maxVars int
	blocks  map[uint64][]byte
	order   []uint64 // offsets of blocks, live ones and those of before
	limit   uint64   // where the highest block of all has ended; nothing is stored beyond
	vars    map[string]string
	level   manifest.LogLevel
	logged  *[]string
	source  []byte // of choices; 0 for ever once it is used up
}

func (m *envModel) choose(n int) int {
	if len(m.source) == 0 {
		return 0
	}
	c := m.source[0]
	m.source = m.source[1:]
	return int(c) % n
}

func (m *envModel) number() uint64 {
	var b [8]byte
	m.source = m.source[copy(b[:], m.source):]
	return binary.LittleEndian.Uint64(b[:])
}

// offset is most often that of a block, else one that is near, wide of it, or wild.
func (m *envModel) offset() uint64 {
	off := uint64(0)
	how := m.choose(12)
	if len(m.order) > 0 {
		off = m.order[m.choose(len(m.order))]
	}
	switch how {
	case 0:
		return 0
	case 1:
		return m.number()
	case 2:
		return off + uint64(m.choose(256)) - 128
	case 3:
		return off | 1<<32
	case 4:
		return -off
	case 5:
		return uint64(m.choose(256)) * 8 // about the reserved bytes
	}
	return off
}

// text is a key that means something, or any bytes.
func (m *envModel) text() string {
	switch m.choose(8) {
	case 0:
		n := min(m.choose(64), len(m.source))
		text := string(m.source[:n])
		m.source = m.source[n:]
		return text
	case 1:
		return strings.Repeat("long", 16*m.choose(256))
	}
	return []string{"greeting", "", "__proto__", "\xff\x00", "empty", "a", "b", "c", "value"}[m.choose(9)]
}

// call calls a function of the environment; ok is false if that trapped.
func (m *envModel) call(function string, args ...uint64) (result uint64, ok bool) {
	m.t.Helper()
	r, err := m.p.kernel.Call(context.Background(), function, args...)
	if stop := m.p.machine.Env().TakeStop(); (stop != nil) != (err != nil) {
		m.t.Fatalf("%s%v: error %v, stopped for %v", function, args, err, stop)
	} else if stop != nil && strings.Contains(stop.Message, "panic") {
		m.t.Fatalf("%s%v: %v", function, args, stop)
	}
	if err != nil || len(r) == 0 {
		return 0, err == nil
	}
	return r[0], true
}

// passed gives the text that an argument stands for, and forgets the block: the
// host owns what a guest passes.
func (m *envModel) passed(off uint64) string {
	text := string(m.blocks[off])
	delete(m.blocks, off)
	return text
}

func (m *envModel) read(off uint64, n int) []byte {
	m.t.Helper()
	data := make([]byte, n)
	if off > 1<<32-1 || !m.p.kernel.Read(uint32(off), data) {
		m.t.Fatalf("%d bytes at %d are outside the memory", n, off)
	}
	return data
}

// born checks a new block and takes it in.
func (m *envModel) born(off uint64, n int) {
	m.t.Helper()
	if off < kernel.HeapBase || off%kernel.Alignment != 0 || m.blocks[off] != nil {
		m.t.Fatalf("a block of %d bytes at %d", n, off)
	}
	m.blocks[off] = m.read(off, n)
	m.order = append(m.order, off)
	m.limit = max(m.limit, (off+uint64(n)+kernel.Alignment-1)/kernel.Alignment*kernel.Alignment)
}

// given checks a result: a new block with a value, or none for no value. There may
// be no room for it, and then the guest is stopped.
func (m *envModel) given(function string, off uint64, ok bool, want string) {
	m.t.Helper()
	switch {
	case !ok && want != "":
	case off == 0 && want == "" && ok:
	case off == 0 || !ok:
		m.t.Fatalf("%s gives %d, %t instead of %q", function, off, ok, want)
	default:
		m.born(off, len(want))
		if got := m.blocks[off]; string(got) != want {
			m.t.Fatalf("%s gives %q, want %q", function, got, want)
		}
	}
}

func (m *envModel) step() {
	m.t.Helper()
	switch m.choose(9) {
	case 0:
		n := uint64(m.choose(256))
		if n == 255 {
			n = m.number()
		}
		if off, _ := m.call("alloc", n); off != 0 {
			m.born(off, int(n))
		}
	case 1:
		text := m.text()
		if off, _ := m.call("alloc", uint64(len(text))); off != 0 {
			m.p.kernel.Write(uint32(off), []byte(text))
			m.born(off, len(text))
		}
	case 2:
		off := m.offset()
		m.call("free", off)
		delete(m.blocks, off)
	case 3:
		off := m.offset()
		if n, _ := m.call("length", off); n != uint64(len(m.blocks[off])) {
			m.t.Fatalf("length(%d) gives %d, want %d", off, n, len(m.blocks[off]))
		}
	case 4:
		m.store(m.offset(), m.number())
	case 5:
		at := m.offset()
		key := m.passed(at)
		off, ok := m.call("config_get", at)
		m.given("config_get", off, ok, m.config[key])
	case 6:
		at := m.offset()
		key := m.passed(at)
		off, ok := m.call("var_get", at)
		m.given("var_get", off, ok, m.vars[key])
	case 7:
		m.varSet(m.offset(), m.offset())
	case 8:
		m.log(m.choose(5), m.offset())
	}
}

func (m *envModel) store(off, value uint64) {
	m.t.Helper()
	reserved := m.read(0, kernel.HeapBase)
	width, function := 8, "store_u64"
	if value%2 == 0 {
		width, function = 1, "store_u8"
	}
	m.call(function, off, value)
	if !bytes.Equal(reserved, m.read(0, kernel.HeapBase)) {
		m.t.Fatalf("%s(%d) has changed reserved bytes", function, off)
	}
	if off < kernel.HeapBase || off > m.limit-uint64(width) || m.limit == 0 {
		return // all of it is ignored
	}
	bytes := binary.LittleEndian.AppendUint64(nil, value)[:width]
	for start, block := range m.blocks {
		for i, b := range bytes {
			if at := off + uint64(i) - start; at < uint64(len(block)) {
				block[at] = b
			}
		}
	}
}

func (m *envModel) varSet(keyAt, valueAt uint64) {
	m.t.Helper()
	value := string(m.blocks[valueAt])
	key := m.passed(keyAt)
	m.passed(valueAt)
	_, ok := m.call("var_set", keyAt, valueAt)
	if valueAt == 0 {
		delete(m.vars, key)
		if !ok {
			m.t.Fatalf("deleting %q stops the guest", key)
		}
		return
	}
	after := maps.Clone(m.vars)
	after[key] = value
	size := 0
	for k, v := range after {
		size += len(k) + len(v)
	}
	if fits := size <= m.maxVars; fits != ok {
		m.t.Fatalf("var_set of %q: %t; vars of %d bytes, and %d are allowed", key, ok, size, m.maxVars)
	}
	if ok {
		m.vars = after
	}
}

func (m *envModel) log(level int, off uint64) {
	m.t.Helper()
	text := m.passed(off)
	*m.logged = nil
	m.call([]string{"log_trace", "log_debug", "log_info", "log_warn", "log_error"}[level], off)
	want := []string{text}
	if manifest.LogLevel(level) < m.level {
		want = nil
	}
	if !slices.Equal(*m.logged, want) {
		m.t.Fatalf("logged %q, want %q", *m.logged, want)
	}
}

// check compares all blocks and vars.
func (m *envModel) check() {
	m.t.Helper()
	for off, block := range m.blocks {
		if n := m.p.kernel.Length(uint32(off)); int(n) != len(block) {
			m.t.Fatalf("the block at %d has %d bytes, want %d", off, n, len(block))
		}
		if got := m.read(off, len(block)); !bytes.Equal(got, block) {
			m.t.Fatalf("the block at %d holds %q, want %q", off, got, block)
		}
	}
	for key, want := range m.vars {
		if got, ok := m.p.machine.Env().Var([]byte(key)); !ok || string(got) != want {
			m.t.Fatalf("the var %q is %q, %t; want %q", key, got, ok, want)
		}
	}
}

// FuzzEnvironment has a guest do anything to its kernel and its environment, with
// offsets of every kind: what is passed is freed, nothing else is changed, no block
// or var is another than it was set to, and nothing panics.
func FuzzEnvironment(f *testing.F) {
	guest, err := os.ReadFile("testdata/guest.wasm")
	if err != nil {
		f.Fatal(err)
	}
	e, err := New(f.Context(), Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { e.Close(context.Background()) })
	config := map[string]string{
		"greeting": "hello", "": "nameless", "__proto__": "own", "\xff\x00": "binary", "empty": "",
		"a": strings.Repeat("much", 5000),
	}
	maxVars, pages := uint64(600), uint32(2)
	var logged []string
	c := Config{
		Modules:  [][]byte{guest},
		Manifest: &manifest.Manifest{Wasm: make([]manifest.Wasm, 1), Config: config},
		Options:  &manifest.Options{UseWASI: true, LogLevel: manifest.LogInfo},
		Logger: func(_ manifest.LogLevel, text string) error {
			logged = append(logged, text)
			return nil
		},
	}
	c.Manifest.Memory.MaxVarBytes, c.Manifest.Memory.MaxPages = &maxVars, &pages
	p, err := e.NewPlugin(f.Context(), c)
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { p.Close(context.Background()) })

	f.Add([]byte{1, 2, 0, 5, 7, 1})                                    // a key, looked up
	f.Add([]byte{1, 2, 5, 1, 2, 8, 7, 6, 0, 6, 1, 1, 2, 5, 6, 6, 2})   // a var, set and got
	f.Add([]byte{0, 255, 1, 2, 3, 4, 5, 6, 7, 8, 4, 5, 100, 9, 9})     // wild sizes and offsets
	f.Add(bytes.Repeat([]byte{1, 2, 5, 5, 6, 255}, 40))                // until there is no room
	f.Add(bytes.Repeat([]byte{1, 2, 5, 1, 2, 8, 7, 6, 0, 7, 255}, 30)) // vars until they are full
	f.Fuzz(func(t *testing.T, source []byte) {
		p.kernel.Begin(0)
		if !p.machine.Env().SetVars(nil) {
			t.Fatal("no vars at all are refused")
		}
		m := &envModel{
			t: t, p: p, config: config, maxVars: int(maxVars), blocks: map[uint64][]byte{}, vars: map[string]string{},
			level: manifest.LogInfo, logged: &logged, source: source,
		}
		for range 400 {
			if len(m.source) == 0 {
				break
			}
			m.step()
			m.check()
		}
	})
}
