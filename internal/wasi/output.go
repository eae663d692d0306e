package wasi

import "bytes"

// maxLine is how much of one stream is kept: a longer line is handed out in
// pieces of this size.
const maxLine = 64 << 10

// stream collects what a guest wrote to one standard stream and hands it out in
// lines. Its buffer never holds more than maxLine bytes.
//
//	0        start               end             len(buf)
//	+--------+-------------------+---------------+
//	| taken  | lines to be taken | begun line    |
//	+--------+-------------------+---------------+
type stream struct {
	buf        []byte
	start, end int
}

// reserve gives room for up to n more bytes; it is empty if the stream is full of
// lines that nobody took. commit adds those that were filled.
func (st *stream) reserve(n uint32) []byte {
	if st.start > 0 {
		st.buf = st.buf[:copy(st.buf, st.buf[st.start:])]
		st.end -= st.start
		st.start = 0
	}
	used := len(st.buf)
	size := int(min(uint64(used)+uint64(n), maxLine))
	if cap(st.buf) < size {
		// Grow by doubling: most guests print a little, some print without end.
		grown := make([]byte, used, min(max(size, 2*cap(st.buf), 256), maxLine))
		copy(grown, st.buf)
		st.buf = grown
	}
	return st.buf[used:size]
}

func (st *stream) commit(n int) {
	used := len(st.buf)
	st.buf = st.buf[:used+n]
	if i := bytes.LastIndexByte(st.buf[used:], '\n'); i >= 0 {
		st.end = used + i + 1
	}
	if st.end == 0 && len(st.buf) == maxLine {
		st.end = maxLine
	}
}

// take gives the next line with its newline, nil if there is none.
func (st *stream) take() []byte {
	if st.start == st.end {
		return nil
	}
	line := st.buf[st.start:st.end]
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i+1]
	}
	st.start += len(line)
	return line
}

func (s *System) outputPending() bool {
	return s.streams[0].start < s.streams[0].end || s.streams[1].start < s.streams[1].end
}

// TakeOutput gives the next captured line: fd is 1 for standard output and 2 for
// standard error, data the bytes as the guest wrote them, with the newline at
// the end. ok is false if no line is complete. Call it until then whenever a
// result has [OutputPending].
//
// Data that does not end in a newline is a piece of a longer line: one that
// exceeds 64 KiB, or that [System.FlushOutput] cut. Pieces may end within a UTF-8
// sequence. data is borrowed until the next call of any other method.
func (s *System) TakeOutput() (fd uint32, data []byte, ok bool) {
	for i := range s.streams {
		if line := s.streams[i].take(); line != nil {
			return uint32(i) + 1, line, true
		}
	}
	return 0, nil, false
}

// FlushOutput lets [System.TakeOutput] give unfinished lines too, at the end of a
// call for instance, and tells if it has anything to give.
func (s *System) FlushOutput() bool {
	for i := range s.streams {
		s.streams[i].end = len(s.streams[i].buf)
	}
	return s.outputPending()
}
