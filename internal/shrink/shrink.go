// Package shrink makes failing inputs of tests small.
package shrink

// List gives a part of list for which fails still holds and from which nothing can
// be left out: not one element, nor any run of as many as half of them, a quarter,
// and so on. The order stays. fails holds for list itself.
func List[T any](list []T, fails func([]T) bool) []T {
	for size := max(len(list)/2, 1); size > 0; {
		cut := false
		for at := 0; at+size <= len(list); {
			shorter := append(append([]T{}, list[:at]...), list[at+size:]...)
			if fails(shorter) {
				list, cut = shorter, true
			} else {
				at += size
			}
		}
		if !cut {
			size /= 2
		}
		size = min(size, len(list))
	}
	return list
}

// Pairs is [List] where leaving out one element alone may make another one mean
// something else: no two elements can be left out of the result together, either.
// It takes as many attempts as there are pairs, so it is for lists that List has
// made short.
func Pairs[T any](list []T, fails func([]T) bool) []T {
	for i := 0; i < len(list); i++ {
		for j := i + 1; j < len(list); j++ {
			shorter := append([]T{}, list[:i]...)
			shorter = append(append(shorter, list[i+1:j]...), list[j+1:]...)
			if fails(shorter) {
				return Pairs(List(shorter, fails), fails)
			}
		}
	}
	return list
}

// Elements makes each element as simple as it can be while fails still holds.
// simpler gives what an element may be replaced by, the simplest first; it must
// come to an end if it is asked again about what it has given.
func Elements[T any](list []T, simpler func(T) []T, fails func([]T) bool) []T {
	list = append([]T{}, list...)
	for i := range list {
		for again := true; again; {
			again = false
			for _, candidate := range simpler(list[i]) {
				old := list[i]
				if list[i] = candidate; fails(list) {
					again = true
					break
				}
				list[i] = old
			}
		}
	}
	return list
}
