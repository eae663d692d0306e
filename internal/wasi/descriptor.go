package wasi

// File types of preview 1 (filetype).
const (
	typeUnknown uint8 = iota
	typeBlockDevice
	typeCharacterDevice
	typeDirectory
	typeRegularFile
	typeSocketDgram
	typeSocketStream
	typeSymbolicLink
)

// Flags of an open file (fdflags).
const (
	flagAppend uint16 = 1 << iota
	flagDsync
	flagNonblock
	flagRsync
	flagSync
)

// Rights of an open file (rights), as far as this package looks at them.
const (
	rightFdRead          uint64 = 1 << 1
	rightFdstatSetFlags  uint64 = 1 << 3
	rightFdWrite         uint64 = 1 << 6
	rightFdFilestatGet   uint64 = 1 << 21
	rightPollFdReadwrite uint64 = 1 << 27
)

// fdstat is what fd_fdstat_get tells about a descriptor.
type fdstat struct {
	filetype   uint8
	flags      uint16
	rights     uint64
	inheriting uint64
}

// filestat is what fd_filestat_get and path_filestat_get tell about a file.
// Times are nanoseconds since 1970 UTC.
type filestat struct {
	dev, ino         uint64
	filetype         uint8
	nlink, size      uint64
	atim, mtim, ctim uint64
}

// dirent is an entry of a directory. next is the cookie of the entry after it.
type dirent struct {
	next, ino uint64
	filetype  uint8
	name      string
}

// openFlags are the arguments of path_open that say how.
type openFlags struct {
	lookup             uint32 // lookupflags: 1 follows a symbolic link
	open               uint32 // oflags: 1 create, 2 directory, 4 exclusive, 8 truncate
	rights, inheriting uint64
	flags              uint32 // fdflags
}

// descriptor is what is behind a descriptor number. The functions of [System]
// decode and check the guest's arguments; descriptors do the work. A new kind of
// file embeds base and says only what it can do. All results are error numbers.
type descriptor interface {
	close() int32
	fdstat() fdstat
	setFlags(flags uint16) int32
	setRights(rights, inheriting uint64) int32

	filestat(st *filestat) int32
	setSize(size uint64) int32
	// setTimes has the flags of fstflags; a time counts only if its flag is set.
	setTimes(atim, mtim uint64, flags uint32) int32
	advise(offset, length uint64, advice uint32) int32
	allocate(offset, length uint64) int32
	sync() int32
	datasync() int32

	// The vectors have been checked. A short count is no error; 0 from a read
	// of more than 0 bytes is the end of the file.
	read(s *System, v vectors) (n uint32, errno int32)
	write(s *System, v vectors) (n uint32, errno int32)
	pread(s *System, v vectors, offset uint64) (n uint32, errno int32)
	pwrite(s *System, v vectors, offset uint64) (n uint32, errno int32)
	seek(delta int64, whence uint32) (pos uint64, errno int32)

	// readyToRead and readyToWrite answer poll_oneoff, which never waits for a
	// file: n is how many bytes can be moved, hangup that there is no other end.
	readyToRead() (n uint64, hangup bool, errno int32)
	readyToWrite() (n uint64, hangup bool, errno int32)

	// preopen gives the guest's name for a directory that it was given.
	preopen() (name string, ok bool)
	// directory gives the functions of a directory, or ENOTDIR.
	directory() (directory, int32)
}

// directory is what path functions act on. Paths come from the guest, at most
// 4,096 bytes of UTF-8 without NUL and otherwise unchecked: to keep them inside
// the directory, symbolic links included, is the implementation's task.
type directory interface {
	// entry reads the entry at a cookie, the first one at 0; ok is false at the
	// end.
	entry(cookie uint64) (e dirent, ok bool, errno int32)
	create(path string) int32
	stat(path string, lookup uint32, st *filestat) int32
	setPathTimes(path string, lookup uint32, atim, mtim uint64, flags uint32) int32
	link(old string, lookup uint32, to directory, new string) int32
	open(path string, how openFlags) (descriptor, int32)
	readlink(path string) (target string, errno int32)
	remove(path string) int32
	rename(old string, to directory, new string) int32
	symlink(target, path string) int32
	unlink(path string) int32
}

// base is a descriptor that can do nothing and says so.
type base struct{}

func (base) close() int32                           { return ErrnoSuccess }
func (base) fdstat() fdstat                         { return fdstat{filetype: typeUnknown} }
func (base) setFlags(uint16) int32                  { return ErrnoNotsup }
func (base) setRights(uint64, uint64) int32         { return ErrnoNotsup }
func (base) filestat(*filestat) int32               { return ErrnoNotsup }
func (base) setSize(uint64) int32                   { return ErrnoNotsup }
func (base) setTimes(uint64, uint64, uint32) int32  { return ErrnoNotsup }
func (base) advise(uint64, uint64, uint32) int32    { return ErrnoNotsup }
func (base) allocate(uint64, uint64) int32          { return ErrnoNotsup }
func (base) sync() int32                            { return ErrnoNotsup }
func (base) datasync() int32                        { return ErrnoNotsup }
func (base) seek(int64, uint32) (uint64, int32)     { return 0, ErrnoNotsup }
func (base) readyToRead() (uint64, bool, int32)     { return 0, false, ErrnoNotsup }
func (base) readyToWrite() (uint64, bool, int32)    { return 0, false, ErrnoNotsup }
func (base) preopen() (string, bool)                { return "", false }
func (base) directory() (directory, int32)          { return nil, ErrnoNotdir }
func (base) read(*System, vectors) (uint32, int32)  { return 0, ErrnoNotsup }
func (base) write(*System, vectors) (uint32, int32) { return 0, ErrnoNotsup }
func (base) pread(*System, vectors, uint64) (uint32, int32) {
	return 0, ErrnoNotsup
}
func (base) pwrite(*System, vectors, uint64) (uint32, int32) {
	return 0, ErrnoNotsup
}

// maxFiles bounds the table, which a guest could otherwise fill without end.
const maxFiles = 1024

// file looks a number up; EBADF if nothing is open there.
func (s *System) file(fd uint32) (descriptor, int32) {
	if uint64(fd) >= uint64(len(s.files)) || s.files[fd] == nil {
		return nil, ErrnoBadf
	}
	return s.files[fd], ErrnoSuccess
}

// insert gives d the lowest free number, as POSIX asks for; EMFILE if all are
// taken.
func (s *System) insert(d descriptor) (fd uint32, errno int32) {
	for i, f := range s.files {
		if f == nil {
			s.files[i] = d
			return uint32(i), ErrnoSuccess
		}
	}
	if len(s.files) >= maxFiles {
		return 0, ErrnoMfile
	}
	s.files = append(s.files, d)
	return uint32(len(s.files) - 1), ErrnoSuccess
}
