// Package overlay has the core built with a few packages of the standard library
// in versions of our own, which leave out what the core does not use. They lie in
// std/, under their import paths, and only the core's build sees them; a plain
// `go build` of the core works as well and gives a larger one.
//
// A package is replaced as a whole, so nothing here depends on how a release of Go
// has divided it into files. Whatever another package uses of it, and is not there,
// fails the build.
package overlay

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// folder is where the replacements are, from the module's root.
const folder = "internal/overlay/std"

// Write writes a file that says which files of the standard library give way to
// which of ours, in the form that `go build -overlay` reads. The paths root and
// goroot are absolute.
func Write(file, root, goroot string) error {
	replace, err := replacements(filepath.Join(root, filepath.FromSlash(folder)), filepath.Join(goroot, "src"))
	if err != nil {
		return fmt.Errorf("overlay: %w", err)
	}
	text, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return fmt.Errorf("overlay: %w", err)
	}
	return os.WriteFile(file, text, 0o644)
}

// replacements maps the files of every package in src that has its counterpart in
// std: those of the original to nothing, ours to themselves.
func replacements(std, src string) (map[string]string, error) {
	replace := map[string]string{}
	err := filepath.WalkDir(std, func(path string, d os.DirEntry, err error) error {
		if err != nil || !d.IsDir() {
			return err
		}
		pkg, err := filepath.Rel(std, path)
		if err != nil {
			return err
		}
		ours, err := sources(path)
		if err != nil || len(ours) == 0 {
			return err
		}
		theirs, err := sources(filepath.Join(src, pkg))
		if err != nil {
			return err
		}
		if len(theirs) == 0 {
			return fmt.Errorf("%s is no package of the standard library", filepath.ToSlash(pkg))
		}
		for _, name := range theirs {
			replace[filepath.Join(src, pkg, name)] = ""
		}
		for _, name := range ours {
			replace[filepath.Join(src, pkg, name)] = filepath.Join(path, name)
		}
		return nil
	})
	return replace, err
}

// sources lists the source files of the package in a folder, without its tests.
func sources(dir string) (names []string, err error) {
	entries, err := os.ReadDir(dir)
	if os.IsNotExist(err) {
		return nil, nil
	}
	for _, e := range entries {
		name := e.Name()
		if strings.HasSuffix(name, ".go") && !strings.HasSuffix(name, "_test.go") {
			names = append(names, name)
		}
	}
	return names, err
}
