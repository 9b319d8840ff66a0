"""What the book prints is what the model does: formulas against rows, on small regions.

Each formula is evaluated as it is printed, and so are the rows of the same constraint, at the same
decisions, those that keep it and those that do not. And each symbol counts: with a zero in its
place formula and rows disagree somewhere.
"""

from __future__ import annotations

import functools

import numpy as np
import pytest
from formulas import Instance, Parser
from properties.test_rules import region
from toy import base_config

from kwev.model.formulation import CONSTRAINTS
from kwev.model.inputs import build_inputs
from kwev.model.notation import named

SEEDS = range(12)
DRAWS = 12
EVERYTHING = {
    "budget__limit_cad": 300_000,
    "demand__enforce": True,
    "targets__ev_owners__enforce": True,
    "weights__idle_points_per_point": 0.01,
    "ports__add_l2": True,
    "ports__add_l3": True,
    "siting__removal__stations": "all",
    "siting__removal__alternative_m": 3_000.0,
    "rules__site_budget_cad": 150_000,
    "rules__ports__per_place": 3,
    "rules__ports__l2_total": 2,
    "rules__ports__l3_total": 3,
    "rules__total_kw": 900.0,
    "rules__l3_spacing_m": 1_000.0,
    "rules__l3_gap_m": 1_000.0,
    "rules__stations_per_area": 2,
    "rules__area_power__cap_kw": 800.0,
    "rules__overlap": 0.3,
    "rules__redundancy__stations": 2,
    "rules__redundancy__l2": 0.6,
    "rules__redundancy__l3": 0.5,
    "demand__local": 0.8,
    "demand__home_access": {"house": 0.1, "row_or_duplex": 0.3, "apartment": 0.6},
    **{f"rules__{name}__{level}": 0.6 for name in ("municipality", "quintile")
       for level in ("l2", "l3")},
    **{f"rules__groups__{name}__{level}": 0.7 for name in ("renters", "multi_unit", "low_income")
       for level in ("l2", "l3")},
}  # fmt: skip
VARIANTS = (
    {},
    {"ports__retained_l2": 1, "rules__area_power__proxy_factor": 0.9},
    {"coverage__l3_counts_for_l2": True, "rules__redundancy__stations": 3},
)


@functools.cache
def regions():
    """Return the inputs of small regions with every constraint on, and their scenarios."""
    found = []
    for seed in SEEDS:
        config = base_config(**{**EVERYTHING, **VARIANTS[seed % len(VARIANTS)]})
        tables = region(seed)
        inputs = build_inputs(tables, config, "da")
        # else nobody lives where the sites are
        if set(inputs.columns.municipality) <= set(inputs.energy.municipality):
            found.append((inputs, config, tables))
    return found


@functools.cache
def drawn(row):
    """Return an instance of a constraint in every region where it has rows."""
    constraint = next(one for one in CONSTRAINTS if one.row == row)
    found = [Instance(inputs, config, constraint, tables) for inputs, config, tables in regions()]
    return [one for one in found if one.rows]


def draws(row):
    for one in drawn(row):
        for seed in range(DRAWS):
            one.draw(np.random.default_rng(seed), legal=seed % 2 == 0)
            yield one


ROWS = [constraint.row for constraint in CONSTRAINTS]


@pytest.mark.parametrize("row", ROWS)
def test_formula_and_rows_say_the_same_of_any_decisions(row):
    kept = [0, 0]
    for one in draws(row):
        for number in range(len(one.constraint.formulas)):
            assert one.agrees(number), (one.reading(number), one.said(number))
        kept[one.holds(0)] += 1
    # of decisions that keep the constraint and of some that break it
    assert min(kept) >= 3


@pytest.mark.parametrize(
    ("row", "number", "symbol"),
    [
        (one.row, number, symbol)
        for one in {type(one): one for one in CONSTRAINTS}.values()
        for number, formula in enumerate(one.formulas)
        for symbol in sorted(named(formula.latex) - {"levels"})
        if f"\\in <{symbol}>" not in formula.latex
    ],
)
def test_every_symbol_counts(row, number, symbol):
    for one in draws(row):
        latex = one.constraint.formulas[number].latex.replace(f"<{symbol}>", "0")
        if not one.agrees(number, latex):
            return
    pytest.fail(f"with 0 for <{symbol}> the formula says the same")


def test_a_formula_is_read_as_it_is_written():
    meaning = {
        "a": lambda e: [1.0, 2.0, 3.0][e["k"]],
        "b": lambda _: 4.0,
        "all": lambda _: range(3),
        "some": lambda _: (),
    }

    def value(template):
        return Parser(template, meaning, {}).violations()

    assert value(r"\sum_{k \in <all>} <a> &\le <b>") == [2.0]
    assert value(r"<b> + 2 <b> \ge \max (0, 1 - <b>)") == [-12.0]
    assert value(r"\sum_{k \in <all>} <a> / \sum_{k \in <all>} <a> + 1 \le 1") == [1.0]
    assert value(r"\sum_{k \in <some>} (<a> - 1) \le 1") == [-1.0]
    assert value(r"1 \le <b> \le 3") == [-3.0, 1.0]
    with pytest.raises(AssertionError, match="not understood"):
        value(r"\prod <a> \le 1")
