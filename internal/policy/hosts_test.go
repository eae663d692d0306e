package policy

import (
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/gobwas/glob"
)

// address takes apart what the tests write; the addresses are as URL parsers
// give them.
func address(t testing.TB, href string) *URL {
	t.Helper()
	scheme, rest, ok := strings.Cut(href, "://")
	if !ok {
		scheme, rest, _ = strings.Cut(href, ":")
		return &URL{Href: href, Scheme: scheme}
	}
	host, _, _ := strings.Cut(rest, "/")
	user, behind, credentials := strings.Cut(host, "@")
	if credentials {
		host = behind
	} else {
		user = ""
	}
	u := &URL{Href: href, Scheme: scheme, Host: host, Credentials: user != ""}
	if i := strings.LastIndexByte(host, ':'); i > strings.LastIndexByte(host, ']') {
		u.Host, u.Port = host[:i], host[i+1:]
	}
	return u
}

func hosts(t testing.TB, entries ...string) *Hosts {
	t.Helper()
	h, problem := NewHosts(entries)
	if problem != nil {
		t.Fatal(problem)
	}
	return h
}

func TestHosts(t *testing.T) {
	for _, tt := range []struct {
		entry, url string
		want       bool
	}{
		{"example.com", "https://example.com/", true},
		{"example.com", "http://example.com/", true},
		{"example.com", "https://example.com:8443/", true},
		{"EXAMPLE.com", "https://example.com/", true},
		{"example.com", "https://example.org/", false},
		{"example.com", "https://www.example.com/", false},
		{"example.com", "https://example.com.evil.example/", false},
		{"example.com", "https://notexample.com/", false},
		{"example.com", "https://example.com./", true},
		{"example.com.", "https://example.com/", true},
		{"example.com", "https://example.com../", false},
		{"xn--bcher-kva.example", "https://xn--bcher-kva.example/", true},
		{"a_b.example", "https://a_b.example/", true},

		{"*", "https://example.com/", true},
		{"*", "http://[::1]:8080/", true},
		{"*", "http://127.0.0.1/", true},
		{"*", "http://localhost./", true},
		{"*.example.com", "https://www.example.com/", true},
		{"*.example.com", "https://a.b.example.com/", true},
		{"*.example.com", "https://example.com/", false},
		{"*.example.com", "https://www.example.com./", true},
		{"*.example.com", "https://www.example.com.evil/", false},
		{"*.*.example.com", "https://www.example.com/", false},
		{"**.example.com", "https://a.b.example.com/", true},
		{"api-*.example.com", "https://api-.example.com/", true},
		{"10.0.0.*", "http://10.0.0.255/", true},
		{"10.0.0.*", "http://10.0.1.1/", false},
		{"a?c", "http://abc/", true},
		{"a?c", "http://a.c/", true},
		{"a?c", "http://ac/", false},
		{"???", "http://ab/", false},
		{"a[bc]d", "http://acd/", true},
		{"a[bc]d", "http://aed/", false},
		{"a[!bc]d", "http://aed/", true},
		{"a[!bc]d", "http://abd/", false},
		{"a[!bc]d", "http://ad/", false},
		{"node[0-9].x", "http://node7.x/", true},
		{"node[0-9].x", "http://nodea.x/", false},
		{"node[A-C0-2-]x", "http://nodebx/", true},
		{"node[a-c0-2-]x", "http://node-x/", true},
		{"[a-c]x", "http://ax/", true},
		{"{a,b}.example", "http://b.example/", true},
		{"{a,b}.example", "http://c.example/", false},
		{"{*.,}example.com", "http://example.com/", true},
		{"{*.,}example.com", "http://www.example.com/", true},
		{"{a,b}{1,2}", "http://b1/", true},
		{"{a,b}{1,2}", "http://ab/", false},
		{"a:{80,8080}", "http://a:8080/", true},
		{"a:{80,8080}", "http://a:8081/", false},

		{"a:8080", "http://a:8080/", true},
		{"a:8080", "http://a/", false},
		{"a:08080", "http://a:8080/", true},
		{"a:80", "http://a/", true},
		{"a:80", "https://a/", false},
		{"a:443", "https://a/", true},
		{"a:0", "http://a:0/", true},
		{"*:8080", "http://a:8080/", true},
		{"*:8080", "http://a/", false},

		{"[::1]", "http://[::1]/", true},
		{"[::1]", "http://[::1]:99/", true},
		{"[::1]:80", "http://[::1]/", true},
		{"[::1]:80", "http://[::1]:99/", false},
		{"[::1]", "http://[::2]/", false},
		{"[FE80::A]", "http://[fe80::a]/", true},
		{"[1:2:3:4:5:6:7:8]", "http://[1:2:3:4:5:6:7:8]/", true},
		{"[::]", "http://[::]/", true},
		{"[::1]", "http://1/", false},
		{"127.0.0.1", "http://127.0.0.1/", true},

		{"*", "ftp://example.com/", false},
		{"*", "file:///etc/passwd", false},
		{"*", "data:,x", false},
		{"*", "javascript:alert(1)", false},
		{"*", "blob:https://example.com/1", false},
		{"*", "https://user:password@example.com/", false},
		{"*", "https:///", false},
	} {
		h := hosts(t, "unrelated.example", tt.entry)
		if got := h.Allow(address(t, tt.url)) == nil; got != tt.want {
			t.Errorf("%s by %s: %t, want %t", tt.url, tt.entry, got, tt.want)
		}
	}
}

