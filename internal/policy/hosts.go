package policy

import (
	"slices"
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
// entries and of hosts. International names are written as URLs have them in the
// end, in punycode ("xn--bcher-kva.example"), and IPv4 addresses with four
// decimal numbers. What could never match (a URL, a space, a name that is not
// ASCII) is an error, as it means that somebody is mistaken.
//
// libextism matches by the glob crate for Rust, go-sdk by gobwas/glob and
// @extism/extism by minimatch. What all three have in common is here, and braces,
// which only libextism lacks. None of them knows ports, nor, as a bracket begins
// a class of characters, IPv6 addresses.
type Hosts struct {
	rules []rule
}

type rule struct {
	glob string // of the name; "" if it is an address
	ip   *[16]byte
	port string // "" for all
}

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
		return "more than " + strconv.Itoa(maxPattern) + " bytes"
	}
	if strings.IndexFunc(entry, func(c rune) bool { return c >= utf8.RuneSelf }) >= 0 {
		return "international names are written in punycode (xn--…), as URLs have them in the end"
	}
	// Each round takes the first braces out of one text and puts as many texts in
	// its place as they have alternatives.
	for todo := []string{strings.ToLower(entry)}; len(todo) > 0; {
		text := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		open := strings.IndexByte(text, '{')
		if open < 0 {
			r, why := newRule(text)
			if why == "" && len(h.rules) == MaxHosts {
				why = "more than " + strconv.Itoa(MaxHosts) + " hosts"
			}
			if why != "" {
				return why
			}
			h.rules = append(h.rules, r)
			continue
		}
		inside, after, ok := strings.Cut(text[open+1:], "}")
		if !ok || strings.IndexByte(inside, '{') >= 0 {
			return "braces must be closed, and cannot be within braces"
		}
		for _, alternative := range strings.Split(inside, ",") {
			todo = append(todo, text[:open]+alternative+after)
		}
	}
	return ""
}

// newRule reads an entry without braces.
func newRule(text string) (r rule, why string) {
	if strings.Contains(text, "/") {
		return r, "a host is expected, not a URL; leave out the scheme and the path"
	}
	name, port := text, ""
	if address, after, ok := strings.Cut(text, "]"); ok && text[0] == '[' && strings.Contains(address, ":") {
		if r.ip, ok = parseIPv6(address[1:]); !ok {
			return r, "no IPv6 address is in the brackets"
		}
		name, port = "", after
		if port != "" && port[0] != ':' {
			return r, "only a port may follow an IPv6 address"
		}
	} else if i := strings.IndexByte(text, ':'); i >= 0 {
		name, port = text[:i], text[i:]
	}
	if port != "" {
		if r.port, why = parsePort(port[1:]); why != "" {
			return r, why
		}
	}
	if r.ip == nil {
		r.glob = strings.TrimSuffix(name, ".")
		why = checkGlob(r.glob)
	}
	return r, why
}

func parsePort(text string) (port, why string) {
	switch n, err := strconv.ParseUint(text, 10, 16); {
	case strings.IndexByte(text, ':') >= 0:
		return "", "an IPv6 address is written in brackets"
	case text == "*":
		return "", ""
	case err != nil:
		return "", "the port must be a number from 0 to 65535"
	default:
		return strconv.FormatUint(n, 10), ""
	}
}

// Any reports whether the list has all hosts in it, with all ports.
func (h *Hosts) Any() bool {
	return h != nil && slices.ContainsFunc(h.rules, func(r rule) bool {
		return r.ip == nil && r.port == "" && strings.Trim(r.glob, "*") == ""
	})
}

// Allow gives the error of a request to an address that may not be reached, of
// code HTTP_DENIED, or nil.
func (h *Hosts) Allow(u URL) *fault.Error {
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

func (h *Hosts) match(u URL) bool {
	if h == nil {
		return false
	}
	var ip *[16]byte
	if u.Host[0] == '[' {
		ip, _ = parseIPv6(strings.Trim(u.Host, "[]"))
	}
	host := strings.TrimSuffix(u.Host, ".")
	return slices.ContainsFunc(h.rules, func(r rule) bool {
		switch {
		case r.port != "" && r.port != u.port():
			return false
		case r.ip != nil:
			return ip != nil && *ip == *r.ip
		}
		return matchGlob(r.glob, host)
	})
}
