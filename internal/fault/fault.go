// Package fault is the one kind of error that leaves the core. Its codes are
// what programs test for; JavaScript sees them as ExtismError.code.
package fault

import "errors"

// Code classifies an error. The values are part of the public API.
type Code string

// The codes, in the order in which a plug-in's life can produce them.
const (
	InvalidInput     Code = "INVALID_INPUT"      // an argument or option of the API is of the wrong type
	InvalidManifest  Code = "INVALID_MANIFEST"   // the manifest is malformed; the message has the offending key's path
	FetchFailed      Code = "FETCH_FAILED"       // a manifest or module could not be loaded
	HashMismatch     Code = "HASH_MISMATCH"      // a module's bytes are not the ones that the manifest names
	InvalidWasm      Code = "INVALID_WASM"       // the bytes are no valid WebAssembly module
	UnresolvedImport Code = "UNRESOLVED_IMPORT"  // nothing offers an import, or what is offered has another kind
	Instantiation    Code = "INSTANTIATION"      // the engine refused to instantiate a module
	OutOfMemory      Code = "OUT_OF_MEMORY"      // no room for a block in the kernel, or no memory left for an instance
	FunctionNotFound Code = "FUNCTION_NOT_FOUND" // the main module has no such export
	NotAFunction     Code = "NOT_A_FUNCTION"     // the export is no function
	PluginError      Code = "PLUGIN_ERROR"       // the guest called error_set
	NonZeroExit      Code = "NON_ZERO_EXIT"      // the function returned, or proc_exit was given, a non-zero code
	Trap             Code = "TRAP"               // the guest trapped; cause has the engine's error with the wasm stack
	VarsFull         Code = "VARS_FULL"          // var_set would exceed maxVarBytes, or vars are disabled
	HTTPInvalid      Code = "HTTP_INVALID"       // what the guest gave to http_request is no request
	HTTPDenied       Code = "HTTP_DENIED"        // the guest may not make that request; most often no entry of allowedHosts matches
	HTTPFailed       Code = "HTTP_FAILED"        // an HTTP request of the guest came to nothing: the network, or too many redirects
	HTTPTooLarge     Code = "HTTP_TOO_LARGE"     // an HTTP response is larger than maxHttpResponseBytes, or its headers than 256 KiB
	Timeout          Code = "TIMEOUT"            // a call took longer than timeoutMs, and its worker was ended
	WorkerFailed     Code = "WORKER_FAILED"      // a plug-in's worker could not be started, or has ended by itself
	StoreFailed      Code = "STORE_FAILED"       // the store of a plug-in's vars could not be read or written
	Busy             Code = "BUSY"               // the plug-in is inside another call
	Closed           Code = "CLOSED"             // the plug-in has been closed
	Unsupported      Code = "UNSUPPORTED"        // this platform or version cannot do it; the message says what to do instead
	StackOverflow    Code = "STACK_OVERFLOW"     // the caller is too close to the end of its stack for the core to be entered
	CoreCrashed      Code = "CORE_CRASHED"       // the core died; the next call starts a fresh one
	Internal         Code = "INTERNAL"           // a bug of ours
)

// Error is an error with a code and, where they are known, the names of the
// module and function at fault.
type Error struct {
	Code     Code
	Message  string
	Module   string
	Function string
	Cause    error
}

func (e *Error) Error() string { return e.Message }

// Unwrap gives the error that led to this one, or nil.
func (e *Error) Unwrap() error { return e.Cause }

// Is reports whether target is an *Error with the same code, so that
// errors.Is(err, &fault.Error{Code: fault.Trap}) classifies.
func (e *Error) Is(target error) bool {
	t, ok := target.(*Error)
	return ok && t.Code == e.Code && t.Message == ""
}

// New makes an error of the given code.
func New(code Code, message string) *Error { return &Error{Code: code, Message: message} }

// Wrap makes an error of the given code from its cause, whose text follows the
// operation that failed.
func Wrap(code Code, operation string, cause error) *Error {
	return &Error{Code: code, Message: operation + ": " + cause.Error(), Cause: cause}
}

// In gives a copy of e that names the module and function at fault, unless e
// names them already.
func (e *Error) In(module, function string) *Error {
	c := *e
	if c.Module == "" {
		c.Module = module
	}
	if c.Function == "" {
		c.Function = function
	}
	return &c
}

// From gives err as an *Error; one that has no code is an internal error.
func From(err error) *Error {
	if e, ok := errors.AsType[*Error](err); ok {
		return e
	}
	return &Error{Code: Internal, Message: err.Error(), Cause: err}
}
