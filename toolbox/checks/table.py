"""What every tool has to do, as data: (program, command, what its output must match), and options:

exit=N or statuses=(N, ...): how it ends, else 0. keys=[(wait for, type)]: on a terminal. tracer=True: it traces children
of its own, so it cannot be traced itself, and only the opens that succeed are seen. own=(MARK, ...): it is told to start
the target's own program, which springs these itself. session_only: it needs LANG, TMPDIR, SHELL or the prompt.
hostile_only: in a hostile root. poor: in a session without capabilities.

Commands are bash's, in /app, where the target is /app/server, PID 1. Beside it listen: http on 80, https on 443 with
/app/tls.crt, names in .test on 53. They may write below /dbg/rw only.
"""

Q, ENTER, ESC, UP, CTRL = "q", "\r", "\x1b", "\x1b[A", lambda letter: chr(ord(letter) & 31)
PROMPT = r"\(general\):[^\r\n]*# $"


def check(program, command, want, **options):
    return {"program": program, "command": command, "want": want, "exit": 0, "keys": (), "tracer": False, "poor": False,
            **options}


TEXT = [
    check("bash", "echo $((40 + 2)) ${BASH_VERSION%%.*}; printf '%s\\n' {a..c} | cat", r"^42 5\na\nb\nc"),
    check("bash", "printf '\\303\\244' | wc -m; x=$'\\303\\244'; echo ${#x}", r"^1\n1$", session_only=True),
    check("coreutils", "printf 'b\\na\\n' | sort | head -1 && seq 3 | tac | paste -sd+ && date -d @0 +%Y && stat -c %s data",
          r"^a\n3\+2\+1\n1970\n19", session_only=True),
    check("coreutils", "cp data /dbg/rw/c && ls -l /dbg/rw/c && sha256sum data && base64 data && numfmt --to=iec 2048 && df /app",
          r"root (?:root|0) 19 .*\n[0-9a-f]{64}  data\nZGF0.*\n2.0K\nFilesystem"),
    check("stdbuf", "stdbuf -oL echo buffered", r"^buffered"),
    check("id", "id", r"^uid=0\(root\) gid=0"),
    check("find", "find /app -maxdepth 1 -name 'd?ta' -printf '%f %s\\n'; find data -exec echo {} +",
          r"^data 19\ndata"),
    check("xargs", "echo a b | xargs -n1 echo x", r"^x a\nx b"),
    check("grep", "echo abc123 | grep -oP '(?<=c)\\d+'; echo x | grep -c y", r"^123\n0", exit=1),
    check("egrep", "echo abc | egrep -o 'a|c'", r"a\nc"),
    check("sed", "echo data | sed -E 's/(d)(a)/\\2\\1/'", r"^adta"),
    check("gawk", "echo 1 2 | gawk '{ print $1 + $2; system(\"echo shell\"); \"echo pipe\" | getline x; print x }'",
          r"^3\nshell\npipe"),
    check("diff", "diff -u data <(echo other)", r"-data of the target\n\+other", exit=1),
    check("cmp", "cmp data data && echo same", r"^same"),
    check("patch", "cd /dbg/rw && echo a >p && printf -- '--- p\\n+++ p\\n@@ -1 +1 @@\\n-a\\n+b\\n' | patch -p0 && cat p",
          r"patching file p\nb", session_only=True),
    check("jq", "echo '{\"a\":[1,2]}' | jq -c '.a | map(. * 2)'", r"^\[2,4\]"),
    check("sqlite3", "sqlite3 /dbg/rw/$$.db 'create table t(a); insert into t values(41); select a + 1 from t' "
          "'select sqlite_version()'",
          r"^42\n3\."),
    check("sqlite3", "sqlite3", r"\r42\r", keys=[("sqlite> ", "select 6*7;\r"), ("42", ".quit\r")]),
    check("file", "file data /app/server", r"data: +ASCII text\n/app/server: +ELF 64-bit LSB"),
    check("tree", "tree --noreport /app/lib", r"/app/lib\n.*ld.so"),
    check("hexdump", "hexdump -C data | head -1", r"64 61 74 61"),
    check("xxd", "xxd -l 4 data; xxd -p data | xxd -r -p", r"6461 7461 +data\ndata of the target"),
    check("column", "printf 'a b\\ncc d\\n' | column -t", r"^a   b\ncc  d"),
    check("iconv", "printf '\\344' | iconv -f ISO-8859-1 -t UTF-8; printf a | iconv -t UTF-16BE | od -An -tx1",
          r"^ä 00 61"),
    check("iconv", "echo a | iconv -f EVIL -t UTF-8", r"not supported|failed to start", exit=1),
    check("locale", "locale; locale charmap", r"LANG=C.UTF-8[\s\S]*UTF-8", session_only=True),
    check("getent", "getent passwd root; getent hosts web.test; getent services http",
          r"^root:x:0[\s\S]*127.0.0.1[\s\S]*80/tcp"),
    check("getconf", "getconf PAGESIZE", r"^\d+"),
    check("tput", "TERM=xterm tput clear | od -An -c | head -1; TERM=linux tput cols", r"033   \[   H"),
    check("infocmp", "infocmp -1 tmux-256color | head -2", r"tmux-256color\|"),
    check("less", "less data", r"data of the target", keys=[("target", "/of\r"), ("target", Q)]),
    check("less", "seq 500 | less", r"\b250\b", keys=[("20", "250g"), ("250", "?^33$\r"), (r"\b33\r", Q)]),
    check("more", "seq 100 | more", r"--More--", keys=[("More", Q)]),
    check("vim", "vim /dbg/rw/v && cat /dbg/rw/v", r"typed in vim",
          keys=[("~", "ityped in vim" + ESC), ("vim", ":wq\r")]),
    check("vi", "vi /dbg/rw/vi && cat /dbg/rw/vi", r"typed in vi", keys=[("~", "ityped in vi" + ESC), ("vi", ":x\r")]),
    check("vim", "printf 'x\\nvim: set sw=77:\\n' >/dbg/rw/m; vim /dbg/rw/m", r"shiftwidth=8",
          keys=[("sw=77", ":set sw?\r"), (r"shiftwidth=\d", ":q!\r")]),
    check("nano", "nano /dbg/rw/n && cat /dbg/rw/n", r"typed in nano\r?\n",
          keys=[("nano", "typed in nano"), ("typed", CTRL("o") + ENTER), ("Wrote", CTRL("x"))]),
    check("tmux", "tmux new -s check", r"in a window 42",
          keys=[(r"\[check\]", "echo in a window $((6*7))\r"), ("window 42", CTRL("b") + "c"), ("1:bash", "tmux kill-server\r")],
          statuses=(0, 1)),
    check("watch", "watch -n1 -x echo watched",
          r"watched", exit=2, keys=[("watched", CTRL("c"))], statuses=(0, 2, 130, -2)),
    check("help", "/dbg/bin/help && /dbg/bin/help dns && /dbg/bin/help about && /dbg/bin/help nosuchthing",
          r"network\n[\s\S]*dig localhost[\s\S]*core sha256[\s\S]*uid 0, capabilities: [a-z_,]*cap_sys_ptrace", exit=1,
          session_only=True),
    check("install", "install nmap", r"dbgattach toolbox add nmap", exit=1),
    check("install", "install -m 600 data /dbg/rw/i && stat -c %a /dbg/rw/i", r"^600"),
    check("bc", "echo '2^64' | bc", r"^18446744073709551616"),
]

