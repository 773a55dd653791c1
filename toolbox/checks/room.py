"""A root that the toolbox is tried in: empty, or full of traps; with a target as PID 1 of a namespace of its own, and a
session's capabilities. The caller is in mount, PID and network namespaces of its own already.
"""
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import time

import services
import traps
import watch

HERE = pathlib.Path(__file__).resolve().parent
# As the contract has it: built by the runtime, nothing of the caller's but TERM.
SESSION = {
    "PATH": "/dbg/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/dbg/rw",
    "TMPDIR": "/dbg/rw/tmp", "SHELL": "/dbg/bin/bash", "TERM": "xterm", "LANG": "C.UTF-8",
    "DBGATTACH_PROMPT": "web$(ps)(general)", "DBGATTACH_TOOLBOX": "core sha256:0123456789ab",
}
BARE = {"HOME": "/dbg/rw"}
# The profile netadmin's, and what chroot itself needs.
CAPABILITIES = "-all,+sys_ptrace,+dac_read_search,+kill,+net_raw,+setuid,+setgid,+net_admin,+net_bind_service,+sys_chroot"
POOR = "-all,+sys_chroot"
# Whom the target runs as: not root, so that a session's root has to go by its capabilities.
USER = 1000
TRACE = ("-f", "-qq", "-y", "--seccomp-bpf", "-e", "signal=none", "-s", "4096",
         "-e", "trace=open,openat,openat2,execve,execveat,access,faccessat,faccessat2")
CALL = re.compile(r'^\d+ +(\w+)\((?:(?:AT_FDCWD|\d+)<([^>]*)>, )?"((?:[^"\\]|\\.)*)"(.*)$', re.M)
# What a terminal is told, less the text.
CONTROL = re.compile(rb"\x1b\[[0-9;?>=!]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[()][0-9A-B]|"
                     rb"\x1b[=>78MDEHc]|[\x0e\x0f]")


def run(*args):
    subprocess.run([str(arg) for arg in args], check=True)


class Result:
    def __init__(self, output, status, opened):
        self.output, self.status, self.opened = output, status, opened


