package shrink

import (
	"slices"
	"testing"
)

func TestList(t *testing.T) {
	hundred := make([]int, 100)
	for i := range hundred {
		hundred[i] = i
	}
	for name, tc := range map[string]struct {
		list, want []int
		fails      func([]int) bool
	}{
		"two that need each other": {hundred, []int{17, 63}, func(l []int) bool { return slices.Contains(l, 17) && slices.Contains(l, 63) }},
		"one of one":               {[]int{7}, []int{7}, func(l []int) bool { return len(l) == 1 }},
		"nothing is needed":        {[]int{7}, []int{}, func([]int) bool { return true }},
		"nothing at all":           {nil, nil, func([]int) bool { return true }},
		"any three":                {hundred, []int{97, 98, 99}, func(l []int) bool { return len(l) >= 3 }},
	} {
		if got := List(tc.list, tc.fails); !slices.Equal(got, tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
		}
	}
}
