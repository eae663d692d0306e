package hostenv

import "encoding/binary"

// changes are the keys of vars that are not yet as the plug-in's store has them.
// Like the journal they are bytes that can be taken over even from a core that has
// died: each key once or more, in the order of change, after its length in four
// bytes, least significant first.
//
// A var that is made and deleted between two savings leaves no trace, or else a
// guest could have the core remember ever more keys. So there are never more than
// the store had and the vars have.
type changes struct {
	data []byte
	// pending has the keys that count, and whether the store may have them.
	pending map[string]bool
	live    int // bytes that those take in data, each counted once
}

func keySize[K string | []byte](key K) int { return 4 + len(key) }

func appendKey[K string | []byte](data []byte, key K) []byte {
	data = binary.LittleEndian.AppendUint32(data, uint32(len(key)))
	return append(data, key...)
}

// add notes that a var is about to be set, or deleted. exists is whether it is
// there now.
func (c *changes) add(key []byte, exists, deleted bool) {
	stored, pending := c.pending[string(key)]
	switch {
	case !pending:
		c.pending[string(key)] = exists
		c.data = appendKey(c.data, key)
		c.live += keySize(key)
	case deleted && !stored:
		delete(c.pending, string(key))
		c.live -= keySize(key)
	}
	if len(c.data) > 2*c.live+keepGarbage {
		c.data = c.counting()
	}
}

func firstKey(data []byte) []byte { return data[4:][:binary.LittleEndian.Uint32(data)] }

// counting gives the keys that count, each once.
func (c *changes) counting() []byte {
	keys, seen := make([]byte, 0, c.live), make(map[string]bool, len(c.pending))
	for data := c.data; len(data) > 0; {
		key := firstKey(data)
		if _, pending := c.pending[string(key)]; pending && !seen[string(key)] {
			seen[string(key)] = true
			keys = appendKey(keys, key)
		}
		data = data[keySize(key):]
	}
	return keys
}

// take gives the keys that count, each once, and forgets them.
func (c *changes) take() []byte {
	if len(c.data) == 0 {
		return nil
	}
	keys := c.counting()
	clear(c.pending)
	c.data, c.live = c.data[:0], 0
	return keys
}

// TrackChanges has the environment keep which vars are set or deleted from now on.
func (e *Env) TrackChanges() {
	if e.changes == nil {
		e.changes = &changes{pending: map[string]bool{}}
	}
}

// TakeChanges gives the keys of the vars that have been set or deleted since the
// last time, each after its length in four bytes, least significant first. A var
// that was made and deleted meanwhile is not among them. The bytes are the caller's.
func (e *Env) TakeChanges() []byte {
	if e.changes == nil {
		return nil
	}
	return e.changes.take()
}

// Changes gives what [Env.TakeChanges] would, and leaves it. There may be keys more
// than once, and keys of vars that the store has never had. The bytes must not be
// changed, and are good until the next change of any var.
func (e *Env) Changes() []byte {
	if e.changes == nil {
		return nil
	}
	return e.changes.data
}
