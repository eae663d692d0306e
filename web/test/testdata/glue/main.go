//go:build js && wasm

// Glue is the program that wasm_exec.test.mjs runs: it puts one function for
// each thing to try on the object that the test gave it as js.Global().test, and
// waits. It knows nothing of the test's expectations.
package main

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"syscall/js"
	"time"
)

// kept is what grow has allocated.
var kept [][]byte

//go:wasmexport double
func double(x int32) int32 { return 2 * x }

// mark tells the test that Go reached this point.
//
//go:wasmimport test mark
func mark()

func main() {
	if len(os.Args) > 1 && os.Args[1] == "exit" {
		os.Exit(7)
	}
	test := js.Global().Get("test")
	for name, fn := range functions {
		test.Set(name, js.FuncOf(func(_ js.Value, args []js.Value) any { return fn(args) }))
	}
	if len(os.Args) > 1 && os.Args[1] == "stop" {
		return
	}
	select {}
}

var functions = map[string]func([]js.Value) any{
	// One operation of syscall/js each.
	"get":        func(a []js.Value) any { return a[0].Get(a[1].String()) },
	"set":        func(a []js.Value) any { a[0].Set(a[1].String(), a[2]); return "done" },
	"remove":     func(a []js.Value) any { a[0].Delete(a[1].String()); return "done" },
	"index":      func(a []js.Value) any { return a[0].Index(a[1].Int()) },
	"setIndex":   func(a []js.Value) any { a[0].SetIndex(a[1].Int(), a[2]); return "done" },
	"length":     func(a []js.Value) any { return a[0].Length() },
	"instanceOf": func(a []js.Value) any { return a[0].InstanceOf(a[1]) },
	"text":       func(a []js.Value) any { return a[0].String() },
	"invoke":     func(a []js.Value) any { return caught(func() js.Value { return a[0].Invoke() }) },
	"call":       func(a []js.Value) any { return caught(func() js.Value { return a[0].Call(a[1].String()) }) },
	"construct":  func(a []js.Value) any { return caught(func() js.Value { return a[0].New() }) },
	"same":       func(a []js.Value) any { return a[0].Equal(a[1]) },
	"global":     func([]js.Value) any { return js.Global() },
	"copy":       copyThroughGo,

	"work": work,
	"grow": grow,

	// Endings.
	"invokeAndMark": func(a []js.Value) any { a[0].Invoke(); mark(); return "survived" },
	"exit":          func(a []js.Value) any { os.Exit(a[0].Int()); return "survived" },
	"panic":         func(a []js.Value) any { panic(a[0].String()) },
	"overflow":      func([]js.Value) any { return deep(1 << 30) },

	"sleep": func(a []js.Value) any {
		go func() {
			time.Sleep(time.Duration(a[0].Int()) * time.Millisecond)
			a[1].Invoke()
		}()
		return nil
	},

	// What package os sees.
	"print":        func(a []js.Value) any { fmt.Print(a[0].String()); return nil },
	"printError":   func(a []js.Value) any { fmt.Fprint(os.Stderr, a[0].String()); return nil },
	"runtimePrint": func(a []js.Value) any { print(a[0].String()); return nil },
	"args":         func([]js.Value) any { return strings.Join(os.Args, "|") },
	"env":          func([]js.Value) any { return strings.Join(os.Environ(), "|") },
	"readFile": func(a []js.Value) any {
		go func() {
			_, err := os.ReadFile("nowhere")
			a[0].Invoke(fmt.Sprint(err))
		}()
		return nil
	},
	"getwd": func([]js.Value) any { _, err := os.Getwd(); return fmt.Sprint(err) },
	"now":   func([]js.Value) any { return float64(time.Now().UnixMilli()) },
}

// caught gives f's result, or as text the exception that JavaScript threw.
func caught(f func() js.Value) (result any) {
	defer func() {
		if err, ok := recover().(error); ok {
			result = err.Error()
		}
	}()
	return f()
}

func copyThroughGo(a []js.Value) any {
	data := make([]byte, a[0].Length())
	n := js.CopyBytesToGo(data, a[0])
	result := js.Global().Get("Uint8Array").New(n)
	js.CopyBytesToJS(result, data)
	return result
}

// work does n rounds of all operations and as many collections as fit, and
// returns how many rounds came out right.
func work(a []js.Value) any {
	right := 0
	for i := range a[0].Int() {
		object := js.Global().Get("Object").New()
		object.Set("name", fmt.Sprint("value ", i))
		list := js.Global().Get("Array").New(i, "x", object)
		list.SetIndex(1, i)
		sum := list.Index(0).Int() + list.Index(1).Int()
		if sum == 2*i && list.Length() == 3 &&
			list.Index(2).Get("name").String() == fmt.Sprint("value ", i) &&
			list.Call("indexOf", object).Int() == 2 && list.InstanceOf(js.Global().Get("Array")) {
			right++
		}
		if i%100 == 0 {
			runtime.GC()
		}
	}
	return right
}

// grow allocates a[0] MiB, one at a time, and reads a[1]'s bytes in between.
func grow(a []js.Value) any {
	sum := 0
	for range a[0].Int() {
		kept = append(kept, make([]byte, 1<<20))
		data := make([]byte, 3)
		js.CopyBytesToGo(data, a[1])
		sum += int(data[2])
	}
	return sum
}

//go:noinline
func deep(n int) int {
	if n == 0 {
		return 0
	}
	return deep(n-1) + n
}
