# SPDX-License-Identifier: Apache-2.0
"""inspect: what a container is and may do, out of /proc, the cgroups and the runtime's config."""
import json
import os
import re
import subprocess

import pytest

from options import REPOSITORY
from targets import call

SECTIONS = ["target", "namespaces", "ids", "capabilities", "seccomp", "lsm", "cgroup", "limits", "sockets", "mounts",
            "environment", "errors"]


@pytest.fixture
def inspect(dbg):
    def ask(ref, *options, **how):
        document = json.loads(dbg.run("inspect", "-o", "json", *options, ref, **how).succeeded().out)
        assert list(document) == SECTIONS and document["errors"] == []
        return document
    return ask


@pytest.mark.parametrize("which", ["docker", "podman", "runc", "pid"])
def test_facts(request, inspect, unchanged, which):
    container = request.getfixturevalue("target" if which == "pid" else f"{which}_target")
    with unchanged(container):
        seen = inspect(container.ref)
    assert (seen["target"]["runtime"], seen["target"]["pid"]) == (which, container.pid)
    assert (seen["target"]["state"], seen["target"]["pid_inside"], seen["target"]["entered"]) == ("running", 1, 0)
    assert seen["target"]["program"] == os.readlink(f"/proc/{container.pid}/exe")
    for row in seen["namespaces"]:
        assert f"{row['kind']}:[{row['inode']}]" == os.readlink(f"/proc/{container.pid}/ns/{row['kind']}")
        assert row["host"] == (os.readlink(f"/proc/self/ns/{row['kind']}") == f"{row['kind']}:[{row['inode']}]")
        assert row["containers"] == []
    status = dict(line.split(":", 1) for line in open(f"/proc/{container.pid}/status").read().splitlines())
    assert seen["ids"]["uid"] == [int(uid) for uid in status["Uid"].split()]
    assert seen["ids"]["gid"] == [int(gid) for gid in status["Gid"].split()]
    assert seen["capabilities"]["no_new_privs"] == (status["NoNewPrivs"].strip() == "1")
    assert seen["seccomp"]["mode"] == ["disabled", "strict", "filter"][int(status["Seccomp"])]
    assert seen["seccomp"]["filters"] == int(status["Seccomp_filters"])
    with open(f"/proc/{container.pid}/mountinfo") as table:
        assert [mount["mount_point"] for mount in seen["mounts"]] == [line.split()[4] for line in table]
    limits = {row["name"]: row for row in seen["limits"]}
    assert len(limits) == 16 and limits["core"].keys() == {"name", "soft", "hard"}


def test_keys_are_documented(inspect, docker, once):
    with open(f"{REPOSITORY}/man/dbgattach.1") as page:
        section = page.read().split(".Ss Inspecting a container\n")[1].split("\n.Ss ")[0]
    listed = section.split("The JSON is one object")[1]
    assert re.findall(r"^\.It Li (\w+)$", listed, re.M) == SECTIONS
    words = set(re.findall(r"\w+", listed)) | {"runtime", "id", "name", "image", "pod", "state", "pid", "since", "entered", "target"}
    words |= {"inside", "outside", "count"}

    def keys(value):
        if isinstance(value, dict):
            return set(value).union(*map(keys, value.values()))
        return set().union(*map(keys, value)) if isinstance(value, list) else set()
    assert keys(inspect(once(docker).ref)) - words == set()


def test_capabilities_by_name(inspect, docker, once):
    container = once(docker, "--cap-drop", "ALL", "--cap-add", "NET_ADMIN", "--cap-add", "CHOWN", hardened=False)
    seen = inspect(container.ref)["capabilities"]
    assert seen["effective"] == seen["permitted"] == seen["bounding"] == ["CHOWN", "NET_ADMIN"]
    assert seen["ambient"] == seen["inheritable"] == [] and seen["no_new_privs"] is False


def test_shared_namespaces(inspect, docker, once):
    first = once(docker)
    second = once(docker, "--pid", f"container:{first.name}", "--ipc", "host")
    rows = {row["kind"]: row for row in inspect(second.ref)["namespaces"]}
    assert rows["pid"]["containers"] == [f"docker:{first.id}"] and rows["pid"]["host"] is False
    assert rows["ipc"]["host"] is True and rows["ipc"]["containers"] == []
    assert rows["net"]["containers"] == [] and rows["mnt"]["containers"] == []


def test_limits_beside_usage(inspect, docker, once):
    container = once(docker, "--memory", "64m", "--pids-limit", "77", "--cpus", "0.5")
    seen = inspect(container.ref)["cgroup"]
    assert seen["memory_limit_bytes"] == 64 << 20 and 0 < seen["memory_usage_bytes"] < 64 << 20
    assert seen["pids_limit"] == 77 and seen["pids_usage"] == 1
    assert seen["cpu_quota_us"] * 2 == seen["cpu_period_us"]
    assert seen["oom_kills"] == 0 and seen["cpu_throttled"] >= 0
    assert any(container.id in path["path"] for path in seen["paths"])
    free = inspect(once(docker).ref)["cgroup"]
    assert free["memory_limit_bytes"] is None and free["pids_limit"] is None and free["cpu_quota_us"] is None


