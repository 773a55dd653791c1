# SPDX-License-Identifier: Apache-2.0
"""
The attacks, one row each: how the container is made, what is done to it, and on which naive build it must succeed. What an
attack finds it says itself ("fell ..."); beside that, every attach has to end in time with an exit status that is allowed,
at least one has to work where nothing is said of its end, and the container has to be what it was.
"""
import contextlib
import fcntl
import glob
import os
import resource
import shutil
import signal
import stat
import struct
import subprocess
import termios
import time
from dataclasses import dataclass, field

import processes
from field import BOUND, Broken, Setup
from processes import Late
from program import STEPS, Program
from ptydriver import Terminal

GENERAL_CAPS = sum(1 << bit for bit in (2, 5, 6, 7, 13, 19))  # DAC_READ_SEARCH KILL SETGID SETUID NET_RAW SYS_PTRACE
SECRET = "the-caller-s-secret-7c1f"
SLEEP = ("/dbg/bin/sleep", "0.25")
TRUE = ("/dbg/bin/true",)
TIOCGPTN = 0x80045430
EVERYWHERE = ("C0", "CP", "CA", "CU", "CUP")
UNTRACED = ("C0", "CU")
# Who is outside of its user namespace is not even let ask such a server: that cannot hang.
NO_ANSWER = "exit 125: dbgattach: (timeout: |denied: .*Permission denied$)"
STOPPED = "exit (124|137): "


@dataclass
class Attack:
    name: str
    what: str
    play: object  # called with the Field
    falls: str  # what it says, or is said of it, when it has succeeded: a pattern. Nothing else counts on a naive build
    attack: tuple = ("idle",)
    # (protections left out, joined by +; where it must succeed then). "tool": a dynamic tool instead of the toolbox's;
    # "shield": a session without a capability that the container lacks.
    naive: tuple = ()
    more: dict = field(default_factory=dict)  # of Setup, or a function of the world and the kind that returns it
    ends: str = ""  # "exit STATUS: STDERR" of a session that the attack may keep from working: a pattern
    changes: tuple = ()  # of the container's "mounts", "files" and "/dev": what the attack itself keeps changing, or hangs
    granted: tuple = ()  # where it succeeds, as SECURITY.md says

    def setup(self, world, kind):
        more = self.more(world, kind) if callable(self.more) else self.more
        return Setup(**{"attack": self.attack, **more})


# ---- who looks at the session's processes ---------------------------------------------------------------------------

def spy(f):
    env = {"SECRET": SECRET}
    f.attach(*SLEEP, env=env)
    f.attach("/attacker", "probe", "sleep", "150", env=env)


def spy_at_barriers(f):
    """Each process that could be visible is held at each of its steps."""
    for stage in [f"{process}/{step}" for process in ("entry", "launcher", "init") for step in STEPS[process]]:
        if stage == "init/reap":
            continue
        session = f.start(*TRUE, barrier=stage, env={"SECRET": SECRET})
        try:
            session.at_barrier()
        except (Late, AssertionError) as late:
            f.fall(f"not at {stage}: {late}")
            continue
        time.sleep(0.015)
        session.release()
        f.finish(session)


def leaked(f):
    """Open descriptors of the caller's, a directory of the host's among them, and a working directory there."""
    low = [os.open("/", os.O_RDONLY | os.O_DIRECTORY), os.open("/etc/shadow", os.O_RDONLY)]
    host, secret = (fcntl.fcntl(fd, fcntl.F_DUPFD, 30) for fd in low)  # where no descriptor of ours covers them by chance
    try:
        for command in (("/attacker", "probe", "fds"), ("/attacker", "probe", "view")):
            f.attach(*command, pass_fds=(host, secret), cwd="/root")
    finally:
        for fd in (*low, host, secret):
            os.close(fd)


def stdio(f):
    path = os.path.join(f.world.directory, "callers-file")
    with open(path, "w") as file:
        file.write("untouched\n")
    os.chmod(path, 0o600)
    with open(path) as stdin, open(path + ".out", "wb") as stdout:
        os.chmod(path + ".out", 0o600)
        session = f.start("/dbg/bin/sh", "-c", "sleep 0.3; echo ours", stdin=stdin, stdout=stdout)
        session.popen.stdin = session.popen.stdout = None
        f.finish(session, input=None)
    if processes.read(path) != "untouched\n" or processes.read(path + ".out") != "ours\n":
        f.fall("the caller's file was changed")


