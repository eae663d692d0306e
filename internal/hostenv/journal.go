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
	data   []byte
	values []value        // those that count, in no order
	index  map[string]int // into values by key, once they are many
	recent int            // index of the value that was found last: look-ups come in runs
	live   int            // bytes of the records that count
}

// value is where a var's value is in the journal's data.
type value struct {
	key    string
	off, n uint32
}

const (
	recordHead  = 8
	deleted     = 1<<32 - 1
	keepGarbage = 4 << 10 // bytes that are not worth tidying up
	few         = 8       // so many values are found sooner without an index
)

func recordSize(key string, n uint32) int { return recordHead + len(key) + int(n) }

// find gives the index of a key's value, or -1.
func (j *journal) find(key []byte) int {
	if j.recent < len(j.values) && j.values[j.recent].key == string(key) {
		return j.recent
	}
	if j.index != nil {
		if i, ok := j.index[string(key)]; ok {
			j.recent = i
			return i
		}
		return -1
	}
	for i := range j.values {
		if j.values[i].key == string(key) {
			j.recent = i
			return i
		}
	}
	return -1
}

// get gives a value, which is good until the next change.
func (j *journal) get(key []byte) (data []byte, ok bool) {
	i := j.find(key)
	if i < 0 {
		return nil, false
	}
	v := &j.values[i]
	return j.data[v.off : v.off+v.n], true
}

// set makes room for a value of n bytes and has fill write it. If fill fails
// nothing is changed.
func (j *journal) set(key []byte, n uint32, fill func(data []byte) bool) bool {
	i := j.find(key)
	if i >= 0 && j.values[i].n == n {
		off := j.values[i].off
		return fill(j.data[off : off+n])
	}
	start := len(j.data)
	j.data = appendHead(j.data, key, n)
	off := len(j.data)
	j.data = append(j.data, make([]byte, n)...)
	if !fill(j.data[off:]) {
		j.data = j.data[:start]
		return false
	}
	if i < 0 {
		i = j.add(string(key))
	} else {
		j.live -= recordSize(j.values[i].key, j.values[i].n)
	}
	v := &j.values[i]
	v.off, v.n = uint32(off), n
	j.live += recordSize(v.key, n)
	j.tidy()
	return true
}

func (j *journal) add(key string) (i int) {
	i = len(j.values)
	j.values = append(j.values, value{key: key})
	if j.index != nil {
		j.index[key] = i
	} else if i == few {
		j.index = make(map[string]int, 2*few)
		for i, v := range j.values {
			j.index[v.key] = i
		}
	}
	return i
}

func (j *journal) delete(key []byte) {
	i := j.find(key)
	if i < 0 {
		return
	}
	last := len(j.values) - 1
	old := j.values[i]
	j.values[i] = j.values[last]
	j.values[last] = value{}
	j.values = j.values[:last]
	if j.index != nil {
		if i < last {
			j.index[j.values[i].key] = i
		}
		delete(j.index, old.key)
	}
	j.live -= recordSize(old.key, old.n)
	j.data = appendHead(j.data, key, deleted)
	j.tidy()
}

func appendHead[K string | []byte](data []byte, key K, n uint32) []byte {
	data = binary.LittleEndian.AppendUint32(data, uint32(len(key)))
	data = binary.LittleEndian.AppendUint32(data, n)
	return append(data, key...)
}

// tidy copies what lives once most of the journal is garbage.
func (j *journal) tidy() {
	if len(j.data) <= 2*j.live+keepGarbage {
		return
	}
	data := make([]byte, 0, j.live)
	for i := range j.values {
		v := &j.values[i]
		data = appendHead(data, v.key, v.n)
		off := uint32(len(data))
		data = append(data, j.data[v.off:v.off+v.n]...)
		v.off = off
	}
	j.data = data
}

// readJournal reads a journal's bytes; ok is false if they are malformed.
func readJournal(data []byte) (j journal, ok bool) {
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
		from := data[:n]
		data = data[n:]
		j.set(key, n, func(to []byte) bool { copy(to, from); return true })
	}
	return j, true
}
