# SPDX-License-Identifier: Apache-2.0
"""
What one run with a failure in it amounts to. EQUAL and ENDED are good: the session was the same as without the failure, or
there was none and dbgattach said so. Everything else is a defect.
"""
import re
from collections import namedtuple

EQUAL, ENDED = "equal", "ended"
WEAKER, LEFTOVER, HANG, CRASH, RUDE = "weaker", "leftover", "hang", "crash", "rude"
BAD = (WEAKER, LEFTOVER, HANG, CRASH, RUDE)
Verdict = namedtuple("Verdict", "kind why")

# A session may differ in these, and for this reason alone. fields: of the session's values, names; where: of stderr, or
# of the call that failed ("ROLE CALL").
# In that case the values may differ by what BUT takes away from them, where it is given.
Allowed = namedtuple("Allowed", "fields stderr call reason but", defaults=(None,))
ALLOWED = (
    Allowed(r"(command|init) status Cap(Bnd|Eff|Prm)|told .*[Cc]ap.*", r"a network namespace that may be the host's", r"monitor (readlinkat|openat)",
            "whose process 1 is closed to him does not know the host's network: NET_RAW less, in one line"),
    Allowed(r"((command|init) mountinfo|told mount) /dev/(null|zero|full|random|urandom|tty)", None, r"monitor (mknodat|fchownat)",
            "a caller who may make no nodes, or not give them away: the session has a read-only clone of his"),
    Allowed(r"(command|init) mountinfo .*|told mount .*", None, r"entry mount(_setattr)?",
            "EPERM there is how the kernel says that a mount's access-time flags are locked: then they stay", r"\b(noatime|relatime)\b"),
    Allowed(r".*cgroup.*", r"the session has no cgroup of its own", None,
            "a host may have no cgroups for it: one line says so"),
    Allowed(r".*cgroup.*(pids|memory)\.\w+", r"the session has no (pids|memory) limit", None, "the same, said in one line"),
    Allowed(r"told rest", None, r"monitor ioctl", "the caller's terminal is taken for none, so it is not raw: the caller sees CR LF", r"\r"),
    Allowed(r"told rest", None, r"guardian recvmsg", "the guardian takes the monitor for dead and puts the terminal in order",
            r"\x1b\[[\d?]+[a-z]|\x1b[>=]"),
    Allowed(r"(command|init) environ|told env", r"toolbox layer is left out: ", None,
            "jansson takes some failed allocations for a syntax error: a layer less, and one line says so",
            r" \+layer"),
    Allowed(r"init status Name", None, r"init prctl", "what ps shows"),
    Allowed(r"told nice", None, r"entry setpriority", "a session that is nicer than asked is no weaker"),
)
# Of main page, EXIT STATUS: with one line on stderr each.
SAID = {1: r"system: writing the session's output", 129: r"system: writing the session's output", 125: r"(usage|not-found|ambiguous|gone|changed|denied|unsupported|"
        r"malformed|refused|timeout|system): ", 126: r"", 127: r""}
# Deviations that are told before the error, or before a session that works.
NOTE = re.compile(r"dbgattach: (the session has no |the session is in a network namespace |the target has a /dbg of its own|the target's /proc is no procfs|"
                  r"the target has ended)")
# The session was killed: the guardian's or init's own end is told by the status alone.
SILENT = {137}


def is_allowed(field, should, is_, err, call):
    return any(re.fullmatch(one.fields, field) and (one.stderr is None or re.search(one.stderr, err)) and
               (one.call is None or re.fullmatch(one.call, call)) and
               (one.but is None or re.sub(one.but, "", str(should)) == re.sub(one.but, "", str(is_))) for one in ALLOWED)


def differences(plain, record, call):
    """[(field, as it should be, as it is)]"""
    should, is_ = plain.session(), record.session()
    if record.status != 0:
        should = {field: value for field, value in should.items() if not field.startswith("told ")}
    return [(field, should.get(field), is_.get(field)) for field in sorted(set(should) | set(is_))
            if should.get(field) != is_.get(field) and not is_allowed(field, should.get(field), is_.get(field), record.err, call)]


def unseen(plain, record, path):
    """Calls of the watched process that took effect without the failure, and now did not."""
    return [(f"{name} {first}", value, record.did.get((path, name, first)))
            for (whose, name, first), value in plain.did.items()
            if whose == path and record.did.get((path, name, first)) != value]


def in_words(found):
    return "; ".join(f"{field}: {is_!r:.200}, not {should!r:.200}" for field, should, is_ in found[:4])


def judge(plain, record, leftovers, call, watched, startup=False):
    """
    plain: the record of a run without a failure. leftovers: words, from outside of the record. watched: the process whose
    calls were followed, or None. startup: the C library's own call, before main().
    """
    if record.hanging:
        return Verdict(HANG, ", ".join(record.hanging))
    if startup and not (record.left or leftovers or record.blocks) and record.status != 0:
        return Verdict(ENDED, "before main()")
    if record.crashed:
        return Verdict(CRASH, ", ".join(record.crashed) + f"; status {record.status} {record.err!r:.200}")
    if record.left or leftovers:
        return Verdict(LEFTOVER, "; ".join([*record.left, *leftovers, f"ends: {', '.join(record.ends)}", record.err.strip()]))
    ran = bool(record.blocks)
    if ran:
        found = differences(plain, record, call) + unseen(plain, record, watched)
        if found:
            return Verdict(WEAKER, f"status {record.status}: {in_words(found)}")
    if record.status == 0:
        return Verdict(EQUAL, "") if ran else Verdict(RUDE, "status 0, but the command never ran")
    lines = [line for line in record.err.splitlines() if not NOTE.match(line)]
    if record.status in (126, 127) and not lines:
        lines = record.out.decode("utf-8", "replace").splitlines()  # of the session's stderr, which may be a terminal
    said = SAID.get(record.status)
    if said is not None and len(lines) == 1 and re.match(rf"dbgattach: {said}", lines[0]):
        return Verdict(ENDED, lines[0])
    if record.status in SILENT and len(lines) <= 1:
        return Verdict(ENDED, f"status {record.status} {record.err.strip()}")
    return Verdict(RUDE, f"status {record.status}, stderr {record.err!r:.300}")
