# SPDX-License-Identifier: Apache-2.0
"""What inject has written down, and the session in it as plain values that two runs can be compared by."""
import json
import os
import re
import signal

# What we send ourselves; SIGPWR ends an init that was just born, before it blocks it. Whoever dies by another one has crashed.
OWN_KILLS = {signal.SIGKILL, signal.SIGPWR}
SESSION_NAME = re.compile(r"\b\d+-[0-9a-f]{9,}-\d*")
# Of /proc/PID/status: counters, pids, and what the tracer itself changes.
STATUS_NOISE = re.compile(r"State|Tgid|Ngid|Pid|PPid|TracerPid|FDSize|NS(tgid|pid|pgid|sid)|Vm\w+|Rss\w+|HugetlbPages|SigQ|SigPnd|ShdPnd|"
                          r"\w*ctxt_switches|Threads|CoreDumping|Cpus_allowed\w*|Mems_allowed\w*|x86_Thread\w*")
WAITED_FOR = sum(1 << number - 1 for number in (signal.SIGINT, signal.SIGQUIT, signal.SIGTERM, signal.SIGHUP, signal.SIGUSR1,
                                                signal.SIGUSR2, signal.SIGCHLD, signal.SIGPWR))
# Calls whose effect nothing outside shows, by their first argument: PDEATHSIG, DUMPABLE, KEEPCAPS, CHILD_SUBREAPER, NO_NEW_PRIVS.
UNSEEN = {"prctl": {1, 4, 8, 36, 38}, "keyctl": {1}}


class Record:
    def __init__(self, data, out, err):
        self.out, self.err = out, err
        self.injected, self.monitor, self.status, self.ms = None, None, None, 0
        self.calls, self.born, self.execs, self.crashed, self.left, self.hanging = [], {}, set(), [], [], []
        self.did, self.blocks, self.ends = {}, {}, []
        self.parse(data)

    def parse(self, data):
        at = 0
        while at < len(data):
            end = data.index(b"\n", at)
            words = data[at:end].decode().split(" ")
            at = end + 1
            if words[0].startswith("@"):
                length = int(words[2])
                self.blocks[(words[0][1:], words[1])] = data[at:at + length].decode("utf-8", "replace")
                at += length + 1
            else:
                getattr(self, "on_" + words[0])(*words[1:])

    def on_born(self, path, pid):
        self.born[path] = int(pid)
        self.monitor = self.monitor or int(pid)

    def on_exec(self, path):
        self.execs.add(path)

    def on_call(self, path, name, turn, argument):
        self.calls.append((path, name, int(turn), int(argument)))

    def on_injected(self, path, name, turn, first, second):
        self.injected = (path, name, int(turn), int(first), int(second))

    def on_did(self, path, name, first, second):
        if int(first) in UNSEEN[name]:
            self.did[(path, name, int(first))] = int(second)

    def on_exit(self, path, status):
        self.ends.append(f"{path} {status}")

    def on_killed(self, path, number):
        self.ends.append(f"{path} {signal.Signals(int(number)).name}")
        if path.count("x") < 2 and (int(number) not in OWN_KILLS or path == "m"):
            self.crashed.append(f"{path} by {signal.Signals(int(number)).name}")

    def on_left(self, path, pid, call):
        self.left.append(f"process {path} in {call}")

    def on_hangs(self, path, pid, call):
        self.hanging.append(f"{path} in {call}")

    def on_end(self, status, ms):
        self.status = os.waitstatus_to_exitcode(int(status)) if int(status) >= 0 else None
        self.ms = int(ms)

    def session(self):
        """{name: text}, empty where the command was never executed."""
        if not self.blocks:
            return {}
        found = {}
        for (who, name), text in self.blocks.items():
            found.update(plain(f"{who} {name}", name, text))
        if self.status is not None and self.status == 0:
            found.update(told(self.out.decode("utf-8", "replace")))
        return found


