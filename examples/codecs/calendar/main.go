//go:build wasip1

// Calendar is a plug-in that takes and gives Protobuf messages, and asks its host
// something by one.
package main

import (
	"time"

	pdk "github.com/extism/go-pdk"
	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/known/timestamppb"
)

// What an export returns to the host.
const (
	succeeded int32 = 0
	failed    int32 = 1
)

// main is never run: the module is a library, whose runtime the host starts by
// _initialize.
func main() {}

// holiday is the host's: it takes a google.protobuf.Timestamp and gives the name of
// a holiday. Both are blocks in Extism's memory, and this side frees them.
//
//go:wasmimport extism:host/user holiday
func holiday(day uint64) uint64

// nextDay takes a google.protobuf.Timestamp and gives that at which the next day
// begins, in UTC.
//
//go:wasmexport next_day
func nextDay() int32 {
	day, err := inputDay()
	if err != nil {
		return fail(err)
	}
	out, err := proto.Marshal(timestamppb.New(day.AddDate(0, 0, 1)))
	if err != nil {
		return fail(err)
	}
	pdk.Output(out)
	return succeeded
}

// describe takes a google.protobuf.Timestamp and gives its day as text, with the
// holiday that it is.
//
//go:wasmexport describe
func describe() int32 {
	day, err := inputDay()
	if err != nil {
		return fail(err)
	}
	message, err := proto.Marshal(timestamppb.New(day))
	if err != nil {
		return fail(err)
	}
	asked := pdk.AllocateBytes(message)
	answer := pdk.FindMemory(holiday(asked.Offset()))
	asked.Free()
	text := day.Format("2 January 2006")
	if answer.Length() > 0 {
		text += ", " + string(answer.ReadBytes())
		answer.Free()
	}
	pdk.OutputString(text)
	return succeeded
}

// inputDay reads the input and gives the time at which that day began.
func inputDay() (time.Time, error) {
	var t timestamppb.Timestamp
	if err := proto.Unmarshal(pdk.Input(), &t); err != nil {
		return time.Time{}, err
	}
	return t.AsTime().Truncate(24 * time.Hour), t.CheckValid()
}

func fail(err error) int32 {
	pdk.SetError(err)
	return failed
}
