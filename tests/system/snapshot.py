# SPDX-License-Identifier: Apache-2.0
"""
Before and after: everything of a target and of the host that a session could have changed, as plain dicts, and what
differs, in words. Taking a snapshot changes nothing: directories are read with O_NOATIME and no symlink is followed.

Of the target every difference counts. Of the host only what was added counts, because others live there too.
"""
import contextlib
import os
import stat
import time

import processes
from processes import listdir, namespace, process, read, readlink

BOUND = 8.0  # seconds within which nothing may be left
NO_FILES = {"proc", "sysfs", "cgroup", "cgroup2", "devpts", "mqueue", "debugfs", "tracefs", "securityfs", "bpf"}
WATCHED = ("/run", "/tmp", "/dev/shm", "/var/tmp")
STRICT = os.environ.get("DBG_MUST_RUN") == "1"  # nobody else works on this host: every new file counts
CHURN = ("/run/docker", "/run/containerd", "/run/containers", "/run/runc", "/run/libpod", "/run/crun", "/run/netns",
         "/run/xtables.lock", "/run/lock", "/run/user", "/run/udev", "/tmp/pytest-", "/tmp/dbgtest.", "/var/tmp/dbgtest.", "/run/dbgtest.",
         "/dev/shm/libpod")
FOREIGN_MOUNTS = ("/var/lib/docker", "/var/lib/containers", "/run/docker", "/run/containers", "/run/netns", "/run/user")


# The target

def target_mounts(pid):
    return dict(enumerate(read(f"/proc/{pid}/mountinfo").splitlines()))


def target_processes(pid):
    """By the pids of their own namespace; running and sleeping is the same to us."""
    found = {}
    for host_pid in processes.members_of_pid_namespace(namespace(pid, "pid")):
        p = process(host_pid)
        if p:
            parent = process(p.ppid)
            inside = namespace(p.ppid, "pid") == namespace(pid, "pid") and parent
            found[processes.pid_inside(host_pid)] = (
                f"{'alive' if p.state in 'RSDI' else p.state} {p.comm} "
                f"parent {processes.pid_inside(p.ppid) if inside else 'outside'} start {p.starttime}")
    return found


def describe(path, st):
    try:
        attributes = {name: os.getxattr(path, name, follow_symlinks=False)
                      for name in os.listxattr(path, follow_symlinks=False)}
    except OSError:
        attributes = {}
    return (f"mode {st.st_mode:o} {st.st_uid}:{st.st_gid} size {st.st_size} inode {st.st_ino} links {st.st_nlink} "
            f"mtime {st.st_mtime_ns} ctime {st.st_ctime_ns} atime {st.st_atime_ns} {attributes or ''}")


def walk(base, devices_to_skip=()):
    """{path: metadata} of everything below base."""
    found = {}

    def visit(path):
        try:
            fd = os.open(base + (path or "/."), os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_NOATIME)
        except OSError:
            return
        try:
            with os.scandir(fd) as entries:
                names = sorted(entry.name for entry in entries)
            for name in names:
                with contextlib.suppress(FileNotFoundError):
                    st = os.stat(name, dir_fd=fd, follow_symlinks=False)
                    if st.st_dev in devices_to_skip:
                        continue
                    child = f"{path}/{name}"
                    found[child] = describe(base + child, st)
                    if stat.S_ISDIR(st.st_mode):
                        visit(child)
        finally:
            os.close(fd)

    with contextlib.suppress(OSError):
        found["/"] = describe(base, os.stat(base + "/."))
    visit("")
    return found


def mount_lines(pid):
    """(device, type, super options) of each mount."""
    for line in read(f"/proc/{pid}/mountinfo").splitlines():
        left, right = line.split(" - ", 1)
        major, minor = left.split()[2].split(":")
        kind, _, options = right.split(" ", 2)
        yield os.makedev(int(major), int(minor)), kind, options, left.split()[4]


def target_files(pid):
    skip = {device for device, kind, _, _ in mount_lines(pid) if kind in NO_FILES}
    return walk(f"/proc/{pid}/root", skip)


def target_upper(pid):
    """The writable layer of an overlay root, as the host sees it."""
    for _, kind, options, point in mount_lines(pid):
        if kind == "overlay" and point == "/":
            for option in options.split(","):
                if option.startswith("upperdir="):
                    return walk(option.split("=", 1)[1])
    return {}


def cgroup_roots():
    """{controllers: mount point}; the unified tree is ''."""
    found = {}
    for line in read("/proc/self/mounts").splitlines():
        _, point, kind, options = line.split()[:4]
        if kind == "cgroup2":
            found[""] = point
        elif kind == "cgroup":
            found[point.rsplit("/", 1)[1]] = point
    return found


