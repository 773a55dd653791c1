# SPDX-License-Identifier: Apache-2.0
import re

import pytest
from builder import licences, sbom
from conftest import DEP5, read_json


@pytest.mark.parametrize("tag, spdx", [
    ("GPL-2+", "GPL-2.0-or-later"), ("GPL-3", "GPL-3.0-only"), ("gpl-2.0+", "GPL-2.0-or-later"),
    ("LGPL-2.1+", "LGPL-2.1-or-later"), ("GFDL-1.3+", "GFDL-1.3-or-later"), ("Expat", "MIT"),
    ("BSD-3-clause", "BSD-3-Clause"),
    ("GPL-3+ with autoconf exception", "GPL-3.0-or-later WITH Autoconf-exception-2.0"),
    ("GPL-2+ with OpenSSL exception", None), ("GPL-9", None), ("GFDL-NIV-1.3+", None), ("public-domain", None),
    ("BSD", None), ("", None),
])
def test_debians_tags(tag, spdx):
    assert licences.spdx_of(tag) == spdx


HEAD = "Format: https://www.debian.org/doc/packaging-manuals/copyright-format/1.0/\n\n"


@pytest.mark.parametrize("stanzas, expression, texts", [
    ("Files: *\nLicense: GPL-2+\n text\n", "GPL-2.0-or-later", {}),
    ("Files: *\nLicense: Expat or GPL-2\n", "MIT OR GPL-2.0-only", {}),
    ("Files: a\nLicense: Expat or GPL-2\n\nFiles: b\nLicense: ISC\n", "(MIT OR GPL-2.0-only) AND ISC", {}),
    ("Files: a\nLicense: Expat, and ISC\n", "MIT AND ISC", {}),
    ("Files: a\nLicense: own/1 thing\n\nLicense: own/1 thing\n Do what.\n .\n More.\n", "LicenseRef-Debian-own-1-thing",
     {"LicenseRef-Debian-own-1-thing": "\nDo what.\n.\nMore."}),
])
def test_expressions(stanzas, expression, texts):
    said, extracted = licences.declared(HEAD + stanzas)
    assert said == expression
    assert {name: "\n" + text.lstrip("\n") for name, text in extracted.items()} == texts


def test_free_text_declares_nothing():
    assert licences.declared("This package was made by me.\nLicense: GPL\n") == (None, {})
    assert licences.declared("") == (None, {})


def test_the_document(distribution):
    out = distribution.folder / "out"
    free = "You may.\n"
    own = DEP5.replace("GPL-2+", "Own")
    distribution.package("x", {"/usr/bin/x": b""}, version="1:2+b1", copyright=free)
    distribution.package("y++", {"/usr/bin/y": b""}, copyright=own)
    manifest = (distribution.home / "manifests/small").read_text() + "pkg x y++\n"
    distribution.manifest("small", manifest, "prog etc=1 interp=1 usr=2\n", "/etc/passwd")
    # dpkg-deb named the file itself; apt would have written the colon so.
    (distribution.cache / "debs/x_1:2+b1_amd64.deb").rename(distribution.cache / "debs/x_1%3a2+b1_amd64.deb")
    run = distribution.build("small", out)
    assert run.stderr == ""
    document = read_json(out / "sbom.spdx.json")
    assert document["spdxVersion"] == "SPDX-2.3" and document["dataLicense"] == "CC0-1.0"
    packages = {entry["name"]: entry for entry in document["packages"]}
    assert set(packages) == {"dbgattach-toolbox-small", "libc6", "libfoo", "prog", "x", "y++"}
    assert packages["prog"]["licenseDeclared"] == "GPL-2.0-or-later"
    assert packages["prog"]["comment"].startswith("modified: ") and not packages["x"]["comment"].startswith("modified")
    assert packages["x"]["licenseDeclared"] == "NOASSERTION" and packages["x"]["versionInfo"] == "1:2+b1"
    assert packages["x"]["externalRefs"][0]["referenceLocator"] == \
        "pkg:deb/debian/x@1%3A2%2Bb1?arch=amd64&distro=bookworm&upstream=x%401%3A2%2Bb1"
    reference = packages["y++"]["licenseDeclared"]
    assert re.fullmatch(r"LicenseRef-Debian-Own-[0-9a-f]{8}", reference)
    texts = {info["licenseId"]: info["extractedText"] for info in document["hasExtractedLicensingInfos"]}
    assert "The text." in texts[reference]
    for entry in document["packages"]:
        assert re.fullmatch(r"SPDXRef-[A-Za-z0-9.-]+", entry["SPDXID"])
    ids = {entry["SPDXID"] for entry in document["packages"]} | {"SPDXRef-DOCUMENT"}
    assert len(ids) == len(packages) + 1
    assert all(relation["relatedSpdxElement"] in ids and relation["spdxElementId"] in ids
               for relation in document["relationships"])
    facts = read_json(out / "toolbox.json")
    assert document["documentNamespace"] == sbom.NAMESPACE + "small-" + facts["digest"].removeprefix("sha256:")
