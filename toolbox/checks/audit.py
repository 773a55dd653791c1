"""Which files of the target may a tool open? Its facts, by opens.allow, and what the command names."""
import fnmatch
import pathlib
import re

# The session's own: the toolbox, and what the kernel or the runtime mounts.
OWN = ("/dbg", "/proc", "/sys", "/dev")
# Where the commands are run. Its list may be read, what is in it only when named.
WORKING = "/app"


def read_allowed(path):
    """Lines of PROGRAM PATH REASON; PROGRAM and PATH are patterns."""
    lines = (line.split(None, 2) for line in pathlib.Path(path).read_text().splitlines())
    return [tuple(fields) for fields in lines if fields and not fields[0].startswith("#")]


def named(command):
    """Paths that stand in the command, and what the target itself consists of there."""
    text = command if isinstance(command, str) else " ".join(command)
    return {word.rstrip("/") for word in re.findall(r"(?<![\w/.])/[\w./+-]*", text)} | {
        f"/app/{word}" for word in re.findall(r"(?<![\w/])\w[\w.]*", text)}


def stray(program, command, keys, opened, allowed):
    """What was opened or executed and is neither the session's own, nor named, nor allowed: [path or "execute path"]."""
    if isinstance(command, list) and len(command) == 2:
        opened = opened - {(f"/{command[1]}", "open")}  # the sweep's argument, taken for a file in /
    names = named(command) | named(" ".join(text for _, text in keys))
    found = set()
    for path, call in opened:
        if path == "/" or path.startswith(tuple(top + "/" for top in OWN)) or path in OWN or not path.startswith("/"):
            continue
        if path == WORKING and call != "execute" or call == "folder" and "" in names:
            continue
        if call != "execute" and any(path == name or path.startswith(name + "/") for name in names if name.count("/") > 1):
            continue
        if any(fnmatch.fnmatchcase(program, who) and fnmatch.fnmatchcase(path, where) and call != "execute"
               for who, where, _ in allowed):
            continue
        found.add(path if call != "execute" else f"execute {path}")
    return sorted(found)
