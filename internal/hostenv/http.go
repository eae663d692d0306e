package hostenv

import (
	"github.com/extism-js/extism-js/internal/engine"
	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/inject"
	"github.com/extism-js/extism-js/internal/policy"
)

// HTTPOptions say what a plug-in may do over HTTP.
type HTTPOptions struct {
	Hosts *policy.Hosts
	// MaxResponseBytes is the manifest's limit; nil if unset.
	MaxResponseBytes *uint64
	// Headers says whether guests may read those of responses.
	Headers bool
	// Hidden says whether redirects may be followed on platforms that tell nobody
	// where they lead. Where they end is checked all the same.
	Hidden bool
}

// http is the request that a plug-in's guest is making, and the last response.
type http struct {
	HTTPOptions
	request *policy.Request
	hidden  bool // whether the platform hides where redirects lead
	status  int32
	headers []byte
}

// SetHTTP allows HTTP. Without it no host is allowed.
func (e *Env) SetHTTP(o HTTPOptions) { e.http.HTTPOptions = o }

// HTTPRequest begins a request. The driver makes it, after this function has
// returned 1: making a request takes time, in which nothing may wait here.
//
//	http_request(request: i64, body: i64) -> i64
//
//	  request block                                 body block        result block
//	+--------------------------------------------+  +------+         +----------+
//	| {"url":"https://…","method":"POST",         | | ...  |  -->    | response |
//	|  "headers":{"accept":"*/*"}}                | +------+         +----------+
//	+--------------------------------------------+  or 0             0 if it is empty
//
// The driver has the platform parse [Env.HTTPTarget], tells [Env.HTTPAdmit], sends
// what [Env.HTTPSend] describes, and tells [Env.HTTPAnswered] or [Env.HTTPFail] what
// has come of it. Whichever refuses has kept the reason, and the guest has to be
// stopped.
func (e *Env) HTTPRequest(k engine.KernelMemory, off, n uint32) int64 {
	inject.Point("http")
	e.http.request, e.http.status, e.http.headers = nil, 0, nil
	text := make([]byte, min(n, policy.MaxRequestBytes+1)) // one more says that it is too long
	if !k.Read(off, text) {
		return e.stop("http_request", fault.InvalidInput, "the request is no block of the plug-in's memory")
	}
	request, err := policy.DecodeRequest(text)
	if err != nil {
		return e.refuse(err)
	}
	e.http.request = request
	return 1
}

// refuse keeps an error as the reason of a stop. It is not inlined: nobody waits for it,
// and everybody downloads it.
//
//go:noinline
func (e *Env) refuse(err *fault.Error) int64 {
	e.stopped = err.In("extism:host/env", "http_request")
	e.http.request = nil
	return Stop
}

// HTTPTarget is the address that the guest has given, unparsed.
func (e *Env) HTTPTarget() string {
	if e.http.request == nil {
		return ""
	}
	return e.http.request.Target
}

// HTTPAdmit checks the request, given its address as the platform has parsed it, or
// nil if that is no URL, and the length of its body. Hidden says that the platform
// tells nobody where a redirect leads: it is a browser.
func (e *Env) HTTPAdmit(u *policy.URL, body uint64, hidden bool) bool {
	r := e.http.request
	if u == nil {
		return e.refuse(fault.New(fault.HTTPInvalid, "http_request: the url is not one: "+r.Target)) == 1
	}
	if err := r.Admit(e.http.Hosts, u, body); err != nil {
		return e.refuse(err) == 1
	}
	e.http.hidden = hidden
	if hidden {
		r.ForBrowser()
	}
	return true
}

// HTTPSend describes the request that is to be sent. Follow says that the platform
// is to follow redirects by itself.
func (e *Env) HTTPSend() (r *policy.Request, follow bool) {
	return e.http.request, e.http.hidden && (e.http.Hidden || e.http.Hosts.Any())
}

// HTTPAnswer is what has answered a request.
type HTTPAnswer struct {
	Status int // 0: a redirect that the platform hides
	// Redirects says that there is a Location header, which leads to Location; nil if
	// that is no URL.
	Redirects bool
	Location  *policy.URL
	// Final is the address in the end, if the platform has followed redirects.
	Final *policy.URL
	// Length is the Content-Length header; "" if there is none or the body is
	// compressed.
	Length string
	// Headers are as [policy.EncodeHeaders] has them. The environment keeps them.
	Headers []byte
}

// HTTPNext is what a driver does after an answer.
type HTTPNext int32

// The things to do.
const (
	HTTPStop  HTTPNext = iota // stop the guest
	HTTPAgain                 // send what HTTPSend describes now: a redirect
	HTTPBody                  // read the body, of at most HTTPLimit bytes
)

// HTTPAnswered takes an answer.
func (e *Env) HTTPAnswered(a HTTPAnswer) HTTPNext {
	next, err := e.answered(e.http.request, &a)
	if err != nil {
		e.refuse(err)
		return HTTPStop
	}
	return next
}

func (e *Env) answered(r *policy.Request, a *HTTPAnswer) (HTTPNext, *fault.Error) {
	if a.Status == 0 {
		return HTTPStop, r.HiddenRedirect()
	}
	if a.Redirects && policy.IsRedirect(a.Status) {
		return HTTPAgain, r.Follow(e.http.Hosts, a.Status, a.Location)
	}
	if a.Final != nil {
		if err := e.http.Hosts.Allow(a.Final); err != nil {
			return HTTPStop, err
		}
	}
	if err := policy.Announce(e.HTTPLimit(), r.Method, a.Status, a.Length); err != nil {
		return HTTPStop, err
	}
	if e.http.Headers {
		if err := policy.CheckHeaders(a.Headers); err != nil {
			return HTTPStop, err
		}
		e.http.headers = a.Headers
	}
	e.http.status = int32(a.Status)
	return HTTPBody, nil
}

// HTTPLimit is how many bytes the body of a response may have, after decompression.
func (e *Env) HTTPLimit() uint64 {
	if n := e.http.MaxResponseBytes; n != nil {
		return *n
	}
	return policy.DefaultMaxResponseBytes
}

// HTTPFail keeps the reason why a request has come to nothing: the body was too large,
// or something else, of which text tells.
func (e *Env) HTTPFail(code fault.Code, text string) {
	e.http.status, e.http.headers = 0, nil
	switch code {
	case fault.HTTPTooLarge:
		e.refuse(policy.TooLarge(e.HTTPLimit()))
	case fault.HTTPFailed:
		e.refuse(policy.Failed(e.http.request.URL, text))
	default:
		e.refuse(fault.New(code, "http_request: "+text))
	}
}

// HTTPStatusCode gives the status of the last response; 0 if there was none.
//
//	http_status_code() -> i32
func (e *Env) HTTPStatusCode() int32 {
	inject.Point("http")
	return e.http.status
}

// HTTPHeaders gives the headers of the last response as a JSON object of strings, if
// the host allows it; 0 if it does not, or there was none.
//
//	http_headers() -> i64
//
//	  result block
//	+----------------------------------+
//	| {"content-type":"text/plain"}    |
//	+----------------------------------+
func (e *Env) HTTPHeaders(k engine.KernelMemory) int64 {
	inject.Point("http")
	return give(e, k, "http_headers", e.http.headers)
}
