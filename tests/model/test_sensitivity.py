"""One assumption at a time, read from its study; plans solved ahead, and a store cleared."""

from __future__ import annotations

import json
import shutil

import pytest
from shelves import checkout

from kwev.config import Case
from kwev.errors import KwevError
from kwev.project import Project
from kwev.report import phases, plan
from kwev.report.scenario import Report, load_report
from kwev.report.sweeps import (
    GAP,
    NOT_IN_MODEL,
    SMALL_POINTS,
    Range,
    assumptions,
    case_of,
    hangs,
    one_at_a_time,
    published,
    ranges,
    swing_points,
    swings,
    value_at,
)
from kwev.sets import renewing
from kwev.solve.stages import SOLVES
from kwev.studies import store
from kwev.studies.study import path_of, run

BUDGET, FACTOR = "budget.limit_cad", "power.power_factor"
TWO = (
    Range(BUDGET, {BUDGET: 250_000}, {BUDGET: 4_000_000}),
    Range(FACTOR, {FACTOR: 0.9}, {FACTOR: 1}),
)


@pytest.fixture(scope="module")
def copy(tmp_path_factory, project, tables, recommended):
    """Return a project with the same data and configuration, and the study of two assumptions.

    The plan that is published is lent by this checkout's store: it is certified where it is read.
    """
    made = checkout(tmp_path_factory.mktemp("copy") / "copy", project)
    points = swing_points(made, TWO)
    folders = [store.folder_of(owner, tables, recommended.case) for owner in (project, made)]
    assert points[0].case == recommended.case
    shutil.copytree(*folders)
    run(made, points)
    return made


@pytest.fixture(scope="module")
def table(copy):
    return one_at_a_time(copy, TWO)


def test_an_end_that_is_the_value_already_is_not_solved(copy):
    found = [(swing.key, swing.end) for swing in swings(copy, TWO)]
    assert found == [
        ("budget.limit_cad", "low"),
        ("power.power_factor", "low"),
        ("power.power_factor", "high"),
    ]


def test_changes_are_against_the_scenario_and_every_plan_is_certified(copy, tables, table):
    config = published(copy)
    base, low = (
        store.stored(copy, tables, case_of(config, changes)).plan
        for changes in ({}, {BUDGET: 250_000})
    )
    row = table.iloc[0]
    assert row["l2"] == pytest.approx(100 * (low.coverage.l2.after - base.coverage.l2.after))
    assert row["l3"] < -1
    assert row["net_cad"] == pytest.approx(low.cost.net_cad - base.cost.net_cad)
    assert row["net_cad"] < -1_000_000
    assert (table["violations"] == 0).all()


def test_what_no_row_of_the_model_reads_changes_nothing(table):
    rest = table[table["key"] == "power.power_factor"]
    assert len(rest) == 2
    assert (rest[["l2", "l3", "ev_owners", "net_cad"]] == 0).all(axis=None)


def test_a_row_that_was_changed_is_not_believed(copy, table):
    path = path_of(copy, "swings")
    sound = path.read_text()
    path.write_text(sound.replace(",0.", ",0.1", 1))
    with pytest.raises(KwevError, match="damaged"):
        one_at_a_time(copy, TWO)
    run(copy, swing_points(copy, TWO))
    assert path.read_text() == sound
    assert one_at_a_time(copy, TWO).equals(table)


def test_all_are_swung_on_the_cells_and_the_unchanged_point_is_the_published_plan(copy):
    unchanged, *rest = swing_points(copy, TWO)
    assert unchanged.case == Case("recommended", published(copy), "cell")
    assert [point.name for point in rest] == [f"{BUDGET}.low", f"{FACTOR}.low", f"{FACTOR}.high"]
    for point in rest:
        assert point.case.geography == "cell"
        assert point.case.config.solver.mip_gap == GAP


def test_words_say_what_moves_most_and_which_way(table):
    budget = table[table["key"] == "budget.limit_cad"]
    largest = budget[["l2", "l3", "ev_owners"]].abs().to_numpy().max()
    words = hangs(budget)
    assert words.endswith(f": \N{MINUS SIGN}{largest:.1f} points at 250,000")
    nothing = table[table["key"] == "power.power_factor"]
    assert hangs(nothing) == f"nothing by {SMALL_POINTS:g} points"
    assert hangs(table.iloc[:0]) == "not varied"


