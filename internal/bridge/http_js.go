//go:build js && wasm

package bridge

import (
	"strings"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/hostenv"
	"github.com/extism-js/extism-js/internal/policy"
)

// What web/src/http.mjs asks while a guest is suspended in http_request. Texts are
// fields in the inbox or outbox, with a zero byte behind each. Whatever gives 0 has
// kept the reason, and the guest has to be stopped.

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

// httpTarget puts the address that the guest wants into the outbox.
//
//go:wasmexport http_target
func httpTarget(id int32) {
	outbox = outbox[:0]
	if e := find(id); e != nil {
		reply(e.Env().HTTPTarget())
	}
}

// httpAdmit takes the parsed address, n bytes in the inbox, and the length of the
// body; the outbox has what is to be sent. For hidden see [hostenv.Env.HTTPAdmit].
//
//go:wasmexport http_admit
func httpAdmit(id, n, body, hidden int32) (ok int32) {
	defer guardContext(id, &ok)
	e := find(id)
	if e == nil || !e.Env().HTTPAdmit(takeURL(fields(n)), uint64(uint32(body)), hidden != 0) {
		return 0
	}
	describeRequest(e.Env())
	return 1
}

// describeRequest puts a request into the outbox: the method, the address, "1" if it
// has a body, "1" if the platform is to follow redirects, the names of headers that
// are withheld, if anybody wants to know, and names and values of the headers.
func describeRequest(env *hostenv.Env) {
	r, follow := env.HTTPSend()
	withheld := ""
	if env.Log(int32(warnLevel)) == 1 {
		withheld = strings.Join(r.Withheld, ", ")
	}
	r.Withheld = nil
	outbox = outbox[:0]
	for _, field := range [...]string{r.Method, r.URL.Href, flag(r.Body), flag(follow), withheld} {
		outbox = append(append(outbox, field...), 0)
	}
	for _, h := range r.Headers {
		outbox = append(append(append(append(outbox, h.Name...), 0), h.Value...), 0)
	}
}

const warnLevel = 3

func flag(b bool) string {
	if b {
		return "1"
	}
	return ""
}

// httpAnswered takes a status and, n bytes in the inbox, where a Location header leads
// and where the platform has got to in the end, each as an address or five empty
// fields, and names and values of the headers. It gives a [hostenv.HTTPNext].
//
//go:wasmexport http_answered
func httpAnswered(id, status, n int32) (next int32) {
	defer guardContext(id, &next)
	e := find(id)
	if e == nil {
		return 0
	}
	all := fields(n)
	a := hostenv.HTTPAnswer{Status: int(status), Location: takeURL(all), Final: takeURL(all[urlFields:])}
	for pairs := all[2*urlFields:]; len(pairs) >= 2; pairs = pairs[2:] {
		a.Headers = append(a.Headers, policy.Header{Name: pairs[0], Value: pairs[1]})
	}
	op := e.Env().HTTPAnswered(a)
	if op == hostenv.HTTPAgain {
		describeRequest(e.Env())
	}
	return int32(op)
}

//go:wasmexport http_receive
func httpReceive(id, n int32) (ok int32) {
	defer guardContext(id, &ok)
	if e := find(id); e != nil && e.Env().HTTPReceive(uint64(uint32(n))) {
		return 1
	}
	return 0
}

// The reasons that httpFail takes.
const (
	failedOnTheWay = iota // the inbox has the platform's text
	failedNoRoom          // for the response in the kernel
	failedToWait          // as this platform cannot suspend guests
)

//go:wasmexport http_fail
func httpFail(id, reason, n int32) {
	e := find(id)
	if e == nil {
		return
	}
	switch reason {
	case failedOnTheWay:
		e.Env().HTTPFail(string(inbox[:n]))
	case failedNoRoom:
		e.Env().HTTPRefuse(fault.OutOfMemory, "no room for the response in the plug-in's memory")
	case failedToWait:
		e.Env().HTTPRefuse(fault.Unsupported, "guests cannot wait here for a response: the engine has no JavaScript promise "+
			"integration, or the guest was called where it cannot be suspended (callSync, a start function)")
	}
}

// urlFields is how many fields an address has.
const urlFields = 5

// takeURL reads an address: all of it, scheme, host, port, and "1" if there are
// credentials in it. It gives nil for none.
func takeURL(fields []string) *policy.URL {
	if len(fields) < urlFields || fields[0] == "" {
		return nil
	}
	return &policy.URL{Href: fields[0], Scheme: fields[1], Host: fields[2], Port: fields[3], Credentials: fields[4] != ""}
}

func fields(n int32) []string { return strings.Split(string(inbox[:n]), "\x00") }
