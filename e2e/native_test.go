package e2e

import (
	"testing"

	"github.com/extism-js/extism-js/e2e/oracle"
)

// The corpus on wazero shows what the state machine and the environment answer
// with no JavaScript around them: what fails here and in a page is their fault,
// what fails in a page alone is not.
func TestCorpusNatively(t *testing.T) {
	n, err := oracle.NewNative(t.Context(), corpusLibrary(t))
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close(t.Context())
	var results []oracle.Played
	for _, c := range oracle.Cases() {
		played, err := n.Run(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, played)
	}
	compare(t, results)
}
