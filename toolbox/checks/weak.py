"""The check's own test: a toolbox with one protection less, or one tool broken, has to fail, and for that reason."""
import os
import re
import shutil

# Paths that the builder did not move: the mark of the trap, file, path as it is, as it was, programs that are tried.
MOVED_BACK = (
    ("preload", "lib/ld-linux-x86-64.so.2", "/dbg/ld.so.preload", "/etc/ld.so.preload", "coreutils"),
    ("gconv", "lib/libc.so.6", "/dbg/lib/x86_64-linux-gnu/gconv", "/usr/lib/x86_64-linux-gnu/gconv", "iconv"),
    ("openssl", "lib/libcrypto.so.3", "/dbg/lib/ssl", "/usr/lib/ssl", "openssl"),
    ("bashrc", "bin/bash", "/dbg/bash.bashrc", "/etc/bash.bashrc", "bash"),
    ("profile", "bin/bash", "/dbg/profile", "/etc/profile", "bash"),
    ("inputrc", "lib/libreadline.so.8", "/dbg/inputrc", "/etc/inputrc", "sqlite3"),
    ("terminfo", "lib/libtinfo.so.6", "/dbg/terminfo", "/etc/terminfo", "tput"),
    ("vimrc", "bin/vim", "/dbg/vim/vimrc", "/etc/vim/vimrc", "vim"),
    ("tmux", "libexec/wrapped/tmux", "/dbg/tmux.conf", "/etc/tmux.conf", "tmux"),
    ("wgetrc", "bin/wget", "/dbg/wgetrc", "/etc/wgetrc", "wget"),
    ("sh", "lib/libc.so.6", "/dbg/sh", "/bin/sh", "gawk"),
)
# What is sprung or opened where a program is not wrapped.
UNWRAPPED = (("curlrc", "curl"), ("sqliterc", "sqlite3"), ("/root/.nanorc", "nano"), ("gdbinit", "gdb"))
# What, file, text that is in it, text instead (None: no file), programs that are tried, what the check has to say.
REPLACED = (
    ("jq is away", "bin/jq", None, None, "jq", "command not found"),
    ("no hint", "libexec/wrap", "echo \"$name: $1; on", ": \"$name: $1; on", "nft", "ends with|says"),
    ("the prompt's filter", "etc/profile", "${PWD//[! -[^-~]/?}", "$PWD", "bash", "says"),
    ("upstream's completion", "etc/bash.bashrc", ". /dbg/etc/bash_completion\n\t_dbg_complete \"$@\"",
     ". /dbg/share/bash-completion/bash_completion\n\treturn 124", "completion", "sprung: .*program"),
    ("gdb as the target's user", "libexec/wrap", "as_user_of \"$pid\"\n", ":\n", "gdb", "says"),
    ("gdb's own file", "etc/gdb/gdbinit", "set sysroot /", "shell cat /etc/shadow", "gdb", "opened: /etc/shadow"),
)


def weakenings():
    """(what, path, old, new, word, expected) for all of the above."""
    for mark, path, old, new, word in MOVED_BACK:
        yield f"{new} in {path}", path, old, new, word, mark
    for mark, name in UNWRAPPED:
        yield f"{name} without its wrapper", f"bin/{name}", f"wrapped/{name}", None, name, mark
    yield from REPLACED


def weaken(path, old, new):
    if new is None:
        path.unlink()
        if old:
            path.symlink_to(f"../libexec/{old}")
        return
    data = path.read_bytes()
    if old.encode() not in data:
        raise ValueError(f"{path} has no {old!r}")
    mode = path.stat().st_mode
    path.unlink()
    path.write_bytes(data.replace(old.encode(), new.encode()))
    path.chmod(mode)


def complaints(rows):
    for row in rows:
        yield row["why"]
        yield "sprung: " + " ".join(row["marks"]) if row["marks"] else ""
        yield "opened: " + " ".join(row["stray"]) if row["stray"] else ""


def try_all(tree, scratch, try_rooms):
    """0 where each was found out, else 1."""
    passed = failed = 0
    for number, (what, path, old, new, word, expected) in enumerate(weakenings()):
        folder = scratch / f"weak{number}"
        folder.mkdir()
        copy = folder / "tree"
        shutil.copytree(tree, copy, symlinks=True, copy_function=os.link)
        weaken(copy / path, old, new)
        rows = [row for room in try_rooms(copy, folder, word).values() for row in room["rows"]]
        found = sorted((text for text in complaints(rows) if re.search(expected, text)),
                       key=lambda text: not text.startswith("sprung"))
        print(f"{'ok  ' if found else 'FAIL'} {what}: {found[0][:150] if found else 'not found out'}", flush=True)
        passed, failed = passed + bool(found), failed + (not found)
        shutil.rmtree(folder)
    print(f"{passed} passed, {failed} failed")
    return int(failed != 0)
