"""Which paths compiled into a file have to lead below /dbg, and which may stay?

/usr, /lib, /bin and /etc have four bytes, and so has /dbg: no offset in the file changes. The point is not tidiness:
a path that stays is read from a hostile target. So how often each rule applies is counted and asserted by the callers,
and every path that stays must be in a list of allowed ones, which says why it may.
"""
import collections
import fnmatch
import re

from . import elf

PREFIX = b"/dbg"

# A path only starts where no path, word or format can have been going on; or behind one of AFTER, which look so: the
# default value in a shell and a URL. See LOGIN_SHELL too.
BEFORE = rb"[A-Za-z0-9_.\-/+%}*~]"
AFTER = (rb":-", rb"file://")
END = rb"""(?=[/:\0\s"'`;,()\[\]{}|&<>$\\]|\Z)"""

# Always the target's: where it keeps debug information, kernel modules and sources, and the time zones of its clock.
KEEP = ("/usr/lib/debug", "/lib/modules", "/usr/lib/modules", "/usr/src", "/lib/firmware", "/usr/lib/firmware",
        "/usr/share/zoneinfo")

# bash ends the path of `command -p` with a folder that nobody has programs in, but a hostile target.
ETC_IN_PATH = re.compile(rb"(?<=:)/etc(?=:)")
# BusyBox keeps its default shell once, with the "-" of a login shell in front, and mostly uses it without.
LOGIN_SHELL = re.compile(rb"(?<=\0-)/bin(?=/sh\0)")

# What a leftover can look like: less demanding of what stands before it than BEFORE, so that a path which that pattern
# misses is seen. /proc, /dev and /sys are missing: the session has its own.
TOP = rb"bin|boot|etc|home|lib|lib32|lib64|libexec|libx32|media|mnt|opt|root|run|sbin|share|srv|tmp|usr|var"
LEFTOVER = re.compile(rb"/(?<![A-Za-z0-9_.]/)(?:" + TOP + rb")(?![A-Za-z0-9])[^\x00-\x20\x7f-\xff\"'`;,()<>|&:]*")

# Interpreters, by the folder they are named in; it keeps its length.
INTERPRETERS = (("/lib64/", "/dbg/l/"), ("/lib/", "/dbg/"))


def moving(folder, names=b""):
    """The rule for one folder at the root, or for some names in it. The slash is first and what must not stand before
    it second: so a search skips from slash to slash."""
    start = f"/{folder}".encode()
    # As long as the folder: "/lib64" becomes "/dbg/l", and "/sbin" becomes "/dbg/".
    new = (PREFIX + b"/l")[:len(start)] if folder == "lib64" else (PREFIX + b"/")[:len(start)]
    fresh = rb"(?:(?<!" + BEFORE + start + rb")" + b"".join(rb"|(?<=" + text + start + rb")" for text in AFTER) + rb")"
    return folder, re.compile(start + fresh + (rb"(?=/(?:" + names + rb")" + END + rb")" if names else END)), new


class Rules:
    """What moves. OWN: below which folder (etc, var, run, opt) which names steer a tool, and so are the toolbox's; the
    rest there is the target's own facts (passwd, hosts, resolv.conf). KEEP: further paths that stay."""

    def __init__(self, own, keep=()):
        self.keep = re.compile(b"(?:" + b"|".join(re.escape(path).encode() for path in (*KEEP, *keep)) +
                               rb")(?![A-Za-z0-9_-])")
        self.table = [moving(name) for name in ("usr", "lib", "lib64", "bin", "sbin")]
        self.table += [moving(folder, b"|".join(re.escape(name).encode() for name in sorted(names)))
                       for folder, names in sorted(own.items()) if names]
        self.table += [("path", ETC_IN_PATH, PREFIX), ("shell", LOGIN_SHELL, PREFIX)]

    def relocate(self, data):
        """The moved file; how often each rule applied; and the places where one did, as (rule, offset)."""
        result, counts, places = bytearray(data), collections.Counter(), []
        skip = range(0)
        if elf.is_elf(data):
            facts = elf.read(data, "a program")
            if facts.interpreter:
                result[facts.interpreter_at:facts.interpreter_at + len(facts.interpreter)] = \
                    moved_interpreter(facts.interpreter)
                counts["interp"] = 1
                places.append(("interp", facts.interpreter_at))
                skip = range(facts.interpreter_at, facts.interpreter_at + len(facts.interpreter))
        for name, pattern, new in self.table:
            for match in pattern.finditer(data):
                if match.start() in skip or self.keep.match(data, match.start()):
                    continue
                assert len(new) == match.end() - match.start()
                result[match.start():match.end()] = new
                counts[name] += 1
                places.append((name, match.start()))
        return bytes(result), counts, places


def moved_interpreter(path):
    for old, new in INTERPRETERS:
        if path.startswith(old):
            return (new + path[len(old):]).encode()
    return path.encode()  # the audit refuses it


def string_at(data, offset):
    """The printable text around an offset: strings(1), but for one place."""
    start = end = offset
    while start and 0x20 <= data[start - 1] < 0x7F:
        start -= 1
    while end < len(data) and 0x20 <= data[end] < 0x7F:
        end += 1
    return start, data[start:end].decode()


def leftovers(data):
    """Every path of the target that is still named."""
    return {match.group().decode() for match in LEFTOVER.finditer(data)}


def read_allowed(path):
    """One pattern a line, as a shell's; "#" and what follows is the reason."""
    with open(path, encoding="ascii") as file:
        lines = (line.split("#", 1)[0].strip() for line in file)
        return [line for line in lines if line]


def judge(found, allowed):
    """Which of FOUND no pattern allows, and which patterns none needed."""
    used, refused = set(), set()
    patterns = [(pattern, re.compile(fnmatch.translate(pattern)).match) for pattern in allowed]
    for path in found:
        hits = {pattern for pattern, match in patterns if match(path)}
        used |= hits
        if not hits:
            refused.add(path)
    return sorted(refused), sorted(set(allowed) - used)
