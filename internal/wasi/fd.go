package wasi

import "github.com/extism-js/extism-js/internal/engine"

// Sizes of records in the guest's memory.
const (
	fdstatSize   = 24
	filestatSize = 64
	prestatSize  = 8
	direntSize   = 24
)

// FdAdvise is fd_advise(fd, offset, len, advice): how a file is going to be used.
// Nothing is written to the guest's memory.
//
// Errors: EBADF; ESPIPE on a standard stream; EINVAL for an unknown advice;
// ENOTSUP if the file has no use for it.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_advise
func (s *System) FdAdvise(mem engine.Memory, fd uint32, offset, length uint64, advice uint32) int32 {
	d, errno := s.file(fd)
	if errno != 0 {
		return errno
	}
	if advice > 5 {
		return ErrnoInval
	}
	return d.advise(offset, length, advice)
}

// FdAllocate is fd_allocate(fd, offset, len): reserves space in a file. Nothing
// is written to the guest's memory.
//
// Errors: EBADF; ESPIPE on a standard stream; ENOTSUP if the file cannot.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_allocate
func (s *System) FdAllocate(mem engine.Memory, fd uint32, offset, length uint64) int32 {
	d, errno := s.file(fd)
	if errno != 0 {
		return errno
	}
	return d.allocate(offset, length)
}

// FdClose is fd_close(fd). Standard streams can be closed too; their numbers are
// then free. Nothing is written to the guest's memory.
//
// Errors: EBADF.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_close
func (s *System) FdClose(mem engine.Memory, fd uint32) int32 {
	d, errno := s.file(fd)
	if errno != 0 {
		return errno
	}
	s.files[fd] = nil
	return d.close()
}

// FdDatasync is fd_datasync(fd): puts a file's data where it lasts. Nothing is
// written to the guest's memory.
//
// Errors: EBADF; EINVAL on a standard stream; ENOTSUP if the file cannot.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_datasync
func (s *System) FdDatasync(mem engine.Memory, fd uint32) int32 {
	d, errno := s.file(fd)
	if errno != 0 {
		return errno
	}
	return d.datasync()
}

// FdFdstatGet is fd_fdstat_get(fd) -> stat. Standard output, for example:
//
//	stat
//	0    1    2      4       8                16               24
//	+----+----+------+-------+----------------+----------------+
//	| 2  | ?0 | 0    | ?0    | rights u64     | inheriting u64 |
//	+----+----+------+-------+----------------+----------------+
//	  |         +-- flags u16
//	  +-- filetype u8: character device
//
// Errors: EBADF, EFAULT.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_fdstat_get
func (s *System) FdFdstatGet(mem engine.Memory, fd, stat uint32) int32 {
	d, errno := s.file(fd)
	if errno != 0 {
		return errno
	}
	st := d.fdstat()
	b := s.small[:fdstatSize]
	clear(b)
	b[0] = st.filetype
	put16(b[2:], st.flags)
	put64(b[8:], st.rights)
	put64(b[16:], st.inheriting)
	return written(mem.Write(stat, b))
}

// FdFdstatSetFlags is fd_fdstat_set_flags(fd, flags). On standard streams the
// flags append and nonblock are kept and change nothing. Nothing is written to
// the guest's memory.
//
// Errors: EBADF; EINVAL for other flags; ENOTSUP if the file has none.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_fdstat_set_flags
func (s *System) FdFdstatSetFlags(mem engine.Memory, fd, flags uint32) int32 {
	d, errno := s.file(fd)
	if errno != 0 {
		return errno
	}
	if flags > 1<<16-1 {
		return ErrnoInval
	}
	return d.setFlags(uint16(flags))
}

// FdFdstatSetRights is fd_fdstat_set_rights(fd, rights, inheriting): gives up
// rights. Reading or writing without the right is ENOTCAPABLE from then on; the
// other rights of a standard stream are told but not asked for. Nothing is
// written to the guest's memory.
//
// Errors: EBADF; ENOTCAPABLE if a right would be added.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_fdstat_set_rights
func (s *System) FdFdstatSetRights(mem engine.Memory, fd uint32, rights, inheriting uint64) int32 {
	d, errno := s.file(fd)
	if errno != 0 {
		return errno
	}
	return d.setRights(rights, inheriting)
}