func TestNoHosts(t *testing.T) {
	for name, h := range map[string]*Hosts{"nil": nil, "zero": {}, "an empty list": hosts(t)} {
		if h.Allow(address(t, "https://example.com/")) == nil {
			t.Errorf("%s: allowed", name)
		}
		if h.Any() {
			t.Errorf("%s: has all hosts", name)
		}
	}
}

func TestAny(t *testing.T) {
	for entry, want := range map[string]bool{"*": true, "**": true, "{a,*}": true, "*:80": false, "*.*": false, "[::]": false} {
		if got := hosts(t, "a", entry).Any(); got != want {
			t.Errorf("%s: %t", entry, got)
		}
	}
}

func TestDenialSaysWhy(t *testing.T) {
	long := strings.Repeat("a", 300)
	for url, want := range map[string]string{
		"https://example.com/a?b":   `HTTP request to "https://example.com/a?b" is not allowed (no allowedHosts match "example.com")`,
		"http://[::1]:80/":          `HTTP request to "http://[::1]:80/" is not allowed (no allowedHosts match "[::1]")`,
		"http://" + long + "/":      `HTTP request to "http://` + long + `/" is not allowed (no allowedHosts match "` + long + `")`,
		"file:///etc":               `HTTP request to "file:///etc" is not allowed (only http and https are)`,
		"https://u:secret@a:8443/x": `HTTP request to "https://a:8443" is not allowed (a URL must have no user name and no password; use an authorization header)`,
	} {
		problem := hosts(t, "only.example").Allow(address(t, url))
		if problem == nil || problem.Code != fault.HTTPDenied || problem.Message != want {
			t.Errorf("%s: %v", url, problem)
		}
	}
}

func TestHugeAddressIsCutInMessages(t *testing.T) {
	problem := hosts(t).Allow(&URL{Href: "https://a/" + strings.Repeat("x", 1<<20), Scheme: "https", Host: strings.Repeat("h", 1<<20)})
	if n := len(problem.Message); n > 3000 {
		t.Errorf("the message has %d bytes", n)
	}
	if s := cut(strings.Repeat("ä", 1<<10)); s != strings.Repeat("ä", maxQuoted/2)+"…" {
		t.Errorf("cut within a character: %q", s[len(s)-8:])
	}
	if s := cut("x" + strings.Repeat("ä", 1<<10)); s != "x"+strings.Repeat("ä", maxQuoted/2-1)+"…" {
		t.Errorf("cut within a character: %q", s[len(s)-8:])
	}
}

