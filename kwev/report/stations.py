"""The stations as they stand: ports, addresses, spacing, operators, by place and on the map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist

from kwev.display import cartography, origins, style
from kwev.display.layers import Layer, Mark
from kwev.display.values import Number, Numbers, named
from kwev.errors import KwevError
from kwev.files import read_json
from kwev.model.siting import counted
from kwev.pipeline.parameters import Parameters
from kwev.report.memory import once
from kwev.report.region import metres, town_names
from kwev.vocabulary import LEVEL_KEYS, LEVEL_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.report.scenario import Report

BASIS_WORDS: Final = {
    "one_count": "The sources agree, or only one counts",
    "one_list_several_rows": "Several rows of one inventory: units, or the same unit again",
    "quantity_or_level_unclear": "Quantity or level unclear in the only inventory",
    "lists_differ": "The inventories count differently",
    "operators_differ": "The inventories name different operators",
}
"""Why low and high differ, in words, from the mildest reason to the strongest."""

ADDRESS_WORDS: Final = {
    "ok": "Its address is near",
    "city_differs": "Its address is near, but in another municipality than named",
    "far_from_address": "Its address is elsewhere",
    "address_elsewhere": "It stands in another municipality than named",
    "not_found": "Its address is not in the civic address list",
    "no_number": "Its address has no street number",
    "no_address": "No street address published",
}
"""Outcomes of the check of stations against their addresses, in words."""

CONDITION_WORDS: Final = {
    "always": "Around the clock",
    "business_hours": "At stated hours",
    "fee": "Parking fee",
    "customers": "Customers only, or at the front desk",
    "guests": "Guests only",
    "staff": "Staff, by its name",
    "one_maker": "One maker's cars only",
    "unknown": "Not published",
}
"""Conditions of use, in words."""

NO_OPERATOR: Final = "Not known"

_ENDS: Final = {
    f"{level}_{end}": f"{level}_ports{suffix}"
    for level in LEVEL_KEYS
    for end, suffix in (("low", "_low"), ("base", ""), ("high", "_high"))
}
_SPACED: Final = {"any": "Any level", **LEVEL_NAMES}


def by_municipality(tables: Tables, config: Config) -> pd.DataFrame:
    """Return stations and ports by municipality: those that count in the scenario."""
    names = town_names(tables)
    table = counted(tables.stations, config)
    table = table.assign(
        municipality=table["municipality_id"].map(names),
        stations=1,
        l2_stations=table["l2_ports"] > 0,
        l3_stations=table["l3_ports"] > 0,
    )
    columns = ["stations", "l2_stations", "l3_stations", "l2_ports", "l3_ports"]
    sums = table.groupby("municipality")[columns].sum()
    return sums.reindex(sorted(names), fill_value=0).rename_axis("municipality").reset_index()


def port_ranges(tables: Tables, config: Config) -> pd.DataFrame:
    """Return ports of the counted stations by the reason for their range, with a last row of all.

    Columns: ``basis`` (words), ``stations``, and ``l2_low`` … ``l3_high`` (ports).
    """
    table = _plain(tables, config)
    parts = [(words, table[table["ports_basis"] == key]) for key, words in BASIS_WORDS.items()]
    rows = [
        {"basis": words, "stations": len(part)}
        | {name: int(part[column].sum()) for name, column in _ENDS.items()}
        for words, part in [*parts, ("All stations", table)]
        if len(part) or words == "All stations"
    ]
    return pd.DataFrame(rows)


def _plain(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the counted stations with their base ports, whichever end the scenario takes."""
    plain = config.with_values(siting__port_counts="base")
    return counted(tables.stations, plain)


def address_checks(tables: Tables) -> pd.DataFrame:
    """Return how the Region's stations stand to their addresses.

    Columns: ``outcome`` (words), ``stations``, ``share``, ``median_m`` and ``largest_m`` (distance
    to the own address, NaN where it is not known).
    """
    inside = tables.stations[tables.stations["in_region"]]
    grouped = inside.groupby("location_check")["address_apart_m"]
    parts = {str(name): part for name, part in grouped}
    rows = [
        (words, len(parts[name]), len(parts[name]) / len(inside), parts[name].median(),
         parts[name].max())
        for name, words in ADDRESS_WORDS.items()
        if name in parts
    ]  # fmt: skip
    columns = ["outcome", "stations", "share", "median_m", "largest_m"]
    return pd.DataFrame(rows, columns=columns)


