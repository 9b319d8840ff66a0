"""The mathematics on the page is the model's: every row has its formula, every symbol its use."""

from __future__ import annotations

import importlib

import pytest
from planted import village

from kwev.errors import KwevError
from kwev.model import formulation, notation
from kwev.model.formulation import CONSTRAINTS, build_model
from kwev.model.inputs import build_inputs

ROWS = {constraint.row for constraint in CONSTRAINTS}
EQUATIONS = (*formulation.OBJECTIVES, *formulation.ROWS)


def model_rows(tables, config, geography):
    model = build_model(build_inputs(tables, config, geography), config)
    return {*model.constraints, *(f"target_{name}" for name in model.target_rows)}


@pytest.fixture(scope="module")
def everything_on(base_case):
    rules = {
        "site_budget_cad": 1e6,
        "municipality": {"l2": 0.5, "l3": 0.5},
        "quintile": {"l2": 0.5, "l3": 0.5},
        "groups": {
            kind: {"l2": 0.5, "l3": 0.5} for kind in ("renters", "multi_unit", "low_income")
        },
        "redundancy": {"stations": 2, "l2": 0.5, "l3": 0.5},
        "area_power": {"proxy_factor": 1.0, "cap_kw": None},
        "l3_spacing_m": 500.0,
        "l3_gap_m": 5_000.0,
        "stations_per_area": 9,
        "overlap": 0.5,
        "ports": {"l2_total": 900, "l3_total": 90, "per_place": 9},
        "total_kw": 9e5,
    }
    return base_case.config.with_values(
        targets__ev_owners__enforce=True,
        demand__enforce=True,
        demand__local=0.5,
        weights__idle_points_per_point=0.01,
        siting__removal__stations="all",
        siting__removal__alternative_m=1_000.0,
        rules=rules,
    )


def test_every_row_of_the_model_has_one_constraint_and_every_constraint_a_row(
    tables, everything_on
):
    assert len(ROWS) == len(CONSTRAINTS)
    assert model_rows(tables, everything_on, "tract") == ROWS


def test_the_base_plans_rows_are_among_them(tables, base_case):
    assert model_rows(tables, base_case.config, "tract") < ROWS


def test_every_constraint_stands_in_one_equation():
    assert [one.row for _, one in formulation.constraints()] != []
    assert sorted(one.row for _, one in formulation.constraints()) == sorted(ROWS)


def test_symbols_are_described_once_and_used():
    names = [symbol.name for symbol in notation.SYMBOLS]
    written = [symbol.latex for symbol in notation.SYMBOLS]
    assert len(set(names)) == len(names)
    assert len(set(written)) == len(written)
    used = {
        symbol
        for name in EQUATIONS
        for formula in formulation.formulas(name)
        for symbol in notation.named(formula.latex + formula.domain)
    }
    assert used == set(names)


def test_indices_run_over_described_sets():
    sets = {symbol.name for symbol in notation.SETS}
    for symbol in notation.SYMBOLS:
        assert set(symbol.over.split()) <= sets, symbol.name


INDEX = {
    "points": "j",
    "actions": "k",
    "levels": r"\ell",
    "places": "i",
    "municipalities": "m",
    "areas": "a",
    "groups": "g",
    "elastic": "r",
}


@pytest.mark.parametrize("symbol", notation.SYMBOLS, ids=lambda symbol: symbol.name)
def test_a_symbol_carries_the_indices_of_its_sets(symbol):
    for name in symbol.over.split():
        assert INDEX[name] in symbol.latex


@pytest.mark.parametrize("symbol", notation.SYMBOLS, ids=lambda symbol: symbol.name)
def test_a_symbol_names_what_holds_it_in_the_package(symbol):
    module, owner, attribute = symbol.code.rsplit(".", 2)
    found = getattr(importlib.import_module(f"kwev.{module}"), owner)
    fields = getattr(found, "model_fields", None) or found.__dataclass_fields__
    assert attribute in fields


def test_an_undefined_symbol_is_refused():
    with pytest.raises(KwevError, match="no symbol 'nothing'"):
        notation.written("<nothing> + <build>")


def test_an_unknown_equation_is_refused():
    with pytest.raises(KwevError, match="no equation 'rule'"):
        formulation.equation("rule")


@pytest.mark.parametrize("name", EQUATIONS)
def test_an_equation_is_one_line_without_a_name_left_in_it(name):
    text = str(formulation.equation(name))
    assert "\n" not in text
    assert "<" not in text
    assert text.count("{") == text.count("}")


def test_the_table_has_a_row_for_each_symbol():
    rows = str(notation.table()).splitlines()[2:]
    assert len(rows) == len(notation.SYMBOLS)
    assert all(row.count("|") == 4 for row in rows)


def test_a_village_is_modelled_with_the_same_rows():
    town = village()
    assert model_rows(town.tables, town.case.config, town.case.geography) <= ROWS
