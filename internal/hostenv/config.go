package hostenv

import (
	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/inject"
)

// ConfigGet looks a config value up.
//
//	config_get(key: i64) -> i64
//
//	  key block          result block
//	+-----------+       +-------------+
//	| greeting  |  -->  | hello       |   0 if there is no such key
//	+-----------+       +-------------+
func (e *Env) ConfigGet(k engine.KernelMemory, off, n uint32) int64 {
	inject.Point("config")
	if n > e.longestKey {
		return 0 // no key is that long, so don't read it
	}
	key, ok := e.readKey(k, off, n)
	if !ok {
		return 0
	}
	return give(e, k, "config_get", e.config[string(key)])
}