def test_every_range_holds_the_published_value_and_a_wrong_key_is_refused(project):
    config = published(project)
    for known in ranges(project):
        for key in known.low:
            ends = [known.low[key], value_at(config, key), known.high[key]]
            if isinstance(ends[0], str):  # a choice has no order, but its ends must be choices
                assert len(set(ends)) == 3, key
                for end in ends:
                    config.with_values(**{key.replace(".", "__"): end})
            else:
                assert ends == sorted(ends), key
    with pytest.raises(KwevError, match=r"unknown key 'budget\.limit'"):
        value_at(config, "budget.limit")


@pytest.mark.slow
def test_the_ledger_has_a_word_for_every_assumption():
    report = load_report()
    table = assumptions(report)
    varied = {key for known in ranges(report.project) for key in known.low}
    still = table["hangs"].isin(["not varied", NOT_IN_MODEL])
    assert set(table.loc[~still, "key"]) == varied
    assert table["net_cad"].notna().sum() == len(varied)
    # the site score ranks candidates for a reader: no plan hangs on it
    beside = set(table.loc[table["hangs"] == NOT_IN_MODEL, "key"])
    read_only = {key for key in beside if key.startswith(("scores.site.", "scores.adjust."))}
    assert read_only
    # when a plan is built and what it earns are worked out from it
    after = {key for key in beside if key.startswith(("finance.", "phasing."))}
    assert after
    # the Region-wide share of public energy stands where homes are not told apart
    unread = {"demand.local", "demand.public_share"}
    left = beside - read_only - after - unread
    assert unread <= beside
    assert left - {"scores.charger_reach_m", "scores.access_reach_m"} == {FACTOR}


def test_a_group_moves_together(tmp_path, project):
    """Assumptions with one ``group`` are set to their low ends at once, and to their high ends."""
    (tmp_path / "config").symlink_to(project.root / "config")
    entries = [
        {"group": "costs.l3", "key": key, "low": 10_000, "high": 200_000}
        for key in ("costs.l3_station_cad", "costs.l3_port_cad")
    ]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "assumptions.json").write_text(json.dumps(entries))
    (group,) = ranges(Project(tmp_path))
    assert group.key == "costs.l3"
    low, high = swings(Project(tmp_path), [group])
    assert low.value is None
    for swing, cad in ((low, 10_000), (high, 200_000)):
        costs = swing.case.config.costs
        assert costs.l3_station_cad == costs.l3_port_cad == cad


def test_plans_solved_ahead_are_the_ones_solved_alone(tmp_path, copy, tables, base_case):
    """Two processes fill another store with the same bytes."""
    ahead = checkout(tmp_path / "ahead", copy)
    small = base_case.config.with_values(budget__limit_cad=250_000)
    cases = [Case("base", config, "tract") for config in (base_case.config, small)]
    for case in cases:
        store.stored(copy, tables, case)
    told = []
    twice = [*cases, cases[0]]
    solved = store.solve_ahead(ahead, tables, twice, progress=lambda: told.append(1))
    assert set(solved) == {store.folder_of(ahead, tables, case) for case in cases}
    assert len(told) == 3
    for case in cases:
        mine, theirs = (store.folder_of(p, tables, case) for p in (ahead, copy))
        assert (mine / "plan.json").read_bytes() == (theirs / "plan.json").read_bytes()
    assert store.solve_ahead(ahead, tables, cases) == {}


def test_a_cleared_store_ends_with_the_same_numbers(copy):
    """What FRESH=1 does: forget every plan, solve again, and print the same."""

    def printed():
        report = Report(copy, "base", "tract")
        found = plan.of_plan(report) | phases.of_phases(report)
        assert set(report.entry.account["solves"]) <= set(SOLVES)
        return {number.name: (number.value, str(number)) for number in found}

    before = printed()
    with renewing(copy.store, fresh=True, keep=False):
        assert not copy.store.exists()
        assert printed() == before
