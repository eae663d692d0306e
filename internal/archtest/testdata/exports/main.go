//go:build js && wasm

// Exports that each break a rule for exports, but for the first.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall/js"
	"time"

	"github.com/hack-pad/safejs"
)

var (
	channel = make(chan int, 1)
	mutex   sync.Mutex
	group   sync.WaitGroup
	one     sync.Once
)

//go:wasmimport extism fine
func fine(n int32) int32

//go:wasmimport env other
func other()

//go:wasmexport good
func good(n int32) (result int32) {
	defer func() {
		if r := recover(); r != nil {
			result = -1
		}
	}()
	numbers := []int32{n, fine(n), int32(time.Now().UnixNano())}
	slices.SortFunc(numbers, func(a, b int32) int { return int(a - b) })
	if len(strings.Repeat("x", int(n))) > 3 {
		return int32(strings.Index("abc", "b"))
	}
	return numbers[0]
}

//go:wasmexport sends
func sends() { channel <- 1 }

//go:wasmexport receives
func receives() int32 { return int32(<-channel) }

//go:wasmexport ranges
func ranges() {
	for range channel {
	}
}

//go:wasmexport selects
func selects() {
	select {
	case <-channel:
	default:
	}
}

//go:wasmexport locks
func locks() { mutex.Lock() }

//go:wasmexport waits
func waits() { group.Wait() }

//go:wasmexport once
func once() { one.Do(func() {}) }

//go:wasmexport sleeps
func sleeps() { time.Sleep(1) }

//go:wasmexport sets_a_timer
func setsATimer() { time.AfterFunc(1, func() {}) }

//go:wasmexport yields
func yields() { runtime.Gosched() }

//go:wasmexport starts_a_goroutine
func startsAGoroutine() { go func() {}() }

//go:wasmexport reads_a_file
func readsAFile() { os.ReadFile("x") }

//go:wasmexport makes_a_func
func makesAFunc() { js.FuncOf(nil) }

var value js.Value

//go:wasmexport touches_a_value
func touchesAValue() { value.Get("x") }

var safeValue safejs.Value

//go:wasmexport touches_safely
func touchesSafely() { safeValue.Get("x") }

//go:wasmexport reflects
func reflects() { reflect.TypeOf(1) }

//go:wasmexport speaks_json
func speaksJSON() { json.Marshal(1) }

//go:wasmexport prints
func prints() { fmt.Println() }

//go:wasmexport calls_host
func callsHost() { other() }

//go:wasmexport deep
func deep() { deeper(3) }

func deeper(n int) {
	for ; n > 0; n-- {
		deepest()
	}
}

func deepest() { channel <- 1 }

type locker interface{ take() }

type byMutex struct{ m sync.Mutex }

func (b *byMutex) take() { b.m.Lock() }

var taker locker = new(byMutex)

//go:wasmexport by_interface
func byInterface() { taker.take() }

var writer io.Writer = os.Stdout

//go:wasmexport by_std_interface
func byStdInterface() { writer.Write(nil) }

var sleep = time.Sleep

//go:wasmexport by_value
func byValue() { sleep(1) }

type options struct{ wait func() }

var opts options

func init() { opts.wait = func() { time.Sleep(2) } }

//go:wasmexport by_field
func byField() { opts.wait() }

//go:wasmexport by_closure
func byClosure() {
	f := func() { <-channel }
	f()
}

//go:wasmexport by_callback
func byCallback() { strings.Map(func(r rune) rune { return rune(<-channel) }, "x") }

func generic[T any](c chan T, v T) { c <- v }

//go:wasmexport by_generic
func byGeneric() { generic(channel, 1) }

var lock = mutex.Lock

//go:wasmexport by_method_value
func byMethodValue() { lock() }

//go:wasmexport deferred
func deferred() { defer mutex.Unlock() }

// slow blocks where fmt calls it. The walk suspects every Error method of every
// export that formats, so no good export can be shown beside this one.
type slow struct{}

func (slow) Error() string { return fmt.Sprint(<-channel) }

//go:wasmexport by_formatting
func byFormatting() int32 { return int32(len(fmt.Sprintf("%v", slow{}))) }

func main() {}
