package wazeroengine

import (
	"bytes"

	"github.com/extism-js/extism-js/internal/hostenv"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/wasi"
)

// guestEnv answers what a plug-in's kernel passes on. As on the web, nothing here
// calls a guest or user code, and a panic becomes a stop.
type guestEnv struct{ *Plugin }

var _ Env = guestEnv{}

// guard turns a panic in a function of the environment into a stop. It must be
// deferred directly.
func guard[T int32 | int64](p *Plugin, result *T) {
	if r := recover(); r != nil {
		p.machine.Crashed(r)
		*result = hostenv.Stop
	}
}

func (g guestEnv) ConfigGet(_ int32, key, keyLen uint32) (off int64) {
	defer guard(g.Plugin, &off)
	return g.machine.Env().ConfigGet(g.kernel, key, keyLen)
}

func (g guestEnv) VarGet(_ int32, key, keyLen uint32) (off int64) {
	defer guard(g.Plugin, &off)
	return g.machine.Env().VarGet(g.kernel, key, keyLen)
}

func (g guestEnv) VarSet(_ int32, key, keyLen, value, valueLen uint32) (status int32) {
	defer guard(g.Plugin, &status)
	return g.machine.Env().VarSet(g.kernel, key, keyLen, value, valueLen)
}

func (g guestEnv) Log(_, level int32, _ uint32) (emit int32) {
	defer guard(g.Plugin, &emit)
	return g.machine.Env().Log(level)
}

func (g guestEnv) GetLogLevel(int32) (level int32) {
	defer guard(g.Plugin, &level)
	return g.machine.Env().LogLevel()
}

func (g guestEnv) HTTPRequest(_ int32, requestOff, requestLen uint32) (off int64) {
	defer guard(g.Plugin, &off)
	return g.machine.Env().HTTPRequest(g.kernel, requestOff, requestLen)
}

func (g guestEnv) HTTPStatusCode(int32) (status int32) {
	defer guard(g.Plugin, &status)
	return g.machine.Env().HTTPStatusCode()
}

func (g guestEnv) HTTPHeaders(int32) (off int64) {
	defer guard(g.Plugin, &off)
	return g.machine.Env().HTTPHeaders(g.kernel)
}

// wasiFunctions answers WASI for the present instance of a module.
func (p *Plugin) wasiFunctions(module int) map[string]WasiFunc {
	functions := map[string]WasiFunc{}
	for _, f := range wasi.Functions {
		functions[f.Name] = func(_ int32, args []uint64) (status int32) {
			defer guard(p, &status)
			return f.Call(p.machine.WASI(module), p.memories[module], args)
		}
	}
	return functions
}

// log is the kernel's log sink: user code, called with no function of ours below
// the guest.
func (p *Plugin) log(_, level int32, off, n uint32) int32 {
	if p.config.Logger == nil {
		return 0
	}
	text := make([]byte, n)
	p.kernel.Read(off, text)
	return p.emit(func() error { return p.config.Logger(manifest.LogLevel(level), string(text)) })
}

// emit runs a logger and gives a number other than 0 if the guest must not go on.
func (p *Plugin) emit(logger func() error) int32 {
	if err := user("the logger", logger); err != nil {
		p.keep(err)
		return 1
	}
	return 0
}

// drain hands on the lines that a guest has written. Its result is that of emit.
func (p *Plugin) drain(module int) int32 {
	s := p.machine.WASI(module)
	for {
		fd, line, ok := s.TakeOutput()
		if !ok {
			return 0
		}
		line = bytes.Clone(bytes.TrimSuffix(line, []byte("\n")))
		if stop := p.emit(func() error { return p.output(fd, line) }); stop != 0 {
			return stop
		}
	}
}

func (p *Plugin) output(fd uint32, line []byte) error {
	switch {
	case p.config.Output != nil:
		return p.config.Output(fd, line)
	case p.config.Logger == nil:
		return nil
	case fd == 2:
		return p.config.Logger(manifest.LogError, string(line))
	}
	return p.config.Logger(manifest.LogInfo, string(line))
}

// flush hands on unfinished lines, once a guest has returned.
func (p *Plugin) flush() {
	if !p.config.Options.WASIOutput {
		return
	}
	for i := range p.modules {
		if s := p.machine.WASI(i); s != nil && s.FlushOutput() {
			p.drain(i)
		}
	}
}
