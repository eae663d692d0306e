package policy

import (
	"strconv"
	"strings"

	"github.com/extism-js/extism-js/internal/fault"
)

// DefaultMaxResponseBytes is the limit where none is set, as in libextism: 50 MiB.
const DefaultMaxResponseBytes = 50 << 20

// MaxHeaderBytes is how much the names and values of a response's headers may
// have, together: as much as browsers take.
const MaxHeaderBytes = 256 << 10

// Response keeps the body of one response within its limit. Bytes count as the
// guest gets them, after decompression.
type Response struct {
	limit    uint64
	received uint64
}

// NewResponse begins a response; max is the manifest's max_http_response_bytes.
// With 0, only empty bodies pass.
func NewResponse(max *uint64) Response {
	if max == nil {
		return Response{limit: DefaultMaxResponseBytes}
	}
	return Response{limit: *max}
}

// Announce gives the error of code HTTP_TOO_LARGE if what a response says of its
// length is beyond the limit, so that nothing of it is read. A response that is
// compressed, or has no body, says nothing of the kind. Neither does one whose
// length is no number: what comes is counted in any case.
func (r *Response) Announce(method string, status int, headers Headers) *fault.Error {
	if method == "HEAD" || status == 204 || status == 205 || status == 304 || headers.find("content-encoding") >= 0 {
		return nil
	}
	i := headers.find("content-length")
	if i < 0 || strings.Trim(headers[i].Value, "0123456789") != "" {
		return nil
	}
	// What has too many digits comes as the greatest number, and "" as 0.
	if n, _ := strconv.ParseUint(headers[i].Value, 10, 64); n > r.limit {
		return r.tooLarge()
	}
	return nil
}

// Receive counts n bytes that have come. Beyond the limit it gives the error of
// code HTTP_TOO_LARGE, and the rest is not to be read.
func (r *Response) Receive(n uint64) *fault.Error {
	if n > r.limit-r.received {
		return r.tooLarge()
	}
	r.received += n
	return nil
}

//go:noinline
func (r *Response) tooLarge() *fault.Error {
	return fault.New(fault.HTTPTooLarge,
		"HTTP response exceeds the configured maximum number of bytes: "+strconv.Itoa(int(r.limit)))
}

// EncodeHeaders makes the JSON object that http_headers gives: each name with one
// string, in the order in which they first come.
//
// Several values of one name are joined by ", ", as fetch and RFC 9110 §5.3 have
// it. The values of set-cookie are joined by line breaks: they have commas of
// their own, which nobody could tell from those between them, while a line break
// is in no value. PDKs expect strings, so it cannot be an array. libextism keeps
// one value of several, go-sdk joins all by ",".
//
// Bytes that are no UTF-8 become U+FFFD. More than [MaxHeaders] headers, or of
// more than [MaxHeaderBytes], are an error of code HTTP_TOO_LARGE.
func EncodeHeaders(headers Headers) ([]byte, *fault.Error) {
	size := 2
	for i := range headers {
		size += len(headers[i].Name) + len(headers[i].Value)
	}
	if size-2 > MaxHeaderBytes || len(headers) > MaxHeaders {
		return nil, fault.New(fault.HTTPTooLarge, "HTTP response has more than 256 KiB of headers, or more than 1000")
	}
	out := append(make([]byte, 0, size+8*len(headers)), '{')
	for i := range headers {
		name := headers[i].Name
		if headers[:i].find(name) >= 0 {
			continue // it is there already
		}
		if len(out) > 1 {
			out = append(out, ',')
		}
		out = append(appendText(append(out, '"'), name), `":"`...)
		for j, later := range headers[i:] {
			if later.Name != name {
				continue
			}
			if j > 0 && name == "set-cookie" {
				out = append(out, `\n`...)
			} else if j > 0 {
				out = append(out, ", "...)
			}
			out = appendText(out, later.Value)
		}
		out = append(out, '"')
	}
	return append(out, '}'), nil
}

// appendText appends a text as it is in a JSON string (RFC 8259 §7).
//
//go:noinline
func appendText(out []byte, s string) []byte {
	for _, c := range s { // invalid UTF-8 comes as U+FFFD
		text := string(c)
		switch {
		case c == '"' || c == '\\':
			text = `\` + text
		case c < ' ':
			text = `\u00` + string('0'+c>>4) + "0123456789abcdef"[c&15:c&15+1]
		}
		out = append(out, text...)
	}
	return out
}