# z, with "zipped" in it.
ZIP = "UEsDBBQAAAAIAAAAIVCsADrHCQAAAAcAAAABAAAAeqvKLChITeECAFBLAQIUAxQAAAAIAAAAIV" \
    "CsADrHCQAAAAcAAAABAAAAAAAAAAAAAACAAQAAAAB6UEsFBgAAAAABAAEALwAAACgAAAAAAA=="
ARCHIVES = [
    check("gzip", "gzip -c data | zcat; gzip -c data >/dbg/rw/g.gz; zgrep -c target /dbg/rw/g.gz",
          r"data of the target\n1"),
    check("xz", "xz -c data | xz -dc; xz -c data >/dbg/rw/x.xz; xzgrep target /dbg/rw/x.xz",
          r"data of the target\ndata of the target"),
    check("zstd", "zstd -qc data | zstd -dqc", r"data of the target"),
    check("bzip2", "bzip2 -c data | bunzip2", r"data of the target"),
    check("tar", "for z in z J j; do tar c${z}f /dbg/rw/t data && tar x${z}fO /dbg/rw/t; done; "
          "tar --zstd -cf /dbg/rw/t data && tar tf /dbg/rw/t",
          r"^(data of the target\n){3}data"),
    check("unzip", f"base64 -d <<<{ZIP} >/dbg/rw/z.zip && unzip -p /dbg/rw/z.zip z", r"^zipped"),
]