func TestEntriesThatAreNone(t *testing.T) {
	for _, tt := range []struct{ entry, why string }{
		{"", "there is none"},
		{".", "there is none"},
		{":80", "there is none"},
		{"{a,}", "there is none"},
		{"https://example.com", "not a URL"},
		{"example.com/path", "not a URL"},
		{"*/", "not a URL"},
		{"example com", `" "`},
		{" example.com", `" "`},
		{"a@b", `"@"`},
		{"!a", `"!"`},
		{"a\\b", `"\\"`},
		{"a%62", `"%"`},
		{"a\x00", `"\x00"`},
		{"a]", `"]"`},
		{"a}", `"}"`},
		{"a,b", `","`},
		{"bücher.example", "punycode"},
		{"\u212aelvin.example", "punycode"}, // its lower case is ASCII
		{"\xff", "punycode"},
		{"a[b", "closed"},
		{"a[", "closed"},
		{"a[!", "closed"},
		{"a[]", "in brackets"},
		{"a[]]", "in brackets"},
		{"a[b-a]", "in brackets"},
		{"a[b-*]", "in brackets"},
		{"a[*-b]", "in brackets"},
		{"a[^b]", "in brackets"},
		{"[*]", "in brackets"},
		{"a{b", "braces"},
		{"a{b{c,d}}", "braces"},
		{"a}{b", "braces"},
		{"a:", "port"},
		{"a:b", "port"},
		{"a:-1", "port"},
		{"a:+1", "port"},
		{"a:*", "port"},
		{"a:65536", "port"},
		{"a:99999999999999999999", "port"},
		{"::1", `":"`},
		{"fe80::1:80", `":"`},
		{"[::1", "in brackets"},
		{"[::1]80", "IPv6"},
		{"[::1]:x", "port"},
		{"[fe80::1%eth0]", "IPv6"},
		{"[::1.2.3.4]", "IPv6"},
		{"[a:b]c", "IPv6"},
		{"[a:b]:1:2", "IPv6"},
		{strings.Repeat("a", maxPattern+1), "more than 512"},
		{strings.Repeat("{a,b}", 11), "more than 1024 hosts"},
		{strings.Repeat("{a,b}", 100), "more than 1024 hosts"},
	} {
		_, problem := NewHosts([]string{"example.com", tt.entry})
		if problem == nil {
			t.Errorf("%q is taken", tt.entry)
		} else if problem.Code != fault.InvalidManifest || !strings.HasPrefix(problem.Message, "allowedHosts: "+strconv.Quote(tt.entry)+": ") ||
			!strings.Contains(problem.Message, tt.why) {
			t.Errorf("%q: %s, %q", tt.entry, problem.Code, problem.Message)
		}
	}
	if _, problem := NewHosts(make([]string, 2)); !errors.Is(problem, &fault.Error{Code: fault.InvalidManifest}) {
		t.Errorf("two empty entries: %v", problem)
	}
	many := strings.Split(strings.Repeat("a ", MaxHosts), " ")[:MaxHosts]
	if _, problem := NewHosts(many); problem != nil {
		t.Errorf("%d hosts: %v", MaxHosts, problem)
	}
	if _, problem := NewHosts(append(many, "b")); problem == nil {
		t.Errorf("%d hosts are taken", MaxHosts+1)
	}
}

// TestGlobThatBacktracks ends: a matcher that tried all ways of sharing a name
// out to the stars would not, in anybody's lifetime.
func TestGlobThatBacktracks(t *testing.T) {
	stars := strings.Repeat("*a", 120) + "*b"
	for _, name := range []string{strings.Repeat("a", maxHost), strings.Repeat("a", maxHost-1) + "b"} {
		h := hosts(t, stars)
		if got := h.Allow(&URL{Scheme: "http", Host: name}) == nil; got != strings.HasSuffix(name, "b") {
			t.Errorf("%s: %t", name[maxHost-4:], got)
		}
	}
	if hosts(t, "*").Allow(&URL{Scheme: "http", Host: strings.Repeat("a", maxHost+1)}) == nil {
		t.Error("a host longer than any name is allowed")
	}
	if matchGlob(strings.Repeat("*a", 1<<10)+"b", strings.Repeat("a", 1<<17)) {
		t.Error("matched")
	}
}

// common gives the pattern in gobwas/glob's words, if it has them: that knows a
// range in brackets or a list, and not both.
func common(entry string) (string, bool) {
	for i := 0; i < len(entry); i++ {
		if entry[i] != '[' {
			continue
		}
		end := strings.IndexByte(entry[i:], ']')
		inside := strings.TrimPrefix(entry[i+1:i+end], "!")
		ranges := strings.Contains(inside, "-")
		if ranges && !(len(inside) == 3 && inside[1] == '-') {
			return "", false
		}
	}
	return strings.ToLower(strings.TrimSuffix(entry, ".")), true
}

// shortest is how many characters a name must have for a pattern without braces.
func shortest(entry string) int {
	n := 0
	for i := 0; i < len(entry); i++ {
		switch entry[i] {
		case '*':
			continue
		case '[':
			i += strings.IndexByte(entry[i:], ']')
		}
		n++
	}
	return n
}

