package hostenv

import (
	"fmt"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/inject"
)

// VarGet copies a var into a new block.
//
//	var_get(key: i64) -> i64
//
//	  key block          result block
//	+-----------+       +-------------+
//	| counter   |  -->  | 2a 00 00 00 |   0 if there is no such var
//	+-----------+       +-------------+
func (e *Env) VarGet(k engine.KernelMemory, off, n uint32) int64 {
	inject.Point("var")
	if uint64(n) > e.varBytes {
		return 0 // longer than all vars together, so don't read it
	}
	key, ok := e.readKey(k, off, n)
	if !ok {
		return 0
	}
	value, _ := e.vars.get(key)
	return give(e, k, "var_get", value)
}

// VarSet sets a var to a copy of a block, or deletes it.
//
//	var_set(key: i64, value: i64)
//
//	  key block      value block
//	+-----------+   +-------------+
//	| counter   |   | 2b 00 00 00 |      value 0: the var is deleted
//	+-----------+   +-------------+
//
// It stops the guest if vars are disabled or would exceed the limit.
func (e *Env) VarSet(k engine.KernelMemory, keyOff, keyLen, off, n uint32) int32 {
	inject.Point("var")
	if e.maxVars == 0 {
		return int32(e.stop("var_set", fault.VarsFull, "vars are disabled by this host (maxVarBytes is 0)"))
	}
	if uint64(keyLen) > e.maxVars {
		if off == 0 {
			return 0 // there cannot be such a var
		}
		return e.full(uint64(keyLen) + uint64(n))
	}
	key, ok := e.readKey(k, keyOff, keyLen)
	if !ok {
		return int32(e.stop("var_set", fault.InvalidInput, "the key is no block of the plug-in's memory"))
	}
	if off == 0 {
		e.deleteVar(key)
		return 0
	}
	size, ok := e.room(key, uint64(n))
	if !ok {
		return e.full(size)
	}
	if !e.setVar(key, n, func(value []byte) bool { return k.Read(off, value) }) {
		return int32(e.stop("var_set", fault.InvalidInput, "the value is no block of the plug-in's memory"))
	}
	e.varBytes = size
	return 0
}

// room gives the size of all vars with n bytes under key, and whether the limit
// allows it. Keys and values count.
func (e *Env) room(key []byte, n uint64) (size uint64, ok bool) {
	old, exists := e.vars.get(key)
	size = e.varBytes + n - uint64(len(old))
	if !exists {
		size += uint64(len(key))
	}
	return size, size <= e.maxVars
}

func (e *Env) fullMessage(size uint64) string {
	return fmt.Sprintf("the variable store is full: %d bytes requested, %d allowed (maxVarBytes)", size, e.maxVars)
}

func (e *Env) full(size uint64) int32 {
	return int32(e.stop("var_set", fault.VarsFull, e.fullMessage(size)))
}

func (e *Env) setVar(key []byte, n uint32, fill func(value []byte) bool) bool {
	if e.changes != nil {
		e.noteChange(key, e.vars.find(key) >= 0, false)
	}
	return e.vars.set(key, n, fill)
}

func (e *Env) deleteVar(key []byte) {
	old, exists := e.vars.get(key)
	if !exists {
		return
	}
	if e.changes != nil {
		e.noteChange(key, true, true)
	}
	e.varBytes -= uint64(len(key) + len(old))
	e.vars.delete(key)
}

// Var gives the value of a var, which must not be changed and is good until the
// next change of any var.
func (e *Env) Var(key []byte) (value []byte, ok bool) { return e.vars.get(key) }

// Fits says why a var of that many bytes, key and value together, is more than
// the limit allows for all vars, or gives nil.
func (e *Env) Fits(size uint64) *fault.Error {
	if size <= e.maxVars {
		return nil
	}
	return fault.New(fault.VarsFull, e.fullMessage(size))
}

// SetVar sets a var to a copy of value, from the host's side.
func (e *Env) SetVar(key, value []byte) *fault.Error {
	size, ok := e.room(key, uint64(len(value)))
	if !ok {
		return fault.New(fault.VarsFull, e.fullMessage(size))
	}
	e.setVar(key, uint32(len(value)), func(to []byte) bool { copy(to, value); return true })
	e.varBytes = size
	return nil
}

// DeleteVar deletes a var, if it is there.
func (e *Env) DeleteVar(key []byte) { e.deleteVar(key) }

// Vars gives all vars in an encoding for [Env.SetVars]. The bytes must not be
// changed, and are good until the next change of any var.
func (e *Env) Vars() []byte { return e.vars.data }

// SetVars replaces all vars by those that [Env.Vars] gave, whatever the limit. It
// reports whether the encoding is sound; if not, the vars are as they were.
func (e *Env) SetVars(data []byte) bool {
	vars, ok := readJournal(data)
	if !ok {
		return false
	}
	e.vars, e.varBytes = vars, 0
	for _, v := range vars.values {
		e.varBytes += uint64(len(v.key)) + uint64(v.n)
	}
	return true
}
