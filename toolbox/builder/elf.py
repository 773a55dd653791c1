"""What does an ELF file ask its loader for?"""
import dataclasses
import struct

from . import Failure

MACHINES = {62: "amd64", 183: "arm64"}
PT_LOAD, PT_DYNAMIC, PT_INTERP = 1, 2, 3
DT_NEEDED, DT_STRTAB, DT_SONAME, DT_RPATH, DT_RUNPATH = 1, 5, 14, 15, 29


@dataclasses.dataclass
class Elf:
    architecture: str
    interpreter: str = ""
    interpreter_at: int = 0  # where in the file it stands
    needed: tuple = ()
    soname: str = ""
    runpath: tuple = ()  # folders, "$ORIGIN" as it is


def is_elf(data):
    return data[:4] == b"\x7fELF"


def text_at(data, offset):
    return data[offset:data.index(b"\0", offset)].decode("ascii")


def program_headers(data):
    offset, = struct.unpack_from("<Q", data, 32)
    size, count = struct.unpack_from("<HH", data, 54)
    for at in range(offset, offset + size * count, size):
        # type, file offset, address, size in the file
        yield struct.unpack_from("<I4xQQ8xQ", data, at)


def read(data, name):
    """The facts of one file. NAME is for messages."""
    if data[4:6] != b"\x02\x01":
        raise Failure(f"reading {name} failed: not a 64-bit little-endian ELF file")
    try:
        return _read(data)
    except (struct.error, ValueError, IndexError) as error:
        raise Failure(f"reading {name} failed: a broken ELF file ({error})") from error


def _read(data):
    machine, = struct.unpack_from("<H", data, 18)
    elf = Elf(MACHINES.get(machine, f"machine {machine}"))
    headers = list(program_headers(data))
    loads = [(address, size, offset) for kind, offset, address, size in headers if kind == PT_LOAD]
    dynamic = []
    for kind, offset, _, size in headers:
        if kind == PT_INTERP:
            elf.interpreter, elf.interpreter_at = text_at(data, offset), offset
        elif kind == PT_DYNAMIC:
            dynamic = [entry for entry in struct.iter_unpack("<QQ", data[offset:offset + size - size % 16])]
    # What follows DT_NULL is not part of the table.
    end = next((index for index, (tag, _) in enumerate(dynamic) if tag == 0), len(dynamic))
    dynamic = dynamic[:end]
    address = dict(dynamic).get(DT_STRTAB)
    if address is None:
        return elf
    strings = next(offset + address - start for start, size, offset in loads if start <= address < start + size)

    def values(*tags):
        return tuple(text_at(data, strings + value) for tag, value in dynamic if tag in tags)
    elf.needed = values(DT_NEEDED)
    elf.soname = "".join(values(DT_SONAME))
    elf.runpath = tuple(folder for value in values(DT_RUNPATH, DT_RPATH) for folder in value.split(":") if folder)
    return elf
