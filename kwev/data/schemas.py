"""Columns: what they must look like at each door, the check against it, and their headings.

``columns.csv`` has a row for each column of each table. Its doors are ``processed`` (the tables of
``data/processed``: these columns, in this order, and no other), ``raw`` (raw files, which may have
other columns) and ``feed`` (the tables of a timetable). A row without a column stands for the
table: what one of its rows is, and, under ``unique``, the columns whose values together are its
key. ``type`` is one of :data:`KINDS`, or the name of a row of ``types``, whose cells stand where
the column's own are empty. ``low`` and ``high`` are inclusive, and no number is beyond
:data:`MOST`; ``null`` is ``yes`` where a cell may be empty, ``absent`` where the whole column may
be left out. Two more doors: ``calendar``, the tables that say when a timetable runs, and
``watched``, the files of ``kwev monitor``.

Each column of a processed table says what it holds: ``about`` in one line, and ``unit``, one of
:data:`kwev.units.COLUMN_UNITS` (text and true/false have none). Catalogue, downloads and their
descriptor read both from here, through :func:`about_of` and :func:`unit_of`. A table that does not
fit raises one :class:`kwev.errors.KwevError` that names the file, the column and what to do.

How a column is headed and printed, once for the whole book, stands in ``headings.csv``.
"""

from __future__ import annotations

import csv
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final, NamedTuple

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from kwev.errors import KwevError, nearest

if TYPE_CHECKING:
    from collections.abc import Sequence

Schema = pa.DataFrameSchema

KINDS: Final = {
    "text": str, "day": str, "real": float, "whole": float, "integer": int, "flag": bool,
}  # fmt: skip
"""Python type of each kind of column; a ``whole`` number may be read as a float. Both kinds of
whole numbers are at least 0 where no ``low`` says more. A ``day`` is text that is a day of the
calendar, from ``low`` to ``high`` (YYYY-MM-DD); hyphens may be left out."""

MOST: Final = 10**10
"""No number of any table is farther from 0: infinity and a slip of the keys are none."""


def _rows(name: str) -> list[dict[str, str]]:
    text = files("kwev.data").joinpath(name).read_text(encoding="utf-8")
    return list(csv.DictReader(text.splitlines()))


_ROWS: Final = _rows("columns.csv")
_TYPES: Final = {row["column"]: row for row in _ROWS if row["door"] == "types"}


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
    row = {**_TYPES.get(row["type"], {}), **{key: cell for key, cell in row.items() if cell}}
    row["type"] = _TYPES.get(row["type"], row)["type"]
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
    ours = [row for row in _ROWS if row["door"] == door]
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


def choices(table: str, name: str) -> tuple[str, ...]:
    """Return the values that a column of a processed table may have, in order.

    Parameters
    ----------
    table
        Key of :data:`PROCESSED`.
    name
        A column of it that has choices.

    Returns
    -------
    tuple of str
        The values, as ``columns.csv`` lists them.
    """
    row = next(
        r for r in _ROWS if (r["door"], r["table"], r["column"]) == ("processed", table, name)
    )
    return tuple((row["choices"] or _TYPES[row["type"]]["choices"]).split("|"))


DWELLING_TYPES: Final = choices("construction", "dwelling_type")
"""Structural types of dwelling of the census; duplex = apartment or flat in a duplex, low-rise =
fewer than five storeys, high-rise = five or more."""

FORMS: Final = choices("ev_forecast", "form")
"""Forms of growth that are compared; :mod:`kwev.pipeline.forecast` says what each is."""

BASES: Final = choices("ev_backtest", "basis")
"""Histories that the forms are tested on; see :mod:`kwev.pipeline.forecast`."""

DAYS: Final = choices("transit_days", "day")
"""Kinds of day for which service is counted."""

MODES: Final = choices("transit_routes", "mode")
"""Modes of routes, slowest first."""


def limits(kind: str) -> tuple[float, float]:
    """Return the lowest and highest value of a type of column."""
    return float(_TYPES[kind]["low"]), float(_TYPES[kind]["high"])


BOUNDS: Final = (
    limits("longitude")[0], limits("latitude")[0], limits("longitude")[1], limits("latitude")[1],
)  # fmt: skip
"""West, south, east, north of Canada (degrees). A coordinate outside, such as 0,0, is a fault of
the file, not a place; what lies in it and outside the region is left out and counted."""

CANADA: Final = (limits("canada_longitude"), limits("canada_latitude"))
"""Longitudes and latitudes of Canada (degrees). A listed point may lie anywhere in it and is
dropped where it is too far; one outside, such as 0,0, is a fault of the file."""


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


class Heading(NamedTuple):
    """Heading of a column, and the form of its values.

    Attributes
    ----------
    label
        The words above the column.
    unit
        Stands in brackets after them; empty for none.
    format
        Format specification of a value (``",.0f"``, ``".1%"``); empty prints it as it is.
    align
        ``left``, ``right``, ``center``; empty sets numbers right and text left.
    link
        Column with the address that a value leads to; empty for none.
    """

    label: str
    unit: str
    format: str
    align: str
    link: str


@cache
def headings() -> dict[str, Heading]:
    """Return every heading by its column's key."""
    return {row.pop("key"): Heading(**row) for row in _rows("headings.csv")}


def heading(key: str) -> Heading:
    """Return the heading of a column.

    Parameters
    ----------
    key
        The column's name; after a colon what tells two readings of one name apart.

    Returns
    -------
    Heading
        The words above the column, and the form of its values.

    Raises
    ------
    KwevError
        If ``headings.csv`` has no such key.
    """
    if key not in headings():
        hint = nearest(key, list(headings()))
        raise KwevError(f"no heading for column {key!r}", where="kwev/data/headings.csv", hint=hint)
    return headings()[key]
