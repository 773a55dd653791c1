# SPDX-License-Identifier: Apache-2.0
"""doctor: its verdict is what an attach then does, whatever is missing."""
import json
import os
import re
import shutil

import pytest

from options import REPOSITORY

KEYS = ["group", "name", "state", "detail", "required", "use", "without", "since"]


@pytest.fixture
def doctor(dbg):
    """doctor(*prefix): {name: row}, and the verdict under "possible" and "missing"."""
    def ask(*prefix):
        result = dbg.run("doctor", "-o", "json", prefix=prefix)
        document = json.loads(result.out)
        assert list(document) == ["possible", "missing", "conditions", "config"] and result.err == ""
        assert result.code == (0 if document["possible"] else 1)
        rows = {row["name"]: row for row in document["conditions"]}
        assert len(rows) == len(document["conditions"])
        assert document["missing"] == [name for name, row in rows.items() if row["state"] == "missing"]
        assert document["possible"] == (document["missing"] == [])
        return rows, document
    return ask


def test_this_host(dbg, doctor, target, unchanged):
    with unchanged(target):
        rows, document = doctor()
    assert document["possible"], document["missing"]
    for row in rows.values():
        assert list(row) == KEYS
        assert row["required"] or row["state"] != "missing"
    assert rows["docker"]["state"] == ("ok" if os.path.isdir("/var/lib/docker/containers") else "degraded")
    dbg.run(target.ref, "/payload", "true").succeeded()


def test_keys_are_documented():
    with open(f"{REPOSITORY}/man/dbgattach.1") as page:
        listed = page.read().split(".Ss Examining the host\n")[1].split("\n.Ss ")[0].split("The JSON is one object")[1]
    assert re.findall(r"^\.It Li (\w+)$", listed, re.M) == ["possible", "missing", "conditions", "config"]
    words = set(re.findall(r"\w+", listed))
    assert not [key for key in KEYS if key not in words]


def test_the_required_capabilities_are_documented(doctor):
    """One table is behind the check of an attach, doctor and the manual page."""
    with open(f"{REPOSITORY}/man/dbgattach.1") as page:
        section = page.read().split(".Ss From a container\n")[1].split("\n.Ss ")[0]
    rows, _ = doctor()
    required = {name: row["use"] for name, row in rows.items() if row["group"] == "capability" and row["required"]}
    assert dict(re.findall(r"^\.It Li (\w+)\n(.*)$", section, re.M)) == required


# The system call that is not there: what doctor says of it.
CALLS = {
    "pidfd_open": "pidfd_open", "setns": "setns on a pidfd", "openat2": "openat2", "move_mount": "mount API",
    "fsopen": "mount API", "mount_setattr": "mount_setattr", "close_range": "close_range", "clone3": "clone into a cgroup",
    "seccomp": "seccomp filters", "keyctl": "keyrings",
}


@pytest.mark.parametrize("call", CALLS)
def test_a_call_that_is_missing(dbg, helpers, doctor, target, call):
    prefix = (helpers["nosys"], call, "--")
    rows, document = doctor(*prefix)
    row = rows[CALLS[call]]
    assert row["state"] == ("missing" if row["required"] else "degraded")
    result = dbg.run(target.ref, "/payload", "true", prefix=prefix)
    assert (result.code == 0) == document["possible"], f"{document['missing']}: {result.err}"


# Without the capability: options of an attach that fails then, and of one that works all the same; None: there is none such.
RESTRICTED = ("--profile", "restricted")
CAPABILITIES = {
    **{name: (RESTRICTED, None) for name in ("SYS_ADMIN", "SYS_PTRACE", "SYS_CHROOT", "SETUID", "SETGID", "SETPCAP")},
    **{name: ((), RESTRICTED) for name in ("DAC_READ_SEARCH", "KILL", "NET_RAW")},
    **{name: (("--profile", "netadmin", "--host-net"), ()) for name in ("NET_ADMIN", "NET_BIND_SERVICE")},
    **{name: (("--write",), ()) for name in ("DAC_OVERRIDE", "CHOWN", "FOWNER")},
    "MKNOD": (None, RESTRICTED),
}


@pytest.mark.parametrize("name", CAPABILITIES)
def test_a_capability_that_is_missing(dbg, doctor, target, name):
    if not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed")
    prefix = ("setpriv", "--bounding-set", f"-{name.lower()}", "--inh-caps", f"-{name.lower()}")
    fails, works = CAPABILITIES[name]
    rows, document = doctor(*prefix)
    assert rows[name]["required"] == (works is None)
    assert rows[name]["state"] == ("missing" if works is None else "degraded")
    assert document["possible"] == (works is not None), document["missing"]
    if fails is not None:
        failed = dbg.run(*fails, target.ref, "/payload", "true", prefix=prefix).failed("denied")
        assert name in failed.err
    if works is not None:
        dbg.run(*works, target.ref, "/payload", "true", prefix=prefix).succeeded()


PLAIN = ("setpriv", "--reuid", "65534", "--regid", "65534", "--clear-groups")


def test_a_plain_user(dbg, doctor, fake):
    """What is his own he can enter, and doctor says what is less there."""
    rows, document = doctor(*PLAIN)
    assert document["possible"], document["missing"]
    for name in ("caller", "own cgroup", "built-in toolbox", "erofs", "MKNOD", "SYS_RESOURCE"):
        assert rows[name]["state"] == "degraded" and not rows[name]["required"], name
    assert rows["SYS_ADMIN"]["detail"] == "in user namespaces of the caller's own"
    dbg.run(fake("pause", owner=65534, userns="200000:1000", uid=0).ref, "/payload", "true", prefix=PLAIN).succeeded()
    assert "user namespaces of the caller's own is possible" in dbg.run("doctor", prefix=PLAIN).text


def test_a_plain_user_who_can_make_no_user_namespace(doctor, helpers):
    rows, document = doctor(*PLAIN, helpers["nosys"], "unshare", "--")
    assert not document["possible"] and rows["toolbox"]["state"] == "missing"
    assert "no user namespace" in rows["toolbox"]["detail"]


def test_a_hidden_proc(doctor):
    """No hidepid keeps SYS_PTRACE from looking; its name stands in the detail."""
    prefix = ("unshare", "-m", "sh", "-c", 'mount -o remount,hidepid=2 /proc && "$@"; code=$?; '
              'mount -o remount,hidepid=0 /proc; exit $code', "sh")
    rows, _ = doctor(*prefix)
    assert rows["other processes"]["state"] == "ok" and "hidepid=" in rows["other processes"]["detail"]


def test_a_store_with_a_damaged_toolbox(dbg, tmp_path):
    os.makedirs(tmp_path / "store/broken")
    os.chmod(tmp_path, 0o755)
    result = dbg.run("doctor", "-o", "json", env={"DBGATTACH_STORE": str(tmp_path / "store")})
    rows = {row["name"]: row for row in json.loads(result.out)["conditions"]}
    assert rows["toolbox store"]["state"] == "degraded" and "broken" in rows["toolbox store"]["detail"]
    assert rows["toolbox"]["state"] == "ok" and rows["toolbox"]["detail"].startswith("minimal ")


def test_table(dbg):
    text = dbg.run("doctor").succeeded().text
    assert text.splitlines()[0].split() == ["STATE", "GROUP", "NAME", "SINCE", "MEANING", "DETAIL"]
    assert text.endswith("An attach is possible here.\n")


@pytest.mark.parametrize("words", [["web"], ["-x"], ["-o", "wide"], ["-o"]])
def test_bad_words(dbg, words):
    dbg.run("doctor", *words).failed("usage")
