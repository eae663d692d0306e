package webserver

import (
	"context"
	"sync"
	"testing"
	"time"
)

// Gate is where answers wait until a test lets them on. It is closed at first.
type Gate struct {
	waiting chan struct{} // one for each that has come
	steps   chan struct{}
	open    chan struct{}
	once    sync.Once
}

// maxSteps is how many may wait at a gate, or be let through in advance.
const maxSteps = 1 << 16

// Gate gives the gate of a name.
func (s *Server) Gate(name string) *Gate {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := s.gates[name]
	if g == nil {
		g = &Gate{waiting: make(chan struct{}, maxSteps), steps: make(chan struct{}, maxSteps), open: make(chan struct{})}
		s.gates[name] = g
	}
	return g
}

// Arrived waits until another one has come to the gate.
func (g *Gate) Arrived(t testing.TB) {
	t.Helper()
	select {
	case <-g.waiting:
	case <-time.After(patience):
		t.Fatal("nobody has come to the gate")
	}
}

// Step lets n through, now or when they come.
func (g *Gate) Step(n int) {
	for range n {
		g.steps <- struct{}{}
	}
}

// Open lets all through from now on.
func (g *Gate) Open() { g.once.Do(func() { close(g.open) }) }

// pass waits at the gate of a name, if there is a name. False means that the
// client has left, or the test has ended.
func (s *Server) pass(ctx context.Context, name string) bool {
	if name == "" {
		return ctx.Err() == nil
	}
	g := s.Gate(name)
	select {
	case g.waiting <- struct{}{}:
	default:
	}
	select {
	case <-ctx.Done():
		return false
	case <-g.open:
	case <-g.steps:
	}
	return true
}
