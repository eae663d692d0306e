// Package jsontree reads JSON into a tree without recursion and without
// reflection: manifests and options come from strangers, and a parser whose
// depth the data chooses would overflow the core's stack.
package jsontree

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// MaxDepth is how many arrays and objects may be open at once. An Extism
// manifest needs 4.
const MaxDepth = 64

// Kind is the JSON type of a [Value].
type Kind uint8

// The JSON types (RFC 8259 §3).
const (
	Null Kind = iota
	Bool
	Number
	String
	Array
	Object
)

var kindNames = [...]string{"null", "boolean", "number", "string", "array", "object"}

// String gives the type's name as JSON has it.
func (k Kind) String() string { return kindNames[k] }

// Value is one JSON value.
type Value struct {
	Kind    Kind
	Bool    bool
	Text    string   // of a string; of a number as it is written
	Items   []*Value // of an array
	Members []Member // of an object, in source order; names are unique
}

// Member is one name and value of an object.
type Member struct {
	Name  string
	Value *Value
}

// Get gives an object's member of that name, or nil.
func (v *Value) Get(name string) *Value {
	for i := range v.Members {
		if v.Members[i].Name == name {
			return v.Members[i].Value
		}
	}
	return nil
}

// Uint gives the value of a number that is an integer, however it is written: 1000,
// 1e3 and 1000.0 are the same, and -0 is 0. ok is false for any other value, and for
// one above 2^64 - 1.
func (v *Value) Uint() (n uint64, ok bool) {
	if v.Kind != Number {
		return 0, false
	}
	digits, exponent, ok := v.decimal()
	switch {
	case digits == "" || digits == "-": // zero
		return 0, true
	case !ok || digits[0] == '-' || exponent < 0 || exponent > maxDigits:
		return 0, false
	}
	n, err := strconv.ParseUint(digits+"00000000000000000000"[:exponent], 10, 64)
	return n, err == nil
}

// maxDigits is how many digits a number of 64 bits has at most.
const maxDigits = 20

// decimal takes a number apart: its value is that of the digits, which may have a
// sign before them but no zeros at either end, times ten to the exponent. ok is
// false if the exponent is beyond reason.
func (v *Value) decimal() (digits string, exponent int, ok bool) {
	digits, exp, _ := strings.Cut(strings.ToLower(v.Text), "e")
	whole, fraction, _ := strings.Cut(digits, ".")
	ok = true
	if exp != "" {
		var err error
		exponent, err = strconv.Atoi(exp)
		ok = err == nil
	}
	sign := ""
	if strings.HasPrefix(whole, "-") {
		sign, whole = "-", whole[1:]
	}
	exponent -= len(fraction)
	digits = strings.TrimLeft(whole+fraction, "0")
	trimmed := strings.TrimRight(digits, "0")
	exponent += len(digits) - len(trimmed)
	return sign + trimmed, exponent, ok
}

// SyntaxError says what is wrong with a text and where.
type SyntaxError struct {
	Offset int // bytes from the start of the text
	Reason string
}

func (e *SyntaxError) Error() string {
	return fmt.Sprintf("invalid JSON at byte %d: %s", e.Offset, e.Reason)
}

// frame is an array or object that is still open.
type frame struct {
	value *Value
	names map[string]struct{}
	name  string // of the member whose value comes next
}

type parser struct {
	text  []byte
	pos   int
	stack []frame
}

// Parse reads one JSON text (RFC 8259). Duplicate names are an error, lone
// surrogates become U+FFFD. The result shares no memory with text.
func Parse(text []byte) (*Value, error) {
	p := parser{text: text}
	for {
		v, err := p.value()
		if err != nil {
			return nil, err
		}
		root, err := p.place(v)
		if err != nil || root != nil {
			return root, err
		}
	}
}

