//go:build js && wasm

package bridge

import (
	"bytes"

	"github.com/extism-js/extism-js/internal/wasi"
)

// Exports for the WASI adapter: wasi_F(handle, the parameters of F) is F of the
// guest behind the handle. Results are those of the methods of wasi.System: an
// error number, perhaps with wasi.OutputPending, or a negative status, upon which
// the adapter traps. A handle that belongs to no guest is ENOSYS.
//
// They run with a guest on the stack, so nothing here may block, call JavaScript
// that could call back, or let a panic out.

//go:wasmexport wasi_args_get
func wasiArgsGet(handle int32, argv, argvBuf uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.ArgsGet(mem, argv, argvBuf)
}

//go:wasmexport wasi_args_sizes_get
func wasiArgsSizesGet(handle int32, argc, argvBufSize uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.ArgsSizesGet(mem, argc, argvBufSize)
}

//go:wasmexport wasi_environ_get
func wasiEnvironGet(handle int32, environ, environBuf uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.EnvironGet(mem, environ, environBuf)
}

//go:wasmexport wasi_environ_sizes_get
func wasiEnvironSizesGet(handle int32, environc, environBufSize uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.EnvironSizesGet(mem, environc, environBufSize)
}

//go:wasmexport wasi_clock_res_get
func wasiClockResGet(handle int32, id, resolution uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.ClockResGet(mem, id, resolution)
}

//go:wasmexport wasi_clock_time_get
func wasiClockTimeGet(handle int32, id uint32, precision uint64, time uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.ClockTimeGet(mem, id, precision, time)
}

//go:wasmexport wasi_fd_advise
func wasiFdAdvise(handle int32, fd uint32, offset, length uint64, advice uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdAdvise(mem, fd, offset, length, advice)
}

//go:wasmexport wasi_fd_allocate
func wasiFdAllocate(handle int32, fd uint32, offset, length uint64) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdAllocate(mem, fd, offset, length)
}

//go:wasmexport wasi_fd_close
func wasiFdClose(handle int32, fd uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdClose(mem, fd)
}

//go:wasmexport wasi_fd_datasync
func wasiFdDatasync(handle int32, fd uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdDatasync(mem, fd)
}

//go:wasmexport wasi_fd_fdstat_get
func wasiFdFdstatGet(handle int32, fd, stat uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdFdstatGet(mem, fd, stat)
}

//go:wasmexport wasi_fd_fdstat_set_flags
func wasiFdFdstatSetFlags(handle int32, fd, flags uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdFdstatSetFlags(mem, fd, flags)
}

//go:wasmexport wasi_fd_fdstat_set_rights
func wasiFdFdstatSetRights(handle int32, fd uint32, rights, inheriting uint64) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdFdstatSetRights(mem, fd, rights, inheriting)
}

//go:wasmexport wasi_fd_filestat_get
func wasiFdFilestatGet(handle int32, fd, buf uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdFilestatGet(mem, fd, buf)
}

//go:wasmexport wasi_fd_filestat_set_size
func wasiFdFilestatSetSize(handle int32, fd uint32, size uint64) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdFilestatSetSize(mem, fd, size)
}

//go:wasmexport wasi_fd_filestat_set_times
func wasiFdFilestatSetTimes(handle int32, fd uint32, atim, mtim uint64, flags uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdFilestatSetTimes(mem, fd, atim, mtim, flags)
}

//go:wasmexport wasi_fd_pread
func wasiFdPread(handle int32, fd, iovs, iovsLen uint32, offset uint64, nread uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdPread(mem, fd, iovs, iovsLen, offset, nread)
}

//go:wasmexport wasi_fd_prestat_get
func wasiFdPrestatGet(handle int32, fd, buf uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdPrestatGet(mem, fd, buf)
}

//go:wasmexport wasi_fd_prestat_dir_name
func wasiFdPrestatDirName(handle int32, fd, path, pathLen uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdPrestatDirName(mem, fd, path, pathLen)
}

//go:wasmexport wasi_fd_pwrite
func wasiFdPwrite(handle int32, fd, iovs, iovsLen uint32, offset uint64, nwritten uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdPwrite(mem, fd, iovs, iovsLen, offset, nwritten)
}

//go:wasmexport wasi_fd_read
func wasiFdRead(handle int32, fd, iovs, iovsLen, nread uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdRead(mem, fd, iovs, iovsLen, nread)
}

//go:wasmexport wasi_fd_readdir
func wasiFdReaddir(handle int32, fd, buf, bufLen uint32, cookie uint64, bufused uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdReaddir(mem, fd, buf, bufLen, cookie, bufused)
}

//go:wasmexport wasi_fd_renumber
func wasiFdRenumber(handle int32, fd, to uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdRenumber(mem, fd, to)
}

//go:wasmexport wasi_fd_seek
func wasiFdSeek(handle int32, fd uint32, offset int64, whence, newoffset uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdSeek(mem, fd, offset, whence, newoffset)
}

//go:wasmexport wasi_fd_sync
func wasiFdSync(handle int32, fd uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdSync(mem, fd)
}

//go:wasmexport wasi_fd_tell
func wasiFdTell(handle int32, fd, offset uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdTell(mem, fd, offset)
}

//go:wasmexport wasi_fd_write
func wasiFdWrite(handle int32, fd, iovs, iovsLen, nwritten uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.FdWrite(mem, fd, iovs, iovsLen, nwritten)
}

