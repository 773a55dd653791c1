# SPDX-License-Identifier: Apache-2.0
"""`kubectl dbgattach`: sessions, and how they end."""
import io
import json
import os
import shutil
import signal
import tarfile
import time

import pytest

import processes
from kubectl import cluster, environment, kubectl_exec, kubectl_path, pod, run, start  # noqa: F401, pylint: disable=unused-import
from processes import wait_until

P = "/payload"
GONE_S = 30  # after a SIGKILL, of everything
MODES = ["agent", "node"]


@pytest.fixture(params=MODES)
def mode(request, cluster):
    if request.param == "agent":
        cluster.agent()
    return request.param


def said(result):
    """stderr, but that a pod with no right to cgroups cannot give the session one."""
    return [line for line in result.lines if "no cgroup of its own" not in line]


def removed(cluster):
    wait_until(lambda: not cluster.names("jobs") and all("agent" in name for name in cluster.names("pods")), GONE_S, "the Job's end")


def nothing_runs(cluster):
    """No helper, and of a node pod not its main process either."""
    def ended():
        return all(process.poll() is not None for container in list(cluster.containers.values()) for process in list(container.execs))
    wait_until(ended, GONE_S, "the helpers' end")
    removed(cluster)


def test_exit_status_and_streams(run, pod, mode, cluster, unchanged, docker_target):
    with unchanged(docker_target):
        result = run("app", "--", "sh", "-c", "cat; echo error >&2; exit 7", input=b"in")
        assert (result.code, result.out, said(result)) == (7, b"in", ["error"])
        assert run("app", "--command", "exit 3").code == 3
        assert run("app", "--", P, "kill", "9").code == 137
        assert run("app", "--", "/nonexistent").code == 127
        nothing_runs(cluster)
    assert len(cluster.created) == (0 if mode == "agent" else 4)


def test_binary_pipes(run, pod, mode):
    data = os.urandom(20 << 20)
    result = run("app", "--", "cat", input=data)
    assert result.succeeded().out == data and said(result) == []


def test_no_output_is_lost_in_quick_exits(run, pod, cluster):
    cluster.agent()
    for i in range(10):
        assert run("app", "--", "echo", str(i)).succeeded().out == b"%d\n" % i


def test_input_that_nobody_reads(run, pod, mode):
    """kubectl exec alone hangs, since the remote end has unread input."""
    result = run("app", "--", "sh", "-c", "exit 5", input=bytes(8 << 20))
    assert result.code == 5 and result.seconds < 10


def test_output_that_nobody_reads(start, pod, cluster):
    """The command waits, beats and signals go on, nothing grows."""
    cluster.agent()
    session = start("app", "--", "sh", "-c", "cat /dev/zero & echo ready >&2; wait")
    assert session.popen.stderr.readline() == b"ready\n"
    time.sleep(7)  # longer than the helper waits for a beat
    client = int(processes.read(f"/proc/{session.pid}/statm").split()[1]) * 4096
    assert session.popen.poll() is None and client < 16 << 20
    session.popen.send_signal(signal.SIGTERM)
    assert session.finish().code == 143
    nothing_runs(cluster)


def test_a_closed_reader_ends_the_writer(start, pod, cluster):
    cluster.agent()
    session = start("app", "--", "sh", "-c", "yes; echo $? >&2")
    session.read_until(b"y\n" * 100)
    session.popen.stdout.close()
    assert session.popen.stderr.read() in (b"1\n", b"141\n", b"yes: standard output: Broken pipe\n1\n")
    session.popen.wait(10)


def test_on_a_terminal(terminal, environment, pod, mode, cluster, docker_target, unchanged):
    with unchanged(docker_target):
        one = terminal(program=(shutil.which("kubectl"), "dbgattach", "app", "--", "sh"), env=environment, rows=33, columns=99)
        one.send("stty size; echo $((40+2)) $TERM\r")
        one.expect("33 99")
        one.expect(r"\n42 xterm\r")
        one.resize(41, 101)
        one.send("stty size; cat\r")
        one.expect("41 101")
        one.send("hello\r")
        one.expect(r"hello\r\nhello\r\n")
        one.send("\x03")
        one.expect(r"\^C\r\n.*# ")
        one.send("\x04")
        assert one.wait() == 130
        one.restored()
        nothing_runs(cluster)