def test_seccomp_and_its_origin(inspect, docker, once):
    assert inspect(once(docker).ref)["seccomp"] == {"mode": "filter", "filters": 1, "origin": "the runtime's config"}
    bare = once(docker, "--security-opt", "seccomp=unconfined")
    assert inspect(bare.ref)["seccomp"] == {"mode": "disabled", "filters": 0, "origin": None}


def test_secrets_are_masked(dbg, inspect, docker, once):
    container = once(docker, "-e", "DB_PASSWORD=hunter2", "-e", "GREETING=hello", "-e", "BROKER=amqp://u:hunter2@host/")
    rows = {row["name"]: row for row in inspect(container.ref)["environment"]}
    assert rows["GREETING"] == {"name": "GREETING", "value": "hello", "masked": False}
    for name in ("DB_PASSWORD", "BROKER"):
        assert rows[name] == {"name": name, "value": None, "masked": True}
    assert "hunter2" not in dbg.run("inspect", container.ref).succeeded().text
    shown = {row["name"]: row["value"] for row in inspect(container.ref, "--show-secrets")["environment"]}
    assert shown["DB_PASSWORD"] == "hunter2"


def test_listening(inspect, docker, once):
    container = once(docker)
    assert inspect(container.ref)["sockets"]["listening"] == []
    call("nsenter", "-t", str(container.pid), "-n", "ip", "link", "set", "lo", "up", check=False)
    code = ("import socket,sys; a=socket.socket(); a.bind(('127.0.0.1', 8123)); a.listen(); "
            "b=socket.socket(socket.AF_INET, socket.SOCK_DGRAM); b.bind(('', 8124)); print('x', flush=True); sys.stdin.read()")
    listener = subprocess.Popen(["nsenter", "-t", str(container.pid), "-n", "python3", "-c", code], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE)
    try:
        listener.stdout.readline()
        seen = inspect(container.ref)["sockets"]
    finally:
        listener.communicate()
    assert {"protocol": "tcp", "address": "127.0.0.1", "port": 8123} in seen["listening"]
    assert {"protocol": "udp", "address": "0.0.0.0", "port": 8124} in seen["listening"]
    assert seen["process"] == 0 and seen["namespace"] >= 2


def test_paused(inspect, docker, once):
    container = once(docker)
    docker.cli("pause", container.name)
    try:
        assert inspect(container.ref, timeout=5)["target"]["state"] == "paused"
    finally:
        docker.cli("unpause", container.name)


def test_user_namespace(inspect, runc, once):
    container = once(runc, uid=0, userns=(100000, 65536))
    seen = inspect(container.ref)
    assert seen["ids"]["uid_map"] == [{"inside": 0, "outside": 100000, "count": 65536}]
    assert seen["ids"]["uid"][0] == 100000


def test_table(dbg, docker_target):
    text = dbg.run("inspect", docker_target.ref).succeeded().text
    for word in (*SECTIONS[:-1], docker_target.id, "CONTAINERS", "no new privs", "MOUNT POINT"):
        assert word in text, word
    assert "errors" not in text and "\x1b" not in text


def test_options_on_both_sides(dbg, docker_target):
    assert json.loads(dbg.run("inspect", docker_target.ref, "-o", "json").succeeded().out)


@pytest.mark.falls_without("ESCAPE")
def test_escape_sequences_are_not_obeyed(dbg, docker, once):
    container = once(docker, "-e", "GREETING=\x1b[31mred\u009b")
    for options in ((), ("-o", "json")):
        out = dbg.run("inspect", *options, container.ref).succeeded().out
        assert b"\x1b" not in out and "\u009b".encode() not in out


@pytest.mark.parametrize("words,kind", [([], "usage"), (["a", "b"], "usage"), (["-x", "a"], "usage"), (["-o", "wide", "a"], "usage"),
                                        (["nobody-at-all"], "not-found"), (["pid:1x"], "usage")])
def test_bad_words(dbg, words, kind):
    dbg.run("inspect", *words).failed(kind)


def test_a_container_that_has_ended(dbg, docker, once):
    container = once(docker)
    docker.cli("kill", container.name)
    dbg.run("inspect", container.ref).failed(("gone", "changed"))


def test_a_part_that_cannot_be_read(dbg, runc, once):
    """A config that makes no sense costs what it states; the rest is told, and the exit status says so."""
    profile = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": ["SCMP_ARCH_X86_64"],
               "syscalls": [{"names": ["reboot"], "action": "SCMP_ACT_ERRNO"}]}
    container = once(runc, seccomp=profile)
    assert json.loads(dbg.run("inspect", "-o", "json", container.ref).succeeded().out)["seccomp"]["filters"] == 1
    with open(f"{container.bundle}/config.json") as file:
        text = file.read()
    with open(f"{container.bundle}/config.json", "w") as file:
        file.write(text.replace("SCMP_ACT_ERRNO", "SCMP_ACT_\\u001b[31m"))
    result = dbg.run("inspect", "-o", "json", container.ref)
    seen = json.loads(result.out)
    assert result.code == 1 and seen["seccomp"] is None
    assert [error["section"] for error in seen["errors"]] == ["seccomp"]
    text = dbg.run("inspect", container.ref).text
    assert "errors" in text and "\x1b" not in text
