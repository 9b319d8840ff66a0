"""Where a rendered page comes from: commit, inputs, data, scenario, solver. Never the clock.

Commit and inputs are read here; what only the chapters' computation knows (scenario, solver, data
vintage) is handed in, or read from ``build/provenance.json`` (a flat object of texts).
"""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kwev import escape
from kwev.data.tables import held_sha256
from kwev.files import read_json
from kwev.sets import MANIFEST

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FACTS_FILE = "build/provenance.json"
PROCESSED = "data/processed"
_SHORT = 12
_GIT_TIMEOUT_SECONDS = 10


@dataclass(frozen=True)
class Provenance:
    """Named facts in a fixed order, such as ``("Commit", "1a2b3c4d5e6f")``."""

    facts: tuple[tuple[str, str], ...]

    def html(self) -> str:
        """Return the facts as one description list, nothing if there are none."""
        if not self.facts:
            return ""
        entries = "".join(
            f"<div><dt>{escape.html(name)}</dt><dd>{escape.html(value)}</dd></div>"
            for name, value in self.facts
        )
        return f'<dl class="provenance" aria-label="Provenance">{entries}</dl>'

    def typst(self) -> str:
        """Return the facts as a Typst array of pairs of strings."""
        pairs = (f"({escape.typst(name)}, {escape.typst(value)}), " for name, value in self.facts)
        return f"({''.join(pairs)})"


def collect(root: Path, extra: Mapping[str, str] | None = None) -> Provenance:
    """Gather what is known about the state that a book is rendered from.

    ``extra`` adds to or replaces what ``build/provenance.json`` says; keys are shown as names. The
    hash of the inputs is that of a manifest which every file read was held against.
    """
    facts: dict[str, str] = {}
    commit = commit_of(root)
    if commit:
        facts["Commit"] = commit
    processed = root / PROCESSED
    if (processed / MANIFEST).is_file():
        facts["Inputs"] = f"sha256 {held_sha256(processed)[:_SHORT]}"
    recorded = root / FACTS_FILE
    if recorded.is_file():
        facts.update({str(key): str(value) for key, value in read_json(recorded).items()})
    facts.update(extra or {})
    return Provenance(tuple(facts.items()))


def commit_of(root: Path, apart_from: str = "") -> str:
    """Return the commit of a checkout as pages name it; empty where there is none.

    Changes in the folder ``apart_from`` do not count: who writes there is no change by that.
    """
    head = _git(root, "rev-parse", f"--short={_SHORT}", "HEAD")
    if not head:
        return ""
    paths = ("--", ".", f":!{apart_from}") if apart_from else ()
    changed = _git(root, "status", "--porcelain", "--untracked-files=no", *paths)
    return f"{head} with local changes" if changed else head


def _git(root: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(
            ["git", "-C", str(root), *arguments],
            capture_output=True,
            encoding="utf-8",
            timeout=_GIT_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
