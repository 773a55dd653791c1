"""What is in the packages, and where would it lie in a toolbox?"""
import concurrent.futures
import os
import pathlib
import subprocess

from . import Failure
from .apt import last_line

MULTIARCH = {"amd64": "x86_64-linux-gnu", "arm64": "aarch64-linux-gnu"}
PROGRAM_FOLDERS = ("/bin", "/sbin", "/usr/bin", "/usr/sbin", "/usr/games")


class Stage:
    """Unpacked packages, each in a folder of its own."""

    def __init__(self, folder, arch):
        self.folder, self.arch = folder, arch
        self.multiarch = MULTIARCH[arch]
        self.paths = {}  # package -> its paths, absolute as on a machine, without folders
        self.owner = {}  # path -> package

    def unpack(self, debs):
        """DEBS: package -> file. In the order of the names, so that what is done twice is done alike."""
        def one(item):
            name, deb = item
            target = self.folder / name
            target.mkdir(parents=True)
            run = subprocess.run(["dpkg-deb", "-x", deb, target], capture_output=True, text=True, check=False)
            if run.returncode:
                raise Failure(f"unpacking {deb.name} failed: {last_line(run.stderr)}; is the disk full?")
            return name, sorted("/" + os.path.relpath(os.path.join(folder, file), target)
                                for folder, folders, files in os.walk(target)
                                for file in files + [f for f in folders if os.path.islink(os.path.join(folder, f))])
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            for name, paths in pool.map(one, sorted(debs.items())):
                self.paths[name] = paths
                for path in paths:
                    self.owner.setdefault(path, name)
        self.by_name = {}
        for path in sorted(self.owner):
            self.by_name.setdefault(path.rsplit("/", 1)[1], []).append(path)

    def file(self, path):
        """Where a path of some package lies on this machine."""
        return pathlib.Path(f"{self.folder}/{self.owner[path]}{path}")

    def follow(self, path):
        """The path that a link leads to, through all packages; None if to none of theirs."""
        for _ in range(16):
            path = self.find(path)
            if path is None or not self.file(path).is_symlink():
                return path
            path = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(self.file(path))))
        return None

    def find(self, path):
        """As the path is spelled in its package: /bin and /usr/bin are one folder on a machine, not in packages."""
        for spelling in (path, "/usr" + path, path.removeprefix("/usr")):
            if spelling in self.owner:
                return spelling
        return None

    def programs(self, package):
        """name -> path of a package's programs"""
        return {path.rsplit("/", 1)[1]: path for path in self.paths.get(package, ())
                if path.rsplit("/", 1)[0] in PROGRAM_FOLDERS}

    def library(self, soname, runpath=(), origin=""):
        """The path of a library as the loader would find it; None if no package has it."""
        folders = [folder.replace("$ORIGIN", origin).replace("${ORIGIN}", origin) for folder in runpath]
        folders += [f"/lib/{self.multiarch}", f"/usr/lib/{self.multiarch}", "/lib", "/usr/lib", "/lib64"]
        for folder in folders:
            path = os.path.normpath(f"{folder}/{soname}")
            if path in self.owner:
                return path
        # Where packages offer the same library, each has it in a folder, and installing links one of them.
        offered = [path for path in self.by_name.get(soname, ())
                   if path.startswith(f"/usr/lib/{self.multiarch}/") and path.count("/") == 5]
        return offered[0] if offered else None


def place(path, multiarch):
    """Where a path of a package lies in the tree."""
    parts = path.strip("/").split("/")
    if parts[0] == "usr":
        parts = parts[1:]
    parts[0] = {"sbin": "bin", "games": "bin", "lib64": "lib"}.get(parts[0], parts[0])
    if parts[:2] == ["lib", multiarch]:
        del parts[1]
    return "/".join(parts)
