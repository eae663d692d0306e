package jsontree

import (
	"encoding/json"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"testing"
)

// asAny turns a tree into what encoding/json would have made of the text.
func asAny(v *Value) any {
	switch v.Kind {
	case Bool:
		return v.Bool
	case Number:
		n, _ := strconv.ParseFloat(v.Text, 64)
		return n
	case String:
		return v.Text
	case Array:
		a := []any{}
		for _, x := range v.Items {
			a = append(a, asAny(x))
		}
		return a
	case Object:
		m := map[string]any{}
		for _, x := range v.Members {
			m[x.Name] = asAny(x.Value)
		}
		return m
	}
	return nil
}

var texts = []string{
	`{}`, `[]`, `null`, `true`, `false`, `0`, `-0`, `-12.5e+3`, `1E5`, `""`, `"a\"\\\/\b\f\n\r\t"`,
	`"\u00e9\ud83d\ude00é😀"`, `"\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, ` [ 1 , [ ] , { } , "x" ] `,
	`{"a":{"b":[{"c":null}]},"d":[[[]]]}`, `[[],[]]`, `{"":0}`,
	`{"wasm":[{"url":"https://example.com/a.wasm","name":"main"}],"config":{"k":"v"}}`,
	``, ` `, `{`, `[`, `"`, `{"a"`, `{"a":`, `{"a":1`, `{"a":1,`, `{"a":1,}`, `[1,]`, `[,1]`, `{,}`, `[1 2]`, `{"a" 1}`,
	`{1:2}`, `01`, `-`, `1.`, `.5`, `1e`, `+1`, `nul`, `truee`, `"\x"`, `"\u12"`, `"\u12g4"`, "\"\n\"", `]`, `}`, `[}`, `{]`, `1 1`, `[]]`, `{"a":1}}`,
}

func TestParseAgreesWithEncodingJSON(t *testing.T) {
	for _, text := range texts {
		var want any
		wantErr := json.Unmarshal([]byte(text), &want)
		v, err := Parse([]byte(text))
		if (err == nil) != (wantErr == nil) {
			t.Errorf("%q: error %v, encoding/json says %v", text, err, wantErr)
		} else if err == nil && !reflect.DeepEqual(asAny(v), want) {
			t.Errorf("%q: %#v, want %#v", text, asAny(v), want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for _, tt := range []struct{ name, text, reason string }{
		{"duplicate names", `{"a":1,"a":2}`, `duplicate name "a"`},
		{"a million open arrays", strings.Repeat("[", 1e6), "nested more than 64 deep"},
		{"a million open objects", strings.Repeat(`{"a":`, 1e6), "nested more than 64 deep"},
		{"invalid UTF-8", "\"\xff\"", "invalid UTF-8"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := Parse([]byte(tt.text))
			var syntax *SyntaxError
			if !errors.As(err, &syntax) || !strings.Contains(syntax.Reason, tt.reason) {
				t.Errorf("error %v, want a SyntaxError with %q", err, tt.reason)
			}
		})
	}
}

func TestDepthLimitIsExact(t *testing.T) {
	nest := func(n int) []byte { return []byte(strings.Repeat("[", n) + strings.Repeat("]", n)) }
	if _, err := Parse(nest(MaxDepth)); err != nil {
		t.Errorf("depth %d: %v", MaxDepth, err)
	}
	if _, err := Parse(nest(MaxDepth + 1)); err == nil {
		t.Errorf("depth %d was accepted", MaxDepth+1)
	}
}

func TestUint(t *testing.T) {
	for _, tt := range []struct {
		text string
		n    uint64
		ok   bool
	}{
		{"0", 0, true}, {"65536", 65536, true}, {"18446744073709551615", 1<<64 - 1, true},
		{"18446744073709551616", 0, false}, {"-1", 0, false}, {`"1"`, 0, false}, {"null", 0, false},
		{"-0", 0, true}, {"0.0", 0, true}, {"-0.00e5", 0, true}, {"0e99999999999999999999", 0, true}, {"0e-99999999999999999999", 0, true},
		{"1.0", 1, true}, {"1e3", 1000, true}, {"1E+3", 1000, true}, {"1.5e1", 15, true}, {"1000e-3", 1, true}, {"0.0001e4", 1, true},
		{"10000000000000000000000000e-24", 10, true}, {"1e19", 1e19, true}, {"1844674407370955161500e-2", 1<<64 - 1, true},
		{"1.5", 0, false}, {"15e-1", 1, false}, {"1e-1", 0, false}, {"-1e3", 0, false}, {"-0.1", 0, false},
		{"1e20", 0, false}, {"1e21", 0, false}, {"123e19", 0, false}, {"1e99999999999999999999", 0, false}, {"1e-99999999999999999999", 0, false},
		{"1" + strings.Repeat("0", 10_000) + "e-9999", 10, true}, {"1e" + strings.Repeat("9", 10_000), 0, false},
	} {
		v, err := Parse([]byte(tt.text))
		if err != nil {
			t.Fatal(err)
		}
		if n, ok := v.Uint(); ok != tt.ok || ok && n != tt.n {
			t.Errorf("%s: %d, %v", tt.text, n, ok)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range texts {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		v, err := Parse(text)
		if err != nil {
			return
		}
		var want any
		if err := json.Unmarshal(text, &want); err != nil {
			if strings.Contains(err.Error(), "number") {
				return // too large for a float64, which is for others to mind
			}
			t.Fatalf("accepted what encoding/json refuses: %v", err)
		}
		if got := asAny(v); !reflect.DeepEqual(got, want) {
			t.Fatalf("%#v, want %#v", got, want)
		}
	})
}
