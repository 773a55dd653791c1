"""What is a toolbox to contain? One statement a line, words between blanks; "#" starts a comment, "\\" ends a line that
goes on.

    toolbox 1                              first; the language's version
    kind toolbox|layer
    suite SUITE
    pkg NAME...                            all programs of packages
    pkg NAME except|only PROG...           all of one but for some; no others
    from NAME...                           packages that libraries and data come from and that no program needs
    bin PKG /PATH as NAME                  one program, under another name
    lib SONAME... | lib SONAME optional    loaded by dlopen(), or needed and yet not missed
    data PKG /PATH [-> DEST]               a file, a folder, or a pattern of files
    make KIND ARGS...                      what a package's installation would have made
    wrap NAME...                           bin/NAME becomes a link to libexec/wrap, which knows what the program needs
    link PATH TARGET                       TARGET as seen from PATH's folder
    fill busybox [except NAME...]          a link to BusyBox for each of its names that no real tool has
    files DIR                              a folder beside the manifests', copied as it is
    own /etc|/var|/run|/opt NAME...        paths below it that are the toolbox's own
    keep /PATH                             a path that stays the target's
    text PATTERN                           of the tree: further files whose paths are moved
    dir PATH                               an empty folder
    on ARCH STATEMENT                      one that only holds for an architecture
    hot PATTERN...                         files of the tree that every session reads first: beside the image also plain
    shell PATH                             a session's shell
"""
import dataclasses
import re

from . import Failure

NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{0,63}")


@dataclasses.dataclass
class Manifest:
    name: str
    kind: str = "layer"
    suite: str = "bookworm"
    shell: str = ""
    packages: dict = dataclasses.field(default_factory=dict)  # name -> ("", "except" or "only", programs)
    sources: list = dataclasses.field(default_factory=list)  # packages of `from`
    programs: list = dataclasses.field(default_factory=list)  # (package, path, name)
    libraries: dict = dataclasses.field(default_factory=dict)  # soname -> optional
    data: list = dataclasses.field(default_factory=list)  # (package, path, dest or "")
    makes: list = dataclasses.field(default_factory=list)  # (kind, arguments)
    wraps: set = dataclasses.field(default_factory=set)
    links: dict = dataclasses.field(default_factory=dict)  # path -> target
    fill: tuple = None  # names that BusyBox is not to fill
    files: list = dataclasses.field(default_factory=list)
    own: dict = dataclasses.field(default_factory=dict)  # folder without slash -> names
    keep: list = dataclasses.field(default_factory=list)
    text: list = dataclasses.field(default_factory=list)
    dirs: list = dataclasses.field(default_factory=list)
    hot: list = dataclasses.field(default_factory=list)
    generic: bool = False  # no manifest: a package taken as it is

    def wanted(self):
        """Every package that is named."""
        named = [*self.packages, *self.sources, *(entry[0] for entry in self.programs + self.data)]
        return sorted(set(named))


def split(words, *keywords):
    """WORDS before the first of KEYWORDS, that keyword or "", and the words behind it."""
    at = next((index for index, word in enumerate(words) if word in keywords), len(words))
    return words[:at], "".join(words[at:at + 1]), words[at + 1:]


def pkg(manifest, *words):
    names, how, programs = split(words, "except", "only")
    if not names or (how and (len(names) != 1 or not programs)):
        raise ValueError("NAME..., or one NAME except|only PROGRAM...")
    for name in names:
        if name in manifest.packages:
            raise ValueError(f"{name} stands twice")
        manifest.packages[name] = (how, frozenset(programs))


def lib(manifest, *names):
    optional = names[-1] == "optional"
    manifest.libraries.update((name, optional) for name in (names[:-1] if optional else names))


def data(manifest, package, path, arrow="->", dest=""):
    if not path.startswith("/") or arrow != "->" or dest.startswith("/"):
        raise ValueError("PKG /PATH [-> DEST]")
    manifest.data.append((package, path, dest))


def program(manifest, package, path, word, name):
    if not path.startswith("/") or word != "as" or "/" in name:
        raise ValueError("PKG /PATH as NAME")
    manifest.programs.append((package, path, name))


def fill(manifest, what, *words):
    names, how, leave = split(words, "except")
    if what != "busybox" or names or (how and not leave):
        raise ValueError("busybox [except NAME...]")
    manifest.fill = leave


def own(manifest, folder, first, *rest):
    # Four bytes, as /dbg.
    if folder not in ("/etc", "/var", "/run", "/opt"):
        raise ValueError("/etc, /var, /run or /opt, then names")
    manifest.own.setdefault(folder[1:], set()).update((first, *rest))


def version(manifest, number):
    if number != "1":
        raise ValueError("1 is the only version known")


def one_of(field, *values):
    def take(manifest, value):
        if values and value not in values:
            raise ValueError(" or ".join(values))
        setattr(manifest, field, value)
    return take


def more(field):
    def take(manifest, first, *rest):
        getattr(manifest, field).extend((first, *rest))
    return take


STATEMENTS = {
    "toolbox": version,
    "kind": one_of("kind", "toolbox", "layer"),
    "suite": one_of("suite"),
    "shell": one_of("shell"),
    "pkg": pkg,
    "from": more("sources"),
    "bin": program,
    "lib": lib,
    "data": data,
    "make": lambda manifest, kind, *words: manifest.makes.append((kind, words)),
    "wrap": lambda manifest, *names: manifest.wraps.update(names),
    "link": lambda manifest, path, target: manifest.links.update({path: target}),
    "fill": fill,
    "files": more("files"),
    "own": own,
    "keep": more("keep"),
    "text": more("text"),
    "dir": more("dirs"),
    "hot": more("hot"),
}


def parse(text, name, arch):
    manifest = Manifest(name)
    if not NAME.fullmatch(name) or name == "minimal":
        raise Failure(f"reading a manifest failed: {name!r} cannot be a toolbox's name; use {NAME.pattern}")
    first, held = True, ""
    for number, line in enumerate(text.splitlines(), 1):
        line, held = held + line.split("#", 1)[0], ""
        if line.endswith("\\"):
            held = line[:-1]
            continue
        keyword, *words = line.split() or [""]
        if not keyword:
            continue
        place = f"reading manifest {name} failed: line {number}: {line.strip()!r}"
        if keyword == "on" and len(words) > 1:
            if words[0] != arch:
                continue
            keyword, *words = words[1:]
        if first != (keyword == "toolbox"):
            raise Failure(f"{place}: `toolbox 1` comes first, and once")
        first = False
        if keyword not in STATEMENTS:
            raise Failure(f"{place}: no such statement; builder/manifest.py lists them")
        try:
            STATEMENTS[keyword](manifest, *words)
        except (TypeError, ValueError, IndexError) as error:
            why = error if isinstance(error, ValueError) else "too few or too many words"
            raise Failure(f"{place}: {why}; builder/manifest.py says how") from error
    if first:
        raise Failure(f"reading manifest {name} failed: it is empty; `toolbox 1` comes first")
    return manifest


def of_package(name, suite):
    """A layer with one package's programs and whatever else it brings."""
    if not NAME.fullmatch(name) or name == "minimal":
        raise Failure(f"building {name!r} failed: neither a manifest nor a package can have that name; "
                      "see toolbox/manifests")
    return Manifest(name, suite=suite, packages={name: ("", frozenset())}, generic=True)
