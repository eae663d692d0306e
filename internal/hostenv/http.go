package hostenv

import (
	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/inject"
)

// HTTPRequest stops the guest: this version has no HTTP.
//
//	http_request(request: i64, body: i64) -> i64
func (e *Env) HTTPRequest(_ engine.KernelMemory, _, _, _, _ uint32) int64 {
	inject.Point("http")
	return e.stop("http_request", fault.Unsupported, "HTTP is not supported by this version of extism-js")
}

// HTTPStatusCode gives the status of the last response; 0 as there was none.
//
//	http_status_code() -> i32
func (e *Env) HTTPStatusCode() int32 {
	inject.Point("http")
	return 0
}

// HTTPHeaders gives the headers of the last response; 0 as there was none.
//
//	http_headers() -> i64
func (e *Env) HTTPHeaders(_ engine.KernelMemory) int64 {
	inject.Point("http")
	return 0
}
