package plugin

// Op is what a driver does next.
type Op uint8

// The operations. After each but Call, Ready and Failed the driver tells
// [Plugin.Next] how it went.
const (
	// Call: everything is in place; call the function with its input, then tell
	// [Plugin.End].
	Call Op = iota
	// Kernel: instantiate a kernel for this plug-in.
	Kernel
	// Instantiate: instantiate Step.Module, linked to the kernel, a WASI adapter
	// of its own, host functions and the modules instantiated before. A module
	// that had an instance gets a new one in its place.
	Instantiate
	// Invoke: call the export Step.Function of Step.Module with every parameter
	// zero and no input.
	Invoke
	// Ready: the plug-in has been created.
	Ready
	// Failed: it cannot go on; [Plugin.TakeError] says why.
	Failed
	// Bridge: make an instance of [Plugin.Trampoline] of Step.Module. What that
	// module imports by one of the links is one of its functions. One that was there
	// before is replaced.
	Bridge
	// Wire: put what the links of Step.Module lead to into the table of its
	// trampoline.
	Wire
)

// Step is one thing for the driver to do.
type Step struct {
	Op       Op
	Module   int    // index in the manifest; of Instantiate, Invoke, Bridge and Wire
	Function string // of Invoke
}

// OutcomeKind is how something that a driver did has ended.
type OutcomeKind uint8

// The kinds of outcome.
const (
	Returned  OutcomeKind = iota // normally; Outcome.Code has the result, or 0
	Trapped                      // by a trap, a failed instantiation or an uncaught guest exception
	UserError                    // by an error of the user's own, which the driver hands on itself
	NoRoom                       // before it began: the kernel had no room for the input; Outcome.Code has its length
)

// Outcome tells how something has ended.
type Outcome struct {
	Kind OutcomeKind
	// Code is what the function returned, as 32 bits; of an instantiation that was
	// trapped, the number that a trampoline has noted, or 0.
	Code int32
	// Message is the engine's text for what was trapped.
	Message string
	// GuestError is what the guest gave to error_set; nil if it did not.
	GuestError *string
}
