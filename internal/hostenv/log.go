package hostenv

import (
	"github.com/extism-js/extism-js/internal/inject"
	"github.com/extism-js/extism-js/internal/manifest"
)

// Log decides whether a record is passed on: 1 if so, 0 if not. The text stays
// in the kernel's memory; where the answer is 1 the kernel hands it to the
// driver's log sink after this function has returned, because the sink may be
// user code, which must never run inside the core.
//
//	log_info(message: i64)
//
//	  message block
//	+---------------+
//	| hello, log    |
//	+---------------+
func (e *Env) Log(level int32) int32 {
	inject.Point("log")
	if manifest.LogLevel(level) >= e.level {
		return 1
	}
	return 0
}

// LogLevel gives the level that records are measured against, so that a guest
// need not format what nobody reads: trace 0 to error 4, off 0x7fffffff.
//
//	get_log_level() -> i32
func (e *Env) LogLevel() int32 {
	inject.Point("log")
	return int32(e.level)
}

// SetLogLevel changes the level.
func (e *Env) SetLogLevel(level manifest.LogLevel) { e.level = level }
