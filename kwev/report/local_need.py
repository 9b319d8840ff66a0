"""Who needs public charging, and where it is out of reach: need and supply by census tract.

Need follows from vehicles and the homes they are kept at. Supply is the energy that the ports
within reach can give, each port's split over the areas in its reach in proportion to their need.
Reach is measured on the cells, on the plan's own metric.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import urlsplit

import numpy as np
import pandas as pd

from kwev.config import load_config
from kwev.display import cartography, origins, style
from kwev.display.figure import Origin
from kwev.display.layers import Layer, graded
from kwev.display.table import Column, table
from kwev.display.values import Number, Numbers, named
from kwev.errors import KwevError
from kwev.model.coverage import ruler_of
from kwev.model.demand import vehicles
from kwev.model.local import Ground, local_energy, need_of_areas, within_reach
from kwev.model.need import KINDS, vehicles_by_kind
from kwev.region import area_name
from kwev.report.memory import once
from kwev.report.region import dissolved, town_names
from kwev.units import KWH_PER_GWH, KWH_PER_MWH, POINTS
from kwev.vocabulary import METRIC_WORDS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from kwev.config import Config, EvYear
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.display.table import Table
    from kwev.project import Project
    from kwev.report.effects import Effects
    from kwev.report.scenario import Report

HOME_ACCESS: Final = "home_access"
"""The named case that gives the public share by dwelling type where a scenario gives none."""

YEARS: Final[tuple[EvYear, ...]] = ("now", "2030", "2035")

_WITHOUT: Final = "ev_owners_without_home_charging_by_dwelling_2023"
_STATED: Final = ("flats", "houses")
"""The finding on who cannot charge at home, and whom it tells of, in its order."""
_SEEN: Final = {"page": "the page itself", "second_hand": "at second hand"}
_YEARS_GIVEN: Final = "the years given there"

LEAST_KWH: Final = 1.0
"""An area lacks energy where it lacks more than this in a year (kWh)."""


def with_home_access(project: Project, config: Config) -> Config:
    """Return a scenario with public shares by dwelling type: its own, or those of the case."""
    if config.demand.home_access is not None:
        return config
    case = load_config(HOME_ACCESS, project.config).demand.home_access
    return config.with_values(demand__home_access=case.model_dump() if case else None)


def by_tract(effects: Effects, config: Config) -> pd.DataFrame:
    """Return need and supply of every area: a census tract, or a place without tracts.

    Parameters
    ----------
    effects
        The plan, beside the cells, stations and actions of its scenario.
    config
        The scenario with public shares by dwelling type.

    Returns
    -------
    pandas.DataFrame
        ``area_id``, ``municipality_id``, and in kWh a year: ``need_now``, ``need_2030``,
        ``need_2035``; ``supply_before`` and ``supply_after`` the plan, split by today's need;
        ``unserved_before`` the plan today, ``unserved_now``, ``unserved_2030`` and
        ``unserved_2035`` with it.
    """
    tables = effects.tables
    ground = Ground(effects.cells, effects.stations, effects.columns)
    near = within_reach(config, ground, ruler_of(tables, config.coverage.metric))
    made: dict[str, NDArray[np.float64]] = {}
    areas: tuple[str, ...] = ()
    for year in YEARS:
        in_year = config.with_values(demand__ev_year=year)
        need = need_of_areas(tables, in_year, vehicles(tables, in_year, "da"))
        local = local_energy(tables, in_year, need, ground, near)
        choice, areas = effects.choice, local.areas
        after = local.after_kwh(effects.columns, effects.stations, choice.build, choice.ports)
        made[f"need_{year}"] = local.need_kwh
        made[f"unserved_{year}"] = np.maximum(0.0, local.need_kwh - after)
        if year == "now":
            made["supply_before"], made["supply_after"] = local.supply_kwh, after
            made["unserved_before"] = np.maximum(0.0, local.need_kwh - local.supply_kwh)
    town = tables.das.groupby("area_id")["municipality_id"].first()
    frame = pd.DataFrame({"area_id": list(areas), **made})
    return frame.assign(municipality_id=frame["area_id"].map(town))


def need_by_kind(tables: Tables, config: Config) -> pd.DataFrame:
    """Return vehicles and their need (kWh a year) by kind of dwelling, of today.

    Returns
    -------
    pandas.DataFrame
        By kind (:data:`kwev.model.need.KINDS`): ``share`` (of a vehicle's energy), ``ev`` and
        ``need``; vehicles of areas whose dwellings are not published are left out.
    """
    access = config.demand.home_access
    if access is None:
        raise ValueError("a scenario without home access")
    ev = vehicles_by_kind(tables).mul(tables.das.set_index("da_id")["ev"], axis=0).sum()
    share = pd.Series(access.model_dump())
    need = ev * share * config.demand.kwh_per_ev_year
    return pd.DataFrame({"share": share, "ev": ev, "need": need}).loc[list(KINDS)]


# -- Named values, table and map.


@once
def numbers(report: Report) -> Numbers:
    """Return who needs public charging, and how much of it is out of reach."""
    config = with_home_access(report.project, report.config)
    found = report.local_need
    kinds = need_by_kind(report.tables, config)
    need: dict[str, float] = {year: found[f"need_{year}"].sum() for year in YEARS}
    lacking = {
        name: found[f"unserved_{name}"].sum() / need["now" if name == "before" else name]
        for name in ("before", *YEARS)
    }
    without = {name: (found[f"unserved_{name}"] > LEAST_KWH).sum() for name in lacking}
    towns = found.groupby("municipality_id")[["unserved_now", "need_now"]].sum()
    open_share = (towns["unserved_now"] / towns["need_now"]).sort_values()
    names = town_names(report.tables)
    per_ev = report.tables.das["ev"].sum() * config.demand.kwh_per_ev_year
    of_need: dict[str, Any] = {
        "gwh": {f"need_{year}:.2f": kwh / KWH_PER_GWH for year, kwh in need.items()}
        | {"need_one_share:.2f": per_ev * config.demand.public_share / KWH_PER_GWH},
        "share": {
            **{f"{kind}:.0%": share for kind, share in kinds["share"].items()},
            "mean:.0%": need["now"] / per_ev,
            "flats_need:.0%": kinds["need"]["apartment"] / kinds["need"].sum(),
            "flats_ev:.0%": kinds["ev"]["apartment"] / kinds["ev"].sum(),
        },
        "count": {"areas": len(found)},
    }
    of_supply: dict[str, Any] = {
        "share": {f"unserved_{name}:.0%": part for name, part in lacking.items()}
        | {"worst:.0%": open_share.iloc[-1]},
        "count": {f"without_{name}": count for name, count in without.items()},
        "text": {
            "worst_place": names[open_share.index[-1]],
            "metric": METRIC_WORDS[config.coverage.metric],
        },
    }
    return Numbers(
        [
            *named("local_need.need_by_kind", prefix="local_", **of_need),
            *named("plan.local_need", prefix="local_", **of_supply),
            *_cited(report.tables),
        ]
    )


def _cited(tables: Tables) -> list[Number]:
    """Return how many owners cannot charge at home, as published: apartments, then houses."""
    published = tables.citations.set_index("citation_id")["published"][_WITHOUT]
    stated = [int(text) / POINTS for text in re.findall(r"(\d+)%", published)]
    if len(stated) != len(_STATED):
        raise KwevError(f"no two percentages in {published!r}", where="citations.csv")
    shares = {f"cited_{who}:.0%": share for who, share in zip(_STATED, stated, strict=True)}
    return named("citations", prefix="local_", share=shares)


def citations_table(report: Report) -> Table:
    """Return what is published on who can charge at home."""
    cited = report.tables.citations
    frame = cited[cited["topic"] == "home_charging"].reset_index(drop=True)
    is_page = frame["source"].str.startswith("http")
    frame = frame.assign(
        seen=frame["seen"].map(_SEEN),
        page=frame["source"].map(lambda source: urlsplit(source).netloc or source),
        address=frame["source"].where(is_page, ""),
    )
    columns: Sequence[str | Column] = (
        "item", Column("published", "As published"), "year", "page", Column("seen", "Seen"),
    )  # fmt: skip
    return table("home-charging", frame, columns, Origin("pages cited row by row", _YEARS_GIVEN))


_MWH: Final = {
    "need_now": "Need, now",
    "need_2030": "Need, 2030",
    "need_2035": "Need, 2035",
    "supply_before": "Ports in reach, today",
    "supply_after": "Ports in reach, with the plan",
    "unserved_before": "Unserved, today",
    "unserved_now": "Unserved, with the plan",
    "unserved_2030": "Unserved, 2030",
    "unserved_2035": "Unserved, 2035",
}


def _readable(report: Report) -> pd.DataFrame:
    """Return the areas in MWh, with names, those that lack most with the plan first."""
    found = report.local_need
    order = ["unserved_now", "unserved_2035", "area_id"]
    found = found.sort_values(order, ascending=[False, False, True], ignore_index=True)
    found[list(_MWH)] = found[list(_MWH)] / KWH_PER_MWH
    return found.assign(
        municipality=found["municipality_id"].map(town_names(report.tables)),
        area=found["area_id"].map(area_name),
    )


def need_table(report: Report) -> Table:
    """Return need, supply within reach and what is unserved by census tract."""
    columns: Sequence[str | Column] = (
        Column("area", "Census tract"),
        "municipality",
        *(Column(key, words, unit="MWh a year", format=",.0f") for key, words in _MWH.items()),
    )
    return table("local-need", _readable(report), columns, report.origin)


def need_map(report: Report, *, folder: Path | None = None) -> Figure:
    """Map what is unserved today, with the plan, in 2030 and in 2035, a layer each."""
    tables = report.tables
    found = _readable(report).drop(columns=["municipality", "municipality_id"])
    frame = dissolved(tables, folder).merge(found, on="area_id", validate="1:1")
    facts: Sequence[str | Column] = (
        "municipality",
        *(Column(key, words, unit="MWh a year", format=",.0f") for key, words in _MWH.items()),
    )
    layers = []
    for number, key in enumerate(("unserved_now", "unserved_before", "unserved_2030",
                                  "unserved_2035")):  # fmt: skip
        each = frame.copy()
        each["mark"], marks = graded(each[key].tolist(), style.SEQUENCE, ",.0f", style.PAPER)
        layers.append(
            Layer(
                _MWH[key], each, marks, title="area", facts=facts, show=number == 0,
                heading=f"{_MWH[key]} (MWh a year)", printed=number == 0,
            )
        )  # fmt: skip
    words = "; ".join(
        f"{_MWH[key].lower()} {frame[key].sum():,.0f} MWh a year in {(frame[key] > 0).sum()} areas"
        for key in ("unserved_before", "unserved_now", "unserved_2030", "unserved_2035")
    )
    alt = f"Map of the need for public charging that no port in reach serves: {words}."
    shown = [*layers, *cartography.borders(tables, folder)]
    return cartography.build("map-local-need", alt, origins.plan(tables, report.plan), shown)
