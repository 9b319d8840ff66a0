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
    from collections.abc import Sequence

    import pandas as pd

BOUNDS: Final = (-81.5, 42.8, -79.5, 44.2)
"""West, south, east, north (degrees): a box around the Region and its neighbours. A coordinate
outside it, such as 0,0, is a fault of the file, not a place."""

CANADA: Final = ((-141.1, -52.5), (41.6, 83.2))
"""Longitudes and latitudes of Canada (degrees). A listed point may lie anywhere in it and is
dropped where it is too far; one outside, such as 0,0, is a fault of the file."""

Schema = pa.DataFrameSchema


def text(
    about: str = "",
    *,
    pattern: str = "",
    isin: tuple[str, ...] = (),
    null: bool = False,
    unique: bool = False,
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
    return _number(float, checks, unit, about, null=null)


def amount(unit: str, about: str, high: float | None = None, *, null: bool = False) -> pa.Column:
    """Return a column of numbers of at least 0 and at most ``high``."""
    return real(0, high, null=null, unit=unit, about=about)


def count(*, null: bool = False) -> pa.Column:
    """Return a column of whole numbers, at least 0, that may be read as floats."""
    whole = pa.Check(lambda s: s == s.round(), name="whole_number", error="whole number")
    return _number(float, [pa.Check.ge(0), whole], "", "", null=null)


def integer(unit: str = "", about: str = "") -> pa.Column:
    """Return a column of integers, at least 0."""
    return _number(int, [pa.Check.ge(0)], unit, about)


def flag(about: str = "") -> pa.Column:
    """Return a column of true and false."""
    return pa.Column(bool, coerce=True, description=about)


def longitude(*, null: bool = False) -> pa.Column:
    """Return a column of longitudes (degrees) near the Region."""
    about = "Longitude in WGS 84, east positive."
    return real(BOUNDS[0], BOUNDS[2], null=null, unit="°", about=about)


def latitude(*, null: bool = False) -> pa.Column:
    """Return a column of latitudes (degrees) near the Region."""
    about = "Latitude in WGS 84, north positive."
    return real(BOUNDS[1], BOUNDS[3], null=null, unit="°", about=about)


def _number(
    kind: type, checks: list[pa.Check], unit: str, about: str, *, null: bool = False
) -> pa.Column:
    words: dict[str, Any] = {"description": about, "metadata": {"unit": unit}}
    return pa.Column(kind, checks, nullable=null, coerce=True, **words)


def unit_of(column: pa.Column) -> str:
    """Return the unit of a column; empty for text and true/false.

    Parameters
    ----------
    column
        Column of a schema.

    Returns
    -------
    str
        One of :data:`kwev.units.COLUMN_UNITS`, or "".
    """
    return str((column.metadata or {}).get("unit", ""))


def about_of(described: pa.Column | Schema) -> str:
    """Return what a column, or the rows of a table, hold, in one line.

    Parameters
    ----------
    described
        Column, or schema of a table.

    Returns
    -------
    str
        The line, or "" where nothing is said.
    """
    return described.description or ""


def texts(*names: str, null: bool = False) -> dict[str, Any]:
    """Return columns of any text, by name."""
    return {name: text(null=null) for name in names}


def table_of(*unique: str, **columns: Any) -> Schema:
    """Return the schema of a table that may have other columns, in any order.

    Parameters
    ----------
    unique
        Columns whose values together are the key, where no column alone is.
    columns
        Each column by name.
    """
    return Schema(columns, unique=list(unique) or None)


def processed(
    about: str, /, *, unique: tuple[str, ...] = (), checks: Sequence[pa.Check] = (), **columns: Any
) -> Schema:
    """Return the schema of a table with these columns, in this order, and no other.

    Parameters
    ----------
    about
        What a row is, in one line.
    unique
        Columns whose values together are the key, where no column alone is.
    checks
        Checks over several columns.
    columns
        Each column by name.
    """
    return Schema(
        columns,
        checks=list(checks),
        unique=list(unique) or None,
        strict=True,
        ordered=True,
        description=about,
    )


DA_ID = r"^3530\d{4}$"
CSD_ID = r"^3530\d{3}$"
CT_ID = r"^541\d{4}\.\d{2}$"
FSA_ID = r"^[A-Z]\d[A-Z]$"
CELL_ID = r"^c_\d+_\d+$"
TRACT_ID = rf"{CT_ID}|{DA_ID}"
AREA_ID = r"^(541\d{4}\.\d{2}|wellesley)$"
POINT: Final[dict[str, Any]] = {
    "latitude": latitude(),
    "longitude": longitude(),
    "easting_m": real(
        400_000, 700_000, unit="m", about="Easting in NAD83 / UTM zone 17N (EPSG:26917)."
    ),
    "northing_m": real(
        4_700_000, 4_900_000, unit="m", about="Northing in NAD83 / UTM zone 17N (EPSG:26917)."
    ),
}
MUNICIPALITY = text("Municipality: its census subdivision code of 2021.", pattern=CSD_ID)
AREA = text(
    "Area of the minimum-service rule: a census tract of 2021, or 'wellesley'.", pattern=AREA_ID
)
HOUSEHOLDS = integer("households", "Private households of the 2021 census.")


def text_columns(schema: Schema) -> list[str]:
    """Return the columns of a schema that hold text."""
    numbers = {"float64", "int64", "bool"}
    return [str(name) for name, kind in schema.dtypes.items() if str(kind) not in numbers]


def check(table: pd.DataFrame, schema: Schema, *, where: str, hint: str) -> pd.DataFrame:
    """Return ``table`` with the schema's types, or say what the first misfit is.

    Parameters
    ----------
    table
        Any frame.
    schema
        What it must look like.
    where
        The file, for the message.
    hint
        What to do about a misfit.

    Returns
    -------
    pandas.DataFrame
        The table with the schema's types.

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
