"""In which order is a toolbox made?"""
import contextlib
import fcntl
import json
import os
import pathlib
import shutil
import subprocess
import tempfile

from . import Failure, apt, image, layout, lock, made, manifest, relocate, sbom
from .closure import Closure
from .stage import MULTIARCH, Stage
from .tree import Base, Entry, Tree

HERE = pathlib.Path(__file__).resolve().parent.parent


# What is called, and the package that brings it.
TOOLS = {"apt-get": "apt", "apt-cache": "apt", "dpkg": "dpkg", "dpkg-deb": "dpkg"}
PACKERS = {"erofs": ("mkfs.erofs", "erofs-utils"), "squashfs": ("mksquashfs", "squashfs-tools")}


class Build:
    def __init__(self, options, progress):
        self.options, self.progress = options, progress
        self.formats = list(dict.fromkeys(options.format or ["erofs" if os.geteuid() == 0 else "tree"]))
        check_tools(options.manifest, TOOLS | dict(PACKERS[kind] for kind in self.formats if kind in PACKERS))
        self.out = pathlib.Path(options.out).absolute()
        # It is replaced as a whole: a folder that somebody named by mistake must not be.
        if self.out.exists() and not (self.out / "toolbox.json").is_file() and (
                not self.out.is_dir() or any(self.out.iterdir())):
            raise Failure(f"building {options.manifest} failed: {self.out} exists and is no toolbox; "
                          "name another folder")
        self.arch = options.arch or native()
        if self.arch not in MULTIARCH:
            raise Failure(f"building for {self.arch} failed: only {' and '.join(MULTIARCH)} are known")
        self.manifest, self.home = read_manifest(options.manifest, self.arch)
        self.base = Base(options.base)
        self.common = self.manifest
        if self.manifest.kind == "layer":
            self.join_base()
        self.locks = self.home / "locks" / f"{self.manifest.name}.{self.arch}"
        self.strict = self.locks.exists() and options.lock == "strict"
        self.tree = Tree()
        self.notes = []

    def join_base(self):
        """A layer is built for one base, and by the base's rules."""
        if not self.options.base:
            raise Failure(f"building {self.manifest.name} failed: it is a layer; --base names the toolbox below it")
        for field, have in (("architecture", self.arch), ("suite", self.manifest.suite)):
            if self.base.facts.get(field) != have and not (field == "suite" and self.manifest.generic):
                raise Failure(f"building {self.manifest.name} failed: it is for {field} {have}, its base for "
                              f"{self.base.facts.get(field)}; build both alike")
        if self.manifest.generic:
            self.manifest.suite = self.base.facts["suite"]
        self.common, _ = read_manifest(str(self.home / "manifests/core"), self.arch)

    # Packages

    def choose(self, mirror):
        """The packages to fetch, by name."""
        locked = lock.read(self.locks) if self.locks.exists() else {}
        if locked and self.options.lock != "renew":
            if new := [name for name in self.manifest.wanted() if name not in locked]:
                raise Failure(f"checking the lock of {self.manifest.name} failed: it lacks {apt.some(new)}; "
                              f"{lock.REFRESH}")
            if self.strict and not mirror.to_fetch(locked.values(), self.debs):
                return locked
            found = mirror.facts(list(locked))
            moved = lock.moved(locked, found)
            if moved and self.strict:
                raise Failure(f"checking the lock of {self.manifest.name} failed: the mirror has moved: "
                              f"{apt.some(moved.values())}; {lock.REFRESH}")
            if moved:
                self.notes.append(f"other than locked: {apt.some(moved.values(), len(moved))}")
            return found
        return mirror.facts(mirror.resolve(self.manifest.wanted()))

    def stage(self, scratch):
        self.debs = pathlib.Path(self.options.cache, "debs")
        mirror = apt.Apt(self.options.cache, self.manifest.suite, self.arch)
        self.progress("choosing packages")
        packages = self.choose(mirror)
        missing = mirror.to_fetch(packages.values(), self.debs)
        if missing:
            self.progress(f"fetching {len(missing)} packages, {megabytes(sum(p.size for p in missing))}")
        files = mirror.fetch(packages.values(), self.debs)
        self.progress(f"unpacking {len(files)} packages")
        stage = Stage(scratch / "stage", self.arch)
        stage.unpack(files)
        return packages, stage

    # The tree

    def lay_out(self, stage, packages):
        plan = self.manifest
        closure = Closure(plan, stage, self.tree, self.base)
        if plan.generic:
            # What one source package was built into belongs together: nmap and nmap-common.
            source = packages[plan.name].source
            closure.everything([name for name in stage.paths if packages[name].source == source])
        closure.programs()
        closure.data()
        if plan.kind == "toolbox":
            layout.add_skeleton(self.tree, MULTIARCH[self.arch])
        for path, target in plan.links.items():
            self.tree.link(path, target)
        for kind, arguments in plan.makes:
            made.make(closure, kind, arguments)
        closure.wrap()
        for folder in plan.files:
            layout.add_files(self.tree, self.home / folder)
        if plan.fill is not None:
            self.fill(plan.fill)
        if left_out := closure.interpreters():
            self.notes.append(f"left out: {apt.some(left_out)}")
        for path in plan.dirs:
            self.tree.add(path, Entry("d"))

    def fill(self, leave):
        minimal = self.options.busybox
        if minimal is None and self.arch != native():
            self.notes.append(f"no BusyBox for {self.arch}: --busybox names the tree of a minimal toolbox")
            return
        layout.add_busybox(self.tree, self.base, pathlib.Path(minimal or default_busybox()), leave, self.arch)

    def relocate(self):
        own = {folder: self.common.own.get(folder, set()) | self.manifest.own.get(folder, set())
               for folder in self.common.own.keys() | self.manifest.own.keys()}
        rules = relocate.Rules(own, (*self.common.keep, *self.manifest.keep))
        texts = self.common.text + self.manifest.text
        counts, wanted = layout.relocate_tree(self.tree, rules, texts)
        layout.link_moved(self.tree, self.base, wanted)
        optional = {name for plan in (self.common, self.manifest) for name, may in plan.libraries.items() if may}
        layout.audit(self.tree, self.base, optional, MULTIARCH[self.arch])
        self.judge(layout.leftovers(self.tree, texts))
        return counts

    def judge(self, found):
        """Every path that stays is in the list of allowed ones, and every pattern of this manifest's list is needed."""
        names = dict.fromkeys((self.common.name, self.manifest.name))
        lists = {name: self.allowed(name) for name in names}
        own = lists[self.manifest.name]
        refused, unused = relocate.judge(found, sum(lists.values(), []))
        if self.options.leftovers:
            pathlib.Path(self.options.leftovers).write_text(
                "".join(f"{path}\t{found[path]}\n" for path in refused), encoding="ascii")
        if self.manifest.generic:
            if refused:
                self.notes.append(f"{len(refused)} paths of the target are named in it that nobody has judged")
            return
        if refused:
            raise Failure(f"checking {self.manifest.name} failed: paths of the target are left: "
                          f"{apt.some(f'{path} (in {found[path]})' for path in refused)}; "
                          f"move them or allow them in leftovers/{self.manifest.name}")
        if idle := sorted(set(unused) & set(own)):
            raise Failure(f"checking {self.manifest.name} failed: {apt.some(idle)} in leftovers/{self.manifest.name} "
                          "is not left anywhere; take it out")

    def allowed(self, name):
        """The list for all architectures, and what only this one has."""
        paths = [self.home / "leftovers" / each for each in (name, f"{name}.{self.arch}")]
        return [pattern for path in paths if path.exists() for pattern in relocate.read_allowed(path)]

    def check_counts(self, counts, packages):
        path = self.locks.with_name(self.locks.name + ".counts")
        if self.options.lock == "renew" or not self.locks.exists():
            return
        locked, expected = lock.read(self.locks), lock.read_counts(path)
        same = {name for name, package in packages.items() if locked.get(name) == package}

        def only(counts):
            return {name: rules for name, rules in counts.items() if name in same}
        if wrong := lock.differences(only(expected), only(counts)):
            raise Failure(f"moving paths failed: {apt.some(wrong)}; if that is right, {lock.REFRESH}")

    def drop_base(self):
        """Only what the base lacks stays; a file that it has otherwise is refused."""
        for name, entry in list(self.tree.entries.items()):
            if name not in self.base:
                continue
            if entry.line(name) != self.base.lines[name] and not name.startswith("share/doc/"):
                raise Failure(f"laying {self.manifest.name} over {self.base.facts['name']} failed: both have {name}, "
                              "with other content; rebuild the base, or give the file another name")
            del self.tree.entries[name]
        # The folders that lead to what is left.
        for name in list(self.tree.entries):
            while name := os.path.dirname(name):
                self.tree.entries.setdefault(name, Entry("d"))

    # The result

    def facts(self):
        names = {name for name, entry in self.tree.entries.items()
                 if name.startswith("bin/") and entry.kind != "d" and not name.endswith(".so")}
        facts = {"version": 1, "name": self.manifest.name, "kind": self.manifest.kind, "prefix": "/dbg",
                 "architecture": self.arch, "suite": self.manifest.suite}
        facts |= {"shell": self.manifest.shell} if self.manifest.kind == "toolbox" else {"base": self.base.digest}
        return facts | {"packages": len(self.used()), "programs": len(names)}

    def used(self):
        return sorted({entry.package for entry in self.tree.entries.values() if entry.package})

    def write(self, facts, out):
        tree = out / "tree"
        tree.mkdir()
        self.tree.write(tree)
        tree.chmod(0o755)
        content = image.listing(tree, self.base)
        (out / "files").write_bytes(content)
        digest = image.digest(content)
        images = []
        for kind in self.formats:
            self.progress(f"packing {kind}, {len(self.tree.entries)} files")
            images.append(image.pack(kind, tree, out, digest))
        if self.manifest.hot and self.formats != ["tree"]:
            images.append(image.pack_hot(self.manifest.hot, tree, out))
        if "tree" not in self.formats:
            shutil.rmtree(tree)
        facts = facts | {"digest": "sha256:" + digest.hex(), "images": images}
        write_json(out / "toolbox.json", facts)

    def run(self):
        out = self.out
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{out.name}-", dir=out.parent) as name:
            scratch = pathlib.Path(name)
            with locked_folder(pathlib.Path(self.options.cache)):
                packages, stage = self.stage(scratch)
            self.progress("laying out the tree")
            self.lay_out(stage, packages)
            self.progress("moving paths")
            counts = self.relocate()
            self.check_counts(counts, packages)
            if self.manifest.kind == "layer":
                self.drop_base()
            self.progress("writing licences")
            works = sbom.works(self.used(), packages, stage, counts, self.options.busybox or default_busybox())
            sbom.add_copyrights(self.tree, self.base, works)
            if self.options.lock == "renew":
                self.renew(packages, {*self.used(), *(name for work in works for name in work.copyright_from)}, counts)
            facts = self.facts()
            place = "toolbox.json" if facts["kind"] == "toolbox" else f"toolbox.d/{self.manifest.name}.json"
            self.tree.add(f"etc/{place}", Entry("f", content=to_json(facts)))
            new = scratch / "new"
            new.mkdir(mode=0o755)
            self.write(facts, new)
            write_json(new / "sbom.spdx.json", sbom.document(facts, works, (new / "files").read_bytes()))
            for path in new.iterdir():
                path.chmod(0o755 if path.is_dir() else 0o644)
            replace(new, out, scratch)

    def renew(self, packages, names, counts):
        """The lock names what was used, not all that apt would install: less to fetch, and nothing to resolve."""
        self.locks.parent.mkdir(exist_ok=True)
        lock.write(self.locks, [package for name, package in packages.items() if name in names])
        lock.write_counts(self.locks.with_name(self.locks.name + ".counts"), counts)


