package policy

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/extism-js/extism-js/internal/fault"
)

func TestResponseLimits(t *testing.T) {
	limit := func(n uint64) *uint64 { return &n }
	for _, tt := range []struct {
		name  string
		max   *uint64
		parts []uint64
		want  bool
	}{
		{"unset, at the limit", nil, []uint64{50 << 20}, true},
		{"unset, beyond", nil, []uint64{50 << 20, 1}, false},
		{"zero, nothing", limit(0), []uint64{0}, true},
		{"zero, something", limit(0), []uint64{1}, false},
		{"in parts", limit(10), []uint64{5, 5, 0}, true},
		{"in parts, beyond", limit(10), []uint64{5, 6}, false},
		{"overflow", limit(10), []uint64{5, math.MaxUint64}, false},
		{"no overflow", limit(math.MaxUint64), []uint64{math.MaxUint64}, true},
	} {
		r := NewResponse(tt.max)
		var problem *fault.Error
		for _, n := range tt.parts {
			if problem == nil {
				problem = r.Receive(n)
			}
		}
		if (problem == nil) != tt.want {
			t.Errorf("%s: %v", tt.name, problem)
		}
		if problem != nil && (problem.Code != fault.HTTPTooLarge || !strings.HasPrefix(problem.Message, "HTTP response exceeds the configured maximum number of bytes: ")) {
			t.Errorf("%s: %s, %s", tt.name, problem.Code, problem)
		}
	}
}

func TestAnnouncedLength(t *testing.T) {
	for _, tt := range []struct {
		method  string
		status  int
		length  string
		headers Headers
		want    bool
	}{
		{"GET", 200, "", nil, true},
		{"GET", 200, "10", nil, true},
		{"GET", 200, "11", nil, false},
		{"GET", 404, "11", nil, false},
		{"GET", 200, "99999999999999999999999", nil, false},
		{"HEAD", 200, "11", nil, true},
		{"GET", 204, "11", nil, true},
		{"GET", 304, "11", nil, true},
		{"GET", 200, "11", Headers{{"content-encoding", "gzip"}}, true},
		{"GET", 200, "-1", nil, true},
		{"GET", 200, "11, 11", nil, true},
		{"GET", 200, "x", nil, true},
	} {
		max := uint64(10)
		headers := append(Headers{{"content-type", "text/plain"}, {"content-length", tt.length}}, tt.headers...)
		r := NewResponse(&max)
		if got := r.Announce(tt.method, tt.status, headers) == nil; got != tt.want {
			t.Errorf("%+v: %t", tt, got)
		}
	}
}

func TestEncodeHeaders(t *testing.T) {
	for _, tt := range []struct {
		headers Headers
		want    string
	}{
		{nil, `{}`},
		{Headers{{"a", ""}}, `{"a":""}`},
		{Headers{{"content-type", "text/plain"}, {"etag", `"x\y"`}}, `{"content-type":"text/plain","etag":"\"x\\y\""}`},
		{Headers{{"a", "1"}, {"b", "2"}, {"a", "3"}}, `{"a":"1, 3","b":"2"}`},
		{Headers{{"set-cookie", "a=1; Expires=Wed, 21 Oct 2015"}, {"set-cookie", "b=2"}}, `{"set-cookie":"a=1; Expires=Wed, 21 Oct 2015\nb=2"}`},
		{Headers{{"a", "\t\x00\x1f\x7f"}}, "{\"a\":\"\\u0009\\u0000\\u001f\x7f\"}"},
		{Headers{{"a", "é😀\u2028"}}, "{\"a\":\"é😀\u2028\"}"},
		{Headers{{"a", "\xff"}}, "{\"a\":\"\ufffd\"}"},
		{Headers{{"__proto__", "x"}}, `{"__proto__":"x"}`},
	} {
		got, problem := EncodeHeaders(tt.headers)
		if problem != nil || string(got) != tt.want {
			t.Errorf("%q: %s, %v", tt.headers, got, problem)
		}
	}
}

func TestEncodeHeadersIsBounded(t *testing.T) {
	for name, tt := range map[string]struct {
		headers Headers
		want    bool
	}{
		"at the limit of bytes":  {Headers{{"a", strings.Repeat("x", MaxHeaderBytes-1)}}, true},
		"one byte more":          {Headers{{"ab", strings.Repeat("x", MaxHeaderBytes-1)}}, false},
		"at the limit of number": {make(Headers, MaxHeaders), true},
		"one more":               {make(Headers, MaxHeaders+1), false},
	} {
		_, problem := EncodeHeaders(tt.headers)
		if (problem == nil) != tt.want || problem != nil && problem.Code != fault.HTTPTooLarge {
			t.Errorf("%s: %v", name, problem)
		}
	}
}

func TestFailed(t *testing.T) {
	problem := Failed(address(t, "https://a/b"), "connection refused")
	if problem.Code != fault.HTTPFailed || problem.Message != `HTTP request to "https://a/b" failed: connection refused` {
		t.Errorf("%s: %s", problem.Code, problem)
	}
}

// FuzzEncodeHeaders: the result is JSON, and has in it what came in.
func FuzzEncodeHeaders(f *testing.F) {
	f.Add("content-type", "text/plain", "set-cookie", "a=1, b")
	f.Add("a", "\"\\\x00\n", "a", "\xff\u2028")
	f.Fuzz(func(t *testing.T, n1, v1, n2, v2 string) {
		text, problem := EncodeHeaders(Headers{{n1, v1}, {n2, v2}})
		if problem != nil {
			if len(n1)+len(v1)+len(n2)+len(v2) <= MaxHeaderBytes {
				t.Error(problem)
			}
			return
		}
		var got map[string]string
		if err := json.Unmarshal(text, &got); err != nil || !utf8.Valid(text) {
			t.Fatalf("%q: %v", text, err)
		}
		for _, s := range []string{n1, v1, n2, v2} {
			if !utf8.ValidString(s) {
				return // how many U+FFFD there are is nobody's business
			}
		}
		if n1 == n2 {
			if v := got[n1]; v != v1+", "+v2 && v != v1+"\n"+v2 {
				t.Errorf("%q", v)
			}
		} else if got[n1] != v1 || got[n2] != v2 {
			t.Errorf("%q", got)
		}
	})
}
