package build

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"text/tabwriter"
)

// Budget is how many bytes a page may download to run a plug-in: everything in
// [Sized] together, compressed with brotli.
const Budget = 720_000

// Sized are the files that count: the core, and the shim with the glue and the
// adapters in it.
var Sized = []string{"extism.wasm", "extism.mjs"}

// Size is the size of one file in bytes.
type Size struct {
	Name   string
	Raw    int64
	Brotli int64
}

func measure(dir string) ([]Size, error) {
	var sizes []Size
	for _, name := range Sized {
		raw, err := os.Stat(filepath.Join(dir, name))
		if err != nil {
			return nil, err
		}
		br, err := os.Stat(filepath.Join(dir, name+".br"))
		if err != nil {
			return nil, err
		}
		sizes = append(sizes, Size{Name: name, Raw: raw.Size(), Brotli: br.Size()})
	}
	return sizes, nil
}

// Total adds sizes up.
func Total(sizes []Size) Size {
	t := Size{Name: "total"}
	for _, s := range sizes {
		t.Raw += s.Raw
		t.Brotli += s.Brotli
	}
	return t
}

// CheckBudget fails when the sizes together are over [Budget].
func CheckBudget(sizes []Size) error {
	if t := Total(sizes); t.Brotli > Budget {
		return fmt.Errorf("build: %d bytes compressed is %d over the budget of %d", t.Brotli, t.Brotli-Budget, Budget)
	}
	return nil
}

// WriteSizes prints sizes and their total as a table, in bytes.
func WriteSizes(w io.Writer, sizes []Size) {
	tw := tabwriter.NewWriter(w, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(tw, "file\traw\tbrotli\t")
	for _, s := range append(sizes[:len(sizes):len(sizes)], Total(sizes)) {
		fmt.Fprintf(tw, "%s\t%s\t%s\t\n", s.Name, thousands(s.Raw), thousands(s.Brotli))
	}
	fmt.Fprintf(tw, "budget\t\t%s\t\n", thousands(Budget))
	tw.Flush()
}

// thousands writes a non-negative number with commas between groups of three.
func thousands(n int64) string {
	s := fmt.Sprint(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
