"""Every column of every processed table says what it holds, and in which unit."""

from __future__ import annotations

import pandas as pd
import pytest

from kwev.data.columns import choices
from kwev.data.schemas import PROCESSED, about_of, column, table_of, unit_of
from kwev.units import COLUMN_SUFFIXES, COLUMN_UNITS
from kwev.vocabulary import SITE_CATEGORIES

SAID_BY_NAME = {"m", "km", "km²", "km/h", "kW", "kWh", "CAD"}
"""Units that a name must state, so that no one multiplies metres by kilometres."""


def faults(schema):
    """Return what is wrong with the words of a schema, a line each."""
    found = [] if about_of(schema) else ["the table is not described"]
    for name, one in schema.columns.items():
        about, unit = about_of(one), unit_of(one)
        is_number = str(one.dtype) in {"float64", "int64"}
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
    ("name", "row", "fault"),
    [
        ("x_m", {"type": "real", "unit": "km", "about": "A length."}, "the name says m"),
        ("x_kw_low", {"type": "real", "unit": "kWh", "about": "A power."}, "the name says kW"),
        ("inside_share", {"type": "real", "unit": "1", "about": "A part."}, "the name says share"),
        ("people_per_km2", {"type": "real", "unit": "km²", "about": "A."}, "the name says /km²"),
        ("length", {"type": "real", "unit": "m", "about": "A."}, "the name does not say m"),
        ("people", {"type": "integer", "about": "People."}, "a number has a unit"),
        ("people", {"type": "integer", "unit": "persons", "about": "P."}, "is not registered"),
        ("name", {"type": "text"}, "no line about it"),
        ("name", {"type": "text", "about": "A name"}, "full stop"),
    ],
)
def test_planted_faults_are_found(name, row, fault):
    assert any(fault in line for line in faults(table_of({name: column(**row)}, "Rows.")))


def test_names_state_units():
    names = ["easting_m", "l2_kw", "kw_low", "density_per_km2", "trips_peak_per_h", "multi_unit"]
    assert [stated(name) for name in names] == ["m", "kW", "kW", "/km²", "/h", ""]


def test_words_do_not_change_what_a_schema_accepts():
    bare = column(type="real", low="0")
    told = column(type="real", low="0", unit="m", about="A length.")
    frame = pd.DataFrame({"x_m": ["1.5"]})
    got = [table_of({"x_m": one}).validate(frame) for one in (bare, told)]
    pd.testing.assert_frame_equal(*got)
    assert (unit_of(told), about_of(told)) == ("m", "A length.")


def test_a_column_has_the_cells_of_its_type_where_its_own_are_empty():
    plain, own = column(type="municipality_id"), column(type="municipality_id", about="Town.")
    assert about_of(plain) == "Municipality: its census subdivision code of 2021."
    assert about_of(own) == "Town."
    assert [str(c) for c in own.checks] == [str(c) for c in plain.checks] != []


def test_sites_have_the_categories_of_the_vocabulary():
    assert choices("sites", "category") == SITE_CATEGORIES
