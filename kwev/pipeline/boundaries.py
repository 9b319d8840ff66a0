"""Outlines of municipalities, tracts, dissemination areas and forward sortation areas (FSA).

Statistics Canada's boundary files of 2021, repaired, linked to the census, and drawn simplified.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import geopandas as gpd
import pandas as pd
import shapely

from kwev.data.columns import DWELLING_TYPES
from kwev.errors import KwevError
from kwev.pipeline.geometry import clip, drop_slivers, repair, simplify, within_index
from kwev.region import area_id

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from shapely.geometry.base import BaseGeometry

    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.raw import Ledger, Raw
    from kwev.region import Region

_TRACT: Final = r"(?!0{7})\d{7}\.\d{2}"
"""What names a census tract; places that have none are given another text, or zeros."""

CENSUS_COLUMNS: Final = {
    "DAUID": "da_id",
    "CSDUID": "municipality_id",
    "2021-a-Population": "population",
    "2021-b-Total dwellings": "dwellings",
    "2021-l-Total households": "households",
    "2021-d-Single detached house": "single_detached",
    "2021-e-Semi detached house": "semi_detached",
    "2021-f-Row house": "row_house",
    "2021-g-Apartment or flat duplex": "duplex",
    "2021-i-Apartment fewer than five storeys": "apartment_low_rise",
    "2021-h-Apartment five or more storeys": "apartment_high_rise",
    "2021-j-Other single attached house": "other_attached",
    "2021-k-Movable dwelling": "movable",
}
"""Published name to ours in the census table by dissemination area."""


@dataclass(frozen=True)
class Boundaries:
    """Polygons in the region's metric projection, sorted by id, and counts of the census.

    ``das`` has the census columns of ``das.csv``; ``region`` is the union of its polygons.
    """

    region: BaseGeometry
    municipalities: gpd.GeoDataFrame
    tracts: gpd.GeoDataFrame
    das: gpd.GeoDataFrame
    fsas: gpd.GeoDataFrame

    @property
    def crs(self) -> str:
        """The region's metric projection."""
        return str(self.das.crs)

    def locate(self, metres: NDArray[np.float64]) -> pd.DataFrame:
        """Return municipality_id and area_id of (N, 2) points (m), "" outside the Region."""
        da = within_index(metres, self.das.geometry.to_numpy())
        ids = pd.DataFrame(self.das[["municipality_id", "area_id"]])
        return ids.reindex(da).fillna("").reset_index(drop=True)


def read_boundaries(raw: Raw, parameters: Parameters, ledger: Ledger) -> Boundaries:
    """Read, repair and link the polygons.

    Parameters
    ----------
    raw
        ``das``, ``tracts``, ``fsas`` (outlines of 2021), ``da_census``, ``da_links`` and
        ``municipalities``, all from Statistics Canada; areas of other regions are left out.
    parameters
        ``mended_area_share`` and ``border_share`` (shares) and ``sliver_m2`` (m²) are used.
    ledger
        Takes what was mended, dropped or differs.

    Returns
    -------
    Boundaries
        Polygons in metres with the counts of the 2021 census.

    Raises
    ------
    KwevError
        If polygons, census and links do not hold the same areas, or a polygon is beyond repair.
    """
    links = raw.read("da_links").rename(columns={"da_id_21": "da_id"})
    ours = links["csd_id_21"].map(raw.region.holds)
    other_tracts = set(links.loc[~ours, "ct_id_21"]) - set(links.loc[ours, "ct_id_21"])
    das = _das(raw, links[ours], set(links.loc[~ours, "da_id"]), parameters, ledger)
    tracts = _layer(raw, "tracts", {"CTUID": "tract_id"}, parameters, ledger)
    tracts = tracts[~tracts["tract_id"].isin(other_tracts)]
    region = _union(das.geometry)
    fsas = _layer(raw, "fsas", {"CFSAUID": "fsa"}, parameters, ledger)
    inside = shapely.area(shapely.intersection(fsas.geometry.to_numpy(), region)) / fsas.area
    fsas["partial"] = inside < 1 - parameters.border_share
    fsas = fsas[inside >= parameters.border_share].reset_index(drop=True)
    whole = das["area_id"] != das["ct_id_21"]
    if set(das.loc[~whole, "area_id"]) != set(tracts["tract_id"]):
        raise KwevError(
            "census tracts differ from those of the dissemination areas",
            where=raw.file("tracts"),
            hint="Fetch both files again.",
        )
    tracts = _with_untracted(tracts, das[whole])
    note = ", ".join(sorted(set(das.loc[whole, "csd_name_21"])))
    rule = "a township without tracts stands as its dissemination areas"
    ledger.add("tracts", rule, "kept", whole, note)
    return Boundaries(region, _municipalities(raw, das), tracts, das, fsas)


