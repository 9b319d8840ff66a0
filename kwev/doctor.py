"""What this machine has: the answer to "why does it not run here?"."""

from __future__ import annotations

import platform
import shutil
import sys
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Literal

from kwev.data.tables import held_sha256, load_tables
from kwev.errors import KwevError
from kwev.solve.solvers import gurobi_licence

if TYPE_CHECKING:
    from kwev.project import Project

OLDEST = (3, 11)


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's report."""

    mark: Literal["ok", "note", "missing"]
    what: str
    detail: str


def examine(project: Project) -> list[Finding]:
    """Return what is here, what is optional and absent, and what is missing."""
    return [
        _python(),
        *(_package(name) for name in ("highspy", "cvxpy", "geopandas", "osmnx", "ipykernel")),
        _gurobi(),
        _processed(project),
        _raw(project),
        _program("quarto", "renders the published book; without it the preview is rendered"),
        _program("chromium", "needed by the browser tests only"),
    ]


def _python() -> Finding:
    fits = sys.version_info[:2] >= OLDEST
    return Finding("ok" if fits else "missing", "Python", platform.python_version())


def _package(name: str) -> Finding:
    try:
        return Finding("ok", name, version(name))
    except PackageNotFoundError:
        return Finding("missing", name, "run 'make setup'")


def _gurobi() -> Finding:
    licence = gurobi_licence()
    detail = {
        "full": "full licence: used by default",
        "none": "not installed or no licence: HiGHS is used",
    }.get(licence, f"{licence} licence: used only when asked for, never for a published plan")
    return Finding("ok" if licence == "full" else "note", "Gurobi", detail)


def _processed(project: Project) -> Finding:
    try:
        load_tables(project.processed)
        held_sha256(project.processed)
    except KwevError as error:
        return Finding("missing", "data/processed", str(error))
    return Finding("ok", "data/processed", str(project.processed))


def _raw(project: Project) -> Finding:
    if project.raw.is_dir():
        return Finding("ok", "raw data", str(project.raw))
    return Finding("note", "raw data", f"none at {project.raw}: data/processed cannot be rebuilt")


def _program(name: str, use: str) -> Finding:
    path = shutil.which(name)
    return Finding("ok", name, path) if path else Finding("note", name, f"not found: {use}")
