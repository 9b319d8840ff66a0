"""Checkouts to write in: the data and the configuration of this one, with nothing made yet."""

from __future__ import annotations

from kwev.project import Project


def checkout(root, project):
    """Return a project at ``root`` with the same data and configuration, and no results."""
    (root / "data").mkdir(parents=True)
    for name in ("config", "pyproject.toml", "data/processed", "data/assumptions.json"):
        (root / name).symlink_to(project.root / name)
    return Project(root)