// FdFilestatGet is fd_filestat_get(fd) -> buf. Standard output, for example:
//
//	buf
//	0        8        16   17       24       32       40       48       56       64
//	+--------+--------+----+--------+--------+--------+--------+--------+--------+
//	| 0 u64  | 0 u64  | 2  | ?0     | 1 u64  | 0 u64  | 0 u64  | 0 u64  | 0 u64  |
//	+--------+--------+----+--------+--------+--------+--------+--------+--------+
//	  dev      ino      filetype u8   nlink    size     atim     mtim     ctim
//
// Errors: EBADF, EFAULT.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_filestat_get
func (s *System) FdFilestatGet(mem engine.Memory, fd, buf uint32) int32 {
	d, errno := s.file(fd)
	if errno != 0 {
		return errno
	}
	var st filestat
	if errno := d.filestat(&st); errno != 0 {
		return errno
	}
	return s.writeFilestat(mem, buf, &st)
}

func (s *System) writeFilestat(mem engine.Memory, off uint32, st *filestat) int32 {
	b := s.small[:filestatSize]
	clear(b)
	put64(b[0:], st.dev)
	put64(b[8:], st.ino)
	b[16] = st.filetype
	put64(b[24:], st.nlink)
	put64(b[32:], st.size)
	put64(b[40:], st.atim)
	put64(b[48:], st.mtim)
	put64(b[56:], st.ctim)
	return written(mem.Write(off, b))
}

// FdFilestatSetSize is fd_filestat_set_size(fd, size): cuts a file or extends it
// with zeros. Nothing is written to the guest's memory.
//
// Errors: EBADF; EINVAL on a standard stream; ENOTSUP if the file cannot.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_filestat_set_size
func (s *System) FdFilestatSetSize(mem engine.Memory, fd uint32, size uint64) int32 {
	d, errno := s.file(fd)
	if errno != 0 {
		return errno
	}
	return d.setSize(size)
}

// validTimes checks fstflags: 1 and 4 set the access and modification time to the
// value given, 2 and 8 to now; both for the same time contradict each other.
func validTimes(flags uint32) bool {
	return flags <= 15 && flags&3 != 3 && flags&12 != 12
}

// FdFilestatSetTimes is fd_filestat_set_times(fd, atim, mtim, fst_flags). Nothing
// is written to the guest's memory.
//
// Errors: EBADF; EINVAL for flags that are unknown or contradict each other;
// ENOTSUP if the file has no times, as standard streams.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_filestat_set_times
func (s *System) FdFilestatSetTimes(mem engine.Memory, fd uint32, atim, mtim uint64, flags uint32) int32 {
	d, errno := s.file(fd)
	if errno != 0 {
		return errno
	}
	if !validTimes(flags) {
		return ErrnoInval
	}
	return d.setTimes(atim, mtim, flags)
}

// transfer decodes the arguments that all reads and writes share. result must
// have room for the count, so that no input is lost and no output repeated
// because the guest could not be told of it.
func (s *System) transfer(mem engine.Memory, fd, iovs, iovsLen, result uint32) (descriptor, vectors, int32) {
	d, errno := s.file(fd)
	if errno != 0 {
		return nil, vectors{}, errno
	}
	if !fits(mem, result, 4) {
		return nil, vectors{}, ErrnoFault
	}
	v, errno := s.checkVectors(mem, iovs, iovsLen)
	return d, v, errno
}

// FdPread is fd_pread(fd, iovs, iovs_len, offset) -> nread: reads at a position
// without moving the file's own. Memory as in [System.FdRead].
//
// Errors: EBADF; ESPIPE on a standard stream; EFAULT, EINVAL as for fd_read.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_pread
func (s *System) FdPread(mem engine.Memory, fd, iovs, iovsLen uint32, offset uint64, nread uint32) int32 {
	d, v, errno := s.transfer(mem, fd, iovs, iovsLen, nread)
	if errno != 0 {
		return errno
	}
	n, errno := d.pread(s, v, offset)
	if errno != 0 {
		return errno
	}
	return s.write32(mem, nread, n)
}

// preopened looks up a directory that the guest was given at its start; any other
// number is EBADF, which ends the search of C libraries for such directories.
func (s *System) preopened(fd uint32) (name string, errno int32) {
	d, errno := s.file(fd)
	if errno != 0 {
		return "", errno
	}
	name, ok := d.preopen()
	if !ok {
		return "", ErrnoBadf
	}
	return name, ErrnoSuccess
}

