package wasi

// device is what the standard streams have in common. They are character devices
// without the right to seek, which is how C libraries recognise a terminal. A
// terminal's output is written line by line; to anything else it would stay in
// the guest's buffer until an exit that a plug-in never makes.
type device struct {
	base
	flags      uint16
	rights     uint64
	inheriting uint64
}

const deviceRights = rightFdstatSetFlags | rightFdFilestatGet | rightPollFdReadwrite

func (d *device) fdstat() fdstat {
	return fdstat{typeCharacterDevice, d.flags, d.rights, d.inheriting}
}

// setFlags keeps the two flags that have no meaning for a device whose data is
// already there, and refuses those that would promise more.
func (d *device) setFlags(flags uint16) int32 {
	if flags&^(flagAppend|flagNonblock) != 0 {
		return ErrnoInval
	}
	d.flags = flags
	return ErrnoSuccess
}

// setRights takes rights away; none can be won.
func (d *device) setRights(rights, inheriting uint64) int32 {
	if rights&^d.rights != 0 || inheriting&^d.inheriting != 0 {
		return ErrnoNotcapable
	}
	d.rights, d.inheriting = rights, inheriting
	return ErrnoSuccess
}

func (d *device) filestat(st *filestat) int32 {
	*st = filestat{filetype: typeCharacterDevice, nlink: 1}
	return ErrnoSuccess
}

// What needs a position is ESPIPE and what needs a regular file EINVAL, as in
// POSIX.

func (d *device) setSize(uint64) int32                   { return ErrnoInval }
func (d *device) sync() int32                            { return ErrnoInval }
func (d *device) datasync() int32                        { return ErrnoInval }
func (d *device) advise(uint64, uint64, uint32) int32    { return ErrnoSpipe }
func (d *device) allocate(uint64, uint64) int32          { return ErrnoSpipe }
func (d *device) seek(int64, uint32) (uint64, int32)     { return 0, ErrnoSpipe }
func (d *device) read(*System, vectors) (uint32, int32)  { return 0, ErrnoBadf }
func (d *device) write(*System, vectors) (uint32, int32) { return 0, ErrnoBadf }
func (d *device) readyToRead() (uint64, bool, int32)     { return 0, false, ErrnoBadf }
func (d *device) readyToWrite() (uint64, bool, int32)    { return 0, false, ErrnoBadf }
func (d *device) pread(*System, vectors, uint64) (uint32, int32) {
	return 0, ErrnoSpipe
}
func (d *device) pwrite(*System, vectors, uint64) (uint32, int32) {
	return 0, ErrnoSpipe
}

// stdin is standard input: bytes known beforehand, then the end of the file.
type stdin struct {
	device
	rest []byte
}

func newStdin(data []byte) *stdin {
	return &stdin{device{rights: deviceRights | rightFdRead}, data}
}

func (d *stdin) read(s *System, v vectors) (uint32, int32) {
	if d.rights&rightFdRead == 0 {
		return 0, ErrnoNotcapable
	}
	n, errno := s.scatter(v, d.rest)
	d.rest = d.rest[n:]
	return n, errno
}

func (d *stdin) readyToRead() (uint64, bool, int32) {
	return uint64(len(d.rest)), len(d.rest) == 0, ErrnoSuccess
}

// stdout is standard output or standard error.
type stdout struct {
	device
	stream *stream
}

func newStdout(st *stream) *stdout {
	return &stdout{device{rights: deviceRights | rightFdWrite}, st}
}

// write accepts everything and looks at none of it, unless output is captured;
// then one call takes what the stream has room for, and guests write the rest
// with the next one.
func (d *stdout) write(s *System, v vectors) (uint32, int32) {
	if d.rights&rightFdWrite == 0 {
		return 0, ErrnoNotcapable
	}
	if !s.capture || v.total == 0 {
		return v.total, ErrnoSuccess
	}
	room := d.stream.reserve(v.total)
	if len(room) == 0 {
		return 0, ErrnoAgain
	}
	n, errno := s.gather(v, room)
	d.stream.commit(int(n))
	return n, errno
}

func (d *stdout) readyToWrite() (uint64, bool, int32) { return maxLine, false, ErrnoSuccess }
