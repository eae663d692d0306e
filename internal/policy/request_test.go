package policy

import (
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/extism-js/extism-js/internal/fault"
)

func TestDecodeRequest(t *testing.T) {
	const url = "https://example.com/"
	for _, tt := range []struct {
		text string
		want Request
	}{
		{`{"url":"https://example.com/"}`, Request{Target: url, Method: "GET"}},
		{`{"url":"https://example.com/","method":null,"headers":null}`, Request{Target: url, Method: "GET"}},
		{`{"url":"https://example.com/","method":""}`, Request{Target: url, Method: "GET"}},
		{`{"url":"https://example.com/","method":"post"}`, Request{Target: url, Method: "POST"}},
		{`{"url":"https://example.com/","method":"patch"}`, Request{Target: url, Method: "PATCH"}},
		{`{"url":"https://example.com/","method":"M-search"}`, Request{Target: url, Method: "M-SEARCH"}},
		{`{"url":"https://example.com/","headers":{}}`, Request{Target: url, Method: "GET", Headers: Headers{}}},
		{`{"url":"not a url"}`, Request{Target: "not a url", Method: "GET"}},
		{`{"headers":{"Accept":"*/*","X-b":" \t1 2\t "},"url":"https://example.com/"}`,
			Request{Target: url, Method: "GET", Headers: Headers{{"accept", "*/*"}, {"x-b", "1 2"}}}},
		{`{"header":{"a":""},"url":"https://example.com/"}`, Request{Target: url, Method: "GET", Headers: Headers{{"a", ""}}}},
		{`{"header":null,"headers":{"a":""},"url":"https://example.com/"}`, Request{Target: url, Method: "GET", Headers: Headers{{"a", ""}}}},
		{`{"headers":{"Connection":"close","Content-Length":"9","host":"a","transfer-encoding":"chunked"},"url":"https://example.com/"}`,
			Request{Target: url, Method: "GET", Headers: Headers{{"host", "a"}}, Withheld: []string{"connection", "content-length", "transfer-encoding"}}},
	} {
		got, problem := DecodeRequest([]byte(tt.text))
		if problem != nil {
			t.Errorf("%s: %v", tt.text, problem)
		} else if !reflect.DeepEqual(*got, tt.want) {
			t.Errorf("%s: %+v", tt.text, *got)
		}
	}
}

// manyHeaders gives n headers as members of an object.
func manyHeaders(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		b.WriteString(`"h` + strconv.Itoa(i) + `":""`)
	}
	return b.String()
}

