# SPDX-License-Identifier: Apache-2.0
"""What the session may do: capabilities, ids, filters, limits, environment. Asked of a process of the session itself."""
import ctypes
import json
import os
import platform
import resource
import signal
import subprocess

import pytest

import processes
from processes import namespace, read, status_field
from targets import UID

P = "/payload"
falls_without = pytest.mark.falls_without
CAPS = {name: number for number, name in enumerate(
    "CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE "
    "NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN "
    "SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE "
    "MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE".split())}


def mask(*names):
    return sum(1 << CAPS[name] for name in names)


GENERAL = ("SYS_PTRACE", "DAC_READ_SEARCH", "KILL", "NET_RAW", "SETUID", "SETGID")
EVERYTHING = int(status_field("self", "CapBnd") or "0", 16)


def sets(all_three, ambient=0):
    return {"bounding": all_three, "permitted": all_three, "effective": all_three, "inheritable": ambient,
            "ambient": ambient}


SETS = {
    "general": ((), sets(mask(*GENERAL))),
    "general by name": (("--profile", "general"), sets(mask(*GENERAL))),
    "sysadmin": (("--profile", "sysadmin"), sets(EVERYTHING)),
    "privileged": (("--privileged",), sets(EVERYTHING)),
    "user": (("-u", "1000"), sets(0)),
    "user and add": (("-u", "1000", "--cap-add", "NET_RAW"), sets(mask("NET_RAW"), ambient=mask("NET_RAW"))),
    "user and add another": (("-u", "1000", "--cap-add", "SYS_TIME"), sets(mask("SYS_TIME"), ambient=mask("SYS_TIME"))),
    "add": (("--cap-add", "SYS_TIME"), sets(mask(*GENERAL, "SYS_TIME"))),
    "add with prefix": (("--cap-add", "CAP_SYS_TIME"), sets(mask(*GENERAL, "SYS_TIME"))),
    "add in small letters": (("--cap-add", "sys_time"), sets(mask(*GENERAL, "SYS_TIME"))),
    "drop": (("--cap-drop", "SYS_PTRACE"), sets(mask(*GENERAL[1:]))),
    "drop all": (("--cap-drop", "ALL"), sets(0)),
    "drop all, add one": (("--cap-drop", "ALL", "--cap-add", "KILL"), sets(mask("KILL"))),
    "write": (("--write",), sets(mask(*GENERAL, "DAC_OVERRIDE", "CHOWN", "FOWNER"))),
    "write as a user": (("--write", "-u", "1000"), sets(0)),
}
WITHOUT_BOUNDING = ("general", "drop all")


@pytest.mark.parametrize("case", [pytest.param(case, marks=falls_without("BOUNDING", "VERIFY") if case in WITHOUT_BOUNDING else ())
                                  for case in SETS])
def test_five_capability_sets(show, target, case):
    options, wanted = SETS[case]
    assert show(target, *options)["caps"] == wanted


@falls_without("CAP_DROP")
def test_capabilities_are_gone_before_the_exec(dbg, test_build, target):
    """At entry's last steps already, not only by what an exec takes away."""
    pid = dbg.start(target.ref, P, "true", barrier="entry/close").at_barrier()
    seen = {field: int(status_field(pid, field), 16) for field in ("CapPrm", "CapEff", "CapInh", "CapAmb", "CapBnd")}
    wanted = mask(*GENERAL)
    assert seen == {"CapPrm": wanted, "CapEff": wanted, "CapInh": 0, "CapAmb": 0, "CapBnd": wanted}


def test_capabilities_of_the_caller_that_stay_behind(dbg, target):
    """Inheritable and ambient ones of the caller are not passed on."""
    prefix = ("setpriv", "--inh-caps", "+net_admin,+sys_time", "--ambient-caps", "+net_admin,+sys_time")
    result = dbg.run(target.ref, P, "show", prefix=prefix).succeeded()
    assert json.loads(result.out)["caps"] == sets(mask(*GENERAL))


