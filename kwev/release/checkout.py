"""The checkout that a release is made of: its commit, what is not committed, what came before."""

from __future__ import annotations

import re
import subprocess
import tomllib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kwev.book.provenance import commit_of
from kwev.errors import KwevError
from kwev.report.edition import CITATION, citation

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.project import Project

_SHOWN: Final = 5
_GIT_SECONDS: Final = 300


@dataclass(frozen=True)
class Checkout:
    """A clean checkout.

    Attributes
    ----------
    root
        Its folder.
    version
        That of ``pyproject.toml`` and ``CITATION.cff``.
    commit
        As the book's pages name it.
    """

    root: Path
    version: str
    commit: str

    def shown(self, ref: str, path: str) -> bytes | None:
        """Return a file as it was at a commit; None where it was not there."""
        try:
            return git(self.root, "show", f"{ref}:{path}")
        except KwevError:
            return None

    def last_release(self) -> str:
        """Return the newest tag ``v…`` before this commit; empty where there is none."""
        try:
            found = git(self.root, "describe", "--tags", "--abbrev=0", "--match=v*", "HEAD^")
        except KwevError:
            return ""
        return found.decode().strip()

    def source(self) -> bytes:
        """Return everything that is committed, as a tar archive."""
        return git(self.root, "archive", "--format=tar", f"--prefix=kwev-{self.version}/", "HEAD")


def git(root: Path, *arguments: str) -> bytes:
    """Return what git tells.

    Raises
    ------
    KwevError
        If there is no git, or it fails.
    """
    where = f"git {arguments[0]}"
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            timeout=_GIT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise KwevError(f"git gave no answer: {error}", where=where, hint="Install git.") from error
    if done.returncode != 0:
        said = done.stderr.decode(errors="replace").strip() or "no message"
        raise KwevError(f"git failed: {said}", where=where, hint="Work in a clone of kwev.")
    return done.stdout


def clean_checkout(project: Project) -> Checkout:
    """Return the checkout, which must hold what is committed and nothing else.

    Raises
    ------
    KwevError
        If it is no checkout, has changes, bears two versions, or was released already.
    """
    root = project.root
    changed = git(root, "status", "--porcelain").decode(errors="replace").splitlines()
    if changed:
        names = [line[3:] for line in changed]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        raise KwevError(
            f"not committed: {', '.join(names[:_SHOWN])}{more}",
            where=str(root),
            hint="Commit or remove it, and render again.",
        )
    version = _version(root)
    cited = citation(project).version
    if cited != version:
        hint = f"Write one version into both; pyproject.toml says {version}."
        raise KwevError(f"version {cited}", where=CITATION, hint=hint)
    tags = git(root, "tag", "--list", f"v{version}").split()
    if tags and not git(root, "tag", "--list", f"v{version}", "--points-at", "HEAD").split():
        hint = "Raise it in pyproject.toml and CITATION.cff."
        raise KwevError(f"version {version} was released already", where=f"v{version}", hint=hint)
    return Checkout(root, version, commit_of(root))


def _version(root: Path) -> str:
    path = root / "pyproject.toml"
    try:
        said = str(tomllib.loads(path.read_text(encoding="utf-8"))["project"]["version"])
    except (OSError, tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise KwevError(f"no version can be read: {error}", where=str(path)) from error
    if not re.fullmatch(r"\d+(\.\d+)*[\w.+-]*", said):  # it becomes the name of a file
        raise KwevError(f"not a version: {said!r}", where=str(path), hint="Write one like 1.2.0.")
    return said
