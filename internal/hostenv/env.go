// Package hostenv implements the part of `extism:host/env` that is not memory:
// config, vars, logging and HTTP, one file per group.
//
// The functions are called from inside a guest's call, through the kernel: they
// compute and return. They never call a guest, JavaScript that could come back,
// or anything that blocks. Arguments are blocks of the kernel's memory as
// (offset, length), checked by the kernel; it also frees them, once the function
// has returned and its result is in place.
package hostenv

import (
	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/policy"
)

// Stop is what a function gives, in place of an offset or status, when the guest
// must not go on. The adapter in front of it then traps: a guest can catch an
// exception but not a trap.
const Stop = -1

// DefaultMaxVarBytes is the limit of a plug-in's vars where none is set, as in
// libextism: 1 MiB.
const DefaultMaxVarBytes = 1 << 20

// Env is one plug-in's environment. It belongs to one plug-in and is not safe
// for concurrent use.
type Env struct {
	config     map[string]string
	longestKey uint32 // of config, in bytes
	vars       journal
	varBytes   uint64 // of keys and values
	maxVars    uint64
	changes    *journal // nil: nobody saves vars
	level      manifest.LogLevel
	stopped    *fault.Error
	http       http
	key        []byte // scratch
}

// New makes the environment that a manifest and options describe.
func New(m *manifest.Manifest, level manifest.LogLevel) *Env {
	e := &Env{config: m.Config, maxVars: DefaultMaxVarBytes, level: level}
	e.SetHTTP(HTTPOptions{Hosts: &policy.Hosts{}})
	if m.Memory.MaxVarBytes != nil {
		e.maxVars = *m.Memory.MaxVarBytes
	}
	for k := range m.Config {
		e.longestKey = max(e.longestKey, uint32(len(k)))
	}
	return e
}

// TakeStop gives the reason why the last [Stop] was given, once, or nil.
func (e *Env) TakeStop() *fault.Error {
	s := e.stopped
	e.stopped = nil
	return s
}

// SetStop keeps the reason for a stop that happened around the environment.
func (e *Env) SetStop(reason *fault.Error) { e.stopped = reason }

func (e *Env) stop(function string, code fault.Code, message string) int64 {
	e.stopped = &fault.Error{Code: code, Message: function + ": " + message, Module: "extism:host/env", Function: function}
	return Stop
}

// readKey reads a key into the scratch buffer; the result is good until the
// next call.
func (e *Env) readKey(k engine.KernelMemory, off, n uint32) ([]byte, bool) {
	if uint32(cap(e.key)) < n {
		e.key = make([]byte, n)
	}
	key := e.key[:n]
	return key, k.Read(off, key)
}

// give copies a value into a new block of the kernel and gives its offset. An
// empty value has no block, so it reads as if it were absent; Extism's own
// kernel has it so.
func give[T string | []byte](e *Env, k engine.KernelMemory, function string, value T) int64 {
	if len(value) == 0 {
		return 0
	}
	off := k.Alloc(uint32(len(value)))
	if off == 0 || !k.Write(off, []byte(value)) {
		return e.stop(function, fault.OutOfMemory, "no room for the value in the plug-in's memory")
	}
	return int64(off)
}