@pytest.mark.parametrize("options", [("--cap-add", "NO_SUCH"), ("--cap-drop", ""), ("--cap-add", "99"), ("--profile", "none"),
                                     ("--profile", ""), ("--cap-add", "KILL,NO_SUCH")])
def test_capability_nonsense(dbg, target, options):
    dbg.run(*options, target.ref, P, "true").failed("usage")


def test_caller_without_a_capability(dbg, target):
    """Who lacks what the profile needs is told so."""
    result = dbg.run(target.ref, P, "true", prefix=("setpriv", "--bounding-set", "-sys_ptrace"))
    result.failed("denied")


@falls_without("NO_NEW_PRIVS", "SECCOMP", "VERIFY")  # a filter needs it
@pytest.mark.parametrize("options", [(), ("--profile", "sysadmin"), ("-u", "1000")], ids=str)
def test_no_new_privs(show, fake, options):
    assert show(fake(no_nnp=True), *options)["no_new_privs"] == 1


# ids

@falls_without("GROUPS", "VERIFY")
@pytest.mark.parametrize("options, gid", [((), 0), (("-u", "1000:2000"), 2000)])
def test_groups(dbg, target, options, gid):
    """None of the caller's groups goes along."""
    result = dbg.run(*options, target.ref, P, "show", prefix=("setpriv", "--groups", "6,44,999")).succeeded()
    seen = json.loads(result.out)
    assert set(seen["groups"]) <= {gid} and seen["gid"] == [gid] * 3


USERS = {"root": (0, 0), "target": (UID, UID), "0": (0, 0), "1000": (1000, UID), "1000:2000": (1000, 2000), "app": (UID, UID),
         "4294967294:1": (4294967294, 1)}


@pytest.mark.parametrize("user", USERS)
def test_user(show, target, user):
    uid, gid = USERS[user]
    seen = show(target, "-u", user)
    assert (seen["uid"], seen["gid"]) == ([uid] * 3, [gid] * 3)


# filters

NOT_ALLOWED = {"EPERM", "ENOSYS"}
REFUSED = {"clone3": {"ENOSYS"}, **dict.fromkeys(
    "mount umount2 open_tree move_mount fsopen fsconfig fsmount fspick mount_setattr pivot_root unshare setns clone+newns "
    "clone+newuser bpf keyctl add_key request_key open_by_handle_at userfaultfd io_uring_setup kexec_load kexec_file_load "
    "init_module finit_module delete_module reboot swapon swapoff acct settimeofday clock_settime sethostname setdomainname "
    "quotactl syslog tiocsti tiocsti+high tioclinux tioclinux+high".split(), NOT_ALLOWED)}
ALLOWED = {"ptrace": {"ESRCH"}, "process_vm_readv": {"ESRCH", "EFAULT"}, "perf_event_open": {"EFAULT", "EACCES", "E2BIG", "EINVAL"},
           "openat": {"EFAULT"}, "openat2": {"EFAULT", "EINVAL"}, "execveat": {"EFAULT", "EBADF"}, "ioctl": {"EBADF"},
           "statx": {"EFAULT", "EINVAL"}, "memfd_create": {"EFAULT"}, "prctl": {"EINVAL"}, "setresuid": {"ok"},
           "pidfd_open": {"EINVAL", "ESRCH"}, "close_range": {"EINVAL", "ok"}}


@falls_without("SECCOMP", "VERIFY")
def test_default_filter_refuses(attempts, target):
    """Table of what no debugging needs and many an escape did. Mounting, keys and handles tell a filter from a capability."""
    tried = attempts(target, "trysyscall", *REFUSED)
    wrong = {name: errno for name, errno in tried.items() if errno not in REFUSED[name]}
    assert not wrong


@pytest.mark.no_filter
def test_default_filter_allows(attempts, target):
    tried = attempts(target, "trysyscall", *ALLOWED)
    assert not {name: errno for name, errno in tried.items() if errno not in ALLOWED[name]}


