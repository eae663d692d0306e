//go:build js && wasm

package bridge

import (
	"strconv"
	"strings"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/hostenv"
	"github.com/extism-js/extism-js/internal/manifest"
	"github.com/extism-js/extism-js/internal/policy"
)

// What web/src/http.mjs asks for a guest that is in http_request. Texts are fields
// in the inbox or outbox, with a zero byte between them. If the result is below 1, the
// guest has to be stopped, for a reason that is kept.

// pluginHTTP tells whether guests can come to wait for a response: 1 if a module
// imports http_request and any host is allowed.
//
//go:wasmexport plugin_http
func pluginHTTP(id int32) int32 {
	if e := find(id); e != nil && e.UsesHTTP() {
		return 1
	}
	return 0
}

// httpAdmit takes the address that http_request has put into the outbox, parsed, n
// bytes in the inbox, and the length of the body; the outbox has what is to be sent.
// For hidden see [hostenv.Env.HTTPAdmit].
//
//go:wasmexport http_admit
func httpAdmit(id, n, body, hidden int32) (ok int32) {
	defer guard(id, &ok)
	env := find(id).Env()
	if !env.HTTPAdmit(takeURL(fields(n)), uint64(uint32(body)), hidden != 0) {
		return 0
	}
	describeRequest(env)
	return 1
}

// describeRequest puts a request into the outbox: the method, the address, "1" if it
// has a body, "1" if the platform is to follow redirects, the names of headers that
// are withheld, if anybody wants to know, and names and values of the headers.
func describeRequest(env *hostenv.Env) {
	r, follow := env.HTTPSend()
	withheld := ""
	if env.Log(int32(manifest.LogWarn)) == 1 {
		withheld = strings.Join(r.Withheld, ", ")
	}
	r.Withheld = nil
	parts := []string{r.Method, r.URL.Href, flag(r.Body), flag(follow), withheld}
	for _, h := range r.Headers {
		parts = append(parts, h.Name, h.Value)
	}
	reply(strings.Join(parts, "\x00"))
}

func flag(b bool) string {
	if b {
		return "1"
	}
	return ""
}

// httpAnswered takes a status and n bytes in the inbox: where the platform has got to
// in the end, as an address or empty fields, the length that is announced, the headers,
// and, if there is a Location header, where it leads. It gives a [hostenv.HTTPNext];
// the outbox then has the next request, or the most bytes that the body may have.
//
//go:wasmexport http_answered
func httpAnswered(id, status, n int32) (next int32) {
	defer guard(id, &next)
	env := find(id).Env()
	f := fields(n)
	a := hostenv.HTTPAnswer{Status: int(status), Final: takeURL(f), Length: f[urlFields], Headers: []byte(f[urlFields+1])}
	if location := f[urlFields+2:]; len(location) > 0 {
		a.Redirects, a.Location = true, takeURL(location)
	}
	op := env.HTTPAnswered(a)
	switch op {
	case hostenv.HTTPAgain:
		describeRequest(env)
	case hostenv.HTTPBody:
		reply(strconv.FormatUint(env.HTTPLimit(), 10))
	}
	return int32(op)
}

// failures are the reasons that httpFail takes (Failed in web/src/http.mjs).
var failures = [...]fault.Code{fault.HTTPFailed, fault.HTTPTooLarge, fault.OutOfMemory, fault.Unsupported}

// httpFail takes one of them, and a text of n bytes in the inbox.
//
//go:wasmexport http_fail
func httpFail(id, reason, n int32) {
	var ok int32
	defer guard(id, &ok)
	find(id).Env().HTTPFail(failures[reason], string(inbox[:n]))
}

// urlFields is how many fields an address has.
const urlFields = 5

// takeURL reads an address: all of it, scheme, host, port, and "1" if there are
// credentials in it. It gives nil for none.
//
//go:noinline
func takeURL(f []string) *policy.URL {
	if f[0] == "" {
		return nil
	}
	return &policy.URL{Href: f[0], Scheme: f[1], Host: f[2], Port: f[3], Credentials: f[4] != ""}
}

//go:noinline
func fields(n int32) []string { return strings.Split(string(inbox[:n]), "\x00") }
