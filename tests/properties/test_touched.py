"""What rules declare of column dominance: every dominated column that none touches may go.

The dominated columns are found and taken out here by the settled condition alone: the dominator
covers at least the same points at the same level, costs no more, has as much room for as many
ports, serves the same municipality, and has no column at another level.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import pytest
from properties import test_rules
from toy import base_config, toy

from kwev.config import Case
from kwev.model.coverage import Reach, cover_rows
from kwev.model.formulation import touched
from kwev.model.inputs import build_inputs
from kwev.model.rules import RULES
from kwev.solve import stages

SEEDS = range(25)


EVERYWHERE = ("ports__per_place", "area_power__cap_kw", "area_power__proxy_factor")
"""Rules that touch every column."""


def scenario(seed):
    """Return the base scenario with some rules on, in three of four without those of EVERYWHERE."""
    changes = test_rules.scenario(seed)
    off = {f"rules__{key}": None for key in EVERYWHERE} | {"demand__local": None}
    return changes if seed % 4 == 0 else changes | off


def crowded(seed):
    """Return a region whose sites stand in clusters, libraries and malls, so that some dominate."""
    rng = np.random.default_rng(70_000 + seed)
    centres = rng.integers(0, 3, (4, 2)) * 900
    points = [
        (*(centres[i % 4] + rng.integers(-300, 300, 2)), int(rng.integers(1, 90)), 1)
        for i in range(10)
    ]
    kinds = ("library", "library", "shopping_mall")
    sites = [
        {
            "x": int(x),
            "y": int(y),
            "category": kinds[i % 3],
            "area_id": str(rng.choice(["east", "west"])),
        }
        for i in range(9)
        for x, y in [centres[i % 4] + rng.integers(-450, 450, 2)]
    ]
    stations = [
        {"x": int(centres[0][0]), "y": int(centres[0][1]), "l2_ports": 2, "l3_ports": 0,
         "area_id": "east"},
    ]  # fmt: skip
    quintiles = [int(q) for q in rng.integers(1, 4, len(points))]
    areas = {"east": float(rng.choice([700, 1_500])), "west": 2_000.0}
    return toy(points, stations, sites, quintiles=quintiles, areas=areas)


def without(inputs, keep):
    """Return the inputs with some of their columns."""
    at = np.flatnonzero(keep)
    columns = replace(
        inputs.columns,
        **{f.name: getattr(inputs.columns, f.name)[at] for f in fields(inputs.columns)},
    )
    columns = replace(columns, place=np.unique(columns.place_id, return_inverse=True)[1])
    reach = {
        level: Reach(part.change[:, at], part.fixed, part.losable)
        for level, part in inputs.reach.items()
    }
    rows = {level: cover_rows(part, inputs.points) for level, part in reach.items()}
    return replace(inputs, columns=columns, reach=reach, rows=rows)


def dominated(inputs):
    """Return which columns another one dominates, so that one of equals always stays."""
    c, n = inputs.columns, len(inputs.columns)
    single = np.bincount(c.place)[c.place] == 1
    cover = {level: part.change.toarray() for level, part in inputs.reach.items()}
    gone = np.zeros(n, bool)
    for a in range(n):
        for b in range(n):
            if a == b or gone[b] or c.kind[a] != c.kind[b] or c.kind[a] == "upgrade":
                continue
            better = (
                single[b]
                and all((cover[level][:, b] >= cover[level][:, a]).all() for level in cover)
                and c.fixed_cad[b] <= c.fixed_cad[a]
                and c.capacity_kw[b] >= c.capacity_kw[a]
                and c.max_ports[b] >= c.max_ports[a]
                and c.municipality[b] == c.municipality[a]
            )
            if better:
                gone[a] = True
                break
    return gone


def optimum(monkeypatch, tables, case, inputs):
    monkeypatch.setattr(stages, "build_inputs", lambda *_: inputs)
    plan = stages.solve_scenario(tables, case).plan
    return plan.shortfall.total_points, plan.quality.objective


@pytest.mark.parametrize("seed", SEEDS)
def test_untouched_dominated_columns_may_go(monkeypatch, seed):
    tables, case = crowded(seed), Case("toy", base_config(**scenario(seed)), "da")
    inputs = build_inputs(tables, case.config, "da")
    gone = dominated(inputs) & ~touched(inputs, case.config)
    before = optimum(monkeypatch, tables, case, inputs)
    after = optimum(monkeypatch, tables, case, without(inputs, ~gone))
    assert after[0] == pytest.approx(before[0], abs=1e-3)
    # a shortfall that is held to 1e-6 may leave as much in the objective
    assert after[1] == pytest.approx(before[1], rel=1e-4)


def test_columns_go_and_some_are_kept_for_a_rule():
    went = kept = 0
    for seed in SEEDS:
        config = base_config(**scenario(seed))
        inputs = build_inputs(crowded(seed), config, "da")
        worse, mask = dominated(inputs), touched(inputs, config)
        went += int((worse & ~mask).sum())
        kept += int((worse & mask).sum())
    assert went >= 15
    assert kept >= 15


def test_the_declaration_has_one_entry_a_column_and_is_empty_without_rules():
    inputs = build_inputs(crowded(0), base_config(), "da")
    assert not touched(inputs, base_config()).any()
    on = base_config(**{**scenario(1), "rules__redundancy__l3": 0.5})
    inputs = build_inputs(crowded(0), on, "da")
    for rule in RULES:
        mask = rule.touched(inputs, on)
        assert mask.shape == (len(inputs.columns),)
        assert mask.dtype == bool


@pytest.mark.parametrize(
    "rule", [{"rules__redundancy__l2": 0.9}, {"rules__stations_per_area": 1}], ids=str
)
def test_taking_touched_columns_out_would_change_the_optimum(monkeypatch, rule):
    """The declaration is needed: somewhere the optimum moves when what is touched goes as well."""

    def moves(seed):
        given = {"targets__l3": 0.0, "budget__limit_cad": 10_000_000}
        tables, case = crowded(seed), Case("toy", base_config(**given, **rule), "da")
        inputs = build_inputs(tables, case.config, "da")
        before = optimum(monkeypatch, tables, case, inputs)
        after = optimum(monkeypatch, tables, case, without(inputs, ~dominated(inputs)))
        return after[0] > before[0] + 1e-3 or after[1] < before[1] * (1 - 1e-4)

    assert any(moves(seed) for seed in range(12))


def test_a_dominator_may_overlap_where_the_dominated_does_not(monkeypatch):
    # both libraries reach the 100 people in the middle; the one to the east reaches 60 more, who
    # have a station already: 60 of its 160 overlap
    tables = toy(
        [(0, 0, 100, 1), (600, 0, 60, 1)],
        stations=[(1_000, 0, 2, 0)],
        sites=[(-400, 0, "library"), (300, 0, "library")],
    )
    given = {"targets__l3": 0.0, "weights__l3": 0.0, "rules__overlap": 0.2}
    case = Case("toy", base_config(**given), "da")
    inputs = build_inputs(tables, case.config, "da")
    worse = dominated(inputs)
    assert worse.any()
    assert touched(inputs, case.config)[worse].all()
    short, _ = optimum(monkeypatch, tables, case, inputs)
    assert short == pytest.approx(0.0)
    short, _ = optimum(monkeypatch, tables, case, without(inputs, ~worse))
    assert short == pytest.approx(100 * (0.95 - 60 / 160))
