# SPDX-License-Identifier: Apache-2.0
"""With a Docker daemon that hangs or is dead: dbgattach reads state files. In a mount namespace of their own."""
import os
import signal

import pytest

from processes import wait_until

P = "/payload"


@pytest.fixture(scope="module")
def stranded(private_docker):
    """A container; its daemon is the tests' to stop and kill."""
    container = private_docker.run(name="stranded")
    yield container
    container.kill()


@pytest.fixture
def attach(dbg, private_docker):
    def run(*arguments, **options):
        return dbg.run(*arguments, prefix=private_docker.prefix, **options)
    return run


FORMS = {"id": lambda c: c.id, "prefix": lambda c: c.id[:12], "name": lambda c: c.name, "docker:name": lambda c: "docker:stranded"}


def check(attach, container):
    for form in FORMS.values():
        result = attach(form(container), P, "exit", "6")
        assert result.code == 6 and result.seconds < 3, (form(container), result)
    attach("no-such-container", P, "true").failed("not-found")


def test_in_order(attach, stranded):
    check(attach, stranded)


def test_stopped(attach, stranded, private_docker):
    daemon = private_docker.daemon.process
    os.kill(daemon.pid, signal.SIGSTOP)
    try:
        check(attach, stranded)
    finally:
        os.kill(daemon.pid, signal.SIGCONT)


def test_killed(attach, stranded, private_docker):
    """Stale sockets and all. The last test here: nothing starts the daemon again."""
    daemon = private_docker.daemon.process
    daemon.kill()
    daemon.wait(10)
    wait_until(stranded.alive, what="the container to live on")
    check(attach, stranded)
