"""Which packages does the mirror have, and where are their files?"""
import hashlib
import os
import pathlib
import re
import shutil
import subprocess

from . import Failure
from .lock import Package

HERE = pathlib.Path(__file__).resolve().parent
DISTRIBUTIONS = {"bookworm": "debian", "trixie": "debian", "jammy": "ubuntu", "noble": "ubuntu"}


def last_line(text):
    """What a tool said last that is of use: apt puts "E:" before it."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith("E:")] or lines[-1:] or ["it did not say why"]
    return re.sub(r"^E: ", "", errors[0])


class Apt:
    """One suite and architecture of the mirror; asked for its lists when first needed."""

    def __init__(self, cache, suite, arch):
        self.work, self.suite, self.arch = pathlib.Path(cache, f"apt-{suite}-{arch}").absolute(), suite, arch
        self.fresh = False

    def refresh(self):
        if self.fresh:
            return
        if self.suite not in DISTRIBUTIONS:
            raise Failure(f"asking the mirror failed: suite {self.suite!r} is not known; "
                          f"known: {' '.join(sorted(DISTRIBUTIONS))}")
        run = subprocess.run([HERE.parent / "scratch-apt", self.work, "deb", DISTRIBUTIONS[self.suite], self.suite,
                              self.arch], capture_output=True, text=True, env=environment(), check=False)
        if run.returncode:
            raise Failure(f"asking the mirror for {self.suite} failed: {last_line(run.stderr)}; "
                          "is the network up, and /etc/apt right?")
        self.fresh = True

    def ask(self, *args, cwd=None):
        self.refresh()
        program, *rest = args
        return subprocess.run([program, "-c", self.work / "apt.conf", *rest], cwd=cwd, capture_output=True, text=True,
                              env=environment(), check=False)

    def resolve(self, names):
        """The names of NAMES and of everything they depend on, as on an empty machine."""
        run = self.ask("apt-get", "-s", "install", *names)
        unknown = re.findall(r"^E: (?:Unable to locate package (\S+)|Package '(\S+)' has no installation candidate)",
                             run.stderr, re.M)
        if unknown:
            raise Failure(f"finding packages failed: {self.suite} for {self.arch} has no "
                          f"{some(sorted(a or b for a, b in unknown))}; is the name right?")
        if run.returncode:
            raise Failure(f"finding packages failed: {last_line(run.stderr)}")
        return sorted(set(re.findall(r"^Inst (\S+)", run.stdout, re.M)))

    def facts(self, names):
        """A Package for each of NAMES that the mirror has, as it has it now, by name."""
        run = self.ask("apt-cache", "--no-all-versions", "show", *names)
        found = {}
        for stanza in run.stdout.split("\n\n"):
            field = dict(re.findall(r"^([A-Za-z0-9-]+): *(.*)$", stanza, re.M))
            if field.get("Package") not in names:
                continue
            source, _, version = field.get("Source", field["Package"]).partition(" ")
            found[field["Package"]] = Package(
                field["Package"], field["Version"], field["Architecture"], field["SHA256"], int(field["Size"]),
                source, version.strip("()") or field["Version"])
        return found

    def fetch(self, packages, folder):
        """The files of PACKAGES in FOLDER, by name; only what is not there yet is downloaded."""
        folder.mkdir(parents=True, exist_ok=True)
        missing = [package for package in packages if not intact(folder / package.file, package)]
        if missing:
            scratch = folder / "partial"
            shutil.rmtree(scratch, ignore_errors=True)
            scratch.mkdir()
            run = self.ask("apt-get", "-q", "download", *(f"{p.name}={p.version}" for p in missing), cwd=scratch)
            for package in missing:
                got = scratch / package.file
                if got.exists():
                    os.replace(got, folder / package.file)
            shutil.rmtree(scratch)
            if run.returncode:
                raise Failure(f"downloading {len(missing)} packages failed: {last_line(run.stderr)}; try again")
        for package in missing:
            if not intact(folder / package.file, package):
                raise Failure(f"downloading {package.name} failed: its content is not what was expected; "
                              "try again, or refresh the lock: make toolbox-lock")
        return {package.name: folder / package.file for package in packages}

    def to_fetch(self, packages, folder):
        return [package for package in packages if not intact(folder / package.file, package)]


def environment():
    return {"PATH": os.environ["PATH"], "LC_ALL": "C", "HOME": os.environ.get("HOME", "/"),
            **{name: value for name, value in os.environ.items()
               if name.lower().endswith("_proxy") or name in ("DBG_TOOLBOX_MIRROR", "TMPDIR")}}


def intact(path, package):
    if not path.is_file() or path.stat().st_size != package.size:
        return False
    return hashlib.sha256(path.read_bytes()).hexdigest() == package.sha256


def some(names, limit=5):
    """A list for a line: not endless."""
    names = list(names)
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f" and {more} more" if more > 0 else "")