def test_a_terminal_without_one(run, pod, cluster):
    cluster.agent()
    assert run("app", "-t", "--", "sh", "-c", "test -t 0 && test -t 2 && stty size").succeeded().out == b"24 80\r\n"
    assert run("app", "-it", input=b"exit 4\n").code == 4


def test_options_reach_the_node(run, pod, cluster, tmp_path):
    cluster.agent()
    show = json.loads(run("app", "-u", "target", "-w", "/proc", "-e", "A=b c", "-e", "HOME_OF", "--", P, "show",
                          env={"HOME_OF": "caller"}).succeeded().out)
    assert show["uid"] == [65532] * 3 if isinstance(show["uid"], list) else show["uid"]
    assert show["cwd"] == "/proc"
    out = run("app", "-e", "A=b c", "-e", "HOME_OF", "--command", "echo $A $HOME_OF", env={"HOME_OF": "caller"}).succeeded().out
    assert out == b"b c caller\n"
    filter = tmp_path / "seccomp.json"
    filter.write_text(json.dumps({"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
        {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 61}]}))
    result = run("app", "--seccomp", str(filter), "--", "mkdir", "/tmp/x")
    assert result.code == 1 and "No data available" in result.err
    custom = tmp_path / "custom.json"
    custom.write_text(json.dumps({"name": "mine", "capabilities": ["KILL"]}))
    assert run("app", "--custom", str(custom), "--", "grep", "CapEff", "/proc/self/status").succeeded().out.split()[1] == b"%016x" % (1 << 5)


@pytest.mark.parametrize("words", [("app",), ("app/main",), ("pod/app",), ("pod/app/main",), ("app", "-c", "main"), ("-l", "app=web"),
                                   ("deploy/web",), ("svc/web", "-c", "main"), ("deployment/web/main",), ("-c", "main", "app")])
def test_ways_to_name_it(run, pod, cluster, words):
    cluster.agent()
    cluster.pod("stale", {"main": {"waiting": {}}}, phase="Pending", labels={"app": "web"})
    cluster.put("deployments", "web", spec={"selector": {"matchLabels": {"app": "web"}}})
    cluster.put("services", "web", spec={"selector": {"app": "web"}})
    assert run(*words, "--", P, "exit", "6").code == 6


def test_a_node(run, cluster):
    result = run("node/node-1", "--profile", "sysadmin", "--", "readlink", "/proc/self/ns/pid", "/proc/self/ns/mnt")
    try:
        os.readlink("/proc/1/ns/user")
        assert result.succeeded().text.split()[0] == os.readlink("/proc/1/ns/pid")
    except PermissionError:  # a sandbox, which keeps its first process from its root
        assert result.code == 125 and 'denied: namespace "user"' in result.err
    removed(cluster)


@pytest.fixture(scope="module")
def image(docker, binaries, build):
    """As packaging/kubernetes/Containerfile makes it: the program, and the toolbox as files."""
    name = f"dbgtest-kubectl:{os.getpid()}"
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w") as tar:
        tar.add(binaries[0], "dbgattach")
        tar.add(os.path.join(build, "toolbox/root"), "dbg")
        for folder in ("proc", "dev", "tmp"):
            made = tarfile.TarInfo(folder)
            made.type, made.mode = tarfile.DIRTYPE, 0o755
            tar.addfile(made)
    docker.cli("import", "-", name, input=archive.getvalue())
    yield name
    docker.cli("rmi", "-f", name, check=False)


def test_an_ephemeral_container(run, pod, cluster, image, docker_target, unchanged):
    cluster.image = image
    with unchanged(docker_target):
        result = run("app", "--mode=ephemeral", "--", "sh", "-c", "readlink /proc/self/ns/mnt; ls -d /payload; exit 6")
        assert result.code == 6 and result.text.split()[1:] == ["/payload"], result.err
        assert "stays in pod app's specification" in result.lines[0]
        nothing_runs(cluster)
    assert not cluster.created and len(pod["spec"]["ephemeralContainers"]) == 1
    assert run("app", "--mode=ephemeral", "--", P, "exit", "5").code == 5  # beside the first, which stays
    assert len(pod["spec"]["ephemeralContainers"]) == 2


