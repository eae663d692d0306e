// Package godebug takes the place of the standard library's in the core, which
// has no GODEBUG variable: every setting has its default. What is left out are the
// counters of settings that are not at their default and the search for the call
// that one of them breaks; 32 KB of download, as they need the runtime's metrics
// and a concurrent map.
package godebug

// A Setting is one that a program may change by GODEBUG, but for here.
type Setting struct{ name string }

// New gives the setting of a name, which may begin with # if it is undocumented.
func New(name string) *Setting { return &Setting{name} }

// Name gives the name without the #.
func (s *Setting) Name() string {
	if s.Undocumented() {
		return s.name[1:]
	}
	return s.name
}

// Undocumented reports whether the setting is not in the documentation.
func (s *Setting) Undocumented() bool { return s.name != "" && s.name[0] == '#' }

// String gives the setting as GODEBUG would have it.
func (s *Setting) String() string { return s.Name() + "=" + s.Value() }

// IncNonDefault does nothing: no setting is ever at another value.
func (s *Setting) IncNonDefault() {}

// Value gives the default, for which the empty text stands.
func (s *Setting) Value() string { return "" }
