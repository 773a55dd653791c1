"""Of which works is a toolbox made, under which licences, and were they changed? SPDX 2.3, as JSON."""
import dataclasses
import hashlib
import json
import os
import pathlib
import re
import urllib.parse

from . import Failure, licences
from .apt import DISTRIBUTIONS
from .tree import Entry

NAMESPACE = "https://dbgattach.invalid/spdx/"
# A date would make two builds differ. It is the time of nothing.
CREATED = "1970-01-01T00:00:00Z"


@dataclasses.dataclass
class Work:
    name: str
    version: str
    arch: str = ""
    sha256: str = ""
    source: str = ""
    source_version: str = ""
    copyright: str = ""
    copyright_from: tuple = ()  # the packages that it was found through
    changed: bool = False


def works(names, packages, stage, counts, minimal):
    """A Work for each package that gave something to the tree."""
    result = []
    for name in names:
        if name in packages:
            package = packages[name]
            result.append(Work(name, package.version, package.arch, package.sha256, package.source,
                               package.source_version, *copyright_of(name, stage), name in counts))
        else:
            result.append(from_minimal(name, pathlib.Path(minimal)))
    return result


def copyright_of(name, stage):
    """A package's copyright file, and the packages that lead to it: its folder may be a link to another package's."""
    folder, through = f"/usr/share/doc/{name}", []
    for _ in range(8):
        path = stage.find(f"{folder}/copyright")
        if path and (found := stage.follow(path)):
            text = stage.file(found).read_text(encoding="utf-8", errors="replace")
            return text, (*through, stage.owner[path], stage.owner[found])
        link = stage.find(folder)
        if link is None or not stage.file(link).is_symlink():
            break
        through.append(stage.owner[link])
        folder = os.path.normpath(os.path.join("/usr/share/doc", os.readlink(stage.file(link))))
    raise Failure(f"collecting licences failed: {name} has no copyright file; name the package that has it with `from`")


def from_minimal(name, tree):
    """BusyBox and what is linked into it come from the minimal toolbox, built from the distribution's source."""
    facts = json.loads((tree / "etc/toolbox.json").read_text(encoding="utf-8"))
    text = (tree / "share/doc" / name / "copyright").read_text(encoding="utf-8", errors="replace")
    version = facts.get(name, "")
    return Work(name, version or "as in the minimal toolbox", source=name, source_version=version, copyright=text,
                changed=True)


def add_copyrights(tree, base, made):
    """What the licences ask for: their texts travel along, once for all packages of one source."""
    first = {}
    for work in made:
        name = f"share/doc/{work.name}/copyright"
        if name in tree or name in base:
            continue
        if (same := first.setdefault(work.copyright, name)) != name:
            tree.link_to(name, same)
        else:
            tree.add(name, Entry("f", content=work.copyright.encode("utf-8")))


def package_entry(work, suite, extracted):
    expression, texts = licences.declared(work.copyright)
    # One tag can stand for another text in another package.
    for reference, text in sorted(texts.items()):
        number = hashlib.sha256(text.encode()).hexdigest()[:8]
        expression = re.sub(re.escape(reference) + r"(?![A-Za-z0-9.-])", f"{reference}-{number}", expression)
        extracted[f"{reference}-{number}"] = (reference.removeprefix("LicenseRef-Debian-"), text)
    entry = {
        "name": work.name,
        "SPDXID": "SPDXRef-Package-" + re.sub(r"[^A-Za-z0-9.-]", "-", work.name.replace("+", "-plus")),
        "versionInfo": work.version,
        "supplier": "NOASSERTION",
        "downloadLocation": "NOASSERTION",
        "filesAnalyzed": False,
        "sourceInfo": f"built from the source package {work.source} {work.source_version}".strip(),
        "licenseConcluded": "NOASSERTION",
        "licenseDeclared": expression or "NOASSERTION",
        "copyrightText": "NOASSERTION",
        "comment": ("modified: paths in its files were replaced by ones below /dbg, byte for byte"
                    if work.changed else "as in the package, but for files left out"),
    }
    if work.arch:
        distribution = DISTRIBUTIONS[suite]
        query = {"arch": work.arch, "distro": suite, "upstream": f"{work.source}@{work.source_version}"}
        purl = (f"pkg:deb/{distribution}/{urllib.parse.quote(work.name)}@{urllib.parse.quote(work.version)}?"
                + urllib.parse.urlencode(query))
        entry["supplier"] = f"Organization: {distribution.capitalize()}"
        entry["externalRefs"] = [{"referenceCategory": "PACKAGE-MANAGER", "referenceType": "purl",
                                  "referenceLocator": purl}]
    if work.sha256:
        # Of the .deb, which was changed where the comment says so.
        entry["checksums"] = [{"algorithm": "SHA256", "checksumValue": work.sha256}]
    return entry


def document(facts, made, listing):
    digest = hashlib.sha256(listing).hexdigest()
    extracted = {}
    packages = [package_entry(work, facts["suite"], extracted) for work in made]
    top = {
        "name": f"dbgattach-toolbox-{facts['name']}", "SPDXID": "SPDXRef-Toolbox", "versionInfo": f"sha256:{digest}",
        "supplier": "NOASSERTION", "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
        "licenseConcluded": "NOASSERTION", "licenseDeclared": "NOASSERTION", "copyrightText": "NOASSERTION",
    }
    relations = [{"spdxElementId": "SPDXRef-DOCUMENT", "relationshipType": "DESCRIBES",
                  "relatedSpdxElement": top["SPDXID"]}]
    relations += [{"spdxElementId": top["SPDXID"], "relationshipType": "CONTAINS",
                   "relatedSpdxElement": entry["SPDXID"]} for entry in packages]
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT",
        "name": f"dbgattach toolbox {facts['name']} {facts['architecture']}",
        "documentNamespace": f"{NAMESPACE}{facts['name']}-{digest}",
        "creationInfo": {"created": CREATED, "creators": ["Tool: dbgattach-build-toolbox"]},
        "documentDescribes": [top["SPDXID"]],
        "packages": [top, *packages],
        "relationships": relations,
        "hasExtractedLicensingInfos": [{"licenseId": reference, "name": name, "extractedText": text}
                                       for reference, (name, text) in sorted(extracted.items())],
    }
