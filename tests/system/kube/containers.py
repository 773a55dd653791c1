# SPDX-License-Identifier: Apache-2.0
"""Containers of pods, run for real on this machine: a network namespace of their own, and the capabilities of their security context."""
import os
import signal
import subprocess
import threading

PROGRAM = "/dbgattach"  # where the image has it


def capabilities(security):
    if security.get("privileged"):
        return []
    added = [f"+{name.lower()}" for name in security.get("capabilities", {}).get("add", [])]
    options = [f"--bounding-set={','.join(['-all', *added])}", "--inh-caps=-all"]
    return options + ([] if security.get("allowPrivilegeEscalation", True) else ["--no-new-privs"])


def descendants(pid):
    found = [pid]
    try:
        with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
            children = file.read().split()
    except OSError:
        return []
    for child in children:
        found += descendants(int(child))
    return found


class Container:
    def __init__(self, spec, program, ended):
        self.spec, self.program, self.execs, self.lock = spec, program, [], threading.Lock()
        self.main = self.spawn(["unshare", "-n"], spec["command"])
        self.killed = False
        threading.Thread(target=self.wait, args=(ended,), daemon=True).start()

    def command(self, words):  # the image's program is ours
        return [self.program if word == PROGRAM else word for word in words[:1]] + words[1:]

    def spawn(self, prefix, words, **options):
        privileges = capabilities(self.spec.get("securityContext", {}))
        return subprocess.Popen([*prefix, *(["setpriv", *privileges, "--"] if privileges else []), *self.command(words)], cwd="/",
                                env={"PATH": os.environ["PATH"], **{name: value for name, value in os.environ.items()
                                                                    if name.startswith("DBG_")}},
                                start_new_session=True, **({"stdin": subprocess.DEVNULL} | options))

    def wait(self, ended):
        status = self.main.wait()
        self.kill()
        ended(status)

    def execute(self, words):
        process = self.spawn(["nsenter", "-n", "-t", str(self.main.pid)], words, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE, bufsize=0)
        with self.lock:
            self.execs.append(process)
        return process

    def kill(self):
        """All of it at once, as the end of its cgroup does."""
        self.killed = True
        with self.lock:
            processes = [self.main, *self.execs]
        for process in processes:
            if process.poll() is None:
                for pid in descendants(process.pid):
                    try:
                        os.kill(pid, signal.SIGKILL)
                    except ProcessLookupError:
                        pass


class Ephemeral(Container):
    """Beside the target's processes, by Docker: with the image's files and nothing of this machine."""

    def __init__(self, spec, image, target, ended):
        self.image, self.target, self.name = image, target, f"dbgtest-{spec['name']}"
        super().__init__(spec, PROGRAM, ended)

    def spawn(self, prefix, words, **options):
        security = self.spec["securityContext"]
        if prefix[0] == "nsenter":
            words = ["docker", "exec", "-i", self.name, *words]
        else:
            words = ["docker", "run", "--rm", "--name", self.name, f"--pid=container:{self.target}", "--network=none",
                     "--read-only", "-u", "{0}:{0}".format(security.get("runAsUser", 65532)), "--cap-drop=ALL",
                     *(f"--cap-add={name}" for name in security["capabilities"].get("add", [])), "--security-opt", "no-new-privileges",
                     self.image, *words]
        return subprocess.Popen(words, **({"stdin": subprocess.DEVNULL} | options))

    def kill(self):
        super().kill()
        subprocess.run(["docker", "rm", "-f", self.name], capture_output=True, check=False)
