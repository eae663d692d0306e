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
	probe := b.ImportFunc(adapterGate, adapterProbe, FuncType{})
	wait := b.ImportFunc(adapterHost, adapterWait, FuncType{Results: []ValueType{I32}})
	pending := b.ImportGlobal(adapterHost, adapterPending, I32, true)
	first := make([]uint32, len(functions))
	for i, t := range functions {
		n := strconv.Itoa(i)
		first[i] = b.ImportFunc(adapterHost, "f"+n, t)
		b.ImportFunc(adapterHost, "r"+n, FuncType{Results: t.Results})
	}
	for i, t := range functions {
		body := adapt(t, probe, wait, pending, first[i])
		b.Export(strconv.Itoa(i), KindFunc, b.Func(t, t.Results, body))
	}
	return b.Bytes()
}

// adapt writes one function of an adapter. Results wait in locals, which come after
// the parameters, while the global is looked at.
func adapt(t FuncType, probe, wait, pending, function uint32) []byte {
	params, results := uint32(len(t.Params)), uint32(len(t.Results))
	c := appendUint([]byte{opCall}, probe)
	for i := range params {
		c = appendUint(append(c, opLocalGet), i)
	}
	c = appendUint(append(c, opCall), function)
	c = setLocals(c, params, results)
	c = append(appendUint(append(c, opGlobalGet), pending), opIf, blockVoid)
	{
		// Less than 0, or wait gives other than 0.
		c = append(appendUint(append(c, opGlobalGet), pending), opI32Const, 0, opI32LtS)
		c = append(c, opIf, blockVoid, opUnreachable, opEnd)
		c = append(appendUint(append(c, opCall), wait), opIf, blockVoid, opUnreachable, opEnd)
		c = appendUint(append(c, opCall), function+1)
		c = setLocals(c, params, results)
	}
	c = append(c, opEnd)
	for i := range results {
		c = appendUint(append(c, opLocalGet), params+i)
	}
	return c
}

// setLocals takes n values from the stack, the last of which is on top.
func setLocals(c []byte, first, n uint32) []byte {
	for i := range n {
		c = appendUint(append(c, opLocalSet), first+n-1-i)
	}
	return c
}
