"""Cited costs, tariffs and prices in one form: for one thing, in CAD, with year and source."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import numpy as np

from kwev.data.schemas import PROCESSED, arrange, no_rows

if TYPE_CHECKING:
    import pandas as pd

    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.raw import Ledger, Raw

_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_HOW_MANY: Final = re.compile(r"^(\d+|six)\b")
_WORDS: Final = {"six": 6}
_BRACKETS: Final = re.compile(r"\(([^)]*)\)")
_NUMBER: Final = re.compile(r"\d+(?:\.\d+)?")
_PER: Final = {"project": "station", "units": "unit", "chargers": "charger", "complex": "charger",
               "cents/kWh": "kWh"}  # fmt: skip
"""What one of the things in a unit is called, where it is not the unit's own word."""
_CENTS: Final = 0.01
_CAD_DECIMALS: Final = 6


def tariff_table(raw: Raw, parameters: Parameters, ledger: Ledger) -> pd.DataFrame:
    """Return ``tariffs``: every cited figure, money in CAD for one of what it was paid for.

    A sum for several chargers or stations is divided by their number. USD are converted at the
    rate of the figure's own year; one without a date at the rate of ``undated_year``.

    Parameters
    ----------
    raw
        ``tariffs``: figures quoted from their pages (``costs_and_tariffs_cited``).
    parameters
        ``usd_cad`` (CAD for one USD, Bank of Canada) and ``undated_year``.
    ledger
        Takes what was converted or divided.

    Returns
    -------
    pandas.DataFrame
        One row a figure; amounts in CAD.
    """
    if not raw.has("tariffs"):
        return no_rows(PROCESSED["tariffs"])
    table = raw.read("tariffs")
    found = table["date"].str.extract(f"({_YEAR.pattern})", expand=False)
    year = found.fillna(str(parameters.undated_year)).astype(int)
    units = table["unit"].str.replace(_BRACKETS, "", regex=True).str.strip()
    many = [how_many(unit, item) for unit, item in zip(units, table["item"], strict=True)]
    foreign = table["currency"] == "USD"
    rate = np.where(foreign, year.map(dict(parameters.usd_cad)), 1.0)
    scale = rate * np.where(units == "cents/kWh", _CENTS, 1.0) / many
    is_money = table["currency"].notna()
    ledger.each("tariffs", "repaired", {
        "currency other than CAD: converted at the rate of its year": foreign,
        "no date: converted at the rate of a stated year": foreign & found.isna(),
        "for several at once: divided by their number": is_money & (np.array(many) > 1),
    })  # fmt: skip
    made = table.assign(
        tariff_id=[slug(item, y) for item, y in zip(table["item"], year, strict=True)],
        currency=table["currency"].fillna(""),
        year=year,
        per=[per(unit) for unit in units],
        cad=(table["value"] * scale).where(is_money).round(_CAD_DECIMALS),
        high_cad=(table["unit"].map(higher) * scale).where(is_money).round(_CAD_DECIMALS),
        source=table["url"],
        licence="citation",
        note=table["note"].fillna(""),
    )
    return arrange(made, "tariffs", "tariff_id")


def how_many(unit: str, item: str) -> int:
    """Return for how many things a figure is: ``3 units``, ``12 public … stations``, else one."""
    for words in (unit, item):
        match = _HOW_MANY.match(words)
        if match:
            return _WORDS.get(match[1]) or int(match[1])
    return 1


def per(unit: str) -> str:
    """Return what one of the things that a figure is for is called."""
    word = _HOW_MANY.sub("", unit).strip()
    return _PER.get(word, word)


def higher(unit: str) -> float:
    """Return the higher figure that stands in brackets after a unit; NaN where none does.

    ``hour (1 to 2 proposed 2017)`` gives 2: a year is no figure.
    """
    inside = " ".join(_BRACKETS.findall(unit))
    numbers = [float(n) for n in _NUMBER.findall(_YEAR.sub("", inside))]
    return max(numbers, default=np.nan)


def slug(item: str, year: int) -> str:
    """Return the id of a figure: its words up to a colon or bracket, and its year."""
    words = re.split(r"[:(]", item, maxsplit=1)[0].lower()
    return f"{re.sub(r'[^a-z0-9]+', '_', words).strip('_')}_{year}"
