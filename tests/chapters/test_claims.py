"""The client's claims: each judged by its rule, none with a computed figure typed in."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from kwev.errors import KwevError
from kwev.files import read_json
from kwev.report import numbers


@pytest.fixture(scope="module")
def entries(project):
    return read_json(project.root / "data" / "claims.json")


@pytest.fixture(scope="module")
def table(recommended):
    return numbers.claims(recommended).set_index("claim")


@pytest.mark.parametrize(
    ("ratio", "tolerance", "words"),
    [
        (1.0, 0, "agrees"),
        (1.004, 0.005, "agrees"),
        (0.96, 0.005, "close, but lower"),
        (1.04, 0, "close, but higher"),
        (1.47, 0.02, "not supported: the computed figure is 1.47 times the stated one"),
    ],
)
def test_a_ratio_has_a_verdict_in_words(ratio, tolerance, words):
    assert numbers.compare(ratio, tolerance) == words


def test_a_range_of_postal_areas_leaves_out_the_letters_that_canada_does_not_use():
    assert numbers.postal_areas(["N2A-N2H", "N0B"]) == [
        "N2A", "N2B", "N2C", "N2E", "N2G", "N2H", "N0B",
    ]  # fmt: skip


def sweep(*rows):
    return pd.DataFrame(rows, columns=["budget_cad", "net_cad", "shortfall_points"])


def test_more_money_helps_only_where_another_solve_shows_it():
    helps = sweep((4e6, 3.9e6, 8.7), (5e6, 4.9e6, 5.9))
    computed, verdict = numbers.money_helps(helps, 4e6)
    assert computed.endswith("with $5,000,000 the shortfall goes from 8.7 to 5.9 points")
    assert verdict == "holds: another solve shows it"
    idle = sweep((4e6, 4e6, 5.9), (5e6, 4e6, 5.9))
    assert numbers.money_helps(idle, 4e6)[1].startswith("not supported")
    assert numbers.money_helps(helps, 5e6)[1].startswith("not shown")


def test_every_claim_has_a_source_and_a_verdict(table, entries):
    assert len(table) == len(entries)
    assert (table[["section", "stated", "computed", "source", "verdict"]] != "").all(axis=None)
    assert table.index.is_unique


def test_the_postal_areas_are_those_of_the_data_and_one_stands_twice(table):
    row = table.loc["Postal areas of the Region"]
    assert row["stated"] == "26 codes, 25 of them distinct"
    assert row["verdict"] == "the same areas; listed twice: N2M"


def test_only_what_the_client_states_is_typed(entries):
    """Texts hold no figure but names of codes: computed ones come in braces, stated as values."""
    for entry in entries:
        for key in ("shown", "why", "verdict"):
            text = re.sub(r"\{\w+\}|Level [23]|Section \d+", "", entry.get(key, ""))
            assert not re.search(r"\d", text), (entry["claim"], key)


def changed(entries, entry):
    """Return the claims with the given one in place of the one of its name."""
    return [other if other["claim"] != entry["claim"] else entry for other in entries]


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ({"rule": "guess"}, "names 'guess'"),
        ({"number": "peopel"}, "names 'peopel'"),
        ({"shown": "{peopel}"}, "names 'peopel'"),
    ],
)
def test_a_claim_that_names_nothing_is_refused(recommended, entries, fault, message):
    with pytest.raises(KwevError, match=message):
        numbers.claims(recommended, changed(entries, {**entries[0], **fault}))


def test_a_planning_choice_that_differs_is_told(recommended, entries):
    (own,) = (entry for entry in entries if entry["claim"] == "Budget of the base case")
    table = numbers.claims(recommended, changed(entries, {**own, "value": 5})).set_index("claim")
    assert table.loc[own["claim"], "verdict"] == "not taken over"
