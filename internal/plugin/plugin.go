// Package plugin is the logic of a plug-in's life as a state machine: create,
// call, replace, close. It never calls a guest itself. A driver asks it for the
// next [Step], does that, and reports the [Outcome]:
//
//	create:  Start ──► Step ──► … Next ──► Ready | Failed
//	call:    Begin ──► Step ──► … Next ──► Call | Failed;  after Call: End
//
// The drivers are the JavaScript shim on the web and a Go loop on wazero. Both
// run this same machine, so that what a plug-in does is decided in one place.
package plugin

import (
	"fmt"
	"slices"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/hostenv"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/policy"
	"github.com/extism-js/extism-js/internal/wasi"
)

type state uint8

const (
	creating state = iota
	idle
	preparing // between Begin and Call
	running   // between Call and End
	failed    // could not be created
	closed
)

// Plugin is one plug-in. It is not safe for concurrent use.
type Plugin struct {
	linked   *linked
	manifest *manifest.Manifest
	options  *manifest.Options
	wasiOpts wasi.Options
	env      *hostenv.Env
	wasi     []*wasi.System // by module; nil where WASI is not imported

	state    state
	todo     []Step
	next     int    // index in todo of the step that is under way
	function string // that is being called
	stale    bool   // the instances must be replaced before the next call
	started  bool   // the main module's _start has run as its initialisation
	// function has been called before and can be called again just so; most calls
	// are like that.
	repeatable bool
	err        *fault.Error
}

// Config is what a plug-in is made from.
type Config struct {
	Manifest *manifest.Manifest
	Options  *manifest.Options
	Modules  []Module     // compiled, in the manifest's order
	WASI     wasi.Options // of every module that imports WASI
}

// New links a plug-in's modules. It gives an error if an import cannot be
// resolved; nothing has been instantiated then.
func New(c Config) (*Plugin, error) {
	c.Manifest.Override(&c.Options.Limits)
	if err := supported(c.Manifest, c.Options); err != nil {
		return nil, err
	}
	l, err := link(c.Modules, c.Manifest.Main(), c.Options)
	if err != nil {
		return nil, err
	}
	c.WASI.CaptureOutput = c.Options.WASIOutput
	if slices.Contains(l.importsWASI, true) {
		if _, err := wasi.New(c.WASI); err != nil { // so that it cannot fail later
			return nil, fault.Wrap(fault.InvalidInput, "WASI", err)
		}
	}
	env := hostenv.New(c.Manifest, c.Options.LogLevel)
	hosts, problem := policy.NewHosts(c.Manifest.AllowedHosts)
	if problem != nil {
		return nil, problem
	}
	env.SetHTTP(hostenv.HTTPOptions{
		Hosts:            hosts,
		MaxResponseBytes: c.Manifest.Memory.MaxHTTPResponseBytes,
		Headers:          c.Options.HTTPResponseHeaders,
		Hidden:           c.Options.HiddenRedirects,
	})
	return &Plugin{
		linked:   l,
		manifest: c.Manifest,
		options:  c.Options,
		wasiOpts: c.WASI,
		env:      env,
		wasi:     make([]*wasi.System, len(c.Modules)),
	}, nil
}

// supported refuses limits that this version cannot keep: a limit that is
// silently ignored is worse than none.
func supported(m *manifest.Manifest, o *manifest.Options) error {
	switch {
	case m.TimeoutMs != nil && *m.TimeoutMs > 0 && !o.Stoppable:
		return fault.New(fault.Unsupported, "timeoutMs: only a guest in a worker can be stopped; add runInWorker: true, or leave it out")
	case len(m.AllowedPaths) > 0:
		return fault.New(fault.Unsupported, "allowedPaths: this version has no filesystems; leave it out")
	}
	return nil
}

// Env is the plug-in's environment.
func (p *Plugin) Env() *hostenv.Env { return p.env }

// WASI is the WASI state of a module's present instance, or nil.
func (p *Plugin) WASI(module int) *wasi.System {
	if module < 0 || module >= len(p.wasi) {
		return nil
	}
	return p.wasi[module]
}

// HostImports are the host functions that modules import, in no particular order.
func (p *Plugin) HostImports() []HostImport { return p.linked.hostImports }

// UsesHTTP reports whether a module makes requests and may make any.
func (p *Plugin) UsesHTTP() bool { return p.linked.http && len(p.manifest.AllowedHosts) > 0 }

// MaxPages is the limit of the kernel's memory in pages; no limit is 1<<32 - 1.
func (p *Plugin) MaxPages() uint32 {
	if n := p.manifest.Memory.MaxPages; n != nil {
		return *n
	}
	return 1<<32 - 1
}

