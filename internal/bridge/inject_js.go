//go:build js && wasm && faultinject

package bridge

import "github.com/extism-js/extism-js/internal/inject"

// injectArm forces a failure at the points of the group named in the inbox.
//
//go:wasmexport inject_arm
func injectArm(groupLen, failure int32) { inject.Arm(string(inbox[:groupLen]), failure) }
