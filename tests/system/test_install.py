# SPDX-License-Identifier: Apache-2.0
"""make install and uninstall: what is laid out is what the checkout has, and all of it goes away again."""
import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]


def listing(folder):
    return {str(path.relative_to(folder)): os.readlink(path) if path.is_symlink() else (path.read_bytes(), os.access(path, os.X_OK))
            for path in folder.rglob("*") if not path.is_dir() and path.suffix != ".pyc"}


@pytest.fixture
def installed(build, tmp_path):
    def make(target):
        subprocess.run(["make", "-s", "-C", ROOT, f"B={os.path.relpath(build, ROOT)}", f"DESTDIR={tmp_path}/root", target],
                       check=True, stdout=subprocess.DEVNULL, umask=0o077, env={"PATH": os.environ["PATH"]})
    make("install")
    yield tmp_path / "root/usr/local"
    make("uninstall")
    left = [path for path in (tmp_path / "root").rglob("*") if not path.is_dir()]
    assert not left, left


def test_install(installed):
    builder = installed / "lib/dbgattach/toolbox"
    for folder in ("builder", "manifests", "leftovers", "locks", "files"):
        assert listing(builder / folder) == listing(ROOT / "toolbox" / folder)
    assert all(path.stat().st_mode & 0o777 in (0o644, 0o755) for path in installed.rglob("*") if path.is_file())
    help_text = subprocess.run([builder / "build-toolbox", "--help"], capture_output=True, text=True, check=True).stdout
    assert "MANIFEST" in help_text
    version = subprocess.run([installed / "bin/dbgattach", "--version"], capture_output=True, text=True, check=True).stdout
    assert version.startswith("dbgattach ")
    plugin = installed / "libexec/docker/cli-plugins/docker-dbgattach"
    assert plugin.resolve() == installed / "bin/dbgattach" and not os.readlink(plugin).startswith("/")
    plugin = installed / "bin/kubectl-dbgattach"
    assert os.readlink(plugin) == "dbgattach"
    for page in ("share/doc/dbgattach/dbgattach.spdx.json", "share/doc/dbgattach/copyright", "share/man/man1/dbgattach.1",
                 "share/doc/dbgattach/SECURITY.md", "share/doc/dbgattach/LICENSE", "share/bash-completion/completions/dbgattach"):
        assert (installed / page).stat().st_size > 100


def test_the_program_finds_its_builder(installed, tmp_path):
    """The package is not there, so it fails: by the builder's word, and nothing is left in the store."""
    store = tmp_path / "store"
    store.mkdir(mode=0o755)
    run = subprocess.run([installed / "bin/dbgattach", "toolbox", "build", "no-such-package-anywhere"], capture_output=True, text=True,
                         env={"PATH": os.environ["PATH"], "HOME": str(tmp_path), "DBGATTACH_STORE": str(store)}, check=False)
    assert run.returncode == 125 and "toolbox: " in run.stderr, run.stderr
    assert [path.name for path in store.iterdir()] == [".lock"]
