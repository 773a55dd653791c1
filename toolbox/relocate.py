#!/usr/bin/env python3
"""relocate.py IN OUT ALLOW: move the paths compiled into a program below /dbg, in place.

/usr, /lib, /bin and /etc have four bytes, and so has /dbg: no offset in the file changes. The point is not tidiness:
a path that stays is read from a hostile target. So what is replaced must be exactly EXPECTED, and every path that stays
must be in the file ALLOW, which says why it may. Anything else ends the build.
"""
import collections
import os
import re
import sys

# A path only starts where no path, word or format can have been going on. "-" is one of those: see LOGIN_SHELL.
START = rb"(?<![A-Za-z0-9_.\-/+%}*~])"
END = rb"(?=[/:\0])"

# Data of the target, looked up for it: a session shows its times in its time zone, as /etc/localtime does.
KEEP = re.compile(rb"/usr/share/zoneinfo")

# Below /etc most files are the target's own facts (passwd, hosts, resolv.conf). These steer a tool instead:
#   profile      run by every login shell
#   filesystems  which types "mount" without -t tries; absent, it asks /proc/filesystems
#   iproute2     "ip" reads names of tables and scopes from it; absent, the built-in ones are used
#   sysctl.conf  what a bare "sysctl -p" writes; absent, a file must be named
# and these three are in no BusyBox of ours, but would steer one built another way:
#   busybox.conf inputrc terminfo
ETC = rb"busybox\.conf|filesystems|inputrc|iproute2|profile|sysctl\.conf|terminfo"

RULES = (
    (re.compile(START + rb"/(?:usr|lib|bin)" + END), b"/dbg"),
    (re.compile(START + rb"/sbin" + END), b"/dbg/"),
    (re.compile(START + rb"/etc(?=/(?:" + ETC + rb")[/\0])"), b"/dbg"),
)
# BusyBox keeps its default shell once, with the "-" of a login shell in front, and mostly uses it without.
LOGIN_SHELL = (re.compile(rb"(?<=\0-)/bin(?=/sh\0)"), b"/dbg")

# Every string that changes, as it is afterwards, and how often it occurs.
EXPECTED = {
    "-/dbg/sh": 1,  # the default shell of less, script, top, vi, ...
    "/dbg/sh": 1,  # system() and popen()
    "/dbg/bin/busybox": 1,  # what the shell runs a script without "#!" with
    "/dbg/profile": 1,
    "/dbg/filesystems": 1,
    "/dbg/iproute2/rt_%s": 1,
    "/dbg/sysctl.conf": 1,
    "/dbg/local/bin:/dbg:/dbg/bin": 1,  # execvp() without PATH
    "PATH=/dbg/:/dbg/sbin:/dbg:/dbg/bin": 1,  # the shell without PATH
}

# What a leftover can look like: less demanding of what stands before it than START, so that a path which that pattern
# misses is seen. /proc, /dev and /sys are missing: the session has its own.
TOP = rb"bin|boot|etc|home|lib|lib32|lib64|libexec|libx32|media|mnt|opt|root|run|sbin|share|srv|tmp|usr|var"
LEFTOVER = re.compile(rb"(?<![A-Za-z0-9_.])/(?:" + TOP + rb")(?![A-Za-z0-9])")


def string_at(data, offset):
    """The printable text around an offset: strings(1), but for one place."""
    start = end = offset
    while start and 0x20 <= data[start - 1] < 0x7F:
        start -= 1
    while end < len(data) and 0x20 <= data[end] < 0x7F:
        end += 1
    return start, data[start:end].decode()


def relocate(data):
    """The moved program, and how often each changed string occurs in it."""
    result = bytearray(data)
    places = set()
    for pattern, new in RULES + (LOGIN_SHELL,):
        for match in pattern.finditer(data):
            if KEEP.match(data, match.start()):
                continue
            assert len(new) == match.end() - match.start()
            result[match.start():match.end()] = new
            places.add(match.start())
    strings = {string_at(result, place) for place in places}
    return bytes(result), collections.Counter(text for _, text in strings)


def leftovers(data):
    """Every string that still names a path of the target."""
    return {string_at(data, match.start())[1] for match in LEFTOVER.finditer(data)}


def read_allowed(path):
    """One string a line; "#" and what follows is the reason."""
    with open(path, encoding="ascii") as file:
        lines = (line.split("#", 1)[0].strip() for line in file)
        return {line for line in lines if line}


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__.split("\n", 1)[0])
    source, target, allow = sys.argv[1:]
    with open(source, "rb") as file:
        data, changed = relocate(file.read())
    problems = []
    for text in sorted(EXPECTED.keys() | changed.keys()):
        if EXPECTED.get(text, 0) != changed[text]:
            problems.append(f"{text!r}: {changed[text]} replaced, {EXPECTED.get(text, 0)} expected")
    for text in sorted(leftovers(data) - read_allowed(allow)):
        problems.append(f"{text!r} is left and not in {allow}")
    if problems:
        sys.exit("\n".join("relocate.py: " + problem for problem in problems))
    # Written aside: a make that is interrupted must not find half a program next time.
    with open(target + ".new", "wb") as file:
        file.write(data)
    os.chmod(target + ".new", 0o755)
    os.replace(target + ".new", target)


if __name__ == "__main__":
    main()
