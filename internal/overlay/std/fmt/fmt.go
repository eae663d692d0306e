// Package fmt takes the place of the standard library's in the core. That one
// formats whatever it is given, for which it needs reflection, files and the
// clock: 70 KB of download. The core's messages are made of text and numbers.
//
// Operands are errors, values with a String method, strings, bytes, integers and
// booleans; their types have no names of their own unless they have such a method.
// Verbs are %s, %q, %d, %v and %w, with no flags but an ignored plus sign. What
// that covers reads as the standard library would have it; a test of package
// archtest finds the calls in the core that it does not cover.
package fmt

import (
	"errors"
	"io"
	"strconv"
	"strings"
)

// Stringer is a value that has a text.
type Stringer interface{ String() string }

// State is what a Format method is given. Nothing here calls one: a value is
// formatted by its Error or String method.
type State interface {
	Write(b []byte) (n int, err error)
	Width() (wid int, ok bool)
	Precision() (prec int, ok bool)
	Flag(c int) bool
}

// Sprintf formats operands as the package's comment says.
func Sprintf(format string, operands ...any) string {
	return string(appendf(nil, format, operands))
}

// Fprintf writes what [Sprintf] gives.
func Fprintf(w io.Writer, format string, operands ...any) (n int, err error) {
	return w.Write(appendf(nil, format, operands))
}

// Fprint writes one operand as %v formats it.
func Fprint(w io.Writer, operand any) (n int, err error) {
	return w.Write(appendOperand(nil, 'v', operand))
}

// Errorf makes an error of what [Sprintf] gives. It wraps the first error among
// its operands if the format has the verb %w.
func Errorf(format string, operands ...any) error {
	text := Sprintf(format, operands...)
	if strings.Contains(format, "%w") {
		for _, o := range operands {
			if err, ok := o.(error); ok {
				return &wrapError{text, err}
			}
		}
	}
	return errors.New(text)
}

type wrapError struct {
	text string
	err  error
}

func (e *wrapError) Error() string { return e.text }
func (e *wrapError) Unwrap() error { return e.err }

func appendf(b []byte, format string, operands []any) []byte {
	for {
		text, verb, found := strings.Cut(format, "%")
		b = append(b, text...)
		if !found {
			return b
		}
		verb = strings.TrimPrefix(verb, "+")
		switch {
		case verb == "":
			return append(b, "%!(NOVERB)"...)
		case verb[0] == '%':
			b = append(b, '%')
		case len(operands) == 0:
			b = append(b, "%!"+verb[:1]+"(MISSING)"...)
		default:
			b = appendOperand(b, verb[0], operands[0])
			operands = operands[1:]
		}
		format = verb[1:]
	}
}

// appendOperand formats one operand. A method of it that panics must not take
// down who only wants to report an error.
func appendOperand(b []byte, verb byte, operand any) (result []byte) {
	defer func() {
		if recover() != nil {
			result = append(b, "%!"+string(verb)+"(PANIC)"...)
		}
	}()
	switch o := operand.(type) {
	case error:
		return appendText(b, verb, o.Error())
	case Stringer:
		return appendText(b, verb, o.String())
	case string:
		return appendText(b, verb, o)
	case []byte:
		return appendText(b, verb, string(o))
	case bool:
		return strconv.AppendBool(b, o)
	case int:
		return appendInt(b, verb, int64(o))
	case int8:
		return appendInt(b, verb, int64(o))
	case int16:
		return appendInt(b, verb, int64(o))
	case int32:
		return appendInt(b, verb, int64(o))
	case int64:
		return appendInt(b, verb, o)
	case uint:
		return strconv.AppendUint(b, uint64(o), 10)
	case uint8:
		return appendInt(b, verb, int64(o))
	case uint16:
		return appendInt(b, verb, int64(o))
	case uint32:
		return appendInt(b, verb, int64(o))
	case uint64:
		return strconv.AppendUint(b, o, 10)
	case nil:
		return append(b, "<nil>"...)
	}
	return append(b, "%!"+string(verb)+"(?)"...)
}

func appendText(b []byte, verb byte, text string) []byte {
	if verb == 'q' {
		return strconv.AppendQuote(b, text)
	}
	return append(b, text...)
}

// appendInt formats a number; %q takes it for a character.
func appendInt(b []byte, verb byte, n int64) []byte {
	if verb == 'q' {
		return strconv.AppendQuoteRune(b, rune(n))
	}
	return strconv.AppendInt(b, n, 10)
}
