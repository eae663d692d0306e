//go:build !js

// Command extism-js builds the runtime, serves it to a browser, and calls plug-ins
// natively.
//
// Exit codes: 0 when all went well, 1 when the work failed, 2 when the command
// line was wrong. Compiled for js/wasm the same package is the runtime's core.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
)

// A command is one subcommand. Its run function parses its own flags, so that
// `extism-js build -h` can list them.
type command struct {
	name    string
	args    string // what follows the name, for the usage line
	summary string
	run     func(ctx context.Context, c *cli, args []string) error
}

// cli is what a command may touch of the process, so that tests can run one.
type cli struct {
	stdin  io.Reader
	stdout io.Writer
	stderr io.Writer
}

// commands lists every subcommand in the order in which usage shows them.
func commands() []command {
	return []command{
		{"build", "[-o dist] [-sizes] [-check-size] [-packages]", "compile the core and bundle everything into a directory", runBuild},
		{"call", "[-input text | -input-file file] [-config key=value] [-wasi] [-log-level level] [-loop n] plug-in function", "call a function of a plug-in, natively on wazero", runCall},
		{"serve", "[-addr host:port] [-isolate] [directory]", "serve a built directory to a browser", runServe},
	}
}

// errUsage marks a wrong command line whose explanation is already printed.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	c := &cli{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr}
	os.Exit(c.main(ctx, os.Args[1:]))
}

// main runs one command line (without the program's name) and returns the exit
// code.
func (c *cli) main(ctx context.Context, args []string) int {
	if len(args) == 0 {
		c.usage(c.stderr)
		return 2
	}
	switch args[0] {
	case "help", "-h", "-help", "--help":
		c.usage(c.stdout)
		return 0
	}
	for _, cmd := range commands() {
		if cmd.name == args[0] {
			return c.exitCode(cmd.run(ctx, c, args[1:]))
		}
	}
	fmt.Fprintf(c.stderr, "extism-js: unknown command %q\n\n", args[0])
	c.usage(c.stderr)
	return 2
}

func (c *cli) exitCode(err error) int {
	switch {
	case err == nil, errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return 2
	}
	fmt.Fprintf(c.stderr, "extism-js: %v\n", err)
	return 1
}

func (c *cli) usage(w io.Writer) {
	fmt.Fprint(w, "extism-js runs Extism plug-ins on the WebAssembly engine that is already there.\n\nUsage:\n\n")
	for _, cmd := range commands() {
		fmt.Fprintf(w, "  extism-js %s %s\n        %s\n", cmd.name, cmd.args, cmd.summary)
	}
	fmt.Fprint(w, "\n`extism-js <command> -h` explains a command's flags.\n")
}

// flags makes the flag set of a command. parse with [cli.parse].
func (c *cli) flags(name string) *flag.FlagSet {
	fs := flag.NewFlagSet("extism-js "+name, flag.ContinueOnError)
	fs.SetOutput(c.stderr)
	return fs
}

// parse parses a command's flags and checks that at most maxArgs arguments
// follow them. The flag package has already printed what is wrong.
func (c *cli) parse(fs *flag.FlagSet, args []string, maxArgs int) error {
	if err := fs.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return err
		}
		return errUsage
	}
	if fs.NArg() > maxArgs {
		fmt.Fprintf(c.stderr, "%s: unexpected argument %q\n", fs.Name(), fs.Arg(maxArgs))
		fs.Usage()
		return errUsage
	}
	return nil
}
