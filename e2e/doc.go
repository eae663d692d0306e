// Package e2e tests what is published, in the places where it runs: a real
// browser, Node and workerd. There is no code here that is not a test.
//
// What a test needs and does not find makes it skip, unless EXTISM_E2E is
// "required", as in `make test`; then it fails. Other variables: EXTISM_DIST
// tests the given directory instead of a fresh build, and EXTISM_HEADED=1 shows
// the browser.
package e2e
