package hostenv

// The changes of vars, for who saves them, are a journal of their own: its keys are
// those of the vars that are not yet as the store has them, and a value has a byte
// if the store may have the var. So they, too, can be taken over from a core that
// has died.
//
// A var that is made and deleted between two savings leaves no trace, or else a
// guest could have the core remember ever more keys. So there are never more than
// the store had and the vars have.

// TrackChanges has the environment keep which vars are set or deleted from now on.
func (e *Env) TrackChanges() {
	if e.changes == nil {
		e.changes = &journal{}
	}
}

// noteChange notes that a var is about to be set, or deleted. exists is whether it
// is there now.
func (e *Env) noteChange(key []byte, exists, deleted bool) {
	stored, pending := e.changes.get(key)
	switch {
	case pending && deleted && len(stored) == 0:
		e.changes.delete(key)
	case !pending:
		n := uint32(0)
		if exists {
			n = 1
		}
		e.changes.set(key, n, func([]byte) bool { return true })
	}
}

// Changes gives which vars have been set or deleted since the last [Env.TakeChanges],
// in the encoding of [Env.Vars]: the keys that are left in it are those, whatever
// their values. A var that was made and deleted meanwhile is not among them. The
// bytes must not be changed, and are good until the next change of any var.
func (e *Env) Changes() []byte {
	if e.changes == nil {
		return nil
	}
	return e.changes.data
}

// TakeChanges gives what [Env.Changes] does, and forgets it. The bytes are the
// caller's.
func (e *Env) TakeChanges() []byte {
	data := e.Changes()
	if len(data) > 0 {
		*e.changes = journal{}
	}
	return data
}
