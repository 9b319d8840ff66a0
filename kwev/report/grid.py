"""The grid proxy: what its choices are, and what it leaves possible by kind of site."""

from __future__ import annotations

import inspect
import re
from dataclasses import fields
from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.display import cartography, origins, style
from kwev.display.layers import Layer, Mark, graded
from kwev.display.table import category_name
from kwev.display.values import Number, Numbers, listed, named
from kwev.model.siting import candidates, existing_stations, site_limit_kw
from kwev.pipeline.parameters import GridRule
from kwev.region import area_name
from kwev.report.memory import once
from kwev.report.region import dissolved, town_names

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.report.scenario import Report

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
    free = _free(tables, config)
    base = free["category"].map(GridRule().base_kw) * scale
    kw = site_limit_kw(config, free)
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
    table = table.sort_values(["sites", "category"], ascending=[False, True], ignore_index=True)
    return table.assign(category=table["category"].map(category_name))


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


def over_proxy(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the areas whose ports of today draw more than their proxy, the furthest over first.

    Returns
    -------
    pandas.DataFrame
        ``area_id``, ``municipality`` (name), ``station`` (that with most power), ``kw`` (of all
        ports, at the scenario's power), ``proxy_kw`` and ``share`` (of the proxy).
    """
    standing = existing_stations(tables, config)
    own = pd.DataFrame({"station_id": standing.ids.astype(str), "kw": standing.standing_kw})
    facts = tables.stations[["station_id", "name", "area_id", "municipality_id"]]
    own = own.merge(facts, on="station_id", validate="1:1").sort_values(
        ["kw", "station_id"], ascending=[False, True]
    )
    areas = own[own["area_id"] != ""].groupby("area_id", as_index=False).agg(
        kw=("kw", "sum"), station=("name", "first"), municipality=("municipality_id", "first")
    )  # fmt: skip
    made = areas.merge(tables.area_grid[["area_id", "proxy_kw"]], on="area_id", validate="1:1")
    made["share"] = made["kw"] / made["proxy_kw"]
    made["municipality"] = made["municipality"].map(town_names(tables))
    return made[made["share"] > 1].sort_values(
        ["share", "area_id"], ascending=[False, True], ignore_index=True
    )


def over_words(found: pd.DataFrame) -> str:
    """Say which areas draw more than their proxy, and what is made of it (:func:`over_proxy`)."""
    if found.empty:
        return "in none do the ports of today draw more than its proxy"
    first = found.iloc[0]
    area = str(first["area_id"])
    place = f"census tract {area}" if area[0].isdigit() else area_name(area)
    others = f"; {len(found)} areas in all draw more than theirs" if len(found) > 1 else ""
    return (
        f"the ports of today in {place} in {first['municipality']}, around {first['station']}, "
        f"would draw {first['kw']:,.0f} kW at full power, {first['share']:.0%} of its proxy, which "
        f"therefore counts as no less than that{others}"
    )


# -- Named values.

_RULES: Final = {
    "ratio": "age_new:g age_old:g type_houses:g type_apartments:g density_low:g density_high:g",
    "count": "rural_per_km2 dense_per_km2",
    "kw": "site_low_kw:,.0f site_high_kw:,.0f spare_kw_per_household:g area_low_kw:,.0f "
    "area_high_kw:,.0f",
}
"""Choices of the proxy that the text names, by unit."""

_KW_PER_MW: Final = 1_000


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of the grid proxy."""
    t, c = report.tables, report.config
    areas, kinds = t.area_grid, by_category(t, c)
    never = sorted(kinds.loc[kinds["l3"] == 0, "category"].str.lower())
    convertible = t.stations[
        t.stations["in_region"] & (t.stations["l2_ports"] > 0) & (t.stations["l3_ports"] == 0)
        & (t.stations["access"] == "public")
    ]  # fmt: skip
    can = site_limit_kw(c, convertible) >= pair_kw(c)
    counts = {
        "sites": kinds["sites"].sum(),
        "l3_by_category": kinds["l3_by_category"].sum(),
        "l3": kinds["l3"].sum(),
        "convertible": len(convertible),
        "convertible_l3": can.sum(),
    }
    factors = {
        "age_low": areas["age_factor"].min(),
        "age_high": areas["age_factor"].max(),
        "density_factor_low": areas["density_factor"].min(),
        "density_factor_high": areas["density_factor"].max(),
    }
    mw, over = areas["proxy_kw"] / _KW_PER_MW, over_proxy(t, c)
    return Numbers(
        [
            *named("pipeline.parameters", GridRule(), "grid_", ratio=_RULES["ratio"],
                   count=_RULES["count"], kw=_RULES["kw"]),
            *named("area_grid", prefix="grid_", count={"areas": len(areas)}, ratio=factors),
            *named("config", prefix="grid_", kw={"pair:,.0f": pair_kw(c)}),
            *named("sites.grid_kw, stations.grid_kw", prefix="grid_", count=counts,
                   text={"never": listed(never) if never else "none"}),
            *named("grid.over_proxy", prefix="grid_", text={"over_words": over_words(over)}),
            Number("grid_area_median", float(mw.median()), "ratio", "area_grid", "{:.1f} MW"),
            Number("grid_region", float(mw.sum()), "ratio", "area_grid", "{:,.0f} MW"),
        ]
    )  # fmt: skip


# -- Map.

_AREA_FACTS = (
    "municipality proxy_kw households density_per_km2 old_dwelling_share",
    "multi_unit_share age_factor type_factor density_factor",
)
_SITE_FACTS = "category municipality kw"
_ROOM = Mark("Site with room for Level 3, by proxy", fill=style.L3, width=0.4, radius=2.4)
_NO_ROOM = Mark("Site without, by proxy", fill=style.PAPER, line=style.QUIET, width=0.8, radius=2)


def _free(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the scenario's candidate sites where no station stands."""
    sites = candidates(tables, config)
    return sites[sites["station_id"] == ""]


def grid_map(tables: Tables, config: Config, *, folder: Path | None = None) -> Figure:
    """Map the proxy of the areas and of the free candidate sites."""
    areas = _areas(tables, folder)
    needed = pair_kw(config)
    frame = cartography.places(cartography.named(tables, _free(tables, config))).assign(mark=0)
    frame["kw"] = site_limit_kw(config, frame)
    frame["category"] = frame["category"].map(category_name)
    room = frame["kw"] >= needed
    drawn = [
        Layer(
            name, frame[which], (mark,), title="name", facts=_SITE_FACTS
        )
        for name, which, mark in (
            ("Sites without room for Level 3, by proxy", ~room, _NO_ROOM),
            ("Sites with room for Level 3, by proxy", room, _ROOM),
        )
    ]  # fmt: skip
    alt = (
        f"Map of the grid proxy, no utility's figure, in {len(areas.frame)} areas: from "
        f"{areas.frame['proxy_kw'].min():,.0f} to {areas.frame['proxy_kw'].max():,.0f} kW, median "
        f"{areas.frame['proxy_kw'].median():,.0f}; by the proxy {room.sum():,} of {len(room):,} "
        f"candidate sites can host Level 3 ({needed:,.0f} kW)."
    )
    layers = [areas, *cartography.borders(tables, folder), *drawn]
    return cartography.build("map-grid-proxy", alt, origins.GRID, layers, canvas=True)


def _areas(tables: Tables, folder: Path | None) -> Layer:
    frame = dissolved(tables, folder).merge(tables.area_grid, on="area_id", validate="1:1")
    frame["title"] = frame["area_id"].map(area_name)
    frame["mark"], marks = graded(
        frame["proxy_kw"].tolist(), style.SEQUENCE[:-1], ",.0f", style.PAPER
    )
    return Layer(
        "Grid proxy of areas", frame, marks, title="title", facts=_AREA_FACTS,
        heading="Grid proxy of an area (kW), no utility's figure",
    )  # fmt: skip
