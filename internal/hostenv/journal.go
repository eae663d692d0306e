package hostenv

import "encoding/binary"

// journal stores vars as a list of records that only grows, so that its bytes
// can be taken over as they are, at any moment, even from a core that has died:
//
//	+--------+----------+-----+-------+
//	| keyLen | valueLen | key | value |   lengths: four bytes, least significant first;
//	+--------+----------+-----+-------+   valueLen 2^32 - 1: the var is deleted
//
// A later record replaces an earlier one of the same key. A value that keeps its
// length is overwritten in place. What is replaced is dropped once it is more
// than what lives.
type journal struct {
	data  []byte
	spans map[string]span // where the values are in data
	live  int             // bytes of the records that count
}

type span struct{ off, n uint32 }

const (
	recordHead   = 8
	deleted      = 1<<32 - 1
	keepGarbage  = 4 << 10 // bytes that are not worth tidying up
	journalStart = 64
)

func newJournal() journal { return journal{spans: map[string]span{}} }

func recordSize(key []byte, n uint32) int { return recordHead + len(key) + int(n) }

// get gives a value, which is good until the next change.
func (j *journal) get(key []byte) (value []byte, ok bool) {
	s, ok := j.spans[string(key)]
	return j.data[s.off : s.off+s.n], ok
}

// set makes room for a value of n bytes and has fill write it. If fill fails
// nothing is changed.
func (j *journal) set(key []byte, n uint32, fill func(value []byte) bool) bool {
	old, exists := j.spans[string(key)]
	if exists && old.n == n {
		return fill(j.data[old.off : old.off+n])
	}
	start := len(j.data)
	j.data = appendHead(j.data, key, n)
	off := len(j.data)
	j.data = append(j.data, make([]byte, n)...)
	if !fill(j.data[off:]) {
		j.data = j.data[:start]
		return false
	}
	if exists {
		j.live -= recordSize(key, old.n)
	}
	j.live += recordSize(key, n)
	j.spans[string(key)] = span{uint32(off), n}
	j.tidy()
	return true
}

func (j *journal) delete(key []byte) {
	old, exists := j.spans[string(key)]
	if !exists {
		return
	}
	delete(j.spans, string(key))
	j.live -= recordSize(key, old.n)
	j.data = appendHead(j.data, key, deleted)
	j.tidy()
}

func appendHead(data, key []byte, n uint32) []byte {
	data = binary.LittleEndian.AppendUint32(data, uint32(len(key)))
	data = binary.LittleEndian.AppendUint32(data, n)
	return append(data, key...)
}

// tidy copies what lives once most of the journal is garbage.
func (j *journal) tidy() {
	if len(j.data) <= 2*j.live+keepGarbage {
		return
	}
	data := make([]byte, 0, j.live+journalStart)
	for key, s := range j.spans {
		data = appendHead(data, []byte(key), s.n)
		j.spans[key] = span{uint32(len(data)), s.n}
		data = append(data, j.data[s.off:s.off+s.n]...)
	}
	j.data = data
}

// readJournal reads a journal's bytes; ok is false if they are malformed.
func readJournal(data []byte) (j journal, ok bool) {
	j = newJournal()
	for len(data) > 0 {
		if len(data) < recordHead {
			return j, false
		}
		keyLen, n := binary.LittleEndian.Uint32(data), binary.LittleEndian.Uint32(data[4:])
		data = data[recordHead:]
		if uint64(keyLen) > uint64(len(data)) {
			return j, false
		}
		key := data[:keyLen]
		data = data[keyLen:]
		if n == deleted {
			j.delete(key)
			continue
		}
		if uint64(n) > uint64(len(data)) {
			return j, false
		}
		value := data[:n]
		data = data[n:]
		j.set(key, n, func(to []byte) bool { copy(to, value); return true })
	}
	return j, true
}
