package wazeroengine

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/kernel"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/plugin"
	"github.com/extism-js/extism-js/internal/wasi"
)

// Config is what a plug-in is made from.
type Config struct {
	// Modules are the bytes of the manifest's modules, in its order. They are not
	// kept.
	Modules [][]byte
	// Manifest names the modules and limits them. Nil: they have no names and there
	// are no limits. It belongs to the plug-in from now on.
	Manifest *manifest.Manifest
	// Options, too, belongs to the plug-in. Its Functions are taken from Functions
	// below. Nil: no WASI and no log.
	Options *manifest.Options
	// Functions are what guests may import beside Extism's own, by namespace and
	// name.
	Functions map[string]map[string]HostFunction
	// Logger takes the log records that the level lets through; nil drops them. An
	// error stops the guest, and the caller of the plug-in gets that very error.
	Logger func(level manifest.LogLevel, text string) error
	// Output takes what guests write to their standard output (fd 1) and standard
	// error (fd 2), line by line without the newline, if Options asks for it. Nil:
	// the logger takes it, as info and error. Errors are as with Logger.
	Output func(fd uint32, line []byte) error
	// WASI has the arguments, environment and input of guests that import WASI. Its
	// clocks and its source of random numbers are the machine's where they are nil.
	WASI wasi.Options
}

// Result is what a call has given.
type Result struct {
	// Output is the caller's to keep. It may be empty even if Set.
	Output []byte
	// Set tells whether the function has set an output at all.
	Set bool
}

// Plugin is a plug-in, and the driver of its state machine (package plugin): the
// machine says what to do, this does it and tells how it went. The shim's Plugin
// is the same in JavaScript. It is not safe for concurrent use, nor are two
// plug-ins of one engine.
type Plugin struct {
	engine  *Engine
	config  Config
	machine *plugin.Plugin
	context CallContext

	modules   []*Module
	names     []string
	kernel    *Kernel
	instances []*Instance
	adapters  []*Wasi         // by module; nil where WASI is not imported
	memories  []engine.Memory // by module, as WASI sees them
	bridges   []*bridge       // by module; nil where none is needed
	hosts     Instances       // by namespace
	compiled  []*Module       // of hosts
	functions map[string]*export
	// err is the first error of user code below the guest that is running.
	err error
	// ctx is that of the call under way. It is kept here because WASI's functions
	// get none: in a page there is none.
	ctx context.Context
}

// NewPlugin compiles, links and instantiates a plug-in. Errors are a
// [*fault.Error], or what a function of Config has given. The caller closes the
// plug-in.
func (e *Engine) NewPlugin(ctx context.Context, c Config) (*Plugin, error) {
	if err := complete(&c); err != nil {
		return nil, err
	}
	p := &Plugin{engine: e, config: c, functions: map[string]*export{}, hosts: Instances{}, ctx: ctx}
	p.context.plugin = p
	if err := p.create(ctx); err != nil {
		p.free(ctx)
		return nil, err
	}
	return p, nil
}

// complete checks a configuration and fills in what may be left out.
func complete(c *Config) error {
	if c.Manifest == nil {
		c.Manifest = &manifest.Manifest{Wasm: make([]manifest.Wasm, len(c.Modules))}
	}
	if c.Options == nil {
		c.Options = &manifest.Options{LogLevel: manifest.LogOff}
	}
	if len(c.Modules) == 0 || len(c.Modules) != len(c.Manifest.Wasm) {
		return fault.New(fault.InvalidInput, fmt.Sprintf(
			"%d modules for a manifest that lists %d", len(c.Modules), len(c.Manifest.Wasm)))
	}
	c.Options.Functions = map[string]manifest.Functions{}
	for namespace, functions := range c.Functions {
		if namespace == kernel.EnvModule || namespace == kernel.WasiModule {
			return fault.New(fault.InvalidInput, fmt.Sprintf("module name collision: %q is reserved", namespace))
		}
		types := manifest.Functions{}
		for name, f := range functions {
			types[name] = &f.Type
		}
		c.Options.Functions[namespace] = types
	}
	c.WASI = withClocks(c.WASI)
	return nil
}

// withClocks fills in what WASI needs of the machine.
func withClocks(o wasi.Options) wasi.Options {
	if o.Random == nil {
		o.Random = func(b []byte) { rand.Read(b) } // never fails
	}
	if o.Walltime == nil {
		o.Walltime = func() int64 { return time.Now().UnixNano() }
		o.WalltimeResolution = uint64(time.Microsecond)
	}
	if o.Nanotime == nil {
		start := time.Now()
		o.Nanotime = func() int64 { return int64(time.Since(start)) }
		o.NanotimeResolution = 1
	}
	return o
}

func (p *Plugin) create(ctx context.Context) error {
	c := &p.config
	if c.WASI.Sleep == nil {
		c.WASI.Sleep = p.sleep
	}
	modules := make([]plugin.Module, len(c.Modules))
	for i, data := range c.Modules {
		name := c.Manifest.ModuleName(i)
		m, err := p.compile(ctx, &c.Manifest.Wasm[i], data)
		if err != nil {
			return err.In(name, "")
		}
		p.modules = append(p.modules, m)
		p.names = append(p.names, name)
		modules[i] = plugin.Module{Name: name, Module: m}
	}
	c.Modules = nil
	p.instances = make([]*Instance, len(modules))
	p.adapters = make([]*Wasi, len(modules))
	p.memories = make([]engine.Memory, len(modules))
	p.bridges = make([]*bridge, len(modules))
	var err error
	p.machine, err = plugin.New(plugin.Config{Manifest: c.Manifest, Options: c.Options, Modules: modules, WASI: c.WASI})
	if err != nil {
		return fault.From(err)
	}
	if err := p.makeHosts(ctx); err != nil {
		return err
	}
	return p.perform(ctx, p.machine.Start())
}

