package fmt_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	small "github.com/extism-js/extism-js/internal/overlay/std/fmt"
)

type named struct{}

func (named) String() string { return "a \"name\"" }

type broken struct{}

func (broken) Error() string { panic("no text") }

// What the package covers reads as the standard library has it.
func TestLikeTheStandardLibrary(t *testing.T) {
	cause := errors.New("the \"cause\"")
	for _, tc := range []struct {
		format   string
		operands []any
	}{
		{"", nil},
		{"plain", nil},
		{"100 %%", nil},
		{"%s, %q and %v", []any{"tèxt\n", "tèxt\n", "tèxt\n"}},
		{"%s %q", []any{[]byte("bytes"), []byte("bytes")}},
		{"%v %v %s %q", []any{nil, cause, cause, cause}},
		{"%v %+v %s %q", []any{named{}, named{}, named{}, named{}}},
		{"%d %d %d %d %d", []any{-1, int8(-128), int16(-2), int32(-3), int64(-1 << 63)}},
		{"%d %d %d %d %d", []any{uint(1), uint8(255), uint16(2), uint32(1<<32 - 1), uint64(1<<64 - 1)}},
		{"%v %+v %v", []any{7, uint8(8), uint64(9)}},
		{"%q %q %q", []any{byte('{'), '\n', 'é'}},
		{"%v %v", []any{true, false}},
		{"%s%d", []any{"missing"}},
		{"at the end %", nil},
	} {
		want := fmt.Sprintf(tc.format, tc.operands...)
		if got := small.Sprintf(tc.format, tc.operands...); got != want {
			t.Errorf("Sprintf(%q, %v) = %q, want %q", tc.format, tc.operands, got, want)
		}
		var b strings.Builder
		if n, err := small.Fprintf(&b, tc.format, tc.operands...); b.String() != want || n != len(want) || err != nil {
			t.Errorf("Fprintf(%q, %v) = %q, %d, %v, want %q", tc.format, tc.operands, b.String(), n, err, want)
		}
		if got := small.Errorf(tc.format, tc.operands...).Error(); got != want {
			t.Errorf("Errorf(%q, %v) = %q, want %q", tc.format, tc.operands, got, want)
		}
	}
}

func TestErrorfWraps(t *testing.T) {
	cause := errors.New("cause")
	for format, wraps := range map[string]bool{"%s: %w": true, "%s: %v": false} {
		err := small.Errorf(format, "here", cause)
		if errors.Is(err, cause) != wraps || err.Error() != "here: cause" {
			t.Errorf("%s: %v wraps its cause: %v", format, err, !wraps)
		}
	}
}

func TestWhatIsNotCovered(t *testing.T) {
	for _, tc := range []struct {
		operand any
		want    string
	}{{broken{}, "%!v(PANIC)"}, {struct{}{}, "%!v(?)"}} {
		var b strings.Builder
		if _, err := small.Fprint(&b, tc.operand); err != nil || b.String() != tc.want {
			t.Errorf("%T: %q, %v, want %q", tc.operand, b.String(), err, tc.want)
		}
	}
}