def _union(polygons: pd.Series) -> BaseGeometry:
    return shapely.coverage_union_all(polygons.to_numpy())


def _layer(
    raw: Raw, name: str, key: dict[str, str], parameters: Parameters, ledger: Ledger
) -> gpd.GeoDataFrame:
    try:
        frame, mended = repair(raw.read_shapes(name), parameters.mended_area_share)
    except KwevError as error:
        raise KwevError(error.what, where=raw.file(name), hint=error.hint) from error
    ledger.add(name, "invalid polygon made valid", "repaired", mended)
    frame = frame.rename(columns={**key, "LANDAREA": "land_area_km2"}).to_crs(raw.crs)
    frame, slivers = drop_slivers(frame, parameters.sliver_m2)
    ledger.add(name, "sliver without area", "dropped", slivers)
    return frame.sort_values(next(iter(key.values())), ignore_index=True)


def _das(
    raw: Raw, links: pd.DataFrame, others: set[str], parameters: Parameters, ledger: Ledger
) -> gpd.GeoDataFrame:
    shapes = _layer(raw, "das", {"DAUID": "da_id"}, parameters, ledger)
    census = raw.read("da_census").rename(columns=CENSUS_COLUMNS)
    ledger.met("das", "of another region", "dropped", shapes["da_id"].isin(others))
    shapes = shapes[~shapes["da_id"].isin(others)].reset_index(drop=True)
    census = census[~census["da_id"].isin(others)].reset_index(drop=True)
    for name, table in (("da_census", census), ("da_links", links)):
        if set(table["da_id"]) != set(shapes["da_id"]):
            raise KwevError(
                f"areas of {name} differ from the polygons'",
                where=name,
                hint="Fetch the boundary and census files again.",
            )
    counts = ["households", *DWELLING_TYPES]
    suppressed = census[counts].isna().any(axis=1)
    census[counts] = census[counts].fillna(0)
    note = "so totals agree with the published ones; people are kept"
    ledger.add("da_census", "suppressed dwelling counts stand as 0", "repaired", suppressed, note)
    numbers = ["population", "dwellings", *counts]
    census[numbers] = census[numbers].astype("int64")
    frame = shapes.merge(census, on="da_id").merge(links, on="da_id")
    differ = (frame["population"] != frame["da_pop_21"]) | (
        frame["municipality_id"] != frame["csd_id_21"]
    )
    ledger.add("da_links", "people or municipality differ from the census file", "flagged", differ)
    tracted = frame["ct_id_21"].str.fullmatch(_TRACT)
    frame["area_id"] = frame["ct_id_21"].where(tracted, frame["csd_name_21"].map(area_id))
    frame["area_km2"] = (frame.area / 1e6).round(6)
    shapes_m = frame.geometry.to_numpy()
    overlap = float(frame.area.sum() - shapely.coverage_union_all(shapes_m).area)
    note = f"overlap {abs(round(overlap, 2))} m2"
    rule = "polygons overlap or leave gaps between them"
    ledger.add("das", rule, "flagged", not shapely.coverage_is_valid(shapes_m), note)
    return frame