// TimeoutMs is how long a call may take, in milliseconds; 0: as long as it likes.
// Whoever runs the plug-in in a worker keeps the limit.
func (p *Plugin) TimeoutMs() uint32 {
	if n := p.manifest.TimeoutMs; n != nil {
		return *n
	}
	return 0
}

// Main is the index of the module whose exports are called.
func (p *Plugin) Main() int { return p.linked.main }

// Active reports whether a call is under way.
func (p *Plugin) Active() bool { return p.state == running || p.state == preparing }

// Start gives the first step of creating the plug-in.
func (p *Plugin) Start() Step {
	p.todo = append([]Step{{Op: Kernel}}, p.instantiation()...)
	p.next = -1
	return p.advance()
}

// instantiation lists the steps that bring all modules up, each after those
// that it imports from. Of modules that import from each other in a circle none is
// called before all of them are there.
func (p *Plugin) instantiation() []Step {
	var steps []Step
	for _, group := range p.linked.order {
		for _, m := range group {
			if p.linked.trampolines[m] != nil {
				steps = append(steps, Step{Op: Bridge, Module: m})
			}
			steps = append(steps, Step{Op: Instantiate, Module: m})
		}
		for _, m := range group {
			if p.linked.trampolines[m] != nil {
				steps = append(steps, Step{Op: Wire, Module: m})
			}
		}
		for _, m := range group {
			for _, f := range p.linked.initialisers(m) {
				steps = append(steps, Step{Op: Invoke, Module: m, Function: f})
			}
		}
	}
	return steps
}

// Begin starts a call of one of the main module's functions. The step is Call
// right away, unless instances have to be replaced or initialised first.
func (p *Plugin) Begin(function string) Step {
	if p.state == idle && p.repeatable && function == p.function {
		p.state = running
		return Step{Op: Call, Module: p.linked.main, Function: function}
	}
	if err := p.callable(function); err != nil {
		p.err = err
		return Step{Op: Failed}
	}
	p.state, p.function = preparing, function
	p.todo, p.next = p.todo[:0], -1
	if p.stale {
		p.todo = append(p.todo, p.instantiation()...)
		p.started = false
	}
	if !p.started && function != startFunction && p.linked.startsLazily() {
		p.todo = append(p.todo, Step{Op: Invoke, Module: p.linked.main, Function: startFunction})
	}
	return p.advance()
}

func (p *Plugin) callable(function string) *fault.Error {
	switch p.state {
	case closed:
		return fault.New(fault.Closed, "the plug-in has been closed").In("", function)
	case idle:
		return p.linked.exported(function)
	case preparing, running:
		return fault.New(fault.Busy, fmt.Sprintf(
			"the plug-in is inside a call of %q; a call of %q from there is not possible", p.function, function)).In("", function)
	}
	return fault.New(fault.Internal, "the plug-in has not been created").In("", function)
}

// Exported reports whether the main module exports a function of that name; if
// not, [Plugin.TakeError] says why.
func (p *Plugin) Exported(function string) bool {
	p.err = p.linked.exported(function)
	return p.err == nil
}

// Next takes the outcome of the last step and gives the next one.
func (p *Plugin) Next(o Outcome) Step {
	if p.state != creating && p.state != preparing || p.next >= len(p.todo) {
		p.err = fault.New(fault.Internal, "no step is under way")
		return Step{Op: Failed}
	}
	step := p.todo[p.next]
	if err := p.stepError(step, o); err != nil {
		p.err, p.stale, p.repeatable = err, true, false
		p.state = map[state]state{creating: failed, preparing: idle}[p.state]
		return Step{Op: Failed}
	}
	return p.advance()
}

// stepError says why a step has failed, or gives nil.
func (p *Plugin) stepError(step Step, o Outcome) *fault.Error {
	name := p.linked.modules[step.Module].Name
	switch {
	case o.Kind == Returned && step.Op == Invoke && o.GuestError != nil:
		return pluginError(*o.GuestError).In(name, step.Function)
	case o.Kind == Returned:
		return nil
	case o.Kind == UserError:
		p.env.TakeStop() // or a later trap would be put down to it
		return fault.New(fault.Internal, "the user's own error was not handed on").In(name, step.Function)
	case step.Op == Kernel:
		return instantiationError("the kernel", o.Message)
	case step.Op != Invoke:
		if stop := p.env.TakeStop(); stop != nil {
			return stop.In(name, "start")
		}
		reason := p.linked.early(o.Code)
		if reason == "" {
			reason = o.Message
		}
		return instantiationError(fmt.Sprintf("module %q", name), reason).In(name, "")
	}
	return p.callError(o, step.Module, step.Function)
}

