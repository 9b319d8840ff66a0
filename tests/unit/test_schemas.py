"""Every column of every processed table says what it holds, and in which unit."""

from __future__ import annotations

import pandas as pd
import pytest

from kwev.data.columns import about_of, integer, processed, real, table_of, text, unit_of
from kwev.data.schemas import PROCESSED
from kwev.units import COLUMN_SUFFIXES, COLUMN_UNITS

SAID_BY_NAME = {"m", "km", "km²", "km/h", "kW", "kWh", "CAD"}
"""Units that a name must state, so that no one multiplies metres by kilometres."""


def faults(schema):
    """Return what is wrong with the words of a schema, a line each."""
    found = [] if about_of(schema) else ["the table is not described"]
    for name, column in schema.columns.items():
        about, unit = about_of(column), unit_of(column)
        is_number = str(column.dtype) in {"float64", "int64"}
        said = stated(name)
        if not about.endswith(".") or "\n" in about:
            found.append(f"{name}: no line about it that ends with a full stop")
        if unit not in COLUMN_UNITS:
            found.append(f"{name}: unit {unit!r} is not registered in kwev.units")
        if is_number != bool(unit):
            found.append(f"{name}: a number has a unit, text and true/false have none")
        if said and unit != said and not (said.startswith("/") and unit.endswith(said)):
            found.append(f"{name}: the name says {said}, the unit {unit!r}")
        if unit in SAID_BY_NAME and unit != said:
            found.append(f"{name}: the name does not say {unit}")
    return found


def stated(name):
    """Return the unit that a column's name states; below the line it begins with a stroke."""
    words = name.split("_")
    for before, word in zip(["", *words], words, strict=False):
        if word in COLUMN_SUFFIXES:
            return ("/" if before == "per" else "") + COLUMN_SUFFIXES[word]
    return ""


@pytest.mark.parametrize("name", sorted(PROCESSED))
def test_every_column_has_a_unit_and_a_line(name):
    assert faults(PROCESSED[name]) == []


@pytest.mark.parametrize(
    ("column", "fault"),
    [
        ({"x_m": real(unit="km", about="A length.")}, "the name says m"),
        ({"x_kw_low": real(unit="kWh", about="A power.")}, "the name says kW"),
        ({"inside_share": real(unit="1", about="A part.")}, "the name says share"),
        ({"people_per_km2": real(unit="km²", about="A density.")}, "the name says /km²"),
        ({"length": real(unit="m", about="A length.")}, "the name does not say m"),
        ({"people": integer(about="People.")}, "a number has a unit"),
        ({"people": integer(unit="persons", about="People.")}, "is not registered"),
        ({"name": text()}, "no line about it"),
        ({"name": text(about="A name")}, "full stop"),
    ],
)
def test_planted_faults_are_found(column, fault):
    assert any(fault in line for line in faults(processed("Rows.", **column)))


def test_names_state_units():
    names = ["easting_m", "l2_kw", "kw_low", "density_per_km2", "trips_peak_per_h", "multi_unit"]
    assert [stated(name) for name in names] == ["m", "kW", "kW", "/km²", "/h", ""]


def test_words_do_not_change_what_a_schema_accepts():
    bare, told = real(0), real(0, unit="m", about="A length.")
    frame = pd.DataFrame({"x_m": ["1.5"]})
    got = [table_of(x_m=column).validate(frame) for column in (bare, told)]
    pd.testing.assert_frame_equal(*got)
    assert (unit_of(told), about_of(told)) == ("m", "A length.")
