package wazeroengine

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/tetratelabs/wazero/api"

	"github.com/extism-js/extism-js/internal/plugin"
)

// errStopped is what a host function panics with to trap its guest: unlike a
// panic's reason, the user's own error is kept aside for the caller.
var errStopped = errors.New("stopped by the host")

// keep remembers an error of user code, unless there is one already.
func (p *Plugin) keep(err error) {
	if p.err == nil {
		p.err = err
	}
}

// takeUserError gives the error that user code has left, once.
func (p *Plugin) takeUserError() error {
	err := p.err
	p.err = nil
	return err
}

// outcome describes for the machine how something has ended.
func (p *Plugin) outcome(code int32, err error) plugin.Outcome {
	if p.err != nil {
		return plugin.Outcome{Kind: plugin.UserError}
	}
	o := plugin.Outcome{Kind: plugin.Returned, Code: code, GuestError: p.guestError()}
	if err != nil {
		o.Kind, o.Message, o.Code = plugin.Trapped, trapText(err), p.early()
	}
	return o
}

// guestError gives what the guest gave to error_set, or nil.
func (p *Plugin) guestError() *string {
	if p.kernel == nil {
		return nil
	}
	off, n := p.kernel.Error()
	if off == 0 {
		return nil
	}
	text := make([]byte, n)
	p.kernel.Read(off, text)
	s := string(text)
	return &s
}

// failure gives the machine's error; its cause is the engine's own, which has the
// wasm stack.
func (p *Plugin) failure(cause error) error {
	err := p.machine.TakeError()
	if err.Cause == nil {
		err.Cause = cause
	}
	return err
}

// trapText gives an error of wazero without the stack and the words around it.
func trapText(err error) string {
	text, _, _ := strings.Cut(err.Error(), "\nwasm stack trace:")
	text = strings.TrimSuffix(text, " (recovered by wazero)")
	return strings.Replace(text, "wasm error: ", "", 1)
}

// user runs user code and turns a panic in it into an error: it must not pass
// through what lies between it and the caller of the plug-in.
func user(what string, f func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			if cause, ok := r.(error); ok {
				err = fmt.Errorf("%s panicked: %w", what, cause)
				return
			}
			err = fmt.Errorf("%s panicked: %v", what, r)
		}
	}()
	return f()
}

// code gives the export's result as a return code of 32 bits, by the rules of
// JavaScript's ToInt32: what is no integer of that size is taken modulo 2^32.
func (x *export) code() int32 {
	switch x.result {
	case api.ValueTypeI32, api.ValueTypeI64:
		return int32(x.stack[0])
	case api.ValueTypeF32:
		return toInt32(float64(api.DecodeF32(x.stack[0])))
	case api.ValueTypeF64:
		return toInt32(api.DecodeF64(x.stack[0]))
	}
	return 0
}

func toInt32(f float64) int32 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return int32(int64(math.Mod(math.Trunc(f), 1<<32)))
}
