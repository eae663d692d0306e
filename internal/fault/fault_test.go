package fault

import (
	"errors"
	"fmt"
	"io"
	"testing"
)

func TestErrorsAreClassifiedByCode(t *testing.T) {
	trap := New(Trap, "unreachable")
	wrapped := fmt.Errorf("calling: %w", trap)
	for _, tt := range []struct {
		name   string
		err    error
		target error
		want   bool
	}{
		{"same code", trap, &Error{Code: Trap}, true},
		{"same code, wrapped", wrapped, &Error{Code: Trap}, true},
		{"same code, named", trap.In("main", "f"), &Error{Code: Trap}, true},
		{"other code", trap, &Error{Code: Busy}, false},
		{"no code", trap, &Error{}, false},
		{"same code, other text", trap, New(Trap, "out of bounds"), false},
		{"itself", trap, trap, true},
		{"the cause", Wrap(FetchFailed, "fetching x", io.ErrUnexpectedEOF), io.ErrUnexpectedEOF, true},
		{"the cause, named", Wrap(FetchFailed, "fetching x", io.EOF).In("m", ""), io.EOF, true},
		{"no cause", trap, io.EOF, false},
	} {
		if got := errors.Is(tt.err, tt.target); got != tt.want {
			t.Errorf("%s: errors.Is gives %t", tt.name, got)
		}
	}
}

func TestWrapTellsTheOperationAndTheCause(t *testing.T) {
	e := Wrap(InvalidWasm, "compiling the module", errors.New("bad magic"))
	if e.Code != InvalidWasm || e.Error() != "compiling the module: bad magic" {
		t.Errorf("%s: %s", e.Code, e)
	}
}

func TestInNamesOnce(t *testing.T) {
	e := New(Trap, "x")
	first := e.In("main", "")
	second := first.In("other", "f")
	if e.Module != "" || e.Function != "" {
		t.Errorf("the original has changed: %+v", e)
	}
	if first.Module != "main" || first.Function != "" {
		t.Errorf("named once: %+v", first)
	}
	if second.Module != "main" || second.Function != "f" || second.Message != "x" || second.Code != Trap {
		t.Errorf("named twice: %+v", second)
	}
}

func TestFrom(t *testing.T) {
	e := New(Busy, "x")
	if got := From(e); got != e {
		t.Errorf("an *Error became %+v", got)
	}
	if got := From(fmt.Errorf("y: %w", e)); got != e {
		t.Errorf("a wrapped *Error became %+v", got)
	}
	if got := From(io.EOF); got.Code != Internal || got.Message != "EOF" || !errors.Is(got, io.EOF) {
		t.Errorf("an error without a code became %+v", got)
	}
}
