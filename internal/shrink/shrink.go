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
