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

// The tables below are literals throughout: what calls a function to make its
// elements takes the core's download 6 KB of code, and time when it starts.
type (
	sig   = wasm.FuncType
	types = []wasm.ValueType
)

// EnvFunctions are the functions of [EnvModule], all of them exports of [Wasm]
// (https://extism.org/docs/concepts/pdk, and the header extism-pdk.h).
var EnvFunctions = []Function{
	{"alloc", sig{Params: types{i64}, Results: types{i64}}},
	{"free", sig{Params: types{i64}}},
	{"length", sig{Params: types{i64}, Results: types{i64}}},
	{"length_unsafe", sig{Params: types{i64}, Results: types{i64}}},
	{"load_u8", sig{Params: types{i64}, Results: types{i32}}},
	{"load_u64", sig{Params: types{i64}, Results: types{i64}}},
	{"store_u8", sig{Params: types{i64, i32}}},
	{"store_u64", sig{Params: types{i64, i64}}},
	{"input_set", sig{Params: types{i64, i64}}},
	{"input_offset", sig{Results: types{i64}}},
	{"input_length", sig{Results: types{i64}}},
	{"input_load_u8", sig{Params: types{i64}, Results: types{i32}}},
	{"input_load_u64", sig{Params: types{i64}, Results: types{i64}}},
	{"output_set", sig{Params: types{i64, i64}}},
	{"output_offset", sig{Results: types{i64}}},
	{"output_length", sig{Results: types{i64}}},
	{"error_set", sig{Params: types{i64}}},
	{"error_get", sig{Results: types{i64}}},
	{"reset", sig{}},
	{"memory_bytes", sig{Results: types{i64}}},
	{"config_get", sig{Params: types{i64}, Results: types{i64}}},
	{"var_get", sig{Params: types{i64}, Results: types{i64}}},
	{"var_set", sig{Params: types{i64, i64}}},
	{"http_request", sig{Params: types{i64, i64}, Results: types{i64}}},
	{"http_status_code", sig{Results: types{i32}}},
	{"http_headers", sig{Results: types{i64}}},
	{"log_trace", sig{Params: types{i64}}},
	{"log_debug", sig{Params: types{i64}}},
	{"log_info", sig{Params: types{i64}}},
	{"log_warn", sig{Params: types{i64}}},
	{"log_error", sig{Params: types{i64}}},
	{"get_log_level", sig{Results: types{i32}}},
}

// HostFunctions are the exports of [Wasm] that are not for guests. No number is an
// i64, so that JavaScript calls them without BigInt; kernel.wat says what each
// does.
var HostFunctions = []Function{
	{"host_begin", sig{Params: types{i32}, Results: types{i32}}},
	{"host_alloc", sig{Params: types{i32}, Results: types{i32}}},
	{"host_free", sig{Params: types{i32}}},
	{"host_length", sig{Params: types{i32}, Results: types{i32}}},
	{"host_call", sig{Params: types{i32, i32}, Results: types{wasm.F64}}},
	{"host_return", sig{Params: types{i32}, Results: types{wasm.F64}}},
	{"host_output", sig{Results: types{i32}}},
	{"host_output_length", sig{Results: types{i32}}},
	{"host_error", sig{Results: types{i32}}},
	{"host_error_length", sig{Results: types{i32}}},
}

