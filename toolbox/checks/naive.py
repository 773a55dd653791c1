"""The comparison: the same programs as the distribution has them, in the same hostile root, spring the traps or open them.
So the traps are live, and a check that found none would be worth nothing.

They are at /naive with their own libraries, and are run by their own loader: what a toolbox is that nobody has moved.
"""
import json
import shutil
import subprocess

import room as rooms
import traps

LOADER = "/naive/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2"
LIBRARIES = "/naive/lib/x86_64-linux-gnu:/naive/usr/lib/x86_64-linux-gnu:/naive/usr/lib/x86_64-linux-gnu/sysstat"
LOADED = f"{LOADER} --library-path {LIBRARIES} /naive/"
ENVIRONMENT = rooms.SESSION | {"HOME": "/root", "PATH": "/naive/usr/bin:/naive/bin:/naive/usr/sbin:/naive/sbin:/usr/bin:/bin"}

# TRAP: (command, what is typed). A command is a program below /naive with its arguments; "direct" has the kernel take the
# target's loader, "bare" has the loader take the target's libraries, "tracer" cannot be traced itself. A trap without an
# entry is for tools of layers, and is not proved here.
SPRING = {
    "preload": "usr/bin/id",
    "nss": "usr/bin/id",
    "loader": "direct usr/bin/id",
    "library": "bare usr/bin/id",
    "cache": "bare usr/bin/id",
    "gconv": "usr/bin/iconv -f EVIL -t UTF-8 data",
    "locale": "bin/ls",
    "openssl": "usr/bin/openssl list -providers",
    "authorities": "usr/bin/openssl verify tls.crt",
    "gnutls": "usr/bin/wget -O - https://localhost/",
    "krb5": "usr/bin/curl -s --negotiate -u : http://localhost/private",
    "gss": "usr/bin/curl -s --negotiate -u : http://localhost/private",
    "ldap": "usr/bin/curl --version",
    "gdbinit": "usr/bin/gdb -batch -p 1",
    "profile": "bin/bash -lc true",
    "profile.d": "bin/bash -lc true",
    "bashrc": "bin/bash -ic true",
    "inputrc": ("bin/bash -i", [(r"\$ $|# $", "q\x15exit\r")]),
    "completion": "bin/bash -ic '. /etc/bash_completion'",
    "vimrc": "usr/bin/vim.basic --not-a-term -c q",
    "nanorc": ("bin/nano /dbg/rw/naive", [("nano|naive", "x\x0f\r"), ("Wrote", "y\x0f\r"), ("Wrote", "\x18")]),
    "lesskey": ("usr/bin/less data", [("target", "q")]),
    "tmux": (f"usr/bin/env LOCPATH=/naive/usr/lib/locale {LOADED}usr/bin/tmux -S /dbg/rw/naive.tmux new", [(r"\[0\]", "\x02d")]),
    "terminfo": "usr/bin/tput clear",
    "sqliterc": "usr/bin/sqlite3 /dbg/rw/n.db .exit",
    "curlrc": "usr/bin/curl -s http://127.0.0.1/",
    "wgetrc": "usr/bin/wget -qO /dev/null http://127.0.0.1/",
    "jq": "usr/bin/jq -n 1",
    "toprc": "usr/bin/top -b -n 1",
    "htoprc": ("usr/bin/htop", [("server", "q")]),
    "ltrace": "tracer usr/bin/ltrace -e strlen /app/server 1",
    "magic": "usr/bin/file data",
    "services": "usr/bin/getent services http",
    "iproute2": "bin/ip route show table all",
    "sysctl": "sbin/sysctl -p",
    "sh": "usr/bin/gawk 'BEGIN { system(\"id\") }'",
    "program": "usr/bin/gawk 'BEGIN { system(\"ruptime\") }'",
}


def packages(cache, sbom):
    """The packages that a toolbox was made of, as files in the builder's cache."""
    made_of = {(package["name"], package["versionInfo"].replace(":", "%3a"))
               for package in json.loads(sbom.read_text())["packages"] if "versionInfo" in package}
    return [path for path in sorted(cache.rglob("*.deb")) if tuple(path.name.split("_")[:2]) in made_of]


def spring(room, debs):
    """{trap: what showed that it is live, or nothing}."""
    stage = room.root / "naive"
    stage.mkdir()
    for deb in debs:
        subprocess.run(["dpkg-deb", "-x", deb, stage], check=True)
    proofs, found = traps.places(), {}
    traps.sprung(room.root)
    for trap, what in SPRING.items():
        line, keys = what if isinstance(what, tuple) else (what, ())
        how, _, rest = line.partition(" ")
        run = {"direct": f"/naive/{rest}", "bare": f"{LOADER} /naive/{rest}", "tracer": LOADED + rest}.get(how, LOADED + line)
        seen = room.run(run, ENVIRONMENT, traced=how != "tracer", keys=keys, timeout=6)
        if trap in traps.sprung(room.root):
            found[trap] = "sprung by " + line.replace(LOADED, "")
            continue
        opened = sorted(path for path, _ in seen.opened if proofs.get(path) == trap)
        found[trap] = f"{opened[0]} opened by {line.replace(LOADED, '')}" if opened else ""
    shutil.rmtree(stage)
    return found
