# SPDX-License-Identifier: Apache-2.0
"""
A host with many containers of Docker: a state folder with a copy of a real container's file for each, and a live process
in a cgroup of its name. The folder lies over Docker's own in a private mount namespace, where the measured programs run.
"""
import contextlib
import hashlib
import json
import os
import shutil
import subprocess

FOLDER = "/var/lib/docker/containers"


def freezer():
    """Where the sleepers' cgroups are made: the hierarchy in which the program looks for their state."""
    return next(path for path in ("/sys/fs/cgroup/freezer", "/sys/fs/cgroup") if os.path.isdir(path))


class Crowd:
    def __init__(self, like, app, directory, count):
        """like: the id of a real container."""
        with open(f"{FOLDER}/{like}/config.v2.json") as file:
            self.text = file.read()
        self.like, self.app, self.tree = like, app, os.path.join(directory, f"crowd-{count}")
        self.cgroup = f"{freezer()}/dbgbench-{os.getpid()}-{count}"
        self.processes, self.keeper = [], None
        self.ids = [hashlib.sha256(f"{like} {number}".encode()).hexdigest() for number in range(count)]
        os.makedirs(self.tree, mode=0o755)
        os.mkdir(self.cgroup)

    def start(self):
        state = json.loads(self.text)
        for number, identifier in enumerate(self.ids):
            process = subprocess.Popen([self.app, "pause"], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
            self.processes.append(process)
            os.mkdir(f"{self.cgroup}/{identifier}")
            with open(f"{self.cgroup}/{identifier}/cgroup.procs", "w") as file:
                file.write(str(process.pid))
            state["State"]["Pid"], state["ID"], state["Name"] = process.pid, identifier, f"/crowd-{number}"
            os.mkdir(f"{self.tree}/{identifier}", 0o710)
            with open(f"{self.tree}/{identifier}/config.v2.json", "w") as file:
                json.dump(state, file, separators=(",", ":"))
            os.chmod(f"{self.tree}/{identifier}/config.v2.json", 0o600)
        script = f"mount --bind {self.tree} {FOLDER} && mount -t tmpfs -o mode=755 none /run/runc && echo ready && exec sleep 1000000"
        os.makedirs("/run/runc", exist_ok=True)
        self.keeper = subprocess.Popen(["unshare", "-m", "--propagation", "private", "sh", "-c", script],
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE)
        if self.keeper.stdout.readline() != b"ready\n":
            raise OSError("no private mount namespace")

    def prefix(self):
        return ["nsenter", f"--mount=/proc/{self.keeper.pid}/ns/mnt"]

    def stop(self):
        for process in [*self.processes, *([self.keeper] if self.keeper else [])]:
            process.kill()
            process.wait()
        for identifier in self.ids:
            with contextlib.suppress(OSError):
                os.rmdir(f"{self.cgroup}/{identifier}")
        with contextlib.suppress(OSError):
            os.rmdir(self.cgroup)
        shutil.rmtree(self.tree, ignore_errors=True)
