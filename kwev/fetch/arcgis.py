"""Layers of an ArcGIS REST service, page by page: Statistics Canada and the Region have one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kwev.errors import KwevError
from kwev.fetch.wanted import unpaged
from kwev.fetch.web import UNTOUCHED, Web, place
from kwev.files import dump_json
from kwev.pipeline.raw import read_geojson

if TYPE_CHECKING:
    import geopandas as gpd

MOST_A_PAGE: Final = 1000
MOST_FEATURES: Final = 200_000
_DEGREES: Final = ("CRS84", "4326")


def layer_of(web: Web, service: str, name: str) -> str:
    """Return the address of the layer of a service whose name holds a text.

    Raises
    ------
    KwevError
        If the service has none.
    """
    layers = _asked(web, service, {}).get("layers") or []
    for layer in layers:
        if name in str(layer.get("name")):
            return f"{service}/{layer['id']}"
    raise KwevError(f"no layer {name!r} any more", where=place(service), hint=UNTOUCHED)


def features(
    web: Web,
    layer: str,
    where: str = "1=1",
    box: tuple[float, float, float, float] | None = None,
) -> gpd.GeoDataFrame:
    """Return the features of a layer in degrees, each once, in the order of their ids.

    Parameters
    ----------
    where
        Which features, as the service's query language says it.
    box
        West, south, east, north (degrees) that they meet.

    Raises
    ------
    KwevError
        If the service sends an error, another reference system, a page twice, or fewer features
        than it counts.
    """
    told = _asked(web, layer, {})
    fields = told.get("fields") or []
    ids = [f["name"] for f in fields if f.get("type") == "esriFieldTypeOID"]
    if not ids:
        raise KwevError("a layer without ids of its features", where=place(layer), hint=UNTOUCHED)
    page = min(int(told.get("maxRecordCount") or MOST_A_PAGE), MOST_A_PAGE)
    query = f"{layer}/query"
    which = {"where": where}
    if box:
        which |= {
            "geometry": ",".join(f"{edge:.6f}" for edge in box), "inSR": "4326",
            "geometryType": "esriGeometryEnvelope", "spatialRel": "esriSpatialRelIntersects",
        }  # fmt: skip
    count = _asked(web, query, {**which, "returnCountOnly": "true"}).get("count", 0)
    if count > MOST_FEATURES:
        raise KwevError(f"{count:,} features are too many", where=place(layer), hint=UNTOUCHED)
    found: dict[str, Any] = {}
    while len(found) < count:
        asked = {
            **which, "outFields": "*", "outSR": "4326", "orderByFields": ids[0],
            "resultOffset": len(found), "resultRecordCount": page, "f": "geojson",
        }  # fmt: skip
        answer = _asked(web, query, asked)
        _refuse_metres(answer, query)
        got = {str((one.get("properties") or {}).get(ids[0])): one for one in _list(answer, query)}
        if not got:
            words = f"the publisher sent {len(found):,} of {count:,} features"
            raise KwevError(words, where=place(query), hint=UNTOUCHED)
        unpaged(got, set(found), place(query))
        found |= got
    whole = {"type": "FeatureCollection", "features": list(found.values())}
    return read_geojson(dump_json(whole, indent=None).encode(), place(layer), hint=UNTOUCHED)


def _asked(web: Web, url: str, query: dict[str, Any]) -> dict[str, Any]:
    answer = web.json(url, {"f": "json", **query})
    if not isinstance(answer, dict):
        raise KwevError("not the answer of an ArcGIS service", where=place(url), hint=UNTOUCHED)
    error = answer.get("error")
    if error:  # such errors come with status 200
        said = error.get("message") if isinstance(error, dict) else error
        raise KwevError(f"the publisher says: {said}", where=place(url), hint=UNTOUCHED)
    return answer


def _list(answer: dict[str, Any], url: str) -> list[dict[str, Any]]:
    found = answer.get("features")
    if not isinstance(found, list):
        raise KwevError("an answer without features", where=place(url), hint=UNTOUCHED)
    return found


def _refuse_metres(answer: dict[str, Any], url: str) -> None:
    crs = answer.get("crs")
    name = str((crs.get("properties") or {}).get("name") if isinstance(crs, dict) else "")
    if name and not name.endswith(_DEGREES):
        words = f"features come in {name} and not in degrees"
        raise KwevError(words, where=place(url), hint=UNTOUCHED)