def host_secret(world, kind):
    """A file that only the host has."""
    path = os.path.join(world.directory, "host-secret")
    with open(path, "w") as file:
        file.write(SECRET)
    return {"attack": ("root", path)}


def exe_by_interpreter(f):
    """A script and a program of the target's that name the executing program as their interpreter."""
    for name in ("/evil-script", "/evil-elf"):
        f.attach(name, "probe", "sleep", "100", expect=None)
    f.attach("/dbg/bin/sh", "-c", "/evil-script; /dbg/bin/sleep 0.2", expect=None)


def elf_with_interpreter(interpreter):
    """A program that does nothing but name an interpreter."""
    text = interpreter.encode() + b"\0"
    header = struct.pack("<16sHHIQQQIHHHHHH", b"\x7fELF\x02\x01\x01", 3, 62, 1, 0, 64, 0, 0, 64, 56, 2, 64, 0, 0)
    interp = struct.pack("<IIQQQQQQ", 3, 4, 176, 176, 176, len(text), len(text), 1)
    load = struct.pack("<IIQQQQQQ", 1, 5, 0, 0, 0, 4096, 4096, 4096)
    return (header + interp + load + text).ljust(4096, b"\0")


INTERPRETERS = {"files": {"evil-script": b"#!/proc/self/exe\n", "evil-elf": elf_with_interpreter("/proc/self/exe")},
                "prepare": lambda root: [os.chmod(f"{root}/{name}", 0o755) for name in ("evil-script", "evil-elf")]}


# ---- trees --------------------------------------------------------------------------------------------------------------

LINKS = ("/swap-link", "/data-link", "/etc-link", "/work-link")


def repeated(count, *command, expect=(0,), options=(), **how):
    def play(f):
        for _ in range(count if not f.weakened else 40):
            f.attach(*command, expect=expect, options=options, **how)
            if f.weakened and (f.falls or f.said("fell")):
                break
    return play


def link_not_followed(f):
    """In / the links are links, whatever they point to."""
    f.probe("view", "/to-root", "/up")


def own_dbg(world, kind):
    return {"programs": ("dbg/bin/sh", "dbg/bin/true"),
            "copies": ((f"{world.build}/toolbox/launcher", "dbg/libexec/dbgattach/launcher"),)}


def full(f):
    """Nothing can be mounted any more: the session is as it has to be, or is not."""
    f.attach("sh", "-c", "true", expect=(0, 125), within=5)


def fake_dbg(f):
    f.attach("sh", "-c", "true")
    f.probe("view")


def late_proc(f):
    """/proc is exchanged between the look at it and its use."""
    session = f.start("/attacker", "probe", "proc", barrier="entry/unshare")
    try:
        session.at_barrier()
    except (Late, AssertionError) as late:
        raise Broken(str(late)) from None
    os.kill(f.pid, signal.SIGUSR1)
    f.wait_for_line("note covered")
    session.release()
    f.finish(session, expect=(0, 125))


def fake_dev(f):
    f.probe("dev")
    f.probe("dev", options=("-t",))
    f.attach("/dbg/bin/sh", "-c", "tty && echo overwritten >/dev/null", options=("-t",))
    if b"a marker" not in read_inside(f, "/dev/null"):
        f.fall("a file that the target calls /dev/null was written to")


def read_inside(f, path):
    """As the container's first process sees it, without a trace; only for what is surely a plain file there."""
    fd = os.open(f"/proc/{f.pid}/root{path}", os.O_RDONLY | os.O_NOATIME)
    try:
        return os.read(fd, 4096)
    finally:
        os.close(fd)


def planted(f):
    f.probe("plant", "/planted", "/etc/planted", "/data/planted", "/dev/planted", "/tmp/planted")


# ---- files that a tool reads -----------------------------------------------------------------------------------------------

def user_by_name(f):
    f.attach(*TRUE, options=("-u", "app"), expect=(125,))


