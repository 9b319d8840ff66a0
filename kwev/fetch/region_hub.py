"""The Region's open data hub: boundary, roads and stops of the ION.

A layer is found by its title in the hub's catalogue (DCAT-US), which names the layer's address: the
catalogue stays where it is when layers move.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import pandas as pd

from kwev.data.schemas import RAW, table_of
from kwev.errors import KwevError
from kwev.fetch.arcgis import features
from kwev.fetch.wanted import Wanted, csv_bytes, geojson_bytes, pick
from kwev.fetch.web import UNTOUCHED, Web, place

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kwev.fetch.services import Services

SOURCE: Final = "region"
BOUNDARY: Final = "boundaries/region_of_waterloo_boundary.geojson"
NAME_LENGTH: Final = 10
"""The pipeline knows the fields by the first letters that a shapefile keeps."""
_ANY: Final = table_of({}, "An outline.", exact=False)


def wanted(services: Services) -> Iterator[Wanted]:
    """Yield boundary, roads and stops, where the region has a hub."""
    hub = services.at.region_hub
    if hub is None:
        return

    def one(table: str, title: str, make: Callable[[gpd.GeoDataFrame, str], bytes]) -> Wanted:
        return Wanted(
            SOURCE, table, hub, title,
            "Regional Municipality of Waterloo", "region-open", "all features",
            lambda web: make(*_layer(web, hub, title)),
            file="" if table else BOUNDARY, schema=None if table else _ANY,
        )  # fmt: skip

    yield one("", "Regional Boundary", lambda frame, _: geojson_bytes(frame, ()))
    yield one("roads", "Roads", _roads)
    yield one("ion_stops", "ION Stops", _stops)


def _layer(web: Web, catalogue: str, title: str) -> tuple[gpd.GeoDataFrame, str]:
    """Return the features of the layer with a title, and where it is."""
    web.once(catalogue, "json")  # three layers ask for it
    answer = web.json(catalogue)
    sets = answer.get("dataset") if isinstance(answer, dict) else None
    for one in sets if isinstance(sets, list) else ():
        if str(one.get("title", "")).strip().casefold() != title.casefold():
            continue
        for form in one.get("distribution") or ():
            url = str(form.get("accessURL") or "").rstrip("/")
            if "/rest/services/" in url:
                return features(web, url), place(url)
    words = f"the hub's catalogue has no layer {title!r} any more"
    raise KwevError(words, where=place(catalogue), hint=UNTOUCHED)


def _roads(frame: gpd.GeoDataFrame, where: str) -> bytes:
    short = {name: name[:NAME_LENGTH] for name in frame.columns if name != "geometry"}
    table = gpd.GeoDataFrame(frame.rename(columns=short))
    known = RAW["roads"].columns
    kept = [name for name, kind in known.items() if kind.required or name in table]
    pick(table, kept, where)
    stream = io.BytesIO()
    table[[*kept, "geometry"]].sort_values("OBJECTID", ignore_index=True).to_parquet(stream)
    return stream.getvalue()


def _stops(frame: gpd.GeoDataFrame, where: str) -> bytes:
    columns = [name for name in RAW["ion_stops"].columns if name not in {"latitude", "longitude"}]
    table = pd.DataFrame(pick(frame, columns, where))
    points = frame.geometry
    return csv_bytes(table.assign(longitude=points.x.round(7), latitude=points.y.round(7)))