def _with_untracted(tracts: gpd.GeoDataFrame, rural: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    das = rural[["da_id", "area_id", "geometry"]].rename(columns={"da_id": "tract_id"})
    own = tracts[["tract_id", "geometry"]].assign(area_id=tracts["tract_id"])
    both = pd.concat([own, das]).sort_values("tract_id", ignore_index=True)
    return gpd.GeoDataFrame(both, geometry="geometry", crs=tracts.crs)


def _municipalities(raw: Raw, das: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    names = raw.read("municipalities").rename(columns={"csduid": "municipality_id"})
    names = names[names["municipality_id"].map(raw.region.holds)]
    shapes = {key: _union(part.geometry) for key, part in das.groupby("municipality_id")}
    frame = gpd.GeoDataFrame(
        {"municipality_id": list(shapes)}, geometry=list(shapes.values()), crs=das.crs
    ).merge(names, on="municipality_id", validate="1:1")
    people = das.groupby("municipality_id")["population"].sum()
    if (frame["population"] != frame["municipality_id"].map(people)).any():
        raise KwevError(
            "people of the municipalities differ from their dissemination areas'",
            where=raw.file("municipalities"),
            hint="Fetch it again.",
        )
    frame["kind"] = ["city" if name in raw.region.cities else "township" for name in frame["name"]]
    return frame.sort_values("municipality_id", ignore_index=True)


def map_layers(
    bounds: Boundaries, region: Region, parameters: Parameters
) -> dict[str, tuple[gpd.GeoDataFrame, list[str]]]:
    """Return the simplified map layers and the properties each keeps, by file name.

    Tracts, municipalities and the Region are drawn from the simplified dissemination areas, so
    that borders agree between layers.

    Parameters
    ----------
    bounds
        Exact polygons.
    region
        Its code and name.
    parameters
        ``simplify_m`` (m) is used.

    Returns
    -------
    dict
        For each of region, municipalities, tracts, das and fsas the frame and its columns.
    """
    tolerance = parameters.simplify_m
    das = bounds.das.set_geometry(simplify(bounds.das.geometry.to_numpy(), tolerance))
    town_of, towns = das["municipality_id"], bounds.municipalities
    towns = towns.set_geometry(
        [_union(das.geometry[town_of == key]) for key in towns["municipality_id"]]
    )
    own = bounds.tracts["tract_id"]
    tract_of = das["area_id"].where(das["area_id"].isin(own), das["da_id"])
    tracts = bounds.tracts.set_geometry(
        [_union(das.geometry[tract_of == key]) for key in bounds.tracts["tract_id"]]
    )
    clipped = bounds.fsas.set_geometry(clip(bounds.fsas.geometry.to_numpy(), bounds.region))
    fsas = clipped.set_geometry(simplify(clipped.geometry.to_numpy(), tolerance))
    outline = gpd.GeoDataFrame(
        {
            "region_id": [region.code],
            "name": [region.name],
            "area_km2": [round(bounds.region.area / 1e6, 3)],
        },
        geometry=[_union(das.geometry)],
        crs=das.crs,
    )
    return {
        "region": (outline, ["region_id", "name", "area_km2"]),
        "municipalities": (towns, ["municipality_id", "name"]),
        "tracts": (tracts, ["tract_id"]),
        "das": (das, ["da_id"]),
        "fsas": (fsas, ["fsa"]),
    }


def ward_layer(
    raw: Raw, bounds: Boundaries, parameters: Parameters, ledger: Ledger
) -> tuple[gpd.GeoDataFrame, list[str]]:
    """Return the wards as a simplified map layer, and the properties it keeps.

    A ward is known by its municipality and number: one name of the file contradicts its number.
    Edges follow the wards' own file, not the census, and may differ from it by metres.

    Parameters
    ----------
    raw
        ``wards``: 40 wards as the Region published them in 2017.
    bounds
        The municipalities, by whose names the wards are linked.
    parameters
        ``simplify_m`` (m), ``mended_area_share`` and ``sliver_m2`` are used.
    ledger
        Takes what was mended.

    Returns
    -------
    tuple
        ``ward_id`` (municipality and number), ``municipality_id``, ``number`` in metres, by id, and
        these three names.

    Raises
    ------
    KwevError
        If a ward is of no municipality, stands twice, or a municipality has none though others do.
    """
    shapes = _layer(raw, "wards", {"WardNumber": "number"}, parameters, ledger)
    ids = bounds.municipalities.set_index("name")["municipality_id"]
    if raw.region.census_subdivisions:  # the file may hold wards of other municipalities
        shapes = shapes[shapes["Municipali"].isin(ids.index)].reset_index(drop=True)
    shapes["municipality_id"] = shapes["Municipali"].map(ids)
    twice = shapes.duplicated(["municipality_id", "number"]).any()
    if len(shapes) and (set(shapes["Municipali"]) != set(ids.index) or twice):
        raise KwevError(
            "wards are not those of the municipalities, each once",
            where=raw.file("wards"),
            hint="Fetch it again.",
        )
    number = shapes["number"].map("{:02d}".format).astype(str)
    shapes["ward_id"] = shapes["municipality_id"] + "-" + number
    # drawn by hand along roads and rivers: twice the tolerance still follows each street
    tolerance_m = 2 * parameters.simplify_m
    drawn = shapes.set_geometry(simplify(shapes.geometry.to_numpy(), tolerance_m))
    columns = ["ward_id", "municipality_id", "number"]
    return drawn.sort_values("ward_id", ignore_index=True), columns
