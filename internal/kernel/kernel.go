// Package kernel holds the fixed modules that stand between a plug-in and the
// core, and the tables that describe what they offer.
//
// There are three, each written as WebAssembly text beside this file:
//
//   - kernel.wat, one instance for each plug-in: the memory through which bytes
//     pass, and all of the namespace extism:host/env;
//   - wasi.wat, one instance for each module that imports WASI: it forwards every
//     function of wasi_snapshot_preview1 to the core;
//   - gate.wat, one instance for each core: every entry from a guest passes it. It
//     probes the native stack, and traps if the core is dead.
//
// They are fixed so that they also work where a platform forbids compiling at run
// time. gate.wat and wasi.wat are generated, see package gen.
package kernel

import (
	_ "embed"

	"github.com/extism-js/extism-js/internal/wasm"
)

//go:generate go run ./gen
//go:generate wat2wasm kernel.wat -o kernel.wasm
//go:generate wat2wasm gate.wat -o gate.wasm
//go:generate wat2wasm gate_native.wat -o gate_native.wasm
//go:generate wat2wasm wasi.wat -o wasi.wasm

// Wasm is kernel.wasm. Callers must not change it.
//
//go:embed kernel.wasm
var Wasm []byte

// GateWasm is gate.wasm. Callers must not change it.
//
//go:embed gate.wasm
var GateWasm []byte

// GateNativeWasm is gate_native.wasm, the gate for engines on which guests do not
// share a stack with Go: the same exports as [GateWasm] without the probe. Callers
// must not change it.
//
//go:embed gate_native.wasm
var GateNativeWasm []byte

// WasiWasm is wasi.wasm. Callers must not change it.
//
//go:embed wasi.wasm
var WasiWasm []byte

// EnvModule is the module name under which plug-ins import [EnvFunctions].
const EnvModule = "extism:host/env"

// WasiModule is the module name under which plug-ins import [WasiFunctions].
const WasiModule = "wasi_snapshot_preview1"

// The lowest offset that a block can have, and the alignment of blocks, in bytes.
const (
	HeapBase  = 1024
	Alignment = 16
)

// MaxBlock is the length in bytes of the longest block that can exist, provided
// that there are pages for it. The kernel keeps 1 byte in 128 for descriptors.
const MaxBlock = 0xfe000000

// NoPageLimit is the value of the global go.max_pages that means "no limit". The
// kernel never uses more than 65,535 pages.
const NoPageLimit = 0xffffffff

// Function is a function that guests can import.
type Function struct {
	Name string
	Type wasm.FuncType
}

const (
	i32 = wasm.I32
	i64 = wasm.I64
)

func fn(name string, params []wasm.ValueType, results ...wasm.ValueType) Function {
	return Function{name, wasm.FuncType{Params: params, Results: results}}
}

func in(types ...wasm.ValueType) []wasm.ValueType { return types }

// EnvFunctions are the functions of [EnvModule], all of them exports of [Wasm]
// (https://extism.org/docs/concepts/pdk, and the header extism-pdk.h).
var EnvFunctions = []Function{
	fn("alloc", in(i64), i64),
	fn("free", in(i64)),
	fn("length", in(i64), i64),
	fn("length_unsafe", in(i64), i64),
	fn("load_u8", in(i64), i32),
	fn("load_u64", in(i64), i64),
	fn("store_u8", in(i64, i32)),
	fn("store_u64", in(i64, i64)),
	fn("input_set", in(i64, i64)),
	fn("input_offset", in(), i64),
	fn("input_length", in(), i64),
	fn("input_load_u8", in(i64), i32),
	fn("input_load_u64", in(i64), i64),
	fn("output_set", in(i64, i64)),
	fn("output_offset", in(), i64),
	fn("output_length", in(), i64),
	fn("error_set", in(i64)),
	fn("error_get", in(), i64),
	fn("reset", in()),
	fn("memory_bytes", in(), i64),
	fn("config_get", in(i64), i64),
	fn("var_get", in(i64), i64),
	fn("var_set", in(i64, i64)),
	fn("http_request", in(i64, i64), i64),
	fn("http_status_code", in(), i32),
	fn("http_headers", in(), i64),
	fn("log_trace", in(i64)),
	fn("log_debug", in(i64)),
	fn("log_info", in(i64)),
	fn("log_warn", in(i64)),
	fn("log_error", in(i64)),
	fn("get_log_level", in(), i32),
}

