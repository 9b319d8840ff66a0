"""The lock ``requirements.txt``: which version of each package is pinned, read without any."""

from __future__ import annotations

import re
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Final

from kwev.errors import KwevError

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "requirements.txt"

_ROW: Final = re.compile(
    r"(?P<name>[\w.-]+)(?:\[[\w,-]+\])?==(?P<version>[^\s;]+)(?:\s*;\s*(?P<marker>[^\n]*?))?"
    r"(?P<hashes>(?:\s+--hash=sha256:[0-9a-f]{64})*)\s*"
)


@dataclass(frozen=True)
class Locked:
    """One pinned package.

    Attributes
    ----------
    name
        As the lock spells it: lower case, with hyphens.
    marker
        Where it is needed (PEP 508), such as ``sys_platform == 'darwin'``; empty: everywhere.
    sha256
        Of each file that may be installed.
    """

    name: str
    version: str
    marker: str
    sha256: tuple[str, ...]

    @property
    def applies(self) -> bool:
        """Whether it is needed on this machine; where that cannot be told, only without marker."""
        if not self.marker:
            return True
        try:
            from packaging.markers import Marker  # noqa: PLC0415 -- absent on a bare machine
        except ImportError:
            return False
        return Marker(self.marker).evaluate()


def read_lock(path: Path) -> list[Locked]:
    """Read a lock, in its order.

    Raises
    ------
    KwevError
        If the file is missing or a row pins nothing.
    """
    try:
        text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    except (OSError, UnicodeDecodeError) as error:
        raise KwevError("no lock can be read", where=str(path), hint="Take it from git.") from error
    rows = [row for row in text.splitlines() if row.strip() and not row.startswith("#")]
    return [_locked(row, path) for row in rows]


def _locked(row: str, path: Path) -> Locked:
    found = _ROW.fullmatch(row)
    if not found:
        raise KwevError(f"not a pinned package: {row[:80]}", where=str(path), hint="Run make lock.")
    hashes = tuple(re.findall(r"sha256:([0-9a-f]{64})", found["hashes"]))
    return Locked(found["name"], found["version"], found["marker"] or "", hashes)


def installed(name: str) -> str | None:
    """Return the version of a package that is installed here, if it is."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def asked_for(root: Path) -> list[str]:
    """Return the requirements that ``pyproject.toml`` names (PEP 508); none where it has none."""
    try:
        import tomllib  # noqa: PLC0415 -- an old Python lacks it, and the doctor says that it is old
    except ImportError:
        return []
    try:
        text = (root / "pyproject.toml").read_text(encoding="utf-8")
        return [str(row) for row in tomllib.loads(text)["project"]["dependencies"]]
    except (OSError, ValueError, KeyError, TypeError):
        return []


def spelled(name: str) -> str:
    """Return the name of a package as a lock spells it (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()