if platform.machine() == "x86_64":  # a 64-bit program of arm64's can make no call of another ABI's
    @falls_without("SECCOMP", "VERIFY")
    def test_foreign_architectures(attempts, target):
        """Numbers of another ABI would pass by the table."""
        assert attempts(target, "trysyscall", "int80", "x32") == {"int80": "SIGSYS", "x32": "SIGSYS"}


@falls_without("SECCOMP", "VERIFY")
def test_filter_mode(show, target):
    assert show(target)["seccomp"] == 2


@pytest.mark.no_filter
def test_sysadmin_has_no_filter(show, target, attempts):
    assert show(target, "--profile", "sysadmin")["seccomp"] == 0
    tried = attempts(target, "trysyscall", "mount", "setns", "keyctl", options=("--profile", "sysadmin"))
    assert "EPERM" not in tried.values(), tried


# what is inherited without being asked for

@falls_without("KEYRING")
def test_keyring(dbg, target, helpers):
    """A key of the caller's session is not found in the session's."""
    result = dbg.run("--profile", "sysadmin", target.ref, P, "keyfind", "secret",
                     prefix=(helpers["payload"], "withkey", "secret")).succeeded()
    assert result.text in ("ENOKEY\n", "EKEYREVOKED\n"), result.text


@falls_without("UMASK")
def test_umask(show, target):
    assert show(target, umask=0)["umask"] == 0o022


def odd_limits():
    resource.setrlimit(resource.RLIMIT_CORE, (resource.getrlimit(resource.RLIMIT_CORE)[1],) * 2)
    resource.setrlimit(resource.RLIMIT_NOFILE, (77, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


@falls_without("RLIMITS")
def test_limits(show, target):
    """Those of the target, but no core dumps; not the caller's."""
    seen = show(target, preexec_fn=odd_limits)["limits"]
    assert seen["CORE"] == [0, 0]
    assert seen["FSIZE"] == [-1, -1] and seen["NOFILE"][0] > 77


def test_limits_are_the_targets(show, docker, once):
    container = once(docker, "--ulimit", "nofile=333:444")
    assert show(container)["limits"]["NOFILE"] == [333, 444]


@falls_without("OOM_SCORE")
def test_oom_score(show, docker, once):
    """Never less likely to be killed than the target."""
    container = once(docker, "--oom-score-adj", "321")
    assert int(show(container)["oom_score_adj"]) >= 321


MPOL_LOCAL = 4
SET_MEMPOLICY = {"x86_64": 238, "aarch64": 237}


def odd_attributes():
    os.nice(5)
    os.sched_setaffinity(0, [min(os.sched_getaffinity(0))])
    ctypes.CDLL(None).syscall(SET_MEMPOLICY[os.uname().machine], MPOL_LOCAL, None, 0)
    for sig in (signal.SIGHUP, signal.SIGPIPE, signal.SIGUSR1):
        signal.signal(sig, signal.SIG_IGN)
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR2, signal.SIGWINCH])


def test_attributes_of_the_caller_that_stay_behind(show, target):
    seen = show(target, preexec_fn=odd_attributes)
    assert (seen["nice"], seen["scheduler"], seen["personality"]) == (0, 0, 0)
    assert seen["blocked"] == [] and seen["ignored"] == []
    assert seen["timerslack"] == 50000
    assert seen["cpus"] == len(os.sched_getaffinity(0)) and seen["mempolicy"] <= 0  # -1: a kernel without NUMA


@falls_without("SETSID")
def test_entry_is_in_a_session_of_its_own(dbg, test_build, target):
    """So that the caller's terminal is no one's behind it."""
    session = dbg.start(target.ref, P, "true", barrier="entry/seccomp")
    assert processes.process(session.at_barrier()).sid != processes.process(session.pid).sid


def test_session_of_its_own(show, target):
    """Without a terminal too: no process group of the caller's can be reached, nor its terminal."""
    seen = show(target)
    assert seen["sid"] != 0 and seen["pgid"] != 0
    assert seen["foreground"] == -1