// advance moves to the next step, or to what comes after the last.
func (p *Plugin) advance() Step {
	p.next++
	if p.next < len(p.todo) {
		step := p.todo[p.next]
		switch {
		case step.Op == Instantiate && p.linked.importsWASI[step.Module]:
			p.wasi[step.Module], _ = wasi.New(p.wasiOpts)
		case step.Op == Invoke && step.Module == p.linked.main && step.Function == startFunction:
			p.started = true
		}
		return step
	}
	p.stale = false
	if p.state == creating {
		p.state = idle
		return Step{Op: Ready}
	}
	p.state = running
	return Step{Op: Call, Module: p.linked.main, Function: p.function}
}

// End takes the outcome of the call and reports whether it has succeeded. If
// so, the output is in the kernel; if not, [Plugin.TakeError] says why.
func (p *Plugin) End(o Outcome) bool {
	if p.state != running {
		p.err = fault.New(fault.Internal, "no call is under way")
		return false
	}
	p.state = idle
	if o.Kind == Returned && o.Code == 0 && o.GuestError == nil && p.function != startFunction {
		p.repeatable = true
		return true
	}
	p.repeatable = false
	if o.Kind == NoRoom {
		p.err = fault.New(fault.OutOfMemory, fmt.Sprintf(
			"no room for %d bytes of input in the plug-in's memory", uint32(o.Code))).In("", p.function)
		return false
	}
	// After a trap nothing in the guest's memory can be trusted, and a command
	// runs only once.
	p.stale = o.Kind != Returned || p.function == startFunction
	if o.Kind == UserError {
		p.env.TakeStop()
		return false
	}
	p.err = p.callError(o, p.linked.main, p.function)
	return p.err == nil
}

// Abort ends what is under way, for a reason that is not the guest's. The next
// call gets fresh instances.
func (p *Plugin) Abort(reason *fault.Error) {
	p.err, p.stale = reason, true
	switch p.state {
	case creating:
		p.state = failed
	case preparing, running:
		p.state = idle
	}
}

// CannotWait ends a call before its first step: who calls cannot wait for it. The
// next call that can takes the step instead.
func (p *Plugin) CannotWait() {
	p.Abort(fault.New(fault.Busy, fmt.Sprintf(
		"a call of %q has to wait for fresh instances first; make one that can wait", p.function)).In("", p.function))
}

// callError says why calling a function has failed, or gives nil. proc_exit(0)
// traps too, but is no failure.
func (p *Plugin) callError(o Outcome, module int, function string) *fault.Error {
	name := p.linked.modules[module].Name
	code := uint32(o.Code)
	if o.Kind == Trapped {
		if stop := p.env.TakeStop(); stop != nil {
			return stop.In(name, function)
		}
		exit, exited := p.exitCode()
		if !exited {
			return trapError(o, name, function)
		}
		code = exit
	}
	switch {
	case o.GuestError != nil:
		return pluginError(*o.GuestError).In(name, function)
	case code != 0:
		return fault.New(fault.NonZeroExit, fmt.Sprintf(
			"function %q ended with the non-zero code %d", function, int32(code))).In(name, function)
	}
	return nil
}

// exitCode gives what a guest passed to proc_exit, once, if it did.
func (p *Plugin) exitCode() (code uint32, exited bool) {
	for _, s := range p.wasi {
		if s != nil {
			if code, exited = s.TakeExitCode(); exited {
				return code, true
			}
		}
	}
	return 0, false
}

// Close ends the plug-in's life. It reports whether it had not ended before.
func (p *Plugin) Close() bool {
	if p.state == closed {
		return false
	}
	p.repeatable = false
	p.state, p.todo, p.env, p.wasi = closed, nil, hostenv.New(&manifest.Manifest{}, manifest.LogOff), nil
	return true
}

// Crashed keeps the error of a panic in one of our own functions, which was turned
// into a stop.
func (p *Plugin) Crashed(reason any) {
	p.env.SetStop(Panicked(reason))
}

// Panicked is the error that a panic in one of our own functions becomes.
func Panicked(reason any) *fault.Error {
	return fault.New(fault.Internal, fmt.Sprintf("the core panicked: %v", reason))
}

// SetError leaves an error for [Plugin.TakeError].
func (p *Plugin) SetError(err *fault.Error) { p.err = err }

// TakeError gives the error that the last Failed step or failed call left, once.
func (p *Plugin) TakeError() *fault.Error {
	err := p.err
	p.err = nil
	if err == nil {
		err = fault.New(fault.Internal, "no error was left")
	}
	return err
}
