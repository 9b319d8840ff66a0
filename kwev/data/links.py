"""What binds the processed tables together: ids, sums, and places in degrees and in metres."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Final

import numpy as np
from pyproj import Transformer

from kwev.units import CRS_DEGREES, crs_of_place

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

LINKS: Final = (
    ("das", "municipality_id", "municipalities", "municipality_id", True),
    ("cells", "municipality_id", "municipalities", "municipality_id", True),
    ("cell_parts", "cell_id", "cells", "cell_id", True),
    ("cell_parts", "da_id", "das", "da_id", True),
    ("ev_quarters", "fsa", "fsas", "fsa", True),
    ("fsa_growth", "fsa", "fsas", "fsa", True),
    ("da_growth", "da_id", "das", "da_id", True),
    ("tract_growth", "tract_id", "tracts", "tract_id", True),
    ("cell_growth", "cell_id", "cells", "cell_id", True),
    ("sites", "municipality_id", "municipalities", "municipality_id", False),
    ("sites", "station_id", "stations", "station_id", False),
    ("site_facts", "site_id", "sites", "site_id", True),
    ("stations", "municipality_id", "municipalities", "municipality_id", False),
    ("station_records", "station_id", "stations", "station_id", True),
    ("road_edges", "u", "road_nodes", "node_id", False),
    ("road_edges", "v", "road_nodes", "node_id", False),
    ("road_snaps", "edge_id", "road_edges", "edge_id", False),
    ("streets", "municipality_id", "municipalities", "municipality_id", True),
    ("streets", "edge_id", "road_edges", "edge_id", False),
    ("street_numbers", "street_id", "streets", "street_id", False),
    ("street_numbers", "edge_id", "road_edges", "edge_id", False),
    ("street_shapes", "edge_id", "road_edges", "edge_id", False),
    ("da_profiles", "da_id", "das", "da_id", True),
    ("da_profiles", "fsa", "fsas", "fsa", False),
    ("tract_profiles", "tract_id", "tracts", "tract_id", True),
    ("sites", "area_id", "area_grid", "area_id", False),
    ("stations", "area_id", "area_grid", "area_id", False),
    ("construction", "municipality_id", "municipalities", "municipality_id", False),
    ("transit_stops", "municipality_id", "municipalities", "municipality_id", False),
    ("transit_lengths", "municipality_id", "municipalities", "municipality_id", False),
    ("transit_planned", "municipality_id", "municipalities", "municipality_id", False),
)
"""A column of ids, the table and key where each must be, and whether each of these must be named:
a dissemination area without cells, or without a profile, is as wrong as a cell of no area."""

MAY_BE_EMPTY: Final = frozenset({"streets", "road_snaps"})
"""Tables without rows where the region has no road file."""

KINDS: Final = {
    "cell": "cells", "da": "das", "tract": "tracts", "station": "stations", "site": "sites",
}  # fmt: skip
"""Kinds of place in tables that hold several, each with its table."""
BY_KIND: Final = (("road_snaps", "kind", False), ("point_facts", "geography", True))
"""Tables of places of several kinds, the column of the kind, and whether each place must be there:
some lie too far from any road."""

COUNTED: Final = ("addresses", "population", "households", "bev", "phev", "ev")
"""Columns of ``cell_parts`` whose sums are those of the cells and of the dissemination areas."""
SUM_TOL: Final = 1e-4
"""Sums of numbers that are rounded to a millionth."""
APART_M: Final = 0.1
"""Farthest that a place in metres may be from the same place in degrees (m); both are rounded."""


def check_links(tables: Mapping[str, pd.DataFrame]) -> tuple[str, str] | None:
    """Return the first thing that does not fit, as table and words; None where all fits.

    Parameters
    ----------
    tables
        The processed tables by name, each of its schema.
    """
    return next(chain(_lost(tables), _sums(tables), _places(tables)), None)


def _lost(tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, str]]:
    found = [
        (table, column, tables[table][column], other, key, whole)
        for table, column, other, key, whole in LINKS
    ]
    for table, column, whole in BY_KIND:
        of_kind = tables[table][column]
        for kind in sorted(of_kind.unique()):
            ids = tables[table].loc[of_kind == kind, "id"]
            found.append((table, "id", ids, KINDS[kind], f"{kind}_id", whole))
    for table, column, ids, other, key, whole in found:
        named, known = set(ids) - {""}, set(tables[other][key])
        for lost in sorted(named - known)[:1]:
            yield table, f"{column} {lost!r} is not in {other}.csv"
        empty_by_right = table in MAY_BE_EMPTY and not named
        for lost in sorted(known - named)[:1] if whole and not empty_by_right else ():
            yield table, f"no row for {lost!r} of {other}.csv"


def _sums(tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, str]]:
    parts = tables["cell_parts"]
    for name, key in (("cells", "cell_id"), ("das", "da_id")):
        whole = tables[name].set_index(key)
        columns = [column for column in COUNTED if column in whole]
        apart = (parts.groupby(key)[columns].sum() - whole[columns]).abs().max(axis=1)
        if (apart > SUM_TOL).any():
            yield name, f"{apart.idxmax()!r} is not the sum of its rows in cell_parts.csv"


def crs_of(places: pd.DataFrame) -> str:
    """Return the region's metric projection, read from the places of a table in both forms."""
    first = places[["longitude", "latitude", "easting_m"]].to_numpy(float)[0]
    return crs_of_place(*first.tolist())


def _places(tables: Mapping[str, pd.DataFrame]) -> Iterator[tuple[str, str]]:
    to_metres = Transformer.from_crs(CRS_DEGREES, crs_of(tables["das"]), always_xy=True)
    for name, table in tables.items():
        if {"longitude", "latitude", "easting_m", "northing_m"} <= set(table.columns):
            east, north = to_metres.transform(
                table["longitude"].to_numpy(float), table["latitude"].to_numpy(float)
            )
            apart = np.hypot(east - table["easting_m"], north - table["northing_m"])
            if (apart > APART_M).any():
                row, far = int(np.argmax(apart)), float(np.max(apart))
                yield name, f"data row {row + 1}: degrees and metres are {far:,.1f} m apart"