PROCESSES = [
    check("ps", "ps -eo pid,user,comm; ps auxf", r"1 1000 +server"),
    check("pgrep", "pgrep -x server && pidof server && pkill -0 -x server && echo alive", r"^1\n1\nalive"),
    check("pstree", "pstree -p 1; killall -l", r"server\(1\)"),
    check("pmap", "pmap -x 1", r"server[\s\S]*total kB"),
    check("free", "free -m && vmstat 1 2 && uptime", r"Mem:[\s\S]*procs[\s\S]*load average"),
    check("top", "top -b -n 1", r"load average[\s\S]*server"),
    check("top", "top", r"server", keys=[("server", Q)]),
    check("htop", "htop", r"server", keys=[("server", Q)]),
    check("lsof", "lsof -p 1", r"server +1 +1000 .*cwd[\s\S]*/app/log"),
    check("fuser", "fuser -v /app/log", r"\S +1 F"),
    check("strace", "timeout 2 strace -f -p 1", r"openat\(AT_FDCWD, \"/app/data\"", exit=124),
    check("strace", "strace -e trace=openat cat data",
          r"openat\(AT_FDCWD, \"data\"[\s\S]*data of the target", tracer=True),
    check("strace", "strace -c true", r"execve", tracer=True),
    check("ltrace", "ltrace -e strlen /app/server 3",
          r"strlen\(\"/app/server\"\) += 11", tracer=True, own=("preload",)),
    check("gdb", "gdb -q -batch -p 1 -ex bt -ex 'info threads' -ex 'info sharedlibrary'",
          r"serve_forever \(name=[\s\S]*in main[\s\S]*\* 1 [\s\S]*\n +2 [\s\S]*/app/lib/libc.so.6", tracer=True),
    check("gdb", "gdb -q -batch -p 1 -ex 'thread apply all bt' -ex 'print answer' -ex 'info proc mappings'",
          r"Thread 0x[\s\S]*in work \([\s\S]*served \d+[\s\S]*/app/server", tracer=True),
    check("gdb", "gdb -q -batch -ex 'break serve_forever' -ex run -ex bt -ex 'print $_siginfo' -ex kill /app/server",
          r"Breakpoint 1, serve_forever", tracer=True, own=("preload",)),
    check("gdb", "gdb -q -p 1", r"serve_forever", tracer=True,
          keys=[(r"\(gdb\) $", "bt\r"), (r"main[\s\S]*\(gdb\) $", "quit\r"), (r"y or n\) $", "y\r")]),
    check("gcore", "gcore -o /dbg/rw/core 1 && file /dbg/rw/core.1",
          r"Saved corefile /dbg/rw/core.1[\s\S]*ELF 64-bit LSB core", tracer=True),
    check("lsns", "lsns -t pid; lscpu | head -1; lsblk; lsmem", r"server[\s\S]*Architecture", statuses=(0, 1, 32)),
    check("findmnt", "findmnt -n -o FSTYPE /dbg/rw; mountpoint /dbg/rw", r"^tmpfs\n/dbg/rw is a mountpoint"),
    check("nsenter", "nsenter -t 1 -p -- echo entered; unshare --help | head -2",
          r"entered|Operation not permitted", statuses=(0, 1)),
    check("setpriv", "setpriv --dump | head -3; prlimit -p 1 --nofile; taskset -p 1; chrt -p 1; ionice -p 1",
          r"uid: 0[\s\S]*NOFILE[\s\S]*affinity mask[\s\S]*SCHED_OTHER"),
    check("flock", "flock /dbg/rw/lock echo locked", r"^locked"),
    check("script", "script -qc 'echo typescript' /dbg/rw/ts", r"typescript", session_only=True),
    check("pidstat", "pidstat -p 1 1 1", r"server"),
    check("mpstat", "mpstat 1 1; iostat", r"all[\s\S]*avg-cpu"),
    check("sar", "sar -u 1 1; sar -n DEV 1 1", r"%idle[\s\S]*IFACE"),
    check("sadc", "/dbg/lib/sysstat/sadc 1 2 /dbg/rw/sa && sar -u -f /dbg/rw/sa", r"%idle"),
    check("iotop-c", "iotop-c -b -n 1", r"DISK READ|CONFIG_TASK", statuses=(0, 1)),
    check("lsmod", "lsmod", r"Module +Size|/proc/modules", statuses=(0, 1)),
    check("capsh", "capsh --print | head -2; getpcaps 1; capsh --decode=80000", r"Current:[\s\S]*cap_sys_ptrace"),
    check("eu-stack", "eu-stack -p 1", r"serve_forever|main"),
    check("eu-readelf", "eu-readelf -h /app/server", r"ELF Header"),
]