class Room:
    def __init__(self, root, tree, scratch, hostile):
        self.root, self.tree, self.scratch, self.log = root, tree, scratch, scratch / "strace.log"
        self.tools = {name: shutil.which(name) for name in ("strace", "nsenter", "setpriv", "chroot")}
        root.mkdir()
        run("mount", "-t", "tmpfs", "-o", "mode=755", "room", root)
        for name in ("app", "dbg", "dev/pts", "etc", "proc", "root", "sprung", "sys"):
            (root / name).mkdir(parents=True)
        self.mount()
        (root / "etc/passwd").write_text("root:x:0:0:root:/root:/bin/sh\n")
        (root / "etc/resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        (root / "app/data").write_text("data of the target\n")
        self.network()
        self.start_target()
        services.start(*self.certificate())
        if hostile:
            traps.plant(root, tree, scratch)
            traps.sprung(root)

    def mount(self):
        run("mount", "--rbind", self.tree, self.root / "dbg")
        run("mount", "-o", "remount,bind,ro", self.root / "dbg")
        run("mount", "-t", "tmpfs", "-o", "mode=1777", "rw", self.root / "dbg/rw")
        (self.root / "dbg/rw/tmp").mkdir()
        run("mount", "-t", "sysfs", "-o", "ro", "sysfs", self.root / "sys")
        run("mount", "-t", "devpts", "-o", "newinstance,ptmxmode=0666,mode=0620", "devpts", self.root / "dev/pts")
        for name in ("null", "zero", "full", "random", "urandom", "tty"):
            (self.root / "dev" / name).touch()
            run("mount", "--bind", f"/dev/{name}", self.root / "dev" / name)
        for link, name in (("pts/ptmx", "ptmx"), ("/proc/self/fd", "fd"), ("/proc/self/fd/0", "stdin"),
                           ("/proc/self/fd/1", "stdout"), ("/proc/self/fd/2", "stderr")):
            os.symlink(link, self.root / "dev" / name)

    def network(self):
        for words in ("link set lo up", "link add eth0 type veth peer name eth1", "address add 192.0.2.1/24 dev eth0",
                      "link set eth0 up"):
            run(self.tools["chroot"], self.root, "/dbg/bin/ip", *words.split())

    def start_target(self):
        """Before the traps are there: what it loads is its own affair."""
        app = self.root / "app"
        run(os.environ.get("CC", "cc"), "-g", "-O1", "-fno-omit-frame-pointer", "-pthread", "-Wl,-z,lazy",
            "-Wl,-rpath,/app/lib", "-Wl,--dynamic-linker=/app/lib/ld.so", "-o", app / "server", HERE / "target.c")
        (app / "lib").mkdir()
        listed = subprocess.run(["ldd", "/bin/sh"], check=True, capture_output=True, text=True).stdout
        for path in re.findall(r"(/\S+)", listed):
            name = "ld.so" if "/ld-linux" in path else os.path.basename(path)
            shutil.copy(path, app / "lib" / name)
        (app / "log").touch()
        os.chown(app / "log", USER, USER)
        shell = (f"mount -t proc proc {self.root}/proc && "
                 f"exec {self.tools['chroot']} --userspec={USER}:{USER} {self.root} /app/server")
        unshare = subprocess.Popen(["unshare", "-p", "--fork", "--kill-child", "sh", "-c", shell],
                                   env={"PATH": os.environ["PATH"]})
        children = pathlib.Path(f"/proc/{unshare.pid}/task/{unshare.pid}/children")
        deadline = time.monotonic() + 10
        while (app / "log").stat().st_size == 0:
            if time.monotonic() > deadline or unshare.poll() is not None:
                raise RuntimeError("the target does not start")
            time.sleep(0.02)
        self.target = int(children.read_text().split()[0])

    def certificate(self):
        """By the toolbox's own openssl, which so has done its first work."""
        (self.root / "app/req.cnf").write_text("[req]\ndistinguished_name = dn\n[dn]\n")
        made = self.run('OPENSSL_CONF=req.cnf openssl req -x509 -newkey rsa:2048 -nodes -keyout tls.key -out tls.crt -days 2 '
                        '-subj /CN=localhost -addext subjectAltName=DNS:localhost,DNS:web.test', SESSION, traced=False)
        if made.status:
            raise RuntimeError(made.output)
        return self.root / "app/tls.crt", self.root / "app/tls.key"

    def command(self, command, traced, poor):
        enter = [self.tools["nsenter"], f"--pid=/proc/{self.target}/ns/pid", self.tools["setpriv"],
                 f"--bounding-set={POOR if poor else CAPABILITIES}", self.tools["chroot"], str(self.root)]
        if isinstance(command, str):
            command = ["/dbg/bin/bash", "-c", "cd /app; " + command]
        trace = [self.tools["strace"], *TRACE, "-o", str(self.log)] if traced else []
        return trace + enter + command

    def run(self, command, env, traced=True, keys=(), timeout=15, poor=False):
        """Run a command, a string for bash or a list, in the session; keys: on a terminal, [(wait for, then send)]."""
        self.log.unlink(missing_ok=True)
        args = self.command(command, traced, poor)
        with watch.Watch(self.root, self.target) as seen:
            if keys:
                output, status = on_terminal(args, env, keys, timeout)
            else:
                output, status = in_batch(args, env, timeout)
        first = command[0] if isinstance(command, list) else "/dbg/bin/bash"
        return Result(output, status, self.opened(first) if traced else seen.found)

    def opened(self, first):
        """What the command's processes asked for, from when it was executed: {(path, call)}, paths as the session sees them."""
        _, _, log = self.log.read_text(errors="replace").partition(f'execve("{first}"')
        found = set()
        for call, folder, name, rest in CALL.findall(log):
            if call.startswith("exec") or not rest.rpartition("= ")[2].startswith("-1"):
                resolved = re.search(r"= \d+<([^>]*)>", rest)
                path = resolved.group(1) if resolved else os.path.join(folder, name)
            else:
                path = os.path.join(folder, name)
            if path.startswith("/"):
                path = os.path.normpath(path.removeprefix(str(self.root))) or "/"
            found.add((path, "execute" if call.startswith("exec") else "folder" if "O_DIRECTORY" in rest else "open"))
        return found


def status_of(code):
    return os.waitstatus_to_exitcode(code)


def in_batch(args, env, timeout):
    with subprocess.Popen(args, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          start_new_session=True) as process:
        try:
            output, _ = process.communicate(timeout=timeout)
            status = process.returncode
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, status = process.communicate()[0], "timeout"
    return output.decode(errors="replace"), status


def on_terminal(args, env, keys, timeout):
    pid, terminal = pty.fork()
    if pid == 0:
        os.execve(args[0], args, env)
    seen, mark, deadline = b"", 0, time.monotonic() + timeout
    waiting = list(keys)
    while time.monotonic() < deadline:
        text = CONTROL.sub(b"", seen[mark:]).decode(errors="replace")
        if waiting and re.search(waiting[0][0], text):
            mark = len(seen)
            time.sleep(0.05)  # programs throw away what was typed before they are ready
            os.write(terminal, waiting.pop(0)[1].encode())
        if not select.select([terminal], [], [], 0.2)[0]:
            continue
        try:
            seen += os.read(terminal, 65536)
        except OSError:
            break
    else:
        os.kill(pid, signal.SIGKILL)
    os.close(terminal)
    _, code = os.waitpid(pid, 0)
    status = status_of(code)
    if waiting:
        status = f"no {waiting[0][0]!r}"
    # Both: what was said, and how.
    return CONTROL.sub(b"", seen).decode(errors="replace") + "\0" + seen.decode(errors="replace"), status