def test_a_view(run, pod, cluster, image, docker_target, unchanged):
    """What `restricted` admits: the target's processes and files, and no power."""
    cluster.image = image
    with unchanged(docker_target):
        result = run("app", "--mode=view", "--", "sh", "-c", "id -u; ls -d payload; grep CapEff /proc/self/status; ls /proc; exit 6")
        assert result.code == 6, result.err
        assert result.text.split()[:4] == ["65532", "payload", "CapEff:", "0" * 16] and "1" in result.text.split(), result.err
        nothing_runs(cluster)
    security = pod["spec"]["ephemeralContainers"][0]["securityContext"]
    assert security["runAsNonRoot"] and "add" not in security["capabilities"] and not security["allowPrivilegeEscalation"]
    assert run("app", "--mode=view", "--", "nonsense").code == 127
    assert "takes no option" in run("app", "--mode=view", "--profile", "target").failed("usage").err


def test_what_a_node_pod_may(run, pod, cluster):
    """The Job is as small as its profile, and no more rights are used than --explain prints."""
    assert run("app", "--profile", "restricted", "--", P, "exit", "6").code == 6
    removed(cluster)
    job = cluster.created[0]
    security = job["spec"]["template"]["spec"]["containers"][0]["securityContext"]
    assert sorted(security["capabilities"]["add"]) == ["SETGID", "SETPCAP", "SETUID", "SYS_ADMIN", "SYS_CHROOT", "SYS_PTRACE"]
    used = {(verb, resource, namespace) for verb, resource, namespace, _ in cluster.requests}
    assert used <= {("get", "pods", "default"), ("list", "pods", "dbgattach"), ("get", "pods", "dbgattach"), ("list", "events", "dbgattach"),
                    ("create", "jobs", "dbgattach"), ("delete", "jobs", "dbgattach"), ("get", "pods/exec", "dbgattach"),
                    ("create", "pods/exec", "dbgattach")}, used


# How a session ends

def end_by_signal(session, cluster, number):
    session.popen.send_signal(number)


def kill_kubectl(session, cluster):
    processes.send(kubectl_exec(session.pid), signal.SIGKILL)


def freeze_client(session, cluster):
    session.popen.send_signal(signal.SIGSTOP)


def cut(session, cluster):
    cluster.cut()


ENDINGS = {
    "TERM": (lambda s, c: end_by_signal(s, c, signal.SIGTERM), 143),
    "HUP": (lambda s, c: end_by_signal(s, c, signal.SIGHUP), 129),
    "INT": (lambda s, c: end_by_signal(s, c, signal.SIGINT), 130),
    "KILL of the client": (lambda s, c: end_by_signal(s, c, signal.SIGKILL), 137),
    "KILL of kubectl": (kill_kubectl, 137),
    "STOP of the client": (freeze_client, 137),
    "the connection is cut": (cut, 137),
}


@pytest.mark.parametrize("how", ENDINGS)
def test_nothing_is_left(start, pod, mode, cluster, docker_target, unchanged, how):
    act, code = ENDINGS[how]
    with unchanged(docker_target):
        session = start("app", "--", "sh", "-c", "echo ready; exec sleep 1000")
        session.read_until(b"ready\n")
        act(session, cluster)
        since = time.monotonic()
        nothing_runs(cluster)
        took = time.monotonic() - since
        if how.startswith("STOP"):
            session.popen.send_signal(signal.SIGCONT)
        assert session.finish().code == code
        assert took < GONE_S


def test_a_network_that_freezes(start, pod, cluster, docker_target, unchanged):
    """Neither side hears of the other: both end."""
    with unchanged(docker_target):
        session = start("app", "--", "sh", "-c", "echo ready; exec sleep 1000")
        session.read_until(b"ready\n")
        cluster.thawed.clear()
        result = session.finish(timeout=30)
        assert result.code == 137 and "the connection to node node-1 is lost" in result.err
        cluster.thawed.set()
        nothing_runs(cluster)


