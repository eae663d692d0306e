package wasi

import (
	"math"

	"github.com/extism-js/extism-js/internal/engine"
)

// Layout of poll_oneoff's records.
const (
	subscriptionSize = 48
	eventSize        = 32

	// maxSubscriptions bounds the work of one call. poll(2), too, answers
	// EINVAL for more entries than a process may have descriptors.
	maxSubscriptions = 4096
)

// Kinds of subscriptions and events (eventtype).
const (
	eventClock uint8 = iota
	eventFdRead
	eventFdWrite
)

// subclockAbstime says that a timeout is a moment of the clock and not a
// duration.
const subclockAbstime = 1

// eventHangup says that there is no other end that could send more.
const eventHangup = 1

// subscription is what a guest waits for.
type subscription struct {
	userdata uint64
	tag      uint8
	id       uint32 // of the clock or the descriptor
	timeout  uint64
	flags    uint16
}

// event is what came of a subscription. It is due after left nanoseconds.
type event struct {
	left   int64
	errno  int32
	nbytes uint64
	flags  uint16
}

func (s *System) readSubscription(mem engine.Memory, off uint32) (sub subscription, ok bool) {
	b := s.small[:subscriptionSize]
	if !mem.Read(off, b) {
		return sub, false
	}
	return subscription{
		userdata: get64(b[0:]),
		tag:      b[8],
		id:       get32(b[16:]),
		timeout:  get64(b[24:]),
		flags:    get16(b[40:]),
	}, true
}

func (s *System) writeEvent(mem engine.Memory, off uint32, sub *subscription, e *event) bool {
	b := s.small[:eventSize]
	clear(b)
	put64(b[0:], sub.userdata)
	put16(b[8:], uint16(e.errno))
	b[10] = sub.tag
	put64(b[16:], e.nbytes)
	put16(b[24:], e.flags)
	return mem.Write(off, b)
}

// moment is the time at which a call to poll_oneoff began. All its subscriptions
// are measured from there, so none slips because another took time.
type moment struct{ real, mono int64 }

// evaluate says when a subscription is due and with what.
func (s *System) evaluate(sub *subscription, now moment) event {
	var e event
	var hangup bool
	switch sub.tag {
	case eventClock:
		return clockEvent(sub, now)
	case eventFdRead, eventFdWrite:
		d, errno := s.file(sub.id)
		if errno != 0 {
			e.errno = errno
		} else if sub.tag == eventFdRead {
			e.nbytes, hangup, e.errno = d.readyToRead()
		} else {
			e.nbytes, hangup, e.errno = d.readyToWrite()
		}
	default:
		e.errno = ErrnoInval
	}
	if hangup {
		e.flags = eventHangup
	}
	return e
}

func clockEvent(sub *subscription, now moment) event {
	var base int64
	switch sub.id {
	case clockRealtime:
		base = now.real
	case clockMonotonic:
		base = now.mono
	case clockProcessCPU, clockThreadCPU:
		// POSIX allows to sleep on the process's clock, not on one's own. None
		// of them would advance meanwhile.
		return event{errno: ErrnoNotsup}
	default:
		return event{errno: ErrnoInval}
	}
	left := int64(min(sub.timeout, math.MaxInt64))
	switch sub.flags {
	case 0:
	case subclockAbstime:
		left = max(left-base, 0)
	default:
		return event{errno: ErrnoInval}
	}
	return event{left: left}
}

