"""A checkout to break: configuration and data copied, and the command run as users run it."""

from __future__ import annotations

import contextlib
import hashlib
import io
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str

    def is_one_error(self, *words: str) -> bool:
        """Insist on exit code 2 and one line on stderr that names all the words."""
        assert self.code == 2, (self.code, self.out, self.err)
        lines = self.err.splitlines()
        assert len(lines) == 1, self.err
        assert lines[0].startswith("error: ")
        assert "Traceback" not in self.err + self.out
        for word in words:
            assert word in lines[0], (word, lines[0])
        return True


@dataclass(frozen=True)
class Checkout:
    """A folder that kwev takes for its project."""

    root: Path

    def run(self, *arguments: str, **environment: str) -> Ended:
        done = subprocess.run(
            [sys.executable, "-m", "kwev.cli", *arguments],
            cwd=self.root,
            env={**os.environ, **environment},
            capture_output=True,
            text=True,
            timeout=900,
            check=False,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    def call(self, *arguments: str) -> Ended:
        """Run the command in this process: the same code without a second of imports."""
        from kwev.cli import main

        out, err, code = io.StringIO(), io.StringIO(), None
        with (
            contextlib.chdir(self.root),
            pytest.MonkeyPatch.context() as patch,
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            patch.setattr(sys, "argv", ["kwev", *arguments])
            try:
                main()
            except SystemExit as ended:
                code = int(ended.code or 0)
        assert code is not None
        return Ended(code, out.getvalue(), err.getvalue())

    def hashes(self) -> dict[str, str]:
        """Return the hash of every file of the checkout."""
        return {
            str(path.relative_to(self.root)): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.root.rglob("*"))
            if path.is_file()
        }


def copy_of(source: Path, target: Path) -> Checkout:
    shutil.copytree(source / "config", target / "config")
    shutil.copy(source / "pyproject.toml", target)
    shutil.copytree(source / "data" / "processed", target / "data" / "processed")
    shutil.copy(source / "data" / "sources.json", target / "data")
    shutil.copy(source / "data" / "targets.json", target / "data")
    return Checkout(target)


@pytest.fixture(scope="session")
def solved(tmp_path_factory, project):
    """Return a checkout in which base at tract has been solved into ``plan``; never to change."""
    del project
    checkout = copy_of(ROOT, tmp_path_factory.mktemp("solved"))
    ended = checkout.run("solve", "--scenario", "base", "--geography", "tract", "--out", "plan")
    assert ended.code == 0, ended.err
    return checkout


@pytest.fixture(scope="module")
def unsolved(tmp_path_factory):
    """Return a checkout without plans."""
    return copy_of(ROOT, tmp_path_factory.mktemp("unsolved"))


def copied_to(solved: Checkout, folder: Path) -> Checkout:
    """Copy a checkout as it is."""
    return Checkout(Path(shutil.copytree(solved.root, folder / "checkout", symlinks=True)))


@pytest.fixture
def checkout(solved, tmp_path):
    """Return a copy of the solved checkout, free to break."""
    return copied_to(solved, tmp_path)
