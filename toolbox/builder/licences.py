"""Which licences does a Debian copyright file (DEP-5) declare, in SPDX's words?"""
import re

# Where Debian's short name is SPDX's, but for case.
SAME = """
    0BSD AFL-2.1 AFL-3.0 Apache-2.0 Artistic-2.0 Beerware Bitstream-Vera blessing BlueOak-1.0.0 BSD-2-Clause
    BSD-3-Clause BSD-4-Clause BSD-4-Clause-UC BSL-1.0 bzip2-1.0.6 CC-BY-3.0 CC-BY-4.0 CC-BY-SA-3.0 CC-BY-SA-4.0
    CC0-1.0 curl EPL-1.0 EPL-2.0 FSFAP FSFUL FSFULLR FSFULLRWD FTL HPND ICU IJG Info-ZIP ISC MIT MIT-0 MIT-CMU
    MPL-1.1 MPL-2.0 NCSA NTP OFL-1.1 OpenSSL PHP-3.01 PostgreSQL PSF-2.0 Python-2.0 SISSL SMLNJ TCL Unlicense Vim
    W3C WTFPL X11 Zlib ZPL-2.1
""".split()
SPDX = {name.lower(): name for name in SAME} | {
    "apache-2": "Apache-2.0", "artistic": "Artistic-1.0-Perl", "artistic-1": "Artistic-1.0-Perl",
    "boost-1.0": "BSL-1.0", "bsd-2": "BSD-2-Clause", "bsd-2-clauses": "BSD-2-Clause", "bsd-3": "BSD-3-Clause",
    "bsd-3-clauses": "BSD-3-Clause", "cc0": "CC0-1.0", "expat": "MIT", "mit/expat": "MIT", "psf-2": "PSF-2.0",
    "zlib/libpng": "Zlib",
}
# With versions; "+" means "or any later version".
GNU = re.compile(r"(a?gpl|lgpl|gfdl|fdl)(-niv)?-?v?(\d(?:\.\d)?)(\.0)?(\+?)")
GNU_NAMES = {"gpl": "GPL", "lgpl": "LGPL", "agpl": "AGPL", "gfdl": "GFDL", "fdl": "GFDL"}
GNU_VERSIONS = {"GPL": ("1.0", "2.0", "3.0"), "LGPL": ("2.0", "2.1", "3.0"), "AGPL": ("1.0", "3.0"),
                "GFDL": ("1.1", "1.2", "1.3")}
EXCEPTIONS = {
    "autoconf": "Autoconf-exception-2.0", "autoconf-2.0": "Autoconf-exception-2.0", "bison": "Bison-exception-2.2",
    "bison-2.2": "Bison-exception-2.2", "classpath": "Classpath-exception-2.0", "font": "Font-exception-2.0",
    "gcc": "GCC-exception-3.1", "libtool": "Libtool-exception", "linux-syscall-note": "Linux-syscall-note",
    "llvm": "LLVM-exception",
}


def spdx_of(tag):
    """The SPDX identifier of one Debian tag; None where there is none that surely says the same."""
    base, _, exception = tag.strip().lower().partition(" with ")
    base = base.strip()
    known = SPDX.get(base) or gnu(base)
    if not exception or known is None:
        return known
    name = re.sub(r"[ -]+exceptions?$", "", exception.strip()).strip()
    return f"{known} WITH {EXCEPTIONS[name]}" if name in EXCEPTIONS else None


def gnu(base):
    match = GNU.fullmatch(base)
    if not match or match[2]:
        return None
    name, version = GNU_NAMES[match[1]], match[3]
    version = version if "." in version else version + ".0"
    if version not in GNU_VERSIONS[name]:
        return None
    return f"{name}-{version}-{'or-later' if match[5] else 'only'}"


def stanzas(text):
    """A control file's paragraphs, as name (lower case) -> value with its further lines."""
    for paragraph in re.split(r"\n[ \t]*\n", "\n" + text.replace("\r", "")):
        fields, name = {}, None
        for line in paragraph.splitlines():
            if line[:1] in (" ", "\t") and name:
                fields[name] += "\n" + line[1:]
            elif match := re.match(r"([A-Za-z][A-Za-z0-9-]*):[ \t]*(.*)", line):
                name = match[1].lower()
                fields[name] = match[2]
        if fields:
            yield fields


def reference(tag):
    return "LicenseRef-Debian-" + re.sub(r"[^A-Za-z0-9.]+", "-", tag).strip("-")


def declared(text):
    """An SPDX expression (None for a file in free form), and the licences it refers to: reference -> text."""
    paragraphs = list(stanzas(text))
    if not paragraphs or "copyright-format" not in paragraphs[0].get("format", "").lower() \
            and "dep5" not in paragraphs[0].get("format", "").lower():
        return None, {}
    texts = {}
    for fields in paragraphs:
        name, _, body = fields.get("license", "").partition("\n")
        if body.strip():
            texts.setdefault(name.strip().lower(), body)
    terms, extracted = set(), {}
    for fields in paragraphs:
        if "files" in fields and "license" in fields:
            synopsis = fields["license"].partition("\n")[0].strip()
            terms.add(expression(synopsis, texts, extracted))
    terms.discard("")
    if not terms:
        return None, {}
    return " AND ".join(sorted(f"({term})" if " OR " in term and len(terms) > 1 else term for term in terms)), extracted


def expression(synopsis, texts, extracted):
    """"A or B, and C" in SPDX's words."""
    parts = re.split(r",?\s+(and/or|and|or)\s+|,\s+", synopsis.strip(" ,"))
    alternatives, current = [], []
    for part in parts:
        if part is None or part == "and" or not part.strip():
            continue
        if part in ("or", "and/or"):
            alternatives.append(current)
            current = []
            continue
        known = spdx_of(part)
        if known is None:
            known = reference(part)
            extracted[known] = texts.get(part.strip().lower()) or texts.get(synopsis.lower()) or \
                f"The licence that Debian calls {part!r}; its text is in the package's copyright file."
        current.append(known)
    alternatives.append(current)
    return " OR ".join(" AND ".join(group) for group in alternatives if group)
