// Package text counts what is in a text. It knows nothing of plug-ins, so that
// its tests run anywhere.
package text

import (
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// TopWords is the most words that [Statistics.Top] lists.
const TopWords = 5

// Statistics describes a text.
type Statistics struct {
	// Characters is the number of Unicode code points; a malformed byte counts
	// as one.
	Characters int `json:"characters"`
	// Words is the number of runs of letters and digits; apostrophes inside a
	// run belong to it.
	Words int `json:"words"`
	// Lines is the number of lines; a last line needs no line feed to count.
	Lines int `json:"lines"`
	// Top lists the most frequent words in lower case, most frequent first and
	// in alphabetical order where equally frequent. Never nil.
	Top []Word `json:"top"`
}

// Word is a word and how often it occurs.
type Word struct {
	Word  string `json:"word"`
	Count int    `json:"count"`
}

// Count gives the statistics of s.
func Count(s string) Statistics {
	words := Words(s)
	return Statistics{
		Characters: utf8.RuneCountInString(s),
		Words:      len(words),
		Lines:      lines(s),
		Top:        top(words),
	}
}

// Words splits s into its words, as they are written.
func Words(s string) []string {
	fields := strings.FieldsFunc(s, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) && !isApostrophe(r)
	})
	words := fields[:0]
	for _, f := range fields {
		// At the edge of a word an apostrophe is a quotation mark.
		if w := strings.TrimFunc(f, isApostrophe); w != "" {
			words = append(words, w)
		}
	}
	return words
}

func isApostrophe(r rune) bool {
	return r == '\'' || r == '’'
}

func lines(s string) int {
	n := strings.Count(s, "\n")
	if s != "" && !strings.HasSuffix(s, "\n") {
		n++
	}
	return n
}

func top(words []string) []Word {
	counts := map[string]int{}
	for _, w := range words {
		counts[strings.ToLower(w)]++
	}
	list := make([]Word, 0, len(counts))
	for w, n := range counts {
		list = append(list, Word{Word: w, Count: n})
	}
	slices.SortFunc(list, func(a, b Word) int {
		return cmp.Or(b.Count-a.Count, strings.Compare(a.Word, b.Word))
	})
	return list[:min(len(list), TopWords)]
}
