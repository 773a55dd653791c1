# SPDX-License-Identifier: Apache-2.0
"""`kubectl dbgattach` in a cluster where something is wrong: one line, its kind, the next step, and never longer than it may take."""
import json
import os
import socket
import subprocess
import time

import pytest

from kube.api import Refusal
from kubectl import ID, cluster, environment, kubectl_path, pod, run, start  # noqa: F401, pylint: disable=unused-import
from processes import wait_until

P = "/payload"
CALL_S = 20  # a call of kubectl's that is never answered


def waiting(reason, message=""):
    return {"waiting": {"reason": reason, "message": message}}


@pytest.fixture
def pods(cluster):
    cluster.pod("two", {"one": ID, "other": ID})
    cluster.pod("done", {"main": {"terminated": {"reason": "Completed"}}}, phase="Succeeded")
    cluster.pod("evicted", {"main": {"terminated": {}}}, phase="Failed")["status"].update(reason="Evicted")
    cluster.pod("crashing", {"main": waiting("CrashLoopBackOff", "back-off 5m0s restarting failed container")})
    cluster.pod("pulling", {"main": waiting("ImagePullBackOff", 'Back-off pulling image "x"')}, phase="Pending")
    unscheduled = cluster.pod("unscheduled", {"main": waiting("")}, node=None, phase="Pending")
    unscheduled["status"]["conditions"] = [{"type": "PodScheduled", "status": "False", "reason": "Unschedulable",
                                            "message": "0/3 nodes are available"}]
    cluster.put("deployments", "empty", spec={"selector": {"matchLabels": {"app": "nobody"}}})
    cluster.put("services", "headless", spec={})


TARGETS = {
    "no such pod": (("nopod",), "not-found", ['pods "nopod" not found', "-n NAMESPACE"]),
    "no such namespace": (("app", "-n", "nons"), "not-found", ["not found"]),
    "no such container": (("two", "-c", "third"), "not-found", ["pod two has no container third (one, other)"]),
    "no such deployment": (("deploy/none",), "not-found", ['deployments.apps "none" not found']),
    "a deployment without pods": (("deploy/empty",), "not-found", ["deploy/empty has no pods"]),
    "a service without pods": (("svc/headless",), "not-found", ["svc/headless: it has no selector"]),
    "a selector without pods": (("-l", "app=none"), "not-found", ["app=none has no pods"]),
    "completed": (("done",), "gone", ["pod done has ended (Succeeded)"]),
    "evicted": (("evicted",), "gone", ["pod evicted has ended (Evicted)"]),
    "crash loop": (("crashing",), "gone", ["container main of pod crashing does not run (CrashLoopBackOff: back-off 5m0s"]),
    "no image": (("pulling",), "gone", ["(ImagePullBackOff: Back-off pulling"]),
    "not scheduled": (("unscheduled",), "gone", ["on no node yet (Unschedulable: 0/3 nodes are available)", "kubectl describe pod"]),
    "nothing named": ((), "usage", ["no pod is named"]),
    "no name": (("-x",), "usage", ["unknown option -x"]),
    "a wrong name": (("../x",), "usage", ['"../x" names no pod']),
    "two ways": (("app", "-l", "a=b"), "usage", ["only one of them"]),
    "a command without --": (("app", "ls"), "usage", ['ls: the command stands behind "--"']),
    "a container of a node": (("node/n", "-c", "x"), "usage", ["a node has no containers"]),
    "a wrong mode": (("app", "--mode=magic"), "usage", ["auto, agent, node, ephemeral or view"]),
    "a wrong profile": (("app", "--profile=magic"), "usage", ["no such profile"]),
    "no such file": (("app", "--seccomp=/nonexistent.json"), "usage", ["there is no such file"]),
    "a node's root": (("app", "--host-root=/host"), "usage", ["it is the node's"]),
    "no such context": (("app", "--context=nope"), "usage", ["nope", "get-contexts"]),
    "no such kubeconfig": (("app", "--kubeconfig=/nonexistent"), "usage", ["/nonexistent", "KUBECONFIG"]),
}


@pytest.mark.parametrize("case", TARGETS)
def test_targets(run, pods, case):
    words, kind, texts = TARGETS[case]
    result = run(*words).failed(kind)
    assert all(text in result.err for text in texts), result.err
    assert result.seconds < CALL_S


def test_no_image_is_named(run, pod):
    assert "DBGATTACH_IMAGE" in run("app", env={"DBGATTACH_IMAGE": ""}).failed("usage").err


@pytest.mark.parametrize("verb, resource, words", [
    ("get", "pods", ("app",)),
    ("create", "jobs", ("app",)),
    ("list", "pods", ("app", "--mode=agent")),
    ("list", "pods", ("-l", "app=web")),
])
def test_forbidden(run, pod, cluster, verb, resource, words):
    cluster.denied.add(("dev", verb, resource))
    result = run(*words, env={"KUBECONFIG": cluster.kubeconfigs["dev"]}).failed("denied")
    assert f'User "dev" cannot {verb} resource "{resource}"' in result.err and "--explain prints the rights" in result.err
    assert not cluster.names("jobs")


def test_exec_is_forbidden(run, pod, cluster):
    cluster.denied |= {("dev", "create", "pods/exec"), ("dev", "get", "pods/exec")}
    result = run("app", env={"KUBECONFIG": cluster.kubeconfigs["dev"]}).failed("denied")
    assert 'resource "pods/exec"' in result.err
    wait_until(lambda: not cluster.names("jobs"), 10, "the Job's end")


def test_a_node_pod_that_nobody_shows(run, pod, cluster):
    cluster.hung.add(("list", "pods"))
    cluster.agent()
    result = run("app", "--mode=node", "--start-timeout=5").failed("timeout")
    assert result.seconds < CALL_S + 15


