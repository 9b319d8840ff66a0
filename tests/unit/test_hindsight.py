"""Hindsight by hand: two snapshots by place, the tables of then, and the record that is shown."""

from __future__ import annotations

from dataclasses import make_dataclass
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from home_region import CRS
from toy import ORIGIN, base_config, toy

from kwev.certify import Measure, Points, certify, evs
from kwev.config import Case
from kwev.display.figure import Origin
from kwev.pipeline.geometry import unproject
from kwev.plan.format import Action
from kwev.report import hindsight, history, past, sweeps
from kwev.solve.stages import solve_scenario
from kwev.studies.study import read_record
from kwev.vocabulary import LEVEL_KEYS

CUT, NEWEST = "2022-07-15", "2025-10-17"


def record_of(number, source, x, ports, station="", **facts):
    l2, l3 = ports
    metres = np.array([[ORIGIN[0] + x, ORIGIN[1]]])
    longitude, latitude = unproject(metres, CRS)[0].tolist()
    prefix = {"nrcan": "nrcan", "nrcan_2022": "nrcan2022"}[source]
    return {
        "record_id": f"{prefix}_{number}",
        "source": source,
        "snapshot": NEWEST if source == "nrcan" else CUT,
        "name": facts.get("name", "Shop"),
        "latitude": latitude,
        "longitude": longitude,
        "in_region": True,
        "l2_ports": l2,
        "l3_ports": l3,
        "opened": facts.get("opened", "2020-01-01"),
        "comparable": True,
        "reason": "",
        "station_id": station,
    }


RECORDS = [
    # stands in both snapshots, gains Level 3
    record_of(1, "nrcan_2022", 0, (2, 0), "s000"),
    record_of(1, "nrcan", 0, (2, 1), "s000"),
    # gone, and nothing near
    record_of(2, "nrcan_2022", 5_000, (3, 0)),
    # gone, and listed anew 40 m away under another number: one place
    record_of(3, "nrcan_2022", 10_040, (1, 0)),
    record_of(33, "nrcan", 10_000, (1, 0), "s001"),
    # new Level 2
    record_of(4, "nrcan", 20_000, (4, 0), "s002", opened="2024-01-01"),
    # for one maker's cars alone, then and now
    record_of(5, "nrcan", 30_000, (8, 0), "s003", opened="2024-01-01"),
    record_of(6, "nrcan_2022", 40_000, (8, 0), name="Hotel - Tesla Destination"),
]


def small():
    """Five homes of 100 people, each at a place of a snapshot or at a candidate beside none."""
    made = toy(
        [(x, 0, 100, ev) for x, ev in
         ((0, 10), (5_000, 10), (10_000, 20), (20_000, 0), (50_000, 40))],
        [(0, 0, 2, 1), (10_000, 0, 1, 0), (20_000, 0, 4, 0),
         {"x": 30_000, "y": 0, "l2_ports": 8, "l3_ports": 0, "access": "tesla_only"}],
        [(50_000, 0, "parking"),
         {"x": 20_010, "y": 0, "category": "parking", "station_id": "s002"},
         {"x": 30_000, "y": 0, "category": "parking", "station_id": "s003"}],
    )  # fmt: skip
    made.stations["address_apart_m"] = np.nan
    made.sites["source"], made.sites["owner"] = "hand", "private"
    made.station_records = pd.DataFrame(RECORDS)
    made.das["area_id"] = "tract"
    made.da_profiles["fsa"] = ["N2A", "N2A", "N2B", "N2B", "N2B"]
    made.fsas = pd.DataFrame({"fsa": ["N2A", "N2B"], "ev_inside": [20.0, 60.0]})
    made.ev_quarters = pd.DataFrame(
        [("N2A", "2022Q2", 5.0), ("N2B", "2022Q2", 30.0), ("N2A", "2025Q4", 20.0),
         ("N2B", "2025Q4", 60.0)],
        columns=["fsa", "quarter", "ev_inside"],
    )  # fmt: skip
    made.cell_parts["ev"] = made.das["ev"].to_numpy(float)
    made.road_snaps = pd.DataFrame(columns=["kind", "id", "mode", "edge_id", "along_m", "offset_m"])
    values = vars(made)
    return make_dataclass("Toy", list(values), frozen=True, eq=False)(**values)


@pytest.fixture(scope="module")
def tables_now():
    return small()


@pytest.fixture(scope="module")
def found(tables_now):
    return past.past(tables_now)


def test_the_last_quarter_that_had_ended():
    assert past.quarter_before("2022-07-15") == "2022Q2"
    assert past.quarter_before("2022-03-31") == "2021Q4"
    assert past.quarter_before("2022-12-01") == "2022Q3"