def misplaced(tables: Tables) -> pd.DataFrame:
    """Return the Region's stations whose place and address disagree, the farthest first.

    Columns: ``name``, ``address``, ``municipality`` (where it stands), ``outcome`` (words),
    ``address_apart_m``.
    """
    table = tables.stations
    wrong = ("far_from_address", "address_elsewhere", "city_differs")
    table = table[table["location_check"].isin(wrong)]
    table = table.assign(
        municipality=table["municipality_id"].map(town_names(tables)),
        outcome=table["location_check"].map(ADDRESS_WORDS),
    ).sort_values(["address_apart_m", "station_id"], ascending=[False, True], na_position="first")
    columns = ["name", "address", "municipality", "outcome", "address_apart_m"]
    return pd.DataFrame(table, columns=columns).reset_index(drop=True)


def conditions(tables: Tables) -> pd.DataFrame:
    """Return the Region's stations by condition of use: ``condition`` (words), ``stations``."""
    inside = tables.stations[tables.stations["in_region"]]
    counts = inside["conditions"].value_counts()
    rows = [(words, int(counts.get(name, 0))) for name, words in CONDITION_WORDS.items()]
    return pd.DataFrame([r for r in rows if r[1]], columns=["condition", "stations"])


def operators(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the counted stations by operator, the largest first, those without one last.

    Columns: ``operator``, ``stations``, ``share`` (of all stations), ``l2_ports``, ``l3_ports``
    (base) and ``ports_per_station``. A station with two operators stands under both names.
    """
    table = _plain(tables, config)
    table = table.assign(operator=table["operator"].replace("", NO_OPERATOR))
    grouped = table.groupby("operator").agg(
        stations=("station_id", "size"), l2_ports=("l2_ports", "sum"), l3_ports=("l3_ports", "sum")
    )
    grouped["share"] = grouped["stations"] / len(table)
    grouped["ports_per_station"] = (grouped["l2_ports"] + grouped["l3_ports"]) / grouped["stations"]
    grouped = grouped.reset_index()
    grouped["last"] = grouped["operator"] == NO_OPERATOR
    order = grouped.sort_values(["last", "stations", "operator"], ascending=[True, False, True])
    return order.drop(columns="last").reset_index(drop=True)


# -- How far stations stand from each other, by every reading of "average distance".


def spacing(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the spacing of the counted stations by level.

    Columns: ``level`` (words), ``stations``, ``nearest_mean_km``, ``nearest_median_km``,
    ``nearest_max_km`` (to the next station of the level), ``pair_mean_km``, ``pair_median_km``
    (over all pairs); straight line, NaN where there is no second station.
    """
    table = counted(tables.stations, config)
    rows = []
    for level, words in _SPACED.items():
        xy_m = metres(_offering(table, level))
        apart, pairs = nearest_m(xy_m) / 1000, pdist(xy_m) / 1000
        row: dict[str, object] = {"level": words, "stations": len(xy_m)}
        for name, measure in (("mean", np.mean), ("median", np.median), ("max", np.max)):
            row[f"nearest_{name}_km"] = float(measure(apart)) if len(apart) else np.nan
            row[f"pair_{name}_km"] = float(measure(pairs)) if len(pairs) else np.nan
        rows.append(row)
    columns = "level stations nearest_mean_km nearest_median_km nearest_max_km pair_mean_km"
    return pd.DataFrame(rows)[[*columns.split(), "pair_median_km"]]


def spacing_by_municipality(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the spacing within each municipality, the next station looked for everywhere.

    Columns: ``municipality``, and for each level of ``any``, ``l2``, ``l3`` the number of stations
    (``any``, …) and the mean distance to the next one (``any_km``, …).
    """
    table = counted(tables.stations, config)
    names = town_names(tables).sort_values()
    rows: list[dict[str, object]] = [{"municipality": name} for name in names]
    for level in _SPACED:
        part = _offering(table, level)
        apart = nearest_m(metres(part))
        for row, key in zip(rows, names.index, strict=True):
            here = (part["municipality_id"] == key).to_numpy()
            row[level] = int(here.sum())
            row[f"{level}_km"] = float(apart[here].mean() / 1000) if here.any() else np.nan
    return pd.DataFrame(rows)


def nearest_m(metres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return how far each point is from the next one, in a straight line.

    Parameters
    ----------
    metres
        Points (m), shape (n, 2).

    Returns
    -------
    numpy.ndarray
        Shape (n,), m; NaN where there is no other point.
    """
    if len(metres) < 2:  # noqa: PLR2004 - a next one needs two
        return np.full(len(metres), np.nan)
    distance, _ = cKDTree(metres).query(metres, k=2)
    return np.asarray(distance, np.float64)[:, 1]


def spacing_readings(
    tables: Tables,
    config: Config,
    cities: Sequence[str],
    *,
    stated_km: float,
    stated_stations: int,
) -> pd.DataFrame:
    """Return each reading of the stated average distance, the closest first.

    One reading takes the stated number of stations, which the claim finds in ``cities``.

    Columns: ``reading``, ``stations``, ``km`` and ``ratio`` (to ``stated_km``).
    """
    rows: list[tuple[str, int, float]] = []
    for row in spacing(tables, config).to_dict("records"):
        name, n = str(row["level"]), int(row["stations"])
        rows += [
            (f"{name}: mean distance to the next station", n, float(row["nearest_mean_km"])),
            (f"{name}: median distance to the next station", n, float(row["nearest_median_km"])),
            (f"{name}: mean over all pairs", n, float(row["pair_mean_km"])),
            (f"{name}: spread evenly over the Region", n, _even_km(tables, n)),
        ]
    for row in spacing_by_municipality(tables, config).to_dict("records"):
        words = f"{row['municipality']}: mean distance to the next station"
        rows.append((words, int(row["any"]), float(row["any_km"])))
    words = f"The stated number of stations, spread evenly over {' and '.join(cities)}"
    rows.append((words, stated_stations, _even_km(tables, stated_stations, cities)))
    table = pd.DataFrame(rows, columns=["reading", "stations", "km"]).dropna(subset="km")
    table["ratio"] = table["km"] / stated_km
    off = np.abs(np.log(table["ratio"].to_numpy()))
    return table.iloc[np.argsort(off, kind="stable")].reset_index(drop=True)


def stated_readings(report: Report) -> pd.DataFrame:
    """Return each reading of the client's average distance; see :func:`spacing_readings`."""
    km, stations = stated(report, "spacing"), int(stated(report, "stations"))
    return spacing_readings(
        report.tables, report.config, report.region.counted_cities,
        stated_km=km, stated_stations=stations,
    )  # fmt: skip


def _even_km(tables: Tables, stations: int, names: Sequence[str] = ()) -> float:
    """Return the side of an equal share of the municipalities named, else of the Region (km)."""
    towns = tables.municipalities
    area = float(towns.loc[towns["name"].isin(names or towns["name"]), "area_km2"].sum())
    return float(np.sqrt(area / stations)) if stations else float("nan")


def _offering(table: pd.DataFrame, level: str) -> pd.DataFrame:
    return table if level == "any" else pd.DataFrame(table[table[f"{level}_ports"] > 0])


def stated(report: Report, number: str) -> float:
    """Return what the client states about a number, from the table of claims.

    Raises
    ------
    KwevError
        If the table of claims holds nothing about it.
    """
    where = report.project.root / "data" / "claims.json"
    for claim in read_json(where):
        if claim.get("number") == number:
            return float(claim["value"])
    raise KwevError(f"no claim about the number {number!r}", where=str(where))


# -- Named values.

TOP: Final = 3
"""Operators that the text adds up."""

READINGS_SHOWN: Final = 6
"""Readings of the stated spacing that the table shows, the closest first."""


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of the stations that stand today."""
    t, c = report.tables, report.config
    cities = report.region.counted_cities
    return Numbers(
        [*_of_network(t, c, cities), *_of_ports(t, c), *_of_addresses(t), *_of_spacing(report)]
    )


def _of_network(t: Tables, c: Config, cities: Sequence[str]) -> list[Number]:
    network, run = by_municipality(t, c), operators(t, c)
    whole = network.sum(numeric_only=True)
    per_town = network.set_index("municipality")["stations"]
    towns = {f"{name.lower()}_stations": per_town.get(name, 0) for name in cities}
    known = run[run["operator"] != NO_OPERATOR]
    shares = {
        "operator_first_share:.0%": known["share"].iloc[0],
        "operators_top_share:.0%": known["share"].head(TOP).sum(),
    }
    ports = run[["l2_ports", "l3_ports"]].to_numpy().sum()
    return [
        *named("stations", whole, count="stations l2_stations l3_stations l2_ports l3_ports"),
        *named("stations by municipality", count=towns),
        *named("stations by municipality",
               count={"other_stations": whole["stations"] - sum(towns.values())}),
        *named("stations.operators", share=shares, count={"operators_top": TOP},
               text={"operator_first": known["operator"].iloc[0]},
               points={"ports_per_station": ports / run["stations"].sum()}),
    ]  # fmt: skip


def _of_ports(t: Tables, c: Config) -> list[Number]:
    whole = port_ranges(t, c).iloc[-1]
    ends = {f"{k}_ports_{e}": whole[f"{k}_{e}"] for k in LEVEL_KEYS for e in ("low", "high")}
    alone = t.stations[t.stations["in_region"] & (t.stations["sources"] == "ocm")]
    ports = {"ocm_only_ports": alone[["l2_ports", "l3_ports"]].to_numpy().sum()}
    return [
        *named("stations.port_ranges", count=ends),
        *named("stations known to OpenChargeMap alone", count=ports),
        *named("pipeline.parameters", count={"unstated_high": Parameters().unstated_ports_high}),
    ]


def _of_addresses(t: Tables) -> list[Number]:
    inside = t.stations[t.stations["in_region"]]
    near = inside["location_check"].isin(["ok", "city_differs"])
    texts = ("operator", "opened", "hours", "connectors")
    lacks = {f"{name}_missing": (inside[name] == "").sum() for name in texts}
    checks = {
        "stations_inside": len(inside),
        "places_near": near.sum(),
        "places_checked": inside["address_apart_m"].notna().sum(),
        "places_no_address": (inside["address"] == "").sum(),
        "power_missing": inside[["l2_kw", "l3_kw"]].isna().all(axis=1).sum(),
    }
    far_km = misplaced(t)["address_apart_m"].max() / 1000
    return [
        *named("stations", count={**checks, **lacks}, km={"places_far_km:.1f": far_km}),
        *named("pipeline.parameters", m={"address_near": Parameters().address_near_m}),
    ]


def _of_spacing(report: Report) -> list[Number]:
    whole, _, fast = spacing(report.tables, report.config).to_dict("records")
    closest = stated_readings(report).iloc[0]
    reading = str(closest["reading"])
    lengths = {
        "spacing": whole["nearest_mean_km"],
        "spacing_l3": fast["nearest_mean_km"],
        "spacing_pairs:.1f": whole["pair_mean_km"],
        "spacing_largest:.1f": whole["nearest_max_km"],
        "spacing_closest_km": closest["km"],
        "spacing_stated:.1f": stated(report, "spacing"),
    }
    words = {"spacing_closest": reading[0].lower() + reading[1:]}
    return named("stations.spacing", km=lengths, text=words)


# -- Map.

_LEVEL_MARKS = (
    Mark("L2 only", fill=style.EXISTING_L2, line=style.INK),
    Mark("L3 only", fill=style.EXISTING_L3, line=style.INK, radius=6.5),
    Mark("L2 and L3", fill=style.EXISTING_L3, line=style.L2, width=3, radius=6.5),
)


def station_map(tables: Tables, *, folder: Path | None = None) -> Figure:
    """Map the existing stations by level; those outside the Region and Tesla-only apart."""
    frame = cartography.places(cartography.named(tables, tables.stations))
    is_tesla = (tables.stations["access"] == "tesla_only").to_numpy()
    inside, level3 = frame["in_region"], frame["l3_ports"] > 0
    frame["mark"] = level3.astype(int) + (level3 & (frame["l2_ports"] > 0))
    tesla = Mark("Teslas only", fill="#ffffff", line=style.EXISTING)
    outside = Mark("Outside the Region", fill=style.LINE, line="#5b6470")
    public, for_teslas = frame[inside & ~is_tesla], frame[inside & is_tesla]
    drawn = [
        Layer(name, part, marks, title="name", facts=cartography.STATION_FACTS)
        for name, part, marks in (
            ("Public stations", public, _LEVEL_MARKS),
            ("Stations for Teslas only", for_teslas.assign(mark=0), (tesla,)),
            ("Stations outside the Region", frame[~inside].assign(mark=0), (outside,)),
        )
    ]
    counts = ", ".join(
        f"{(public['mark'] == i).sum()} with {m.label}" for i, m in enumerate(_LEVEL_MARKS)
    )
    alt = (
        f"Map of {len(public)} public charging stations in the Region: {counts}; "
        f"{len(for_teslas)} more serve Teslas only."
    )
    layers = [*cartography.land(tables, folder), *drawn]
    return cartography.build("map-stations", alt, origins.stations(tables), layers)
