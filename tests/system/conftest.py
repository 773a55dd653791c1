# SPDX-License-Identifier: Apache-2.0
"""
The system tests: the real program, in real containers. See run for how to call them.

Two rules of this suite:
* A skip prints its reason, and with DBG_MUST_RUN=1 it is a failure.
* A test of a protection carries @pytest.mark.falls_without("NAME"): it is run once more with the test build, from which
  that one protection is left out (DBG_WITHOUT=NAME), and must then fail by an AssertionError. A test that cannot fail is
  found by that. Where another protection would see the lack and refuse the session, as step_verify does, that one is named
  too: falls_without("GROUPS", "VERIFY"); a fall by nothing but such a refusal proves nothing either.
"""
import json
import os
import pathlib
import shutil
import signal
import subprocess
import tempfile

import pytest

import processes
import runtimes
import snapshot
import targets
import toolboxes
from options import REPOSITORY
from program import Program
from ptydriver import Terminal
from targets import Fake, Tree, Unavailable

pytest_plugins = ["options"]
MUST_RUN = os.environ.get("DBG_MUST_RUN") == "1"
TEST_LIMIT = 120  # seconds for one test, whatever hangs


def pytest_configure(config):
    config.addinivalue_line("markers", "no_filter: what it asserts is another under a filter of the caller's, as --lacking makes it")
    config.addinivalue_line("markers", "uses(call, ...): cannot be done without these system calls, which is said elsewhere")
    config.addinivalue_line("markers", "falls_without(name, ...): the test fails on a build without this protection")
    processes.forget_the_caller()
    processes.become_subreaper()
    # A runner that is told to stop still takes its containers away.
    signal.signal(signal.SIGTERM, lambda signum, frame: pytest.exit("terminated", returncode=143))


# The second run, on the weakened program

def pytest_collection_modifyitems(config, items):
    if lacking := set(config.getoption("lacking").split(",")) - {""}:
        left_out = [item for item in items if item.get_closest_marker("no_filter")
                    or any(lacking & set(mark.args) for mark in item.iter_markers("uses"))]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    if config.getoption("no_weak"):
        return
    weakened = []
    for item in items:
        weakened.append(item)
        for mark in item.iter_markers("falls_without"):
            name = f"{item.name}[without {'+'.join(mark.args)}]"
            clone = pytest.Function.from_parent(item.parent, name=name, callspec=getattr(item, "callspec", None),
                                                callobj=item.obj, fixtureinfo=item._fixtureinfo,
                                                originalname=item.originalname)
            clone.without = mark.args
            weakened.append(clone)
    items[:] = weakened


def limit(signum, frame):
    raise processes.Late(f"the test took longer than {TEST_LIMIT} s")


@pytest.hookimpl(hookwrapper=True)
def pytest_pyfunc_call(pyfuncitem):
    signal.signal(signal.SIGALRM, limit)
    signal.alarm(TEST_LIMIT)
    outcome = yield
    signal.alarm(0)
    without = getattr(pyfuncitem, "without", None)
    if not without:
        return
    if outcome.excinfo is None:
        pytest.fail(f"passes on a build without {', '.join(without)}: this test cannot fail and proves nothing",
                    pytrace=False)
    elif issubclass(outcome.excinfo[0], AssertionError):
        program = pyfuncitem.funcargs.get("dbg")
        if program and program.refused():
            pytest.fail(f"falls on a build without {', '.join(without)} only because the program itself refuses: leave out as "
                        f"well what refuses, so that the test's own assertion is reached\n{outcome.excinfo[1]}", pytrace=False)
        outcome.force_result(True)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if MUST_RUN and report.skipped:
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"DBG_MUST_RUN=1, but: {reason}"


# What is tested