NETWORK = [
    check("ip", "ip address show lo && ip -j route show table all | jq length && ip route get 127.0.0.1 && ip -c rule",
          r"inet 127.0.0.1/8[\s\S]*dev lo[\s\S]*lookup"),
    check("bridge", "bridge link; tc qdisc show dev lo", r"qdisc noqueue|^$"),
    check("ss", "ss -tlnp; ss -tl; ss -xs", r"127.0.0.1:80 [\s\S]*:http [\s\S]*Total"),
    check("netstat", "netstat -tln; netstat -rn", r"127.0.0.1:80 "),
    check("ping", "ping -c 1 -n 127.0.0.1; ping -c 1 web.test",
          r"1 received[\s\S]*web.test \(127.0.0.1\)[\s\S]*1 received"),
    check("tracepath", "tracepath -n 127.0.0.1", r"127.0.0.1 .*reached"),
    check("arping", "timeout 3 arping -c 1 -I eth0 192.0.2.2", r"ARPING 192.0.2.2", statuses=(0, 1, 124)),
    check("mtr", "mtr -n -r -G 1 -c 1 127.0.0.1", r"1\.\|-- 127.0.0.1 +0.0%"),
    check("dig", "dig web.test +short; dig @127.0.0.1 nosuchname.example", r"^127.0.0.1\n[\s\S]*NXDOMAIN"),
    check("kdig", "kdig +tcp web.test", r"web.test.\s+\d+\s+IN\s+A\s+127.0.0.1[\s\S]*TCP"),
    check("nslookup", "nslookup web.test", r"Name:\s+web.test[\s\S]*Address[^\n]*127.0.0.1"),
    check("curl", "curl -s http://web.test/; curl -sS -o /dbg/rw/page -w '%{http_code}\\n' http://localhost/",
          r"page from the server\n200"),
    check("curl", "curl -s --cacert tls.crt https://localhost/", r"page from the server"),
    check("curl", "curl -sS https://localhost/", r"self.signed certificate", exit=60),
    check("curl", "curl -s --negotiate -u : -o /dev/null -w '%{http_code}' http://localhost/private; curl --version",
          r"^401curl 7|^401curl 8"),
    check("wget", "wget -qO- http://web.test/; wget -qO- --ca-certificate=tls.crt https://localhost/",
          r"^(page from the server\n){2}"),
    check("wget", "wget -O /dev/null https://localhost/", r"(?i)not trusted|self-signed", exit=5),
    check("openssl", "openssl req -x509 -newkey ed25519 -nodes -keyout /dbg/rw/k -out /dbg/rw/c -subj /CN=x 2>/dev/null; "
          "openssl verify -CAfile /dbg/rw/c /dbg/rw/c; openssl x509 -noout -subject -in /dbg/rw/c; openssl list -providers",
          r"/dbg/rw/c: OK\nsubject=.*CN ?= ?x[\s\S]*default"),
    check("openssl", "openssl s_client -connect localhost:443 -CAfile tls.crt </dev/null",
          r"Verify return code: 0 \(ok\)"),
    check("openssl", "openssl s_server -accept 4433 -cert tls.crt -key tls.key -www >/dev/null 2>&1 & sleep .5; "
          "curl -s --cacert tls.crt https://localhost:4433/; kill %1", r"s_server -accept 4433"),
    check("openssl", "openssl speed -bytes 64 -seconds 1 sha256 2>/dev/null | tail -1; "
          "echo a | openssl enc -provider legacy -provider default -bf-cbc -k x -pbkdf2 | openssl enc -d -provider legacy -provider default -bf-cbc -k x -pbkdf2", r"sha256[\s\S]*\na\n"),
    check("tcpdump", "tcpdump -ni lo -c 2 icmp & sleep 1; ping -c 2 -i .2 127.0.0.1 >/dev/null; wait",
          r"ICMP echo request[\s\S]*2 packets captured"),
    check("tcpdump", "tcpdump -i lo -c 1 -w /dbg/rw/t.pcap port 80 & sleep 1; curl -s localhost >/dev/null; wait; "
          "tcpdump -r /dbg/rw/t.pcap",
          r"http: Flags"),
    check("nft", "nft add table inet check && nft list ruleset && nft delete table inet check", r"table inet check"),
    check("conntrack", "conntrack -L; conntrack --version", r"conntrack v1"),
    check("ethtool", "ethtool -S eth0; ethtool eth0", r"peer_ifindex[\s\S]*Settings for eth0"),
    check("socat", "echo hello | socat - 'SYSTEM:tr a-z A-Z'; printf 'GET / HTTP/1.0\\r\\n\\r\\n' | socat - TCP:localhost:80",
          r"^HELLO[\s\S]*page from the server"),
    check("nc", "nc -vz localhost 80; nc -l 127.0.0.1 4000 & sleep .3; echo over | nc -N 127.0.0.1 4000; wait",
          r"succeeded[\s\S]*over"),
    check("iperf3", "iperf3 -s -1 -p 5201 >/dev/null & sleep .5; iperf3 -c 127.0.0.1 -t 1; wait",
          r"iperf Done", session_only=True),
    check("busybox", "busybox wget -qO- http://127.0.0.1/; busybox nslookup web.test; echo 'echo script' >/dbg/rw/s; "
          "chmod 755 /dbg/rw/s; busybox sh -c /dbg/rw/s", r"page from the server[\s\S]*127.0.0.1[\s\S]*script"),
    check("sysctl", "sysctl kernel.ostype; sysctl -p", r"Linux[\s\S]*(No such file|cannot open)", statuses=(1, 255)),
    check("ls", "LC_ALL=en_US.UTF-8 ls --color=always -l /dbg/rw | head -1; cal 1 1970 2>/dev/null; dmesg --help | head -1", r"total"),
]

