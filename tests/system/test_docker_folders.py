# SPDX-License-Identifier: Apache-2.0
"""Docker's files in other places than its own: by an option of the daemon, its configuration file, a symbolic link."""
import json
import os
import tempfile

import pytest

from targets import PrivateDocker, Unavailable

FORMS = {"id": lambda c: c.id, "prefix": lambda c: c.id[:12], "name": lambda c: c.name, "docker:name": lambda c: f"docker:{c.name}"}

PLACES = {
    "an option": {"place": "true", "options": ("--data-root={data}/moved", "--exec-root=/run/moved")},
    "a file": {"place": """echo '{{"data-root":"{data}/moved","exec-root":"/run/moved"}}' >{data}/daemon.json""",
               "options": ("--config-file", "{data}/daemon.json")},
    "a link": {"place": "mount -t tmpfs -o mode=755 lib /var/lib && ln -s {data} /var/lib/docker"},
}


@pytest.fixture(scope="module", params=PLACES)
def moved(request, helpers):
    if os.geteuid() != 0:
        pytest.skip("needs root")
    with tempfile.TemporaryDirectory(prefix="dbgtest.", ignore_cleanup_errors=True) as directory:
        os.chmod(directory, 0o755)
        try:
            docker = PrivateDocker(helpers, directory, **PLACES[request.param])
        except Unavailable as why:
            pytest.skip(str(why))
        container = docker.run(name="dbgtest-moved")
        yield docker, container
        container.kill()
        docker.close()


@pytest.mark.parametrize("form", FORMS)
def test_found(dbg, moved, form):
    docker, container = moved
    result = dbg.run(FORMS[form](container), "/payload", "show", prefix=docker.prefix).succeeded()
    seen = json.loads(result.out)
    assert seen["hostname"] == container.id[:12]
    assert seen["ns"]["net"] == container.namespace("net")


def test_not_found(dbg, moved):
    dbg.run("no-such-container", "/payload", "true", prefix=moved[0].prefix).failed("not-found")
