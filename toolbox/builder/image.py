"""What is one tree, byte for byte, as a listing and as an image?

Owner, times, modes but for the x bit, extended attributes and the order of the folder on disk are all left out, so that
two people who build the same tree get the same bytes (for one version of the packer). What a session must not meet in
its toolbox is refused.
"""
import hashlib
import os
import pathlib
import stat
import subprocess
import uuid

from . import Failure

# noinline_data: a file's last block next to the others, not behind its inode, so that mkindex finds each file in one
# piece. -x-1: no attributes of the build host, such as SELinux labels. Fragments would ask for a newer kernel.
EROFS = {
    "plain": ("-Enoinline_data",),
    "small": ("-zlz4hc,12", "-C65536", "-Eztailpacking"),
}
# lz4hc would be as large as erofs; zstd at a low level is quick, and every kernel since 4.14 reads it.
SQUASHFS = ("-comp", "zstd", "-Xcompression-level", "12")


def refuse(path, why):
    raise Failure(f"packing {path} failed: it {why}; a toolbox has plain files, folders and links inside it only")


def check_name(name):
    if not name.isascii() or not name.isprintable() or " " in name:
        refuse(name, "has a blank or worse in its name")


def line(tree, path, below):
    """The entry in the listing; refuses what a toolbox must not have. BELOW: what lies below a layer."""
    name = path.relative_to(tree)
    check_name(str(name))
    info = path.lstat()
    if stat.S_ISLNK(info.st_mode):
        link = os.readlink(path)
        check_name(link)
        inside = os.path.normpath(os.path.join("/", name.parent, link)).lstrip("/")
        if os.path.isabs(link) or link.split("/").count("..") > len(name.parent.parts):
            refuse(path, f"leads out of the tree, to {link}")
        if not os.path.lexists(tree / inside) and inside not in below:
            refuse(path, f"leads nowhere, to {link}")
        return f"l {link} {name}\n"
    if info.st_mode & (stat.S_ISUID | stat.S_ISGID | stat.S_ISVTX):
        refuse(path, "has a setuid, setgid or sticky bit")
    if stat.S_ISDIR(info.st_mode):
        return f"d {name}\n"
    if stat.S_ISREG(info.st_mode):
        return f"f {file_mode(info):o} {hashlib.sha256(path.read_bytes()).hexdigest()} {name}\n"
    return refuse(path, "is neither file, folder nor link")


def file_mode(info):
    return 0o755 if info.st_mode & stat.S_IXUSR else 0o644


def listing(tree, below=()):
    """The tree in text: what its digest is made of. BELOW: names that are there without being in it."""
    paths = sorted([tree, *tree.rglob("*")], key=lambda path: str(path.relative_to(tree)).encode())
    return "".join(line(tree, path, below) for path in paths).encode("ascii")


def normal_copy(tree, target):
    """The same tree with normal modes, a file not twice on disk where links do."""
    for path in sorted([tree, *tree.rglob("*")]):
        copy, info = target / path.relative_to(tree), path.lstat()
        if stat.S_ISLNK(info.st_mode):
            copy.symlink_to(os.readlink(path))
        elif stat.S_ISDIR(info.st_mode):
            copy.mkdir()
            copy.chmod(0o755)
        else:
            copy.write_bytes(path.read_bytes())
            copy.chmod(file_mode(info))


def run(*command):
    result = subprocess.run(command, capture_output=True, text=True, check=False,
                            env={"PATH": os.environ["PATH"] + ":/usr/sbin:/sbin", "LC_ALL": "C"})
    if result.returncode:
        said = (result.stderr or result.stdout).strip().splitlines() or ["it did not say why"]
        raise Failure(f"packing {pathlib.Path(command[-1]).name} with {command[0]} failed: {said[-1]}; "
                      "is the disk full?")


def erofs(tree, image, digest, style):
    run("mkfs.erofs", "--quiet", "--all-root", "-T0", "-x-1", *EROFS[style],
        "-U", str(uuid.UUID(bytes=digest[:16], version=4)), image, tree)


def squashfs(tree, image):
    run("mksquashfs", tree, image, "-quiet", "-no-progress", "-noappend", "-all-root", "-all-time", "0",
        "-mkfs-time", "0", "-no-xattrs", "-no-exports", *SQUASHFS)


def digest(content):
    return hashlib.sha256(content).digest()


def pack(kind, tree, out, tree_digest):
    """Make one image of a tree that is normal already; return its line for toolbox.json."""
    if kind == "tree":
        return {"format": "tree", "file": "tree"}
    path = out / f"image.{kind}"
    if kind == "erofs":
        erofs(tree, path, tree_digest, "small")
    else:
        squashfs(tree, path)
    path.chmod(0o644)
    checksum = hashlib.sha256(path.read_bytes()).hexdigest()
    return {"format": kind, "file": path.name, "size": path.stat().st_size, "sha256": checksum}


def pack_hot(patterns, tree, out):
    """
    The files of a tree that every session reads first, as a folder: laid over an image, which is unpacked anew for each
    session, it is in memory once for all of them. Return its line for toolbox.json.
    """
    hot = out / "hot"
    hot.mkdir()
    for pattern in patterns:
        found = [path for path in sorted(tree.glob(pattern)) if path.is_file() and not path.is_symlink()]
        if not found:
            raise Failure(f"packing the hot files failed: {pattern} is no file of the tree; name the file itself, not a link")
        for path in found:
            copy = hot / path.relative_to(tree)
            copy.parent.mkdir(parents=True, exist_ok=True)
            copy.write_bytes(path.read_bytes())
            copy.chmod(file_mode(path.lstat()))
    for folder in (hot, *hot.rglob("*")):
        if folder.is_dir():
            folder.chmod(0o755)
    return {"format": "hot", "file": hot.name, "sha256": digest(listing(hot)).hex()}
