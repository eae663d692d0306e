//go:build !js

package enginetest

import (
	"testing"

	"github.com/extism-js/extism-js/internal/wattest"
)

func TestCommittedModules(t *testing.T) {
	for _, name := range []string{"empty", "everything"} {
		wattest.Committed(t, "testdata/"+name+".wat")
	}
}
