package plugin

import (
	"fmt"

	"github.com/extism-js/extism-js/internal/fault"
)

func pluginError(text string, code uint32) *fault.Error {
	message := "Plugin-originated error: " + text
	if code > 1 {
		message += fmt.Sprintf(" (code %d)", int32(code))
	}
	return fault.New(fault.PluginError, message)
}

// trapError names the function that trapped. Some guests call error_set and
// trap to end themselves; what they said is worth more than the trap.
func trapError(o Outcome, module, function string) *fault.Error {
	if o.GuestError != nil {
		return pluginError(*o.GuestError, 0).In(module, function)
	}
	return fault.New(fault.Trap, fmt.Sprintf("function %q trapped: %s", function, o.Message)).In(module, function)
}

func instantiationError(what, reason string) *fault.Error {
	return fault.New(fault.Instantiation, fmt.Sprintf("%s could not be instantiated: %s", what, reason))
}
