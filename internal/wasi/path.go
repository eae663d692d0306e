package wasi

import (
	"strings"
	"unicode/utf8"

	"github.com/extism-js/extism-js/internal/engine"
)

// dir looks up a directory: EBADF if nothing is open, ENOTDIR if it is something
// else.
func (s *System) dir(fd uint32) (directory, int32) {
	d, errno := s.file(fd)
	if errno != 0 {
		return nil, errno
	}
	return d.directory()
}

// path reads a path: UTF-8 without a NUL at its end. ENAMETOOLONG beyond 4,096
// bytes, EFAULT outside the memory, EILSEQ if it is not UTF-8, EINVAL if it has a
// NUL in it, ENOENT if it is empty.
func (s *System) path(mem engine.Memory, off, n uint32) (string, int32) {
	if n > chunkSize {
		return "", ErrnoNametoolong
	}
	if n == 0 {
		return "", ErrnoNoent
	}
	b := s.chunk[:n]
	if !mem.Read(off, b) {
		return "", ErrnoFault
	}
	if !utf8.Valid(b) {
		return "", ErrnoIlseq
	}
	p := string(b)
	if strings.IndexByte(p, 0) >= 0 {
		return "", ErrnoInval
	}
	return p, ErrnoSuccess
}

// at decodes the two arguments that path functions begin with.
func (s *System) at(mem engine.Memory, fd, path, pathLen uint32) (directory, string, int32) {
	d, errno := s.dir(fd)
	if errno != 0 {
		return nil, "", errno
	}
	p, errno := s.path(mem, path, pathLen)
	return d, p, errno
}

// PathCreateDirectory is path_create_directory(fd, path, path_len). Paths are
// UTF-8 with a length and no NUL, here and in all functions below; "a/b":
//
//	path         (path_len = 3)
//	+---+---+---+
//	| a | / | b |
//	+---+---+---+
//
// Errors of all of them: EBADF, ENOTDIR if fd is not a directory, ENAMETOOLONG
// beyond 4,096 bytes, ENOENT for an empty path, EILSEQ if it is not UTF-8, EINVAL
// if it has a NUL in it, EFAULT.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#path_create_directory
func (s *System) PathCreateDirectory(mem engine.Memory, fd, path, pathLen uint32) int32 {
	d, p, errno := s.at(mem, fd, path, pathLen)
	if errno != 0 {
		return errno
	}
	return d.create(p)
}

// PathFilestatGet is path_filestat_get(fd, flags, path, path_len) -> buf, with
// flags=1 following a symbolic link. buf is laid out as in [System.FdFilestatGet]:
//
//	buf
//	0        8        16         17  24       32       40       48       56       64
//	+--------+--------+----------+---+--------+--------+--------+--------+--------+
//	| dev    | ino    | filetype | ? | nlink  | size   | atim   | mtim   | ctim   |
//	+--------+--------+----------+---+--------+--------+--------+--------+--------+
//
// Errors: as [System.PathCreateDirectory].
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#path_filestat_get
func (s *System) PathFilestatGet(mem engine.Memory, fd, flags, path, pathLen, buf uint32) int32 {
	d, p, errno := s.at(mem, fd, path, pathLen)
	if errno != 0 {
		return errno
	}
	var st filestat
	if errno := d.stat(p, flags, &st); errno != 0 {
		return errno
	}
	return s.writeFilestat(mem, buf, &st)
}

// PathFilestatSetTimes is path_filestat_set_times(fd, flags, path, path_len,
// atim, mtim, fst_flags). Nothing is written to the guest's memory.
//
// Errors: as [System.PathCreateDirectory], and EINVAL for fst_flags that are
// unknown or contradict each other.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#path_filestat_set_times
func (s *System) PathFilestatSetTimes(mem engine.Memory, fd, flags, path, pathLen uint32, atim, mtim uint64, fstFlags uint32) int32 {
	d, p, errno := s.at(mem, fd, path, pathLen)
	if errno != 0 {
		return errno
	}
	if !validTimes(fstFlags) {
		return ErrnoInval
	}
	return d.setPathTimes(p, flags, atim, mtim, fstFlags)
}

// PathLink is path_link(old_fd, old_flags, old_path, old_path_len, new_fd,
// new_path, new_path_len): a hard link. Nothing is written to the guest's memory.
//
// Errors: as [System.PathCreateDirectory], for both paths.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#path_link
func (s *System) PathLink(mem engine.Memory, oldFd, oldFlags, oldPath, oldPathLen, newFd, newPath, newPathLen uint32) int32 {
	from, old, errno := s.at(mem, oldFd, oldPath, oldPathLen)
	if errno != 0 {
		return errno
	}
	to, name, errno := s.at(mem, newFd, newPath, newPathLen)
	if errno != 0 {
		return errno
	}
	return from.link(old, oldFlags, to, name)
}

