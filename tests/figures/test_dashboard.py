"""The frames hold what the plan says, and the dashboard shows the frames on four axes."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from figures import places
from lxml import etree

from kwev import config as configuration
from kwev.figures import frames
from kwev.figures.dashboard import TITLES, dashboard
from kwev.figures.figure import is_svg
from kwev.plan import CoverageAll, Reached

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def made():
    plan = places.plan(configuration.load("base", ROOT / "config"))
    share = {"before": 0.2, "after": 0.6, "target": 0.95, "attainable": 0.7, "ceiling": None}
    plan.coverage = CoverageAll(**dict.fromkeys(("l2", "l3", "ev_owners"), Reached(**share)))
    return plan


def test_frames_of_a_plan(made):
    built = frames.infrastructure(made).set_index("item")
    assert built.loc["Upgrade to L3"].to_dict() == {"actions": 1, "l2_ports": -2, "l3_ports": 2}
    assert built.loc["New L2"].to_dict() == {"actions": 1, "l2_ports": 3, "l3_ports": 0}
    cost = frames.cost(made).set_index("item")["cad"]
    assert cost["Resale credit"] == -45_000
    assert cost["New L3"] == 200_000
    cover = frames.coverage(made)
    assert cover["after"].tolist() == [0.6] * 3
    assert cover["ceiling"].isna().all()


def test_candidates_are_counted_in_all_categories():
    counted = frames.candidates(places.tables()).set_index("category")["sites"]
    assert len(counted) == 12
    assert counted["Parking"] == 2
    assert counted["Library"] == 1
    assert counted["Fuel station"] == 0


def test_dashboard_has_four_axes_and_the_values_of_the_frames(made, request, origin):
    phases = request.getfixturevalue("frames")["phases"]
    shown = dashboard(made, phases, origin=origin)
    specs = [
        json.loads(text)
        for text in re.findall(
            r'<script type="application/json">(.*?)</script>', shown.html(), re.DOTALL
        )
    ]
    assert len(specs) == len(TITLES) == 4
    assert specs[0]["data"][0]["x"] == frames.infrastructure(made)["actions"].tolist()
    assert specs[1]["data"][0]["x"] == frames.cost(made)["cad"].tolist()
    assert [t["x"] for t in specs[3]["data"]] == [[4], [4], [4]]
    assert set(shown.data["panel"]) == set(TITLES)
    assert len(re.findall(r"<script[^>]*src=", shown.html())) == 1
    picture = shown.static()
    assert is_svg(picture)
    assert picture == shown.static()
    axes = etree.fromstring(picture).xpath("//*[starts-with(@id, 'axes_')]")
    assert len(axes) == 4
