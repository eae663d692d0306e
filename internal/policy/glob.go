package policy

// checkGlob gives the reason why a text is no pattern for a name, or "". Once it
// is one, nextGlob cannot fail on it.
func checkGlob(glob string) string {
	if glob == "" {
		return "a host is expected, and there is none"
	}
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; {
		case c == '*' || c == '?' || nameByte(c):
		case c == '[':
			end, why := checkClass(glob, i+1)
			if why != "" {
				return why
			}
			i = end
		default:
			return "no host has a " + quote(string(rune(c))) + " in it"
		}
	}
	return ""
}

// checkClass checks the characters in brackets from i on, and gives the place of
// the closing one.
func checkClass(glob string, i int) (end int, why string) {
	if i < len(glob) && glob[i] == '!' {
		i++
	}
	for start := i; i < len(glob); i++ {
		c := glob[i]
		if c == ']' && i > start {
			return i, ""
		}
		if isRange(glob, i) {
			if i += 2; glob[i] < c {
				c = 0
			} else if nameByte(c) {
				c = glob[i]
			}
		}
		if !nameByte(c) {
			return 0, "in brackets are characters of names, as in [abc], [a-z] or [!a-z]"
		}
	}
	return 0, "brackets must be closed"
}

// isRange reports whether a range of characters in brackets begins at i.
func isRange(glob string, i int) bool {
	return i+2 < len(glob) && glob[i+1] == '-' && glob[i+2] != ']'
}

// nameByte reports whether a byte may be in a host's name, which is in lower case.
func nameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || '0' <= c && c <= '9' || c == '-' || c == '.' || c == '_'
}

// matchGlob compares a name with a pattern. It never needs more steps than the
// product of both lengths: when it fails behind a star, that star takes one
// character more, and earlier stars need not be tried again.
func matchGlob(glob, name string) bool {
	g, n := 0, 0
	star, taken := -1, 0 // the last star, and the end of what it has taken
	for n < len(name) {
		if g < len(glob) && glob[g] == '*' {
			star, taken = g, n
			g++
			continue
		}
		if next, ok := nextGlob(glob, g, name[n]); ok {
			g, n = next, n+1
			continue
		}
		if star < 0 {
			return false
		}
		taken++
		g, n = star+1, taken
	}
	for g < len(glob) && glob[g] == '*' {
		g++
	}
	return g == len(glob)
}

// nextGlob compares one character with what stands at g, and gives the place
// behind that.
func nextGlob(glob string, g int, c byte) (next int, ok bool) {
	if g == len(glob) {
		return g, false
	}
	switch glob[g] {
	case '?':
		return g + 1, true
	case '[':
		return nextClass(glob, g+1, c)
	}
	return g + 1, glob[g] == c
}

func nextClass(glob string, i int, c byte) (next int, ok bool) {
	not := glob[i] == '!'
	if not {
		i++
	}
	for ; glob[i] != ']'; i++ {
		if isRange(glob, i) {
			ok = ok || glob[i] <= c && c <= glob[i+2]
			i += 2
			continue
		}
		ok = ok || glob[i] == c
	}
	return i + 1, ok != not
}
