package policy

import (
	"strconv"
	"strings"
)

// parseIPv6 reads an address without brackets and zone, in any of the spellings
// of RFC 4291 §2.2, so that entries need not have the one that URLs end up with.
func parseIPv6(text string) (*[16]byte, bool) {
	var ip [16]byte
	head, tail, short := strings.Cut(text, "::")
	n, ok := parseGroups(head, ip[:], !short)
	if !ok {
		return nil, false
	}
	if !short {
		return &ip, n == len(ip)
	}
	var end [16]byte
	m, ok := parseGroups(tail, end[:], true)
	if !ok || n+m > len(ip)-2 {
		return nil, false
	}
	copy(ip[len(ip)-m:], end[:m])
	return &ip, true
}

// parseGroups reads groups of hexadecimal digits, the last two of which may be
// an IPv4 address if these groups are the address's end, and gives the number of
// bytes.
func parseGroups(text string, into []byte, end bool) (n int, ok bool) {
	for rest := text; rest != ""; {
		var group string
		var more bool
		group, rest, more = strings.Cut(rest, ":")
		if more == (rest == "") {
			return 0, false
		}
		if !more && end && strings.IndexByte(group, '.') >= 0 {
			return parseIPv4(group, into, n)
		}
		v, err := strconv.ParseUint(group, 16, 16)
		if err != nil || len(group) > 4 || n+2 > len(into) {
			return 0, false
		}
		into[n], into[n+1] = byte(v>>8), byte(v)
		n += 2
	}
	return n, true
}

func parseIPv4(text string, into []byte, n int) (int, bool) {
	parts := strings.Split(text, ".")
	if len(parts) != 4 || n+4 > len(into) {
		return 0, false
	}
	for _, part := range parts {
		v, err := strconv.ParseUint(part, 10, 8)
		if err != nil || len(part) > 1 && part[0] == '0' {
			return 0, false
		}
		into[n] = byte(v)
		n++
	}
	return n, true
}
