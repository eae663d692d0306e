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

// Two elements that undo each other cannot be left out one by one.
func TestPairs(t *testing.T) {
	fails := func(l []int) bool {
		sum := 0
		for _, n := range l {
			sum += n
		}
		return slices.Contains(l, 9) && sum == 9
	}
	list := []int{5, 1, 9, -1, 2, -5, -2}
	if got := List(list, fails); len(got) != len(list) {
		t.Fatalf("%v is too easy: %v", list, got)
	}
	if got := Pairs(list, fails); !slices.Equal(got, []int{9}) {
		t.Errorf("got %v", got)
	}
}

func TestElements(t *testing.T) {
	list := []int{40, 7, 100}
	halves := func(n int) []int {
		if n == 0 {
			return nil
		}
		return []int{0, n / 2, n - 1}
	}
	got := Elements(list, halves, func(l []int) bool { return l[0] >= 13 && l[2] > 2 })
	if !slices.Equal(got, []int{13, 0, 3}) || list[0] != 40 {
		t.Errorf("got %v of %v", got, list)
	}
}
