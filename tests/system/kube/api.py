# SPDX-License-Identifier: Apache-2.0
"""HTTP: paths, answers and errors as the API server has them, for kubectl 1.20 to 1.32."""
import http.server
import json
import socket
import threading
import time
import urllib.parse

from kube import spdy, websocket

# resource: (group version, kind, namespaced)
RESOURCES = {
    "pods": ("v1", "Pod", True), "events": ("v1", "Event", True), "services": ("v1", "Service", True),
    "nodes": ("v1", "Node", False), "namespaces": ("v1", "Namespace", False),
    "deployments": ("apps/v1", "Deployment", True), "statefulsets": ("apps/v1", "StatefulSet", True),
    "daemonsets": ("apps/v1", "DaemonSet", True), "replicasets": ("apps/v1", "ReplicaSet", True),
    "jobs": ("batch/v1", "Job", True),
}
SHORT = {"pods": ["po"], "deployments": ["deploy"], "services": ["svc"], "statefulsets": ["sts"], "daemonsets": ["ds"],
         "replicasets": ["rs"], "namespaces": ["ns"]}
VERBS = {"GET": "get", "POST": "create", "PUT": "update", "DELETE": "delete", "PATCH": "patch"}


class Refusal(Exception):
    def __init__(self, code, reason, message, **details):
        super().__init__(message)
        self.status = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": message,
                       "reason": reason, "code": code, **({"details": details} if details else {})}


def plural(resource):
    group = RESOURCES[resource][0].rpartition("/")[0]
    return f"{resource}.{group}" if group else resource