func TestRequestsThatAreNone(t *testing.T) {
	for _, tt := range []struct {
		text string
		code fault.Code
		want string
	}{
		{``, fault.HTTPInvalid, "invalid JSON"},
		{`{"url":"a"`, fault.HTTPInvalid, "invalid JSON"},
		{"{\"url\":\"\xff\"}", fault.HTTPInvalid, "invalid JSON"},
		{strings.Repeat("[", 1<<15), fault.HTTPInvalid, "deep"},
		{`"https://example.com/"`, fault.HTTPInvalid, "object expected, not string"},
		{`{}`, fault.HTTPInvalid, "no url"},
		{`{"url":null}`, fault.HTTPInvalid, "no url"},
		{`{"url":""}`, fault.HTTPInvalid, "no url"},
		{`{"url":1}`, fault.HTTPInvalid, "url: string expected, not number"},
		{`{"url":"a","method":1}`, fault.HTTPInvalid, "method: string expected, not number"},
		{`{"url":"a","method":"GET /x HTTP/1.1\r\n"}`, fault.HTTPInvalid, "no method"},
		{`{"url":"a","method":"connect"}`, fault.HTTPDenied, "CONNECT"},
		{`{"url":"a","method":"Trace"}`, fault.HTTPDenied, "TRACE"},
		{`{"url":"a","method":"TRACK"}`, fault.HTTPDenied, "TRACK"},
		{`{"url":"a","body":"x"}`, fault.HTTPInvalid, `unknown key "body"`},
		{`{"url":"a","headers":[]}`, fault.HTTPInvalid, "headers: object expected, not array"},
		{`{"url":"a","headers":{"a":1}}`, fault.HTTPInvalid, `header "a": string expected, not number`},
		{`{"url":"a","headers":{"a":["b"]}}`, fault.HTTPInvalid, `header "a": string expected, not array`},
		{`{"url":"a","headers":{"a":null}}`, fault.HTTPInvalid, `header "a": string expected, not null`},
		{`{"url":"a","headers":{"":""}}`, fault.HTTPInvalid, `no header is called ""`},
		{`{"url":"a","headers":{"a b":""}}`, fault.HTTPInvalid, `no header is called "a b"`},
		{`{"url":"a","headers":{"a:":""}}`, fault.HTTPInvalid, `no header is called "a:"`},
		{`{"url":"a","headers":{"\u212a":""}}`, fault.HTTPInvalid, `no header is called`},
		{`{"url":"a","headers":{"a":"1","A":"2"}}`, fault.HTTPInvalid, `header "a": given twice`},
		{`{"url":"a","headers":{},"header":{}}`, fault.HTTPInvalid, "one is enough"},
		{`{"url":"a","headers":{"a":"b\r\nc: d"}}`, fault.HTTPInvalid, `header "a": the value has a line break`},
		{`{"url":"a","headers":{"a":"b\n"}}`, fault.HTTPInvalid, `header "a": the value has a line break`},
		{`{"url":"a","headers":{"A":"\u0000"}}`, fault.HTTPInvalid, `header "a": the value has a control character`},
		{`{"url":"a","headers":{"a":"\u007f"}}`, fault.HTTPInvalid, `header "a": the value has a control character`},
		{`{"url":"a","headers":{"a":"é"}}`, fault.HTTPInvalid, `header "a": the value is not ASCII`},
		{`{"url":"a","headers":{"connection":"\r"}}`, fault.HTTPInvalid, `header "connection": the value has a line break`},
		{`{"url":"a","headers":{` + `"a":"",` + manyHeaders(MaxHeaders) + `}}`, fault.HTTPInvalid, "more than 1000 headers"},
		{`{"url":"` + strings.Repeat("a", MaxRequestBytes) + `"}`, fault.HTTPInvalid, "more than 64 KiB"},
	} {
		_, problem := DecodeRequest([]byte(tt.text))
		name := cut(tt.text)[:min(len(tt.text), 60)]
		if problem == nil {
			t.Errorf("%s: taken", name)
		} else if problem.Code != tt.code || !strings.HasPrefix(problem.Message, "http_request: ") || !strings.Contains(problem.Message, tt.want) {
			t.Errorf("%s: %s, %q", name, problem.Code, problem.Message)
		}
	}
}

func request(t testing.TB, method, url string, headers ...Header) *Request {
	t.Helper()
	return &Request{Target: url, Method: method, URL: address(t, url), Headers: headers}
}

