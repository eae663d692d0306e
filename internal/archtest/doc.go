// Package archtest holds the tests that keep the architecture as it was meant:
// who may import whom, what code that runs inside a guest's call may do, and
// that the two sides of the interface to JavaScript agree. It has no code of its
// own. What it enforces and why is said in the tests' messages, for whoever sees
// one fail.
package archtest
