# SPDX-License-Identifier: Apache-2.0
"""ls: every container that can be entered, once, with what is so; whatever its files hold."""
import calendar
import json
import os
import re
import subprocess
import time

import pytest

from options import REPOSITORY
from processes import wait_until
from targets import UID, call, unique

KEYS = ["runtime", "id", "name", "image", "pod", "state", "pid", "user", "since", "entered", "target"]


@pytest.fixture
def ls(dbg):
    """ls(container, *options): its row, or None."""
    def ask(container, *options):
        rows = json.loads(dbg.run("ls", "-o", "json", *options).succeeded().out)
        found = [row for row in rows if container.name in (row["name"], row["id"])]
        assert len(found) <= 1, found
        return found[0] if found else None
    return ask


@pytest.mark.parametrize("which", ["docker", "podman", "runc"])
def test_row(request, dbg, ls, show, unchanged, which):
    container = request.getfixturevalue(f"{which}_target")
    with unchanged(container):
        row = ls(container)
    assert list(row) == KEYS
    assert (row["runtime"], row["pid"], row["state"], row["entered"]) == (which, container.pid, "running", 0)
    assert row["user"] == UID
    started = time.strptime(row["since"], "%Y-%m-%dT%H:%M:%SZ")
    assert abs(time.time() - calendar.timegm(started) - age_of(container.pid)) < 3
    if which != "runc":
        assert row["id"] == container.id and "dbgtest-image" in row["image"]

    class Pasted:
        ref = row["target"]
    assert show(Pasted)["ns"]["net"] == container.namespace("net")


def age_of(pid):
    with open("/proc/uptime") as uptime, open(f"/proc/{pid}/stat") as stat:
        return float(uptime.read().split()[0]) - int(stat.read().rsplit(")", 1)[1].split()[19]) / os.sysconf("SC_CLK_TCK")


def test_keys_are_documented():
    with open(f"{REPOSITORY}/man/dbgattach.1") as page:
        section = page.read().split(".Ss Listing containers\n")[1].split("\n.Ss ")[0]
    assert re.findall(r"^\.It Li (\w+)$", section, re.M) == KEYS


def test_paused(ls, docker, once):
    container = once(docker)
    docker.cli("pause", container.name)
    try:
        assert ls(container)["state"] == "paused"
        assert ls(container, "--filter", "status=running") is None
        assert ls(container, "--filter", "status=paused")
    finally:
        docker.cli("unpause", container.name)
    assert ls(container)["state"] == "running"


def test_frozen_behind_the_runtimes_back(ls, runc, once):
    """The cgroup's word counts: runc writes none down."""
    container = once(runc)
    call(*container.command, "pause", container.name)
    try:
        assert ls(container)["state"] == "paused"
    finally:
        call(*container.command, "resume", container.name)
    assert ls(container)["state"] == "running"


def test_stopped_only_with_all(ls, docker, once):
    container = once(docker)
    docker.cli("kill", container.name)
    wait_until(lambda: not container.alive(), what="the container to end")
    assert ls(container) is None
    row = wait_until(lambda: ls(container, "-a"), what="its row")
    assert (row["state"], row["pid"], row["user"], row["since"], row["entered"]) == ("stopped", None, None, None, 0)


def test_entered(dbg, ls, docker, once):
    container, other = once(docker), once(docker)
    sessions = [dbg.start(container.ref, "/payload", "pause") for _ in range(2)]
    for session in sessions:
        session.running()
    assert ls(container)["entered"] == 2
    assert ls(other)["entered"] == 0
    for session in sessions:
        session.popen.terminate()
    for session in sessions:
        session.finish()
    assert ls(container)["entered"] == 0


def test_filters(dbg, ls, docker_target, podman_target):
    assert ls(docker_target, "-f", "runtime=docker") and ls(podman_target, "-f", "runtime=docker") is None
    assert ls(docker_target, "-f", "runtime=podman", "-f", "runtime=docker") and ls(podman_target, "-f", "runtime=podman")
    assert ls(docker_target, f"--filter=name={docker_target.name[3:]}") and ls(docker_target, "-f", "name=nobody") is None
    assert ls(docker_target, "-f", "image=dbgtest-image", "-f", f"id={docker_target.id[:12]}")
    assert ls(docker_target, "-f", "pod=x") is None