def libraries(*prepare_files):
    def more(world, kind):
        built = os.path.join(world.build, "hostile")
        folder = os.path.dirname(glob.glob("/lib/*/libc.so.6")[0])
        copies = [(f"{folder}/libc.so.6", f"{folder}/libc.so.6"), (f"{built}/naivetool", "naivetool"),
                  (f"{built}/libdbgnaive.so", f"{folder}/libdbgnaive.so"), (f"{built}/evil.so", "evil/evil.so")]
        loader = next(path for path in (glob.glob("/lib64/ld-linux*.so.*") + glob.glob("/lib/ld-linux*.so.*")))
        copies.append((loader, loader))
        files = {"etc/passwd": b"root:x:0:0::/root:/bin/sh\n"}
        for source in prepare_files:
            source(files, copies, folder, built)
        run_ldconfig = any(source is cache for source in prepare_files)
        return {"files": files, "copies": [(source, name.lstrip("/")) for source, name in copies],
                "prepare": (lambda root: subprocess.run(["/sbin/ldconfig", "-X", "-r", root], check=True, capture_output=True))
                if run_ldconfig else None}
    return more


def preload(files, copies, folder, built):
    files["etc/ld.so.preload"] = b"/evil/evil.so\n"


def cache(files, copies, folder, built):
    """The library that the tool needs is only where the cache says."""
    copies[:] = [copy for copy in copies if not copy[1].endswith("libdbgnaive.so")]
    copies.append((f"{built}/evil.so", "evil/libdbgnaive.so"))
    files["etc/ld.so.conf"] = b"/evil\n"


def nss(files, copies, folder, built):
    files["etc/nsswitch.conf"] = b"passwd: evil\ngroup: evil\nhosts: evil\n"
    copies.append((f"{built}/evil.so", f"{folder}/libnss_evil.so.2"))


def gconv(files, copies, folder, built):
    folder = "/usr" + folder.removeprefix("/usr")
    files[f"{folder.lstrip('/')}/gconv/gconv-modules"] = b"module EVIL// INTERNAL EVIL 1\nmodule INTERNAL EVIL// EVIL 1\n"
    copies.append((f"{built}/evil.so", f"{folder}/gconv/EVIL.so"))


TOOLS = ("id; id nobody; ls -la / /etc; ps; whoami; cat /etc/passwd; date; hostname; find /etc -name p*; stat /etc; "
         "vi --help; awk 1 /etc/passwd; df; nslookup localhost; wget --help; tar --help; env")


def tools(f):
    """What a session's tools read by themselves."""
    if "tool" in f.program.without:
        f.attach("/naivetool", expect=None)
    else:
        f.attach("/dbg/bin/sh", "-c", TOOLS.replace(";", " >/dev/null 2>&1;") + " | grep '^fell'; true", within=5)
        f.attach("/dbg/bin/sh", "-c", TOOLS, expect=None, within=5)


RC = b"echo fell a start-up file of the target was read\n"
RC_NAMES = ("etc/profile", "etc/bash.bashrc", "etc/inputrc", "root/.profile", "root/.bashrc", "root/.ashrc", ".profile",
            ".ashrc", "etc/ash.ashrc", "evil.rc", "etc/profile.d/evil.sh", "etc/vi.exrc", "root/.exrc", "etc/toprc")
NAMES = ("sh", "ls", "ps", "id", "cat", "xz", "tar", "getent", "nsenter", "unpigz", "busybox", "sleep", "env")
STEERING = ("LD_PRELOAD=/evil.so", "LD_AUDIT=/evil.so", "LD_LIBRARY_PATH=/evil", "GLIBC_TUNABLES=glibc.malloc.check=3",
            "GCONV_PATH=/evil", "BASH_ENV=/evil.rc", "ENV=/evil.rc", "BASH_FUNC_ls%%=() { echo fell; }",
            "PROMPT_COMMAND=echo fell a prompt command", "PS1=$(echo fell >&2)", "PYTHONSTARTUP=/evil.rc", "TERMINFO=/evil",
            "IFS=/", "NEW\nLINE=x", "HOME=/root", "HARMLESS=yes", "LESSOPEN=|/evil.rc", "PERL5OPT=-Mevil")
STEERING_NAMES = ("LD_", "GLIBC", "GCONV", "BASH", "ENV=", "PROMPT", "PYTHON", "TERMINFO", "IFS", "NEW", "LESS", "PERL")


