package overlay

import (
	"maps"
	"os"
	"path/filepath"
	"testing"
)

// tree makes empty files.
func tree(t *testing.T, names ...string) string {
	t.Helper()
	root := t.TempDir()
	for _, name := range names {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, nil, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestReplacements(t *testing.T) {
	std := tree(t, "fmt/fmt.go", "fmt/fmt_test.go", "internal/a/b.go")
	src := tree(t, "fmt/print.go", "fmt/scan.go", "fmt/scan_test.go", "fmt/README", "internal/a/b.go", "internal/c/c.go")
	got, err := replacements(std, src)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{
		filepath.Join(src, "fmt/print.go"):    "",
		filepath.Join(src, "fmt/scan.go"):     "",
		filepath.Join(src, "fmt/fmt.go"):      filepath.Join(std, "fmt/fmt.go"),
		filepath.Join(src, "internal/a/b.go"): filepath.Join(std, "internal/a/b.go"),
	}
	if !maps.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

func TestReplacementsOfNothing(t *testing.T) {
	if got, err := replacements(tree(t, "gone/gone.go"), tree(t, "fmt/print.go")); err == nil {
		t.Errorf("a package that the standard library lacks is replaced: %v", got)
	}
}