def numbered(text, pattern):
    """Each different match becomes its number in the order of appearance."""
    seen = {}
    return re.sub(pattern, lambda match: f"<{seen.setdefault(match.group(0), len(seen))}>", text)


def plain_mounts(key, text):
    """
    {key + mount point: what is there}, without the numbers that are other ones each time. The toolbox is a read-only
    superblock, of whichever filesystem: an image, or, where that cannot be mounted, an overlay of its unpacked files.
    """
    mounts = [line.split(" - ") for line in text.splitlines()]
    mounts = [(left.split(" "), right.split(" ")) for left, right in mounts]
    points = {left[0]: left[4] for left, _ in mounts}
    found = {}
    for left, (kind, source, options) in mounts:
        device = "anonymous" if left[2].startswith("0:") else left[2]
        if left[4] in ("/dbg", "/dbg/libexec/dbgattach") and kind in ("erofs", "overlay") and options.split(",")[0] == "ro":
            kind, source, options = "read-only", "toolbox", "-"
            left[5] = left[5].replace(",idmapped", "")  # the unpacked files have the owners that the map would give
        name = f"{key} {left[4]}"
        words = [f"in {points.get(left[1], '-')}", device, *left[3:], kind, source, options]
        if left[4].startswith("/proc/"):
            # Masked by the target's runtime or by us, once or twice: it is read-only or covered.
            words = ["masked" if "ro" in left[5].split(",") or left[3].endswith("/null") else "writable"]
        elif left[4] == "/proc":
            words = [kind, *sorted({"nosuid", "nodev", "noexec"} & set(left[5].split(",")))]
        while name in found and found[name] != " ".join(words):
            name += " again"
        found[name] = " ".join(words)
    return found


def plain(key, name, text):
    text = SESSION_NAME.sub("SESSION", text)
    if name == "status":
        lines = (line.split(":", 1) for line in text.splitlines())
        found = {f"{key} {field}": value.strip() for field, value in lines if not STATUS_NOISE.fullmatch(field)}
        if key.startswith("init") and f"{key} SigBlk" in found:
            # Blocked are all, but for those that it waits for at the moment.
            found[f"{key} SigBlk"] = f"{int(found[f'{key} SigBlk'], 16) | WAITED_FOR:x}"
        return found
    if name == "limits":
        return {f"{key} {line[:26].strip()}": line[26:].strip() for line in text.splitlines()}
    if name == "mountinfo":
        return plain_mounts(key, text)
    if name == "ns":
        links = dict(line.split(" ", 1) for line in text.splitlines())
        return {f"{key} {kind}": "of its own" if kind == "mnt" else link for kind, link in links.items()
                if not kind.endswith("_for_children")}
    if name == "fd":
        return {key: numbered("\n".join(sorted(text.splitlines())), r"(pipe|socket):\[\d+\]")}
    return {key: text}


def told(out):
    """The session's own report."""
    text, found = out.replace("\r\n", "\n"), {}
    decoder = json.JSONDecoder()
    while text.lstrip().startswith("{"):
        text = text.lstrip()
        try:
            report, end = decoder.raw_decode(text)
        except ValueError:
            break
        text = text[end:]
        report["pids"] = [report.get("sid") == report.get("pid"), report.get("pgid") == report.get("pid"),
                          report.get("foreground") == report.get("pid")]
        for name in ("pid", "ppid", "sid", "pgid", "foreground"):
            report.pop(name, None)
        report.get("ns", {}).pop("mnt", None)
        found.update(plain_mounts("told mount", report.pop("mountinfo", "")))
        report["fds"] = numbered(json.dumps(report.get("fds")), r"(pipe|socket):\[\d+\]")
        report["cgroup"] = SESSION_NAME.sub("SESSION", report.get("cgroup", ""))
        found.update({f"told {name}": json.dumps(value) for name, value in report.items()})
    found["told rest"] = text
    return found
