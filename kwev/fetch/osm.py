"""OpenStreetMap, asked through Overpass and read by osmnx.

osmnx's own requests wait for minutes and ask again without end, so ours are made by
:class:`kwev.fetch.web.Web`; what comes back is osmnx's to turn into shapes. One small question a
file, one after another: the service is run by volunteers.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import geopandas as gpd
import osmnx
import pandas as pd
from shapely.geometry import box

from kwev.data.schemas import column, table_of
from kwev.errors import KwevError
from kwev.fetch.wanted import Wanted, csv_bytes, geojson_bytes
from kwev.fetch.web import UNTOUCHED, Web, place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kwev.fetch.services import Services

SOURCE: Final = "osm"
WAIT_S: Final = 50
"""How long Overpass may work on a question (s): less than :class:`~kwev.fetch.web.Web` waits."""
MAP_DECIMALS: Final = 5
"""Of a degree on the base map: a metre."""
_WALKS: Final = ["footway", "path", "pedestrian", "steps", "cycleway", "bridleway"]
PATHS: Final = "road_network/osm_footpaths.geojson"
_PATH: Final = table_of({"highway": column(type="text")}, "A way for walkers.", exact=False)


def wanted(services: Services) -> Iterator[Wanted]:
    """Yield places, water, rivers and footpaths."""

    def one(
        table: str, title: str, tags: dict[str, Any], make: Callable[[gpd.GeoDataFrame], bytes],
        **more: Any,
    ) -> Wanted:  # fmt: skip
        return Wanted(
            SOURCE, table, services.at.osm, title, "OpenStreetMap contributors", "odbl-1.0",
            "features in the area's box", lambda web: make(_asked(web, services, tags)), **more,
        )  # fmt: skip

    yield one("osm_places", "Parking and fuel", {"amenity": ["parking", "fuel"]}, _places)
    yield one("water", "Water bodies, for the base map", {"natural": "water"}, _water)
    yield one("rivers", "Rivers, for the base map", {"waterway": "river"}, _rivers)
    yield one("", "Footpaths", {"highway": _WALKS}, _paths, file=PATHS, schema=_PATH)


def question(tags: dict[str, Any], area: tuple[float, float, float, float]) -> str:
    """Return the question in Overpass's language: every feature with one of these tags."""
    west, south, east, north = area
    parts = []
    for key, value in tags.items():
        told = (
            f'"{key}"~"^({"|".join(value)})$"' if isinstance(value, list) else f'"{key}"="{value}"'
        )
        parts.append(f"nwr[{told}];")
    bbox = f"{south},{west},{north},{east}"
    return f"[out:xml][timeout:{WAIT_S}][bbox:{bbox}];({''.join(parts)});(._;>;);out body;"


def _asked(web: Web, services: Services, tags: dict[str, Any]) -> gpd.GeoDataFrame:
    url, area = services.at.osm, services.box
    content = web.get(url, "xml", {"data": question(tags, area)})
    if b"<remark>" in content[-2000:]:
        words = "the service gave up before it had everything"
        raise KwevError(words, where=place(url), hint=f"{UNTOUCHED} Try again later.")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "answer.osm"
        path.write_bytes(content)
        try:
            frame = osmnx.features_from_xml(path, polygon=box(*area), tags=tags)
        except osmnx._errors.InsufficientResponseError as error:  # noqa: SLF001 -- has no other name
            raise KwevError("no feature came", where=place(url), hint=UNTOUCHED) from error
        except (ValueError, KeyError, TypeError, SyntaxError) as error:
            words = "what the service sent is no OpenStreetMap data"
            raise KwevError(words, where=place(url), hint=UNTOUCHED) from error
    frame = frame.reset_index().sort_values(["element", "id"], ignore_index=True)
    return gpd.GeoDataFrame(frame)


def _places(frame: gpd.GeoDataFrame) -> bytes:
    points = frame.geometry.representative_point()
    names = frame["name"].fillna("") if "name" in frame else ""
    made = {
        "name": names, "amenity": frame["amenity"], "latitude": points.y.round(7),
        "longitude": points.x.round(7),
    }  # fmt: skip
    return csv_bytes(pd.DataFrame(made))


def _water(frame: gpd.GeoDataFrame) -> bytes:
    return _shapes(frame.assign(cls="water"), "cls", ("Polygon", "MultiPolygon"), MAP_DECIMALS)


def _rivers(frame: gpd.GeoDataFrame) -> bytes:
    return _shapes(frame.assign(cls="rivers"), "cls", ("LineString",), MAP_DECIMALS)


def _paths(frame: gpd.GeoDataFrame) -> bytes:
    return _shapes(frame, "highway", ("LineString",), MAP_DECIMALS + 1)


def _shapes(frame: gpd.GeoDataFrame, column: str, kinds: tuple[str, ...], decimals: int) -> bytes:
    of_kind = frame[frame.geometry.geom_type.isin(kinds)]
    return geojson_bytes(gpd.GeoDataFrame(of_kind), (column,), decimals)
