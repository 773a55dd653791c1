"""Which files of a filesystem are opened, for programs that cannot be traced because they trace themselves: fanotify sees
every open that succeeds, whoever it is by.
"""
import ctypes
import os
import struct

LIBC = ctypes.CDLL(None, use_errno=True)
NONBLOCK, CLOEXEC, MARK_ADD, MARK_FILESYSTEM = 2, 1, 1, 0x100
OPEN, OPEN_EXEC, OVERFLOW = 0x20, 0x1000, 0x4000
HEADER = struct.Struct("=IBBHQii")


def checked(result):
    if result < 0:
        raise OSError(ctypes.get_errno(), "fanotify")
    return result


class Watch:
    """Opens below root (of its filesystem alone) while it is in force, but for those by one process."""

    def __init__(self, root, but):
        self.root, self.but, self.found = root, but, set()

    def __enter__(self):
        # Nothing may be lost: FAN_UNLIMITED_QUEUE.
        self.fd = checked(LIBC.fanotify_init(NONBLOCK | CLOEXEC | 0x10, os.O_RDONLY | os.O_CLOEXEC))
        checked(LIBC.fanotify_mark(self.fd, MARK_ADD | MARK_FILESYSTEM, ctypes.c_uint64(OPEN | OPEN_EXEC), -100,
                                   os.fsencode(self.root)))
        return self

    def drain(self):
        while True:
            try:
                data = os.read(self.fd, 65536)
            except BlockingIOError:
                return
            while data:
                length, _, _, _, mask, fd, pid = HEADER.unpack_from(data)
                data = data[length:]
                if mask & OVERFLOW:
                    raise OSError("fanotify lost events")
                path = os.readlink(f"/proc/self/fd/{fd}")
                os.close(fd)
                if pid != self.but:
                    call = "execute" if mask & OPEN_EXEC else "open"
                    self.found.add((path.removeprefix(str(self.root)) or "/", call))

    def __exit__(self, *_):
        self.drain()
        os.close(self.fd)
