"""Column types of tables, and the check at each door.

Every column has a type, and a range where one is known; an identifier is text. A table that does
not fit raises one :class:`kwev.errors.KwevError` that names the file, the column and what to do.

Each column of a processed table also says what it holds: ``about`` in one line, and ``unit``, one
of :data:`kwev.units.COLUMN_UNITS` (text and true/false have none). Catalogue, downloads and their
descriptor read both from here, through :func:`about_of` and :func:`unit_of`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandera.pandas as pa
from pandera.errors import SchemaErrors

from kwev.errors import KwevError

if TYPE_CHECKING:
    import pandas as pd

BOUNDS: Final = (-81.5, 42.8, -79.5, 44.2)
"""West, south, east, north (degrees): a box around the Region and its neighbours. A coordinate
outside it, such as 0,0, is a fault of the file, not a place."""

CANADA: Final = ((-141.1, -52.5), (41.6, 83.2))
"""Longitudes and latitudes of Canada (degrees). A listed point may lie anywhere in it and is
dropped where it is too far; one outside, such as 0,0, is a fault of the file."""

Schema = pa.DataFrameSchema


def text(
    *,
    pattern: str = "",
    isin: tuple[str, ...] = (),
    null: bool = False,
    unique: bool = False,
    about: str = "",
) -> pa.Column:
    """Return a column of text."""
    checks = [pa.Check.str_matches(pattern)] if pattern else []
    if isin:
        checks.append(pa.Check.isin(list(isin)))
    return pa.Column(str, checks, nullable=null, unique=unique, description=about)


def real(
    low: float | None = None,
    high: float | None = None,
    *,
    null: bool = False,
    unit: str = "",
    about: str = "",
) -> pa.Column:
    """Return a column of numbers from ``low`` to ``high``."""
    checks = [] if low is None else [pa.Check.ge(low)]
    if high is not None:
        checks.append(pa.Check.le(high))
    return pa.Column(float, checks, nullable=null, coerce=True, **_words(unit, about))


def count(*, null: bool = False, unit: str = "", about: str = "") -> pa.Column:
    """Return a column of whole numbers, at least 0, that may be read as floats."""
    whole = pa.Check(lambda s: s == s.round(), name="whole_number", error="whole number")
    checks = [pa.Check.ge(0), whole]
    return pa.Column(float, checks, nullable=null, coerce=True, **_words(unit, about))


def integer(*, unit: str = "", about: str = "") -> pa.Column:
    """Return a column of integers, at least 0."""
    return pa.Column(int, pa.Check.ge(0), coerce=True, **_words(unit, about))


def flag(*, about: str = "") -> pa.Column:
    """Return a column of true and false."""
    return pa.Column(bool, coerce=True, description=about)


def longitude(
    *, null: bool = False, about: str = "Longitude in WGS 84, east positive."
) -> pa.Column:
    """Return a column of longitudes (degrees) near the Region."""
    return real(BOUNDS[0], BOUNDS[2], null=null, unit="°", about=about)


def latitude(
    *, null: bool = False, about: str = "Latitude in WGS 84, north positive."
) -> pa.Column:
    """Return a column of latitudes (degrees) near the Region."""
    return real(BOUNDS[1], BOUNDS[3], null=null, unit="°", about=about)


def _words(unit: str, about: str) -> dict[str, Any]:
    return {"description": about, "metadata": {"unit": unit}}


def unit_of(column: pa.Column) -> str:
    """Return the unit of a column; empty for text and true/false."""
    return str((column.metadata or {}).get("unit", ""))


def about_of(described: pa.Column | Schema) -> str:
    """Return what a column, or the rows of a table, hold, in one line."""
    return described.description or ""


def table_of(
    columns: dict[str, pa.Column], *, exact: bool = False, about: str = "", **more: Any
) -> Schema:
    """Return a schema; ``exact`` allows no other column and no other order.

    ``about`` says in one line what a row is.
    """
    return Schema(columns, strict=exact, ordered=exact, description=about, **more)


DA_ID = r"^3530\d{4}$"
CSD_ID = r"^3530\d{3}$"
CT_ID = r"^541\d{4}\.\d{2}$"
FSA_ID = r"^[A-Z]\d[A-Z]$"
POINT = {
    "latitude": latitude(),
    "longitude": longitude(),
    "easting_m": real(
        400_000, 700_000, unit="m", about="Easting in NAD83 / UTM zone 17N (EPSG:26917)."
    ),
    "northing_m": real(
        4_700_000, 4_900_000, unit="m", about="Northing in NAD83 / UTM zone 17N (EPSG:26917)."
    ),
}
MUNICIPALITY = text(pattern=CSD_ID, about="Municipality: its census subdivision code of 2021.")
AREA_ID = r"^(541\d{4}\.\d{2}|wellesley)$"
AREA = text(
    pattern=AREA_ID,
    about="Area of the minimum-service rule: a census tract of 2021, or 'wellesley'.",
)


def text_columns(schema: Schema) -> list[str]:
    """Return the columns of a schema that hold text."""
    numbers = {"float64", "int64", "bool"}
    return [str(name) for name, kind in schema.dtypes.items() if str(kind) not in numbers]


def check(table: pd.DataFrame, schema: Schema, *, where: str, hint: str) -> pd.DataFrame:
    """Return ``table`` with the schema's types, or say what the first misfit is.

    Raises
    ------
    KwevError
        With the file, the first failing column and the number of failing rows.
    """
    try:
        return schema.validate(table, lazy=True)
    except SchemaErrors as error:
        raise KwevError(_explain(error), where=where, hint=hint) from error


def _explain(error: SchemaErrors) -> str:
    cases = error.failure_cases
    absent = cases.loc[cases["check"] == "column_in_dataframe", "failure_case"].astype(str)
    if len(absent):
        names = ", ".join(repr(name) for name in absent)
        return f"column missing: {names}"
    extra = cases.loc[cases["check"] == "column_in_schema", "failure_case"].astype(str)
    if len(extra):
        return f"unknown column: {', '.join(repr(name) for name in extra)}"
    first = cases.iloc[0]
    same = cases[(cases["column"] == first["column"]) & (cases["check"] == first["check"])]
    rows = same["index"].dropna().nunique()
    place = "" if rows == 0 else f" in {rows} row(s), first in data row {int(first['index']) + 1}"
    if first["column"] is None or isinstance(first["column"], float):
        return f"{_reason(str(first['check']))}{place}"
    return f"column {first['column']!r}: {first['failure_case']} {_reason(first['check'])}{place}"


def _reason(check_name: str) -> str:
    """Return in words what a failed check means."""
    name, _, value = check_name.partition("(")
    words = {
        "greater_than_or_equal_to": "is below",
        "less_than_or_equal_to": "is above",
        "not_nullable": "is empty",
        "field_uniqueness": "is repeated",
        "multiple_fields_uniqueness": "rows repeat a key",
        "isin": "is not one of",
        "str_matches": "does not look like",
        "coerce_dtype": "cannot be read as",
        "whole_number": "is no whole number",
    }
    known = words.get(name)
    return f"fails {check_name}" if known is None else f"{known} {value.rstrip(')')}".strip()
