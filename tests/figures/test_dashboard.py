"""The dashboard shows a plan on four axes, with the values of the book's tables."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from figures import places
from lxml import etree

from kwev.config import load_config
from kwev.display.figure import is_svg
from kwev.plan.format import CoverageAll, Reached
from kwev.report import plan as plans
from kwev.report.plan_charts import dashboard

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def made():
    plan = places.plan(load_config("base", ROOT / "config"))
    share = {"before": 0.2, "after": 0.6, "target": 0.95, "attainable": 0.7, "ceiling": 0.8,
             "bound_checked": None}  # fmt: skip
    plan.coverage = CoverageAll(**dict.fromkeys(("l2", "l3", "ev_owners"), Reached(**share)))
    return plan


def test_dashboard_has_four_axes_and_the_values_of_the_tables(made, request, origin):
    phases = request.getfixturevalue("frames")["phases"]
    shown = dashboard(made, phases, origin=origin)
    specs = [
        json.loads(text)
        for text in re.findall(
            r'<script type="application/json">(.*?)</script>', shown.html(), re.DOTALL
        )
    ]
    assert len(specs) == 4
    assert specs[0]["data"][0]["x"] == plans.actions_by_kind(made)["stations"].tolist()
    assert specs[1]["data"][0]["x"] == (plans.cost_breakdown(made)["cad"] / 1e6).tolist()
    assert [length for bars in specs[3]["data"] for length in bars["x"]] == [4, 4, 4]
    assert set(shown.data["panel"]) == {"Infrastructure", "Cost", "Coverage", "Timeline"}
    assert len(re.findall(r"<script[^>]*src=", shown.html())) == 1
    picture = shown.static().printed
    assert is_svg(picture)
    assert picture == shown.static().printed
    axes = etree.fromstring(picture).xpath("//*[starts-with(@id, 'axes_')]")
    assert len(axes) == 4
