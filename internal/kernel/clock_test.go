//go:build !js

package kernel_test

import "time"

// clock runs f n times and returns nanoseconds per run.
func clock(n int, f func(i int)) float64 {
	start := time.Now()
	for i := range n {
		f(i)
	}
	return float64(time.Since(start).Nanoseconds()) / float64(n)
}