// PollOneoff is poll_oneoff(in, out, nsubscriptions) -> nevents: waits until at
// least one of up to 4,096 subscriptions is due and writes an event for each that
// is.
//
//	in: subscription
//	0            8      16            24           32             40          48
//	+------------+------+-------------+------------+--------------+-----------+
//	| userdata   | 0 u8 | clock u32   | timeout    | precision    | flags u16 |
//	+------------+------+-------------+------------+--------------+-----------+
//	| userdata   | 1, 2 | fd u32      | read: 1, write: 2
//	+------------+------+-------------+
//
//	out: event
//	0            8            10        16           24          32
//	+------------+------------+---------+------------+-----------+
//	| userdata   | errno u16  | type u8 | nbytes u64 | flags u16 |
//	+------------+------------+---------+------------+-----------+
//
// A problem of one subscription is told in its event: EBADF for a descriptor
// that is not open or not open for this, EINVAL for an unknown kind, clock or
// flag, ENOTSUP for a CPU clock. Input is known from the start and output is
// taken at once, so nothing ever waits for a file; end of input is ready to read
// with 0 bytes and the flag hangup.
//
// If only clocks are due in the future, the call takes until the first of them,
// as its callers expect: C's nanosleep does not look at a clock afterwards. How
// the time is spent is [Options.Sleep]. If that returns early, the guest's
// realtime and monotonic clocks are put forward to the end of the sleep and wait
// there for the platform's. So a guest sleeps for as long as its own clocks say,
// even if those of the platform stand still; Go's scheduler would otherwise ask
// for the rest of the sleep again and again.
//
// Errors: EINVAL without any subscription or with too many; EFAULT. [Stop] if
// the sleep ended the guest.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#poll_oneoff
func (s *System) PollOneoff(mem engine.Memory, in, out, nsubscriptions, nevents uint32) int32 {
	if nsubscriptions == 0 || nsubscriptions > maxSubscriptions {
		return ErrnoInval
	}
	if !fits(mem, in, subscriptionSize*uint64(nsubscriptions)) ||
		!fits(mem, out, eventSize*uint64(nsubscriptions)) || !fits(mem, nevents, 4) {
		return ErrnoFault
	}
	now := moment{s.realtime(), s.monotonic()}
	wait := int64(math.MaxInt64)
	for i := range nsubscriptions {
		sub, ok := s.readSubscription(mem, in+i*subscriptionSize)
		if !ok {
			return ErrnoFault
		}
		e := s.evaluate(&sub, now)
		wait = min(wait, e.left)
	}
	if wait > 0 && !s.rest(wait) {
		return Stop
	}
	return s.writeEvents(mem, in, out, nsubscriptions, nevents, now, wait)
}

// writeEvents writes the events of those subscriptions that are due once wait
// nanoseconds have passed.
func (s *System) writeEvents(mem engine.Memory, in, out, count, nevents uint32, now moment, wait int64) int32 {
	var n uint32
	for i := range count {
		sub, ok := s.readSubscription(mem, in+i*subscriptionSize)
		if !ok {
			return ErrnoFault
		}
		e := s.evaluate(&sub, now)
		if e.left > wait {
			continue
		}
		if !s.writeEvent(mem, out+n*eventSize, &sub, &e) {
			return ErrnoFault
		}
		n++
	}
	return s.write32(mem, nevents, n)
}

// rest sleeps and makes sure that the guest's clocks agree.
func (s *System) rest(ns int64) bool {
	end := addTime(s.monotonic(), ns)
	if !s.sleep(ns) {
		return false
	}
	if s.nanotime() < end {
		s.floor = end
	}
	return true
}

// maxStill is how often the clock may be read without moving before it counts as
// standing still: 50 to 100 ms of reading, while the coarsest clocks of browsers,
// those of Firefox with resistFingerprinting, move every 16.7 ms.
const maxStill = 1 << 20

// spin waits by reading the clock, for want of anything better in a page. It
// gives up on a clock that stands still, and at once if it still shows what it
// showed when spin last gave up.
func (s *System) spin(ns int64) bool {
	last := s.nanotime()
	if s.stood && last == s.stoodAt {
		return true
	}
	end := addTime(last, ns)
	for still := 0; last < end; {
		now := s.nanotime()
		if now > last {
			last, still = now, 0
			continue
		}
		if still++; still == maxStill {
			s.stood, s.stoodAt = true, last
			return true
		}
	}
	return true
}
