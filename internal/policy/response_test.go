package policy

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/extism-js/extism-js/internal/fault"
)

func TestAnnouncedLength(t *testing.T) {
	for _, tt := range []struct {
		method string
		status int
		length string
		want   bool
	}{
		{"GET", 200, "", true},
		{"GET", 200, "10", true},
		{"GET", 200, "11", false},
		{"GET", 404, "11", false},
		{"GET", 200, "99999999999999999999999", false},
		{"HEAD", 200, "11", true},
		{"GET", 204, "11", true},
		{"GET", 304, "11", true},
		{"GET", 200, "-1", true},
		{"GET", 200, "11, 11", true},
		{"GET", 200, "x", true},
	} {
		problem := Announce(10, tt.method, tt.status, tt.length)
		if (problem == nil) != tt.want {
			t.Errorf("%+v: %v", tt, problem)
		}
		if problem != nil && (problem.Code != fault.HTTPTooLarge || problem.Message != "HTTP response exceeds the configured maximum number of bytes: 10") {
			t.Errorf("%+v: %s, %s", tt, problem.Code, problem)
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
		if got := EncodeHeaders(tt.headers); string(got) != tt.want {
			t.Errorf("%q: %s", tt.headers, got)
		}
	}
}

func TestHeadersAreBounded(t *testing.T) {
	for n, want := range map[int]bool{0: true, MaxHeaderBytes: true, MaxHeaderBytes + 1: false} {
		problem := CheckHeaders(make([]byte, n))
		if (problem == nil) != want || problem != nil && problem.Code != fault.HTTPTooLarge {
			t.Errorf("%d bytes: %v", n, problem)
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
		text := EncodeHeaders(Headers{{n1, v1}, {n2, v2}})
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