def login_shell(f):
    f.attach(input=b"ls / >/dev/null\nexit 0\n")
    f.attach("/dbg/bin/sh", "-l", "-i", options=("-t",), input=b"exit\n", expect=None)


def shell_with_env(f):
    f.attach("/dbg/bin/sh", "-i", input=b"exit 0\n", expect=None)
    f.attach("/dbg/bin/sh", "-i", options=("-t",), input=b"exit\n", expect=None)


def by_name(f):
    for name in ("ls", "id", "ps", "sh"):
        f.attach(name, "--help", expect=None)
    f.attach("sh", "-c", "ls / >/dev/null; id -u; ps >/dev/null")


# ---- signals, endings, cost ---------------------------------------------------------------------------------------------------

def stopped(*command, options=()):
    def play(f):
        f.attach(*command, expect=(0, 125, 137), options=options)
        f.attach("/dbg/bin/sleep", "100", options=("--timeout", "1", *options), expect=(124, 125, 137), within=8)
    return play


def stopped_and_told_to_end(f):
    """Everybody is kept stopped; the end that the caller asks for comes all the same."""
    session = f.start("/dbg/bin/sleep", "1000")
    time.sleep(0.15)
    processes.send(session.pid, signal.SIGTERM)
    f.finish(session, expect=None)


def killed(f):
    for _ in range(3):
        f.attach("/attacker", "probe", "orphans", "long", expect=(0, 125, 137))


def orphans(f):
    """Whoever is root on the host may move them, and early enough there is no session; another's root is refused, but tried."""
    for _ in range(3 if not f.weakened else 12):
        if f.probe("orphans", expect=(0, 125, 137)).code == 0 and f.weakened:
            break
    if not f.said("note moved" if not f.kind.userns else "note refused"):
        raise Broken(f"no process was moved: {f.lines()}")


def traced(f):
    """Who may trace the session may hold it, but neither dbgattach nor its end."""
    options = ("--profile", "restricted") if "shield" in f.program.without else ()
    f.attach(*SLEEP, options=("--timeout", "1", *options), within=10,  # and the grace of five
             expect=(0,) if f.kind.name in UNTRACED else (0, 124, 125, 137))


def held(*options):
    def play(f):
        f.attach("/attacker", "probe", "give", options=options)
        if not f.said("note"):
            raise Broken("nothing was given away")
    return play


def bomb(f):
    session = f.start("/attacker", "probe", "bomb", "560")
    f.finish(session, expect=None, within=8)
    if f.kind.name == "C0" and not f.falls:
        f.attach(*TRUE)


def unread_flood(f):
    """A reader that has stopped reading: the session waits, nothing grows."""
    session = f.start("/dbg/bin/yes")
    time.sleep(0.3)
    if (peak := processes.peak_kib(session.pid)) > 8192:
        f.fall(f"the monitor has grown to {peak} KiB")
    processes.send(session.pid, signal.SIGTERM)
    f.finish(session, expect=None)


def many_mounts(f):
    f.attach("/attacker", "probe", "view", expect=(0, 125), within=5)


# ---- what a program that is run in the session tries -----------------------------------------------------------------------------

def caller_keys(f):
    f.attach("/attacker", "probe", "keys", "secret", prefix=(f.world.helper("payload"), "withkey", "secret"))


@contextlib.contextmanager
def injection_allowed():
    """Where the kernel refuses it to everybody (dev.tty.legacy_tiocsti=0), nothing would be shown."""
    path = "/proc/sys/dev/tty/legacy_tiocsti"
    before = processes.read(path).strip()
    try:
        if before == "0":
            with open(path, "w") as file:
                file.write("1")
        yield
    finally:
        if before == "0":
            with open(path, "w") as file:
                file.write(before)


def tiocsti(f):
    with injection_allowed():
        for options, stdin in (((), ""), (("-T",), " </dev/null")):
            type_into_callers_terminal(f, options, stdin)


