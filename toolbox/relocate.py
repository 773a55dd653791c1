#!/usr/bin/env python3
"""relocate.py IN OUT ALLOW: move the paths compiled into BusyBox below /dbg, in place, by builder/relocate.py's rules.

A path that stays is read from a hostile target. So what is replaced must be exactly EXPECTED, and every path that stays
must be in the file ALLOW, which says why it may. Anything else ends the build.
"""
import collections
import os
import pathlib
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from builder import elf, relocate  # noqa: E402 (found only once the folder is known)

# Below /etc most files are the target's own facts (passwd, hosts, resolv.conf). These steer a tool instead:
#   profile      run by every login shell
#   filesystems  which types "mount" without -t tries; absent, it asks /proc/filesystems
#   iproute2     "ip" reads names of tables and scopes from it; absent, the built-in ones are used
#   sysctl.conf  what a bare "sysctl -p" writes; absent, a file must be named
# and these three are in no BusyBox of ours, but would steer one built another way:
#   busybox.conf inputrc terminfo
RULES = relocate.Rules({
    "etc": {"busybox.conf", "filesystems", "inputrc", "iproute2", "profile", "sysctl.conf", "terminfo"},
})

# Every string that changes, as it is afterwards, and how often it occurs; by architecture where not as on amd64.
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
# Its compiler aligns some strings, and those the linker merges among themselves alone.
EXPECTED_ON = {"arm64": {"/dbg/sh": 2}}


def main():
    if len(sys.argv) != 4:
        sys.exit(__doc__.split("\n", 1)[0])
    source, target, allow = sys.argv[1:]
    original = pathlib.Path(source).read_bytes()
    expected = EXPECTED | EXPECTED_ON.get(elf.read(original, source).architecture, {})
    data, _, places = RULES.relocate(original)
    changed = collections.Counter(text for _, text in {relocate.string_at(data, place) for _, place in places})
    problems = []
    for text in sorted(expected.keys() | changed.keys()):
        if expected.get(text, 0) != changed[text]:
            problems.append(f"{text!r}: {changed[text]} replaced, {expected.get(text, 0)} expected")
    refused, _ = relocate.judge(relocate.leftovers(data), relocate.read_allowed(allow))
    problems += [f"{path!r} is left and not in {allow}" for path in refused]
    if problems:
        sys.exit("\n".join("relocate.py: " + problem for problem in problems))
    # Written aside: a make that is interrupted must not find half a program next time.
    new = pathlib.Path(target + ".new")
    new.write_bytes(data)
    new.chmod(0o755)
    os.replace(new, target)


if __name__ == "__main__":
    main()