@pytest.fixture(scope="session")
def public():
    """A folder that a plain user gets to, wherever the checkout lies; root's home is closed to him."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="dbgtest.") as name:
        os.chmod(name, 0o755)
        yield pathlib.Path(name)


@pytest.fixture(scope="session")
def helpers(pytestconfig, public):
    """{name: path} of the static helper programs, built where they are missing."""
    directory = os.path.abspath(pytestconfig.getoption("helpers"))
    subprocess.run(["make", "-s", "-C", REPOSITORY, "-f", "tests/helpers/helpers.mk", f"B={os.path.dirname(directory)}",
                    "helpers"], check=True, stdout=subprocess.DEVNULL)
    copies = shutil.copytree(directory, public / "helpers")
    return {name: os.path.join(copies, name) for name in os.listdir(copies)}


@pytest.fixture(scope="session")
def build(pytestconfig):
    """Where the program was built."""
    return os.path.dirname(os.path.abspath(pytestconfig.getoption("binary")))


@pytest.fixture(scope="session")
def binaries(pytestconfig, public):
    """The program and its test build."""
    paths = [os.path.abspath(pytestconfig.getoption(option)) for option in ("binary", "test_binary")]
    copies = [public / name / "dbgattach" for name in ("release", "test")]
    for path, copy in zip(paths, copies):
        copy.parent.mkdir()
        if os.access(path, os.X_OK):
            shutil.copy(path, copy)
    return tuple(map(str, copies))


@pytest.fixture
def lacking(pytestconfig, helpers):
    """What puts a program on a kernel without the calls that --lacking names."""
    calls = pytestconfig.getoption("lacking").split(",")
    return (helpers["nosys"], *calls, "--") if calls != [""] else ()


@pytest.fixture
def dbg(request, binaries, lacking):
    """The program; in the second run of a marked test, the weakened one."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    program = Program(*binaries, without=getattr(request.node, "without", ()), wrapper=lacking)
    if not os.access(program.path(), os.X_OK):
        pytest.skip(f"{program.path()} is missing: make && make test-programs")
    leftovers = set(snapshot.host_processes())
    processes.set_patience(4.0 if program.without else 20.0)
    yield program
    processes.set_patience(20.0)
    program.sweep()
    sweep_leftovers(leftovers, binaries)


def sweep_leftovers(before, binaries):
    """A weakened or stopped program may leave processes: ends those of ours that are new."""
    for pid in set(snapshot.host_processes()) - before:
        executable = processes.readlink(f"/proc/{pid}/exe").replace(" (deleted)", "")
        if executable in binaries or processes.in_session_cgroup(pid):
            processes.send(pid, signal.SIGKILL)
    processes.reap_orphans(Program.known)


@pytest.fixture(scope="session", autouse=True)
def no_empty_cgroups():
    """Cgroups that this run has left on purpose (SIGKILL of monitor and guardian) go at its end."""
    before = set(snapshot.host_cgroups())
    yield
    for path in sorted(set(snapshot.host_cgroups()) - before, reverse=True):
        if "/dbgattach-" in path:
            try:
                os.rmdir(path)
            except OSError:
                pass


@pytest.fixture
def test_build(binaries):
    """For tests that use barriers."""
    if not os.access(binaries[1], os.X_OK):
        pytest.skip("the test build is missing: make test-programs")


@pytest.fixture
def terminal(dbg, helpers, request):
    """terminal(*arguments): dbgattach on a terminal, as the job of a session leader."""
    opened = []

    def start(*arguments, barrier=None, weak=(), env=None, program=None, **how):
        caller, *words = (*dbg.wrapper, *dbg.prefix, dbg.path(barrier, weak), *arguments)
        command = program or (shutil.which(caller), *words)
        opened.append(Terminal(command, helpers["payload"], dbg.environment(barrier, weak, env), barrier=barrier, **how))
        dbg.terminals.append(opened[-1])
        return opened[-1]
    yield start
    for one in opened:
        one.close()


# What is entered

@pytest.fixture
def tree(helpers):
    """tree(files, bare=False): what a root holds, see targets.Tree."""
    return lambda files=None, **options: Tree(helpers, files, **options)


@pytest.fixture
def fake(helpers):
    """fake(init, **options): a container without a runtime, see targets.Fake."""
    if os.geteuid() != 0:
        pytest.skip("needs root")
    made = []

    def make(*init, **options):
        try:
            made.append(Fake(helpers, init or ("pause",), **options))
        except Unavailable as why:
            pytest.skip(str(why))
        return made[-1]
    yield make
    for one in made:
        one.stop()


@pytest.fixture
def target(fake):
    """A hardened fake container of the test's own, whose PID 1 does not reap."""
    return fake("pause")