def test_a_killed_client_gives_the_terminal_back(terminal, environment, pod, cluster):
    one = terminal(program=(shutil.which("kubectl"), "dbgattach", "app", "--", "sh"), env=environment)
    one.send("echo $((40+2))\r")
    one.expect(r"\n42\r")
    os.kill(one.pid, signal.SIGKILL)
    one.restored(10)
    nothing_runs(cluster)


def by_its_end(session, terminal):
    session.popen.stdin.write(b"exit 7\n")
    session.popen.stdin.flush()


def by_end_of_input(session, terminal):
    session.popen.stdin.close()


WAYS = [(by_its_end, 7), (by_end_of_input, 0), (lambda s, c: s.popen.send_signal(signal.SIGTERM), 143),
        (lambda s, c: s.popen.send_signal(signal.SIGKILL), 137), (kill_kubectl, 137)]


def test_many_sessions(start, pod, cluster, docker_target, unchanged, capsys):
    """Ended in every way in turn. DBG_SESSIONS says how many, 5 if nothing does."""
    slowest = 0
    with unchanged(docker_target):
        for i in range(int(os.environ.get("DBG_SESSIONS", "5"))):
            act, code = WAYS[i % len(WAYS)]
            session = start("app", "--", "sh", "-c", "echo ready; while read -r line; do $line; done; exit 0")
            session.read_until(b"ready\n")
            act(session, cluster)
            since = time.monotonic()
            assert session.popen.wait(GONE_S) % 256 in (code, 256 - signal.SIGKILL)
            nothing_runs(cluster)
            slowest = max(slowest, time.monotonic() - since)
    with capsys.disabled():
        print(f"[slowest end {slowest:.1f} s]", end="")


def test_a_signal_before_the_session(start, pod, cluster):
    cluster.start_delay = 30
    session = start("app", "--", "true")
    wait_until(lambda: cluster.names("jobs"), 10, "the Job")
    session.popen.send_signal(signal.SIGTERM)
    result = session.finish()
    assert (result.code, result.out, result.err) == (143, b"", "")
    removed(cluster)


def test_a_client_killed_before_the_session(start, pod, cluster):
    cluster.start_delay = 3
    session = start("app", "--", "true")
    wait_until(lambda: cluster.names("jobs"), 10, "the Job")
    session.popen.kill()
    removed(cluster)


def test_the_cluster_alone_takes_it_away(start, pod, cluster):
    """Client and guardian are killed: the pod ends by itself, and the Job with it."""
    session = start("app", "--", "sh", "-c", "echo ready; exec sleep 1000")
    session.read_until(b"ready\n")
    guardian = [pid for pid in processes.children(session.pid) if pid != kubectl_exec(session.pid)]
    assert len(guardian) == 1
    for pid in (*guardian, session.pid):
        processes.send(pid, signal.SIGKILL)
    nothing_runs(cluster)
    assert ("delete", "jobs", "dbgattach", "admin") not in cluster.requests


def test_without_the_controller_gc_takes_it_away(start, run, pod, cluster):
    cluster.ttl_controller = False
    for words in ("echo ready; exec sleep 1000", "echo ready; read x"):
        session = start("app", "--", "sh", "-c", words)
        session.read_until(b"ready\n")
        if "sleep" in words:
            for pid in (*processes.children(session.pid), session.pid):
                processes.send(pid, signal.SIGKILL)
            first = cluster.names("jobs")
            wait_until(lambda: cluster.objects["jobs", "dbgattach", first[0]]["status"].get("succeeded"), 20, "the pod's end")
    running = [name for name in cluster.names("jobs") if name not in first]
    result = run("gc").succeeded()
    assert result.text.split() == first and "1 Job of running sessions kept" in result.err
    assert cluster.names("jobs") == running
    assert run("gc", "--all").succeeded().text.split() == running
    assert session.finish().code == 137
