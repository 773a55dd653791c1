# SPDX-License-Identifier: Apache-2.0
"""
A cluster for kubectl: objects that a test puts in, a Job controller, containers that run here, and every fault that a test wants.
"""
import copy
import json
import os
import shutil
import tempfile
import threading

from kube import api
from kube.api import Refusal, now
from kube.containers import Container, Ephemeral


def matches(labels, selector):
    """a=b,c as kubectl's -l has them; nothing more is used here."""
    for term in filter(None, selector.split(",")):
        name, equal, value = term.partition("=")
        if (labels.get(name) != value.lstrip("=")) if equal else name not in labels:
            return False
    return True


def field(item, path):
    for word in path.split("."):
        item = item.get(word, {})
    return item


class Cluster:
    def __init__(self, program):
        self.program, self.lock, self.ended = program, threading.RLock(), threading.Event()
        self.folder = tempfile.mkdtemp(prefix="dbgtest-kube-")
        os.makedirs(f"{self.folder}/.kube/cache")  # kubectl's own, which it makes in HOME; what is new below it is none of ours
        self.objects, self.containers, self.requests, self.created, self.sockets = {}, {}, [], [], set()
        self.denied, self.hung = set(), set()  # (user, verb, resource); (verb, resource)
        self.thawed = threading.Event()
        self.thawed.set()
        self.websocket = True
        self.pod_delay = self.start_delay = 0.05  # seconds: from Job to pod, from pod to running
        self.pod_refusal = None                   # a message: no pod is made
        self.waiting = None                       # (reason, message) that the pods that are made wait for, for ever
        self.exec_refusal = None                  # a Refusal for each exec
        self.ttl_controller = True
        self.image = None                         # Docker's, for ephemeral containers
        self.servers, self.kubeconfigs = [], {}
        for user in ("admin", "dev", "nobody"):
            server = api.Server(self, user)
            self.servers.append(server)
            threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
            self.kubeconfigs[user] = self.write_config(user, server.server_address[1])

    def write_config(self, name, port):
        path = os.path.join(self.folder, f"{name}.conf")
        with open(path, "w", encoding="ascii") as file:
            json.dump({"apiVersion": "v1", "kind": "Config", "current-context": "c",
                       "clusters": [{"name": "k", "cluster": {"server": f"http://127.0.0.1:{port}"}}],
                       "users": [{"name": "u", "user": {}}],
                       "contexts": [{"name": "c", "context": {"cluster": "k", "user": "u", "namespace": "default"}}]}, file)
        return path

    def close(self):
        self.ended.set()
        self.thawed.set()
        for container in list(self.containers.values()):
            container.kill()
        for server in self.servers:
            server.shutdown()
            server.server_close()
        self.cut()
        shutil.rmtree(self.folder, ignore_errors=True)

    # ---- faults -----------------------------------------------------------------------------------------------------------

    def wait_if_hung(self, verb, resource):
        while (verb, resource) in self.hung and not self.ended.wait(0.05):
            pass

    def wait_if_frozen(self):
        self.thawed.wait()

    def cut(self):
        for sock in list(self.sockets):
            try:
                sock.shutdown(2)
            except OSError:
                pass

    def authorize(self, user, verb, resource, version, namespace):
        if (user, verb, resource) not in self.denied:
            return
        group = version.rpartition("/")[0]
        base = resource.split("/")[0]
        raise Refusal(403, "Forbidden", f'{api.plural(base)} is forbidden: User "{user}" cannot {verb} resource "{resource}" in API '
                      f'group "{group}" in the namespace "{namespace}"', kind=base)

    # ---- objects ----------------------------------------------------------------------------------------------------------

    def put(self, resource, name, namespace="default", labels=None, **rest):
        version, kind, namespaced = api.RESOURCES[resource]
        item = {"apiVersion": version, "kind": kind, "metadata": {"name": name, "creationTimestamp": now(), "uid": f"uid-{name}",
                **({"namespace": namespace} if namespaced else {}), "labels": labels or {}}, **rest}
        with self.lock:
            self.objects[resource, namespace if namespaced else "", name] = item
        return item

    def pod(self, name, containers, node="node-1", namespace="default", phase="Running", labels=None, **spec):
        """containers: name -> containerID, or a state."""
        statuses = [{"name": key, **({"containerID": value, "state": {"running": {"startedAt": now()}}, "ready": True}
                                     if isinstance(value, str) else {"state": value, "ready": False})}
                    for key, value in containers.items()]
        return self.put("pods", name, namespace, labels,
                        spec={**({"nodeName": node} if node else {}), "containers": [{"name": key, "image": "x"} for key in containers],
                              **spec},
                        status={"phase": phase, "containerStatuses": statuses,
                                "conditions": [{"type": "Ready", "status": "True" if phase == "Running" else "False"}]})

    def agent(self, node="node-1", security=None):
        spec = {"name": "dbgattach", "image": "x", "command": ["/dbgattach", "--node", "wait"],
                "securityContext": security or {"privileged": True}}
        pod = self.pod(f"dbgattach-agent-{node}", {"dbgattach": "containerd://" + "0" * 64}, node, "dbgattach",
                       labels={"app.kubernetes.io/name": "dbgattach-agent"})
        self.run("dbgattach", pod["metadata"]["name"], spec, lambda status: None)
        return pod

    def run(self, namespace, pod, spec, ended):
        self.containers[namespace, pod, spec["name"]] = Container(spec, self.program, ended)

    def names(self, resource, namespace="dbgattach"):
        with self.lock:
            return [name for kind, where, name in self.objects if kind == resource and where == namespace]

    def act(self, verb, resource, sub, namespace, name, query, body):
        with self.lock:
            if verb == "list":
                return self.list(resource, namespace, query)
            if verb == "create":
                return self.create(resource, namespace, body)
            key = resource, namespace, name
            if key not in self.objects:
                raise api.not_found(resource, name)
            if verb == "delete":
                return self.delete(key)
            if verb == "update" and sub == "ephemeralcontainers":
                return self.add_ephemeral(self.objects[key], body)
            return self.objects[key]

    def list(self, resource, namespace, query):
        selector, fields = query.get("labelSelector", [""])[0], query.get("fieldSelector", [""])[0]
        items = [item for (kind, where, _), item in self.objects.items()
                 if kind == resource and namespace in ("", where) and matches(item["metadata"].get("labels") or {}, selector)
                 and all(str(field(item, term.partition("=")[0])) == term.partition("=")[2] for term in filter(None, fields.split(",")))]
        version, kind, _ = api.RESOURCES[resource]
        return {"kind": f"{kind}List", "apiVersion": version, "metadata": {}, "items": items}

    def create(self, resource, namespace, body):
        name = body["metadata"]["name"]
        if (resource, namespace, name) in self.objects:
            raise Refusal(409, "AlreadyExists", f'{api.plural(resource)} "{name}" already exists')
        item = {**body, "status": {}, "metadata": {**body["metadata"], "namespace": namespace, "uid": f"uid-{name}"}}
        self.objects[resource, namespace, name] = item
        self.created.append(copy.deepcopy(item))
        if resource == "jobs":
            threading.Thread(target=self.control, args=(item,), daemon=True).start()
        return item

    def delete(self, key):
        resource, namespace, name = key
        item = self.objects.pop(key, None)
        if resource == "jobs":
            for where in [where for where, pod in self.objects.items() if where[0] == "pods" and where[1] == namespace
                          and (pod["metadata"].get("labels") or {}).get("job-name") == name]:
                self.delete(where)
        if resource == "pods":
            for where, container in list(self.containers.items()):
                if where[:2] == (namespace, name):
                    container.kill()
                    del self.containers[where]
        return item or {"kind": "Status", "status": "Success"}

    # ---- what runs --------------------------------------------------------------------------------------------------------

    def control(self, job):
        """The Job controller, the kubelet and the controller of ttlSecondsAfterFinished."""
        namespace, name = job["metadata"]["namespace"], job["metadata"]["name"]
        self.ended.wait(self.pod_delay)
        if self.pod_refusal:
            self.put("events", f"{name}.1", namespace, involvedObject={"kind": "Job", "name": name}, reason="FailedCreate",
                     type="Warning", message=self.pod_refusal)
            return
        template = job["spec"]["template"]
        spec = template["spec"]["containers"][0]
        state = {"waiting": dict(zip(("reason", "message"), self.waiting or ("ContainerCreating", "")))}
        with self.lock:
            if ("jobs", namespace, name) not in self.objects:
                return
            pod = self.pod(f"{name}-xyz12", {spec["name"]: state}, template["spec"].get("nodeName"), namespace, "Pending",
                           {**template["metadata"].get("labels", {}), "job-name": name})
        if self.waiting:
            return
        self.ended.wait(self.start_delay)
        with self.lock:
            if ("jobs", namespace, name) not in self.objects:
                return
            self.run(namespace, pod["metadata"]["name"], spec, lambda status: self.finish(job, pod, status))
            pod["status"] = {"phase": "Running", "containerStatuses": [{"name": spec["name"], "state": {"running": {}}}]}
            job["status"] = {"active": 1}

    def finish(self, job, pod, status):
        namespace, name = job["metadata"]["namespace"], job["metadata"]["name"]
        with self.lock:
            pod["status"] = {"phase": "Failed" if status else "Succeeded", "containerStatuses": [
                {"name": "dbgattach", "state": {"terminated": {"exitCode": status, "reason": "Error" if status else "Completed"}}}]}
            job["status"] = {"failed": 1} if status else {"succeeded": 1}
            if self.ttl_controller and job["spec"].get("ttlSecondsAfterFinished") == 0 and ("jobs", namespace, name) in self.objects:
                self.delete(("jobs", namespace, name))

    def add_ephemeral(self, pod, body):
        old = pod["spec"].get("ephemeralContainers", [])
        new = body["spec"].get("ephemeralContainers", [])
        if new[:len(old)] != old:
            raise Refusal(422, "Invalid", f'Pod "{pod["metadata"]["name"]}" is invalid: spec.ephemeralContainers: Forbidden: existing '
                          'ephemeral containers may not be removed or changed')
        pod["spec"]["ephemeralContainers"] = new
        for spec in new[len(old):]:
            status = {"name": spec["name"], "state": {"running": {}}}
            pod["status"].setdefault("ephemeralContainerStatuses", []).append(status)
            target = next(one for one in pod["status"]["containerStatuses"] if one["name"] == spec["targetContainerName"])
            self.containers[pod["metadata"]["namespace"], pod["metadata"]["name"], spec["name"]] = Ephemeral(
                spec, self.image, target["containerID"].partition("://")[2],
                lambda code, status=status: status.update(state={"terminated": {"exitCode": code}}))
        return pod

    def exec_target(self, namespace, name, container):
        if self.exec_refusal:
            raise self.exec_refusal
        pod = self.objects.get(("pods", namespace, name))
        if pod is None:
            raise api.not_found("pods", name)
        names = [one["name"] for kind in ("containers", "ephemeralContainers") for one in pod["spec"].get(kind, [])]
        if container not in names:
            raise Refusal(400, "BadRequest", f"container {container} is not valid for pod {name}")
        if "nodeName" not in pod["spec"]:
            raise Refusal(400, "BadRequest", f"pod {name} does not have a host assigned")
        found = self.containers.get((namespace, name, container))
        if found is None or found.main.poll() is not None:
            raise Refusal(500, "InternalError", f'unable to upgrade connection: container not found ("{container}")')
        return found