// HostFunctions are the exports of [Wasm] that are not for guests. No number is an
// i64, so that JavaScript calls them without BigInt; kernel.wat says what each
// does.
var HostFunctions = []Function{
	fn("host_begin", in(i32), i32),
	fn("host_alloc", in(i32), i32),
	fn("host_free", in(i32)),
	fn("host_length", in(i32), i32),
	fn("host_call", in(i32, i32), wasm.F64),
	fn("host_return", in(i32), wasm.F64),
	fn("host_output", in(), i32),
	fn("host_output_length", in(), i32),
	fn("host_error", in(), i32),
	fn("host_error_length", in(), i32),
}

// WasiFunctions are the functions of [WasiModule], all of them exports of
// [WasiWasm] (the witx files of WASI's snapshot preview 1, which lower pointers,
// lengths, descriptors and flags to i32).
var WasiFunctions = []Function{
	fn("args_get", in(i32, i32), i32),
	fn("args_sizes_get", in(i32, i32), i32),
	fn("environ_get", in(i32, i32), i32),
	fn("environ_sizes_get", in(i32, i32), i32),
	fn("clock_res_get", in(i32, i32), i32),
	fn("clock_time_get", in(i32, i64, i32), i32),
	fn("fd_advise", in(i32, i64, i64, i32), i32),
	fn("fd_allocate", in(i32, i64, i64), i32),
	fn("fd_close", in(i32), i32),
	fn("fd_datasync", in(i32), i32),
	fn("fd_fdstat_get", in(i32, i32), i32),
	fn("fd_fdstat_set_flags", in(i32, i32), i32),
	fn("fd_fdstat_set_rights", in(i32, i64, i64), i32),
	fn("fd_filestat_get", in(i32, i32), i32),
	fn("fd_filestat_set_size", in(i32, i64), i32),
	fn("fd_filestat_set_times", in(i32, i64, i64, i32), i32),
	fn("fd_pread", in(i32, i32, i32, i64, i32), i32),
	fn("fd_prestat_get", in(i32, i32), i32),
	fn("fd_prestat_dir_name", in(i32, i32, i32), i32),
	fn("fd_pwrite", in(i32, i32, i32, i64, i32), i32),
	fn("fd_read", in(i32, i32, i32, i32), i32),
	fn("fd_readdir", in(i32, i32, i32, i64, i32), i32),
	fn("fd_renumber", in(i32, i32), i32),
	fn("fd_seek", in(i32, i64, i32, i32), i32),
	fn("fd_sync", in(i32), i32),
	fn("fd_tell", in(i32, i32), i32),
	fn("fd_write", in(i32, i32, i32, i32), i32),
	fn("path_create_directory", in(i32, i32, i32), i32),
	fn("path_filestat_get", in(i32, i32, i32, i32, i32), i32),
	fn("path_filestat_set_times", in(i32, i32, i32, i32, i64, i64, i32), i32),
	fn("path_link", in(i32, i32, i32, i32, i32, i32, i32), i32),
	fn("path_open", in(i32, i32, i32, i32, i32, i64, i64, i32, i32), i32),
	fn("path_readlink", in(i32, i32, i32, i32, i32, i32), i32),
	fn("path_remove_directory", in(i32, i32, i32), i32),
	fn("path_rename", in(i32, i32, i32, i32, i32, i32), i32),
	fn("path_symlink", in(i32, i32, i32, i32, i32), i32),
	fn("path_unlink_file", in(i32, i32, i32), i32),
	fn("poll_oneoff", in(i32, i32, i32, i32), i32),
	fn("proc_exit", in(i32)),
	fn("proc_raise", in(i32), i32),
	fn("sched_yield", in(), i32),
	fn("random_get", in(i32, i32), i32),
	fn("sock_accept", in(i32, i32, i32), i32),
	fn("sock_recv", in(i32, i32, i32, i32, i32, i32), i32),
	fn("sock_send", in(i32, i32, i32, i32, i32), i32),
	fn("sock_shutdown", in(i32, i32), i32),
}
