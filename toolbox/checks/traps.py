"""The files of a hostile target. Each leaves a mark /sprung/NAME when it is executed, loaded or obeyed; those that can only
be data leave none, and are found by the audit of opened files.
"""
import os
import pathlib
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
LIBRARIES = ("lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu", "lib", "usr/lib")
HOMES = ("root", "")  # what passwd says, and what HOME is where nobody sets it
# Programs that a tool might ask PATH for, and some that it is itself.
PROGRAMS = """
avahi-browse awk bash busybox cat dpkg editor env gdb getent gzip hostname id less lesspipe lessopen ls lzip man mtr-packet
modprobe pager pkexec ps rsh ruptime sadc sensible-editor sendmail sh ssh ssl_client stty systemctl tput which xdg-open xz
""".split()
SH = "#!/dbg/sh\n: >/sprung/{mark}\n"
# /bin/sh goes on as a shell: what was asked of it may be another trap.
BIN_SH = "#!/dbg/sh\n: >/sprung/{mark}\nexec /dbg/bin/bash \"$@\"\n"
VIM = "silent !: >/sprung/{mark}\n"
OPENSSL = """openssl_conf = init
[init]
providers = list
[list]
evil = evil
default = default
[evil]
module = /evil/{mark}.so
activate = 1
[default]
activate = 1
"""
GCONV = "module EVIL// INTERNAL evil 1\nmodule INTERNAL EVIL// evil 1\n"


def homes(*names):
    return tuple(f"{home}/{name}".lstrip("/") for home in HOMES for name in names)


