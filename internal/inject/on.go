//go:build faultinject

// Package inject forces failures inside the core, so that tests can show what
// survives them. Without the build tag faultinject there is nothing in it.
package inject

import (
	"os"
	"runtime"
)

// The failures that can be armed.
const (
	Nothing int32 = iota
	Panic
	Exit
	Collect  // a garbage collection
	Overflow // endless recursion, which no recover catches
)

var (
	group   string
	failure int32
)

// Arm makes the next pass through the group's points fail in the given way.
func Arm(g string, f int32) { group, failure = g, f }

// Point is a place at which a failure can be forced.
func Point(g string) {
	if g != group {
		return
	}
	f := failure
	if f != Collect {
		failure = Nothing
	}
	switch f {
	case Panic:
		panic("forced in " + g)
	case Exit:
		os.Exit(3)
	case Collect:
		runtime.GC()
	case Overflow:
		recurse(1)
	}
}

//go:noinline
func recurse(n int) int { return recurse(n+1) + 1 }
