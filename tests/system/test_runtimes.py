# SPDX-License-Identifier: Apache-2.0
"""Containers of the other runtimes, by each form in which one can be named; and what is refused."""
import json
import os

import pytest

from runtimes import USER, USER_ID
from snapshot import cgroup_roots

CRI = "io.kubernetes.cri."
NOTES = ("dbgattach: the session has no ",)


@pytest.fixture
def enters(dbg):
    """enters(target, reference): the session is in the target's namespaces; what it sees."""
    def check(target, reference, *options, **how):
        result = dbg.run(*options, reference, "/payload", "show", **how).succeeded()
        assert all(line.startswith(NOTES) for line in result.lines), result.err
        seen = json.loads(result.out)
        for kind in ("net", "uts", "ipc"):
            assert seen["ns"][kind] == target.namespace(kind), (reference, kind)
        return seen
    return check


def cri(container, pod, name_space="shop", kind="container"):
    notes = {f"{CRI}container-type": kind, f"{CRI}sandbox-name": pod, f"{CRI}sandbox-namespace": name_space}
    return {**notes, f"{CRI}container-name": container, f"{CRI}image-name": "localhost/app:1"} if container else notes


# containerd

@pytest.fixture(scope="module")
def named(containerd):
    return containerd.run(annotations={"nerdctl/name": "dbgtest-front", "nerdctl/namespace": "dbgtest"})


CONTAINERD = {
    "full id": lambda c: c.id, "12 characters": lambda c: c.id[:12], "nerdctl's name": lambda c: "dbgtest-front",
    "containerd:name": lambda c: "containerd:dbgtest-front", "containerd:ns/name": lambda c: "containerd:dbgtest/dbgtest-front",
    "containerd://id": lambda c: f"containerd://{c.id}", "containerd:ns/prefix": lambda c: f"containerd:dbgtest/{c.id[:12]}",
    "pid": lambda c: f"pid:{c.pid}",
}


@pytest.mark.parametrize("form", CONTAINERD)
def test_containerd(enters, containerd, named, form):
    seen = enters(named, CONTAINERD[form](named), env=containerd.env)
    if form != "pid":
        assert "GREETING=hello" in seen["env"]


def test_containerd_id_that_is_a_name(enters, containerd, once):
    container = once(containerd, "dbgtest-plain")
    for reference in ("dbgtest-plain", "containerd:dbgtest-plain", "containerd:dbgtest/dbgtest-plain"):
        enters(container, reference, env=containerd.env)


def test_containerd_one_name_in_two_namespaces(dbg, enters, containerd, once):
    one, other = once(containerd, "dbgtest-twice"), once(containerd, "dbgtest-twice", name_space="dbgtest2")
    line = dbg.run("dbgtest-twice", "/payload", "true", env=containerd.env).failed("ambiguous").err
    for container in (one, other):
        assert container.ref in line
        enters(container, container.ref, env=containerd.env)
    enters(other, "containerd:dbgtest-twice", env={**containerd.env, "CONTAINERD_NAMESPACE": "dbgtest2"})


def test_containerd_unknown(dbg, containerd, named):
    for reference in ("containerd:other/dbgtest-front", "containerd:nobody", "containerd://" + "0" * 64):
        dbg.run(reference, "/payload", "true", env=containerd.env).failed("not-found")


def test_containerd_ended(dbg, containerd, once):
    container = once(containerd, "dbgtest-ended")
    container.kill()
    dbg.run("dbgtest-ended", "/payload", "true", env=containerd.env).failed(("gone", "changed", "not-found"))


def test_by_cgroup_alone(dbg, enters, named):
    """Without a word of where containerd keeps its files."""
    for reference in (named.id, named.id[:12], f"containerd://{named.id}"):
        enters(named, reference)
    dbg.run("dbgtest-front", "/payload", "true").failed("not-found")
    dbg.run(f"lxc:{named.id}", "/payload", "true").failed("not-found")


# Pods

