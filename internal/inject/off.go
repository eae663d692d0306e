//go:build !faultinject

// Package inject forces failures inside the core, so that tests can show what
// survives them. Without the build tag faultinject there is nothing in it.
package inject

// Point is a place at which a failure can be forced; here, none ever is.
func Point(group string) {}
