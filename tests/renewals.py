"""A clone with a remote, and a program that stands for GitHub's: where a renewal is tried."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = ROOT / ".github" / "renew"

GH = f"""#!{sys.executable}
import os, shutil, sys
with open(os.environ["LOG"], "a") as log:
    log.write("gh " + " ".join(sys.argv[1:]) + "\\n")
if sys.argv[1:3] == ["pr", "view"]:
    raise SystemExit(0 if os.environ.get("OPEN") else 1)
if sys.argv[1:3] == ["release", "view"]:
    raise SystemExit(1)
"""


def git(folder, *arguments):
    done = subprocess.run(
        ["git", "-C", folder, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@dataclass
class Place:
    """A clone with a remote, and what stands for the commands."""

    root: Path
    remote: Path
    log: Path

    def renew(self, *arguments, **environment):
        names = {
            f"GIT_{who}_{what}": "renewal@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        }
        path = f"{self.log.parent / 'bin'}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [SCRIPT, *arguments],
            env={**os.environ, **names, "PATH": path, "KWEV": "kwev", "LOG": str(self.log),
                 **environment},
            cwd=self.root, capture_output=True, text=True, check=False,
        )  # fmt: skip

    @property
    def asked(self):
        return self.log.read_text().splitlines()

    @property
    def branches(self):
        return git(self.remote, "branch", "--format=%(refname:short)").split()

    @property
    def list(self):
        return (self.root / "build" / "renewal.md").read_text()


def clone(folder: Path) -> Place:
    """Return what is in ``clone`` of a folder, if anything, as a clone of an empty remote."""
    remote, root = folder / "remote.git", folder / "clone"
    git(folder, "init", "-q", "--bare", "-b", "main", str(remote))
    git(folder, "init", "-q", "-b", "main", str(root))
    git(root, "remote", "add", "origin", str(remote))
    return Place(root, remote, folder / "log")


def push(place: Place) -> None:
    """Commit everything and push it as main."""
    git(place.root, "add", "-A")
    who = ("-c", "user.name=n", "-c", "user.email=n@example.org")
    git(place.root, *who, "commit", "-q", "-m", "first")
    git(place.root, "push", "-q", "origin", "HEAD:main")


def programs(place: Place, **texts: str) -> None:
    """Put programs on the path of a renewal, by name."""
    for name, text in {"gh": GH, **texts}.items():
        program = place.log.parent / "bin" / name
        program.parent.mkdir(exist_ok=True)
        program.write_text(text)
        program.chmod(0o755)
