package policy

import "strings"

// MaxHeaders is how many headers a request may have.
const MaxHeaders = 1000

// Header is one header. Names are in lower case.
type Header struct{ Name, Value string }

// Headers is a list of headers.
type Headers []Header

// find gives the place of the first header of a name, or -1.
//
//go:noinline
func (list Headers) find(name string) int {
	for i := range list {
		if list[i].Name == name {
			return i
		}
	}
	return -1
}

// drop takes headers out whose names are in a list, and adds those names to what
// it is given.
//
//go:noinline
func (list *Headers) drop(names string, dropped *[]string) {
	kept := (*list)[:0]
	for _, h := range *list {
		if !listed(names, h.Name) {
			kept = append(kept, h)
		} else if dropped != nil {
			*dropped = append(*dropped, h.Name)
		}
	}
	*list = kept
}

// These are lists for [listed].
const (
	// What is about the connection, or about where a message ends, is the
	// platform's business alone (RFC 9110 §7.6.1). Node's fetch fails on some of
	// these, browsers drop them.
	ofConnection = " connection content-length expect http2-settings keep-alive proxy-connection te trailer transfer-encoding upgrade "

	// Fetch standard, "forbidden request-header", without those of the connection.
	forbiddenInBrowser = " proxy- sec- accept-charset accept-encoding access-control-request-headers access-control-request-method " +
		"access-control-request-private-network cookie cookie2 date dnt host origin referer set-cookie via "

	// Fetch standard, "request-body-header name".
	ofBody = " content-encoding content-language content-location content-type "

	// What is for one origin only. Fetch takes Authorization from a request that is
	// redirected to another origin, and never lets programs set the others.
	secret = " authorization cookie cookie2 proxy-authorization "
)

// listed reports whether a header's name is in a list, or begins as the list has
// it with a hyphen at the end.
//
//go:noinline
func listed(list, name string) bool {
	if strings.Contains(list, " "+name+" ") {
		return true
	}
	hyphen := strings.IndexByte(name, '-')
	return hyphen > 0 && strings.Contains(list, " "+name[:hyphen+1]+" ")
}

// isToken reports whether a text may be a method's or a header's name (RFC 9110
// §5.6.2).
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		c := s[i]
		letter := 'a' <= c|0x20 && c|0x20 <= 'z'
		if !letter && !('0' <= c && c <= '9') && strings.IndexByte("!#$%&'*+-.^_`|~", c) < 0 {
			return false
		}
	}
	return s != ""
}

// checkValue gives the reason why a text cannot be a header's value, or "". Line
// breaks would let a guest write headers of its own making, or another request.
// Text that is not ASCII has no agreed encoding: fetch would send Latin-1, go-sdk
// sends UTF-8, and libextism refuses it.
func checkValue(s string) string {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\r' || c == '\n':
			return "the value has a line break in it"
		case c < ' ' && c != '\t' || c == 0x7f:
			return "the value has a control character in it"
		case c > 0x7f:
			return "the value is not ASCII; encode it"
		}
	}
	return ""
}
