# SPDX-License-Identifier: Apache-2.0
"""Whatever is wrong: one line on stderr that says what to do, exit 125, nothing left, nothing hangs."""
import os
import resource

import pytest

from program import PREFIX

P = "/payload"
TRUE = (P, "true")


USAGE = {
    "nothing at all": (), "unknown long option": ("--no-such-option", "T"), "unknown short option": ("-Z", "T"),
    "value missing": ("-u",), "value for a flag": ("--write=yes", "T"), "only --": ("--",),
    "unknown profile": ("--profile", "superuser", "T"), "ambiguous word": ("--ca", "x", "T"),
    "escape in an option": ("--\x1b[31m", "T"),
    "100 KB option": ("--" + "x" * 100_000, "T"), "bad environment": ("-e", "=x", "T"), "bad env name": ("-e", "", "T"),
}


@pytest.mark.parametrize("case", USAGE)
def test_usage(dbg, target, unchanged, case):
    arguments = [target.ref if word == "T" else word for word in USAGE[case]]
    with unchanged(target):
        dbg.run(*arguments, *(TRUE if "T" in USAGE[case] else ())).failed("usage")


REFUSED = {"-d": "caller", "--detach": "caller", "--detach-keys=ctrl-a": "caller", "--image=busybox": "toolbox"}


@pytest.mark.parametrize("option", REFUSED)
def test_refused_options(dbg, target, option):
    """Refused in one line that says what there is instead."""
    assert REFUSED[option] in dbg.run(option, target.ref, *TRUE).failed("usage").err


USERS = ["", "-1", "4294967295", "4294967296", "65536:4294967296", "18446744073709551616", "1:", ":1", "0x10", "1 ", " 1", "+1",
         "١", "1:2:3", "no-such-user", "root:nogroup", "1e3", "00x", "../etc/passwd", "a" * 100_000, "app\n", "1;2"]


@pytest.mark.parametrize("user", USERS, ids=lambda user: ascii(user[:24]))
def test_user_nonsense(dbg, target, user):
    """What could be a name is looked for, so that it is a user the target has not."""
    dbg.run("-u", user, target.ref, *TRUE).failed("not-found" if user in NAMES else "usage")


NAMES = ("0x10", "no-such-user", "1e3", "00x")
HOSTILE_PASSWD = {
    "fifo": None, "directory": None, "huge": b"x" * (64 << 20), "no newline": b"app:x:1", "binary": os.urandom(4096),
    "long line": b"app:" + b"x" * 1_000_000 + b"\n", "overflow": b"app:x:4294967296:0:::\n",
    "negative": b"app:x:-1:0:::\n", "empty uid": b"app:x::0:::\n",
}
NO_FILE = {"fifo": "refused", "directory": "refused", "huge": "system"}  # in the others the name is not found


@pytest.mark.parametrize("case", HOSTILE_PASSWD)
def test_hostile_passwd(dbg, fake, tree, unchanged, case):
    """A name is looked up in a file that the target wrote."""
    files = {"etc/passwd": HOSTILE_PASSWD[case]}
    if case == "fifo":
        target = fake(tree=tree({"etc/passwd": "-> /data/fifo"}), rw=True)
        os.mkfifo(target.root("/data/fifo"))
    else:
        target = fake(tree=tree(files))
    with unchanged(target):
        dbg.run("-u", "app", target.ref, *TRUE, timeout=8).failed(NO_FILE.get(case, "not-found"))


def test_not_root(dbg, target):
    result = dbg.run(target.ref, *TRUE, prefix=("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups"))
    assert "run it as root" in result.failed("denied").err


# A kernel without a call

NEEDED = {"openat2": "openat2 (Linux 5.6)", "pidfd_open": "pidfd_open (Linux 5.3)", "setns": "setns on a pidfd (Linux 5.8)",
          **{name: "mount API (Linux 5.2)" for name in ("open_tree", "move_mount", "fsopen", "fsconfig", "fsmount")},
          **{name: "" for name in ("unshare", "capset", "seccomp", "setgroups", "setresuid", "setresgid")}}