@pytest.fixture(scope="module")
def pod(containerd):
    """Its application, a debug container, the sandbox."""
    made = {kind: containerd.run(name_space="k8s.io", annotations=cri(kind, "web-0")) for kind in ("app", "debugger-x")}
    made["POD"] = containerd.run(name_space="k8s.io", annotations=cri(None, "web-0", kind="sandbox"))
    made["other"] = containerd.run(name_space="k8s.io", annotations=cri("app", "db-0"))
    return made


@pytest.mark.parametrize("container", ["app", "debugger-x", "POD"])
def test_pod(enters, containerd, pod, container):
    for reference in (f"pod/web-0/{container}", f"pod/shop/web-0/{container}", f"containerd://{pod[container].id}"):
        enters(pod[container], reference, env=containerd.env)


def test_pod_of_one_container(enters, containerd, pod):
    for reference in ("pod/db-0", "pod/shop/db-0", "pod/db-0/app", "pod/shop/db-0/app"):
        enters(pod["other"], reference, env=containerd.env)


def test_pod_of_several(dbg, containerd, pod):
    line = dbg.run("pod/web-0", "/payload", "true", env=containerd.env).failed("ambiguous").err
    assert "POD" not in line
    for name in ("app", "debugger-x"):
        assert f"(pod/shop/web-0/{name})" in line
        dbg.run(f"containerd:k8s.io/{pod[name].id[:12]}", "/payload", "true", env=containerd.env).succeeded()


@pytest.mark.parametrize("reference", ["pod/nobody", "pod/other/web-0", "pod/web-0/other", "pod/shop/web-0/other", "app"])
def test_pod_unknown(dbg, containerd, pod, reference):
    dbg.run(reference, "/payload", "true", env=containerd.env).failed("not-found")


def test_pod_restarted(enters, containerd, once):
    """The container that ended is still there, as the kubelet leaves it."""
    first = once(containerd, name_space="k8s.io", annotations=cri("app", "again-0"))
    first.kill()
    enters(once(containerd, name_space="k8s.io", annotations=cri("app", "again-0")), "pod/again-0", env=containerd.env)


# crun

CRUN = {
    "name": lambda c: c.name, "crun:name": lambda c: f"crun:{c.name}", "crun://name": lambda c: f"crun://{c.name}",
    "crun:root/name": lambda c: f"crun:{c.state_root}/{c.name}", "prefix": lambda c: c.name[:12],
}


@pytest.mark.parametrize("form", CRUN)
def test_crun(enters, crun, once, form):
    container = once(crun, name=f"{os.getpid():x}".zfill(8) + "d" * 56)
    enters(container, CRUN[form](container))


def test_crun_with_a_root_of_its_own(dbg, enters, crun, once, tmp_path):
    container = once(crun, root=str(tmp_path / "state"))
    enters(container, f"crun:{tmp_path}/state/{container.name}")
    dbg.run(container.name, "/payload", "true").failed("not-found")


# LXC

LXC_WAYS = [{}, {"unprivileged": True}, {"elsewhere": True}]  # the last: lxc-start -P FOLDER


@pytest.mark.parametrize("how", LXC_WAYS, ids=["privileged", "unprivileged", "elsewhere"])
def test_lxc(dbg, enters, lxc, once, how):
    container = once(lxc, **how)
    for reference in (container.name, f"lxc:{container.name}", f"lxc://{container.name}", f"pid:{container.pid}"):
        enters(container, reference)
    dbg.run(f"lxc:{container.name[:-1]}", "/payload", "true").failed("not-found")
    dbg.run(f"nspawn:{container.name}", "/payload", "true").failed("not-found")


def test_lxc_ended(dbg, lxc, once):
    container = once(lxc)
    container.kill()
    dbg.run(container.ref, "/payload", "true").failed(("not-found", "gone"))


# systemd-nspawn

@pytest.mark.parametrize("how", [{"registered": True}, {"registered": False}, {"named": False}],
                         ids=["registered", "not registered", "not named either"])
def test_nspawn(dbg, enters, nspawn, once, how):
    machine = once(nspawn, **how)
    for reference in (machine.name, f"nspawn:{machine.name}", f"nspawn://{machine.name}", f"pid:{machine.pid}"):
        enters(machine, reference)
    dbg.run(f"nspawn:{machine.name}-other", "/payload", "true").failed("not-found")