def test_pod(ls, docker, once):
    container = once(docker, "--label", "io.kubernetes.pod.name=web-0", "--label", "io.kubernetes.pod.namespace=shop")
    for value in ("web-0", "shop", "shop/web-0"):
        assert ls(container, "-f", f"pod={value}")["pod"] == "shop/web-0"
    assert ls(container, "-f", "pod=web") is None


def test_tables_and_references(dbg, docker_target, runc_target):
    short = dbg.run("ls").succeeded().text.splitlines()
    assert short[0].split() == ["RUNTIME", "ID", "NAME", "POD", "STATE", "SINCE", "ENTERED", "IMAGE"]
    assert any(line.split()[:3] == ["docker", docker_target.id[:12], docker_target.name] for line in short)
    wide = dbg.run("ls", "-o", "wide").succeeded().text.splitlines()
    assert any(line.split()[0] == "docker" and docker_target.id in line and str(docker_target.pid) in line for line in wide)
    references = dbg.run("ls", "-q").succeeded().text.split()
    assert f"docker:{docker_target.id}" in references and f"runc:{runc_target.name}" in references
    assert dbg.run("ls", "-q", "-f", "name=nobody-at-all").succeeded().text == ""
    assert json.loads(dbg.run("ls", "-o", "json", "-f", "name=nobody-at-all").succeeded().out) == []


def test_bash_completes_names(binaries, tmp_path, docker_target, runc_target):
    """What tests/lint/options shows of all shells with a table of its own: here is the program's."""
    (tmp_path / "dbgattach").symlink_to(binaries[0])
    script = f'source {REPOSITORY}/completions/dbgattach.bash; COMP_WORDS=(dbgattach "$1"); COMP_CWORD=1; _dbgattach; echo "${{COMPREPLY[@]}}"'
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}", "HOME": "/root"}
    for name in (docker_target.name, runc_target.name):
        done = subprocess.run(["bash", "-uc", script, "bash", name[:-1]], env=env, capture_output=True, text=True, timeout=20, check=True)
        assert name in done.stdout.split() and not done.stderr


def test_damage_costs_its_own_row(dbg, ls, docker_target):
    """A state file that no runtime wrote, with an escape sequence in it."""
    name = unique("damaged")
    os.makedirs(f"/run/runc/{name}")
    try:
        with open(f"/run/runc/{name}/state.json", "w") as file:
            file.write('{"id":"\x1b[31mred"')
        result = dbg.run("ls")
        assert result.code == 1
        assert docker_target.name in result.text
        assert result.err.count(name) == 1 and result.err.count("\n") == 1 and "\x1b" not in result.err
    finally:
        os.unlink(f"/run/runc/{name}/state.json")
        os.rmdir(f"/run/runc/{name}")


def test_does_not_wait_for_a_fifo_or_the_daemon(dbg, ls, docker, docker_target):
    name = unique("fifo")
    os.makedirs(f"/run/runc/{name}")
    os.mkfifo(f"/run/runc/{name}/state.json")
    try:
        result = dbg.run("ls", timeout=5)
        assert result.code == 1 and docker_target.name in result.text and "regular file" in result.err
    finally:
        os.unlink(f"/run/runc/{name}/state.json")
        os.rmdir(f"/run/runc/{name}")


@pytest.mark.parametrize("words", [["-x"], ["--filter"], ["--filter", "a=b"], ["--filter", "name="], ["-o", "yaml"], ["web"],
                                   ["-f", "runtime=rkt"]])
def test_bad_words(dbg, words):
    result = dbg.run("ls", *words).failed("usage")
    assert result.err.count("\n") == 1 and result.text == ""


def test_output_that_cannot_be_written(dbg):
    with open("/dev/full", "w") as full:
        assert dbg.run("ls", stdout=full).code == 125


def test_a_plain_user_is_told_what_he_may_not_read(dbg, docker_target):
    """Docker's folder is root's alone: that runtime is left out, and said once; nothing of it is shown."""
    result = dbg.run("ls", prefix=("setpriv", "--reuid", "65534", "--clear-groups"))
    assert result.code == 1 and docker_target.name not in result.text
    assert result.err.count("docker: ") == 1 and "denied" in result.err
