"""Where things are: the folders of one checkout."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kwev.errors import KwevError


@dataclass(frozen=True)
class Project:
    """The folders of a checkout, all below ``root``."""

    root: Path

    @property
    def config(self) -> Path:
        """Scenarios."""
        return self.root / "config"

    @property
    def processed(self) -> Path:
        """Tables that the pipeline computed."""
        return self.root / "data" / "processed"

    @property
    def register(self) -> Path:
        """Register of sources."""
        return self.root / "data" / "sources.json"

    @property
    def results(self) -> Path:
        """Committed tables of studies and records, each with the hash of what made it."""
        return self.root / "data" / "results"

    @property
    def build(self) -> Path:
        """Everything that can be computed again: notebooks, plans, logs."""
        return self.root / "build"

    @property
    def store(self) -> Path:
        """Certified plans by key."""
        return self.build / "store"

    @property
    def shown(self) -> Path:
        """Below it, in ``assets``, what pages load is written: ``KWEV_SHOWN``, else the root.

        The renderer gives each chapter a folder of its own there, to keep it with its notebook.
        """
        return Path(os.environ.get("KWEV_SHOWN") or self.root)

    @property
    def raw(self) -> Path:
        """Raw files: ``KWEV_RAW`` where it is set, else ``data/raw``."""
        return Path(os.environ.get("KWEV_RAW") or self.root / "data" / "raw")


def find_project(start: Path | None = None) -> Project:
    """Return the project that ``start`` (or the working folder) lies in.

    Raises
    ------
    KwevError
        If no folder upwards holds ``config/base.json``, and ``pyproject.toml`` or a region beside.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        known = any((folder / name).is_file() for name in ("pyproject.toml", "config/region.json"))
        if (folder / "config" / "base.json").is_file() and known:
            return Project(folder)
    # an installed checkout may be used from anywhere
    package = Path(__file__).resolve().parents[1]
    if (package / "config" / "base.json").is_file():
        return Project(package)
    raise KwevError(
        "no kwev project here",
        where=str(here),
        hint="Run kwev inside a checkout (the folder with config/base.json).",
    )
