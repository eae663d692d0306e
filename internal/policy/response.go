package policy

import (
	"strconv"
	"strings"

	"github.com/extism-js/extism-js/internal/fault"
)

// DefaultMaxResponseBytes is the limit where none is set, as in libextism: 50 MiB.
const DefaultMaxResponseBytes = 50 << 20

// MaxHeaderBytes is how many bytes the JSON of a response's headers may have: as
// much as browsers take of headers.
const MaxHeaderBytes = 256 << 10

// Announce gives the error of code HTTP_TOO_LARGE if what a response says of its
// length is beyond the limit, so that nothing of it is read. Length is its
// Content-Length header, and "" if it has none or is compressed. One without a body
// says nothing of the kind, nor does a length that is no number: what comes is
// counted in any case, after decompression.
func Announce(limit uint64, method string, status int, length string) *fault.Error {
	if method == "HEAD" || status == 204 || status == 205 || status == 304 || strings.Trim(length, "0123456789") != "" {
		return nil
	}
	// What has too many digits comes as the greatest number, and "" as 0.
	if n, _ := strconv.ParseUint(length, 10, 64); n > limit {
		return TooLarge(limit)
	}
	return nil
}

// TooLarge is the error of a response whose body is longer than the limit.
//
//go:noinline
func TooLarge(limit uint64) *fault.Error {
	return fault.New(fault.HTTPTooLarge, "HTTP response exceeds the configured maximum number of bytes: "+strconv.FormatUint(limit, 10))
}

// CheckHeaders gives the error of code HTTP_TOO_LARGE if there is too much of the
// headers, as [EncodeHeaders] has them.
func CheckHeaders(text []byte) *fault.Error {
	if len(text) > MaxHeaderBytes {
		return fault.New(fault.HTTPTooLarge, "HTTP response has more than 256 KiB of headers")
	}
	return nil
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
// Bytes that are no UTF-8 become U+FFFD. The shim does the same in JavaScript.
func EncodeHeaders(headers Headers) []byte {
	out := []byte{'{'}
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
	return append(out, '}')
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