def test_unauthorized(run, pod, cluster):
    result = run("app", env={"KUBECONFIG": cluster.kubeconfigs["nobody"]}).failed("denied")
    assert "log in again" in result.err


def test_the_server_is_down(run, pod, cluster, environment, tmp_path):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        config = cluster.write_config("down", closed.getsockname()[1])
    result = run("app", env={"KUBECONFIG": config}).failed("system")
    assert "was refused" in result.err and "is the cluster up" in result.err
    assert result.seconds < CALL_S


@pytest.mark.parametrize("hung", [("get", "pods"), ("create", "jobs")])
def test_a_server_that_does_not_answer(run, pod, cluster, hung):
    cluster.hung.add(hung)
    result = run("app").failed("timeout")
    assert result.seconds < CALL_S + 15  # and as long for the Job's removal


def test_pod_security(run, pod, cluster):
    cluster.pod_refusal = ('pods "x" is forbidden: violates PodSecurity "restricted:latest": host namespaces (hostPID=true), '
                           'runAsUser=0 (pod must not set runAsUser=0)')
    result = run("app").failed("denied")
    assert "violates PodSecurity" in result.err and "pod-security.kubernetes.io/enforce=privileged" in result.err
    assert result.seconds < CALL_S and not cluster.names("jobs")


@pytest.mark.parametrize("reason", ["ErrImagePull", "ImagePullBackOff", "InvalidImageName", "CreateContainerConfigError"])
def test_a_node_pod_that_never_starts(run, pod, cluster, reason):
    cluster.waiting = (reason, "why it is so")
    result = run("app").failed("system")
    assert f"({reason}: why it is so)" in result.err
    assert result.seconds < CALL_S and not cluster.names("jobs")


def test_a_node_pod_that_stays_pending(run, pod, cluster):
    """The node is gone: nobody says anything at all."""
    cluster.waiting = ("ContainerCreating", "")
    result = run("app", "--start-timeout=3").failed("timeout")
    assert "does not run after 3 s" in result.err and "is node node-1 ready?" in result.err
    assert not cluster.names("jobs")


def test_the_kubelet_is_down(run, pod, cluster):
    cluster.agent()
    cluster.exec_refusal = Refusal(500, "InternalError", 'Internal error occurred: error sending request: Post '
                                   '"https://127.0.0.1:10250/exec/x": dial tcp 127.0.0.1:10250: connect: connection refused')
    result = run("app").failed("system")
    assert "dial tcp" in result.err and "kubectl get nodes" in result.err


def test_an_agent_that_is_none(run, pod, cluster):
    """Its program is not dbgattach, or not of this release."""
    cluster.program = "/bin/false"
    cluster.agent()
    assert run("app").failed(("gone", "system"))


def test_an_agent_of_another_release(run, pod, cluster, tmp_path):
    cluster.agent()
    old = tmp_path / "dbgattach"
    old.write_text("#!/bin/sh\nread -r -N 1 x 2>/dev/null || head -c 1 >/dev/null\nprintf 'r\\0\\0\\0\\4\\0\\0\\0\\377'; sleep 5\n")
    old.chmod(0o755)
    for container in cluster.containers.values():
        container.program = str(old)
    assert "speaks version 255" in run("app").failed("unsupported").err
    old.write_text("#!/bin/sh\necho HTTP/1.1; sleep 5\n")
    assert "not from dbgattach's helper" in run("app").failed().err


def test_no_agent_on_the_node(run, pod, cluster):
    cluster.agent("node-2")
    result = run("app", "--mode=agent").failed("not-found")
    assert "no agent runs on node node-1, of 1" in result.err


def test_no_kubectl(dbg, cluster, environment, kubectl_path):
    plugin = os.path.join(kubectl_path.split(":")[0], "kubectl-dbgattach")
    done = subprocess.run([plugin, "app"], env={**environment, "PATH": "/nonexistent"}, capture_output=True, text=True, check=False)
    assert done.returncode == 125 and done.stderr == "dbgattach: not-found: kubectl is not in PATH\n"


def test_a_wrong_agent_s_container_is_told_by_the_node(run, cluster):
    """What fails on the node has its own words."""
    cluster.agent()
    result = run("nowhere").failed("not-found")
    assert "a" * 64 in result.err


def test_explain(run, pod, cluster):
    result = run("app", "--explain", "--profile", "baseline").succeeded()
    assert result.err == "" and not cluster.created and ("create", "jobs") not in {one[:2] for one in cluster.requests}
    documents = result.text.split("---\n")
    job = json.loads("\n".join(line for line in documents[0].splitlines() if not line.startswith("#")))
    assert job["kind"] == "Job" and "DAC_READ_SEARCH" in job["spec"]["template"]["spec"]["containers"][0]["securityContext"]["capabilities"]["add"]
    assert "resources: [jobs], verbs: [create, delete]" in result.text and "name: dbgattach-target, namespace: default" in result.text
    cluster.agent()
    assert "mode: agent, nothing is made" in run("app", "--explain").succeeded().text


def test_help_and_version(run):
    assert run("--help").succeeded().out.startswith(b"Usage: kubectl dbgattach POD")
    assert run("--version").succeeded().out.startswith(b"kubectl-dbgattach ")


def test_no_sleep_in_the_ordinary_way(run, pod, cluster):
    """A node pod that runs at once: the calls of kubectl and nothing between them."""
    cluster.pod_delay = cluster.start_delay = 0
    started = time.monotonic()
    assert run("app", "--", P, "exit", "6").code == 6
    whole = time.monotonic() - started
    kinds = [one[:2] for one in cluster.requests]
    assert kinds.count(("list", "pods")) <= 4 and whole < 10
