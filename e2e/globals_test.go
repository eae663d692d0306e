package e2e

import (
	"slices"
	"testing"
)

// A page must not notice the runtime but for one name: libraries take "process"
// or "fs" on the global object for a sign of Node.
func TestOnlyOneGlobal(t *testing.T) {
	tb := open(t, testFiles+"blank.html")
	added := run[[]string](tb, `
		const names = () => new Set([...Reflect.ownKeys(globalThis)].map(String));
		const before = names();
		await new Promise((resolve, reject) => {
			const s = document.createElement('script');
			Object.assign(s, { src: '/extism.js', onload: resolve, onerror: reject });
			document.head.append(s);
		});
		const plugin = await Extism.createPlugin(location.origin + '/plugins/shout.wasm');
		await plugin.call('shout', 'hello');
		await plugin.close();
		return [...names()].filter((n) => !before.has(n));`)
	if !slices.Equal(added, []string{"Extism"}) {
		t.Errorf("added to the global object: %q, want only Extism", added)
	}
}

// The same API, whichever way it is loaded.
func TestScriptAndModuleExportTheSame(t *testing.T) {
	tb := open(t, testFiles+"runtime.html")
	type names struct{ Script, Module []string }
	got := run[names](tb, `
		const module = await import('/extism.mjs');
		return { script: Object.keys(Extism).sort(), module: Object.keys(module).sort() };`)
	if !slices.Equal(got.Script, got.Module) {
		t.Errorf("the script has %q, the module %q", got.Script, got.Module)
	}
	for _, name := range []string{"default", "createPlugin", "newPlugin", "CAPABILITIES", "ExtismError", "PluginOutput"} {
		if !slices.Contains(got.Module, name) {
			t.Errorf("no export %q in %q", name, got.Module)
		}
	}
}
