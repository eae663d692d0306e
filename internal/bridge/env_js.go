//go:build js && wasm

package bridge

import (
	"github.com/extism-js/extism-js/internal/hostenv"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/plugin"
)

// These are what a kernel imports as `go`; see internal/kernel/kernel.wat.

//go:wasmexport config_get
func configGet(id, off, n int32) (result int64) {
	defer guard(id, &result)
	if e := find(id); e != nil {
		return e.Env().ConfigGet(e.kernel, uint32(off), uint32(n))
	}
	return hostenv.Stop
}

//go:wasmexport var_get
func varGet(id, off, n int32) (result int64) {
	defer guard(id, &result)
	if e := find(id); e != nil {
		return e.Env().VarGet(e.kernel, uint32(off), uint32(n))
	}
	return hostenv.Stop
}

//go:wasmexport var_set
func varSet(id, keyOff, keyLen, off, n int32) (result int32) {
	defer guard(id, &result)
	e := find(id)
	if e == nil {
		return hostenv.Stop
	}
	result = e.Env().VarSet(e.kernel, uint32(keyOff), uint32(keyLen), uint32(off), uint32(n))
	e.noteVars()
	return result
}

//go:wasmexport log
func log(id, level, _ int32) (result int32) {
	defer guard(id, &result)
	if e := find(id); e != nil {
		return e.Env().Log(level)
	}
	return hostenv.Stop
}

//go:wasmexport get_log_level
func getLogLevel(id int32) (result int32) {
	defer guard(id, &result)
	if e := find(id); e != nil {
		return e.Env().LogLevel()
	}
	return hostenv.Stop
}

// setLogLevel changes what log records are measured against, by the number that
// get_log_level gives.
//
//go:wasmexport set_log_level
func setLogLevel(id, level int32) {
	if e := find(id); e != nil {
		e.Env().SetLogLevel(manifest.LogLevel(level))
	}
}

// httpRequest leaves the address that is asked for in the outbox, for the shim: see
// http_js.go.
//
//go:wasmexport http_request
func httpRequest(id, requestOff, requestLen int32) (result int64) {
	defer guard(id, &result)
	e := find(id)
	if e == nil {
		return hostenv.Stop
	}
	if result = e.Env().HTTPRequest(e.kernel, uint32(requestOff), uint32(requestLen)); result == 1 {
		reply(e.Env().HTTPTarget())
	}
	return result
}

//go:wasmexport http_status_code
func httpStatusCode(id int32) (result int32) {
	defer guard(id, &result)
	if e := find(id); e != nil {
		return e.Env().HTTPStatusCode()
	}
	return hostenv.Stop
}

//go:wasmexport http_headers
func httpHeaders(id int32) (result int64) {
	defer guard(id, &result)
	if e := find(id); e != nil {
		return e.Env().HTTPHeaders(e.kernel)
	}
	return hostenv.Stop
}

// The following serve host functions, which reach vars through their context.
// Keys and values are in the inbox.

// contextVarFits reports whether a var of that size can be set at all, or there
// be. The shim asks before it copies what is large into the core, whose memory
// never shrinks; pluginError says why not.
//
//go:wasmexport context_var_fits
func contextVarFits(id, keyLen, n int32) (ok int32) {
	defer guardContext(id, &ok)
	e := find(id)
	if e == nil {
		return 0
	}
	if err := e.Env().Fits(uint64(uint32(keyLen)) + uint64(uint32(n))); err != nil {
		e.SetError(err)
		return 0
	}
	return 1
}

// guardContext turns a panic into a failure, of which pluginError tells.
func guardContext(id int32, ok *int32) {
	if r := recover(); r != nil {
		if e := find(id); e != nil {
			e.SetError(plugin.Panicked(r))
		}
		*ok = 0
	}
}

//go:wasmexport context_var_get
func contextVarGet(id, keyLen int32) (found int32) {
	defer guardContext(id, &found)
	if e := find(id); e != nil {
		if value, ok := e.Env().Var(inbox[:keyLen]); ok {
			reply(value)
			return 1
		}
	}
	return 0
}

//go:wasmexport context_var_set
func contextVarSet(id, keyLen, n int32) (ok int32) {
	defer guardContext(id, &ok)
	e := find(id)
	if e == nil {
		return 0
	}
	if err := e.Env().SetVar(inbox[:keyLen], inbox[keyLen:][:n]); err != nil {
		e.SetError(err)
		return 0
	}
	e.noteVars()
	return 1
}

//go:wasmexport context_var_delete
func contextVarDelete(id, keyLen int32) {
	if e := find(id); e != nil {
		e.Env().DeleteVar(inbox[:keyLen])
		e.noteVars()
	}
}