def runtime(make):
    """A session fixture for a runtime: skips with the reason where it is not there."""
    def generator(helpers):
        if os.geteuid() != 0:
            pytest.skip("needs root")
        with tempfile.TemporaryDirectory(prefix="dbgtest.", ignore_cleanup_errors=True) as directory:
            os.chmod(directory, 0o755)  # the root of a user namespace has to get to its files
            try:
                engine = make(helpers, directory)
            except (Unavailable, processes.Late) as why:
                pytest.skip(str(why))
            yield engine
            engine.close()
    return generator


docker = pytest.fixture(scope="session", name="docker")(runtime(targets.Docker))
runc = pytest.fixture(scope="session", name="runc")(runtime(targets.Runc))
podman = pytest.fixture(scope="session", name="podman")(runtime(lambda helpers, directory: targets.Podman(helpers)))
private_docker = pytest.fixture(scope="module", name="private_docker")(runtime(targets.PrivateDocker))
containerd = pytest.fixture(scope="module", name="containerd")(runtime(runtimes.Containerd))
crun = pytest.fixture(scope="module", name="crun")(runtime(runtimes.Crun))
lxc = pytest.fixture(scope="module", name="lxc")(runtime(runtimes.Lxc))
nspawn = pytest.fixture(scope="module", name="nspawn")(runtime(runtimes.Nspawn))
podman_crun = pytest.fixture(scope="module", name="podman_crun")(runtime(lambda helpers, directory: runtimes.PodmanCrun(helpers)))
rootless = pytest.fixture(scope="module", name="rootless")(runtime(runtimes.RootlessPodman))


def kept(engine_name, **options):
    """A session fixture: one hardened container for the tests that do not harm it."""
    def generator(request):
        container = request.getfixturevalue(engine_name).run(**options)
        yield container
        container.stop()
    return generator


docker_target = pytest.fixture(scope="session", name="docker_target")(kept("docker"))
podman_target = pytest.fixture(scope="session", name="podman_target")(kept("podman"))
runc_target = pytest.fixture(scope="session", name="runc_target")(kept("runc"))


@pytest.fixture
def once(request):
    """once(engine, ...): engine.run(...), removed at the test's end."""
    made = []

    def run(engine, *arguments, **options):
        made.append(engine.run(*arguments, **options))
        return made[-1]
    yield run
    for container in made:
        container.stop()


# What is asked often

@pytest.fixture
def show(dbg):
    """show(target, *options): what a process of the session sees, as payload's show prints it."""
    def ask(target, *options, expect_stderr=False, **how):
        result = dbg.run(*options, target.ref, "/payload", "show", **how).succeeded()
        if not expect_stderr:
            assert result.err == "", result.err
        return json.loads(result.out)
    return ask


@pytest.fixture
def attempts(dbg):
    """attempts(target, command, *arguments): {what: errno name} of one of payload's tries, or of trysyscall."""
    def ask(target, command, *arguments, options=()):
        program = ("/trysyscall",) if command == "trysyscall" else ("/payload", command)
        result = dbg.run(*options, target.ref, *program, *arguments).succeeded()
        return dict(line.rsplit(" ", 1) for line in result.text.splitlines())
    return ask


@pytest.fixture
def fresh_procfs():
    """A procfs of another PID namespace, made from outside of it."""
    if [int(part) for part in os.uname().release.split(".")[:2]] < [6, 17]:
        pytest.skip("this kernel cannot make one (Linux 6.17)")


@pytest.fixture
def unchanged():
    return snapshot.unchanged


# Toolboxes

@pytest.fixture(scope="module")
def trees(build):
    """What is in core and in a layer. Not below /tmp: an image on tmpfs is mounted by a loop device alone."""
    with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="dbgtest.") as name:
        base = pathlib.Path(name)
        toolboxes.core_tree(build, base / "core")
        toolboxes.layer_tree(base / "nmap", "nmap", "nmap is here")
        toolboxes.layer_tree(base / "tshark", "tshark", "tshark is here")
        yield base


@pytest.fixture
def store(trees, dbg, monkeypatch):
    """An empty store that the program finds by itself."""
    path = pathlib.Path(tempfile.mkdtemp(dir="/var/tmp", prefix="dbgtest."))
    path.chmod(0o755)
    dbg.settings["DBGATTACH_STORE"] = str(path)
    monkeypatch.setenv("DBGATTACH_STORE", str(path))
    yield path
    shutil.rmtree(path)


@pytest.fixture
def core(store, trees):
    return toolboxes.make(store, "core", trees / "core", hot={"bin/hot": b"#!/dbg/bin/sh\n"})