# What a session without the capability is told, before the tool itself says what it says.
POOR = [
    check("strace", "strace -p 1",
          r"strace: this session may not trace process 1 .*--profile general TARGET\n[\s\S]*not permitted", poor=True, exit=1),
    check("gdb", "gdb -q -batch -p 1",
          r"gdb: this session may not trace process 1 .*--profile general", poor=True, exit=1),
    check("gcore", "gcore -o /dbg/rw/none 1",
          r"gdb: this session may not trace process 1 .*--profile general", poor=True, exit=1),
    check("ltrace", "ltrace -p 1",
          r"ltrace: this session may not trace process 1 .*--profile general", poor=True, exit=0),
    check("tcpdump", "tcpdump -ni lo",
          r"tcpdump: this session lacks CAP_NET_RAW.*--profile general[\s\S]*permission", poor=True, exit=1),
    check("arping", "arping -c 1 -I eth0 192.0.2.2", r"arping: this session lacks CAP_NET_RAW", poor=True, exit=2),
    check("nft", "nft list ruleset",
          r"nft: this session lacks CAP_NET_ADMIN.*--profile netadmin[\s\S]*not permitted", poor=True, exit=1),
    check("conntrack", "conntrack -L", r"conntrack: this session lacks CAP_NET_ADMIN", poor=True, exit=1),
    check("strace", "strace -e trace=openat cat data 2>&1",
          r"^(?!strace: this)[\s\S]*\"data\"", poor=True, tracer=True),
    check("tcpdump", "tcpdump --version", r"^tcpdump version", poor=True),
    # The wrapper is gone once the program runs: signals and exit codes are the program's.
    check("wrap", "sqlite3 /dbg/rw/w.db < <(sleep 2) & sleep .3; ps -o comm= -p $!; kill -TERM $!; wait $!; echo $?; "
          "strace -o /dbg/rw/o bash -c 'exit 7'; echo $?", r"^sqlite3\n[\s\S]*143\n7\n", tracer=True),
]