def target_cgroups(pid):
    """Members of the target's own cgroups: not of those it shares with us."""
    ours, found = processes.cgroups("self"), {}
    for controllers, path in processes.cgroups(pid).items():
        root = cgroup_roots().get(controllers.replace("name=", ""))
        if root and path != ours.get(controllers) and path != "/":
            for directory, _, _ in os.walk(root + path):
                found[directory] = " ".join(sorted(read(directory + "/cgroup.procs").split()))
    return found


# The host

def host_cgroups():
    """
    Every directory of every hierarchy; where others work too, only those of the sessions that we have started, which
    bear the pid.
    """
    from program import Program
    ours, found = tuple(f"/dbgattach-{pid}-" for pid in Program.ever), {}
    for root in cgroup_roots().values():
        for directory, _, _ in os.walk(root):
            if "/dbgtest-" not in directory and (STRICT or any(prefix in directory for prefix in ours)):
                found[directory] = "cgroup"
    return found


def host_mounts():
    found = {}
    for line in read("/proc/self/mountinfo").splitlines():
        fields = line.split()
        if not fields[4].startswith(FOREIGN_MOUNTS):
            found[" ".join(fields[2:])] = "mount"
    return found


def host_processes():
    """What is below us and no Popen waits for: dbgattach's orphans come to us, because we are a subreaper."""
    from program import Program
    processes.reap_orphans(Program.known)
    found = {}
    for pid in processes.descendants(os.getpid()):
        p = process(pid)
        if p and pid not in Program.known:
            found[pid] = f"{p.state} {p.comm} {readlink(f'/proc/{pid}/exe')}"
    return found


def host_locks():
    """Locks of processes below us, and those of open file descriptions, which have no process."""
    below = {str(pid) for pid in processes.descendants(os.getpid())} | {"-1"}
    lines = (line.split(None, 1)[1] for line in read("/proc/locks").splitlines())
    return {line: "lock" for line in lines if line.split()[3] in below}


def host_loops():
    return {name: read(f"/sys/block/{name}/loop/backing_file").strip() for name in listdir("/sys/block")
            if name.startswith("loop") and os.path.exists(f"/sys/block/{name}/loop/backing_file")}


def host_files():
    found = {}
    for top in WATCHED:
        for directory, subdirectories, files in os.walk(top):
            deep = directory.count("/") > top.count("/") + 1
            for name in subdirectories + files:
                path = f"{directory}/{name}"
                if not path.startswith(CHURN) and (STRICT or "/run/dbgattach" in path):
                    found[path] = "file"
            subdirectories[:] = [] if deep else [s for s in subdirectories if not f"{directory}/{s}".startswith(CHURN)]
    return found


def host_keyrings():
    """They bear no name that would tell whose they are."""
    found = {}
    for line in read("/proc/keys" if STRICT else "/dev/null").splitlines():
        fields = line.split()
        if len(fields) > 8 and fields[7] == "keyring" and fields[5] == "0" and "_ses" in line:
            found[fields[0]] = "session keyring"
    return found


TARGET_PARTS = {"mounts of the target": target_mounts, "processes of the target": target_processes,
                "files of the target": target_files, "upper directory": target_upper,
                "cgroups of the target": target_cgroups}
HOST_PARTS = {"cgroups of the host": host_cgroups, "mounts of the host": host_mounts,
              "processes of the host": host_processes, "locks": host_locks, "loop devices": host_loops,
              "files of the host": host_files, "keyrings": host_keyrings}


def take(target=None):
    """A snapshot; without a target, or of one that is gone, of the host alone."""
    shot = {name: part() for name, part in HOST_PARTS.items()}
    if target is not None and target.alive():
        shot.update({name: part(target.pid) for name, part in TARGET_PARTS.items()})
    return shot


def difference(before, after):
    """[(part, key, before, after)], None where there was nothing."""
    found = []
    for part in before:
        if part not in after:
            continue
        old, new = before[part], after[part]
        for key in sorted(set(old) | set(new), key=str):
            if old.get(key) != new.get(key) and (part in TARGET_PARTS or key not in old):
                found.append((part, key, old.get(key), new.get(key)))
    return found


def in_words(differences):
    return "\n".join(f"  {part}: {key}\n    before: {old}\n    after:  {new}" for part, key, old, new in differences)


def settle(before, target=None, within=BOUND):
    """The differences that are still there when there is no hope left; [] as soon as there are none."""
    deadline, pause = time.monotonic() + within, 0.01
    while True:
        differences = difference(before, take(target))
        if not differences or time.monotonic() > deadline:
            return differences
        time.sleep(pause)
        pause = min(pause * 2, 0.25)


@contextlib.contextmanager
def unchanged(target=None, within=BOUND):
    """What is done inside leaves nothing."""
    before = take(target)
    yield
    left = settle(before, target, within)
    assert not left, f"left after {within} s:\n{in_words(left)}"
