"""The network as listed: port ranges, places against addresses, operators, and how it grew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from matplotlib.dates import DateFormatter, YearLocator
from scipy.spatial import cKDTree
from scipy.spatial.distance import pdist

from kwev.display import origins, style
from kwev.display.chart import embed
from kwev.display.figure import Figure, Origin, picture, rows
from kwev.display.table import Column, Columns, columns_of, table
from kwev.display.values import Number, Numbers
from kwev.errors import KwevError
from kwev.files import read_json
from kwev.model.siting import counted
from kwev.pipeline.parameters import Parameters
from kwev.report import region

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.display.table import Table
    from kwev.report.scenario import Report

BASIS_WORDS: Final = {
    "one_count": "The sources agree, or only one counts",
    "one_list_several_rows": "Several rows of one inventory: units, or the same unit again",
    "quantity_or_level_unclear": "Quantity or level unclear in the only inventory",
    "lists_differ": "The inventories count differently",
    "operators_differ": "The inventories name different operators",
}
"""Why low and high differ, in words, from the mildest reason to the strongest."""

PLACE_WORDS: Final = {
    "ok": "Its address is near",
    "city_differs": "Its address is near, but in another municipality than named",
    "far_from_address": "Its address is elsewhere",
    "address_elsewhere": "It stands in another municipality than named",
    "not_found": "Its address is not in the civic address list",
    "no_number": "Its address has no street number",
    "no_address": "No street address published",
}
"""Outcomes of the check of places, in words."""

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
COMPARED: Final = ("nrcan_2022", "nrcan")
"""Snapshots of one source, the older first."""
_ENDS: Final = {
    f"{level}_{end}": f"{level}_ports{suffix}"
    for level in ("l2", "l3")
    for end, suffix in (("low", "_low"), ("base", ""), ("high", "_high"))
}


def port_ranges(tables: Tables, config: Config) -> pd.DataFrame:
    """Return ports of the counted stations by the reason for their range, with a last row of all.

    Columns: ``basis`` (words), ``stations``, and ``l2_low`` … ``l3_high`` (ports).
    """
    table = _plain(tables, config)
    words = list(BASIS_WORDS.values())
    table = table.assign(basis=table["ports_basis"].map(BASIS_WORDS))
    rows = [_ports(table[table["basis"] == name], name) for name in words]
    return pd.DataFrame([*(row for row in rows if row["stations"]), _ports(table, "All stations")])


def _plain(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the counted stations with their base ports, whichever end the scenario takes."""
    plain = config.with_values(siting__port_counts="base")
    return counted(tables.stations, plain)


def _ports(part: pd.DataFrame, basis: str) -> dict[str, str | int]:
    sums = {name: int(part[column].sum()) for name, column in _ENDS.items()}
    return {"basis": basis, "stations": len(part), **sums}


def places(tables: Tables) -> pd.DataFrame:
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
        for name, words in PLACE_WORDS.items()
        if name in parts
    ]  # fmt: skip
    columns = ["outcome", "stations", "share", "median_m", "largest_m"]
    return pd.DataFrame(rows, columns=columns)