def test_snapshots_by_place(found):
    ports = found.places.set_index("place_id")[
        ["l2_older", "l3_older", "l2_newer", "l3_newer"]
    ].T.to_dict("list")
    assert ports == {
        "s000": [2, 0, 2, 1],
        "s001": [1, 0, 1, 0],
        "s002": [0, 0, 4, 0],
        "nrcan2022_2": [3, 0, 0, 0],
    }
    assert found.came("l2")["place_id"].tolist() == ["s002"]
    assert found.came("l3")["place_id"].tolist() == ["s000"]
    assert found.went("l2")["place_id"].tolist() == ["nrcan2022_2"]
    assert found.went("l3").empty
    assert (found.cut, found.newest) == (CUT, NEWEST)
    both = [row["place_id"] for row in found.offering("l2", *past.BOTH)]
    assert both == ["s000", "s001"]


def test_vehicles_of_a_quarter_follow_their_postal_area(tables_now):
    # N2A had 5 for 20: a quarter of each area's; N2B 30 for 60: half
    ev = past.vehicles_of(tables_now, "2022Q2")
    assert list(ev.values()) == [2.5, 2.5, 10, 0, 20]


def test_the_tables_of_then(tables_now, found):
    then = past.tables_of(tables_now, found)
    stations = then.stations.set_index("station_id")
    assert stations["l2_ports"].to_dict() == {"nrcan2022_2": 3, "s000": 2, "s001": 1}
    assert stations["l3_ports"].sum() == 0
    assert stations.loc["nrcan2022_2", "municipality_id"] == "3530013"
    sites = then.sites.set_index("site_id")
    # the candidate on the new station gives way to the station's own place; that on a station
    # which did not count is free
    assert sites["station_id"].to_dict() == {"q000": "", "q002": "", "real_s002": ""}
    assert then.das["ev"].tolist() == then.cells["ev"].tolist() == [2.5, 2.5, 10, 0, 20]
    assert then.inputs_sha256 != tables_now.inputs_sha256


def test_the_plan_of_then_by_hand(tables_now, found):
    # one station of each level: Level 2 where 100 people and 20 vehicles are without, at q000;
    # Level 3 at the station that 2022 has next to 20 vehicles, or anywhere: it reaches 100 people
    then = past.tables_of(tables_now, found)
    config = past.config_of(base_config(), found)
    case = Case("hindsight", config, "da")
    plan = solve_scenario(then, case).plan
    assert certify(plan, then, case).violations == []
    kinds = sorted(a.kind for a in plan.actions)
    assert kinds.count("new_l2") == 1
    assert len(kinds) == 2
    (l2,) = (a for a in plan.actions if a.kind == "new_l2")
    assert l2.place_id in {"q000", "real_s002"}
    after = hindsight.network_of(found, then, plan.actions)
    ids = [row.get("place_id") or row.get("site_id") for row in after["l2"]]
    # what is gone since is not counted for the plan either
    assert ids == ["s000", "s001", l2.place_id]
    assert len(after["l3"]) == 1


def test_simple_choices(tables_now, found):
    then, config = past.tables_of(tables_now, found), base_config(ports__min_l3=1)
    chosen = hindsight.greedy(then, found, config)
    taken = [row["site_id"] for level in ("l2", "l3") for row in chosen[level]]
    assert len(set(taken)) == 2
    # q002 reaches nobody
    assert set(taken) == {"q000", "real_s002"}
    drawn = hindsight.random_choice(then, found, config, np.random.default_rng(1))
    assert {level: len(rows) for level, rows in drawn.items()} == {"l2": 1, "l3": 1}
    assert drawn["l2"][0]["site_id"] != drawn["l3"][0]["site_id"]


def test_places_near_another():
    def at(x):
        return {"easting_m": float(x), "northing_m": 0.0}

    network = [at(0), at(500), at(2_000)]
    config = base_config()
    assert hindsight.near_another(network, network, config) == pytest.approx(2 / 3)
    assert hindsight.near_another([], network, config) == 0


# -- what is shown -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def shown(project):
    return read_record(project, hindsight.record(project))


@pytest.fixture(scope="module")
def real(project, tables):
    found = past.past(tables)
    then = past.tables_of(tables, found)
    return found, then, past.config_of(sweeps.published(project), found)


def actions_of(shown):
    """Return the record's actions, as far as their network goes."""
    ports = dict(text.rsplit(":", 1) for text in shown["actions"])
    rows = []
    for action_id, added in ports.items():
        kind = next(k for k in ("new_l2", "new_l3", "upgrade") if action_id.startswith(k))
        l2, l3 = (int(added), 0) if kind == "new_l2" else (0, int(added))
        rows.append(
            Action.model_construct(
                kind=kind, place_id=action_id.removeprefix(f"{kind}_"),
                l2_ports_before=0, l2_ports_after=l2, l3_ports_before=0, l3_ports_after=l3,
            )
        )  # fmt: skip
    return rows


