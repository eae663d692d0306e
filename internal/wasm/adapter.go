package wasm

import "strconv"

// What a host adapter imports. The names are those of web/src/functions.mjs.
const (
	adapterHost    = "host"
	adapterPending = "pending"
	adapterWait    = "wait"
	adapterGate    = "gate"
	adapterProbe   = "probe"
)

// HostAdapter encodes the module that stands between guests and host functions of
// these signatures. Export number i is the function that a guest imports; it calls
// the import host.fi of the same signature, and then looks at a global:
//
//	host.pending   what it means
//	 0             the function has returned: its results are the results
//	-1             the guest must be stopped
//	 1             a promise has been returned: host.wait is called, which suspends the
//	               guest. It gives 0, and host.ri has the results, or else a stop.
//
// So a function that returns at once costs the guest no more than a call and a
// look, a stop is a trap, which no guest can catch, and there is no frame of
// JavaScript below a suspended guest, over which engines cannot suspend.
//
// gate.probe fails first if the stack is nearly used up.
func HostAdapter(functions []FuncType) []byte {
	var b Builder
	probe := b.ImportFunction(adapterGate, adapterProbe, FuncType{})
	wait := b.ImportFunction(adapterHost, adapterWait, FuncType{Results: []ValueType{I32}})
	pending := b.ImportGlobal(adapterHost, adapterPending, GlobalType{I32, true})
	first := make([]uint32, len(functions))
	for i, t := range functions {
		n := strconv.Itoa(i)
		first[i] = b.ImportFunction(adapterHost, "f"+n, t)
		b.ImportFunction(adapterHost, "r"+n, FuncType{Results: t.Results})
	}
	for i, t := range functions {
		body := adapt(t, probe, wait, pending, first[i])
		b.Export(strconv.Itoa(i), KindFunc, b.Function(t, body, t.Results...))
	}
	return b.Module()
}

// adapt writes one function of an adapter. Results wait in locals, which come after
// the parameters, while the global is looked at.
func adapt(t FuncType, probe, wait, pending, function uint32) []byte {
	var c items
	locals := uint32(len(t.Params))
	c.put(opCall).number(probe)
	for i := range t.Params {
		c.put(opLocalGet).number(uint32(i))
	}
	c.put(opCall).number(function)
	setLocals(&c, locals, t.Results)
	c.put(opGlobalGet).number(pending).put(opIf, blockVoid)
	{
		// Less than 0, or wait gives other than 0.
		c.put(opGlobalGet).number(pending).put(opI32Const, 0, opI32LtS, opIf, blockVoid, opUnreachable, opEnd)
		c.put(opCall).number(wait).put(opIf, blockVoid, opUnreachable, opEnd)
		c.put(opCall).number(function + 1)
		setLocals(&c, locals, t.Results)
	}
	c.put(opEnd)
	for i := range t.Results {
		c.put(opLocalGet).number(locals + uint32(i))
	}
	return c.data
}

// setLocals takes values from the stack, the last of which is on top.
func setLocals(c *items, first uint32, values []ValueType) {
	for i := len(values) - 1; i >= 0; i-- {
		c.put(opLocalSet).number(first + uint32(i))
	}
}
