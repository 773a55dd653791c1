"""Which files of the packages does a toolbox need, so that all it was asked for works?"""
import fnmatch
import os
import re

from . import Failure, elf
from .apt import some
from .stage import place
from .tree import WRAPPED, Entry

# Of a package without a manifest.
USEFUL = re.compile(r"/(?:usr/)?(?:lib|share|libexec|etc)/")
USELESS = re.compile(
    r"/usr/share/(?:doc|doc-base|man|info|locale|lintian|bug|menu|pixmaps|icons|applications|metainfo|appdata|mime|"
    r"mime-info|apport|bash-completion|zsh|fish|python3/(?:runtime|bcep|dist))/|"
    r"/etc/(?:init\.d|default|cron[^/]*|logrotate\.d|apparmor\.d|pam\.d|alternatives|bash_completion\.d)/|"
    r"/(?:usr/)?lib/(?:systemd|udev|sysusers\.d|tmpfiles\.d|modules|debug|valgrind)/|\.(?:a|la|pc|h|pyc)$")
# The packages that an interpreter's own modules are in, by how their names begin.
MODULES = {"python": ("python3", "libpython3"), "perl": ("perl", "libperl")}
SHEBANG = re.compile(rb"#! *(/\S+)(?: +(\S+))?")


class Closure:
    def __init__(self, manifest, stage, tree, base):
        self.manifest, self.stage, self.tree, self.base = manifest, stage, tree, base
        self.elves = {}  # name in the tree -> Elf
        self.placed = {}  # path -> name in the tree
        self.inodes = {}  # of a file that its package has under several names -> the first one

    def has(self, name):
        return name in self.tree or name in self.base

    def place(self, path):
        return place(path, self.stage.multiarch)

    def take(self, path, name=""):
        """One file of a package, the file its link leads to, and the libraries it needs."""
        name = name or self.placed.get(path) or self.place(path)
        self.placed.setdefault(path, name)
        if name in self.tree:
            return
        package, file = self.stage.owner[path], self.stage.file(path)
        if file.is_symlink():
            self.take_link(path, name, package)
            return
        info = file.stat()
        if info.st_nlink > 1 and (first := self.inodes.setdefault((info.st_dev, info.st_ino), name)) != name:
            self.tree.link_to(name, first, package)
            return
        content = file.read_bytes()
        self.tree.add(name, Entry("f", package, content, bool(info.st_mode & 0o100), path=path))
        if elf.is_elf(content):
            self.elves[name] = facts = elf.read(content, name)
            if facts.architecture != self.stage.arch:
                raise Failure(f"taking {name} failed: it is for {facts.architecture}, not {self.stage.arch}")
            for soname in facts.needed:
                self.library(soname, name, facts.runpath, os.path.dirname(path))

    def take_link(self, path, name, package):
        target = os.path.normpath(os.path.join(os.path.dirname(path), os.readlink(self.stage.file(path))))
        found = self.stage.find(target)
        if found is None:
            if not self.manifest.generic:
                raise Failure(f"taking {path} of {package} failed: it is a link to {target}, which no package has; "
                              "leave it out, or name the package with `from`")
            return
        self.take(found)
        if name != self.placed[found]:
            self.tree.link_to(name, self.placed[found], package)

    def library(self, soname, needed_by, runpath=(), origin=""):
        # What the base has is not replaced: one version of a library in a session.
        if f"lib/{soname}" in self.base or f"lib/{soname}" in self.tree:
            return
        path = self.stage.library(soname, runpath, origin)
        if path is not None:
            self.take(path)
            placed = self.placed[path]
            # One that lies in a folder which nothing names is put where the loader looks.
            if placed.count("/") > 1 and not any(os.path.dirname(path) == os.path.normpath(folder.replace(
                    "${ORIGIN}", origin).replace("$ORIGIN", origin)) for folder in runpath):
                self.tree.link_to(f"lib/{soname}", placed, self.stage.owner[path])
        elif not self.manifest.libraries.get(soname):
            raise Failure(f"taking {needed_by} failed: it needs {soname}, which no package here has; "
                          f"leave it out, name the library's package with `from`, or say `lib {soname} optional`")

    def programs(self):
        for package, (how, named) in self.manifest.packages.items():
            programs = self.stage.programs(package)
            if unknown := named - programs.keys():
                raise Failure(f"taking {package} failed: it has no program {some(sorted(unknown))}; "
                              f"take that name out of its `{how}`")
            if not programs and not self.manifest.generic:
                raise Failure(f"taking {package} failed: it has no programs; use `from` and `data`")
            for name, path in programs.items():
                if (other := self.stage.owner[path]) != package:
                    raise Failure(f"taking {package} failed: it and {other} both have {path}; take one of them")
                if how == "" or (name in named) == (how == "only"):
                    self.take(path)
        for package, path, name in self.manifest.programs:
            self.take(self.of_package(package, path)[0], f"bin/{name}")
        for soname, optional in self.manifest.libraries.items():
            if not optional:
                self.library(soname, "the manifest")

    def of_package(self, package, pattern):
        """The paths of a package that a statement names: a file, all of a folder, or a pattern."""
        # A listing has no place for names with blanks; no program of a package has one.
        paths = [path for path in self.stage.paths.get(package, ()) if " " not in path and (
            path == pattern or path.startswith(pattern + "/") or
            ("*" in pattern and any(fnmatch.fnmatchcase(path, each) for each in (pattern, pattern + "/*"))))]
        if not paths:
            raise Failure(f"taking {pattern} of {package} failed: it has no such file; "
                          f"`dpkg -L {package}` or packages.debian.org lists them")
        # Files before links to them: a link then finds them where they were put.
        return sorted(paths, key=lambda path: (self.stage.file(path).is_symlink(), path))

    def data(self):
        for package, pattern, dest in self.manifest.data:
            for path in self.of_package(package, pattern):
                name = self.place(path)
                if dest and path.startswith(pattern + "/"):
                    name = dest.rstrip("/") + path[len(pattern):]
                elif dest:
                    name = dest + os.path.basename(path) if dest.endswith("/") else dest
                self.take(path, name)

    def everything(self, packages):
        """For a package without a manifest: the files that a session can use, its own and those of PACKAGES."""
        for name in packages:
            for path in self.stage.paths[name]:
                if USEFUL.match(path) and " " not in path and not USELESS.search(path):
                    self.take(path)

    def wrap(self):
        for name in sorted(self.manifest.wraps):
            if f"bin/{name}" not in self.tree:
                raise Failure(f"wrapping {name} failed: there is no such program")
            entry = self.tree.entries.pop(f"bin/{name}")
            if entry.kind != "f":
                raise Failure(f"wrapping {name} failed: it is a link; wrap what it leads to")
            self.tree.add(f"{WRAPPED}/{name}", entry)
            if f"bin/{name}" in self.elves:
                self.elves[f"{WRAPPED}/{name}"] = self.elves.pop(f"bin/{name}")
            self.tree.link(f"bin/{name}", "../libexec/wrap", entry.package)

    def interpreters(self):
        """Every script's interpreter has to be there. Without a manifest a script is left out rather; returns those."""
        left_out = []
        for name in list(self.tree.entries):
            entry = self.tree.entries[name]
            # Elsewhere than in bin a script is a package's own example or module: its name is what nobody calls.
            match = SHEBANG.match(entry.content) if name.startswith("bin/") and entry.executable else None
            if not match:
                continue
            program = os.path.basename(match[1].decode())
            if program == "env" and match[2]:
                program = os.path.basename(match[2].decode())
            if self.has(f"bin/{program}") or self.has(program):
                continue
            found = next((path for folder in ("/usr/bin", "/bin") if (path := self.stage.find(f"{folder}/{program}"))),
                         None)
            if self.manifest.generic and found is None:
                del self.tree.entries[name]
                left_out.append(f"{name} (a script for {program})")
                continue
            if not self.manifest.generic:
                raise Failure(f"taking {name} failed: it is a script for {program}, which is not in the toolbox; "
                              f"leave it out with `except {os.path.basename(name)}`")
            self.take(found)
            begins = next((begins for start, begins in MODULES.items() if program.startswith(start)), None)
            self.everything([package for package in self.stage.paths if begins and package.startswith(begins)])
        return left_out
