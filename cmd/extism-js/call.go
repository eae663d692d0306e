//go:build !js

package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"os"
	"strings"

	"github.com/extism-js/extism-js/internal/engine/wazeroengine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/manifest"
)

// runCall calls one function of a plug-in, natively on wazero, and writes its
// output to the standard output as it is.
func runCall(ctx context.Context, c *cli, args []string) error {
	fs := c.flags("call")
	input := fs.String("input", "", "the input, as `text`")
	fs.StringVar(input, "i", "", "short for -input")
	inputFile := fs.String("input-file", "", "read the input from a `file`; - is the standard input")
	stdin := fs.Bool("stdin", false, "read the input from the standard input")
	loop := fs.Uint("loop", 1, "call the function `n` times, on the same instance")
	useWASI := fs.Bool("wasi", true, "let the plug-in import WASI")
	level := fs.String("log-level", "info", "log records from this `level` on go to the standard error: trace, debug, info, warn, error or silent")
	config := settings{}
	fs.Var(config, "config", "a config value, as `key=value`; may be given again")
	fs.Func("set-config", "config values, as a `JSON` object of texts", config.setJSON)
	names, err := c.parseAnywhere(fs, args, 2)
	if err != nil {
		return err
	}
	if len(names) < 2 {
		fmt.Fprintln(c.stderr, "call: a plug-in and a function are needed")
		fs.Usage()
		return errUsage
	}
	logLevel, ok := manifest.ParseLogLevel(*level)
	if !ok {
		fmt.Fprintf(c.stderr, "call: %q is no log level\n", *level)
		return errUsage
	}
	if *stdin {
		*inputFile = "-"
	}
	data, err := c.input(*input, *inputFile)
	if err != nil {
		return err
	}
	m, modules, err := loadPlugin(ctx, names[0])
	if err != nil {
		return describe(err)
	}
	if len(config) > 0 {
		m.Override(&manifest.Manifest{Config: config})
	}
	err = c.call(ctx, wazeroengine.Config{
		Modules:  modules,
		Manifest: m,
		Options:  &manifest.Options{UseWASI: *useWASI, WASIOutput: *useWASI, LogLevel: logLevel},
		Logger: func(level manifest.LogLevel, text string) error {
			fmt.Fprintf(c.stderr, "%s: %s\n", level, text)
			return nil
		},
		Output: func(_ uint32, line []byte) error {
			_, err := fmt.Fprintf(c.stderr, "%s\n", line)
			return err
		},
	}, names[1], data, *loop)
	return describe(err)
}

// call makes a plug-in, calls it n times and writes its outputs as they are.
func (c *cli) call(ctx context.Context, config wazeroengine.Config, function string, input []byte, n uint) (err error) {
	// So that an interrupt ends a guest that does not end by itself.
	engine, err := wazeroengine.New(ctx, wazeroengine.Options{CloseOnDone: true})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, engine.Close(context.WithoutCancel(ctx))) }()
	p, err := engine.NewPlugin(ctx, config)
	if err != nil {
		return err
	}
	for range n {
		result, err := p.Call(ctx, function, input)
		if err != nil {
			return err
		}
		if _, err := c.stdout.Write(result.Output); err != nil {
			return err
		}
	}
	return nil
}

// describe puts an error's code in front of its text.
func describe(err error) error {
	if e, ok := errors.AsType[*fault.Error](err); ok {
		return fmt.Errorf("%s: %w", e.Code, err)
	}
	return err
}

func (c *cli) input(text, file string) ([]byte, error) {
	switch file {
	case "":
		return []byte(text), nil
	case "-":
		return io.ReadAll(c.stdin)
	}
	return os.ReadFile(file)
}

// settings collects the values of a flag of the form key=value.
type settings map[string]string

func (s settings) String() string { return "" }

// Set implements flag.Value.
func (s settings) Set(text string) error {
	key, value, ok := strings.Cut(text, "=")
	if !ok || key == "" {
		return errors.New("want key=value")
	}
	s[key] = value
	return nil
}

// setJSON sets the values of a JSON object.
func (s settings) setJSON(text string) error {
	values := map[string]string{}
	if err := json.Unmarshal([]byte(text), &values); err != nil {
		return err
	}
	maps.Copy(s, values)
	return nil
}

// parseAnywhere is parse for commands whose flags may also stand between and
// behind their arguments, which it gives.
func (c *cli) parseAnywhere(fs *flag.FlagSet, args []string, maxArgs int) ([]string, error) {
	var names []string
	for {
		if err := c.parse(fs, args, len(args)); err != nil {
			return nil, err
		}
		if fs.NArg() == 0 {
			return names, nil
		}
		if len(names) == maxArgs {
			return nil, c.parse(fs, fs.Args(), 0)
		}
		names, args = append(names, fs.Arg(0)), fs.Args()[1:]
	}
}
