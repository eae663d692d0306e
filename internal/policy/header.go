package policy

import (
	"slices"
	"strings"
)

// Header is one header. Names are in lower case.
type Header struct{ Name, Value string }

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

// belongsToConnection reports whether a header is about the connection or where
// a message ends, which is the platform's business alone (RFC 9110 §7.6.1).
// Node's fetch fails on some of them, browsers drop them.
func belongsToConnection(name string) bool {
	switch name {
	case "connection", "content-length", "expect", "http2-settings", "keep-alive", "proxy-connection",
		"te", "trailer", "transfer-encoding", "upgrade":
		return true
	}
	return false
}

// forbiddenInBrowser reports whether fetch drops a header in a browser (Fetch
// standard, "forbidden request-header"), apart from those of the connection.
func forbiddenInBrowser(name string) bool {
	switch name {
	case "accept-charset", "accept-encoding", "access-control-request-headers", "access-control-request-method",
		"access-control-request-private-network", "cookie", "cookie2", "date", "dnt", "host", "origin", "referer",
		"set-cookie", "via":
		return true
	}
	return strings.HasPrefix(name, "proxy-") || strings.HasPrefix(name, "sec-")
}

// describesBody reports whether a header is about the body (Fetch standard,
// "request-body-header name").
func describesBody(name string) bool {
	switch name {
	case "content-encoding", "content-language", "content-location", "content-type":
		return true
	}
	return false
}

// isSecret reports whether a header is for one origin only. Fetch takes
// Authorization from a request that is redirected to another origin, and never
// lets programs set the others.
func isSecret(name string) bool {
	switch name {
	case "authorization", "cookie", "cookie2", "proxy-authorization":
		return true
	}
	return false
}

// drop takes headers out of a list.
func drop(list *[]Header, which func(name string) bool) {
	*list = slices.DeleteFunc(*list, func(h Header) bool { return which(h.Name) })
}

// take takes the header of a name out of a list.
func take(list *[]Header, name string) (value string, ok bool) {
	for i, h := range *list {
		if h.Name == name {
			*list = slices.Delete(*list, i, i+1)
			return h.Value, true
		}
	}
	return "", false
}