def not_found(resource, name):
    return Refusal(404, "NotFound", f'{plural(resource)} "{name}" not found', name=name, kind=resource)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    rbufsize = 1 << 16

    def log_message(self, *_):
        pass

    @property
    def cluster(self):
        return self.server.cluster

    def answer(self, code, value):
        data = json.dumps(value).encode()
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def discovery(self, path):
        if path == "/version":
            return {"major": "1", "minor": "30", "gitVersion": "v1.30.0"}
        if path == "/api":
            return {"kind": "APIVersions", "versions": ["v1"]}
        if path == "/apis":
            groups = sorted({version for version, _, _ in RESOURCES.values() if "/" in version})
            return {"kind": "APIGroupList", "apiVersion": "v1", "groups": [
                {"name": name.split("/")[0], "versions": [{"groupVersion": name, "version": "v1"}],
                 "preferredVersion": {"groupVersion": name, "version": "v1"}} for name in groups]}
        version = path.removeprefix("/api/").removeprefix("/apis/")
        found = [{"name": name, "singularName": kind.lower(), "namespaced": namespaced, "kind": kind,
                  "shortNames": SHORT.get(name, []), "verbs": ["create", "delete", "get", "list", "update", "patch", "watch"]}
                 for name, (group, kind, namespaced) in RESOURCES.items() if group == version]
        return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": version, "resources": found} if found else None

    def handle_any(self):
        url = urllib.parse.urlsplit(self.path)
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length) if length else b""
        if self.headers.get("Transfer-Encoding") == "chunked":
            body = b""
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        try:
            self.dispatch(url.path.rstrip("/"), urllib.parse.parse_qs(url.query), body)
        except Refusal as refusal:
            self.answer(refusal.status["code"], refusal.status)
        except OSError:
            self.close_connection = True

    do_GET = do_POST = do_PUT = do_DELETE = do_PATCH = handle_any

    def dispatch(self, path, query, body):
        cluster = self.cluster
        user = self.headers.get("Impersonate-User") or self.server.user
        if user == "nobody":
            raise Refusal(401, "Unauthorized", "Unauthorized")
        found = self.discovery(path)
        if found is not None:
            cluster.wait_if_hung("discover", path)
            return self.answer(200, found)
        parts = path.split("/")[1:]
        parts = parts[2:] if parts[0] == "api" else parts[3:]
        namespace = ""
        if len(parts) > 2 and parts[0] == "namespaces":
            namespace, parts = parts[1], parts[2:]
        resource, name, sub = (parts + ["", ""])[:3]
        if resource not in RESOURCES:
            raise Refusal(404, "NotFound", "the server could not find the requested resource")
        verb = VERBS[self.command] if sub != "exec" or self.command == "GET" else "create"
        verb = "list" if verb == "get" and not name else verb
        whole = f"{resource}/{sub}" if sub else resource
        cluster.requests.append((verb, whole, namespace, user))
        cluster.wait_if_hung(verb, whole)
        cluster.authorize(user, verb, whole, RESOURCES[resource][0], namespace)
        if sub == "exec":
            return self.execute(cluster, namespace, name, query)
        made = cluster.act(verb, resource, sub, namespace, name, query, json.loads(body) if body else {})
        return self.answer(201 if verb == "create" else 200, made)

    # ---- exec ---------------------------------------------------------------------------------------------------------------

    def execute(self, cluster, namespace, name, query):
        container = cluster.exec_target(namespace, name, query.get("container", [""])[0])
        names = ["error", *(name for name in ("stdin", "stdout", "stderr") if query.get(name, ["false"])[0] in ("true", "1"))]
        offered = [word.strip() for line in (self.headers.get_all("X-Stream-Protocol-Version") or
                                             self.headers.get_all("Sec-WebSocket-Protocol") or []) for word in line.split(",")]
        if (self.headers.get("Upgrade") or "").lower() == "websocket":
            if not cluster.websocket:
                raise Refusal(400, "BadRequest", "unable to upgrade: unsupported")
            protocol = next(word for word in ("v5.channel.k8s.io", "v4.channel.k8s.io") if word in offered)
            self.upgrade({"Upgrade": "websocket", "Sec-WebSocket-Protocol": protocol,
                          "Sec-WebSocket-Accept": websocket.accept(self.headers["Sec-WebSocket-Key"])})
            connection = websocket.Connection(self.rfile, self.connection)
        else:
            self.upgrade({"Upgrade": "SPDY/3.1", "X-Stream-Protocol-Version": "v4.channel.k8s.io"})
            connection = spdy.Connection(self.rfile, self.connection)
        connection.expect(names)
        self.close_connection = True
        Exec(cluster, container, connection, query["command"]).run(self.connection)

    def upgrade(self, headers):
        self.send_response(101)
        for name, value in {"Connection": "Upgrade", **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.flush()


class Exec:
    """One process and its connection. The process outlives the connection, as it does with a real kubelet."""

    def __init__(self, cluster, container, connection, command):
        self.cluster, self.connection = cluster, connection
        self.container, self.command = container, command

    def run(self, sock):
        self.cluster.sockets.add(sock)
        process = self.container.execute(self.command)
        reader = threading.Thread(target=self.read, args=(process,), daemon=True)
        reader.start()
        self.connection.ready.wait(10)
        writers = [threading.Thread(target=self.write, args=(name, pipe), daemon=True)
                   for name, pipe in (("stdout", process.stdout), ("stderr", process.stderr))]
        for thread in writers:
            thread.start()
        for thread in writers:
            thread.join()
        self.finish(process.wait())
        self.cluster.sockets.discard(sock)
        try:
            sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def read(self, process):
        while (message := self.connection.receive()) is not None:
            self.cluster.wait_if_frozen()
            name, data = message
            if name != "stdin":
                continue
            try:
                if not data:
                    break
                view = memoryview(data)
                while view:
                    view = view[process.stdin.write(view):]
            except (OSError, ValueError):
                break
        try:
            process.stdin.close()
        except OSError:
            pass
        while message is not None:
            message = self.connection.receive()

    def write(self, name, pipe):
        gone = False
        while data := pipe.read(1 << 16):
            self.cluster.wait_if_frozen()
            try:
                if not gone:
                    self.connection.send(name, data)
            except (OSError, KeyError):
                gone = True
        pipe.close()

    def finish(self, code):
        status = {"metadata": {}, "status": "Success"}
        if code != 0:
            code = 128 - code if code < 0 else code
            status = {"metadata": {}, "status": "Failure", "reason": "NonZeroExitCode",
                      "message": f"command terminated with non-zero exit code: exit status {code}",
                      "details": {"causes": [{"reason": "ExitCode", "message": str(code)}]}}
        try:
            for name in ("stdout", "stderr"):
                self.connection.end(name)
            self.connection.send("error", json.dumps(status).encode())
            self.connection.end("error")
            self.connection.close()
        except (OSError, KeyError):
            pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    """A port a user: kubectl sends no token where there is no TLS."""

    def __init__(self, cluster, user):
        self.cluster, self.user = cluster, user
        super().__init__(("127.0.0.1", 0), Handler)

    def handle_error(self, request, client_address):
        pass


def now():
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