// FdPrestatGet is fd_prestat_get(fd) -> buf: what kind of resource the guest was
// given under this number. A directory named "/data":
//
//	buf
//	0    1        4         8
//	+----+--------+---------+
//	| 0  | ?0     | 5 u32   |
//	+----+--------+---------+
//	  |             +-- length of its name
//	  +-- u8: directory
//
// Errors: EBADF if it was not given, EFAULT.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_prestat_get
func (s *System) FdPrestatGet(mem engine.Memory, fd, buf uint32) int32 {
	name, errno := s.preopened(fd)
	if errno != 0 {
		return errno
	}
	b := s.small[:prestatSize]
	clear(b)
	put32(b[4:], uint32(len(name)))
	return written(mem.Write(buf, b))
}

// FdPrestatDirName is fd_prestat_dir_name(fd, path, path_len): the name of a
// directory that the guest was given, without a NUL at its end:
//
//	path
//	+---+---+---+---+---+
//	| / | d | a | t | a |
//	+---+---+---+---+---+
//
// Errors: EBADF if it was not given, ENAMETOOLONG if path_len is too short,
// EFAULT.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_prestat_dir_name
func (s *System) FdPrestatDirName(mem engine.Memory, fd, path, pathLen uint32) int32 {
	name, errno := s.preopened(fd)
	if errno != 0 {
		return errno
	}
	if uint64(pathLen) < uint64(len(name)) {
		return ErrnoNametoolong
	}
	return written(mem.Write(path, []byte(name)))
}

// FdPwrite is fd_pwrite(fd, iovs, iovs_len, offset) -> nwritten: writes at a
// position without moving the file's own. Memory as in [System.FdWrite].
//
// Errors: EBADF; ESPIPE on a standard stream; EFAULT, EINVAL as for fd_write.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_pwrite
func (s *System) FdPwrite(mem engine.Memory, fd, iovs, iovsLen uint32, offset uint64, nwritten uint32) int32 {
	d, v, errno := s.transfer(mem, fd, iovs, iovsLen, nwritten)
	if errno != 0 {
		return errno
	}
	n, errno := d.pwrite(s, v, offset)
	if errno != 0 {
		return errno
	}
	return s.write32(mem, nwritten, n)
}

// FdRead is fd_read(fd, iovs, iovs_len) -> nread: reads into up to 1,024 buffers,
// one after the other; a count of 0 is the end of the file. Five bytes of input
// into two buffers of four, iovs=8 and nread=40:
//
//	8       12      16      20      24           28              40
//	+-------+-------+-------+-------+---+---+---+---+---+  ...   +---------+
//	| 24    | 4     | 28    | 4     | a | b | c | d | e |        | 5 u32   |
//	+-------+-------+-------+-------+---+---+---+---+---+        +---------+
//	  buf u32 len     buf     len
//
// Errors: EBADF, also if the file is not open for reading; EFAULT if the array, a
// buffer or the result is not all in the memory; EINVAL for more buffers, or more
// than 2^32-1 bytes in all; ENOTCAPABLE if the right was given up.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_read
func (s *System) FdRead(mem engine.Memory, fd, iovs, iovsLen, nread uint32) int32 {
	d, v, errno := s.transfer(mem, fd, iovs, iovsLen, nread)
	if errno != 0 {
		return errno
	}
	n, errno := d.read(s, v)
	if errno != 0 {
		return errno
	}
	return s.write32(mem, nread, n)
}

// FdReaddir is fd_readdir(fd, buf, buf_len, cookie) -> bufused: the entries of a
// directory from a cookie on, 0 for the first. An entry and its name:
//
//	buf
//	0          8          16       20   21     24
//	+----------+----------+--------+----+------+---+---+---+---
//	| next u64 | ino u64  | 3 u32  | 4  | ?0   | a | . | b | next entry
//	+----------+----------+--------+----+------+---+---+---+---
//	                        |        +-- filetype u8: regular file
//	                        +-- length of the name
//
// The last entry may be cut, in which case the buffer is full: bufused equals
// buf_len. Less means the end of the directory.
//
// Errors: EBADF, ENOTDIR, EFAULT.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_readdir
func (s *System) FdReaddir(mem engine.Memory, fd, buf, bufLen uint32, cookie uint64, bufused uint32) int32 {
	dir, errno := s.dir(fd)
	if errno != 0 {
		return errno
	}
	if !fits(mem, buf, uint64(bufLen)) || !fits(mem, bufused, 4) {
		return ErrnoFault
	}
	var used uint32
	for used < bufLen {
		e, ok, errno := dir.entry(cookie)
		if errno != 0 {
			return errno
		}
		if !ok {
			break
		}
		b := s.direntBytes(&e)
		b = b[:min(uint32(len(b)), bufLen-used)]
		if !mem.Write(buf+used, b) {
			return ErrnoFault
		}
		used += uint32(len(b))
		cookie = e.next
	}
	return s.write32(mem, bufused, used)
}

