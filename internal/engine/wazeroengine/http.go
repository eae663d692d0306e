package wazeroengine

import (
	"bytes"
	"errors"
	"io"
	"math"
	"net/http"
	"net/url"
	"strings"

	"github.com/extism-js/extism-js/internal/fault"
	"github.com/extism-js/extism-js/internal/hostenv"
	"github.com/extism-js/extism-js/internal/policy"
)

// stopHTTP in place of an offset says that the guest must be stopped, for a reason
// that the environment keeps.
const stopHTTP = -1

// maxPart is how much of a response is read at once, in bytes.
const maxPart = 64 << 10

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
		env.HTTPFail(err.Error())
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
		a := hostenv.HTTPAnswer{Status: response.StatusCode}
		for name, values := range response.Header {
			for _, v := range values {
				a.Headers = append(a.Headers, policy.Header{Name: strings.ToLower(name), Value: v})
			}
		}
		a.Location = parseURL(response.Header.Get("Location"), response.Request.URL)
		next := env.HTTPAnswered(a)
		if next == hostenv.HTTPBody {
			return response, nil
		}
		response.Body.Close()
		if next == hostenv.HTTPStop {
			return nil, nil
		}
	}
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
	var all []byte
	part := make([]byte, maxPart)
	for {
		n, err := body.Read(part)
		if !env.HTTPReceive(uint64(n)) {
			return stopHTTP
		}
		all = append(all, part[:n]...)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			env.HTTPFail(err.Error())
			return stopHTTP
		}
	}
	if len(all) == 0 {
		return 0
	}
	off := uint32(0)
	if len(all) <= math.MaxUint32 {
		off = p.kernel.Alloc(uint32(len(all)))
	}
	if off == 0 || !p.kernel.Write(off, all) {
		env.HTTPRefuse(fault.OutOfMemory, "no room for the response in the plug-in's memory")
		return stopHTTP
	}
	return float64(off)
}

// parseURL parses an address, or gives nil if it is none.
func parseURL(text string, base *url.URL) *policy.URL {
	u, err := url.Parse(text)
	if err != nil || text == "" {
		return nil
	}
	if base != nil {
		u = base.ResolveReference(u)
	}
	if !u.IsAbs() || u.Host == "" {
		return nil
	}
	host := strings.ToLower(u.Hostname())
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	port := u.Port()
	if u.Scheme == "http" && port == "80" || u.Scheme == "https" && port == "443" {
		port = ""
	}
	return &policy.URL{Href: u.String(), Scheme: strings.ToLower(u.Scheme), Host: host, Port: port, Credentials: u.User != nil}
}
