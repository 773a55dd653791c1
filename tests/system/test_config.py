# SPDX-License-Identifier: Apache-2.0
"""/etc/dbgattach/config.json: whose file it has to be, and that nobody gets around it. The test build is told another path."""
import json
import os
import shutil
import subprocess

import pytest

BASELINE = {"defaults": {"profile": "baseline"}, "policy": {"profiles": ["baseline", "restricted"], "max_timeout": "1h"}}
CAT = "/dbg/bin/cat"


@pytest.fixture
def configured(binaries, test_build, tmp_path):
    """configured(content, *words, user=None): the test build under a configuration; its status, stdout and stderr."""
    folder = tmp_path / "dbgattach"
    folder.mkdir(mode=0o755)
    for parent in (tmp_path, *tmp_path.parents):
        if parent.stat().st_mode & 0o001 == 0:
            parent.chmod(0o755)

    def run(content, *words, user=None, prepare=lambda file: None):
        file = folder / "config.json"
        if content is not None:
            file.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
            file.chmod(0o644)
            prepare(file)
        done = subprocess.run([binaries[1], *words], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=20,
                              check=False, user=user, group=user, extra_groups=[] if user else None,
                              env={"PATH": os.environ["PATH"], "DBG_CONFIG": str(file)})
        return done.returncode, done.stdout, done.stderr
    return run


def refused(result, *says):
    code, out, err = result
    assert code == 125 and out == "" and err.count("\n") == 1, result
    assert all(word in err for word in says), (err, says)


def test_the_policy_is_above_the_command_line(configured, target):
    refused(configured(BASELINE, "--profile", "general", target.ref, CAT), "refused: --profile general: ",
            "/config.json allows only baseline, restricted")
    refused(configured(BASELINE, "--write", target.ref, CAT), "refused: --write: ", "/config.json allows only what the profile has")
    refused(configured(BASELINE, "--explain", "--timeout", "2h", target.ref), "refused: --timeout 7200s: ", "allows only 3600s")
    code, out, _ = configured(BASELINE, target.ref, CAT, "/proc/self/status")
    assert code == 0 and "CapEff:\t0000000000000004\n" in out, out  # baseline's DAC_READ_SEARCH


def test_without_a_file_nothing_changes(configured, target):
    code, out, err = configured(None, target.ref, CAT, "/proc/self/status")
    assert code == 0 and err == "" and "CapEff:\t0000000000000004\n" not in out


@pytest.mark.parametrize("prepare, says", [
    (lambda file: file.chmod(0o664), "others can write"),
    (lambda file: file.chmod(0o646), "others can write"),
    (lambda file: os.chown(file, 1000, 0), "not root's"),
    (lambda file: file.parent.chmod(0o775), "others can write"),
    (lambda file: os.chown(file.parent, 1000, 0), "not root's"),
    (lambda file: (file.rename(file.with_name("other")), file.symlink_to("other")), "symbolic links"),
    (lambda file: (file.unlink(), file.mkdir()), "irectory"),
    (lambda file: (file.unlink(), os.mkfifo(file)), "JSON"),
    (lambda file: file.write_text("{"), "line 1: is not JSON"),
    (lambda file: file.write_text('{"defaults": {"toolbox_check": "rarely"}}'), '"rarely" is none of cached, always, never'),
    (lambda file: file.write_text(" " * 65537), "larger than 65536 bytes"),
])
def test_a_file_that_cannot_be_trusted_ends_every_attach(configured, target, prepare, says):
    refused(configured({}, target.ref, CAT, prepare=prepare), "/dbgattach", says)


def test_it_ends_attaches_only(configured):
    for words in (("--version",), ("--help",), ("ls",), ("toolbox", "list")):
        code, _, err = configured("{", *words)
        assert code == 0 and err == "", (words, err)
    code, out, _ = configured("{", "doctor")
    assert code == 1 and "\nEvery attach is refused: " in out
    _, out, _ = configured(BASELINE, "doctor")
    assert out.splitlines()[-1].endswith("/config.json holds a policy.")
    _, out, _ = configured(BASELINE, "doctor", "-o", "json")
    assert json.loads(out)["config"]["policy"] is True


def test_a_plain_user_obeys(configured, binaries, tmp_path):
    """Before anything of the container is looked at: there is none of that name."""
    refused(configured(BASELINE, "--write", "pid:1", user=65534), "refused: --write: ")
    refused(configured(BASELINE, "pid:1", user=65534, prepare=lambda file: file.chmod(0o600)), "denied: ", "/config.json")


def test_the_real_program_cannot_be_told_another_path(binaries, tmp_path):
    if os.path.exists("/etc/dbgattach/config.json"):
        pytest.skip("this host has a configuration")
    file = tmp_path / "config.json"
    file.write_text("{")
    done = subprocess.run([binaries[0], "--explain", "no-such-container"], capture_output=True, text=True, check=False,
                          env={"PATH": os.environ["PATH"], "DBG_CONFIG": str(file)})
    assert "not-found: " in done.stderr, done.stderr
    assert b"DBG_CONFIG" not in open(binaries[0], "rb").read() and shutil.which(binaries[0])
