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
func NewResponse(max *uint64) *Response {
	if max == nil {
		return &Response{limit: DefaultMaxResponseBytes}
	}
	return &Response{limit: *max}
}

// Announce gives the error of code HTTP_TOO_LARGE if what a response says of its
// length is beyond the limit, so that nothing of it is read. A response that is
// compressed, or has no body, says nothing of the kind. Neither does one whose
// length is no number: what comes is counted in any case.
func (r *Response) Announce(method string, status int, headers []Header) *fault.Error {
	if method == "HEAD" || status == 204 || status == 205 || status == 304 {
		return nil
	}
	length := ""
	for _, h := range headers {
		switch h.Name {
		case "content-encoding":
			return nil
		case "content-length":
			length = h.Value
		}
	}
	if length == "" || strings.Trim(length, "0123456789") != "" {
		return nil
	}
	if n, err := strconv.ParseUint(length, 10, 64); err != nil || n > r.limit {
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

func (r *Response) tooLarge() *fault.Error {
	return fault.New(fault.HTTPTooLarge,
		"HTTP response exceeds the configured maximum number of bytes: "+strconv.FormatUint(r.limit, 10))
}

// EncodeHeaders makes the JSON object that http_headers gives: names in lower
// case, each with one string, in the order in which they first come.
//
// Several values of one name are joined by ", ", as fetch and RFC 9110 §5.3 have
// it. The values of set-cookie are joined by line breaks: they have commas of
// their own, which nobody could tell from those between them, while a line break
// is in no value. PDKs expect strings, so it cannot be an array. libextism keeps
// one value of several, go-sdk joins all by ",".
//
// Bytes that are no UTF-8 become U+FFFD. Headers of more than [MaxHeaderBytes]
// are an error of code HTTP_TOO_LARGE.
func EncodeHeaders(headers []Header) ([]byte, *fault.Error) {
	size := 0
	var names []string
	values := map[string][]string{}
	for _, h := range headers {
		if size += len(h.Name) + len(h.Value); size > MaxHeaderBytes {
			return nil, fault.New(fault.HTTPTooLarge, "HTTP response has more than 256 KiB of headers")
		}
		name := strings.ToLower(h.Name)
		if values[name] == nil {
			names = append(names, name)
		}
		values[name] = append(values[name], h.Value)
	}
	out := make([]byte, 0, 2+size+6*len(names))
	for i, name := range names {
		out = append(out, "{,"[min(i, 1)])
		out = appendString(out, name)
		out = append(out, ':')
		between := ", "
		if name == "set-cookie" {
			between = "\n"
		}
		out = appendString(out, strings.Join(values[name], between))
	}
	if len(names) == 0 {
		out = append(out, '{')
	}
	return append(out, '}'), nil
}

// appendString appends a text as a JSON string (RFC 8259 §7).
func appendString(out []byte, s string) []byte {
	const hex = "0123456789abcdef"
	out = append(out, '"')
	for _, c := range s { // invalid UTF-8 comes as U+FFFD
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', byte(c))
		case c == '\n':
			out = append(out, '\\', 'n')
		case c < ' ' || c == 0x7f:
			out = append(out, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		default:
			out = append(out, string(c)...)
		}
	}
	return append(out, '"')
}
