package main

import (
	"os"
	"path/filepath"
	"testing"
)

// What is committed is what the generator writes.
func TestGenerated(t *testing.T) {
	for name, text := range outputs {
		got, err := os.ReadFile(filepath.Join("..", name))
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != text() {
			t.Errorf("%s is out of date: run `go generate ./internal/kernel`", name)
		}
	}
}
