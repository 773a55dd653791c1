# SPDX-License-Identifier: Apache-2.0
import pytest
from builder import Failure, manifest


def parse(*lines):
    return manifest.parse("\n".join(("toolbox 1", *lines)), "name", "amd64")


def test_statements_are_read():
    read = parse("kind toolbox", "suite trixie", "pkg a b  # why", "pkg c except x y", "pkg d only z",
                 "bin e /usr/bin/f as g", "lib l.so.1", "lib m.so optional", "data h /usr/share/h -> share/i",
                 "wrap t u", "link sh bash",
                 "fill busybox except vi", "own /etc ssl \\", "   vim", "own /var lib/vim", "make x y z")
    assert (read.kind, read.suite) == ("toolbox", "trixie")
    assert read.packages == {"a": ("", frozenset()), "b": ("", frozenset()), "c": ("except", frozenset({"x", "y"})),
                             "d": ("only", frozenset({"z"}))}
    assert read.programs == [("e", "/usr/bin/f", "g")]
    assert read.libraries == {"l.so.1": False, "m.so": True}
    assert read.data == [("h", "/usr/share/h", "share/i")]
    assert (read.wraps, read.links, read.fill) == ({"t", "u"}, {"sh": "bash"}, ("vi",))
    assert read.own == {"etc": {"ssl", "vim"}, "var": {"lib/vim"}}
    assert read.makes == [("x", ("y", "z"))]
    assert read.wanted() == ["a", "b", "c", "d", "e", "h"]


def test_a_statement_for_one_architecture():
    assert parse("on amd64 pkg a", "on arm64 pkg b", "on arm64 nonsense").wanted() == ["a"]


@pytest.mark.parametrize("line, said", [
    ("on amd64 nonsense", "no such statement"),
    ("on amd64", "no such statement"),
    ("packages bash", "no such statement"),
    ("pkg", "NAME"),
    ("pkg a b except c", "NAME"),
    ("pkg a except", "NAME"),
    ("pkg a a", "stands twice"),
    ("bin a usr/bin/b as c", "PKG /PATH as NAME"),
    ("bin a /usr/bin/b c", "words"),
    ("data a /b => c", "PKG /PATH"),
    ("data a /b -> /c", "PKG /PATH"),
    ("kind image", "toolbox or layer"),
    ("own /home x", "/etc, /var"),
    ("link a", "words"),
    ("fill toybox", "busybox"),
    ("toolbox 1", "comes first, and once"),
])
def test_a_malformed_line_is_named(line, said):
    with pytest.raises(Failure) as failure:
        parse("suite bookworm", line)
    assert "line 3" in str(failure.value) and said in str(failure.value)


@pytest.mark.parametrize("text", ["", "# nothing\n", "pkg bash\n", "toolbox 2\n"])
def test_the_version_comes_first(text):
    with pytest.raises(Failure):
        manifest.parse(text, "name", "amd64")


@pytest.mark.parametrize("name", ["minimal", "-x", "../x", "A", "", "a" * 65, "a b", "a\n"])
def test_names_that_are_none(name):
    with pytest.raises(Failure):
        manifest.parse("toolbox 1", name, "amd64")
    with pytest.raises(Failure):
        manifest.of_package(name, "bookworm")
