//go:build !js

package main

import (
	"bytes"
	"context"
	"strings"
	"testing"
)

func TestExitCodes(t *testing.T) {
	for _, tc := range []struct {
		name           string
		args           []string
		code           int
		stdout, stderr string
	}{
		{"nothing", nil, 2, "", "Usage:"},
		{"help", []string{"help"}, 0, "Usage:", ""},
		{"flag help", []string{"--help"}, 0, "Usage:", ""},
		{"unknown command", []string{"bulid"}, 2, "", `unknown command "bulid"`},
		{"command help", []string{"serve", "-h"}, 0, "", "-isolate"},
		{"unknown flag", []string{"serve", "-x"}, 2, "", "-x"},
		{"too many arguments", []string{"serve", "a", "b"}, 2, "", `unexpected argument "b"`},
		{"work that fails", []string{"serve", "/does/not/exist"}, 1, "", "/does/not/exist"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			var out, errs bytes.Buffer
			c := &cli{stdin: strings.NewReader(""), stdout: &out, stderr: &errs}
			if code := c.main(context.Background(), tc.args); code != tc.code {
				t.Errorf("exit code %d, want %d", code, tc.code)
			}
			if !strings.Contains(out.String(), tc.stdout) {
				t.Errorf("stdout %q does not contain %q", out.String(), tc.stdout)
			}
			if !strings.Contains(errs.String(), tc.stderr) {
				t.Errorf("stderr %q does not contain %q", errs.String(), tc.stderr)
			}
		})
	}
}
