package policy

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/fault"
)

func TestFollow(t *testing.T) {
	sent := Headers{{"accept", "*/*"}, {"authorization", "secret"}, {"content-type", "text/plain"}, {"cookie", "c=1"}, {"content-language", "de"}}
	pick := func(names ...string) Headers {
		return slices.DeleteFunc(slices.Clone(sent), func(h Header) bool { return !slices.Contains(names, h.Name) })
	}
	all := pick("accept", "authorization", "content-type", "cookie", "content-language")
	bare := pick("accept", "authorization", "cookie")
	open := pick("accept", "content-type", "content-language")
	for _, tt := range []struct {
		method string
		status int
		from   string
		to     string
		want   string // method
		body   bool
		left   Headers
	}{
		{"GET", 301, "https://a/", "https://a/x", "GET", true, all},
		{"POST", 301, "https://a/", "https://a/x", "GET", false, bare},
		{"POST", 302, "https://a/", "https://a/x", "GET", false, bare},
		{"PUT", 302, "https://a/", "https://a/x", "PUT", true, all},
		{"POST", 303, "https://a/", "https://a/x", "GET", false, bare},
		{"PUT", 303, "https://a/", "https://a/x", "GET", false, bare},
		{"GET", 303, "https://a/", "https://a/x", "GET", true, all},
		{"HEAD", 303, "https://a/", "https://a/x", "HEAD", true, all},
		{"HEAD", 302, "https://a/", "https://a/x", "HEAD", true, all},
		{"POST", 307, "https://a/", "https://a/x", "POST", true, all},
		{"POST", 308, "https://a/", "https://a/x", "POST", true, all},
		{"POST", 307, "https://a/", "https://b/", "POST", true, open},
		{"POST", 307, "https://a/", "https://a:8443/", "POST", true, open},
		{"POST", 307, "https://a/", "http://a/", "POST", true, open},
		{"POST", 307, "http://a/", "https://a/", "POST", true, open},
		{"POST", 302, "https://a/", "https://b/", "GET", false, pick("accept")},
	} {
		r := request(t, tt.method, tt.from, slices.Clone(sent)...)
		r.Body = true
		to := address(t, tt.to)
		if problem := r.Follow(hosts(t, "a", "b"), tt.status, to); problem != nil {
			t.Errorf("%+v: %v", tt, problem)
		}
		if r.Method != tt.want || r.Body != tt.body || r.URL != to || !reflect.DeepEqual(r.Headers, tt.left) {
			t.Errorf("%s %d %s: %+v", tt.method, tt.status, tt.to, r)
		}
	}
}

func TestSecretsDoNotComeBack(t *testing.T) {
	r := request(t, "GET", "https://a/", Header{"authorization", "secret"})
	there, back := address(t, "https://b/"), address(t, "https://a/")
	for _, to := range []*URL{there, back} {
		if problem := r.Follow(hosts(t, "a", "b"), 302, to); problem != nil {
			t.Fatal(problem)
		}
	}
	if len(r.Headers) > 0 {
		t.Errorf("back where it came from the request has %v", r.Headers)
	}
}

func TestRedirectsThatAreNotFollowed(t *testing.T) {
	for _, tt := range []struct {
		to   string
		code fault.Code
		want string
	}{
		{"https://evil.example/", fault.HTTPDenied,
			`HTTP request to "https://evil.example/" is not allowed (no allowedHosts match "evil.example"); "https://a/" redirects to it`},
		{"http://169.254.169.254/latest", fault.HTTPDenied, "no allowedHosts match"},
		{"file:///etc/passwd", fault.HTTPDenied, "only http and https"},
		{"data:text/plain,x", fault.HTTPDenied, "only http and https"},
		{"javascript:alert(1)", fault.HTTPDenied, "only http and https"},
		{"https://user:secret@a/", fault.HTTPDenied, "no password"},
	} {
		r := request(t, "GET", "https://a/")
		before := *r
		to := address(t, tt.to)
		problem := r.Follow(hosts(t, "a"), 302, to)
		if problem == nil || problem.Code != tt.code || !strings.Contains(problem.Message, tt.want) || strings.Contains(problem.Message, "secret") {
			t.Errorf("%s: %v", tt.to, problem)
		}
		if !reflect.DeepEqual(*r, before) {
			t.Errorf("%s: the request has changed to %+v", tt.to, r)
		}
	}
	if problem := request(t, "GET", "https://a/").Follow(hosts(t, "*"), 302, nil); problem == nil || problem.Code != fault.HTTPFailed {
		t.Errorf("no URL: %v", problem)
	}
}

