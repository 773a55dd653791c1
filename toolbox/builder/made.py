"""What would a package's installation have made? The statement `make KIND ARGS...`."""
import re

from . import Failure
from .tree import Entry


def certificates(closure, dest):
    """One file of all of Mozilla's certificate authorities, in the order of their names."""
    paths = closure.of_package("ca-certificates", "/usr/share/ca-certificates/mozilla/*.crt")
    content = b"".join(closure.stage.file(path).read_bytes() for path in sorted(paths))
    closure.tree.add(dest, Entry("f", "ca-certificates", content))


def charsets(closure, *modules):
    """Some of iconv's modules, and a list of just these: a list that names more would send iconv looking for them."""
    package, folder = "libc6", f"/usr/lib/{closure.stage.multiarch}/gconv/"
    lines = []
    for path in closure.of_package(package, folder + "gconv-modules*"):
        if re.fullmatch(re.escape(folder) + r"gconv-modules(?:\.d/.*\.conf)?", path):
            lines += closure.stage.file(path).read_text(encoding="ascii").splitlines()
    entries = [line.split() for line in lines if line.startswith(("module", "alias"))]
    kept = [words for words in entries if words[0] == "module" and words[3] in modules]
    names = {name for words in kept for name in words[1:3]}
    kept = [words for words in entries if words[0] == "alias" and words[2] in names] + kept
    for module in modules:
        closure.take(closure.of_package(package, f"{folder}{module}.so")[0])
    text = "".join("\t".join(words) + "\n" for words in kept)
    closure.tree.add("lib/gconv/gconv-modules", Entry("f", package, text.encode()))


def completions(closure):
    """bash's completions of the programs that are there."""
    folder = "/usr/share/bash-completion/completions/"
    for path in sorted(closure.stage.owner):
        if path.startswith(folder) and closure.has("bin/" + path[len(folder):]):
            closure.take(path)


KINDS = {"certificates": certificates, "charsets": charsets, "completions": completions}


def make(closure, kind, arguments):
    if kind not in KINDS:
        raise Failure(f"making {kind} failed: known are {' '.join(KINDS)}")
    KINDS[kind](closure, *arguments)
