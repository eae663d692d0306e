package plugin

import (
	"fmt"

	"github.com/extism-js/extism-js/internal/fault"
)

// pluginError has the message that other hosts in JavaScript give, which programs
// compare or take apart: nothing may come after the text, not even the code.
func pluginError(text string) *fault.Error {
	return fault.New(fault.PluginError, "Plugin-originated error: "+text)
}

// trapError names the function that trapped. Some guests call error_set and
// trap to end themselves; what they said is worth more than the trap.
func trapError(o Outcome, module, function string) *fault.Error {
	if o.GuestError != nil {
		return pluginError(*o.GuestError).In(module, function)
	}
	return fault.New(fault.Trap, fmt.Sprintf("function %q trapped: %s", function, o.Message)).In(module, function)
}

func instantiationError(what, reason string) *fault.Error {
	return fault.New(fault.Instantiation, fmt.Sprintf("%s could not be instantiated: %s", what, reason))
}
