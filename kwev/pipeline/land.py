"""Whose land a candidate stands on, and the kerb that stands in for the lots of dense housing.

The class follows from the list that names the place, its category and its owner there; nobody's
land register is among the sources, so each class has a confidence.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import shapely

from kwev.pipeline.candidates import COLUMNS, rows_of
from kwev.pipeline.geometry import metres_of

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.raw import Ledger

KERB_CLASSES: Final = ("Local Street", "Cul-de-Sac", "Collector")
"""Classes of the road file that are a municipality's own streets with a kerb to park at."""

RULES: Final = (
    ("kerbside", ".*", ".*", "own", "high"),
    ("transit_station|park_and_ride", ".*", ".*", "partner", "high"),
    ("library|community_centre|recreation_centre", "public", "^(?:City|Region)", "own", "high"),
    ("library|community_centre|recreation_centre", "public", ".*", "own", "medium"),
    ("parking", "public", ".*", "partner", "high"),
    ("parking", "private", "^City", "residential", "high"),
    ("parking", "private", "food premises", "residential", "medium"),
    ("dense_residential", ".*", ".*", "residential", "medium"),
    ("shopping_mall|retail_complex|fuel_station", ".*", ".*", "customers", "high"),
    ("recreation_centre|business_park", ".*", ".*", "customers", "medium"),
    (".*", ".*", ".*", "customers", "low"),
)
"""Category, owner and source (patterns of whole words), the class and its confidence; the first
that fits holds. A public car park of these lists is a school's, college's or hospital's, a private
one in a city's list or among food premises is that of a place of worship."""


def classified(sites: pd.DataFrame) -> pd.DataFrame:
    """Return ``land`` and ``land_confidence`` of each candidate, by :data:`RULES`.

    Parameters
    ----------
    sites
        Columns ``category``, ``owner`` and ``source``.
    """
    found = pd.DataFrame({"land": "", "land_confidence": ""}, index=sites.index)
    for category, owner, source, land, confidence in RULES:
        fits = (found["land"] == "") & sites["category"].str.fullmatch(category)
        fits &= sites["owner"].str.fullmatch(owner) & sites["source"].str.contains(source)
        found.loc[fits, ["land", "land_confidence"]] = land, confidence
    return found


def kerb_sites(
    homes: pd.DataFrame, roads: gpd.GeoDataFrame, parameters: Parameters, ledger: Ledger
) -> pd.DataFrame:
    """Return a place at the kerb of the nearest municipal street for each place of dense housing.

    Parameters
    ----------
    homes
        Candidates for dense housing: ``name``, ``easting_m``, ``northing_m`` (m).
    roads
        The Region's road file in metres.
    parameters
        ``kerb_reach_m``, the farthest street, and ``kerb_offset_m``, from its centre line towards
        the homes (m).
    ledger
        Takes the homes without such a street.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`kwev.pipeline.candidates.COLUMNS`, owned by the public.
    """
    streets = roads[
        roads["CartoClass"].isin(KERB_CLASSES)
        & (roads["PublicAcce"] == "Public roadway")
        & roads["FullStreet"].notna()
    ]
    if homes.empty or streets.empty:
        return pd.DataFrame(columns=COLUMNS)
    points: NDArray[np.object_] = np.asarray(shapely.points(metres_of(homes)))
    nearest = np.asarray(shapely.STRtree(streets.geometry.to_numpy()).nearest(points))
    lines = streets.geometry.to_numpy()[nearest]
    near = shapely.distance(points, lines) <= parameters.kerb_reach_m
    note = f"within {parameters.kerb_reach_m:g} m"
    ledger.add("kerbside", "homes without a municipal street", "dropped", ~near, note)
    spots = snapped(points[near], lines[near], parameters.kerb_offset_m)
    names = [
        f"Kerb on {street}, near {home}"
        for street, home in zip(
            streets["FullStreet"].to_numpy()[nearest][near], homes["name"][near], strict=True
        )
    ]
    return rows_of(names, "kerbside", spots, "road network", "public")


def snapped(
    points: NDArray[np.object_], lines: NDArray[np.object_], offset_m: float
) -> NDArray[np.float64]:
    """Return the (N, 2) places on each line nearest to its point, moved towards it (m)."""
    ways = shapely.shortest_line(lines, points)
    return shapely.get_coordinates(shapely.line_interpolate_point(ways, offset_m)).round(2)