// place puts a value that has just been read (or opened) where it belongs and
// moves to where the next one starts. It gives the root once that is complete.
func (p *parser) place(v *Value) (*Value, error) {
	opened := v.Kind == Array || v.Kind == Object
	if len(p.stack) > 0 {
		p.attach(v)
	}
	if opened {
		if len(p.stack) == MaxDepth {
			return nil, p.fail(fmt.Sprintf("nested more than %d deep", MaxDepth))
		}
		p.stack = append(p.stack, frame{value: v})
		p.space()
		if p.peek() != closer(v.Kind) {
			return nil, p.name()
		}
	}
	for {
		if len(p.stack) == 0 {
			return p.finish(v)
		}
		top := p.stack[len(p.stack)-1].value
		p.space()
		switch p.peek() {
		case ',':
			if top.Kind == Object && len(top.Members) == 0 || top.Kind == Array && len(top.Items) == 0 {
				return nil, p.fail("unexpected ','")
			}
			p.pos++
			p.space()
			return nil, p.name()
		case closer(top.Kind):
			p.pos++
			p.stack = p.stack[:len(p.stack)-1]
			v = top
		default:
			return nil, p.unexpected("',' or '" + string(closer(top.Kind)) + "'")
		}
	}
}

func (p *parser) finish(root *Value) (*Value, error) {
	p.space()
	if p.pos < len(p.text) {
		return nil, p.unexpected("the end")
	}
	return root, nil
}

func closer(k Kind) byte {
	if k == Object {
		return '}'
	}
	return ']'
}

func (p *parser) attach(v *Value) {
	top := &p.stack[len(p.stack)-1]
	if top.value.Kind == Array {
		top.value.Items = append(top.value.Items, v)
		return
	}
	top.value.Members = append(top.value.Members, Member{top.name, v})
}

// name reads a member's name and the colon behind it, if the innermost open
// value is an object.
func (p *parser) name() error {
	top := &p.stack[len(p.stack)-1]
	if top.value.Kind != Object {
		return nil
	}
	if p.peek() != '"' {
		return p.unexpected("a name")
	}
	start := p.pos
	name, err := p.string()
	if err != nil {
		return err
	}
	if _, dup := top.names[name]; dup {
		return &SyntaxError{start, "duplicate name " + strconv.Quote(name)}
	}
	if top.names == nil {
		top.names = map[string]struct{}{}
	}
	top.names[name] = struct{}{}
	top.name = name
	p.space()
	if p.peek() != ':' {
		return p.unexpected("':'")
	}
	p.pos++
	return nil
}

// value reads a scalar, or the opening bracket of an array or object.
func (p *parser) value() (*Value, error) {
	p.space()
	switch c := p.peek(); {
	case c == '{':
		p.pos++
		return &Value{Kind: Object}, nil
	case c == '[':
		p.pos++
		return &Value{Kind: Array}, nil
	case c == '"':
		s, err := p.string()
		return &Value{Kind: String, Text: s}, err
	case c == '-' || '0' <= c && c <= '9':
		return p.number()
	}
	switch {
	case p.word("null"):
		return &Value{}, nil
	case p.word("true"):
		return &Value{Kind: Bool, Bool: true}, nil
	case p.word("false"):
		return &Value{Kind: Bool}, nil
	}
	return nil, p.unexpected("a value")
}

func (p *parser) word(w string) bool {
	end := p.pos + len(w)
	if end > len(p.text) || string(p.text[p.pos:end]) != w {
		return false
	}
	p.pos = end
	return true
}

func (p *parser) number() (*Value, error) {
	start := p.pos
	p.accept("-")
	if !p.accept("0") && !p.digits() {
		return nil, p.unexpected("a digit")
	}
	if p.accept(".") && !p.digits() {
		return nil, p.unexpected("a digit")
	}
	if p.accept("eE") {
		p.accept("+-")
		if !p.digits() {
			return nil, p.unexpected("a digit")
		}
	}
	return &Value{Kind: Number, Text: string(p.text[start:p.pos])}, nil
}