# A login shell on a terminal, as an attach gives it.
SHELL = [
    check("bash -l", ["/dbg/bin/bash", "-l"],
          r"\x1b\[1mweb\$\(ps\)\(general\)\x1b\[0m:/# [\s\S]*\b42\b", statuses=(0,), session_only=True,
          keys=[(PROMPT, "q\x15echo $((6*7)); history | tail -2\r"), (PROMPT, "exit\r")]),
    check("bash -l", ["/dbg/bin/bash", "-l"], r"network[\s\S]*cd: cd \[-L", statuses=(0,), session_only=True,
          keys=[(PROMPT, "help\r"), (PROMPT, "help cd\r"), (PROMPT, "exit\r")]),
    check("bash -l", ["/dbg/bin/bash", "-l"], r"nosuchtool: not found", statuses=(0, 127), session_only=True,
          keys=[(PROMPT, "nosuchtool\r"), (PROMPT, "exit\r")]),
    check("completion", ["/dbg/bin/bash", "-l"], r"--no-check-certificate", statuses=(0,), session_only=True,
          keys=[(PROMPT, "wget --no-check-c\t"), ("certificate", "\x15exit\r")]),
    check("completion", ["/dbg/bin/bash", "-l"], r"/app/data", statuses=(0,), session_only=True,
          keys=[(PROMPT, "/app/ls --a\t\t\x15/usr/bin/ls --a\t\t\x15strace /app/ls --a\t\t\x15timeout 3 ls --a\t\t\x15ls /app/da\t"),
                ("/app/data", "\x15exit\r")]),
    check("bash", ["/dbg/bin/bash"],
          r"web\$\(ps\)\(general\)", statuses=(0,), session_only=True, keys=[(PROMPT, "exit\r")]),
    check("bash -l", ["/dbg/bin/bash", "-l"],
          r"(?s)\x1b\[0m:/app/x(?![^\r\n]*\x1b\]0)[^\r\n]*# ", statuses=(0,), session_only=True,
          keys=[(PROMPT, "cd /app/x?]*\r"), (PROMPT, "exit\r")], hostile_only=True),
    check("sh -l", ["/dbg/bin/busybox", "sh", "-l"], r"\b42\b", statuses=(0,), session_only=True,
          keys=[(PROMPT, "echo $((6*7))\r"), (PROMPT, "exit\r")]),
]

CHECKS = TEXT + ARCHIVES + PROCESSES + NETWORK + POOR + SHELL


# What help's examples need here.
FILES = {"sqlite3": "/dbg/rw/example.db", "openssl": "/app/tls.crt"}
ENDLESS = ("strace", "tcpdump")
SILENT = ("nft", "socat")  # no rules; nothing typed
TYPED = {"htop": [("server", Q)], "vim": [("hosts", ":q\r")]}
EXITS = {"curl -v https://localhost/": 60}  # its certificate is none of the bundle's: that is what one wants to be told


def examples(tree):
    """Help's own lines: each is run against the target as it stands there."""
    lines = (line.split("|") for line in (tree / "etc/help").read_text().splitlines() if line and line[0] != "#")
    found = []
    for _, tool, example, _ in lines:
        if not (tree / "bin" / tool).exists():
            continue
        command = example.replace("FILE", FILES.get(tool, ""))
        if tool not in TYPED:
            command = f"timeout {1 if tool in ENDLESS else 8} {command}"
        if tool == "sqlite3":
            command = f"sqlite3 {FILES[tool]} 'create table if not exists t(a)'; {command}"
        found.append(check(tool, command, "" if tool in SILENT else r"\S", keys=TYPED.get(tool, ()), tracer=tool in ("gdb", "gcore"),
                           example=True, statuses=(EXITS.get(example, 124 if tool in ENDLESS else 0),), session_only=True))
    return found
