package wasi

import "github.com/extism-js/extism-js/internal/engine"

// noSocket answers for sockets, of which there are none: EBADF if nothing is
// open under the number and ENOTSUP otherwise.
func (s *System) noSocket(fd uint32) int32 {
	if _, errno := s.file(fd); errno != 0 {
		return errno
	}
	return ErrnoNotsup
}

// SockAccept is sock_accept(fd, flags) -> new_fd. There are no sockets, so
// nothing is written to the guest's memory.
//
// Errors: EBADF; ENOTSUP for any open descriptor.
//
// See https://github.com/WebAssembly/WASI/blob/main/legacy/preview1/docs.md#sock_accept
func (s *System) SockAccept(mem engine.Memory, fd, flags, newFd uint32) int32 {
	return s.noSocket(fd)
}

// SockRecv is sock_recv(fd, ri_data, ri_data_len, ri_flags) -> (ro_datalen,
// ro_flags). There are no sockets, so nothing is written to the guest's memory.
//
// Errors: EBADF; ENOTSUP for any open descriptor.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#sock_recv
func (s *System) SockRecv(mem engine.Memory, fd, riData, riDataLen, riFlags, roDatalen, roFlags uint32) int32 {
	return s.noSocket(fd)
}

// SockSend is sock_send(fd, si_data, si_data_len, si_flags) -> so_datalen. There
// are no sockets, so nothing is written to the guest's memory.
//
// Errors: EBADF; ENOTSUP for any open descriptor.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#sock_send
func (s *System) SockSend(mem engine.Memory, fd, siData, siDataLen, siFlags, soDatalen uint32) int32 {
	return s.noSocket(fd)
}

// SockShutdown is sock_shutdown(fd, how). There are no sockets. Nothing is
// written to the guest's memory.
//
// Errors: EBADF; ENOTSUP for any open descriptor.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#sock_shutdown
func (s *System) SockShutdown(mem engine.Memory, fd, how uint32) int32 {
	return s.noSocket(fd)
}
