package text

import (
	"reflect"
	"testing"
)

func TestCount(t *testing.T) {
	tests := []struct {
		name string
		text string
		want Statistics
	}{
		{"nothing", "", Statistics{Top: []Word{}}},
		{"no words", " ’ -- \n", Statistics{Characters: 7, Lines: 1, Top: []Word{}}},
		{"one line without an end", "Hello, World", Statistics{
			Characters: 12, Words: 2, Lines: 1,
			Top: []Word{{"hello", 1}, {"world", 1}},
		}},
		{"case and frequency", "the cat. The CAT! the dog\n", Statistics{
			Characters: 26, Words: 6, Lines: 1,
			Top: []Word{{"the", 3}, {"cat", 2}, {"dog", 1}},
		}},
		{"apostrophes", "'it’s' isn't", Statistics{
			Characters: 12, Words: 2, Lines: 1,
			Top: []Word{{"isn't", 1}, {"it’s", 1}},
		}},
		{"beyond ASCII", "Żółw\nżółw", Statistics{
			Characters: 9, Words: 2, Lines: 2,
			Top: []Word{{"żółw", 2}},
		}},
		{"at most five", "g f e d c b a", Statistics{
			Characters: 13, Words: 7, Lines: 1,
			Top: []Word{{"a", 1}, {"b", 1}, {"c", 1}, {"d", 1}, {"e", 1}},
		}},
		{"malformed", "a\xffb", Statistics{
			Characters: 3, Words: 2, Lines: 1,
			Top: []Word{{"a", 1}, {"b", 1}},
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Count(tt.text); !reflect.DeepEqual(got, tt.want) {
				t.Errorf("Count(%q) = %+v, want %+v", tt.text, got, tt.want)
			}
		})
	}
}