//go:wasmexport wasi_path_create_directory
func wasiPathCreateDirectory(handle int32, fd, path, pathLen uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.PathCreateDirectory(mem, fd, path, pathLen)
}

//go:wasmexport wasi_path_filestat_get
func wasiPathFilestatGet(handle int32, fd, flags, path, pathLen, buf uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.PathFilestatGet(mem, fd, flags, path, pathLen, buf)
}

//go:wasmexport wasi_path_filestat_set_times
func wasiPathFilestatSetTimes(handle int32, fd, flags, path, pathLen uint32, atim, mtim uint64, fstFlags uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.PathFilestatSetTimes(mem, fd, flags, path, pathLen, atim, mtim, fstFlags)
}

//go:wasmexport wasi_path_link
func wasiPathLink(handle int32, oldFd, oldFlags, oldPath, oldPathLen, newFd, newPath, newPathLen uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.PathLink(mem, oldFd, oldFlags, oldPath, oldPathLen, newFd, newPath, newPathLen)
}

//go:wasmexport wasi_path_open
func wasiPathOpen(handle int32, fd, dirflags, path, pathLen, oflags uint32, rights, inheriting uint64, fdflags, openedFd uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.PathOpen(mem, fd, dirflags, path, pathLen, oflags, rights, inheriting, fdflags, openedFd)
}

//go:wasmexport wasi_path_readlink
func wasiPathReadlink(handle int32, fd, path, pathLen, buf, bufLen, bufused uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.PathReadlink(mem, fd, path, pathLen, buf, bufLen, bufused)
}

//go:wasmexport wasi_path_remove_directory
func wasiPathRemoveDirectory(handle int32, fd, path, pathLen uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.PathRemoveDirectory(mem, fd, path, pathLen)
}

//go:wasmexport wasi_path_rename
func wasiPathRename(handle int32, fd, oldPath, oldPathLen, newFd, newPath, newPathLen uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.PathRename(mem, fd, oldPath, oldPathLen, newFd, newPath, newPathLen)
}

//go:wasmexport wasi_path_symlink
func wasiPathSymlink(handle int32, oldPath, oldPathLen, fd, newPath, newPathLen uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.PathSymlink(mem, oldPath, oldPathLen, fd, newPath, newPathLen)
}

//go:wasmexport wasi_path_unlink_file
func wasiPathUnlinkFile(handle int32, fd, path, pathLen uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.PathUnlinkFile(mem, fd, path, pathLen)
}

//go:wasmexport wasi_poll_oneoff
func wasiPollOneoff(handle int32, in, out, nsubscriptions, nevents uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.PollOneoff(mem, in, out, nsubscriptions, nevents)
}

//go:wasmexport wasi_proc_exit
func wasiProcExit(handle int32, rval uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, _, ok := wasiGuest(handle)
	if !ok {
		return wasi.Stop // must not return to its guest
	}
	return s.ProcExit(rval)
}

//go:wasmexport wasi_proc_raise
func wasiProcRaise(handle int32, sig uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, _, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.ProcRaise(sig)
}

//go:wasmexport wasi_sched_yield
func wasiSchedYield(handle int32) (r int32) {
	defer guardWASI(handle, &r)
	s, _, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.SchedYield()
}

//go:wasmexport wasi_random_get
func wasiRandomGet(handle int32, buf, bufLen uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.RandomGet(mem, buf, bufLen)
}

//go:wasmexport wasi_sock_accept
func wasiSockAccept(handle int32, fd, flags, newFd uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.SockAccept(mem, fd, flags, newFd)
}

//go:wasmexport wasi_sock_recv
func wasiSockRecv(handle int32, fd, riData, riDataLen, riFlags, roDatalen, roFlags uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.SockRecv(mem, fd, riData, riDataLen, riFlags, roDatalen, roFlags)
}

//go:wasmexport wasi_sock_send
func wasiSockSend(handle int32, fd, siData, siDataLen, siFlags, soDatalen uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.SockSend(mem, fd, siData, siDataLen, siFlags, soDatalen)
}

//go:wasmexport wasi_sock_shutdown
func wasiSockShutdown(handle int32, fd, how uint32) (r int32) {
	defer guardWASI(handle, &r)
	s, mem, ok := wasiGuest(handle)
	if !ok {
		return wasi.ErrnoNosys
	}
	return s.SockShutdown(mem, fd, how)
}

// wasiTakeOutput puts the next captured line into the outbox, without its
// newline, and gives its descriptor: 1 or 2, or 0 if there is no line.
//
//go:wasmexport wasi_take_output
func wasiTakeOutput(handle int32) (fd int32) {
	defer guardWASI(handle, &fd)
	s, _, ok := wasiGuest(handle)
	if !ok {
		return 0
	}
	from, line, ok := s.TakeOutput()
	if !ok {
		return 0
	}
	reply(bytes.TrimSuffix(line, []byte("\n")))
	return int32(from)
}

// wasiFlushOutput makes an unfinished line one that can be taken; 1 if there
// is anything to take.
//
//go:wasmexport wasi_flush_output
func wasiFlushOutput(handle int32) (pending int32) {
	defer guardWASI(handle, &pending)
	if s, _, ok := wasiGuest(handle); ok && s.FlushOutput() {
		return 1
	}
	return 0
}