// WasiFunctions are the functions of [WasiModule], all of them exports of
// [WasiWasm] (the witx files of WASI's snapshot preview 1, which lower pointers,
// lengths, descriptors and flags to i32).
var WasiFunctions = []Function{
	{"args_get", sig{Params: types{i32, i32}, Results: types{i32}}},
	{"args_sizes_get", sig{Params: types{i32, i32}, Results: types{i32}}},
	{"environ_get", sig{Params: types{i32, i32}, Results: types{i32}}},
	{"environ_sizes_get", sig{Params: types{i32, i32}, Results: types{i32}}},
	{"clock_res_get", sig{Params: types{i32, i32}, Results: types{i32}}},
	{"clock_time_get", sig{Params: types{i32, i64, i32}, Results: types{i32}}},
	{"fd_advise", sig{Params: types{i32, i64, i64, i32}, Results: types{i32}}},
	{"fd_allocate", sig{Params: types{i32, i64, i64}, Results: types{i32}}},
	{"fd_close", sig{Params: types{i32}, Results: types{i32}}},
	{"fd_datasync", sig{Params: types{i32}, Results: types{i32}}},
	{"fd_fdstat_get", sig{Params: types{i32, i32}, Results: types{i32}}},
	{"fd_fdstat_set_flags", sig{Params: types{i32, i32}, Results: types{i32}}},
	{"fd_fdstat_set_rights", sig{Params: types{i32, i64, i64}, Results: types{i32}}},
	{"fd_filestat_get", sig{Params: types{i32, i32}, Results: types{i32}}},
	{"fd_filestat_set_size", sig{Params: types{i32, i64}, Results: types{i32}}},
	{"fd_filestat_set_times", sig{Params: types{i32, i64, i64, i32}, Results: types{i32}}},
	{"fd_pread", sig{Params: types{i32, i32, i32, i64, i32}, Results: types{i32}}},
	{"fd_prestat_get", sig{Params: types{i32, i32}, Results: types{i32}}},
	{"fd_prestat_dir_name", sig{Params: types{i32, i32, i32}, Results: types{i32}}},
	{"fd_pwrite", sig{Params: types{i32, i32, i32, i64, i32}, Results: types{i32}}},
	{"fd_read", sig{Params: types{i32, i32, i32, i32}, Results: types{i32}}},
	{"fd_readdir", sig{Params: types{i32, i32, i32, i64, i32}, Results: types{i32}}},
	{"fd_renumber", sig{Params: types{i32, i32}, Results: types{i32}}},
	{"fd_seek", sig{Params: types{i32, i64, i32, i32}, Results: types{i32}}},
	{"fd_sync", sig{Params: types{i32}, Results: types{i32}}},
	{"fd_tell", sig{Params: types{i32, i32}, Results: types{i32}}},
	{"fd_write", sig{Params: types{i32, i32, i32, i32}, Results: types{i32}}},
	{"path_create_directory", sig{Params: types{i32, i32, i32}, Results: types{i32}}},
	{"path_filestat_get", sig{Params: types{i32, i32, i32, i32, i32}, Results: types{i32}}},
	{"path_filestat_set_times", sig{Params: types{i32, i32, i32, i32, i64, i64, i32}, Results: types{i32}}},
	{"path_link", sig{Params: types{i32, i32, i32, i32, i32, i32, i32}, Results: types{i32}}},
	{"path_open", sig{Params: types{i32, i32, i32, i32, i32, i64, i64, i32, i32}, Results: types{i32}}},
	{"path_readlink", sig{Params: types{i32, i32, i32, i32, i32, i32}, Results: types{i32}}},
	{"path_remove_directory", sig{Params: types{i32, i32, i32}, Results: types{i32}}},
	{"path_rename", sig{Params: types{i32, i32, i32, i32, i32, i32}, Results: types{i32}}},
	{"path_symlink", sig{Params: types{i32, i32, i32, i32, i32}, Results: types{i32}}},
	{"path_unlink_file", sig{Params: types{i32, i32, i32}, Results: types{i32}}},
	{"poll_oneoff", sig{Params: types{i32, i32, i32, i32}, Results: types{i32}}},
	{"proc_exit", sig{Params: types{i32}}},
	{"proc_raise", sig{Params: types{i32}, Results: types{i32}}},
	{"sched_yield", sig{Results: types{i32}}},
	{"random_get", sig{Params: types{i32, i32}, Results: types{i32}}},
	{"sock_accept", sig{Params: types{i32, i32, i32}, Results: types{i32}}},
	{"sock_recv", sig{Params: types{i32, i32, i32, i32, i32, i32}, Results: types{i32}}},
	{"sock_send", sig{Params: types{i32, i32, i32, i32, i32}, Results: types{i32}}},
	{"sock_shutdown", sig{Params: types{i32, i32}, Results: types{i32}}},
}