# environment

OURS = {"PATH", "HOME", "TMPDIR", "SHELL", "TERM", "LANG", "DBGATTACH_PROMPT", "DBGATTACH_TOOLBOX"}
HOSTILE = ["LD_PRELOAD=/evil.so", "LD_LIBRARY_PATH=/evil", "LD_AUDIT=/evil.so", "GLIBC_TUNABLES=x=y", "GCONV_PATH=/evil",
           "LOCPATH=/evil", "BASH_ENV=/evil", "BASH_FUNC_ls%%=() { evil; }", "ENV=/evil", "PS1=$(evil)", "PS4=$(evil)",
           "PROMPT_COMMAND=evil", "IFS=x", "PYTHONSTARTUP=/evil", "PYTHONPATH=/evil", "PERL5OPT=-Mevil", "PERL5LIB=/evil",
           "RUBYOPT=-revil", "NODE_OPTIONS=--require=/evil", "JAVA_TOOL_OPTIONS=-javaagent:/evil", "OPENSSL_CONF=/evil",
           "SSL_CERT_FILE=/evil", "TERMINFO=/evil", "TERMINFO_DIRS=/evil", "LESSOPEN=|evil", "EDITOR=evil", "PAGER=evil",
           "CURL_HOME=/evil", "GDBHISTFILE=/evil"]
HARMLESS = ["APP_MODE=production", "EMPTY=", "SPACES=a b  c", "UTF=é", "EQUALS=a=b=c", "DATABASE_URL=postgres://x"]


def docker_env(assignments):
    return [word for assignment in assignments for word in ("-e", assignment)]


@falls_without("ENVIRONMENT")
def test_environment(show, docker, once):
    """The golden list: the config's, less what steers a program, ours, and nothing of the caller's."""
    container = once(docker, *docker_env(HOSTILE + HARMLESS + ["PATH=/app/bin", "HOME=/theirs", "TERM=evil", "SHELL=/evil"]))
    seen = show(container, env={"SECRET": "caller", "SSH_AUTH_SOCK": "/x", "LD_PRELOAD": ""})["env"]
    ours = dict(item.split("=", 1) for item in seen if item.split("=", 1)[0] in OURS)
    harmless = [item.encode().decode("latin-1") for item in (*HARMLESS, f"HOSTNAME={container.id[:12]}")]
    assert sorted(item for item in seen if item.split("=", 1)[0] not in OURS) == sorted(harmless)
    assert set(ours) == OURS
    assert ours["PATH"] == "/dbg/bin:/app/bin"
    assert ours["HOME"] != "/theirs" and ours["SHELL"].startswith("/dbg/") and ours["TERM"] == "xterm"
    assert len(seen) == len(set(item.split("=", 1)[0] for item in seen))


def test_environment_without_a_config(show, target):
    """pid:N has no config: only ours."""
    names = {item.split("=", 1)[0] for item in show(target, env={"SECRET": "caller"})["env"]}
    assert names == OURS


def test_environment_of_the_process(show, fake):
    """By its own option, and filtered just the same."""
    target = fake(env=("GREETING=hello", "LD_PRELOAD=/evil.so", "NOT_AN_ASSIGNMENT"))
    seen = show(target, "--env-from-process")["env"]
    assert "GREETING=hello" in seen
    assert not [item for item in seen if "evil" in item or "=" not in item]


def test_environment_of_runc(show, runc_target):
    assert "GREETING=hello" in show(runc_target)["env"]


def test_added_environment(show, target):
    """-e overrides the table of names; K alone takes the caller's value; ours win."""
    seen = show(target, "-e", "A=1", "-e", "LD_PRELOAD=/mine", "-e", "TAKEN", "-e", "ABSENT",
                env={"TAKEN": "from the caller"})["env"]
    assert {"A=1", "LD_PRELOAD=/mine", "TAKEN=from the caller"} <= set(seen)
    assert not [item for item in seen if item.startswith("ABSENT")]