def misplaced(tables: Tables) -> pd.DataFrame:
    """Return the Region's stations whose place and address disagree, the farthest first.

    Columns: ``name``, ``address``, ``municipality`` (where it stands), ``outcome`` (words),
    ``address_apart_m``.
    """
    names = tables.municipalities.set_index("municipality_id")["name"]
    table = tables.stations
    wrong = ("far_from_address", "address_elsewhere", "city_differs")
    table = table[table["location_check"].isin(wrong)]
    table = table.assign(
        municipality=table["municipality_id"].map(names),
        outcome=table["location_check"].map(PLACE_WORDS),
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


def dated(tables: Tables, source: str) -> pd.DataFrame:
    """Return a snapshot's records in the Region that are electric, available, public and dated."""
    records = tables.station_records
    keep = (records["source"] == source) & records["comparable"] & records["in_region"]
    keep &= records["reason"] != "row repeats another (name, place, ports, date)"
    return records[keep].sort_values(["opened", "record_id"], ignore_index=True)


def openings(tables: Tables) -> pd.DataFrame:
    """Return how many stations had opened by the end of each month, by snapshot.

    Both snapshots are of one source and filtered alike. A station that closed before a snapshot
    is in none of its months, so a curve shows when today's network opened, not the network of
    that time: where the older snapshot lies above the newer, stations have gone.

    Returns
    -------
    pandas.DataFrame
        ``month`` (YYYY-MM), ``source``, ``records``, ``l2_ports``, ``l3_ports`` (cumulative).
    """
    parts = [_cumulative(dated(tables, source), source) for source in COMPARED]
    return pd.concat(parts, ignore_index=True)


def _cumulative(table: pd.DataFrame, source: str) -> pd.DataFrame:
    months = pd.PeriodIndex(table["opened"].str[:7], freq="M")
    counts = (
        table.assign(records=1)
        .groupby(months)[["records", "l2_ports", "l3_ports"]]
        .sum()
        .reindex(pd.period_range(months.min(), months.max(), freq="M"), fill_value=0)
        .cumsum()
    )
    return counts.assign(source=source, month=counts.index.astype(str)).reset_index(drop=True)


def growth(tables: Tables) -> pd.DataFrame:
    """Return the snapshots side by side, each under its own filter.

    Columns: ``source``, ``snapshot``, ``records``, ``l2_ports``, ``l3_ports``, ``gone`` (in the
    older snapshot and not in the newer, by id), ``fresh`` (in the newer and opened after the older
    one's date) and ``late`` (in the newer, not in the older, though opened before its date).
    OpenChargeMap publishes no dates and stands apart, unfiltered but for its drops.
    """
    older, newer = (dated(tables, source) for source in COMPARED)
    ids = {s: set(t["record_id"].str.split("_").str[1]) for s, t in
           zip(COMPARED, (older, newer), strict=True)}  # fmt: skip
    own = newer["record_id"].str.split("_").str[1]
    cut = str(older["snapshot"].iloc[0])
    rows = [
        _snapshot(older, gone=len(ids["nrcan_2022"] - ids["nrcan"])),
        _snapshot(
            newer,
            fresh=int((newer["opened"] > cut).sum()),
            late=int(((newer["opened"] <= cut) & ~own.isin(ids["nrcan_2022"])).sum()),
        ),
    ]
    records = tables.station_records
    ocm = records[
        (records["source"] == "ocm") & records["in_region"] & (records["outcome"] != "dropped")
    ]
    return pd.DataFrame([rows[0], _snapshot(ocm), rows[1]])


def _snapshot(part: pd.DataFrame, **more: int) -> dict[str, str | float]:
    return {
        "source": str(part["source"].iloc[0]),
        "snapshot": str(part["snapshot"].iloc[0]),
        "records": len(part),
        "l2_ports": int(part["l2_ports"].sum()),
        "l3_ports": int(part["l3_ports"].sum()),
        **{
            name: float(more[name]) if name in more else np.nan
            for name in ("gone", "fresh", "late")
        },
    }


def missing(tables: Tables) -> dict[str, int]:
    """Return how many of the Region's stations lack what, by column."""
    inside = tables.stations[tables.stations["in_region"]]
    texts: Iterable[str] = ("operator", "address", "opened", "hours", "connectors")
    lacks = {name: int((inside[name] == "").sum()) for name in texts}
    return lacks | {
        "power": int(inside[["l2_kw", "l3_kw"]].isna().all(axis=1).sum()),
        "stations": len(inside),
    }


# -- How far stations stand from each other, by every reading of "average distance".

CLAIMED = ("Kitchener", "Waterloo")
"""Cities in which the specification counts its stations."""
LEVELS = {"any": "Any level", "l2": "Level 2", "l3": "Level 3"}


def by_level(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the spacing of the counted stations by level.

    Columns: ``level`` (words), ``stations``, ``nearest_mean_km``, ``nearest_median_km``,
    ``nearest_max_km`` (to the next station of the level), ``pair_mean_km``, ``pair_median_km``
    (over all pairs); straight line, NaN where there is no second station.
    """
    table = counted(tables.stations, config)
    return pd.DataFrame(
        [{"level": words, **_spacing(_of(table, level))} for level, words in LEVELS.items()]
    )


def by_municipality(tables: Tables, config: Config) -> pd.DataFrame:
    """Return the spacing within each municipality, the next station looked for everywhere.

    Columns: ``municipality``, and for each level of ``any``, ``l2``, ``l3`` the number of stations
    (``any``, …) and the mean distance to the next one (``any_km``, …).
    """
    table = counted(tables.stations, config)
    names = tables.municipalities.set_index("municipality_id")["name"].sort_values()
    rows: list[dict[str, object]] = [{"municipality": name} for name in names]
    for level in LEVELS:
        part = _of(table, level)
        apart = nearest_m(_metres(part))
        for row, key in zip(rows, names.index, strict=True):
            here = (part["municipality_id"] == key).to_numpy()
            row[level] = int(here.sum())
            row[f"{level}_km"] = float(apart[here].mean() / 1000) if here.any() else np.nan
    return pd.DataFrame(rows)


def nearest_m(metres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the distance from each point to the next one (m; NaN where there is none)."""
    if len(metres) < 2:  # noqa: PLR2004 - a next one needs two
        return np.full(len(metres), np.nan)
    distance, _ = cKDTree(metres).query(metres, k=2)
    return np.asarray(distance, np.float64)[:, 1]


def readings(
    tables: Tables, config: Config, *, stated_km: float, stated_stations: int
) -> pd.DataFrame:
    """Return each reading of the stated average distance, the closest first.

    One reading takes the stated number of stations, which the claim finds in :data:`CLAIMED`.

    Columns: ``reading``, ``stations``, ``km`` and ``ratio`` (to ``stated_km``).
    """
    whole, towns = by_level(tables, config), by_municipality(tables, config)
    rows: list[tuple[str, int, float]] = []
    for row in whole.to_dict("records"):
        name, n = str(row["level"]), int(row["stations"])
        rows += [
            (f"{name}: mean distance to the next station", n, float(row["nearest_mean_km"])),
            (f"{name}: median distance to the next station", n, float(row["nearest_median_km"])),
            (f"{name}: mean over all pairs", n, float(row["pair_mean_km"])),
            (f"{name}: spread evenly over the Region", n, _even_km(tables, n)),
        ]
    for row in towns.to_dict("records"):
        n, km = int(row["any"]), float(row["any_km"])
        rows.append((f"{row['municipality']}: mean distance to the next station", n, km))
    cities = " and ".join(CLAIMED)
    rows.append(
        (
            f"The stated number of stations, spread evenly over {cities}",
            stated_stations,
            _even_km(tables, stated_stations, CLAIMED),
        )
    )
    table = pd.DataFrame(rows, columns=["reading", "stations", "km"]).dropna(subset="km")
    table["ratio"] = table["km"] / stated_km
    off = np.abs(np.log(table["ratio"].to_numpy()))
    return table.iloc[np.argsort(off, kind="stable")].reset_index(drop=True)


def _even_km(tables: Tables, stations: int, names: tuple[str, ...] = ()) -> float:
    """Return the side of an equal share of the municipalities named, else of the Region (km)."""
    towns = tables.municipalities
    area = float(towns.loc[towns["name"].isin(names or towns["name"]), "area_km2"].sum())
    return float(np.sqrt(area / stations)) if stations else float("nan")


def _of(table: pd.DataFrame, level: str) -> pd.DataFrame:
    return table if level == "any" else pd.DataFrame(table[table[f"{level}_ports"] > 0])


def _metres(table: pd.DataFrame) -> NDArray[np.float64]:
    return table[["easting_m", "northing_m"]].to_numpy(np.float64)


def _spacing(table: pd.DataFrame) -> dict[str, float | int]:
    metres = _metres(table)
    nearest = nearest_m(metres) / 1000
    pairs = pdist(metres) / 1000
    return {
        "stations": len(table),
        "nearest_mean_km": _or_nan(np.mean, nearest),
        "nearest_median_km": _or_nan(np.median, nearest),
        "nearest_max_km": _or_nan(np.max, nearest),
        "pair_mean_km": _or_nan(np.mean, pairs),
        "pair_median_km": _or_nan(np.median, pairs),
    }


def _or_nan(of: Callable[..., np.floating], values: NDArray[np.float64]) -> float:
    return float(of(values)) if len(values) else float("nan")


# -- The chart of how the network grew: two snapshots of one source, another source as a mark.

HEIGHT_PX: Final = 380
HEIGHT_IN: Final = 3.0
_LOOKS: Final = (("dash", "--", style.EXISTING), ("solid", "-", style.L2))
"""Line of the older and of the newer snapshot: plotly, matplotlib, colour."""


def growth_drawn(curves: pd.DataFrame, mark: pd.Series, *, origin: Origin) -> Figure:
    """Show stations by the month in which they had opened.

    Parameters
    ----------
    curves
        Columns ``month`` (YYYY-MM), ``source`` (as shown) and ``records`` (stations opened by the
        end of the month); the older source first.
    mark
        A snapshot without dates: ``source`` (as shown), ``snapshot`` (its date) and ``records``.
    """
    curves = curves.assign(date=pd.PeriodIndex(curves["month"], freq="M").end_time.normalize())
    ends = "; ".join(
        f"{name}: {part['records'].iloc[-1]} by {part['month'].iloc[-1]}"
        for name, part in curves.groupby("source", sort=False)
    )
    alt = (
        f"Stations by month of opening. {ends}. {mark['source']} listed {mark['records']} on "
        f"{mark['snapshot']}, undated."
    )
    return Figure(
        name="station-growth",
        alt=alt,
        source=origin.source,
        vintage=origin.vintage,
        data=curves.drop(columns="date"),
        interactive=lambda: embed("station-growth", _interactive(curves, mark), HEIGHT_PX),
        static=lambda: picture(
            lambda canvas: _static(canvas, curves, mark),
            height_in=HEIGHT_IN,
            alt=alt,
            note=origin.line(),
        ),
        height_px=HEIGHT_PX,
    )


def _interactive(curves: pd.DataFrame, mark: pd.Series) -> go.Figure:
    figure = go.Figure(layout=style.plotly_layout(height_px=HEIGHT_PX))
    for (name, part), (dash, _, colour) in zip(_parts(curves), _LOOKS, strict=True):
        figure.add_scatter(
            x=part["month"].tolist(),
            y=part["records"].tolist(),
            name=name,
            mode="lines",
            line={"color": colour, "dash": dash, "width": 2.5, "shape": "hv"},
            hovertemplate="%{x}: %{y} stations<extra></extra>",
        )
    figure.add_scatter(
        x=[mark["snapshot"]],
        y=[mark["records"]],
        name=f"{mark['source']} (no dates)",
        mode="markers",
        marker={"symbol": "diamond", "size": 12, "color": style.L3},
        hovertemplate="%{x}: %{y} records<extra></extra>",
    )
    figure.update_xaxes(title_text="Month of opening", type="date")
    figure.update_yaxes(title_text="Stations (count)", rangemode="tozero")
    return figure


def _static(canvas: Any, curves: pd.DataFrame, mark: pd.Series) -> None:
    axes = canvas.subplots()
    for (name, part), (_, dash, colour) in zip(_parts(curves), _LOOKS, strict=True):
        axes.step(
            part["date"], part["records"], where="post", label=name, color=colour, linestyle=dash
        )
    axes.scatter(
        [pd.Timestamp(mark["snapshot"])],
        [mark["records"]],
        label=f"{mark['source']} (no dates)",
        marker="D",
        s=40,
        color=style.L3,
        zorder=3,
    )
    axes.xaxis.set_major_locator(YearLocator(2))  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_formatter(DateFormatter("%Y"))  # type: ignore[no-untyped-call]
    axes.set_ylim(bottom=0)
    axes.set_xlabel("Month of opening")
    axes.set_ylabel("Stations (count)")
    axes.legend(loc="upper left")


def _parts(curves: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    first = rows(curves.drop_duplicates("source"))
    return [(str(row.source), curves[curves["source"] == row.source]) for row in first]


# -- Numbers of the station network: ports, places, spacing, operators, growth.

TOP = 3
"""Operators that the text adds up."""


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


def spacing_readings(report: Report) -> pd.DataFrame:
    """Return each reading of the client's average distance between stations."""
    return readings(
        report.tables,
        report.config,
        stated_km=stated(report, "spacing"),
        stated_stations=int(stated(report, "stations")),
    )


def of_stations(report: Report) -> Numbers:
    """Return the numbers of the section on stations that are not in ``of_data``."""
    t, c = report.tables, report.config
    return Numbers(
        [
            *_values_ports(report), *_places(report), *_values_spacing(report), *_growth(report),
            *_operators(operators(t, c)),
        ]
    )  # fmt: skip


def _values_ports(report: Report) -> list[Number]:
    whole = port_ranges(report.tables, report.config).iloc[-1]
    parameters = Parameters()
    numbers = [
        Number(
            f"{level}_ports_{end}", int(whole[f"{level}_{end}"]), "count", "stations.port_ranges"
        )
        for level in ("l2", "l3")
        for end in ("low", "high")
    ]
    older = report.tables.stations
    older = older[(older["sources"] == "ocm") & older["in_region"]]
    return [
        *numbers,
        Number("unstated_high", parameters.unstated_ports_high, "count", "pipeline.parameters"),
        Number("ocm_only_ports", int(older[["l2_ports", "l3_ports"]].to_numpy().sum()), "count",
               "stations known to OpenChargeMap alone"),
    ]  # fmt: skip


def _places(report: Report) -> list[Number]:
    lacks, inside = missing(report.tables), report.tables.stations
    inside = inside[inside["in_region"]]
    check = inside["location_check"]
    known = inside["address_apart_m"].notna()
    near = check.isin(["ok", "city_differs"])
    far = misplaced(report.tables)["address_apart_m"].max()
    origin = "stations.location_check"
    return [
        Number("stations_inside", len(inside), "count", "stations.in_region"),
        Number("places_near", int(near.sum()), "count", origin),
        Number("places_checked", int(known.sum()), "count", origin),
        Number("places_no_address", lacks["address"], "count", origin),
        Number("places_far_km", float(far) / 1000, "km", "stations.address_apart_m", "{:.1f} km"),
        Number("address_near", Parameters().address_near_m, "m", "pipeline.parameters"),
        Number("hours_missing", lacks["hours"], "count", "stations.hours"),
        Number("power_missing", lacks["power"], "count", "stations.l2_kw, l3_kw"),
        Number("operator_missing", lacks["operator"], "count", "stations.operator"),
        Number("opened_missing", lacks["opened"], "count", "stations.opened"),
        Number("connectors_missing", lacks["connectors"], "count", "stations.connectors"),
    ]


def _values_spacing(report: Report) -> list[Number]:
    whole, _, fast = by_level(report.tables, report.config).to_dict("records")
    closest = spacing_readings(report).iloc[0]
    reading = str(closest["reading"])
    return [
        Number("spacing_stated", stated(report, "spacing"), "km", "data/claims.json", "{:.1f} km"),
        Number("spacing_l3", float(fast["nearest_mean_km"]), "km", "spacing.by_level"),
        Number("spacing_pairs", float(whole["pair_mean_km"]), "km", "by_level", "{:.1f} km"),
        Number("spacing_largest", float(whole["nearest_max_km"]), "km", "spacing.by_level",
               "{:.1f} km"),
        Number("spacing_closest", reading[0].lower() + reading[1:], "text", "spacing.readings"),
        Number("spacing_closest_km", float(closest["km"]), "km", "spacing.readings"),
    ]  # fmt: skip


def _growth(report: Report) -> list[Number]:
    older, ocm, newer = growth(report.tables).to_dict("records")
    origin = "stations.growth"
    return [
        Number("growth_older", int(older["records"]), "count", origin),
        Number("growth_newer", int(newer["records"]), "count", origin),
        Number("growth_ocm", int(ocm["records"]), "count", origin),
        Number("growth_gone", int(older["gone"]), "count", origin),
        Number("growth_fresh", int(newer["fresh"]), "count", origin),
        Number("growth_older_date", str(older["snapshot"])[:7], "text", origin),
        Number("growth_newer_date", str(newer["snapshot"])[:7], "text", origin),
    ]


def _operators(table: pd.DataFrame) -> list[Number]:
    known = table[table["operator"] != NO_OPERATOR]
    top = known.iloc[0]
    return [
        Number("operator_first", str(top["operator"]), "text", "stations.operators"),
        Number("operator_first_share", float(top["share"]), "share", "operators", "{:.0%}"),
        Number("operators_top", TOP, "count", "numbers.stations"),
        Number("operators_top_share", float(known["share"].head(TOP).sum()), "share",
               "stations.operators", "{:.0%}"),
        Number("ports_per_station",
               float(table[["l2_ports", "l3_ports"]].to_numpy().sum() / table["stations"].sum()),
               "points", "stations.operators"),
    ]  # fmt: skip


# -- Tables and figures of the station network: ports, places, spacing, operators, growth.

READINGS_SHOWN = 6
"""Readings of the stated spacing that the table shows, the closest first."""


def port_ranges_shown(report: Report) -> Table:
    """Return ports by level, low, base and high, by the reason for the range."""
    levels = (("l2", "Level 2"), ("l3", "Level 3"))
    columns: Columns = (
        Column("basis", "Why the counts differ"),
        "stations",
        *(
            Column(f"{key}_{end}", f"{words}, {end}", format=",d")
            for key, words in levels
            for end in ("low", "base", "high")
        ),
    )
    frame = port_ranges(report.tables, report.config)
    return table("port-ranges", frame, columns, origins.stations(report.tables))


def station_places(report: Report) -> Table:
    """Return how the Region's stations stand to their own addresses."""
    columns = "outcome stations share median_m largest_m"
    frame = places(report.tables)
    return table("station-places", frame, columns, origins.stations(report.tables))


def misplaced_stations(report: Report) -> Table:
    """Return the stations whose place and address disagree, the farthest first."""
    columns = (
        Column("name", "Station"),
        "address",
        Column("municipality", "Stands in"),
        "outcome address_apart_m",
    )
    frame = misplaced(report.tables)
    return table("misplaced-stations", frame, columns, origins.stations(report.tables))


def station_conditions(report: Report) -> Table:
    """Return the Region's stations by published condition of use."""
    columns = "condition stations"
    frame = conditions(report.tables)
    return table("station-conditions", frame, columns, origins.stations(report.tables))


def station_operators(report: Report) -> Table:
    """Return the counted stations by operator."""
    columns = "operator stations share l2_ports l3_ports ports_per_station"
    frame = operators(report.tables, report.config)
    return table("station-operators", frame, columns, origins.stations(report.tables))


def station_spacing(report: Report) -> Table:
    """Return the spacing of the counted stations by level."""
    columns = (
        Column("level", "Stations with"),
        "stations nearest_mean_km nearest_median_km nearest_max_km pair_mean_km",
        "pair_median_km",
    )
    frame = by_level(report.tables, report.config)
    return table("station-spacing", frame, columns, origins.stations(report.tables))


def spacing_by_municipality(report: Report) -> Table:
    """Return the mean distance to the next station by municipality and level."""
    columns = [*columns_of("municipality")]
    for key, words in LEVELS.items():
        columns += [
            Column(key, f"Stations, {words.lower()}", format=",d"),
            Column(f"{key}_km", f"To the next, {words.lower()}", "km", ".2f"),
        ]
    frame = by_municipality(report.tables, report.config)
    return table("spacing-by-municipality", frame, columns, origins.stations(report.tables))


def spacing_readings_shown(report: Report) -> Table:
    """Return what "average distance between stations" may mean, the closest to the claim first."""
    columns = "reading stations km ratio"
    shown = spacing_readings(report).head(READINGS_SHOWN)
    return table("spacing-readings", shown, columns, origins.stations(report.tables))


def station_snapshots(report: Report) -> Table:
    """Return the snapshots side by side, those of one source filtered alike."""
    frame = growth(report.tables)
    frame = frame.assign(source=frame["source"].map(region.SOURCE_NAMES))
    columns = (
        Column("source", "Snapshot"),
        "snapshot",
        Column("records", "Stations", format=",d"),
        "l2_ports l3_ports gone fresh late",
    )
    return table("station-snapshots", frame, columns, origins.stations(report.tables))


def station_growth(report: Report) -> Figure:
    """Return the chart of stations by month of opening."""
    names = region.SOURCE_NAMES
    curves, marks = openings(report.tables), growth(report.tables)
    curves = curves.assign(source=curves["source"].map(names))
    mark = marks[marks["source"] == "ocm"].iloc[0]
    mark = mark.where(mark.index != "source", names["ocm"])
    return growth_drawn(curves, mark, origin=origins.stations(report.tables))
