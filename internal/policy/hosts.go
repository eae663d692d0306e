package policy

import (
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/extism-js/extism-js/internal/fault"
)

const (
	// MaxHosts is how many hosts a plug-in's list may have, alternatives in
	// braces counted one by one.
	MaxHosts = 1024
	// maxPattern is the most bytes of one entry.
	maxPattern = 512
	// maxHost is the most bytes of a host's name; DNS has room for 253.
	maxHost = 255
)

// Hosts is the list of hosts that a plug-in may reach. None is the zero value's
// answer to all of them.
//
// An entry is a host name, an IPv4 address or an IPv6 address in brackets, each
// with a port behind a colon or without. One without a port is good for all
// ports. In a name these stand for others:
//
//	?      any one character
//	*      any characters or none, dots among them
//	[a-f]  one of these characters; [!a-f] one that is none of them
//	{a,b}  either text; there are no braces within braces
//
// So "*.example.com" has all subdomains in it, of any depth, and not
// "example.com". Case does not matter, and neither does one dot at the end, of
// entries and of hosts. Addresses and international names are written as a URL has
// them in the end: 127.0.0.1 (not 127.1), [::1] (not [0::1]), and in punycode
// (xn--bcher-kva.example). What no host can be, such as a URL, is an error, as
// somebody is mistaken then.
//
// libextism matches by the glob crate for Rust, go-sdk by gobwas/glob and
// @extism/extism by minimatch. What all three have in common is here, and braces,
// which only libextism lacks. None of them knows ports, nor, as a bracket begins
// a class of characters, IPv6 addresses.
type Hosts struct {
	rules []rule
}

// rule is a pattern for the host and a port, or "" for all ports. An address in
// brackets is compared as it is.
type rule struct{ glob, port string }

// NewHosts reads a list of hosts. The error, of code INVALID_MANIFEST, names the
// entry.
func NewHosts(entries []string) (*Hosts, *fault.Error) {
	h := &Hosts{}
	for _, entry := range entries {
		if why := h.add(entry); why != "" {
			return nil, fault.New(fault.InvalidManifest, "allowedHosts: "+quote(entry)+": "+why)
		}
	}
	return h, nil
}

// add gives the reason why an entry is none, or "".
func (h *Hosts) add(entry string) string {
	if len(entry) > maxPattern {
		return "it has more than 512 bytes"
	}
	for i := range len(entry) {
		switch c := entry[i]; {
		case c == '/':
			return "a host is expected, not a URL; leave out the scheme and the path"
		case c >= utf8.RuneSelf:
			return "international names are written in punycode (xn--…), as URLs have them in the end"
		}
	}
	// Each round takes the first braces out of one text and puts as many texts in
	// its place as they have alternatives.
	for todo := []string{strings.ToLower(entry)}; len(todo) > 0; {
		text := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		open := strings.IndexByte(text, '{')
		if open < 0 {
			if why := h.addRule(text); why != "" {
				return why
			}
			continue
		}
		length := strings.IndexByte(text[open:], '}')
		if length < 0 || strings.LastIndexByte(text[:open+length], '{') > open {
			return "braces must be closed, and cannot be within braces"
		}
		for _, alternative := range strings.Split(text[open+1:open+length], ",") {
			todo = append(todo, text[:open]+alternative+text[open+length+1:])
		}
	}
	return ""
}

// addRule adds an entry without braces.
func (h *Hosts) addRule(text string) (why string) {
	if len(h.rules) == MaxHosts {
		return "there are more than 1024 hosts"
	}
	r := rule{glob: text}
	colon := strings.LastIndexByte(text, ':')
	address := isAddress(text)
	if colon > strings.LastIndexByte(text, ']') {
		n, err := strconv.ParseUint(text[colon+1:], 10, 16)
		if err != nil {
			return "the port must be a number from 0 to 65535"
		}
		r = rule{text[:colon], strconv.Itoa(int(n))}
	}
	if address {
		why = checkAddress(r.glob)
	} else {
		r.glob = strings.TrimSuffix(r.glob, ".")
		why = checkGlob(r.glob)
	}
	h.rules = append(h.rules, r)
	return why
}

// isAddress tells an IPv6 address in brackets from a class of characters.
func isAddress(text string) bool {
	colon := strings.IndexByte(text, ':')
	return colon > 0 && text[0] == '[' && colon < strings.IndexByte(text, ']')
}

func checkAddress(text string) string {
	for i := 1; i < len(text); i++ {
		switch c := text[i]; {
		case c == ']' && i == len(text)-1:
			return ""
		case c != ':' && (c < '0' || c > '9') && (c < 'a' || c > 'f'):
			return "in brackets an IPv6 address is expected, as URLs have it in the end, and behind them a port or nothing"
		}
	}
	return "brackets must be closed"
}

// Any reports whether the list has all hosts in it, with all ports.
func (h *Hosts) Any() bool {
	if h != nil {
		for _, r := range h.rules {
			if r.port == "" && strings.Trim(r.glob, "*") == "" {
				return true
			}
		}
	}
	return false
}

// Allow gives the error of a request to an address that may not be reached, of
// code HTTP_DENIED, or nil.
func (h *Hosts) Allow(u *URL) *fault.Error {
	switch {
	case u.Scheme != "http" && u.Scheme != "https":
		return denied(u, "only http and https are")
	case u.Credentials:
		return denied(u, "a URL must have no user name and no password; use an authorization header")
	case u.Host == "" || len(u.Host) > maxHost || !h.match(u):
		return denied(u, `no allowedHosts match "`+cut(u.Host)+`"`)
	}
	return nil
}

func (h *Hosts) match(u *URL) bool {
	if h == nil {
		return false
	}
	port := u.Port
	switch {
	case port != "":
	case u.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	host := strings.TrimSuffix(u.Host, ".")
	for _, r := range h.rules {
		if r.port != "" && r.port != port {
			continue
		}
		if r.glob == host || !isAddress(r.glob) && matchGlob(r.glob, host) {
			return true
		}
	}
	return false
}
