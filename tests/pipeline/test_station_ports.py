"""Low, base and high port counts: each rule on rows whose answer is worked out by hand."""

from __future__ import annotations

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kwev.data.columns import choices
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.stations import place_ports, reading

PARAMETERS = Parameters()


def row(source="ocm", l2=0, l3=0, **facts):
    plain = {
        "source": source, "l2_ports": l2, "l3_ports": l3, "unknown_ports": 0, "unstated": False,
        "tesla": False, "operator": "FLO", "stem": "", "name": "A", "repeat": False,
    }  # fmt: skip
    return plain | facts


def ports(*rows):
    found = place_ports(pd.DataFrame(list(rows)), PARAMETERS)
    return tuple(found.l2), tuple(found.l3), found.basis


@pytest.mark.parametrize(
    ("given_row", "l2", "l3"),
    [
        (row("nrcan", l2=1, l3=2), (1, 1), (2, 2)),
        (row(l2=3), (3, 3), (0, 0)),
        (row(l2=1), (1, 4), (0, 0)),  # a missing quantity had become 1
        (row(l2=2, unstated=True), (1, 4), (0, 0)),  # no quantity at all
        (row(l3=4), (0, 3), (1, 4)),  # plugs, of which all but one may be Level 2
        (row(l3=1), (0, 0), (1, 4)),
        (row(l3=8, tesla=True), (0, 0), (8, 8)),  # one kind of plug
        (row(unknown_ports=3), (0, 3), (0, 3)),
        (row(unknown_ports=1), (0, 4), (0, 4)),
    ],
)
def test_what_a_row_can_mean(given_row, l2, l3):
    assert reading(given_row, PARAMETERS) == {"l2": l2, "l3": l3}


def test_equal_counts_leave_no_range():
    assert ports(row("nrcan", l2=2), row(l2=2)) == ((2, 2, 2), (0, 0, 0), "one_count")


def test_the_newer_count_stands_and_the_range_reaches_to_the_older_one():
    assert ports(row("nrcan", l2=2), row(l2=5)) == ((2, 2, 5), (0, 0, 0), "lists_differ")
    assert ports(row("nrcan", l2=5), row(l2=2)) == ((2, 5, 5), (0, 0, 0), "lists_differ")


def test_a_reading_that_agrees_widens_nothing():
    # eight plugs may well be four chargers with two plugs each; one plug may be two ports
    assert ports(row("nrcan", l3=4), row(l3=8)) == ((0, 0, 0), (4, 4, 4), "one_count")
    assert ports(row("nrcan", l2=2), row(l2=1)) == ((2, 2, 2), (0, 0, 0), "one_count")


def test_silence_on_a_level_is_no_zero():
    assert ports(row("nrcan", l2=2, l3=1), row(l2=2))[1] == (1, 1, 1)


def test_different_operators_may_have_different_equipment():
    found = ports(row("nrcan", l2=2, operator="FLO"), row(l2=4, operator="ChargePoint"))
    assert found == ((2, 2, 6), (0, 0, 0), "operators_differ")
    # an unknown operator is not another one
    assert ports(row("nrcan", l2=2, operator=""), row(l2=4))[0] == (2, 2, 4)


def test_units_of_one_name_add_up_and_other_rows_may_repeat_them():
    one, two = (row("nrcan", l2=2, stem="garage", name=f"GARAGE {i}") for i in (1, 2))
    other = row("nrcan", l2=3, name="Lot")
    assert ports(one, two, other) == ((4, 7, 7), (0, 0, 0), "one_list_several_rows")


def test_an_exact_repeat_counts_only_in_high():
    found = ports(row("nrcan", l2=1), row("nrcan", l2=1, repeat=True))
    assert found == ((1, 1, 2), (0, 0, 0), "one_list_several_rows")
    assert ports(row(l2=2), row(l2=2, operator=""), row(l2=2))[0] == (2, 2, 6)


def test_one_list_with_an_unclear_level():
    assert ports(row(l3=3)) == ((0, 0, 2), (1, 3, 3), "quantity_or_level_unclear")


@st.composite
def places(draw):
    rows = st.builds(
        row,
        source=st.sampled_from(["ocm", "nrcan"]),
        l2=st.integers(0, 9),
        l3=st.integers(0, 9),
        unknown_ports=st.integers(0, 3),
        unstated=st.booleans(),
        tesla=st.booleans(),
        operator=st.sampled_from(["", "FLO", "ChargePoint", "Non-networked"]),
        stem=st.sampled_from(["", "garage"]),
        name=st.sampled_from(["A", "B"]),
        repeat=st.booleans(),
    )
    return draw(st.lists(rows, min_size=1, max_size=5))


@given(places())
def test_low_base_high_are_in_order_whatever_the_rows(rows):
    # of rows that repeat each other, the first is the one that does not
    rows[0] = rows[0] | {"repeat": False}
    l2, l3, basis = ports(*rows)
    for low, base, high in (l2, l3):
        assert 0 <= low <= base <= high
        assert (low == 0) == (base == 0)
    assert basis in choices("stations", "ports_basis")
    assert (basis == "one_count") == (l2[0] == l2[2] and l3[0] == l3[2])