def type_into_callers_terminal(f, options, stdin):
    """Keys for the caller's terminal: what waits there to be read afterwards."""
    command = ["/bin/sh", "-c", f'exec "$0" "$@"{stdin}', f.program.path(), *options, f.container.ref, "/attacker", "probe",
               "tiocsti"]
    terminal = Terminal(command, f.world.helper("payload"), f.program.environment())
    try:
        f.ended(terminal.wait(BOUND))
        number = struct.unpack("i", fcntl.ioctl(terminal.master, TIOCGPTN, bytes(4)))[0]
        slave = os.open(f"/dev/pts/{number}", os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            attributes = termios.tcgetattr(slave)
            attributes[3] &= ~(termios.ICANON | termios.ECHO)
            termios.tcsetattr(slave, termios.TCSANOW, attributes)
            time.sleep(0.02)
            with contextlib.suppress(BlockingIOError):
                if b"INJECTED" in os.read(slave, 4096):
                    f.fall("keys were typed into the caller's terminal")
        finally:
            os.close(slave)
    except Late as late:
        f.fall(f"hung: {late}")
    finally:
        terminal.close()


def setuid_program(f):
    for name in ("/suid", "/filecap"):
        f.attach("/attacker", "probe", "setuid", name, options=("-u", "1000:1000"))


def make_setuid(root):
    for name in ("suid", "filecap"):
        shutil.copy(f"{root}/attacker", f"{root}/{name}")
        owner = os.stat(f"{root}/attacker")
        os.chown(f"{root}/{name}", owner.st_uid, owner.st_gid)
    os.chmod(f"{root}/suid", 0o6755)
    # cap_net_raw,cap_sys_admin+ep, as VFS_CAP_REVISION_2
    os.setxattr(f"{root}/filecap", "security.capability", bytes.fromhex("0100000200200020000000000000000000000000"))


def make_device(root):
    for path in (f"{root}/node",):
        os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(10, 229))
        os.chmod(path, 0o666)


def caller_groups(f):
    f.attach("/attacker", "probe", "groups", "6", "44", "999", options=("-u", "1000:1000"),
             prefix=("setpriv", "--groups", "6,44,999"))


def core(f):
    f.attach("/attacker", "probe", "core", preexec_fn=lambda: resource.setrlimit(
        resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2))


# ---- names and numbers ---------------------------------------------------------------------------------------------------------

def escapes(f):
    """Nothing that dbgattach itself prints acts on a terminal."""
    for options in (("--explain",), ("-v",)):
        result = f.attach(*TRUE, options=options, expect=(0, 125))
        for text in (result.out.decode("utf-8", "replace"), result.err):
            if any(not (c.isprintable() or c in "\n\t") for c in text):
                f.fall("what is printed would act on the caller's terminal")