def check_tools(what, tools):
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"
    missing = {tool: package for tool, package in tools.items() if not shutil.which(tool, path=path)}
    if missing:
        raise Failure(f"building {what} failed: {apt.some(missing)} is missing; "
                      f"install {apt.some(dict.fromkeys(missing.values()))}, or run packaging/setup toolbox")


@contextlib.contextmanager
def locked_folder(folder):
    """One build at a time fetches into a cache; another waits."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "in-use").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def replace(new, out, scratch):
    """Put NEW at OUT: a folder cannot take another's place in one step, so the old one is moved aside first."""
    if out.exists():
        os.rename(out, scratch / "old")
    os.rename(new, out)


def read_manifest(name, arch):
    """A file of manifests/, by name or path, or a package of that name; and the folder that manifests/ lies in."""
    path = pathlib.Path(name).absolute() if "/" in name else HERE / "manifests" / name
    if "/" in name or (path.is_file() and manifest.NAME.fullmatch(name)):
        try:
            return manifest.parse(path.read_text(encoding="utf-8"), path.name, arch), path.parent.parent
        except (OSError, UnicodeError) as error:
            raise Failure(f"reading manifest {name} failed: {error}; toolbox/manifests has some") from error
    return manifest.of_package(name, "bookworm"), HERE


def native():
    return subprocess.run(["dpkg", "--print-architecture"], capture_output=True, text=True, check=True).stdout.strip()


def default_busybox():
    """The minimal toolbox's tree: beside us when installed, else where `make` has built it."""
    places = (HERE / "minimal", HERE.parent / "build/toolbox/root")
    return next((place for place in places if place.is_dir()), places[-1])


def megabytes(size):
    return f"{max(size // 1000000, 1)} MB"


def to_json(value):
    return (json.dumps(value, indent=2, ensure_ascii=True) + "\n").encode("ascii")


def write_json(path, value):
    path.write_bytes(to_json(value))