func TestAdmit(t *testing.T) {
	for _, tt := range []struct {
		method, url, host string
		body              uint64
		want              fault.Code
	}{
		{"GET", "https://a/", "", 0, ""},
		{"GET", "https://b/", "", 0, fault.HTTPDenied},
		{"GET", "https://u@a/", "", 0, fault.HTTPDenied},
		{"GET", "file:///a", "", 0, fault.HTTPDenied},
		{"GET", "https://a/", "", 1, fault.Unsupported},
		{"HEAD", "https://a/", "", 1, fault.Unsupported},
		{"POST", "https://a/", "", 1, ""},
		{"DELETE", "https://a/", "", 1, ""},
		{"GET", "https://a/", "a", 0, ""},
		{"GET", "https://a/", "A", 0, ""},
		{"GET", "https://a/", "a:443", 0, fault.HTTPDenied},
		{"GET", "https://a:8443/", "a:8443", 0, ""},
		{"GET", "https://a:8443/", "a", 0, fault.HTTPDenied},
		{"GET", "https://a/", "internal.example", 0, fault.HTTPDenied},
		{"GET", "https://a/", "a:80", 0, fault.HTTPDenied},
	} {
		r := request(t, tt.method, tt.url, Header{"x", "y"})
		if tt.host != "" {
			r.Headers = append(r.Headers, Header{"host", tt.host}, Header{"z", ""})
		}
		u := r.URL
		r.URL = nil
		problem := r.Admit(hosts(t, "a"), u, tt.body)
		if tt.want != "" {
			if problem == nil || problem.Code != tt.want {
				t.Errorf("%+v: %v", tt, problem)
			}
			continue
		}
		if problem != nil {
			t.Errorf("%+v: %v", tt, problem)
		}
		if r.URL != u || r.Body != (tt.body > 0) || slices.ContainsFunc(r.Headers, func(h Header) bool { return h.Name == "host" }) {
			t.Errorf("%+v: %+v", tt, r)
		}
	}
}

func TestForBrowser(t *testing.T) {
	r := &Request{Withheld: []string{"te"}}
	for _, name := range []string{"accept", "cookie", "sec-fetch-mode", "authorization", "proxy-authorization", "user-agent", "origin", "x-proxy-a"} {
		r.Headers = append(r.Headers, Header{name, "v"})
	}
	r.ForBrowser()
	want := Headers{{"accept", "v"}, {"authorization", "v"}, {"user-agent", "v"}, {"x-proxy-a", "v"}}
	if !slices.Equal(r.Headers, want) {
		t.Errorf("kept %v", r.Headers)
	}
	if want := []string{"te", "cookie", "sec-fetch-mode", "proxy-authorization", "origin"}; !slices.Equal(r.Withheld, want) {
		t.Errorf("withheld %q", r.Withheld)
	}
}

// FuzzDecodeRequest: what is taken is a request that cannot be more than one, and
// encoding/json reads the same in it.
func FuzzDecodeRequest(f *testing.F) {
	for _, s := range []string{
		`{"url":"https://example.com/","method":"post","headers":{"Accept":"*/*"}}`,
		`{"header":{"a":"\u0000"},"url":"\ud800"}`, `{"url":"a","headers":{"a":"b\r\nc"}}`, `{"url":1}`, `{"url":"a","method":"TRACE"}`, `[[[[`,
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, problem := DecodeRequest(text)
		if problem != nil {
			if problem.Code != fault.HTTPInvalid && problem.Code != fault.HTTPDenied || len(problem.Message) > 8<<10 {
				t.Errorf("%s, %d bytes", problem.Code, len(problem.Message))
			}
			return
		}
		if !isToken(r.Method) || r.Method != strings.ToUpper(r.Method) || r.Method == "TRACE" || r.Method == "CONNECT" || r.Target == "" {
			t.Errorf("%+v", r)
		}
		seen := map[string]bool{}
		for _, h := range r.Headers {
			if !isToken(h.Name) || h.Name != strings.ToLower(h.Name) || listed(ofConnection, h.Name) || seen[h.Name] ||
				strings.ContainsAny(h.Value, "\r\n\x00") || strings.TrimSpace(h.Value) != h.Value {
				t.Errorf("%q: %q", h.Name, h.Value)
			}
			seen[h.Name] = true
		}
		var want struct {
			URL             string `json:"url"`
			Headers, Header map[string]string
		}
		if err := json.Unmarshal(text, &want); err != nil {
			t.Fatalf("encoding/json: %v", err)
		}
		if r.Target != want.URL || len(want.Headers)+len(want.Header) != len(r.Headers)+len(r.Withheld) {
			t.Errorf("%+v, encoding/json has %+v", r, want)
		}
	})
}
