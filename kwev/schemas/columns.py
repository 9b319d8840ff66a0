"""Column types of tables, and the check at each door.

Every column has a type, and a range where one is known; an identifier is text. A table that does
not fit raises one :class:`kwev.errors.KwevError` that names the file, the column and what to do.
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

Schema = pa.DataFrameSchema


def text(
    *, pattern: str = "", isin: tuple[str, ...] = (), null: bool = False, unique: bool = False
) -> pa.Column:
    """Return a column of text."""
    checks = [pa.Check.str_matches(pattern)] if pattern else []
    if isin:
        checks.append(pa.Check.isin(list(isin)))
    return pa.Column(str, checks, nullable=null, unique=unique)


def real(low: float | None = None, high: float | None = None, *, null: bool = False) -> pa.Column:
    """Return a column of numbers from ``low`` to ``high``."""
    checks = [] if low is None else [pa.Check.ge(low)]
    if high is not None:
        checks.append(pa.Check.le(high))
    return pa.Column(float, checks, nullable=null, coerce=True)


def count(*, null: bool = False) -> pa.Column:
    """Return a column of whole numbers, at least 0, that may be read as floats."""
    whole = pa.Check(lambda s: s == s.round(), name="whole_number", error="whole number")
    return pa.Column(float, [pa.Check.ge(0), whole], nullable=null, coerce=True)


def integer() -> pa.Column:
    """Return a column of integers, at least 0."""
    return pa.Column(int, pa.Check.ge(0), coerce=True)


def flag() -> pa.Column:
    """Return a column of true and false."""
    return pa.Column(bool, coerce=True)


def longitude(*, null: bool = False) -> pa.Column:
    """Return a column of longitudes (degrees) near the Region."""
    return real(BOUNDS[0], BOUNDS[2], null=null)


def latitude(*, null: bool = False) -> pa.Column:
    """Return a column of latitudes (degrees) near the Region."""
    return real(BOUNDS[1], BOUNDS[3], null=null)


def table_of(columns: dict[str, pa.Column], *, exact: bool = False, **more: Any) -> Schema:
    """Return a schema; ``exact`` allows no other column and no other order."""
    return Schema(columns, strict=exact, ordered=exact, **more)


DA_ID = r"^3530\d{4}$"
CSD_ID = r"^3530\d{3}$"
CT_ID = r"^541\d{4}\.\d{2}$"
FSA_ID = r"^[A-Z]\d[A-Z]$"
POINT = {
    "latitude": latitude(),
    "longitude": longitude(),
    "easting_m": real(400_000, 700_000),
    "northing_m": real(4_700_000, 4_900_000),
}
MUNICIPALITY = text(pattern=CSD_ID)
AREA = text(pattern=r"^(541\d{4}\.\d{2}|wellesley)$")


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
