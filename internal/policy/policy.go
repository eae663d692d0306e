// Package policy decides what a plug-in may do over HTTP: which hosts it may
// reach, what a request may look like, where a redirect may lead, how large an
// answer may be and how its headers are told. It computes and returns; who sends
// requests and parses URLs is the platform.
//
// The rules are libextism's (https://extism.org/docs/concepts/manifest and
// /concepts/pdk), and the Fetch standard's (https://fetch.spec.whatwg.org) where
// a request goes through fetch. docs/HTTP.md tells users of them.
package policy

import (
	"strconv"
	"unicode/utf8"

	"github.com/extism-js/extism-js/internal/fault"
)

// URL is an address as the platform's URL parser gives it (WHATWG URL standard):
// only one parser must have a say, or the host that was checked is not the one
// that is reached.
type URL struct {
	Href        string // all of it
	Scheme      string // "https": lower case, no colon
	Host        string // lower case, international names as punycode, IPv6 in brackets; no port
	Port        string // "" for the scheme's own
	Credentials bool   // it has a user name or a password
}

// authority is what a Host header for the address says.
func (u *URL) authority() string {
	if u.Port == "" {
		return u.Host
	}
	return u.Host + ":" + u.Port
}

// maxQuoted is how many bytes of a guest's text get into a message.
const maxQuoted = 1024

// Errors are made in few places, and these are not inlined: that keeps the core
// small, and is off the way of whatever succeeds.

//go:noinline
func cut(s string) string {
	if len(s) <= maxQuoted {
		return s
	}
	end := maxQuoted
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + "…"
}

//go:noinline
func denied(u *URL, why string) *fault.Error {
	href := u.Href
	if u.Credentials {
		href = u.Scheme + "://" + u.authority() // messages get into logs
	}
	return fault.New(fault.HTTPDenied, `HTTP request to "`+cut(href)+`" is not allowed (`+why+`)`)
}

// Failed is the error of a request that came to nothing on the way: for reason,
// the platform's text.
//
//go:noinline
func Failed(u *URL, reason string) *fault.Error {
	return fault.New(fault.HTTPFailed, `HTTP request to "`+cut(u.Href)+`" failed: `+cut(reason))
}

//go:noinline
func invalid(what string) *fault.Error {
	return fault.New(fault.HTTPInvalid, "http_request: "+what)
}

//go:noinline
func quote(s string) string { return strconv.Quote(cut(s)) }
