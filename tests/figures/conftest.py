"""A folder that stands for the project, and the small tables that the charts take."""

from __future__ import annotations

import shutil
from pathlib import Path

import pandas as pd
import pytest

from kwev.display.figure import Origin
from kwev.project import Project

ROOT = Path(__file__).resolve().parents[2]


def empty_project(root):
    """Return a folder as a project without tables."""
    (root / "config").mkdir()
    (root / "config" / "base.json").write_text("{}")
    shutil.copy(ROOT / "config" / "region.json", root / "config")
    (root / "pyproject.toml").write_text("")
    return Project(root)


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """Return an empty project that the working directory lies in."""
    monkeypatch.chdir(tmp_path)
    return empty_project(tmp_path)


@pytest.fixture(scope="module")
def origin():
    return Origin("a publisher & another", "2025 Q4")


@pytest.fixture(scope="module")
def frames():
    """Return the tables of the charts by chart name."""
    return {
        "coverage": pd.DataFrame(
            [
                ("People, L2 (500 m)", 0.23, 0.71, 0.95, 0.72, 0.9),
                ("EV owners", 0.85, 0.97, 0.98, None, None),
            ],
            columns=["name", "before", "after", "target", "attainable", "ceiling"],
        ),
        "budget_sweep": pd.DataFrame(
            [(2e6, 0.5, 0.9, 0.93, 5, 2, 44), (4e6, 0.7, 0.95, 0.96, 8, 4, 88)],
            columns=["budget_cad", "l2", "l3", "ev_owners", "upgrade", "new_l3", "new_l2"],
        ),
        "phases": pd.DataFrame(
            [
                (1, "Upgrades to L3", 1, 4, 9, 9, 18, 1.96e6),
                (2, "New L3", 5, 8, 1, 1, 2, 0.2e6),
                (3, "New L2", 9, 12, 88, 88, 101, 2.2e6),
            ],
            columns=[
                "phase", "name", "month_from", "month_to",
                "actions", "stations", "ports", "cost_cad",
            ],
        ),
        "cost_breakdown": pd.DataFrame(
            [("L2 stations", 1.2e6), ("Resale credit", -2e5)], columns=["item", "cad"]
        ),
        "candidates_by_category": pd.DataFrame(
            [("Parking", 453), ("Shopping mall", 59)], columns=["category", "sites"]
        ),
    }  # fmt: skip
