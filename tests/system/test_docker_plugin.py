# SPDX-License-Identifier: Apache-2.0
"""`docker dbgattach`: the program as a plugin of the real Docker CLI."""
import json
import os
import shutil
import signal
import subprocess
import time

import pytest

from processes import wait_until

P = "/payload"
CONTEXTS = {"away": "ssh://root@192.0.2.7", "here": "unix:///run/other/docker.sock"}


@pytest.fixture(scope="module")
def config(binaries, tmp_path_factory):
    """A folder of the CLI's with the plugin and two contexts."""
    if not shutil.which("docker"):
        pytest.skip("the Docker CLI is not installed")
    folder = tmp_path_factory.mktemp("docker")
    (folder / "cli-plugins").mkdir()
    (folder / "cli-plugins/docker-dbgattach").symlink_to(binaries[0])
    for name, host in CONTEXTS.items():
        subprocess.run(["docker", "--config", folder, "context", "create", name, "--docker", f"host={host}"], check=True,
                       capture_output=True)
    return folder


@pytest.fixture
def docker_cli(dbg, config):
    """start(words): docker [options] dbgattach words; options are the CLI's own."""
    def start(*words, options=(), env=None):
        script = 'config=$1; shift 2; exec docker --config "$config" "$@"'
        return dbg.start(*options, "dbgattach", *words, prefix=("sh", "-c", script, "sh", str(config)), env=env)
    return start


@pytest.fixture
def run(docker_cli):
    return lambda *words, input=b"", **how: docker_cli(*words, **how).finish(input=input)


def test_the_cli_knows_it(config, binaries):
    listed = subprocess.run(["docker", "--config", config, "--help"], capture_output=True, text=True, check=True).stdout
    assert "dbgattach*" in listed and "INVALID" not in listed
    metadata = subprocess.run([config / "cli-plugins/docker-dbgattach", "docker-cli-plugin-metadata"], capture_output=True, check=True)
    assert json.loads(metadata.stdout)["SchemaVersion"] == "0.1.0"
    shown = subprocess.run([binaries[0], "--help"], capture_output=True, text=True, check=True).stdout
    for words in (["help", "dbgattach"], ["dbgattach", "--help"]):
        assert subprocess.run(["docker", "--config", config, *words], capture_output=True, text=True, check=True).stdout == shown


@pytest.mark.parametrize("form", ["id", "prefix", "name", "runtime"])
def test_it_enters(run, docker_target, form):
    word = {"id": docker_target.id, "prefix": docker_target.id[:10], "name": docker_target.name,
            "runtime": f"docker:{docker_target.name}"}[form]
    assert run(word, P, "exit", "6").code == 6


def test_the_cli_s_own_options(run, docker_target):
    assert run("-it", docker_target.name, P, "exit", "3", options=("-D", "--log-level", "error", "--host=unix:///nowhere")).code == 3


def test_binary_pipes(run, docker_target):
    data = os.urandom(3 << 20)
    result = run(docker_target.name, "cat", input=data)
    assert result.succeeded().out == data and result.err == ""


def test_other_commands(run, docker_target):
    assert run("inspect", "-o", "json", docker_target.name).succeeded().out.startswith(b"{")
    assert docker_target.id in run("ls", "-o", "json", "-f", "runtime=docker").succeeded().text


def test_a_bare_name_is_docker_s(run, runc_target):
    run(runc_target.ref.split(":")[-1].rsplit("/")[-1], P, "true").failed("not-found")
    assert run(runc_target.ref, P, "exit", "5").code == 5


@pytest.mark.parametrize("options, env", [
    (("--context", "away"), {}),
    (("-H", "tcp://192.0.2.7:2376"), {}),
    ((), {"DOCKER_HOST": "ssh://root@192.0.2.7"}),
    ((), {"DOCKER_CONTEXT": "away"}),
    (("--context", "away"), {"DOCKER_HOST": "unix:///run/docker.sock"}),
])
def test_a_daemon_elsewhere_is_refused(run, docker_target, options, env):
    result = run(docker_target.name, P, "true", options=options, env=env).failed("refused")
    assert "192.0.2.7" in result.err and "on that host" in result.err


def test_the_current_context_counts(run, docker_target, config):
    for name, code in (("away", 125), ("here", 4), ("default", 4)):
        subprocess.run(["docker", "--config", config, "context", "use", name], check=True, capture_output=True)
        result = run(docker_target.name, P, "exit", "4")
        assert result.code == code
        if code == 125:
            result.failed("refused")


def test_called_by_that_name_without_the_cli(config):
    result = subprocess.run([config / "cli-plugins/docker-dbgattach", "web"], capture_output=True, text=True, check=False)
    assert result.returncode == 125 and "docker dbgattach --help" in result.stderr


def test_on_a_terminal(terminal, dbg, config, docker_target, unchanged):
    with unchanged(docker_target):
        one = terminal(program=(shutil.which("docker"), "--config", str(config), "dbgattach", docker_target.name, "sh"))
        one.send("echo $((40+2))\r")
        one.expect(r"\n42\r")
        one.resize(41, 101)
        one.send("stty size; exit 7\r")
        one.expect("41 101")
        assert one.wait() == 7
        one.restored()


@pytest.fixture
def cli_ends():
    """cli_ends(session, number): the CLI, told by that signal, is gone."""
    version = subprocess.run(["docker", "--version"], capture_output=True, text=True, check=True).stdout.split()[2]
    # One before 23.0 tells its plugin nothing; SIGTERM it takes for the plugin's, until the third. [cli/cmd/docker, appcontext]
    patient = int(version.split(".")[0]) < 23

    def ends(session, number):
        for _ in range(3 if patient and number == signal.SIGTERM else 1):
            assert session.popen.poll() is None
            session.popen.send_signal(number)
            time.sleep(0.1)  # two at once would be one
        session.popen.wait(20)
    return ends


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL, signal.SIGHUP])
@pytest.mark.parametrize("command", [("cat",), ("sh", "-c", "trap '' TERM HUP; echo ready; while :; do sleep 1; done")])
def test_the_end_of_the_cli_ends_the_session(docker_cli, cli_ends, docker_target, unchanged, number, command):
    with unchanged(docker_target, within=10):
        session = docker_cli(docker_target.name, *command)
        wait_until(docker_target.session_processes, what="the session")
        if command[0] == "sh":
            session.read_until(b"ready")
        cli_ends(session, number)
        wait_until(lambda: not docker_target.session_processes(), 10, "the session's end")