def test_the_record_is_what_its_actions_reach(shown, tables, real):
    found, then, config = real
    actions = actions_of(shown)
    assert sum(a.l2_ports_after for a in actions) <= len(found.came("l2")) == 75
    assert sum(a.l3_ports_after for a in actions) <= len(found.came("l3")) == 9
    assert shown["violations"] == 0
    ruler = hindsight.Ruler(tables, then, config)
    networks = {
        "built": {level: found.offering(level, "newer") for level in LEVEL_KEYS},
        "then": {level: found.offering(level, "older") for level in LEVEL_KEYS},
        "plan": hindsight.network_of(found, then, actions),
    }
    for name, network in networks.items():
        assert ruler.shares(network) == pytest.approx(shown["shares"][name], abs=1e-9)


def test_the_lists_measure_alike_in_the_history(shown, project):
    # the same lists, placed on the roads by other code: old records stand at newer places here
    lines = [
        line for line in history.read_history(history.path_of(project))
        if (line.series, line.metric) == ("nrcan", "network")
    ]  # fmt: skip
    for line, name in zip(lines, ("then", "built"), strict=True):
        for level in LEVEL_KEYS:
            assert shown["shares"][name][level] == pytest.approx(getattr(line, level), abs=0.003)


def test_what_was_built_was_open_to_the_plan(shown, real):
    # every place that came to offer a level is a candidate, or a station that may be converted,
    # so on the model's own points what was built misses the targets by at least as much
    found, then, config = real
    places = set(then.sites["site_id"]) | set(then.stations["station_id"])
    for level in LEVEL_KEYS:
        for place in found.came(level)["place_id"]:
            assert place in places or f"{past.REAL}{place}" in places
    real = then.sites[then.sites["site_id"].str.startswith(past.REAL)].set_index("site_id")
    for place in set(found.came("l3")["place_id"]) - set(then.stations["station_id"]):
        name = f"{past.REAL}{place}"
        assert real.loc[name, "grid_kw"] >= config.ports.min_l3 * config.power.l3_kw
    points = Points.read(then, "cell", evs(then, "now", "cell"))
    measure = Measure(then, config)

    def missed(network):
        shares = [
            points.people[measure.reached(level, points, network[level])].sum()
            / points.people.sum()
            for level in LEVEL_KEYS
        ]
        wanted = (config.targets.l2, config.targets.l3)
        return sum(max(0.0, w - s) for w, s in zip(wanted, shares, strict=True))

    added = hindsight.network_of(found, then, actions_of(shown))
    older = {level: found.offering(level, "older") for level in LEVEL_KEYS}
    new = {level: added[level][len(found.offering(level, *past.BOTH)) :] for level in LEVEL_KEYS}
    plan = {level: older[level] + new[level] for level in LEVEL_KEYS}
    came = {
        level: past.rows_of(found.came(level).assign(station_id=lambda t: t["place_id"]))
        for level in LEVEL_KEYS
    }
    built = {level: older[level] + came[level] for level in LEVEL_KEYS}
    assert missed(plan) <= missed(built) + 1e-9


SHARES = {
    "built": {"l2": 0.2, "l3": 0.7},
    "plan": {"l2": 0.44, "l3": 0.7},
    "greedy": {"l2": 0.44, "l3": 0.65},
    "random_low": {"l2": 0.25, "l3": 0.6},
    "random_mid": {"l2": 0.28, "l3": 0.65},
    "random_high": {"l2": 0.3, "l3": 0.69},
}


def test_what_was_built_is_held_against_choices_by_lot():
    assert "fewer people than nearly all" in hindsight.by_lot(SHARES, "l2")
    assert "more people than nearly all" in hindsight.by_lot(SHARES, "l3")
    inside = {**SHARES, "built": {"l2": 0.27, "l3": 0.7}}
    assert "between 25.0% and 30.0%" in hindsight.by_lot(inside, "l2")


def test_the_plans_gain_is_over_what_was_built_and_over_the_simple_rule():
    counts = {level: dict.fromkeys(("then", "went", "came", "now"), 1) for level in LEVEL_KEYS}
    record = {
        "shares": {**SHARES, "then": SHARES["built"]}, "counts": counts,
        "near": {"built": 0.5, "plan": 0.1}, "cut": "2022", "newest": "2025", "ev_then": 1.0,
        "ev_now": 2.0, "real": 0, "violations": 0,
    }  # fmt: skip
    found = {n.name: str(n) for n in hindsight.numbers(SimpleNamespace(hindsight=record))}
    assert (found["hind_l2_gain"], found["hind_l3_over_rule"]) == ("+24.0", "+5.0")
    assert (found["hind_near_built"], found["hind_near_plan"]) == ("50%", "10%")


def test_the_chart_is_the_same_again(shown):
    shares = shown["shares"]
    table = pd.DataFrame(
        [{"name": name, **{key: shares[key][name] for key in shares}} for name in ("l2", "l3")]
    )
    figure, again = (hindsight.compared(table, origin=Origin("hand", "now")) for _ in range(2))
    assert figure.static().printed == again.static().printed
    assert figure.interactive() == again.interactive()
    assert f"{shares['plan']['l2']:.1%} with the plan" in figure.alt