func (p *Plugin) compile(ctx context.Context, w *manifest.Wasm, data []byte) (*Module, *fault.Error) {
	if w.Hash != "" {
		sum := sha256.Sum256(data)
		if err := w.CheckHash(hex.EncodeToString(sum[:])); err != nil {
			return nil, err
		}
	}
	m, err := p.engine.compile(ctx, data)
	if err != nil {
		return nil, fault.Wrap(fault.InvalidWasm, "compiling the module", err)
	}
	return m, nil
}

// sleep is poll_oneoff's way to wait. It ends the guest when its call is no longer
// wanted.
func (p *Plugin) sleep(ns int64) bool {
	timer := time.NewTimer(time.Duration(ns))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-p.ctx.Done():
		p.machine.Env().SetStop(fault.Wrap(fault.Trap, "ended in its sleep", p.ctx.Err()))
		return false
	}
}

// Exports reports whether the main module exports a function of that name.
func (p *Plugin) Exports(function string) bool { return p.machine.Exported(function) }

// Call calls a function of the main module with a copy of input. A module that has
// trapped is replaced by a fresh instance first; vars stay. Errors are a
// [*fault.Error], or what a function of [Config] has given. Calling the plug-in
// from one of those gives [fault.Busy].
//
// A context that is done ends the guest only if [Options.CloseOnDone] is set; the
// error then wraps the context's.
func (p *Plugin) Call(ctx context.Context, function string, input []byte) (Result, error) {
	step := p.machine.Begin(function)
	if step.Op == plugin.Failed {
		return Result{}, p.machine.TakeError()
	}
	p.ctx = ctx
	if err := p.perform(ctx, step); err != nil {
		return Result{}, err
	}
	if n, ok := p.give(input); !ok {
		p.machine.End(plugin.Outcome{Kind: plugin.NoRoom, Code: int32(n)})
		return Result{}, p.machine.TakeError()
	}
	code, err := p.invoke(ctx, p.machine.Main(), function)
	return p.finish(code, err)
}

// give frees what the call before has left and hands the input over. It gives the
// length, and whether there was room.
func (p *Plugin) give(input []byte) (n uint32, ok bool) {
	n = uint32(min(uint64(len(input)), math.MaxUint32))
	off := p.kernel.Begin(n)
	if n == 0 {
		return 0, true
	}
	return n, off != 0 && p.kernel.Write(off, input)
}

// finish tells the machine how the call has ended, and gives the output or the
// error.
func (p *Plugin) finish(code int32, cause error) (Result, error) {
	p.flush()
	o := p.outcome(code, cause)
	ok := p.machine.End(o)
	if o.Kind == plugin.UserError {
		return Result{}, p.takeUserError()
	}
	if !ok {
		return Result{}, p.failure(cause)
	}
	off, n := p.kernel.Output()
	if off == 0 {
		return Result{}, nil
	}
	out := make([]byte, n)
	p.kernel.Read(off, out)
	return Result{Output: out, Set: true}, nil
}

// perform does what the machine asks for until there is nothing more to be done.
func (p *Plugin) perform(ctx context.Context, step plugin.Step) error {
	var cause error
	for {
		switch step.Op {
		case plugin.Ready, plugin.Call:
			return nil
		case plugin.Failed:
			return p.failure(cause)
		}
		code, err := p.do(ctx, step)
		p.flush()
		o := p.outcome(code, err)
		step, cause = p.machine.Next(o), err
		if o.Kind == plugin.UserError {
			p.machine.TakeError() // says only that we have a better one
			return p.takeUserError()
		}
	}
}

// do does one step and gives the code that a function has returned.
func (p *Plugin) do(ctx context.Context, step plugin.Step) (int32, error) {
	switch step.Op {
	case plugin.Kernel:
		return 0, p.startKernel(ctx)
	case plugin.Instantiate:
		return 0, p.instantiate(ctx, step.Module)
	case plugin.Bridge:
		return 0, p.bridge(ctx, step.Module)
	case plugin.Wire:
		return 0, p.wire(ctx, step.Module)
	}
	p.kernel.Begin(0)
	return p.invoke(ctx, step.Module, step.Function)
}

// Close ends the plug-in. Doing so again has no effect; doing so from a function of
// [Config] is refused with [fault.Busy].
func (p *Plugin) Close(ctx context.Context) error {
	if p.machine.Active() {
		return fault.New(fault.Busy, "the plug-in is inside a call and cannot be closed from there")
	}
	if !p.machine.Close() {
		return nil
	}
	return p.free(ctx)
}

// free closes whatever there is, importers before what they import.
func (p *Plugin) free(ctx context.Context) error {
	var errs []error
	for i := range p.instances {
		if p.instances[i] != nil {
			errs = append(errs, p.instances[i].Close(ctx))
		}
		if p.bridges[i] != nil {
			errs = append(errs, p.bridges[i].Close(ctx))
		}
		if p.adapters[i] != nil {
			errs = append(errs, p.adapters[i].Close(ctx))
		}
	}
	for _, host := range p.hosts {
		errs = append(errs, host.Close(ctx))
	}
	if p.kernel != nil {
		errs = append(errs, p.kernel.Close(ctx))
	}
	for _, m := range append(p.modules, p.compiled...) {
		errs = append(errs, m.Close(ctx))
	}
	clear(p.functions)
	return errors.Join(errs...)
}
