# SPDX-License-Identifier: Apache-2.0
"""Fixtures of the tests of `kubectl dbgattach`: the real kubectl, an API server of ours, real containers as the pods' own."""
import shutil

import pytest

import processes
from kube.cluster import Cluster

ID = "containerd://" + "a" * 64  # of a container that nobody has


@pytest.fixture(scope="session")
def kubectl_path(binaries, tmp_path_factory):
    """A PATH on which kubectl finds the plugin."""
    if not shutil.which("kubectl"):
        pytest.skip("kubectl is not installed")
    folder = tmp_path_factory.mktemp("kubectl")
    (folder / "kubectl-dbgattach").symlink_to(binaries[0])
    return f"{folder}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@pytest.fixture
def cluster(binaries, dbg):
    """A namespace with a pod whose container does not exist, and nothing else."""
    made = Cluster(binaries[0])
    made.pod("nowhere", {"main": ID})
    yield made
    made.close()


@pytest.fixture
def pod(cluster, docker_target):
    """Its one container is a hardened one of Docker's."""
    return cluster.pod("app", {"main": f"docker://{docker_target.id}"}, labels={"app": "web"})


@pytest.fixture
def environment(cluster, kubectl_path):
    return {"PATH": kubectl_path, "HOME": cluster.folder, "KUBECONFIG": cluster.kubeconfigs["admin"], "DBGATTACH_IMAGE": "example/dbgattach"}


@pytest.fixture
def start(dbg, environment):
    """start(words): kubectl dbgattach words; as a user of the kubeconfigs."""
    def call(*words, env=None, **how):
        return dbg.start(*words, prefix=("sh", "-c", 'shift; exec kubectl dbgattach "$@"', "sh"), env={**environment, **(env or {})}, **how)
    return call


@pytest.fixture
def run(start):
    return lambda *words, input=b"", **how: start(*words, **how).finish(input=input)


def kubectl_exec(pid):
    """The pid of the kubectl exec that carries the session of a client."""
    for child in processes.children(pid):
        if "--node\0session" in processes.read(f"/proc/{child}/cmdline"):
            return child
    return None