func (p *parser) accept(set string) bool {
	for i := 0; i < len(set); i++ {
		if p.pos < len(p.text) && p.text[p.pos] == set[i] {
			p.pos++
			return true
		}
	}
	return false
}

func (p *parser) digits() bool {
	start := p.pos
	for p.pos < len(p.text) && '0' <= p.text[p.pos] && p.text[p.pos] <= '9' {
		p.pos++
	}
	return p.pos > start
}

func (p *parser) string() (string, error) {
	p.pos++ // the quote
	start := p.pos
	for p.pos < len(p.text) && plain(p.text[p.pos]) {
		p.pos++
	}
	if p.peek() == '"' { // most strings are like that
		p.pos++
		return string(p.text[start : p.pos-1]), nil
	}
	out := append([]byte(nil), p.text[start:p.pos]...)
	for p.pos < len(p.text) {
		switch c := p.text[p.pos]; {
		case c == '"':
			p.pos++
			return string(out), nil
		case c < 0x20:
			return "", p.fail("control character in a string")
		case c == '\\':
			r, err := p.escape()
			if err != nil {
				return "", err
			}
			out = utf8.AppendRune(out, r)
		case c < utf8.RuneSelf:
			out = append(out, c)
			p.pos++
		default:
			r, n := utf8.DecodeRune(p.text[p.pos:])
			if r == utf8.RuneError && n <= 1 {
				return "", p.fail("invalid UTF-8 in a string")
			}
			out = append(out, p.text[p.pos:p.pos+n]...)
			p.pos += n
		}
	}
	return "", p.fail("the string has no end")
}

// plain reports whether a byte stands for itself in a string, all by itself.
func plain(c byte) bool { return c >= 0x20 && c < utf8.RuneSelf && c != '"' && c != '\\' }

const (
	escapeNames  = `"\/bfnrt`
	escapeValues = "\"\\/\b\f\n\r\t"
)

func (p *parser) escape() (rune, error) {
	p.pos++ // the backslash
	if p.peek() == 'u' {
		p.pos++
		return p.unicode()
	}
	for i := range escapeNames {
		if p.accept(escapeNames[i : i+1]) {
			return rune(escapeValues[i]), nil
		}
	}
	return 0, p.unexpected("an escape")
}

func (p *parser) unicode() (rune, error) {
	r, err := p.hex4()
	if err != nil || !utf16.IsSurrogate(r) {
		return r, err
	}
	if p.pos+1 < len(p.text) && p.text[p.pos] == '\\' && p.text[p.pos+1] == 'u' {
		mark := p.pos
		p.pos += 2
		low, err := p.hex4()
		if err != nil {
			return 0, err
		}
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, nil
		}
		p.pos = mark
	}
	return utf8.RuneError, nil
}

func (p *parser) hex4() (rune, error) {
	if p.pos+4 > len(p.text) {
		return 0, p.fail("an escape has no end")
	}
	n, err := strconv.ParseUint(string(p.text[p.pos:p.pos+4]), 16, 16)
	if err != nil {
		return 0, p.fail("four hexadecimal digits expected")
	}
	p.pos += 4
	return rune(n), nil
}

func (p *parser) space() {
	for p.pos < len(p.text) {
		switch p.text[p.pos] {
		case ' ', '\t', '\r', '\n':
			p.pos++
		default:
			return
		}
	}
}

// peek gives the next byte, or 0 at the end.
func (p *parser) peek() byte {
	if p.pos < len(p.text) {
		return p.text[p.pos]
	}
	return 0
}

func (p *parser) fail(reason string) error { return &SyntaxError{p.pos, reason} }

func (p *parser) unexpected(want string) error {
	if p.pos >= len(p.text) {
		return p.fail(want + " expected, but the text ends")
	}
	return p.fail(fmt.Sprintf("%s expected, not %q", want, p.text[p.pos]))
}