def recycled(f):
    """The container is gone, its state is still there, and its pid now is that of a process of the host's."""
    pid = f.pid
    f.container.kill()
    processes.wait_until(lambda: processes.process(pid) is None, what="the pid to be free")
    other = subprocess.Popen([f.world.helper("pidreuse"), str(pid), f.world.helper("payload"), "pause"],
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
    Program.known.add(other.pid)
    try:
        if other.stdout.readline() != b"pid %d\n" % pid:
            raise Broken("the pid could not be taken")
        if f.attach(*TRUE, expect=(125,)).code == 0:
            f.fall("another process was entered in the container's place")
    finally:
        processes.send(pid, signal.SIGKILL)
        other.wait()
        other.stdout.close()


def host_pids(f):
    """Refused: it could trace and kill whoever runs on the host."""
    if f.attach(*TRUE, expect=(125,)).code == 0:
        f.fall("the host's processes were entered")


def hung(*command, options=(), expect=(125,), within=5.0):
    """The caller is told so within the deadline, and is not drawn in; who hangs goes with the container."""
    def play(f):
        f.attach(*command, options=options, expect=expect, within=within)
        if f.weakened:
            return
        f.compare()
        f.container.stop()
        if f.world.use(f.program).code != 0:
            f.fall("another container cannot be entered any more")
    return play


# What an attack's success sounds like, where several have the same.
SPIED = r"with capabilities|^fd \d+ of|host's own program"
OWN_TOOL = "in the place of the toolbox's|^/dbg is not"
OPEN_PROC = "can be opened for writing|is no procfs"
LIBRARY = "a library of the target's"

ATTACKS = [
    # who looks at the session's processes
    Attack("spy", "takes descriptors, memory and capabilities of every process that becomes visible", spy, SPIED,
           ("spy", f"{GENERAL_CAPS:x}", SECRET), (("VISIBLE_LAST", ("CP", "CA")), ("CAP_DROP+BOUNDING+VERIFY", ("C0",)))),
    Attack("spy-barriers", "the same while each process of ours is held at each of its steps", spy_at_barriers, SPIED,
           ("spy", f"{GENERAL_CAPS:x}", SECRET), (("VISIBLE_LAST", ("CP", "CA")),)),
    Attack("secret-search", "searches environment, arguments and memory for a secret of the caller's", spy,
           "the caller's secret", ("spy", "ffffffffffffffff", SECRET), (("OWN_ENVIRONMENT", ("CP", "CA", "CUP")),)),
    Attack("ptrace", "traces and holds every process that comes", traced, "was traced|memory of process", ("ptrace",),
           (("shield", UNTRACED),), ends=STOPPED, granted=("CP", "CA", "CUP")),
    Attack("exe-overwrite", "opens the session's executables for writing", repeated(2, *SLEEP), "executable.* for writing",
           ("exe",), (("SEALED_TOOLBOX", ("CP", "CA")),)),
    Attack("exe-interpreter", "#!/proc/self/exe, and the same as an ELF interpreter", exe_by_interpreter,
           "executable.* for writing", ("exe",), (("SEALED_TOOLBOX", ("CP", "CA")),), INTERPRETERS),
    Attack("toolbox-unlock", "joins the session's mount namespace and makes the toolbox writable", repeated(2, *SLEEP),
           "^dbg/.* for writing|planted in the toolbox", ("toolbox",), (("SEALED_TOOLBOX", ("CP", "CA")),)),
    Attack("toolbox-unmount", "joins the session's mount namespace and unmounts the toolbox",
           repeated(2, *SLEEP, expect=(0, 127)), "toolbox was unmounted", ("unmount",), ends="exit 127: ", granted=("CA", "CUP")),
    Attack("stdio-reopen", "opens the caller's files behind the session's stdio", stdio, "the caller's file", ("stdio",),
           (("RELAY", ("CP", "CA")),)),
    Attack("host-root", "walks out by the session's root, working directory and magic links", repeated(2, *SLEEP),
           "a file of the host's", naive=(("VISIBLE_LAST", ("CP", "CA")),), more=host_secret),
    Attack("proc-write", "writes to the kernel's switches by /proc/SESSION/root/proc", repeated(2, *SLEEP),
           "^proc/.* for writing", ("procwrite",), (("PROC_MASK", ("CA",)),)),
    Attack("leaked-fds", "descriptors and a working directory of the caller's", leaked, r"^fd \d+ is open",
           naive=(("CLOSE_RANGE", EVERYWHERE),)),

    # trees that lie
    Attack("symlink-storm", "links, folders and files come and go at every path that could be touched",
           repeated(10, "/attacker", "probe", "view", expect=(0, 125)), "in the target|^/(dbg)? ?is not", ("symlinks",),
           (("OWN_ROOT", ("C0",)),), changes=("files", "/dev")),
    Attack("rename-storm", "folders and links out change places",
           repeated(10, "/attacker", "probe", "view", *LINKS, expect=(0, 125)), "was followed", ("renames",),
           (("NOFOLLOW", ("C0",)),), changes=("files", "/dev")),
    Attack("links-in-root", "links to everywhere in /", link_not_followed, "was followed", naive=(("NOFOLLOW", ("C0",)),),
           more={"files": {"to-root": "-> /", "up": "-> ../../../.."}}),
    Attack("fake-dbg", "a /dbg of the target's own, with a launcher", fake_dbg, OWN_TOOL, naive=(("OWN_NAMES", ("C0",)),),
           more=own_dbg),
    Attack("fake-proc", "a tmpfs with lies on /proc", repeated(2, "/attacker", "probe", "proc"), OPEN_PROC, ("fakeproc",),
           (("PROC_MASK", ("CA",)),)),
    Attack("late-proc", "/proc is exchanged after it was looked at", late_proc, OPEN_PROC, ("lateproc",),
           (("PROC_RECHECK", ("CA",)),), ends="exit 125: dbgattach: changed: ", changes=("mounts",)),
    Attack("fake-dev", "FIFOs, files and links in /dev, no devpts", fake_dev, "not what it says|no devpts|was written to",
           ("fakedev",), (("OWN_NAMES", ("CA",)),)),
    Attack("plant-file", "a program run in the session plants files in the target", planted, "was planted",
           naive=(("READ_ONLY_VIEW", ("C0",)),)),
    Attack("shared-mounts", "everything is shared, so that mounts propagate", repeated(2, *TRUE), "appeared in the target",
           ("shared",), (("PRIVATE_MOUNTS", ("CA",)),)),
    Attack("40000-mounts", "40,000 mounts, all shared", many_mounts, "appeared in the target", ("mounts", "40000"),
           (("PRIVATE_MOUNTS", ("CA",)),)),
    Attack("mount-max", "as many mounts as the kernel allows, and a /dbg of its own", full, OWN_TOOL, ("mountmax",),
           (("FAIL_CLOSED", ("CA",)),), own_dbg, ends="exit 125: .*fs.mount-max"),

    # files and variables that steer a tool
    Attack("passwd-fifo", "a FIFO as /etc/passwd", user_by_name, "^hung", ("fifo", "/etc/passwd"),
           (("FILE_NONBLOCK+FILE_DEADLINE", ("C0",)),), ends="exit 125: .*not a regular file"),
    Attack("ld.so.preload", "/etc/ld.so.preload", tools, LIBRARY, naive=(("tool", ("C0",)),), more=libraries(preload)),
    Attack("ld.so.cache", "/etc/ld.so.cache", tools, LIBRARY, naive=(("tool", ("C0",)),), more=libraries(cache)),
    Attack("nsswitch", "/etc/nsswitch.conf and an NSS module", tools, LIBRARY, naive=(("tool", ("C0",)),),
           more=libraries(nss)),
    Attack("gconv", "gconv-modules and a character set module", tools, LIBRARY, naive=(("tool", ("C0",)),),
           more=libraries(gconv)),
    Attack("environ", "variables that steer loaders, shells and interpreters, by the container's configuration",
           lambda f: f.probe("environ", *STEERING_NAMES), "the environment has", naive=(("ENVIRONMENT", ("C0",)),),
           more={"env": STEERING}),
    Attack("environ-process", "the same, by its own /proc/PID/environ",
           lambda f: f.probe("environ", *STEERING_NAMES, options=("--env-from-process",)), "the environment has",
           naive=(("ENVIRONMENT", ("C0",)),), more={"env": STEERING}),
    Attack("shell-env", "ENV and BASH_ENV name a script of the target's", shell_with_env, "start-up file",
           naive=(("ENVIRONMENT", ("C0",)),), more={"env": ("ENV=/evil.rc", "BASH_ENV=/evil.rc"), "files": {"evil.rc": RC}}),
    Attack("rc-files", "every start-up file of a shell or tool, in HOME and /etc", login_shell, "start-up file",
           naive=(("OUR_VARIABLES", ("C0",)),),
           more={"env": ("HOME=/root",), "files": {name: RC for name in RC_NAMES}}),
    Attack("tool-names", "programs named as the tools are, first in the target's PATH", by_name, OWN_TOOL,
           naive=(("OUR_VARIABLES", ("C0",)),), more={"programs": tuple(f"bin/{name}" for name in NAMES)}),

    # who stops, kills, keeps
    Attack("sigstop-all", "stops every process that comes, all the time", stopped(*TRUE), "^hung", ("signal", "19", "all"),
           (("STOPPED", ("C0", "CU")),), ends=STOPPED),
    Attack("sigstop-init", "stops the session's first process", stopped(*TRUE), "^hung", ("signal", "19", "init"),
           (("STOPPED", ("C0",)),), ends=STOPPED),
    Attack("sigstop-end", "keeps everybody stopped while the caller wants to leave", stopped_and_told_to_end, "^hung",
           ("signal", "19", "all"), (("STOPPED", ("C0",)),), ends="exit (137|143): "),
    Attack("sigkill-init", "kills the session's first process, with orphans behind it", killed, "^left behind",
           ("signal", "9", "init", "300"), (("CGROUP", ("C0",)),), ends="exit 137: "),
    Attack("cgroup-thief", "moves the session's processes into its own cgroups", orphans, "^left behind", ("cgroup",),
           (("SUBREAPER", ("CA",)),), ends="exit 125: .*(gone before it was found|not in cgroup)"),
    Attack("slave-holder", "keeps the session's terminal open", held("-t"), "^hung", ("holder",),
           (("BOUNDED_END", ("C0",)),)),
    Attack("output-flood", "keeps the session's output and floods it", held(), "^hung", ("holder", "flood"),
           (("BOUNDED_END", ("C0",)),)),
    Attack("fork-bomb", "a program run in the session forks without end", bomb, r"^\d+ processes in the session",
           naive=(("CGROUP", ("C0",)),)),

    # a program run in the session
    Attack("keyring-thief", "looks for keys of the caller's session", caller_keys, "the caller's key",
           naive=(("KEYRING+SECCOMP+VERIFY", ("C0",)),)),
    Attack("tiocsti", "types into the caller's terminal", tiocsti, "keys were typed",
           naive=(("RELAY+SETSID+SECCOMP+VERIFY", ("C0",)),)),
    Attack("seccomp-gaps", "tries what the filter refuses, by high bits and foreign numbers too",
           lambda f: f.probe("calls"), "is let through", naive=(("SECCOMP+VERIFY", ("C0",)),)),
    Attack("setuid-file", "a setuid root file with file capabilities", setuid_program, "made the session root|gave the session",
           naive=(("NO_NEW_PRIVS+SECCOMP+VERIFY", ("C0",)),), more={"prepare": make_setuid}),
    Attack("device-node", "a device node that the image brought along", lambda f: f.probe("device", "/node"),
           "can be opened", naive=(("NODEV+DEVICES", ("C0",)),), more={"prepare": make_device}),
    Attack("device-in-dev", "a device of the container's in /dev", lambda f: f.probe("device", "/dev/fuse"),
           "can be opened", naive=(("DEVICES", ("C0",)),)),
    Attack("caller-groups", "files of groups that the caller is in", caller_groups, "the caller's group",
           naive=(("GROUPS+VERIFY", ("C0",)),)),
    Attack("core-dump", "a session that crashes with the caller's limits", core, "dump", naive=(("RLIMITS", ("C0",)),)),

    # names, numbers, the host's namespaces
    Attack("escapes", "a working directory whose name acts on a terminal", escapes, "would act on", ("chdir",),
           (("ESCAPE", ("C0",)),)),
    Attack("pid-recycler", "the container's pid is given to a process of the host's", recycled, "another process was entered",
           naive=(("PIN_VERIFY+HOST_PID_CHECK", ("C0",)),), ends="exit 125: dbgattach: changed: "),
    Attack("host-pid", "the target shares the host's PID namespace", host_pids, "processes were entered",
           naive=(("HOST_PID_CHECK", ("C0",)),), more={"host_namespaces": ("pid",)}, ends="exit 125: .*--host-pid"),
    Attack("host-net", "the target shares the host's network", lambda f: f.probe("packet"), "a packet socket",
           naive=(("HOST_NET_CHECK", ("C0",)),), more={"host_namespaces": ("network",)}),

    # filesystems that never answer
    Attack("fuse-tree", "a hung filesystem somewhere in /", hung(*TRUE, expect=(0,), within=BOUND), "^hung", ("fuse", "/hung"),
           (("NO_SYNC", ("CA",)),)),
    Attack("fuse-workdir", "the working directory is on a hung filesystem", hung(*TRUE), "^hung", ("fuse", "/hung", "cwd"),
           (("DEADLINE", ("CA",)),), ends=NO_ANSWER),
    Attack("fuse-etc", "/etc is a hung filesystem, and a user's name is to be found there", hung(*TRUE, options=("-u", "app")),
           "^hung", ("fuse", "/etc"), (("FILE_DEADLINE", ("CA",)),), ends=NO_ANSWER),
    Attack("fuse-proc", "a hung filesystem on /proc", hung(*TRUE, expect=(0, 125)), "^hung", ("fuse", "/proc"),
           (("DEADLINE", ("CA",)),), ends=NO_ANSWER),
    Attack("fuse-dev", "a hung filesystem on /dev", hung(*TRUE, expect=(0, 125)), "^hung", ("fuse", "/dev"),
           (("DEADLINE", ("CA",)),), ends=NO_ANSWER, changes=("/dev",)),
]
