package policy

import "github.com/extism-js/extism-js/internal/fault"

// MaxRedirects is how many redirects one request may follow.
const MaxRedirects = 10

// IsRedirect reports whether a response of that status leads elsewhere, if it has
// a Location header; without one it is an answer like any other (Fetch standard,
// "HTTP-redirect fetch").
func IsRedirect(status int) bool {
	switch status {
	case 301, 302, 303, 307, 308:
		return true
	}
	return false
}

// Follow makes of a request the one that a redirect asks for. The location has
// been resolved against the request's URL by the platform; it is nil if that
// could not be done. The body of the response is not read.
//
// Every hop is held against the list of hosts, as the first was. Methods and
// bodies change as fetch has it: POST becomes GET after 301 and 302, all but GET
// and HEAD after 303, and a body that is not sent takes the headers with it that
// describe it. What is for one origin only does not get to another, and does not
// come back if the next hop does. Errors have the code HTTP_DENIED or
// HTTP_FAILED.
func (r *Request) Follow(hosts *Hosts, status int, location *URL) *fault.Error {
	if location == nil {
		return Failed(r.URL, "it is redirected to what is no URL")
	}
	if r.hops == MaxRedirects {
		return Failed(r.URL, "more than 10 redirects")
	}
	if problem := hosts.Allow(location); problem != nil {
		problem.Message += `; "` + cut(r.URL.Href) + `" redirects to it`
		return problem
	}
	post := r.Method == "POST" && (status == 301 || status == 302)
	if post || status == 303 && r.Method != "GET" && r.Method != "HEAD" {
		r.Method, r.Body = "GET", false
		r.Headers.drop(ofBody, nil)
	}
	if r.URL.Scheme != location.Scheme || r.URL.authority() != location.authority() {
		r.Headers.drop(secret, nil)
	}
	r.URL = location
	r.hops++
	return nil
}

// HiddenRedirect is the error of a redirect in a browser, which tells no program
// where one leads (Fetch standard, "opaque-redirect filtered response"). It can be left
// to follow them if all hosts are allowed, or the host program does not mind.
func (r *Request) HiddenRedirect() *fault.Error {
	return fault.New(fault.Unsupported, `HTTP request to "`+cut(r.URL.Href)+`" is redirected, and a browser does not tell `+
		`where to, so that allowedHosts cannot be checked; request the final address, set allowHiddenRedirects, or allow "*"`)
}