// PathOpen is path_open(fd, dirflags, path, path_len, oflags, rights_base,
// rights_inheriting, fdflags) -> opened_fd:
//
//	opened_fd
//	+---------+
//	| 5 u32   |
//	+---------+
//
// Errors: as [System.PathCreateDirectory], and EMFILE if 1,024 descriptors are
// open.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#path_open
func (s *System) PathOpen(mem engine.Memory, fd, dirflags, path, pathLen, oflags uint32, rights, inheriting uint64, fdflags, openedFd uint32) int32 {
	d, p, errno := s.at(mem, fd, path, pathLen)
	if errno != 0 {
		return errno
	}
	if !fits(mem, openedFd, 4) {
		return ErrnoFault
	}
	f, errno := d.open(p, openFlags{dirflags, oflags, rights, inheriting, fdflags})
	if errno != 0 {
		return errno
	}
	n, errno := s.insert(f)
	if errno != 0 {
		f.close()
		return errno
	}
	return s.write32(mem, openedFd, n)
}

// PathReadlink is path_readlink(fd, path, path_len, buf, buf_len) -> bufused: the
// target of a symbolic link, without a NUL and cut to buf_len bytes. "../c":
//
//	buf                  bufused
//	+---+---+---+---+    +---------+
//	| . | . | / | c |    | 4 u32   |
//	+---+---+---+---+    +---------+
//
// Errors: as [System.PathCreateDirectory].
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#path_readlink
func (s *System) PathReadlink(mem engine.Memory, fd, path, pathLen, buf, bufLen, bufused uint32) int32 {
	d, p, errno := s.at(mem, fd, path, pathLen)
	if errno != 0 {
		return errno
	}
	if !fits(mem, buf, uint64(bufLen)) || !fits(mem, bufused, 4) {
		return ErrnoFault
	}
	target, errno := d.readlink(p)
	if errno != 0 {
		return errno
	}
	target = target[:min(uint64(len(target)), uint64(bufLen))]
	if !mem.Write(buf, []byte(target)) {
		return ErrnoFault
	}
	return s.write32(mem, bufused, uint32(len(target)))
}

// PathRemoveDirectory is path_remove_directory(fd, path, path_len), for an empty
// directory. Nothing is written to the guest's memory.
//
// Errors: as [System.PathCreateDirectory].
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#path_remove_directory
func (s *System) PathRemoveDirectory(mem engine.Memory, fd, path, pathLen uint32) int32 {
	d, p, errno := s.at(mem, fd, path, pathLen)
	if errno != 0 {
		return errno
	}
	return d.remove(p)
}

// PathRename is path_rename(fd, old_path, old_path_len, new_fd, new_path,
// new_path_len). Nothing is written to the guest's memory.
//
// Errors: as [System.PathCreateDirectory], for both paths.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#path_rename
func (s *System) PathRename(mem engine.Memory, fd, oldPath, oldPathLen, newFd, newPath, newPathLen uint32) int32 {
	from, old, errno := s.at(mem, fd, oldPath, oldPathLen)
	if errno != 0 {
		return errno
	}
	to, name, errno := s.at(mem, newFd, newPath, newPathLen)
	if errno != 0 {
		return errno
	}
	return from.rename(old, to, name)
}

// PathSymlink is path_symlink(old_path, old_path_len, fd, new_path,
// new_path_len): a symbolic link at the new path whose target is the old one.
// Nothing is written to the guest's memory.
//
// Errors: as [System.PathCreateDirectory], for both paths.
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#path_symlink
func (s *System) PathSymlink(mem engine.Memory, oldPath, oldPathLen, fd, newPath, newPathLen uint32) int32 {
	d, p, errno := s.at(mem, fd, newPath, newPathLen)
	if errno != 0 {
		return errno
	}
	target, errno := s.path(mem, oldPath, oldPathLen)
	if errno != 0 {
		return errno
	}
	return d.symlink(target, p)
}

// PathUnlinkFile is path_unlink_file(fd, path, path_len). Nothing is written to
// the guest's memory.
//
// Errors: as [System.PathCreateDirectory].
//
// See https://github.com/WebAssembly/WASI/blob/snapshot-01/phases/snapshot/docs.md#path_unlink_file
func (s *System) PathUnlinkFile(mem engine.Memory, fd, path, pathLen uint32) int32 {
	d, p, errno := s.at(mem, fd, path, pathLen)
	if errno != 0 {
		return errno
	}
	return d.unlink(p)
}
