package wasi

// ProcExit is proc_exit(rval): ends the guest. Nothing is written to its memory.
// The result is always [Stop]; the code is kept for [System.ExitCode].
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#proc_exit
func (s *System) ProcExit(rval uint32) int32 {
	s.exited, s.exitCode = true, rval
	return Stop
}

// ExitCode tells if the guest called proc_exit, and with which code. Extism
// takes 0 as success and anything else as the call's error.
func (s *System) ExitCode() (code uint32, exited bool) {
	return s.exitCode, s.exited
}

// TakeExitCode is ExitCode, and forgets the answer: a guest that has ended its
// initialisation by proc_exit(0) may be called again.
func (s *System) TakeExitCode() (code uint32, exited bool) {
	code, exited = s.ExitCode()
	s.exitCode, s.exited = 0, false
	return code, exited
}

// ProcRaise is proc_raise(sig): a guest has nobody to send a signal to, so the
// answer is always ENOSYS. Nothing is written to its memory.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#proc_raise
func (s *System) ProcRaise(sig uint32) int32 { return ErrnoNosys }

// SchedYield is sched_yield(): there is no other thread to yield to, so it
// succeeds at once. Nothing is written to the guest's memory.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#sched_yield
func (s *System) SchedYield() int32 { return ErrnoSuccess }