REPLACEABLE = ["mount_setattr", "close_range", "clone3", "keyctl", "pidfd_send_signal", "memfd_create", "splice",
               "pivot_root", "execveat", "statx", "umount2", "mount", "prctl", "signalfd4", "epoll_create1", "pidfd_getfd",
               "statmount", "listmount", "open_tree_attr", "name_to_handle_at", "fspick"]


@pytest.mark.parametrize("call", NEEDED)
def test_kernel_without_a_needed_call(dbg, helpers, target, unchanged, call):
    """The kernel that has it is named."""
    with unchanged(target):
        result = dbg.run(target.ref, *TRUE, prefix=(helpers["nosys"], call, "--")).failed("unsupported")
    assert NEEDED[call] in result.err


@pytest.mark.parametrize("call", REPLACEABLE)
def test_kernel_without_a_call_that_may_be_replaced(dbg, helpers, show, target, unchanged, call):
    """Works with all protections, or says what is missing; never a weaker session without a word."""
    with unchanged(target):
        result = dbg.run(target.ref, P, "exit", "6", prefix=(helpers["nosys"], call, "--"))
    if result.code != 6:
        result.failed(("unsupported", "system"))
    elif call not in ("statx", "splice"):
        seen = show(target, expect_stderr=True, prefix=(helpers["nosys"], call, "--"))
        assert seen["seccomp"] == 2 and seen["no_new_privs"] == 1 and len(seen["fds"]) == 3


@pytest.mark.parametrize("call", ["setns", "pidfd_open", "open_tree", "move_mount", "fsmount", "capset", "setgroups",
                                  "setresuid", "keyctl", "close_range", "prctl", "seccomp", "pivot_root", "unshare"])
@pytest.mark.parametrize("errno", ["EPERM", "ENOMEM"])
def test_call_that_fails(dbg, helpers, target, unchanged, call, errno):
    """Fails closed."""
    with unchanged(target):
        result = dbg.run(target.ref, P, "exit", "6", prefix=(helpers["nosys"], f"{call}={errno}", "--"))
    if result.code != 6:
        result.failed(("denied", "system"))
    else:
        assert call in ("keyctl", "close_range", "pivot_root"), f"{call} failed and the session ran all the same"


@pytest.mark.parametrize("limit", range(3, 40, 3))
def test_few_descriptors(dbg, target, unchanged, limit):
    def few():
        resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit))
    with unchanged(target):
        result = dbg.run(target.ref, P, "exit", "6", preexec_fn=few)
    if result.code != 6:
        assert result.code == 125 and result.err.startswith(PREFIX), result


# A hostile target

@pytest.mark.parametrize("terminal_wanted", [False, True])
def test_target_that_stops_every_process(dbg, fake, unchanged, terminal_wanted):
    """It may spoil the session; it may not hang us, and it has nothing left of ours when it is gone."""
    target = fake("stopper", uid=0, caps="a80425fb")
    with unchanged():
        session = dbg.start(*(("-t",) if terminal_wanted else ()), "--timeout", "3s", target.ref, *TRUE)
        result = session.finish(15)
        assert result.code in (0, 124, 125, 137) and result.seconds < 14, result
        target.kill()


def test_no_escapes_in_messages(dbg):
    for word in ("\x1b[2J", "a\x07b", "x\u202ey", "\x9b31m", "\xff"):
        line = dbg.run(word, *TRUE).failed().err
        assert line.rstrip("\n").isprintable()


@pytest.mark.parametrize("arguments", [("--version",), ("-h",), ("--help",)])
def test_information(dbg, arguments):
    result = dbg.run(*arguments).succeeded()
    assert b"dbgattach" in result.out and result.err == ""