def test_no_secret_in_any_visible_process(dbg, target):
    """Neither in their environment nor in their memory's start: they were executed anew before they could be seen."""
    session = dbg.start(target.ref, P, "sleep", "60", env={"SECRET": "hunter2-canary"})
    for role, pid in session.running().items():
        if role in ("init", "command"):
            assert "canary" not in read(f"/proc/{pid}/environ") + read(f"/proc/{pid}/cmdline"), role


# shared namespaces

@falls_without("HOST_PID_CHECK")
def test_shared_pid_namespace_is_refused(dbg, fake):
    target = fake(share="pid")
    line = dbg.run(target.ref, P, "true").failed("refused").err
    assert "--host-pid" in line


def test_shared_pid_namespace_by_flag(show, fake):
    target = fake(share="pid")
    assert show(target, "--host-pid")["ns"]["pid"] == namespace("self", "pid")


def test_shared_network_drops_its_capabilities(show, dbg, fake):
    target = fake(share="net")
    result = dbg.run(target.ref, P, "true").succeeded()
    assert len(result.lines) == 1 and result.err.startswith("dbgattach: ") and "--host-net" in result.err
    caps = show(target, expect_stderr=True)["caps"]
    assert caps == sets(mask(*(name for name in GENERAL if name != "NET_RAW")))


def test_shared_network_by_flag(show, fake):
    assert show(fake(share="net"), "--host-net")["caps"] == sets(mask(*GENERAL))


# what is checked before the command may run

WEAKER = [("CAP_DROP", "BOUNDING"), ("SECCOMP",), ("GROUPS",), ("CGROUP_JOIN",), ("NO_NEW_PRIVS",)]  # the last fails by itself


@pytest.mark.parametrize("weak", [pytest.param(weak, marks=falls_without("VERIFY") if weak != WEAKER[-1] else ())
                                  for weak in WEAKER], ids="+".join)
def test_a_weaker_session_never_starts(dbg, test_build, fake, weak, unchanged):
    """The monitor looks from outside: a session that is not what was planned does not run its command."""
    target = fake("reap", rw=True, no_nnp=True)
    with unchanged(target):
        result = dbg.run("--write", target.ref, "touch", "/data/it-ran", weak=weak,
                         prefix=("setpriv", "--groups", "6,44,999"))
        assert not os.path.exists(target.root("/data/it-ran")), "the command ran"
    result.failed()


@falls_without("DUMPABLE")
def test_not_dumpable_when_privileges_are_gone(dbg, test_build, target):
    """At the last step before the exec, a process of the same ids (without SYS_PTRACE) may not look into it."""
    session = dbg.start("--cap-drop", "ALL", target.ref, P, "true", barrier="entry/seccomp")
    pid = session.at_barrier()
    probe = subprocess.run(["setpriv", "--bounding-set", "-sys_ptrace", "readlink", f"/proc/{pid}/exe"], capture_output=True)
    assert probe.returncode != 0, probe.stdout


def test_core_dumps(dbg, target, unchanged):
    with unchanged(target):
        assert dbg.run(target.ref, P, "kill", "11").code == 139


def test_namespaces(show, fake):
    """All that differ, the time namespace included."""
    target = fake(time=True)
    seen = show(target)["ns"]
    for kind in ("pid", "net", "uts", "ipc", "cgroup", "time", "user"):
        assert seen[kind] == target.namespace(kind), kind
    assert seen["mnt"] not in (target.namespace("mnt"), namespace("self", "mnt"))


def test_only_some_namespaces(show, target):
    seen = show(target, "--ns", "pid,mnt,net")["ns"]
    assert seen["net"] == target.namespace("net")
    assert seen["uts"] == namespace("self", "uts") and seen["ipc"] == namespace("self", "ipc")


@pytest.mark.parametrize("value", ["", "nope", "pid,nope", "pid,,net", "PID", "pid net"])
def test_namespace_nonsense(dbg, target, value):
    dbg.run("--ns", value, target.ref, P, "true").failed("usage")
