"""The grid proxy: what its choices are, and what it leaves possible by kind of site."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.pipeline.parameters import GridRule

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.tables import Tables

_WORDS: Final = r'    {name}: [^\n]*\n    """(.*?)"""'
_CHOICE: Final = re.compile(r"(?P<what>.*?) \((?P<unit>[^()]*)\)\. (?:Range (?P<range>.*?)\. )?")
_SOURCE: Final = re.compile(r"(?P<source>Assumption|Statistics Canada)")


def pair_kw(config: Config) -> float:
    """Return the power that the fewest Level 3 ports of a new station draw (kW)."""
    return config.ports.min_l3 * config.power.l3_kw


def by_category(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the proxy of free candidate sites by category.

    Returns
    -------
    pandas.DataFrame
        ``category``, ``sites`` (count), ``base_kw`` (where every factor is 1), ``low_kw``,
        ``median_kw``, ``high_kw`` (kW, with the scenario's factor), ``l3_by_category`` and ``l3``
        (sites that can host the fewest Level 3 ports with the category alone, and with the place
        considered); most sites first.
    """
    scale, needed = config.siting.grid_factor, pair_kw(config)
    free = tables.sites[tables.sites["station_id"] == ""]
    base = free["category"].map(GridRule().base_kw) * scale
    kw = free["grid_kw"] * scale
    marked = pd.DataFrame(
        {"category": free["category"], "base": base, "kw": kw,
         "before": base >= needed, "after": kw >= needed}
    )  # fmt: skip
    table = marked.groupby("category", as_index=False).agg(
        sites=("kw", "size"),
        base_kw=("base", "first"),
        low_kw=("kw", "min"),
        median_kw=("kw", "median"),
        high_kw=("kw", "max"),
        l3_by_category=("before", "sum"),
        l3=("after", "sum"),
    )
    return table.sort_values(["sites", "category"], ascending=[False, True], ignore_index=True)


def choices() -> pd.DataFrame:
    """Return the choices of the proxy, read from where they are made.

    Returns
    -------
    pandas.DataFrame
        ``what``, ``value``, ``unit``, ``range`` (in words), ``source``; the bases by category are
        those of :func:`by_category`.
    """
    rule, text = GridRule(), inspect.getsource(GridRule)
    rows = []
    for field in fields(rule):
        value = getattr(rule, field.name)
        if not isinstance(value, float):
            continue
        said = re.search(_WORDS.format(name=field.name), text, re.DOTALL)
        words = " ".join(said.group(1).split()) if said else ""
        choice, source = _CHOICE.match(words), _SOURCE.search(words)
        if choice is None or source is None:
            raise ValueError(f"{field.name} has no unit or no source")
        unit = choice["unit"]
        named = "" if unit == "1" else unit
        origin = source["source"].lower() if source["source"] == "Assumption" else source["source"]
        rows.append((choice["what"], value, named, choice["range"] or "", origin))
    return pd.DataFrame(rows, columns=["what", "value", "unit", "range", "source"])
