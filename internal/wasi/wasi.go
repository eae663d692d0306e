// Package wasi implements wasi_snapshot_preview1 for guests whose memory is
// reached through [engine.Memory].
//
// # How functions answer
//
// Each of the 46 functions of the specification is a method of [System] with
// the guest's arguments and an int32 result:
//
//   - an error number, zero or more, is handed to the guest as it is;
//   - an error number with the bit [OutputPending] set: the caller drains
//     [System.TakeOutput] and hands the rest of the number to the guest;
//   - [Stop]: the guest must be ended; [System.ExitCode] knows if it asked for it.
//
// [Functions] lists them with their signatures, for engines that bind host
// functions by table.
//
// # What callers can rely on
//
// Arguments come from guests and may be anything. Nothing here panics because of
// them, writes outside the memory, or allocates in proportion to a number that
// the guest made up. All results are checked for room before there is an effect,
// so a call that answers EFAULT has consumed no input and written no output.
//
// Nothing here blocks in the sense of the Go scheduler: there are no goroutines,
// channels or locks, since every method may be called from a wasm export. Only
// [System.PollOneoff] can take time, and [Options.Sleep] decides how.
//
// A System belongs to one instance and is not safe for concurrent use.
package wasi

import (
	"errors"
	"strings"
)

// Options configure a [System].
type Options struct {
	// Args are the command line, the program's name first. They are copied.
	// None may contain a NUL byte.
	Args []string

	// Env is the environment, each entry as "KEY=value" with a key that is not
	// empty. Entries are copied. None may contain a NUL byte.
	Env []string

	// Stdin is what the guest reads from descriptor 0, followed by the end of
	// the file. It is borrowed and never written to.
	Stdin []byte

	// CaptureOutput keeps what the guest writes to descriptors 1 and 2 for
	// [System.TakeOutput]. Without it output is accepted and dropped, as in
	// Extism's other hosts.
	CaptureOutput bool

	// Random fills its argument, at most 4,096 bytes long, from a
	// cryptographically secure source. Required.
	Random func([]byte)

	// Walltime gives the nanoseconds since 1970-01-01 UTC. Required.
	Walltime func() int64

	// Nanotime gives nanoseconds, zero or more, since any fixed moment and never
	// decreases. Required. It may stand still, as it does between two I/O
	// operations on some edge platforms.
	Nanotime func() int64

	// WalltimeResolution and NanotimeResolution, in nanoseconds, are what
	// clock_res_get reports. 0 means 1 ms and 100 µs, which is what a page's
	// clocks give unless it is isolated.
	WalltimeResolution uint64
	NanotimeResolution uint64

	// Sleep waits for ns > 0 nanoseconds. It must not block on the Go scheduler
	// if the caller is a wasm export. It may return early: the guest's clocks
	// are then moved on as if it had not (see [System.PollOneoff]). False ends
	// the guest, for example because its time limit came first.
	//
	// nil means to read Nanotime until the time is over, or until it is clear
	// that this clock stands still. That is what a page can do; it has no upper
	// bound of its own, so a host with time limits passes its own function. Where
	// the platform can wait, that is better, and where waiting is pointless
	// there is [NoWait].
	Sleep func(ns int64) bool
}

// NoWait is an [Options.Sleep] for platforms where waiting is useless, because
// the clock stands still meanwhile, or costs too much. The guest sees its clocks
// move on by the time it slept.
func NoWait(int64) bool { return true }

// Sizes of the scratch buffers.
const (
	vectorBatch = 32   // vectors fetched from the guest at a time
	chunkSize   = 4096 // bytes moved at a time, and the longest path
)

// System is the WASI state of one guest instance: its arguments, clocks,
// descriptors and output. A guest that is instantiated anew gets a new System.
type System struct {
	args stringList
	env  stringList

	random   func([]byte)
	walltime func() int64
	nanotime func() int64
	sleep    func(int64) bool

	walltimeResolution uint64
	nanotimeResolution uint64

	started int64 // monotonic time of New
	floor   int64 // the guest's monotonic clock is never behind this
	stoodAt int64 // a reading at which the clock was found to stand still
	stood   bool

	files   []descriptor // by number; nil is a closed one
	streams [2]stream    // standard output and standard error
	capture bool

	exited   bool
	exitCode uint32

	// Scratch. Buffers on the stack would move to the heap at each call, since
	// they are passed through an interface.
	small   [64]byte
	vectors [vectorBatch * vectorSize]byte
	chunk   [chunkSize]byte
}

// New makes the state for one instance. It fails if a required option is missing
// or a string cannot be passed to a guest.
func New(o Options) (*System, error) {
	if o.Random == nil || o.Walltime == nil || o.Nanotime == nil {
		return nil, errors.New("wasi: Random, Walltime and Nanotime are required")
	}
	args, err := newStringList(o.Args)
	if err != nil {
		return nil, err
	}
	for _, kv := range o.Env {
		if strings.IndexByte(kv, '=') < 1 {
			return nil, errors.New("wasi: environment entry is not KEY=value: " + kv)
		}
	}
	env, err := newStringList(o.Env)
	if err != nil {
		return nil, err
	}
	s := &System{
		args:               args,
		env:                env,
		random:             o.Random,
		walltime:           o.Walltime,
		nanotime:           o.Nanotime,
		sleep:              o.Sleep,
		walltimeResolution: o.WalltimeResolution,
		nanotimeResolution: o.NanotimeResolution,
		capture:            o.CaptureOutput,
		started:            o.Nanotime(),
	}
	if s.sleep == nil {
		s.sleep = s.spin
	}
	if s.walltimeResolution == 0 {
		s.walltimeResolution = 1e6
	}
	if s.nanotimeResolution == 0 {
		s.nanotimeResolution = 1e5
	}
	s.files = []descriptor{
		newStdin(o.Stdin),
		newStdout(&s.streams[0]),
		newStdout(&s.streams[1]),
	}
	return s, nil
}
