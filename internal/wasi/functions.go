package wasi

import "github.com/extism-js/extism-js/internal/engine"

// ModuleName is the module that guests import these functions from.
const ModuleName = "wasi_snapshot_preview1"

// ValueType is a WebAssembly value type, numbered as in the binary format (core
// spec §5.3.1).
type ValueType byte

// The value types that preview 1 uses.
const (
	I32 ValueType = 0x7f
	I64 ValueType = 0x7e
)

// Function describes one function for engines that bind by table.
type Function struct {
	Name    string
	Params  []ValueType
	Results []ValueType // one i32, or none for proc_exit

	// Call takes the arguments from stack[:len(Params)], 32-bit ones in the
	// lower half, and leaves the stack as it is. The result is that of the
	// method of [System]: an error number, perhaps with [OutputPending], or
	// [Stop].
	Call func(s *System, m engine.Memory, stack []uint64) int32
}

// oneErrno is the result of all functions but proc_exit.
var oneErrno = []ValueType{I32}

// Functions are all functions of preview 1, in the order of the specification.
// The table is not to be changed.
var Functions = []Function{
	{"args_get", []ValueType{I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.ArgsGet(m, uint32(p[0]), uint32(p[1]))
	}},
	{"args_sizes_get", []ValueType{I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.ArgsSizesGet(m, uint32(p[0]), uint32(p[1]))
	}},
	{"environ_get", []ValueType{I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.EnvironGet(m, uint32(p[0]), uint32(p[1]))
	}},
	{"environ_sizes_get", []ValueType{I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.EnvironSizesGet(m, uint32(p[0]), uint32(p[1]))
	}},
	{"clock_res_get", []ValueType{I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.ClockResGet(m, uint32(p[0]), uint32(p[1]))
	}},
	{"clock_time_get", []ValueType{I32, I64, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.ClockTimeGet(m, uint32(p[0]), p[1], uint32(p[2]))
	}},
	{"fd_advise", []ValueType{I32, I64, I64, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdAdvise(m, uint32(p[0]), p[1], p[2], uint32(p[3]))
	}},
	{"fd_allocate", []ValueType{I32, I64, I64}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdAllocate(m, uint32(p[0]), p[1], p[2])
	}},
	{"fd_close", []ValueType{I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdClose(m, uint32(p[0]))
	}},
	{"fd_datasync", []ValueType{I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdDatasync(m, uint32(p[0]))
	}},
	{"fd_fdstat_get", []ValueType{I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdFdstatGet(m, uint32(p[0]), uint32(p[1]))
	}},
	{"fd_fdstat_set_flags", []ValueType{I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdFdstatSetFlags(m, uint32(p[0]), uint32(p[1]))
	}},
	{"fd_fdstat_set_rights", []ValueType{I32, I64, I64}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdFdstatSetRights(m, uint32(p[0]), p[1], p[2])
	}},
	{"fd_filestat_get", []ValueType{I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdFilestatGet(m, uint32(p[0]), uint32(p[1]))
	}},
	{"fd_filestat_set_size", []ValueType{I32, I64}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdFilestatSetSize(m, uint32(p[0]), p[1])
	}},
	{"fd_filestat_set_times", []ValueType{I32, I64, I64, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdFilestatSetTimes(m, uint32(p[0]), p[1], p[2], uint32(p[3]))
	}},
	{"fd_pread", []ValueType{I32, I32, I32, I64, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdPread(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), p[3], uint32(p[4]))
	}},
	{"fd_prestat_get", []ValueType{I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdPrestatGet(m, uint32(p[0]), uint32(p[1]))
	}},
	{"fd_prestat_dir_name", []ValueType{I32, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdPrestatDirName(m, uint32(p[0]), uint32(p[1]), uint32(p[2]))
	}},
	{"fd_pwrite", []ValueType{I32, I32, I32, I64, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdPwrite(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), p[3], uint32(p[4]))
	}},
	{"fd_read", []ValueType{I32, I32, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdRead(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]))
	}},
	{"fd_readdir", []ValueType{I32, I32, I32, I64, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdReaddir(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), p[3], uint32(p[4]))
	}},
	{"fd_renumber", []ValueType{I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdRenumber(m, uint32(p[0]), uint32(p[1]))
	}},
	{"fd_seek", []ValueType{I32, I64, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdSeek(m, uint32(p[0]), int64(p[1]), uint32(p[2]), uint32(p[3]))
	}},
	{"fd_sync", []ValueType{I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdSync(m, uint32(p[0]))
	}},
	{"fd_tell", []ValueType{I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdTell(m, uint32(p[0]), uint32(p[1]))
	}},
	{"fd_write", []ValueType{I32, I32, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.FdWrite(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]))
	}},
	{"path_create_directory", []ValueType{I32, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.PathCreateDirectory(m, uint32(p[0]), uint32(p[1]), uint32(p[2]))
	}},
	{"path_filestat_get", []ValueType{I32, I32, I32, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.PathFilestatGet(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]), uint32(p[4]))
	}},
	{"path_filestat_set_times", []ValueType{I32, I32, I32, I32, I64, I64, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.PathFilestatSetTimes(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]), p[4], p[5], uint32(p[6]))
	}},
	{"path_link", []ValueType{I32, I32, I32, I32, I32, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.PathLink(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]), uint32(p[4]), uint32(p[5]), uint32(p[6]))
	}},
	{"path_open", []ValueType{I32, I32, I32, I32, I32, I64, I64, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.PathOpen(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]), uint32(p[4]), p[5], p[6], uint32(p[7]), uint32(p[8]))
	}},
	{"path_readlink", []ValueType{I32, I32, I32, I32, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.PathReadlink(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]), uint32(p[4]), uint32(p[5]))
	}},
	{"path_remove_directory", []ValueType{I32, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.PathRemoveDirectory(m, uint32(p[0]), uint32(p[1]), uint32(p[2]))
	}},
	{"path_rename", []ValueType{I32, I32, I32, I32, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.PathRename(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]), uint32(p[4]), uint32(p[5]))
	}},
	{"path_symlink", []ValueType{I32, I32, I32, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.PathSymlink(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]), uint32(p[4]))
	}},
	{"path_unlink_file", []ValueType{I32, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.PathUnlinkFile(m, uint32(p[0]), uint32(p[1]), uint32(p[2]))
	}},
	{"poll_oneoff", []ValueType{I32, I32, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.PollOneoff(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]))
	}},
	{"proc_exit", []ValueType{I32}, nil, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.ProcExit(uint32(p[0]))
	}},
	{"proc_raise", []ValueType{I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.ProcRaise(uint32(p[0]))
	}},
	{"sched_yield", []ValueType{}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.SchedYield()
	}},
	{"random_get", []ValueType{I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.RandomGet(m, uint32(p[0]), uint32(p[1]))
	}},
	{"sock_accept", []ValueType{I32, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.SockAccept(m, uint32(p[0]), uint32(p[1]), uint32(p[2]))
	}},
	{"sock_recv", []ValueType{I32, I32, I32, I32, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.SockRecv(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]), uint32(p[4]), uint32(p[5]))
	}},
	{"sock_send", []ValueType{I32, I32, I32, I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.SockSend(m, uint32(p[0]), uint32(p[1]), uint32(p[2]), uint32(p[3]), uint32(p[4]))
	}},
	{"sock_shutdown", []ValueType{I32, I32}, oneErrno, func(s *System, m engine.Memory, p []uint64) int32 {
		return s.SockShutdown(m, uint32(p[0]), uint32(p[1]))
	}},
}
