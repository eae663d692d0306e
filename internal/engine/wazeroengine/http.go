package wazeroengine

import (
	"bytes"
	"io"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"unicode"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/hostenv"
	"github.com/extism-js/extism-js/internal/policy"
)

// stopHTTP in place of an offset says that the guest must be stopped, for a reason
// that the environment keeps.
const stopHTTP = -1

// requestHTTP makes the request that the guest has begun, and gives the offset of the
// response. The shim's Http is the same in JavaScript.
func (p *Plugin) requestHTTP(off, n uint32) float64 {
	env := p.machine.Env()
	if !env.HTTPAdmit(parseURL(env.HTTPTarget(), nil), uint64(n), false) {
		return stopHTTP
	}
	body := make([]byte, n)
	p.kernel.Read(off, body)
	response, err := p.send(env, body)
	if err != nil {
		env.HTTPFail(fault.HTTPFailed, err.Error())
		return stopHTTP
	}
	if response == nil {
		return stopHTTP
	}
	defer response.Body.Close()
	return p.receive(env, response.Body)
}

// send sends the request, and those that redirects make of it. It gives nil if the
// environment refuses to go on.
func (p *Plugin) send(env *hostenv.Env, body []byte) (*http.Response, error) {
	for {
		response, err := p.roundTrip(env, body)
		if err != nil {
			return nil, err
		}
		next := env.HTTPAnswered(answer(response))
		if next == hostenv.HTTPBody {
			return response, nil
		}
		response.Body.Close()
		if next == hostenv.HTTPStop {
			return nil, nil
		}
	}
}

// answer describes a response. The transport takes the length away from what it has
// decompressed.
func answer(response *http.Response) hostenv.HTTPAnswer {
	var headers policy.Headers
	for _, name := range slices.Sorted(maps.Keys(response.Header)) {
		for _, value := range response.Header[name] {
			headers = append(headers, policy.Header{Name: strings.ToLower(name), Value: value})
		}
	}
	a := hostenv.HTTPAnswer{Status: response.StatusCode, Headers: policy.EncodeHeaders(headers)}
	if response.Header.Get("Content-Encoding") == "" {
		a.Length = response.Header.Get("Content-Length")
	}
	if location := response.Header["Location"]; len(location) > 0 {
		a.Redirects, a.Location = true, parseURL(location[0], response.Request.URL)
	}
	return a
}

func (p *Plugin) roundTrip(env *hostenv.Env, body []byte) (*http.Response, error) {
	r, _ := env.HTTPSend()
	var sent io.Reader
	if r.Body {
		sent = bytes.NewReader(body)
	}
	request, err := http.NewRequestWithContext(p.ctx, r.Method, r.URL.Href, sent)
	if err != nil {
		return nil, err
	}
	for _, h := range r.Headers {
		request.Header.Set(h.Name, h.Value)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if p.config.Client != nil {
		client.Transport, client.Jar, client.Timeout = p.config.Client.Transport, p.config.Client.Jar, p.config.Client.Timeout
	}
	return client.Do(request)
}

// receive copies a response's body into a new block.
func (p *Plugin) receive(env *hostenv.Env, body io.Reader) float64 {
	limit := env.HTTPLimit()
	all, err := io.ReadAll(io.LimitReader(body, int64(min(limit, math.MaxInt64-1))+1))
	if err == nil && uint64(len(all)) > limit {
		env.HTTPFail(fault.HTTPTooLarge, "")
		return stopHTTP
	}
	if err != nil {
		env.HTTPFail(fault.HTTPFailed, err.Error())
		return stopHTTP
	}
	if len(all) == 0 {
		return 0
	}
	off := uint32(0)
	if len(all) <= math.MaxUint32 {
		off = p.kernel.Alloc(uint32(len(all)))
	}
	if off == 0 || !p.kernel.Write(off, all) {
		env.HTTPFail(fault.OutOfMemory, "no room for the response in the plug-in's memory")
		return stopHTTP
	}
	return float64(off)
}

// parseURL parses an address, or gives nil if it is none. International names have to
// be in punycode: net/http would make that of them later, and reach another host than
// the one that was checked.
func parseURL(text string, base *url.URL) *policy.URL {
	u, err := url.Parse(text)
	if err != nil {
		return nil
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	host := strings.ToLower(u.Hostname())
	if !u.IsAbs() || strings.ContainsFunc(host, func(c rune) bool { return c > unicode.MaxASCII }) {
		return nil
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	port := u.Port()
	if u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		port = ""
	}
	return &policy.URL{Href: u.String(), Scheme: u.Scheme, Host: host, Port: port, Credentials: u.User != nil}
}
