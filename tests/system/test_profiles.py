# SPDX-License-Identifier: Apache-2.0
"""The profiles in real containers: what they grant, and that `target` is what the target is, field by field."""
import json
import re

import pytest

from processes import read, status_field
from targets import UID
from test_privilege import EVERYTHING, GENERAL, mask, sets

P = "/payload"
CAT = "/dbg/bin/cat"
falls_without = pytest.mark.falls_without
FIELDS = "Uid Gid Groups CapInh CapPrm CapEff CapBnd CapAmb Seccomp Seccomp_filters Umask".split()


def fields(text, names=FIELDS):
    found = dict(re.findall(r"^(\w+):[ \t]*(.*?)[ \t]*$", text, re.M))
    return {name: found.get(name) for name in names}


def of_session(dbg, ref, *options, expect_stderr=True):
    result = dbg.run(*options, ref, CAT, "/proc/self/status").succeeded()
    assert expect_stderr or result.err == "", result.err
    return fields(result.text)


def of_target(target):
    return fields(read(f"/proc/{target.pid}/status"))


# the table

NETADMIN = (*GENERAL, "NET_ADMIN", "NET_BIND_SERVICE")
TABLE = {
    "general": (0, sets(mask(*GENERAL)), 2),
    "baseline": (0, sets(mask("DAC_READ_SEARCH")), 2),
    "restricted": (UID, sets(0), 2),
    "target": (UID, sets(0), 2),
    "netadmin": (0, sets(mask(*NETADMIN)), 2),
    "sysadmin": (0, sets(EVERYTHING), 0),
}


@pytest.mark.no_filter
@pytest.mark.parametrize("profile", TABLE)
def test_table(show, docker_target, profile):
    """In a hardened container: ids, groups, five sets, no_new_privs, seccomp."""
    uid, caps, seccomp = TABLE[profile]
    seen = show(docker_target, "--profile", profile)
    assert (seen["uid"], seen["gid"]) == ([uid] * 3, [uid] * 3)
    assert seen["caps"] == caps and seen["no_new_privs"] == 1 and seen["seccomp"] == seccomp


def test_write_adds_only_to_roots_profiles(show, docker_target):
    assert show(docker_target, "--profile", "baseline", "--write")["caps"] == sets(
        mask("DAC_READ_SEARCH", "DAC_OVERRIDE", "CHOWN", "FOWNER"))
    for profile in ("restricted", "target"):
        assert show(docker_target, "--profile", profile, "--write")["caps"] == sets(0)


def test_added_and_dropped(show, docker_target):
    assert show(docker_target, "--profile", "netadmin", "--cap-drop", "SYS_PTRACE")["caps"] == sets(
        mask(*(name for name in NETADMIN if name != "SYS_PTRACE")))
    assert show(docker_target, "--profile", "restricted", "--cap-add", "KILL")["caps"] == sets(
        mask("KILL"), ambient=mask("KILL"))
    assert show(docker_target, "--profile", "target", "--cap-add", "KILL")["caps"] == sets(
        mask("KILL"), ambient=mask("KILL"))


def test_another_user_on_top(show, docker_target):
    seen = show(docker_target, "--profile", "restricted", "-u", "root")
    assert seen["uid"] == [0] * 3 and seen["caps"] == sets(0)
    seen = show(docker_target, "--profile", "general", "-u", "target")
    assert seen["uid"] == [UID] * 3 and seen["caps"] == sets(0)


def test_netadmin_on_the_hosts_network(show, fake):
    """NET_ADMIN too is only had there by its flag."""
    target = fake(share="net")
    kept = mask(*(name for name in NETADMIN if name not in ("NET_ADMIN", "NET_RAW")))
    assert show(target, "--profile", "netadmin", expect_stderr=True)["caps"] == sets(kept)
    assert show(target, "--profile", "netadmin", "--host-net")["caps"] == sets(mask(*NETADMIN))


# exactly the target

EXACT = {
    "hardened": (True, ()),
    "default root": (False, ()),
    "user with groups": (False, ("-u", "1234:5678", "--group-add", "77", "--group-add", "88")),
    "few capabilities": (False, ("--cap-drop", "ALL", "--cap-add", "KILL", "--cap-add", "CHOWN")),
    "no filter": (False, ("--security-opt", "seccomp=unconfined")),
    "limits": (False, ("--ulimit", "nofile=333:444", "--ulimit", "core=0:0", "--oom-score-adj", "321")),
}


@pytest.mark.no_filter
@pytest.mark.parametrize("case", [pytest.param(case, marks=falls_without("GROUPS", "VERIFY") if case == "user with groups" else ())
                                  for case in EXACT])
def test_target_is_exact(dbg, docker, once, case):
    hardened, options = EXACT[case]
    container = once(docker, *options, hardened=hardened)
    result = dbg.run("--profile", "target", container.ref, CAT, "/proc/self/status", "/proc/self/limits",
                     "/proc/self/oom_score_adj").succeeded()
    assert fields(result.text) == of_target(container)
    assert fields(result.text, ["NoNewPrivs"]) == {"NoNewPrivs": "1"}
    told = [line for line in result.lines if "no_new_privs" in line]
    assert len(told) == (0 if hardened else 1)
    limits = re.search(r"^Limit .*(?:\n(?:Max|Nice).*)+", result.text, re.M)
    if resource_allows(container):
        assert limits[0] in read(f"/proc/{container.pid}/limits")
    assert result.text.endswith("\n" + read(f"/proc/{container.pid}/oom_score_adj"))