func TestRedirectsEnd(t *testing.T) {
	r := request(t, "GET", "https://a/")
	for i := range MaxRedirects + 1 {
		problem := r.Follow(hosts(t, "a"), 302, &URL{Href: "https://a/", Scheme: "https", Host: "a"})
		if last := i == MaxRedirects; (problem != nil) != last {
			t.Fatalf("redirect %d: %v", i+1, problem)
		} else if last && (problem.Code != fault.HTTPFailed || !strings.Contains(problem.Message, "more than 10 redirects")) {
			t.Errorf("%s: %s", problem.Code, problem)
		}
	}
}

func TestIsRedirect(t *testing.T) {
	var got []int
	for status := range 1000 {
		if IsRedirect(status) {
			got = append(got, status)
		}
	}
	if !slices.Equal(got, []int{301, 302, 303, 307, 308}) {
		t.Errorf("%v", got)
	}
}

func TestHiddenRedirect(t *testing.T) {
	problem := request(t, "GET", "https://a/").HiddenRedirect()
	if problem.Code != fault.Unsupported || !strings.Contains(problem.Message, `"https://a/"`) {
		t.Errorf("%s: %s", problem.Code, problem)
	}
}

// FuzzFollow sends a request around. It ends, never leaves the list of hosts, and
// no secret gets to a second origin.
func FuzzFollow(f *testing.F) {
	f.Add("POST", []byte("\x00\x01\x02\x03\x14\x25\x36"))
	f.Add("GET", []byte("\x07\x08\x09\x0a\xff\x44\x44\x44\x44\x44\x44\x44\x44\x44\x44\x44\x44"))
	f.Fuzz(func(t *testing.T, method string, steps []byte) {
		allowed := hosts(t, "a", "*.b:8080", "[::1]")
		origins := []URL{
			{Scheme: "https", Host: "a"}, {Scheme: "http", Host: "a"}, {Scheme: "https", Host: "a", Port: "1"},
			{Scheme: "http", Host: "x.b", Port: "8080"}, {Scheme: "http", Host: "x.b"}, {Scheme: "http", Host: "[::1]"},
			{Scheme: "file"}, {Scheme: "https", Host: "a", Credentials: true}, {Scheme: "https", Host: "evil"},
		}
		first := &origins[0]
		r := &Request{Method: method, URL: first, Body: true, Headers: Headers{{"authorization", "s"}, {"content-type", "t"}, {"x", ""}}}
		left, hops := false, 0
		for _, s := range steps {
			to := &origins[int(s&15)%len(origins)]
			if s == 0xff {
				to = nil
			}
			if r.Follow(allowed, []int{301, 302, 303, 307, 308}[int(s>>4)%5], to) != nil {
				continue
			}
			hops++
			left = left || r.URL != first
			has := func(name string) bool {
				return slices.ContainsFunc(r.Headers, func(h Header) bool { return h.Name == name })
			}
			if allowed.Allow(r.URL) != nil || hops > MaxRedirects {
				t.Errorf("hop %d to %+v", hops, r.URL)
			}
			if has("authorization") == left || has("content-type") != r.Body || !has("x") || !r.Body && r.Method != "GET" {
				t.Errorf("%+v", r)
			}
		}
	})
}
