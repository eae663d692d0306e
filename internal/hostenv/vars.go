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
	return give(e, k, "var_get", e.vars[string(key)])
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
	if off == 0 {
		e.delete(k, keyOff, keyLen)
		return 0
	}
	if uint64(keyLen) > e.maxVars {
		return e.full(uint64(keyLen) + uint64(n))
	}
	key, ok := e.readKey(k, keyOff, keyLen)
	if !ok {
		return int32(e.stop("var_set", fault.InvalidInput, "the key is no block of the plug-in's memory"))
	}
	size, ok := e.room(key, uint64(n))
	if !ok {
		return e.full(size)
	}
	value := make([]byte, n)
	if !k.Read(off, value) {
		return int32(e.stop("var_set", fault.InvalidInput, "the value is no block of the plug-in's memory"))
	}
	e.vars[string(key)] = value
	e.varBytes, e.varsSaved = size, false
	return 0
}

// room gives the size of all vars with n bytes under key, and whether the limit
// allows it.
func (e *Env) room(key []byte, n uint64) (size uint64, ok bool) {
	old, exists := e.vars[string(key)]
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

// Var gives the value of a var, which must not be changed.
func (e *Env) Var(key string) (value []byte, ok bool) {
	value, ok = e.vars[key]
	return value, ok
}

// SetVar sets a var to a copy of value, from the host's side.
func (e *Env) SetVar(key string, value []byte) *fault.Error {
	size, ok := e.room([]byte(key), uint64(len(value)))
	if !ok {
		return fault.New(fault.VarsFull, e.fullMessage(size))
	}
	e.vars[key] = append([]byte{}, value...)
	e.varBytes, e.varsSaved = size, false
	return nil
}

// DeleteVar deletes a var, if it is there.
func (e *Env) DeleteVar(key string) {
	if old, exists := e.vars[key]; exists {
		e.varBytes -= uint64(len(key) + len(old))
		delete(e.vars, key)
		e.varsSaved = false
	}
}

func (e *Env) delete(k engine.KernelMemory, off, n uint32) {
	if uint64(n) > e.varBytes {
		return
	}
	key, ok := e.readKey(k, off, n)
	if !ok {
		return
	}
	e.DeleteVar(string(key))
}

// VarsChanged reports whether any var has changed since it was last asked.
func (e *Env) VarsChanged() bool {
	changed := !e.varsSaved
	e.varsSaved = true
	return changed
}

// Vars encodes all vars, for [Env.SetVars]: keys and values in turn, each after
// its length as four bytes, least significant first, in no particular order.
func (e *Env) Vars() []byte {
	var out []byte
	for k, v := range e.vars {
		out = appendBytes(out, k)
		out = appendBytes(out, v)
	}
	return out
}

func appendBytes[T string | []byte](out []byte, b T) []byte {
	n := uint32(len(b))
	out = append(out, byte(n), byte(n>>8), byte(n>>16), byte(n>>24))
	return append(out, b...)
}

// SetVars replaces all vars by those that [Env.Vars] encoded. It reports
// whether the encoding is sound; if not, the vars are as they were.
func (e *Env) SetVars(data []byte) bool {
	vars, size := map[string][]byte{}, uint64(0)
	for len(data) > 0 {
		key, rest, ok := cutBytes(data)
		if !ok {
			return false
		}
		value, rest, ok := cutBytes(rest)
		if !ok {
			return false
		}
		vars[string(key)] = append([]byte(nil), value...)
		size += uint64(len(key) + len(value))
		data = rest
	}
	e.vars, e.varBytes, e.varsSaved = vars, size, true
	return true
}

func cutBytes(data []byte) (b, rest []byte, ok bool) {
	if len(data) < 4 {
		return nil, nil, false
	}
	n := uint32(data[0]) | uint32(data[1])<<8 | uint32(data[2])<<16 | uint32(data[3])<<24
	if uint64(n) > uint64(len(data)-4) {
		return nil, nil, false
	}
	return data[4 : 4+n], data[4+n:], true
}
