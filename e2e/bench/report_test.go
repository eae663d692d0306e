//go:build !js

package main

import (
	"strings"
	"testing"
	"time"
)

func number(v float64) *float64 { return &v }

func TestQuantity(t *testing.T) {
	tests := []struct {
		value *float64
		unit  string
		want  string
	}{
		{nil, "us", "–"},
		{number(0), "us", "0 µs"},
		{number(0.5312), "us", "0.53 µs"},
		{number(1.406), "us", "1.41 µs"},
		{number(71.26), "us", "71.3 µs"},
		{number(950.4), "us", "950 µs"},
		{number(9500), "us", "9.50 ms"},
		{number(2.5e6), "us", "2.50 s"},
		{number(3e9), "us", "3000 s"},
		{number(2752512), "bytes", "2.62 MiB"},
		{number(-65536), "bytes", "-64.0 KiB"},
		{number(12), "bytes", "12.0 B"},
		{number(3), "count", "3"},
	}
	for _, tt := range tests {
		if got := quantity(tt.value, tt.unit); got != tt.want {
			t.Errorf("quantity(%v, %q) = %q, want %q", tt.value, tt.unit, got, tt.want)
		}
	}
}

func TestReportMarksMissedGoals(t *testing.T) {
	yes, no := true, false
	r := &report{
		date:     time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC),
		machine:  "a machine",
		versions: []version{{"Go", "1.26"}, {"Node", "26"}},
		sections: []section{{"Calls", []row{
			{Name: "quick", Unit: "us", Ours: number(1), Peer: number(10), Ratio: number(10), Goal: "≥ 4×", OK: &yes},
			{Name: "slow", Unit: "us", Ours: number(1), Peer: number(2), Ratio: number(2), Goal: "≥ 4×", OK: &no},
			{Name: "plain", Unit: "us", Ours: number(1)},
			{Name: "wrong", Unit: "us", Error: "the outputs differ"},
		}}},
	}
	if missed := r.missed(); len(missed) != 1 || missed[0].Name != "slow" {
		t.Errorf("missed() = %+v, want slow", missed)
	}
	if failed := r.failed(); len(failed) != 1 || failed[0].Name != "wrong" {
		t.Errorf("failed() = %+v, want wrong", failed)
	}
	for _, line := range []string{
		"Measured on 2 January 2026: a machine.",
		"Go 1.26, Node 26.",
		"| quick | 1.00 µs | 10.0 µs | 10× | ≥ 4× | met |",
		"| slow | 1.00 µs | 2.00 µs | 2.00× | ≥ 4× | **missed** |",
		"| plain | 1.00 µs | – | – |  |  |",
		"| wrong | – | – | – |  | **failed** |",
	} {
		if !strings.Contains(r.markdown(), line) {
			t.Errorf("the page lacks %q:\n%s", line, r.markdown())
		}
	}
	if want := "  slow   1.00 µs  2.00 µs  2.00×  ≥ 4×  MISSED\n"; !strings.Contains(r.text(), want) {
		t.Errorf("the text lacks %q:\n%s", want, r.text())
	}
}

func TestMissingMemoryFigureIsAMiss(t *testing.T) {
	f := memoryFigure{name: "core", unit: "bytes", limit: 10}
	for _, tt := range []struct {
		ours *float64
		want bool
	}{{nil, false}, {number(0), true}, {number(10), true}, {number(11), false}} {
		if got := f.row(tt.ours, nil); *got.OK != tt.want {
			t.Errorf("%s of 10: ok is %v", quantity(tt.ours, "count"), *got.OK)
		}
	}
}
