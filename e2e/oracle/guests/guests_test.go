// Package guests_test checks that the committed guests are what their sources
// assemble to.
package guests_test

import (
	"path/filepath"
	"testing"

	"github.com/extism-js/extism-js/internal/wattest"
)

func TestCommittedGuests(t *testing.T) {
	sources, err := filepath.Glob("*.wat")
	if err != nil || len(sources) == 0 {
		t.Fatalf("no sources: %v", err)
	}
	for _, source := range sources {
		wattest.Committed(t, source, "--debug-names")
	}
}
