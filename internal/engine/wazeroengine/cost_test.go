package wazeroengine

import (
	"testing"
	"time"

	"github.com/extism-js/extism-js/internal/kernel"
)

// Why the gate here is the one without a probe: what passing each costs.
func BenchmarkGate(b *testing.B) {
	for name, o := range map[string]Options{"compiler": {}, "interpreter": {Interpreter: true}} {
		b.Run(name, func(b *testing.B) {
			e, err := New(b.Context(), o)
			if err != nil {
				b.Fatal(err)
			}
			defer e.Close(b.Context())
			m, err := e.compile(b.Context(), kernel.GateWasm)
			if err != nil {
				b.Fatal(err)
			}
			probing, err := e.Instantiate(b.Context(), m, nil)
			if err != nil {
				b.Fatal(err)
			}
			pass := func(gate *Instance) time.Duration {
				start := time.Now()
				for _, name := range []string{"enter", "leave"} {
					if _, err := gate.Call(b.Context(), name); err != nil {
						b.Fatal(err)
					}
				}
				return time.Since(start)
			}
			var with, without time.Duration
			for b.Loop() {
				with += pass(probing)
				without += pass(e.gate)
			}
			b.ReportMetric(with.Seconds()/without.Seconds(), "probe/none")
		})
	}
}

// What a plug-in costs to create, once its modules are compiled.
func BenchmarkNewKernel(b *testing.B) {
	e, err := New(b.Context(), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer e.Close(b.Context())
	for b.Loop() {
		k, err := e.NewKernel(b.Context(), KernelConfig{ID: 1, Env: &fakeEnv{}})
		if err != nil {
			b.Fatal(err)
		}
		k.Close(b.Context())
	}
}