def test_nspawn_registered_as_another(dbg, nspawn, once, target):
    """The file names a process that is in no cgroup of the machine's."""
    machine = once(nspawn, registered=True)
    with open(machine.file) as file:
        text = file.read()
    with open(machine.file, "w") as file:
        file.write(text.replace(f"LEADER={machine.pid}", f"LEADER={target.pid}"))
    dbg.run(machine.ref, "/payload", "true").failed("changed")


# An init that somebody has moved out of its container's cgroups

MOVED = {"runc": ("runc", {}), "docker": ("docker", {}), "podman": ("podman", {}), "containerd": ("containerd", {}),
         "lxc": ("lxc", {}), "nspawn": ("nspawn", {"registered": True})}


@pytest.mark.parametrize("engine, options", MOVED.values(), ids=MOVED)
def test_a_moved_init(request, enters, row_of, once, engine, options):
    """As an administrator or systemd may do: what its runtime has written down, or its supervisor, still shows that it is his."""
    engine = request.getfixturevalue(engine)
    container = once(engine, **options)
    for root in cgroup_roots().values():
        with open(f"{root}/cgroup.procs", "w") as file:
            file.write(str(container.pid))
    env = getattr(engine, "env", None)
    enters(container, container.ref, env=env)
    assert row_of(container, env=env)["state"] == "running"


# Podman with crun; a user's Podman

PODMAN = {
    "full id": lambda c: c.id, "12 characters": lambda c: c.id[:12], "name": lambda c: c.name,
    "podman:name": lambda c: f"podman:{c.name}", "podman://id": lambda c: f"podman://{c.id}",
}


@pytest.mark.parametrize("form", PODMAN)
def test_podman_with_crun(enters, podman_crun, once, form):
    container = once(podman_crun)
    enters(container, PODMAN[form](container), prefix=podman_crun.elsewhere.prefix)


@pytest.fixture(scope="module")
def users_own(rootless):
    return rootless.run(hardened=False)


USERS = {
    "user/name": lambda c: f"podman:{USER}/{c.name}", "user/id": lambda c: f"podman:{USER}/{c.id}",
    "user/prefix": lambda c: f"podman:{USER}/{c.id[:12]}", "uid/name": lambda c: f"podman:{USER_ID}/{c.name}",
    "//user/name": lambda c: f"podman://{USER}/{c.name}",
}


@pytest.mark.parametrize("form", USERS)
def test_a_users_podman(enters, rootless, users_own, form):
    enters(users_own, USERS[form](users_own), prefix=rootless.elsewhere.prefix)


def test_a_users_podman_only_by_his_name(dbg, rootless, users_own):
    for reference in (users_own.name, f"podman:{users_own.name}", users_own.id, f"podman:root/{users_own.name}",
                      f"podman:nobody-at-all/{users_own.name}"):
        dbg.run(reference, "/payload", "true", prefix=rootless.elsewhere.prefix).failed("not-found")


def test_a_users_files_name_no_process_of_others(dbg, rootless, users_own, target):
    """Whatever the user writes into his own files: root never lands in a process that is not his."""
    path = f"/proc/{rootless.elsewhere.keeper.pid}/root/run/user/{USER_ID}/crun/{users_own.id}/status"
    pidfile = [f"/proc/{rootless.elsewhere.keeper.pid}/root/run/user/{USER_ID}/containers/{driver}-containers/{users_own.id}"
               "/userdata/pidfile" for driver in ("overlay", "vfs")]
    pidfile = next(name for name in pidfile if os.path.exists(name))
    saved = {name: open(name).read() for name in (path, pidfile)}
    status = {**json.loads(saved[path]), "pid": target.pid, "process-start-time": target.starttime}
    try:
        for name, text in ((path, json.dumps(status)), (pidfile, str(target.pid))):
            with open(name, "w") as file:
                file.write(text)
        line = dbg.run(f"podman:{USER}/{users_own.name}", "/payload", "true", prefix=rootless.elsewhere.prefix).failed("refused").err
        assert "no user namespace of user" in line
    finally:
        for name, text in saved.items():
            with open(name, "w") as file:
                file.write(text)


