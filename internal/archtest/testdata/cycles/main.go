//go:build js && wasm

// Functions that call themselves in every way, and some that only look like it.
package main

import "slices"

type tree struct{ children []*tree }

func walk(t *tree) (n int) {
	for _, c := range t.children {
		n += 1 + walk(c)
	}
	return n
}

func even(n int) bool { return n == 0 || odd(n-1) }
func odd(n int) bool  { return n != 0 && even(n-1) }

type value interface{ depth() int }

type array []value

func (a array) depth() (n int) {
	for _, v := range a {
		n = max(n, v.depth())
	}
	return n + 1
}

type object map[string]value

func (o object) depth() (n int) {
	for _, v := range o {
		n = max(n, v.depth())
	}
	return n + 1
}

type leaf struct{}

func (leaf) depth() int { return 0 }

func generic[T any](v T, n int) {
	if n > 0 {
		generic(v, n-1)
	}
}

func sorted(lists [][]int) {
	slices.SortFunc(lists, func(a, b []int) int {
		sorted([][]int{a, b})
		return len(a) - len(b)
	})
}

// flat has a stack of its own.
func flat(t *tree) (n int) {
	todo := []*tree{t}
	for len(todo) > 0 {
		last := todo[len(todo)-1]
		todo = append(todo[:len(todo)-1], last.children...)
		n++
	}
	return n
}

func once(n int) int  { return twice(n) + 1 }
func twice(n int) int { return n * 2 }

func main() {
	var closure func(n int) int
	closure = func(n int) int {
		if n == 0 {
			return 0
		}
		return closure(n - 1)
	}
	t := &tree{}
	var v value = leaf{}
	for range 3 {
		v = array{object{"x": v}}
	}
	println(walk(t), even(1), v.depth(), flat(t), once(1), closure(1))
	generic(1, 2)
	sorted(nil)
}