def resource_allows(container):
    """No limit of the target's is above ours, or we may go there."""
    if int(status_field("self", "CapEff"), 16) & mask("SYS_RESOURCE"):
        return True
    number = lambda word: 1 << 64 if word == "unlimited" else int(word)
    hard = lambda pid: [number(line[26:].split()[1]) for line in read(f"/proc/{pid}/limits").splitlines()[1:]]
    return all(own >= wanted for own, wanted in zip(hard("self"), hard(container.pid)))


@falls_without("RLIMITS")
@falls_without("OOM_SCORE")
def test_limits_of_target(show, docker, once):
    container = once(docker, "--ulimit", "nofile=333:444", "--ulimit", "core=5:6", "--oom-score-adj", "321")
    seen = show(container, "--profile", "target")
    assert seen["limits"]["NOFILE"] == [333, 444] and seen["limits"]["CORE"] == [5, 6]
    assert int(seen["oom_score_adj"]) == 321


@pytest.mark.no_filter
def test_ambient_capabilities_of_the_target(dbg, runc, once):
    container = once(runc, uid=1000, caps=("KILL", "NET_RAW"), ambient=("KILL",), groups=(7, 9))
    seen = of_session(dbg, container.ref, "--profile", "target")
    assert seen == of_target(container)
    assert int(seen["CapAmb"], 16) == mask("KILL") and seen["Groups"] == "7 9"


@pytest.mark.no_filter
def test_target_with_a_user_namespace(dbg, runc, once):
    container = once(runc, uid=5, caps=("KILL",), userns=(100000, 65536), groups=(7,))
    wanted = of_target(container)
    session = dbg.start("--profile", "target", container.ref, P, "pause")
    roles = session.running()
    assert fields(read(f"/proc/{roles['command']}/status")) == wanted


def test_deviation_of_the_capability_sets_is_told(dbg, runc, once):
    """A user with permitted capabilities that are not ambient: an exec would take them."""
    container = once(runc, uid=1000, caps=("KILL",))
    wanted = of_target(container)
    result = dbg.run("--explain", "--profile", "target", container.ref).succeeded()
    assert int(wanted["CapEff"], 16) in (0, mask("KILL"))
    assert ("an exec would change" in result.text) == (int(wanted["CapEff"], 16) != 0)


# a profile of one's own

def write(tmp_path, name, content):
    path = tmp_path / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return str(path)


def test_custom(show, docker_target, tmp_path):
    path = write(tmp_path, "p", {"name": "dns", "ids": "target", "capabilities": ["NET_RAW"], "seccomp": "default"})
    seen = show(docker_target, "--custom", path)
    assert seen["uid"] == [UID] * 3 and seen["caps"] == sets(mask("NET_RAW"), ambient=mask("NET_RAW"))
    assert seen["seccomp"] == 2 and any(item == f"DBGATTACH_PROMPT=dbg:{docker_target.name}(dns)" for item in seen["env"])


@pytest.mark.parametrize("capabilities", [["NET_RAW"], "all"], ids=str)
def test_custom_as_another_user(show, docker_target, tmp_path, capabilities):
    """Its list is for the target's user: any other but root has none of it, and what --cap-add names."""
    path = write(tmp_path, "p", {"name": "dns", "ids": "target", "capabilities": capabilities})
    other = str(UID + 1)
    assert show(docker_target, "--custom", path, "-u", other)["caps"] == sets(0)
    assert show(docker_target, "--custom", path, "-u", other, "--cap-add", "KILL")["caps"] == \
        sets(mask("KILL"), ambient=mask("KILL"))


@pytest.mark.no_filter
def test_custom_like_target(dbg, docker_target, tmp_path):
    path = write(tmp_path, "p", {"name": "t", "ids": "target", "capabilities": "target", "seccomp": "unconfined",
                                 "limits": "target"})
    seen, wanted = of_session(dbg, docker_target.ref, "--custom", path), of_target(docker_target)
    assert (seen["Seccomp"], seen["Seccomp_filters"]) == ("0", "0")
    assert {**seen, "Seccomp": "", "Seccomp_filters": ""} == {**wanted, "Seccomp": "", "Seccomp_filters": ""}


@pytest.mark.parametrize("content, kind, words", [
    ({"name": "x", "capabilites": []}, "malformed", ["capabilites", "line 1"]),
    ({"name": "x", "ids": "nobody"}, "malformed", ["nobody"]),
    ({"name": "general"}, "usage", ["general"]),
    ({"name": "x", "capabilities": ["FLY"]}, "usage", ["FLY"]),
    ('{"name": "x",\n "all_devices": "yes"}', "malformed", ["line 2"]),
    ("", "malformed", ["line 1"]),
])
def test_custom_nonsense(dbg, target, tmp_path, content, kind, words):
    line = dbg.run("--custom", write(tmp_path, "p", content), target.ref, P, "true").failed(kind).err
    assert all(word in line for word in words), line


def test_custom_excludes_profile(dbg, target, tmp_path):
    path = write(tmp_path, "p", {"name": "x"})
    dbg.run("--custom", path, "--profile", "baseline", target.ref, P, "true").failed("usage")