# NAME: (what is written, where). "so" is the library evil.c.
TRAPS = {
    "preload": ("/evil/preload.so\n", ("etc/ld.so.preload",)),
    "nss": ("so", tuple(f"{folder}/libnss_evil.so.2" for folder in LIBRARIES)),
    "library": ("so", tuple(f"{folder}/{name}" for folder in LIBRARIES for name in (
        "libc.so.6", "libtinfo.so.6", "libselinux.so.1", "libcrypto.so.3", "libthread_db.so.1", "libgcc_s.so.1",
        "libsystemd.so.0", "libsensors.so.5", "libcap.so.2", "libnss_files.so.2", "libnss_dns.so.2"))),
    "loader": ("so", ("lib64/ld-linux-x86-64.so.2", "lib/ld-linux-aarch64.so.1")),
    "cache": ("no cache", ("etc/ld.so.cache",)),
    "gconv": (GCONV, tuple(f"{folder}/gconv/gconv-modules" for folder in LIBRARIES)),
    "locale": ("no locale", ("usr/lib/locale/locale-archive", "usr/lib/locale/C.utf8/LC_CTYPE",
                             "usr/share/locale/locale.alias")),
    "openssl": (OPENSSL, ("etc/ssl/openssl.cnf", "usr/lib/ssl/openssl.cnf", "usr/local/ssl/openssl.cnf")),
    "authorities": ("no certificate", ("etc/ssl/certs/ca-certificates.crt", "etc/ssl/cert.pem", "usr/lib/ssl/cert.pem")),
    "gnutls": ("[global]\n", ("etc/gnutls/config",)),
    "pkcs11": ("module: /evil/pkcs11.so\n", ("etc/pkcs11/modules/evil.module", "etc/pkcs11/pkcs11.conf",
                                             "usr/share/p11-kit/modules/evil.module")),
    "gcrypt": ("\n", ("etc/gcrypt/hwf.deny", "etc/gcrypt/random.conf", "etc/gcrypt/fips_enabled")),
    "krb5": ("[libdefaults]\n", ("etc/krb5.conf",)),
    "gss": ("evil 1.2.840.113554.1.2.2 /evil/gss.so\n", ("etc/gss/mech", "etc/gss/mech.d/evil.conf")),
    "ldap": ("URI ldap://127.0.0.1\n", ("etc/ldap/ldap.conf", "app/ldaprc", *homes(".ldaprc", "ldaprc"))),
    "gdbinit": ("shell : >/sprung/{mark}\n", (
        "etc/gdb/gdbinit", "etc/gdb/gdbinit.d/evil.gdb", "app/.gdbinit", "app/.gdb_history", "app/lib/libc.so.6-gdb.gdb",
        "usr/share/gdb/auto-load/app/server-gdb.gdb", "usr/lib/debug/app/server-gdb.gdb",
        *homes(".gdbinit", ".gdb_history", ".config/gdb/gdbinit", ".gdbearlyinit"))),
    "profile": (SH + "for f in /etc/profile.d/*; do . $f; done\n", (
        "etc/profile", *homes(".profile", ".bash_profile", ".bash_login"))),
    "profile.d": (SH, ("etc/profile.d/evil.sh",)),
    "bashrc": (SH, ("etc/bash.bashrc", "etc/bashrc", *homes(".bashrc", ".ashrc", ".bash_logout", ".shrc"))),
    "inputrc": ('"q": "\\C-u: >/sprung/{mark}\\n"\n', ("etc/inputrc", *homes(".inputrc"))),
    "completion": (SH, (
        "etc/bash_completion", "etc/bash_completion.d/evil", "usr/share/bash-completion/bash_completion",
        *(f"{folder}/share/bash-completion/completions/{name}" for folder in ("usr", "usr/local", "root/.local")
          for name in ("ls", "curl", "server", "ip")), *homes(".bash_completion"))),
    "vimrc": (VIM, (
        "etc/vim/vimrc", "etc/vim/vimrc.tiny", "etc/vim/vimrc.local", "usr/share/vim/vimrc", "app/.exrc", "app/.vimrc",
        "usr/share/vim/vim90/defaults.vim", "var/lib/vim/addons/plugin/evil.vim", "etc/vim/plugin/evil.vim",
        *homes(".vimrc", ".exrc", ".vim/vimrc", ".vim/plugin/evil.vim", ".viminfo"))),
    "nanorc": ('set backup\nset backupdir "/sprung"\n', ("etc/nanorc", *homes(".nanorc", ".config/nano/nanorc"))),
    "lesskey": ("#env\nLESSOPEN = |/dbg/bin/touch /sprung/{mark} %s\n", (
        "etc/sysless", "etc/syslesskey", *homes(".lesskey", ".less", ".config/lesskey"))),
    "tmux": ('run-shell ": >/sprung/{mark}"\n', ("etc/tmux.conf", *homes(".tmux.conf", ".config/tmux/tmux.conf"))),
    "terminfo": ("terminfo", tuple(f"{folder}/x/xterm" for folder in (
        "etc/terminfo", "lib/terminfo", "usr/lib/terminfo", "usr/share/terminfo", *homes(".terminfo")))),
    "sqliterc": (".shell : >/sprung/{mark}\n", homes(".sqliterc", ".config/sqlite3/sqliterc", ".sqlite_history")),
    "curlrc": ('dump-header = "/sprung/{mark}"\n', homes(".curlrc", ".config/curlrc", ".config/.curlrc")),
    "wgetrc": ("logfile = /sprung/{mark}\n", ("etc/wgetrc", *homes(".wgetrc", ".config/wgetrc"))),
    "jq": ("def evil: 1;\n", homes(".jq")),
    "toprc": ("top's Config File\n", ("etc/toprc", "etc/topdefaultrc", *homes(".toprc", ".config/procps/toprc"))),
    "htoprc": ("fields=0 48\n", ("etc/htoprc", *homes(".htoprc", ".config/htop/htoprc"))),
    "ltrace": ("int evil();\n", ("etc/ltrace.conf", "usr/share/ltrace/libc.so.conf", "etc/xdg/ltrace/libc.so.conf",
                                 *homes(".ltrace.conf"))),
    "xdg": ("\n", ("etc/xdg/htop/htoprc", "etc/xdg/procps/toprc", "etc/xdg/nano/nanorc", "etc/xdg/user-dirs.conf")),
    "python": ("open('/sprung/{mark}', 'w')\n", (
        "usr/lib/python3/dist-packages/sitecustomize.py", "usr/lib/python3.11/sitecustomize.py", "app/sitecustomize.py",
        *homes(".pythonrc", ".pythonrc.py", ".local/lib/python3.11/site-packages/usercustomize.py"))),
    "magic": ("0 string x evil\n", ("etc/magic", "usr/share/misc/magic", "usr/lib/file/magic.mgc", *homes(".magic"))),
    "services": ("evil 80/tcp\n", ("etc/services", "etc/protocols", "etc/rpc", "etc/ethertypes", "etc/netconfig")),
    "iproute2": ("254 evil\n", ("etc/iproute2/rt_tables", "etc/iproute2/rt_scopes", "etc/iproute2/rt_protos",
                                "etc/iproute2/group", "usr/share/iproute2/rt_tables")),
    "sysctl": ("kernel.hostname = evil\n", ("etc/sysctl.conf", "etc/sysctl.d/evil.conf")),
    "modprobe": ("install evil /dbg/bin/touch /sprung/{mark}\n", ("etc/modprobe.d/evil.conf", "lib/modprobe.d/evil.conf")),
    "colors": ("", ("etc/terminal-colors.d/enable", *homes(".config/terminal-colors.d/enable"))),
    "sysstat": ("\n", ("etc/sysconfig/sysstat.ioconf", "etc/sysstat/sysstat.ioconf", "etc/sysstat/sysstat")),
    "awk": ("BEGIN { }\n", ("usr/share/awk/inplace.awk", "usr/lib/x86_64-linux-gnu/gawk/inplace.so")),
    "misc": ("evil\n", ("etc/busybox.conf", "etc/filesystems", "etc/gai.conf", "etc/sensors3.conf", "etc/blkid.conf",
                        "etc/login.defs", "etc/libnl/classid", "etc/connlabel.conf", "etc/nftables.conf",
                        "etc/GeoIP.conf", "etc/lsof.conf", "etc/idn.conf", "etc/idnalias.conf", "etc/ethers",
                        "etc/mke2fs.conf", "etc/wpa_supplicant.conf", *homes(".netrc", ".mailcap", ".tarrc", ".digrc",
                                                                            ".mtrrc", ".wget-hsts", ".lesshst"))),
    "sh": (BIN_SH, ("bin/sh", "usr/bin/sh")),
    "program": (SH, tuple(f"{folder}/{name}" for name in PROGRAMS if name != "sh"
                          for folder in ("bin", "usr/bin", "sbin", "usr/sbin", "usr/local/bin", "app"))),
}
# Libraries that the configuration above names.
NAMED = ("preload", "openssl", "pkcs11", "gss")