def test_a_plain_user_finds_his_own(dbg, rootless, users_own):
    for reference in (users_own.name, f"podman:{users_own.name}", users_own.id[:12], f"podman:{USER}/{users_own.name}"):
        result = dbg.run("--explain", reference, prefix=rootless.prefix).succeeded()
        assert f"pid {users_own.pid} " in result.text, reference
    dbg.run("--explain", f"podman:root/{users_own.name}", prefix=rootless.prefix).failed("denied")


# ls

@pytest.fixture
def row_of(dbg):
    """row_of(target): what ls tells of it."""
    def ask(target, **how):
        result = dbg.run("ls", "-o", "json", **how)
        assert result.code == 0 or how.get("prefix"), result.err
        rows = [row for row in json.loads(result.out) if row["pid"] == target.pid]
        assert len(rows) <= 1, rows
        return rows[0] if rows else None
    return ask


def test_ls_containerd(enters, row_of, containerd, named):
    row = row_of(named, env=containerd.env)
    assert (row["runtime"], row["id"], row["name"], row["state"]) == ("containerd", named.id, "dbgtest-front", "running")
    assert row["target"] == f"containerd:dbgtest/{named.id}"
    enters(named, row["target"], env=containerd.env)


@pytest.mark.parametrize("container", ["app", "debugger-x", "POD"])
def test_ls_pod(dbg, enters, row_of, containerd, pod, container):
    row = row_of(pod[container], env=containerd.env)
    assert row["pod"] == f"shop/web-0/{container}"
    enters(pod[container], row["target"], env=containerd.env)
    for value, fits in (("web-0", True), ("shop/web-0", True), (f"web-0/{container}", True), ("db-0", False), ("web", False)):
        seen = dbg.run("ls", "-q", "-f", f"pod={value}", env=containerd.env).succeeded().text.split()
        assert (row["target"] in seen) == fits, value


def test_ls_crun(enters, row_of, crun, once):
    container = once(crun)
    row = row_of(container)
    assert (row["runtime"], row["name"], row["target"]) == ("crun", container.name, f"crun:{container.name}")
    enters(container, row["target"])


@pytest.mark.parametrize("how", LXC_WAYS, ids=["privileged", "unprivileged", "elsewhere"])
def test_ls_lxc(enters, row_of, lxc, once, how):
    container = once(lxc, **how)
    row = row_of(container)
    assert (row["runtime"], row["name"], row["target"]) == ("lxc", container.name, f"lxc:{container.name}")
    enters(container, row["target"])


@pytest.mark.parametrize("how", [{"registered": True}, {"registered": False}], ids=["registered", "not registered"])
def test_ls_nspawn(enters, row_of, nspawn, once, how):
    machine = once(nspawn, **how)
    row = row_of(machine)
    assert (row["runtime"], row["name"], row["target"]) == ("nspawn", machine.name, f"nspawn:{machine.name}")
    enters(machine, row["target"])


def test_ls_podman_without_cgroups(enters, row_of, podman_crun, once):
    """No cgroup names it: its start time does."""
    container = once(podman_crun)
    row = row_of(container, prefix=podman_crun.elsewhere.prefix)
    assert (row["runtime"], row["name"], row["state"]) == ("podman", container.name, "running")
    enters(container, row["target"], prefix=podman_crun.elsewhere.prefix)


def test_ls_of_a_plain_user(dbg, row_of, rootless, users_own):
    """His own, to him; to root, who has not named him, none of his."""
    row = row_of(users_own, prefix=rootless.prefix)
    assert (row["runtime"], row["name"], row["user"]) == ("podman", users_own.name, USER_ID)
    assert f"pid {users_own.pid} " in dbg.run("--explain", row["target"], prefix=rootless.prefix).succeeded().text
    assert row_of(users_own, prefix=rootless.elsewhere.prefix) is None