// compareWithOracle holds one name and one pattern against the matcher of
// go-sdk.
func compareWithOracle(t *testing.T, entry, name string) {
	t.Helper()
	text, ok := common(entry)
	if !ok {
		return
	}
	oracle, err := glob.Compile(text)
	if err != nil {
		return
	}
	h, problem := NewHosts([]string{entry})
	if problem != nil {
		t.Fatalf("%s: %v", entry, problem)
	}
	want := oracle.Match(name)
	if !strings.Contains(text, "{") && shortest(text) > len(name) {
		want = false // gobwas/glob lets what stands before and behind a star overlap: "a.b" passes by "a.*.b"
	}
	if got := h.match(&URL{Scheme: "http", Host: name}); got != want {
		t.Errorf("%q by %q: %t, gobwas/glob says %t", name, entry, got, want)
	}
}

func TestGlobAgreesWithGobwas(t *testing.T) {
	entries := []string{"*", "a", "a*", "*a", "a*b", "*a*", "a*a*a", "?", "a?", "??*", "*?a", "[ab]", "a[!b]*", "[a-c]*[x-z]",
		"{a,b}", "{a,*b}c", "*.{com,org}", "*.example.com", "a.*.b", "x{a,b,c}*{d,e}", "[0-9]*", "*-*", "a_b"}
	names := []string{"a", "b", "ab", "ba", "aa", "aab", "aba", "abab", "abc", "bc", "x", "xad", "xzd", "xay.e", "a.com", "b.org",
		"www.example.com", "example.com", "a.x.b", "a..b", "a.b", "9", "10.0.0.1", "a-b", "-", "a_b", "aaa", "aaaa", "axz", "cy"}
	for _, e := range entries {
		for _, n := range names {
			compareWithOracle(t, e, n)
		}
	}
}

// slow is a matcher of another kind: it keeps all places of the pattern at which
// it may be.
func slow(pattern, name string) bool {
	at := map[int]bool{0: true}
	for i := 0; ; i++ {
		for g := 0; g < len(pattern); g++ {
			if at[g] && pattern[g] == '*' {
				at[g+1] = true
			}
		}
		if i == len(name) {
			return at[len(pattern)]
		}
		next := map[int]bool{}
		for g := range at {
			if g < len(pattern) && pattern[g] == '*' {
				next[g] = true
			} else if to, ok := nextGlob(pattern, g, name[i]); ok {
				next[to] = true
			}
		}
		at = next
	}
}

// FuzzHosts reads any list and asks it for any host. What is taken matches as two
// other matchers have it, and what is not taken is a clear error.
func FuzzHosts(f *testing.F) {
	for _, s := range [][2]string{
		{"*.example.com", "www.example.com"}, {"{a,b}[!c-d]?:80", "axy"}, {"[::1]:80", "[::1]"}, {"*a*a*b", "aaaaaaab"},
		{"[1:2::3]:4", "[1:2::3]"}, {"A.", "a"}, {"{", "{"}, {"[]a]", "]"}, {"a[-b]", "a-"},
	} {
		f.Add(s[0], s[1])
	}
	f.Fuzz(func(t *testing.T, entry, host string) {
		h, problem := NewHosts([]string{entry})
		if problem != nil {
			if problem.Code != fault.InvalidManifest || len(problem.Message) > 8<<10 {
				t.Errorf("%q: %s, %d bytes", entry, problem.Code, len(problem.Message))
			}
			return
		}
		u := &URL{Href: "http://" + host + "/", Scheme: "http", Host: host}
		allowed := h.Allow(u) == nil
		if allowed && (host == "" || len(host) > maxHost) {
			t.Errorf("%q allows %q", entry, host)
		}
		if len(host) > 64 || len(entry) > 64 {
			return // the other matchers would take too long
		}
		for _, r := range h.rules {
			if name := strings.TrimSuffix(host, "."); !isAddress(r.glob) && matchGlob(r.glob, name) != slow(r.glob, name) {
				t.Errorf("%q by %q: %t", name, r.glob, !slow(r.glob, name))
			}
		}
		onlyNames := strings.IndexFunc(host, func(c rune) bool { return c > 'z' || !nameByte(byte(c)) }) < 0
		if onlyNames && host != "" && !strings.ContainsAny(entry, ":{}") && strings.Count(entry, "*") < 8 && !strings.HasSuffix(host, ".") {
			compareWithOracle(t, entry, host)
		}
	})
}
