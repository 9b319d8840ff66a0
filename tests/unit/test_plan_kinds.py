"""Tables and words of a plan that takes every kind of action add up to the plan."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest
from planted import settle
from toy import base_config, toy

from kwev.config import Case
from kwev.display import style
from kwev.model.formulation import touched
from kwev.model.inputs import build_inputs
from kwev.report import phases, plan_charts
from kwev.report import plan as plans
from kwev.report.reasons import swaps_in_words
from kwev.vocabulary import ALWAYS_SHOWN, KIND_NAMES, ActionKindKey


@pytest.fixture(scope="module")
def plan():
    """Return a plan of five kinds: two actions at s000, a removal, and two new stations."""
    stations = [
        {"x": 0, "y": 0, "l2_ports": 3, "l3_ports": 0, "grid_kw": 738.4},
        {"x": 20_000, "y": 0, "l2_ports": 0, "l3_ports": 2, "grid_kw": 1_050},
        {"x": 40_000, "y": 0, "l2_ports": 2, "l3_ports": 0, "grid_kw": 100},
    ]
    sites = [(60_000, 0, "library"), (80_000, 0, "shopping_mall")]
    points = [(0, 0, 100, 4_000), (20_000, 0, 50, 1), (60_000, 0, 9, 1), (80_000, 0, 9, 1)]
    config = base_config(
        demand__enforce=True,
        demand__utilisation=0.05,
        ports__retained_l2=1,
        ports__max_new_l3=2,
        siting__removal__stations="all",
        siting__removal__usage={"s002": 0.0},
        siting__removal__below_usage=0.01,
        ports__max_new_l2=1,
    )
    return settle(toy(points, stations, sites), Case("toy", config, "da")).plan


def test_the_plan_takes_what_it_is_meant_to(plan):
    kinds = {action.kind for action in plan.actions}
    assert {"upgrade", "new_l2", "new_l3", "add_l2", "add_l3"} <= kinds


def with_removal(plan):
    """Return the plan with the station s002 removed too: it need not be a good one."""
    template = plan.actions[0].model_dump()
    removed = {
        "kind": "remove", "id": "remove_s002", "place_id": "s002", "l2_ports_before": 2,
        "l2_ports_after": 0, "l3_ports_before": 0, "l3_ports_after": 0, "kw_after": 0.0,
        "purchase_cad": 0.0, "resale_cad": 15_000.0, "net_cad": -15_000.0,
        "operating_cad_per_year": -1_500.0,
    }  # fmt: skip
    action = type(plan.actions[0]).model_validate({**template, **removed})
    others = [a for a in plan.actions if a.kind != "remove"]
    return plan.model_copy(update={"actions": [*others, action]})


def test_tables_by_kind_add_up(plan):
    made = with_removal(plan)
    table = plans.actions_by_kind(made)
    assert list(table["kind"]) == list(KIND_NAMES.values())
    assert table["stations"].sum() == len(made.actions)
    assert table["net_cad"].sum() == pytest.approx(sum(a.net_cad for a in made.actions))
    assert table["ports_added"].sum() == sum(a.ports_added for a in made.actions)
    # two sold at the conversion, two with the removed station
    assert table["l2_ports_removed"].sum() == 2 + 2
    bought = plans.cost_breakdown(made)
    assert bought["cad"].sum() == pytest.approx(sum(a.net_cad for a in made.actions))
    assert KIND_NAMES["remove"] not in set(bought["item"])
    by_place = plans.actions_by_municipality(made)
    assert by_place[list(KIND_NAMES)].to_numpy().sum() == len(made.actions)


def test_new_stations_by_their_ports_add_up(plan):
    table = plans.ports_at_new_stations(plan)
    new = [action for action in plan.actions if action.kind in ("new_l2", "new_l3")]
    assert table["stations"].sum() == len(new)
    ports = (table["stations"] * table["ports_each"]).sum()
    assert ports == sum(action.ports_added for action in new)


def test_phases_add_up_and_name_what_they_hold(plan):
    made = with_removal(plan)
    table = phases.phases(made)
    assert table["actions"].sum() == len(made.actions)
    assert table["ports"].sum() == sum(a.ports_added for a in made.actions)
    assert table["cost_cad"].sum() == pytest.approx(sum(a.net_cad for a in made.actions))
    assert list(table["name"]) == [
        "Level 2 to Level 3 conversions",
        "New Level 3 stations and added ports",
        "New Level 2 stations, added ports and removals",
    ]


def test_words_tell_the_other_kinds_only_where_there_are_some(plan):
    assert plans.actions_in_words(with_removal(plan)).endswith("and 1 removed station")
    few = plan.model_copy(update={"actions": [a for a in plan.actions if a.kind == "new_l2"]})
    assert "ports" not in plans.actions_in_words(few)
    assert plans.kinds_of(few) == list(ALWAYS_SHOWN)


def test_every_kind_has_a_name_a_colour_a_pattern_and_a_phase():
    kinds = set(ActionKindKey.__args__)
    assert kinds == set(KIND_NAMES) == set(style.ACTIONS) == set(style.ACTION_NAMES)
    assert set(plan_charts._PATTERNS) == kinds - {"new_l2", "new_l3"}
    assert kinds == {k for phase in phases.PHASES for k in (phase.kind, *phase.also)}


def test_a_chart_shows_the_other_kinds_only_where_there_are_some():
    counts = pd.DataFrame({"upgrade": [0], "new_l3": [0], "new_l2": [1], "remove": [0]})
    assert plans.kinds_built(counts) == list(ALWAYS_SHOWN)
    assert "remove" in plans.kinds_built(counts.assign(remove=2))


def test_columns_that_an_alternative_hangs_on_are_named():
    tables = toy(
        [(0, 0, 100, 1)],
        [(0, 0, 2, 0), (400, 0, 2, 0), (9_000, 0, 2, 0)],
        [(300, 0, "library"), (5_000, 0, "library")],
    )
    config = base_config(siting__removal__stations="all", siting__removal__alternative_m=450.0)
    inputs = build_inputs(tables, config, "da")
    columns = inputs.columns
    ids = {f"{k}_{p}" for k, p in zip(columns.kind, columns.place_id, strict=True)}
    found = touched(inputs, config)
    named = {f"{columns.kind[i]}_{columns.place_id[i]}" for i in np.flatnonzero(found)}
    # the near site offers L2 to both twins; a conversion ends L2 at one as a removal does
    assert named == {
        "new_l2_q000", "upgrade_s000", "upgrade_s001", "remove_s000", "remove_s001", "remove_s002",
    }  # fmt: skip
    assert named < ids
    free = config.with_values(siting__removal__alternative_m=None)
    assert not touched(dataclasses.replace(inputs), free).any()


def test_swaps_are_told_in_a_sentence():
    none = swaps_in_words(0, 12)
    assert none == "No such swap would bring more people on the cells within reach."
    assert swaps_in_words(1, 12).startswith("In one case of 12 ")
    assert swaps_in_words(3, 1200).startswith("In 3 cases of 1,200 ")
