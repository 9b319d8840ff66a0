"""The ground that maps are drawn on: roads with names, tracks, water, parks and names of places.

It serves the eye alone: nothing is counted or measured on it. Lines are simplified by a few metres
and clipped to the Region with a margin; a row holds all lines of one kind and name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely

from kwev import polyline
from kwev.data.columns import choices
from kwev.data.schemas import arrange
from kwev.pipeline.geometry import unproject
from kwev.pipeline.roads import GATED, NOT_OPEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import geopandas as gpd
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from kwev.pipeline.boundaries import Boundaries
    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.raw import Ledger, Raw

KINDS: Final = choices("base_map", "kind")
"""Kinds of rows, in the order in which they are drawn."""

CLASSES: Final = {
    "Freeway": "freeway", "Highway": "freeway", "Ramp": "ramp", "Arterial": "arterial",
    "Collector": "collector", "Local Street": "street", "Cul-de-Sac": "street",
    "Private": "lane", "Alleyway / Lane": "lane",
}  # fmt: skip
"""Kind of each class of the road file; a turning lane is not drawn, nor the few pieces of track."""

_LEAST_WATER_M2: Final = 1_000.0
_EDGE_M: Final = 100.0
_LEAST_STREETS: Final = 8
"""A settlement that fewer segments name is a slip of the file, or too small for a name."""

_Row = tuple[str, str, "BaseGeometry"]


def base_map(
    raw: Raw,
    bounds: Boundaries,
    tracks: NDArray[np.object_],
    parameters: Parameters,
    ledger: Ledger,
) -> pd.DataFrame:
    """Return ``base_map``: kind, name and lines of what is drawn below every map.

    Parameters
    ----------
    raw
        ``roads``, ``water``, ``rivers``, ``districts`` and ``waterloo_facilities``.
    bounds
        The Region and its municipalities.
    tracks
        Lines of the ION (m), as its timetable draws them.
    parameters
        ``ground_simplify_m`` and ``ground_margin_m`` are used.
    ledger
        Takes what is left out.

    Returns
    -------
    pandas.DataFrame
        Sorted by kind in the order of drawing, then by name.
    """
    roads = raw.metres("roads")
    shut = roads["PublicAcce"].isin([*NOT_OPEN, *GATED])
    ledger.add("roads", "gated, closed or not built: not on the base map", "dropped", shut)
    open_roads = roads[~shut]
    found = [
        *water(raw.metres("water"), raw.metres("rivers")),
        *road_lines(open_roads),
        *([("rail", "", shapely.line_merge(shapely.union_all(tracks)))] if len(tracks) else []),
        *parks(raw.metres("waterloo_facilities")),
        *districts(raw.metres("districts"), bounds.municipalities),
        *settlements(open_roads, bounds.municipalities),
    ]
    # a plain outline: the margin is no place, and an exact one would cost a minute
    area = bounds.region.simplify(_EDGE_M).buffer(parameters.ground_margin_m, quad_segs=2)
    return table_of(found, area, parameters.ground_simplify_m, bounds.crs)


def table_of(
    found: Iterable[_Row], area: BaseGeometry, simplify_m: float, crs: str
) -> pd.DataFrame:
    """Return rows of kind, name and shape (m) as the table, clipped to ``area`` and simplified."""
    shapely.prepare(area)
    rows, parts, owner = [], [], []
    for number, (kind, name, shape) in enumerate(found):
        rows.append((KINDS.index(kind), kind, name))
        own = _parts(shape, area, simplify_m)
        parts += own
        owner += [number] * len(own)
    table = pd.DataFrame(rows, columns=["order", "kind", "name"])
    texts = pd.Series(_texts(parts, crs), index=owner, dtype=str)
    # sorted, as the order of a union's parts is the library's own
    joined = texts[texts != ""].groupby(level=0).agg(lambda own: " ".join(sorted(own)))
    table = table.assign(path=joined).dropna(subset="path")
    return arrange(table, "base_map", "order", "name")


def road_lines(roads: gpd.GeoDataFrame) -> list[_Row]:
    """Return the roads joined by kind and name."""
    kind = roads["CartoClass"].map(CLASSES)
    name = roads["FullStreet"].fillna("").str.strip()
    drawn = roads.assign(kind=kind, name=name)[kind.notna()]
    return [
        (str(of_kind), str(of_name), shapely.line_merge(shapely.union_all(list(part))))
        for (of_kind, of_name), part in drawn.groupby(["kind", "name"]).geometry
    ]


def water(bodies: gpd.GeoDataFrame, rivers: gpd.GeoDataFrame) -> list[_Row]:
    """Return water bodies as one shape without overlaps, and rivers as one line of many parts.

    A body whose outline was simplified to a line has no area, and is not drawn.
    """
    areas = bodies.geometry[bodies.geom_type.isin(["Polygon", "MultiPolygon"])]
    sound = shapely.union_all(shapely.make_valid(np.asarray(areas)))
    large = [p for p in shapely.get_parts(sound) if p.area >= _LEAST_WATER_M2]
    lines = shapely.line_merge(shapely.union_all(np.asarray(rivers.geometry)))
    return [("water", "", shapely.MultiPolygon(large)), ("river", "", lines)]


def parks(facilities: gpd.GeoDataFrame) -> list[_Row]:
    """Return the parks of the City of Waterloo as points: outlines are not free to be drawn."""
    rows = facilities[(facilities["TYPE"] == "Park") & facilities["NAME"].notna()]
    firsts = rows.drop_duplicates("NAME")
    return [
        ("park", str(name), shape.centroid)
        for name, shape in zip(firsts["NAME"], firsts.geometry, strict=True)
    ]


def districts(planned: gpd.GeoDataFrame, towns: gpd.GeoDataFrame) -> list[_Row]:
    """Return the neighbourhoods of the cities, and villages that the townships plan as such."""
    cities = set(towns.loc[towns["kind"] == "city", "name"])
    rows: list[_Row] = []
    for town, name, shape in zip(
        planned["municipality"], planned["district"], planned.geometry, strict=True
    ):
        short = str(name).split(" (")[0]
        if town in cities:
            rows.append(("district", short, shape.representative_point()))
        elif short.endswith(" Village"):
            rows.append(("village", short.removesuffix(" Village"), shape.representative_point()))
    return _first_of_each(rows)


def settlements(roads: gpd.GeoDataFrame, towns: gpd.GeoDataFrame) -> list[_Row]:
    """Return cities and villages amid their streets, townships amid their land."""
    kind_of = dict(zip(towns["name"], towns["kind"], strict=True))
    inside = roads[roads["LeftMunici"].isin(list(kind_of))]
    rows: list[_Row] = [
        ("township", str(name), shape.representative_point())
        for name, kind, shape in zip(towns["name"], towns["kind"], towns.geometry, strict=True)
        if kind != "city"
    ]
    land = shapely.union_all(towns.geometry.to_numpy())
    for name, part in inside.groupby("LeftSettle").geometry:
        kind = kind_of.get(name, "village")
        middle = shapely.get_coordinates(shapely.centroid(part.to_numpy()))
        spot = shapely.Point(np.median(middle, axis=0))
        # streets along the border are listed with the neighbour's settlements
        if kind != "township" and len(part) >= _LEAST_STREETS and land.contains(spot):
            rows.append((kind, str(name), spot))
    return rows


def _first_of_each(rows: Sequence[_Row]) -> list[_Row]:
    return list({row[:2]: row for row in reversed(rows)}.values())


def _parts(shape: BaseGeometry, area: BaseGeometry, simplify_m: float) -> list[Any]:
    """Return the lines, rings or point of a shape inside ``area``, each with its detail."""
    inside = shape if shapely.contains_properly(area, shape) else shapely.intersection(shape, area)
    parts: list[Any] = []
    for part in shapely.get_parts(shapely.simplify(inside, simplify_m)):
        if part.geom_type == "Polygon":
            parts += [part.exterior, *part.interiors]
        elif part.geom_type in {"LineString", "Point"}:
            parts.append(part)
    return parts


def _texts(parts: list[Any], crs: str) -> list[str]:
    """Return each part as text; one that falls to less than it was when rounded is empty."""
    counts = np.cumsum([len(part.coords) for part in parts])[:-1]
    degrees = unproject(shapely.get_coordinates(parts), crs)
    least = {"Point": 1, "LineString": 2, "LinearRing": 4}
    lines = [polyline.without_repeats(line) for line in np.split(degrees, counts)]
    return [
        polyline.encode(line) if len(line) >= least[part.geom_type] else ""
        for part, line in zip(parts, lines, strict=True)
    ]
