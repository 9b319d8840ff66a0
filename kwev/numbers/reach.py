"""Numbers of the roads and of who reaches a charger along them today."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import reach
from kwev.numbers.number import Number, Numbers
from kwev.pipeline.parameters import Parameters

if TYPE_CHECKING:
    import pandas as pd

    from kwev.report import Report
    from kwev.tables import Tables


def of_reach(report: Report) -> Numbers:
    """Return the numbers of the road network and of reach along it."""
    return Numbers([*_network(report), *_reached(report), *_sets(report)])


def _network(report: Report) -> list[Number]:
    tables, parameters = report.tables, Parameters()
    edges = tables.road_edges
    drive = edges["drive_forward"] | edges["drive_backward"]
    one_way = edges["drive_forward"] != edges["drive_backward"]
    walk_share = _connected(tables, edges["walk"], "not connected on foot")
    drive_share = _connected(tables, drive, "no way there and back by car")
    km = edges["length_m"] / 1000
    return [
        Number("road_edges", len(edges), "count", "road_edges"),
        Number("road_nodes", len(tables.road_nodes), "count", "road_nodes"),
        Number("road_km", float(km.sum()), "km", "road_edges.length_m", "{:,.0f} km"),
        Number("walk_km", float(km[edges["walk"]].sum()), "km", "road_edges.walk", "{:,.0f} km"),
        Number("drive_km", float(km[drive].sum()), "km", "road_edges.drive", "{:,.0f} km"),
        Number("one_way_edges", int(one_way.sum()), "count", "road_edges.drive"),
        Number("walk_component", walk_share, "share", "road_edges.walk; quality"),
        Number("drive_component", drive_share, "share", "road_edges.drive; quality"),
        Number("snap_radius", parameters.road_snap_m, "m", "pipeline.parameters"),
        Number("snap_wide_radius", parameters.road_snap_wide_m, "m", "pipeline.parameters"),
    ]


def _connected(tables: Tables, kept: pd.Series, rule: str) -> float:
    """Return the share of edges that are connected; the ledger counts those that are not."""
    lost = int(tables.quality.loc[tables.quality["rule"] == rule, "rows"].sum())
    return float(kept.sum() / (kept.sum() + lost))


def _reached(report: Report) -> list[Number]:
    cells = reach.of_cells(report.tables, report.config)
    people = cells["people"]
    snapped = float(people[cells["snapped"]].sum())
    numbers = [
        Number("snapped_share", snapped / people.sum(), "share", "road_snaps; cells.population"),
        Number("snap_offset", _mean_offset(report), "m", "road_snaps.offset_m of cells"),
        Number("unsnapped_people", people.sum() - snapped, "people", "road_snaps; cells"),
    ]
    for level, way in (("l2", "walk"), ("l3", "drive")):
        by_air = people[cells[f"{level}_straight_line"]].sum()
        by_road = people[cells[f"{level}_network"]].sum()
        only_air = people[cells[f"{level}_straight_line"] & ~cells[f"{level}_network"]].sum()
        half_m = reach.median_m(cells[f"{level}_m"].to_numpy(), people.to_numpy())
        origin = f"analysis.reach.of_cells: {level}"
        numbers += [
            Number(f"{level}_by_air", float(by_air), "people", origin),
            Number(f"{level}_by_road", float(by_road), "people", origin),
            Number(f"{level}_by_road_share", by_road / people.sum(), "share", origin),
            Number(f"{level}_only_by_air", float(only_air), "people", origin),
            Number(f"{level}_only_by_air_share", only_air / by_air, "share", origin),
            Number(f"{level}_{way}_median", half_m / 1000, "km", origin),
        ]
    return numbers


def _mean_offset(report: Report) -> float:
    """Return how far a resident's home is from the road on average (m)."""
    snaps = report.tables.road_snaps
    walked = snaps[(snaps["kind"] == "cell") & (snaps["mode"] != "drive")].set_index("id")
    people = report.tables.cells.set_index("cell_id")["population"].loc[walked.index]
    return float((walked["offset_m"] * people).sum() / people.sum())


def _sets(report: Report) -> list[Number]:
    """Return the lowest and highest of the headline by demand points and metric."""
    table = reach.by_geography(report.tables, report.config)
    numbers = []
    for level in ("l2", "l3"):
        values = table[[f"{level}_{metric}" for metric in reach.METRICS]].to_numpy()
        origin = f"analysis.reach.by_geography: {level}"
        numbers += [
            Number(f"{level}_now_lowest", float(values.min()), "share", origin),
            Number(f"{level}_now_highest", float(values.max()), "share", origin),
        ]
    return numbers
