"""The two plans side by side: counted by hand, and measured again apart from the model."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from kwev.certify import Measure, Points, evs
from kwev.report import comparison, decisions
from kwev.vocabulary import LAND_KEYS


def action(kind, place, l2=(0, 0), l3=(0, 0)):
    return SimpleNamespace(
        id=f"{kind}_{place}", kind=kind, place_id=place,
        l2_ports_before=l2[0], l2_ports_after=l2[1], l3_ports_before=l3[0], l3_ports_after=l3[1],
    )  # fmt: skip


ACTIONS = [
    action("new_l2", "a", l2=(0, 2)),
    action("new_l2", "b", l2=(0, 3)),
    action("new_l3", "c", l3=(0, 4)),
    action("upgrade", "s", l2=(2, 0), l3=(0, 2)),
    action("add_l2", "t", l2=(4, 5)),
]
SITES = pd.DataFrame({
    "site_id": ["a", "b", "c", "d"],
    "land": ["own", "own", "customers", "partner"],
    "category": ["kerbside", "library", "shopping_mall", "kerbside"],
})  # fmt: skip


def small(rows=()):
    return SimpleNamespace(
        plan=SimpleNamespace(actions=ACTIONS),
        tables=SimpleNamespace(sites=SITES),
        study=lambda _: pd.DataFrame(rows),
    )


def test_new_stations_and_ports_are_counted_by_hand():
    assert comparison.counts(small().plan) == {
        "new_l2": 2, "new_l3": 1, "upgrades": 1, "ports_l2": 2 + 3 + 1, "ports_l3": 4 + 2,
    }  # fmt: skip


def test_land_is_that_of_new_stations_alone():
    assert comparison.land(small()) == {
        **dict.fromkeys(LAND_KEYS, 0), "own": 2, "customers": 1,
    }  # fmt: skip


def test_kerbs_among_the_new_stations():
    assert {n.name: n.value for n in decisions.consent(small())} == {"rec_kerbs": 1, "rec_new": 3}


def test_what_stays_is_a_part_of_the_plans_own_actions():
    rows = [
        {"name": "recommended", "actions": "new_l2_a:2 new_l2_b:3 new_l3_c:4 upgrade_s:2"},
        {"name": "straight_line", "actions": "new_l2_b:9 upgrade_s:2 new_l2_z:1"},
    ]
    assert decisions.stays(small(rows), "straight_line") == 2 / 4


@pytest.mark.parametrize("prefix", comparison.PLANS)
def test_both_plans_are_measured_both_ways_apart_from_the_model(recommended, prefix):
    report = comparison.plans(recommended)[prefix]
    found, tables, config = comparison.reached(report), report.tables, report.config
    sites = tables.sites.set_index("site_id", drop=False)
    stations = tables.stations.set_index("station_id", drop=False)
    public = stations[stations["access"].eq("public") & stations["in_region"]]
    points = Points.read(tables, "cell", evs(tables, config.demand.ev_year, "cell"))
    for metric in ("network", "straight_line"):
        measure = Measure(tables, config.with_values(coverage__metric=metric))
        for when in ("before", "after"):
            covered = {}
            for level in ("l2", "l3"):
                ports = public[f"{level}_ports"].to_dict()
                done = report.plan.actions if when == "after" else []
                ports |= {a.place_id: getattr(a, f"{level}_ports_after") for a in done}
                rows = [
                    dict(stations.loc[p] if p in stations.index else sites.loc[p])
                    for p, count in sorted(ports.items()) if count > 0
                ]  # fmt: skip
                covered[level] = measure.reached(level, points, rows)
                share = points.people[covered[level]].sum() / points.people.sum()
                assert found[level, metric, when] == pytest.approx(share, abs=1e-9)
            either = covered["l2"] | covered["l3"]
            assert found["ev_owners", metric, when] == pytest.approx(
                points.ev[either].sum() / points.ev.sum(), abs=1e-9
            )


def test_the_plan_files_say_the_same_on_their_own_metric(recommended):
    for report in comparison.plans(recommended).values():
        found, metric = comparison.reached(report), report.config.coverage.metric
        for target in ("l2", "l3", "ev_owners"):
            told = getattr(report.plan.coverage, target)
            assert found[target, metric, "before"] == pytest.approx(told.before, abs=1e-9)
            assert found[target, metric, "after"] == pytest.approx(told.after, abs=1e-9)


def test_the_front_table_has_a_row_for_each_value_of_both_plans(recommended):
    table = comparison.compared(recommended)
    assert table["what"].is_unique
    numbers = comparison.of_both(recommended)
    rows = table.set_index("what")
    for prefix in comparison.PLANS:
        whose = [
            rows.loc[what, prefix] for what in rows.index if what.startswith("New stations on")
        ]
        new = [rows.loc[f"New Level {n} stations", prefix] for n in (2, 3)]
        assert sum(map(int, whose)) == sum(map(int, new))
        assert rows.loc["Money, net of resale", prefix] == str(getattr(numbers, f"{prefix}_net"))
    assert (table["what"].str.contains("along the roads") | table["what"].str.contains("straight")
            | ~table["what"].str.contains("near|within|Within")).all()  # fmt: skip
