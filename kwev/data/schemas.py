"""The check of a table against what its columns must look like at its door.

What each column is stands in ``columns.csv`` (:mod:`kwev.data.columns`). ``processed`` tables have
these columns, in this order, and no other; raw files may have others.

Each column of a processed table says what it holds: ``about`` in one line, and ``unit``, one of
:data:`kwev.units.COLUMN_UNITS` (text and true/false have none). Catalogue, downloads and their
descriptor read both from here, through :func:`about_of` and :func:`unit_of`. A table that does not
fit raises one :class:`kwev.errors.KwevError` that names the file, the column and what to do.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from kwev.data.columns import KINDS, MOST, ROWS, TYPES
from kwev.errors import KwevError

if TYPE_CHECKING:
    from collections.abc import Sequence

Schema = pa.DataFrameSchema


def column(**row: str) -> pa.Column:
    """Return the column that a row of ``columns.csv`` describes.

    Parameters
    ----------
    row
        Cells by their heading; an absent one is empty.

    Returns
    -------
    pandera.Column
        With its checks, its line ``about`` and its unit.
    """
    row = {**TYPES.get(row["type"], {}), **{key: cell for key, cell in row.items() if cell}}
    row["type"] = TYPES.get(row["type"], row)["type"]
    return pa.Column(
        KINDS[row["type"]],
        _checks(row),
        nullable=bool(row.get("null")),
        required=row.get("null") != "absent",
        unique=bool(row.get("unique")),
        coerce=KINDS[row["type"]] is not str,
        description=row.get("about", ""),
        metadata={"unit": row.get("unit", "")},
    )


def _checks(row: dict[str, str]) -> list[pa.Check]:
    checks = [pa.Check.str_matches(row["pattern"])] if row.get("pattern") else []
    if row.get("choices"):
        checks.append(pa.Check.isin(row["choices"].split("|")))
    if row["type"] == "day":
        return [*checks, _day(row["low"], row["high"])]
    least = row.get("low") or ("0" if row["type"] in {"whole", "integer"} else "")
    if least:
        checks.append(pa.Check.ge(_number(least)))
    if row.get("high"):
        checks.append(pa.Check.le(_number(row["high"])))
    if row["type"] == "whole":
        whole = pa.Check(lambda s: s == s.round(), name="whole_number", error="whole_number")
        checks.append(whole)
    if KINDS[row["type"]] in {int, float}:
        near = pa.Check(lambda s: abs(s) <= MOST, name="plausible", error="plausible")
        checks.append(near)
    return checks


def _day(low: str, high: str) -> pa.Check:
    def fits(days: pd.Series[str]) -> pd.Series[bool]:
        plain = days.str.replace("-", "")
        return pd.to_datetime(plain, format="%Y%m%d", errors="coerce").between(low, high)

    return pa.Check(fits, name=f"day({low} to {high})", error=f"day({low} to {high})")


def _number(cell: str) -> float:
    return float(cell) if "." in cell else int(cell)


def table_of(
    columns: dict[str, pa.Column],
    about: str = "",
    *,
    unique: str = "",
    checks: Sequence[pa.Check] = (),
    exact: bool = True,
) -> Schema:
    """Return the schema of a table.

    Parameters
    ----------
    columns
        Each column by name.
    about
        What a row is, in one line.
    unique
        Columns whose values together are the key, where no column alone is, between strokes.
    checks
        Checks over several columns.
    exact
        Whether a table has these columns, in this order, and no other.
    """
    key = unique.split("|") if unique else None
    return Schema(
        columns, checks=[*checks], unique=key, strict=exact, ordered=exact, description=about
    )


def _ordered(level: str) -> pa.Check:
    """Return the check that low <= base <= high at a level."""
    low, base, high = f"{level}_ports_low", f"{level}_ports", f"{level}_ports_high"
    return pa.Check(
        lambda t: (t[low] <= t[base]) & (t[base] <= t[high]),
        name="ordered",
        error=f"ports of {level}: low <= base <= high",
    )


_CHECKS: Final = {"stations": [_ordered(level) for level in ("l2", "l3")]}


def _tables(door: str) -> dict[str, Schema]:
    ours = [row for row in ROWS if row["door"] == door]
    columns: dict[str, dict[str, pa.Column]] = {}
    for row in ours:
        if row["column"]:
            columns.setdefault(row["table"], {})[row["column"]] = column(**row)
    exact = door == "processed"
    return {
        row["table"]: table_of(
            columns[row["table"]],
            row["about"],
            unique=row["unique"],
            checks=_CHECKS.get(row["table"], ()) if exact else (),
            exact=exact,
        )
        for row in ours
        if not row["column"]
    }


PROCESSED: Final = _tables("processed")
"""Columns of every processed table, in order."""

RAW: Final = _tables("raw")
"""Columns of every raw table that the pipeline reads."""

FEED: Final = _tables("feed")
"""Tables of a timetable and their columns that are read; ids are text, whatever they look like."""

CALENDAR: Final = _tables("calendar")
"""Tables that say when a timetable runs; a feed may leave out any of them."""

WATCHED: Final = _tables("watched")
"""Layouts of the files that ``kwev monitor`` reads."""


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


def arrange(table: pd.DataFrame, name: str, *key: str) -> pd.DataFrame:
    """Return the columns of a processed table in their order, the rows sorted by ``key``.

    Parameters
    ----------
    table
        Any frame that has these columns.
    name
        Key of :data:`PROCESSED`.
    key
        Columns to sort by; none keeps the order.

    Returns
    -------
    pandas.DataFrame
        The processed table.
    """
    rows = table.sort_values(list(key), ignore_index=True) if key else table
    return rows[list(PROCESSED[name].columns)]


def no_rows(schema: Schema) -> pd.DataFrame:
    """Return a table of a schema that has all its columns, each of its kind, and no row."""
    kinds = {name: str(kind) for name, kind in schema.dtypes.items()}
    numbers = {"float64", "int64", "bool"}
    return pd.DataFrame(
        {str(name): pd.Series([], dtype=kind if kind in numbers else "str")
         for name, kind in kinds.items()}
    )  # fmt: skip


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
        "plausible": "is beyond every plausible number",
        "day": "is no day of the calendar from",
    }
    known = words.get(name)
    return f"fails {check_name}" if known is None else f"{known} {value.rstrip(')')}".strip()