// direntBytes packs an entry into the scratch buffer. A name that does not fit
// there is longer than any path, so no file can have it.
func (s *System) direntBytes(e *dirent) []byte {
	b := s.chunk[:]
	clear(b[:direntSize])
	n := copy(b[direntSize:], e.name)
	put64(b[0:], e.next)
	put64(b[8:], e.ino)
	put32(b[16:], uint32(n))
	b[20] = e.filetype
	return b[:direntSize+n]
}

// FdRenumber is fd_renumber(fd, to): moves a descriptor to another number, whose
// own is closed. Both must be open: the function replaces a descriptor and cannot
// be used to pick a free number, which another thread might take at that moment.
// Nothing is written to the guest's memory.
//
// Errors: EBADF.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_renumber
func (s *System) FdRenumber(mem engine.Memory, fd, to uint32) int32 {
	d, errno := s.file(fd)
	if errno != 0 {
		return errno
	}
	old, errno := s.file(to)
	if errno != 0 || fd == to {
		return errno
	}
	s.files[to], s.files[fd] = d, nil
	return old.close()
}

// FdSeek is fd_seek(fd, offset, whence) -> newoffset, relative to the start (0),
// the position (1) or the end (2) of the file:
//
//	newoffset
//	+---------+
//	| u64     |
//	+---------+
//
// Errors: EBADF; EINVAL for another whence; ESPIPE on a standard stream; EFAULT.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_seek
func (s *System) FdSeek(mem engine.Memory, fd uint32, offset int64, whence, newoffset uint32) int32 {
	d, errno := s.file(fd)
	if errno != 0 {
		return errno
	}
	if whence > 2 {
		return ErrnoInval
	}
	if !fits(mem, newoffset, 8) {
		return ErrnoFault
	}
	pos, errno := d.seek(offset, whence)
	if errno != 0 {
		return errno
	}
	return s.write64(mem, newoffset, pos)
}

// FdSync is fd_sync(fd): puts a file's data and metadata where they last. Nothing
// is written to the guest's memory.
//
// Errors: EBADF; EINVAL on a standard stream; ENOTSUP if the file cannot.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_sync
func (s *System) FdSync(mem engine.Memory, fd uint32) int32 {
	d, errno := s.file(fd)
	if errno != 0 {
		return errno
	}
	return d.sync()
}

// FdTell is fd_tell(fd) -> offset, the position in the file:
//
//	offset
//	+---------+
//	| u64     |
//	+---------+
//
// Errors: EBADF; ESPIPE on a standard stream; EFAULT.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_tell
func (s *System) FdTell(mem engine.Memory, fd, offset uint32) int32 {
	return s.FdSeek(mem, fd, 0, 1, offset)
}

// FdWrite is fd_write(fd, iovs, iovs_len) -> nwritten: writes up to 1,024
// buffers, one after the other. "ab" and "c" in two buffers, iovs=8 and
// nwritten=28:
//
//	8       12      16      20      24            28
//	+-------+-------+-------+-------+---+---+---+-+---------+
//	| 24    | 2     | 26    | 1     | a | b | c |?| 3 u32   |
//	+-------+-------+-------+-------+---+---+---+-+---------+
//	  buf u32 len     buf     len
//
// On standard streams the bytes are dropped, or captured: then a call takes up to
// 64 KiB, and the result has [OutputPending] while there are complete lines.
//
// Errors: EBADF, also if the file is not open for writing; EFAULT if the array, a
// buffer or the result is not all in the memory; EINVAL for more buffers, or more
// than 2^32-1 bytes in all; ENOTCAPABLE if the right was given up; EAGAIN if the
// captured output is full because nobody took it.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#fd_write
func (s *System) FdWrite(mem engine.Memory, fd, iovs, iovsLen, nwritten uint32) int32 {
	d, v, errno := s.transfer(mem, fd, iovs, iovsLen, nwritten)
	if errno != 0 {
		return errno
	}
	n, errno := d.write(s, v)
	if errno == 0 {
		errno = s.write32(mem, nwritten, n)
	}
	if s.outputPending() {
		errno |= OutputPending
	}
	return errno
}
