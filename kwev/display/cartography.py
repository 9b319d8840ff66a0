"""Geometry of maps: the processed GeoJSON files made light, points from tables, areas in reach."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import shapely

from kwev.data.tables import read_held
from kwev.display import ground, map_page, style
from kwev.display.figure import Figure, Origin, Picture, picture
from kwev.display.layers import Layer, Mark, data_of, graded, metric
from kwev.errors import KwevError
from kwev.project import find_project
from kwev.units import CRS_DEGREES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import geopandas as gpd
    import pandas as pd
    from numpy.typing import NDArray

    from kwev.data.tables import Tables

TOLERANCE_M = 25.0
"""Detail below this is not seen at the scale of the Region (m)."""

_SEGMENTS = 16
_REACH_M = 1.0
"""Segments of a quarter circle of reach, and what its outline may lose (m): seen as round."""

_CLOSE_M = 120.0
"""Gaps narrower than twice this between the cells of a neighbourhood are drawn closed (m)."""


def areas(
    name: str, key: str, folder: Path | None = None, *, tolerance_m: float = TOLERANCE_M
) -> gpd.GeoDataFrame:
    """Read ``<name>.geojson`` of the processed data, simplified without gaps or overlaps.

    Parameters
    ----------
    name
        ``municipalities``, ``das``, ``tracts`` or ``fsas``.
    key
        Column of the ids, kept as text.
    folder
        Where the file lies; the project's processed data by default.
    tolerance_m
        Side of the smallest corner that is kept (m).

    Raises
    ------
    KwevError
        If the file is missing.
    """
    import geopandas as gpd

    frame = _read(name, key, folder)
    metres = frame.geometry.to_crs(metric(frame))
    light = shapely.coverage_simplify(np.asarray(metres), tolerance_m)
    frame["geometry"] = gpd.GeoSeries(light, index=frame.index, crs=metres.crs).to_crs(CRS_DEGREES)
    return frame.set_crs(CRS_DEGREES, allow_override=True)


def lines(name: str, key: str, folder: Path | None = None) -> gpd.GeoDataFrame:
    """Read a file of lines, simplified; arguments and errors are those of :func:`areas`."""
    frame = _read(name, key, folder)
    light = frame.geometry.to_crs(metric(frame)).simplify(TOLERANCE_M)
    return frame.set_geometry(light.to_crs(CRS_DEGREES))


def _read(name: str, key: str, folder: Path | None) -> gpd.GeoDataFrame:
    import geopandas as gpd

    path = (folder or find_project().processed) / f"{name}.geojson"
    if not path.is_file():
        raise KwevError(
            "map geometry missing", where=str(path), hint="Build it again with `kwev data`."
        )
    frame = gpd.read_file(io.BytesIO(read_held(path)))
    frame[key] = frame[key].astype(str)
    return frame.set_crs(CRS_DEGREES, allow_override=True)


def places(table: pd.DataFrame) -> gpd.GeoDataFrame:
    """Return a table with ``latitude`` and ``longitude`` (degrees) as points."""
    import geopandas as gpd

    where = gpd.points_from_xy(table["longitude"], table["latitude"])
    return gpd.GeoDataFrame(table.copy(), geometry=where, crs=CRS_DEGREES)


def neighbourhoods(
    cell_ids: Sequence[str], number: NDArray[np.int64], size_m: float, crs: str
) -> gpd.GeoDataFrame:
    """Return the outline of each group of cells, narrow gaps between them closed.

    Parameters
    ----------
    cell_ids
        Ids hold the column and the row of the floor grid (``c_5109_48168``).
    number
        Group of each cell.
    size_m
        Side of a cell (m).
    crs
        The metric projection in whose grid they lie.

    Returns
    -------
    gpd.GeoDataFrame
        ``number`` and the outline, one row a group.
    """
    import geopandas as gpd

    corner = np.array([name.split("_")[1:] for name in cell_ids], float).reshape(-1, 2) * size_m
    east, north = corner.T
    squares = shapely.box(east, north, east + size_m, north + size_m)
    cells = gpd.GeoDataFrame({"number": number}, geometry=squares, crs=crs)
    frame = cells.dissolve("number").reset_index()
    # out and in again with square corners: gaps below twice the distance close
    wider = frame.buffer(_CLOSE_M, join_style="mitre")
    frame["geometry"] = wider.buffer(-_CLOSE_M, join_style="mitre")
    return frame.to_crs(CRS_DEGREES)


def reach(
    stations: gpd.GeoDataFrame, radius_m: float, within: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    """Return the part of ``within`` that lies within ``radius_m`` of a station, as the crow flies.

    Returns
    -------
    gpd.GeoDataFrame
        One row (none without stations): the area and its size ``area_km2``.
    """
    import geopandas as gpd

    crs = metric(within)
    region = within.geometry.to_crs(crs).union_all()
    circles = stations.geometry.to_crs(crs).buffer(radius_m, _SEGMENTS)
    covered = circles.union_all().intersection(region) if len(stations) else shapely.Polygon()
    rows = [] if covered.is_empty else [covered.simplify(_REACH_M)]
    frame = gpd.GeoDataFrame({"area_km2": [covered.area / 1e6] * len(rows)}, geometry=rows)
    return frame.set_crs(crs).to_crs(CRS_DEGREES)


# -- What the maps share: grounds, boundaries, population density, readable words, both forms.

BORDERS = Mark("Municipality", line=style.BORDER, width=1.5)
_LAND = Mark("", fill=style.LAND, line=style.BORDER, width=1.5)
_HEIGHT_PX = 600
_HEIGHT_IN = 5.4

CATEGORY_MARKS = {
    "shopping_mall": Mark("Shopping mall", fill="#0072b2"),
    "retail_complex": Mark("Retail complex", fill="#56b4e9"),
    "business_park": Mark("Business park", fill="#000000"),
    "parking": Mark("Parking", fill="#8a8f98"),
    "transit_station": Mark("Transit station", fill="#d55e00"),
    "park_and_ride": Mark("Park and ride", fill="#ffffff", line="#d55e00", width=2.5),
    "community_centre": Mark("Community centre", fill="#009e73"),
    "library": Mark("Library", fill="#ffffff", line="#009e73", width=2.5),
    "recreation_centre": Mark("Recreation centre", fill="#f0e442", line="#5b6470"),
    "fuel_station": Mark("Fuel station", fill="#cc79a7"),
    "highway_corridor": Mark("Highway corridor", fill="#ffffff", line="#000000", width=2.5),
    "dense_residential": Mark("Dense residential", fill="#e69f00"),
    "kerbside": Mark("Kerb near dense housing", fill="#ffffff", line="#e69f00", width=2.5),
}
"""Looks of the categories; hollow ones share a colour with a kindred filled one."""

STATION_FACTS = (
    "station_id operator municipality l2_ports:short l2_span l3_ports:short l3_span l2_kw l3_kw",
    "access owner opened hours sources confidence",
)
"""What a popup tells of an existing station."""
_LISTS = {"ocm+nrcan": "OpenChargeMap and NRCan", "ocm": "OpenChargeMap", "nrcan": "NRCan"}


def named(tables: Tables, table: pd.DataFrame) -> pd.DataFrame:
    """Return the table with names of municipalities and readable words for the coded columns."""
    names = tables.municipalities.set_index("municipality_id")["name"]
    made = table.copy()
    made["municipality"] = made["municipality_id"].map(names).fillna("outside the Region")
    for level in ("l2", "l3"):
        ends = [f"{level}_ports_low", f"{level}_ports_high"]
        if set(ends) <= set(made):
            made[f"{level}_span"] = [
                str(low) if low == high else f"{low} to {high}"
                for low, high in made[ends].to_numpy(int)
            ]
    if "sources" in made:
        made["sources"] = made["sources"].replace(_LISTS)
    for column in ("access", "owner", "operator", "opened", "source", "hours", "conditions"):
        if column in made:
            words = made[column].fillna("").astype(str).str.replace("_", " ")
            made[column] = words.where(words != "", style.DASH)
    return made


def with_facts(
    tables: Tables, facts: pd.DataFrame, folder: Path | None = None, *, tolerance_m: float = 55.0
) -> gpd.GeoDataFrame:
    """Return the dissemination areas that facts tell of: outlines, named municipality, facts.

    Parameters
    ----------
    facts
        Column ``da_id``, one row an area.
    tolerance_m
        As in :func:`areas`.
    """
    shape = areas("das", "da_id", folder, tolerance_m=tolerance_m)[["da_id", "geometry"]]
    if "municipality_id" not in facts:
        facts = facts.merge(tables.das[["da_id", "municipality_id"]], on="da_id")
    return shape.merge(named(tables, facts), on="da_id", validate="one_to_one")


def density(tables: Tables, folder: Path | None, *, tolerance_m: float = 55.0) -> gpd.GeoDataFrame:
    """Return the dissemination areas with people and EVs per km² of land (0 where there is none).

    Columns: those of ``das`` that maps tell, ``per_km2`` and ``evs_per_km2``.
    """
    columns = ["da_id", "municipality_id", "population", "households", "ev", "land_area_km2"]
    frame = with_facts(tables, tables.das[columns], folder, tolerance_m=tolerance_m)
    land = frame["land_area_km2"].where(frame["land_area_km2"] > 0)
    frame["per_km2"] = (frame["population"] / land).fillna(0)
    frame["evs_per_km2"] = (frame["ev"] / land).fillna(0)
    return frame


def density_layer(frame: gpd.GeoDataFrame, colours: Sequence[str], **more: Any) -> Layer:
    """Return the layer of people per km² in the given colours, light to dark."""
    frame = frame.copy()
    frame["mark"], marks = graded(frame["per_km2"].tolist(), colours)
    facts = "municipality population:people per_km2:people ev:count"
    return Layer(
        "Population density", frame, marks, title="da_id", facts=facts,
        heading="People per km² of land", **more,
    )  # fmt: skip


def municipalities(tables: Tables, folder: Path | None) -> gpd.GeoDataFrame:
    """Return the municipalities with their facts; mark 0 is a city, 1 a township."""
    shape = areas("municipalities", "municipality_id", folder)
    frame = shape[["municipality_id", "geometry"]].merge(
        tables.municipalities, on="municipality_id", validate="one_to_one"
    )
    frame["mark"] = (frame["kind"] != "city").astype(int)
    return frame


def land(tables: Tables, folder: Path | None) -> list[Layer]:
    """Return the layer of land that points are drawn on."""
    frame = municipalities(tables, folder).assign(mark=0)
    return [Layer("Municipalities", frame, (_LAND,), control=False)]


def borders(tables: Tables, folder: Path | None) -> list[Layer]:
    """Return the layer of municipal boundaries."""
    frame = municipalities(tables, folder).assign(mark=0)
    return [Layer("Municipal boundaries", frame, (BORDERS,))]


def build(
    name: str,
    alt: str,
    origin: Origin,
    layers: Sequence[Layer],
    *,
    canvas: bool = False,
) -> Figure:
    """Return the figure that shows the layers, from the ground up, in both forms.

    Parameters
    ----------
    canvas
        As in :func:`kwev.display.map_page.document`.
    """
    return Figure(
        name=name,
        alt=alt,
        source=origin.source,
        vintage=origin.vintage,
        data=data_of(layers),
        interactive=lambda: map_page.document(alt, layers, note=origin.line(), canvas=canvas),
        static=lambda: _static(layers, alt, origin),
        kind="map",
        height_px=_HEIGHT_PX,
    )


def _static(layers: Sequence[Layer], alt: str, origin: Origin) -> Picture:
    from kwev.display import map_print

    project = find_project()
    base = ground.read(project.processed)
    note = origin.line()
    note += "" if base is None else f" · {ground.credit(project)}© OpenStreetMap contributors"
    return picture(
        lambda paper: map_print.draw(paper, layers, base),
        height_in=_HEIGHT_IN,
        alt=alt,
        note=note,
        arrange=False,
    )