def library(folder):
    """evil.c, compiled: give it a mark, and it gives the bytes."""
    path = folder / "evil.so"
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-nostdlib", "-fno-stack-protector",
                    "-Wl,-e,_start", "-o", path, HERE / "evil.c"], check=True)
    data = path.read_bytes()
    assert data.count(b"X" * 24) == 1
    return lambda mark: data.replace(b"X" * 24, mark.encode().ljust(24, b"\0"))


def terminfo(tree):
    """A terminal whose clear says EVIL: same length, so the entry stays sound."""
    data = (tree / "share/terminfo/x/xterm").read_bytes()
    clear = b"\x1b[H\x1b[2J"
    assert clear in data
    return data.replace(clear, b"EVIL!!!")


def write(path, content, mode=0o755):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    path.chmod(mode)


def plant(root, tree, scratch):
    """All of them below root; what a tool that obeys one would need to leave its mark is there too."""
    evil = library(scratch)
    for mark, (content, places) in TRAPS.items():
        data = evil(mark) if content == "so" else terminfo(tree) if content == "terminfo" else None
        for place in places:
            write(root / place, data if data is not None else content.replace("{mark}", mark).encode())
    for mark in NAMED:
        write(root / f"evil/{mark}.so", evil(mark))
    for folder in LIBRARIES:
        write(root / folder / "gconv/evil.so", evil("gconv"))
        write(root / folder / "gconv/gconv-modules.cache", b"no cache")
    write(root / "etc/nsswitch.conf", b"passwd: evil files\ngroup: evil files\nhosts: evil files dns\n", 0o644)
    # A name that a terminal would obey: ESC, the 8-bit CSI, and what a line editor itself would make an ESC of.
    os.mkdir(os.fsencode(root) + b"/app/x\x1b]0;a\xc2\x9bb\\e[7m$(ps)")


def places():
    """Every planted file, for the audit: {path: trap}."""
    return {"/" + place: mark for mark, (_, where) in TRAPS.items() for place in where}


def sprung(root):
    """The marks left since the last call, which takes them away."""
    marks = sorted(os.listdir(root / "sprung"))
    for mark in marks:
        os.unlink(root / "sprung" / mark)
    return marks
