package policy

import (
	"strings"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/jsontree"
)

// MaxRequestBytes is how large a guest's request may be, without its body: as
// much as servers take of addresses and headers.
const MaxRequestBytes = 64 << 10

// Request is what a guest asks for, or what a redirect has made of it.
type Request struct {
	Target  string // the address, as the guest has it; the platform parses it
	Method  string
	Headers Headers
	// Withheld names the headers that were asked for and are not sent. It is worth
	// a warning, once.
	Withheld []string

	URL  *URL // once it is admitted
	Body bool // whether the guest's body is sent
	hops int
}

// DecodeRequest reads the JSON object that a PDK hands to http_request:
//
//	{"url": "https://example.com/", "method": "POST", "headers": {"accept": "*/*"}}
//
// Old PDKs say "header". As in libextism, all but the URL may be missing or null,
// and no other key may be there. The method is GET by default and in capitals in
// the end. Errors have the codes HTTP_INVALID and, for a method that fetch does
// not have, HTTP_DENIED.
func DecodeRequest(text []byte) (*Request, *fault.Error) {
	if len(text) > MaxRequestBytes {
		return nil, invalid("the request has more than 64 KiB, not counting its body")
	}
	v, err := jsontree.Parse(text)
	if err != nil {
		return nil, invalid(err.Error())
	}
	if v.Kind != jsontree.Object {
		return nil, invalid("object expected, not " + v.Kind.String())
	}
	r := &Request{Method: "GET"}
	for _, m := range v.Members {
		if problem := r.member(m.Name, m.Value); problem != nil {
			return nil, problem
		}
	}
	if r.Target == "" {
		return nil, invalid("there is no url")
	}
	return r, nil
}

func (r *Request) member(name string, v *jsontree.Value) *fault.Error {
	want := jsontree.String
	switch name {
	case "url", "method":
	case "headers", "header":
		want = jsontree.Object
	default:
		return invalid("unknown key " + quote(name))
	}
	if v.Kind == jsontree.Null {
		return nil
	}
	if v.Kind != want {
		return invalid(name + ": " + want.String() + " expected, not " + v.Kind.String())
	}
	switch {
	case want == jsontree.Object:
		return r.headers(v.Members)
	case name == "url":
		r.Target = v.Text
		return nil
	case v.Text == "":
		return nil
	}
	return r.method(v.Text)
}

func (r *Request) method(text string) *fault.Error {
	if !isToken(text) {
		return invalid("no method is called " + quote(text))
	}
	// In capitals as in go-sdk and @extism/extism; fetch leaves "patch" as it is,
	// and no server knows that.
	capitals := []byte(text)
	for i, c := range capitals {
		if 'a' <= c && c <= 'z' {
			capitals[i] -= 'a' - 'A'
		}
	}
	r.Method = string(capitals)
	switch r.Method {
	case "CONNECT", "TRACE", "TRACK":
		return fault.New(fault.HTTPDenied, "http_request: the method "+r.Method+" is not allowed")
	}
	return nil
}

func (r *Request) headers(members []jsontree.Member) *fault.Error {
	if r.Headers != nil {
		return invalid(`"headers" and "header" are given, where one is enough`)
	}
	if len(members) > MaxHeaders {
		return invalid("there are more than 1000 headers")
	}
	r.Headers = make(Headers, 0, len(members))
	for _, m := range members {
		if problem := r.header(m.Name, m.Value); problem != nil {
			return problem
		}
	}
	return nil
}

func (r *Request) header(name string, v *jsontree.Value) *fault.Error {
	if !isToken(name) {
		return invalid("no header is called " + quote(name))
	}
	name = strings.ToLower(name)
	value := strings.Trim(v.Text, " \t")
	why := ""
	switch {
	case v.Kind != jsontree.String:
		why = "string expected, not " + v.Kind.String()
	case r.Headers.find(name) >= 0:
		why = "given twice, in two spellings"
	default:
		why = checkValue(value)
	}
	switch {
	case why != "":
		return invalid("header " + quote(name) + ": " + why)
	case listed(ofConnection, name):
		r.Withheld = append(r.Withheld, name)
	default:
		r.Headers = append(r.Headers, Header{name, value})
	}
	return nil
}

// Admit checks a decoded request, now that its address is parsed and the size of
// its body known. Errors have the code HTTP_DENIED, or UNSUPPORTED for a body
// that fetch cannot send.
//
// A Host header that names another host is denied: where many hosts share an
// address it would reach one that is not on the list.
func (r *Request) Admit(hosts *Hosts, u *URL, bodyBytes uint64) *fault.Error {
	if problem := hosts.Allow(u); problem != nil {
		return problem
	}
	r.URL, r.Body = u, bodyBytes > 0
	if r.Body && (r.Method == "GET" || r.Method == "HEAD") {
		return fault.New(fault.Unsupported, "http_request: fetch sends no body with "+r.Method+"; use another method")
	}
	if i := r.Headers.find("host"); i >= 0 {
		host := strings.ToLower(r.Headers[i].Value)
		r.Headers.drop(" host ", nil)
		if host != u.authority() {
			return denied(u, `its host header names another host, "`+cut(host)+`"`)
		}
	}
	return nil
}

// ForBrowser takes those headers out that a browser lets no program set and would
// drop without a word.
func (r *Request) ForBrowser() { r.Headers.drop(forbiddenInBrowser, &r.Withheld) }
