"""The processed tables: read once, checked against their schemas, with a hash of their bytes."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.data.schemas import PROCESSED, check, text_columns
from kwev.errors import KwevError
from kwev.project import find_project

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.data.schemas import Schema

INPUTS: Final = (
    "area_grid", "cell_growth", "cell_parts", "cells", "da_growth", "da_profiles", "das", "fsas",
    "municipalities", "point_facts", "road_edges", "road_nodes", "road_snaps", "sites", "stations",
    "tract_growth", "tract_profiles", "tracts",
)  # fmt: skip
"""Tables that a plan can depend on; maps, provenance and the quality ledger are not among them."""

_HINT: Final = "Restore data/processed from git, or build it again with `kwev data`."


@dataclass(frozen=True, eq=False)
class Tables:
    """The tables of ``data/processed``; columns and units are those of :mod:`kwev.data.schemas`.

    Ids are text; a missing text is "", a missing number NaN. Treat the frames as read-only.

    Attributes
    ----------
    municipalities, das, tracts, fsas
        The Region's areas: people, dwellings, and places in EPSG:26917 (m).
    ev_quarters, ev_backtest, ev_forecast
        EVs registered by quarter, and the forecast of them (vehicles), with how it did on the past.
    fsa_growth, da_growth, tract_growth, cell_growth
        EVs of each place at the end of the forecast's years (vehicles).
    cells, cell_parts
        Cells of the finest geography, and the dissemination areas that each is made of.
    stations, station_records, sites
        Public stations of today with ports and power (kW), what each source says of them, and
        candidate sites.
    road_nodes, road_edges, road_snaps
        Roads with lengths (m), and where points, stations and sites meet them.
    da_profiles, tract_profiles
        Households, incomes (CAD) and housing of the census.
    construction, area_grid
        Dwellings by type and period of construction, and the grid proxy of each area (kW).
    transit_stops, transit_routes, transit_days, transit_lengths, transit_planned
        Public transit: stops, routes, trips by day, lengths, and what is planned.
    site_facts, point_facts
        What the scores of sites and of demand points are made of.
    tariffs
        Published prices of stations, energy and charging (CAD, or a row's own currency).
    quality
        The quality ledger: what was found in the raw data, and what was done about it.
    inputs_sha256
        SHA-256 of the bytes of the tables in :data:`INPUTS`, in that order.
    """

    municipalities: pd.DataFrame
    das: pd.DataFrame
    tracts: pd.DataFrame
    fsas: pd.DataFrame
    ev_quarters: pd.DataFrame
    ev_backtest: pd.DataFrame
    ev_forecast: pd.DataFrame
    fsa_growth: pd.DataFrame
    da_growth: pd.DataFrame
    tract_growth: pd.DataFrame
    cell_growth: pd.DataFrame
    cells: pd.DataFrame
    cell_parts: pd.DataFrame
    stations: pd.DataFrame
    station_records: pd.DataFrame
    sites: pd.DataFrame
    road_nodes: pd.DataFrame
    road_edges: pd.DataFrame
    road_snaps: pd.DataFrame
    da_profiles: pd.DataFrame
    tract_profiles: pd.DataFrame
    construction: pd.DataFrame
    area_grid: pd.DataFrame
    transit_stops: pd.DataFrame
    transit_routes: pd.DataFrame
    transit_days: pd.DataFrame
    transit_lengths: pd.DataFrame
    transit_planned: pd.DataFrame
    site_facts: pd.DataFrame
    point_facts: pd.DataFrame
    tariffs: pd.DataFrame
    quality: pd.DataFrame
    inputs_sha256: str


def load_tables(directory: Path | None = None) -> Tables:
    """Read the processed tables of a directory; a second call returns the same object.

    Parameters
    ----------
    directory
        A folder with one CSV file for each table; ``data/processed`` of the checkout around the
        working folder where it is None.

    Returns
    -------
    Tables
        Each table as a frame with the columns and units of :mod:`kwev.data.schemas`. Their sources
        stand in ``data/sources.json``; ``manifest.json`` says which raw files each table is made
        from.

    Raises
    ------
    KwevError
        If a file is missing, cannot be read, or does not fit its schema, or if ids disagree.
    """
    folder = (directory or find_project().processed).resolve()
    paths = [folder / f"{name}.csv" for name in PROCESSED]
    for path in paths:
        if not path.is_file():
            raise KwevError("processed table missing", where=str(path), hint=_HINT)
    stamps = [path.stat() for path in paths]
    return _load(folder, tuple((stat.st_mtime_ns, stat.st_size) for stat in stamps))


@lru_cache(maxsize=4)
def _load(folder: Path, stamps: tuple[tuple[int, int], ...]) -> Tables:  # noqa: ARG001
    content: dict[str, bytes] = {}
    tables: dict[str, pd.DataFrame] = {}
    for name, schema in PROCESSED.items():
        path = folder / f"{name}.csv"
        try:
            content[name] = path.read_bytes()
            table = pd.read_csv(io.BytesIO(content[name]), dtype=str, keep_default_na=False)
        except (OSError, ValueError) as error:
            raise KwevError(
                f"processed table cannot be read: {error}", where=str(path), hint=_HINT
            ) from error
        tables[name] = check(_typed(table, schema), schema, where=str(path), hint=_HINT)
    _check_links(tables, folder)
    digest = hashlib.sha256()
    for name in INPUTS:
        digest.update(hashlib.sha256(content[name]).digest())
    return Tables(**tables, inputs_sha256=digest.hexdigest())


def _typed(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return text as it is, true and false as such, and nothing where a number is missing."""
    texts = text_columns(schema)
    for column, kind in schema.dtypes.items():
        if column not in table or column in texts:
            continue
        if str(kind) == "bool":
            known = table[column].map({"true": True, "false": False})
            table[column] = known.astype("bool") if known.notna().all() else table[column]
        else:
            table[column] = table[column].replace("", None)
    return table


_LINKS: Final = {
    "municipality_id": (
        "municipalities", ("das", "cells", "sites", "stations", "construction", "transit_stops",
                           "transit_lengths", "transit_planned"),
    ),
    "cell_id": ("cells", ("cell_parts", "cell_growth")),
    "da_id": ("das", ("cell_parts", "da_growth", "da_profiles")),
    "tract_id": ("tracts", ("tract_growth", "tract_profiles")),
    "fsa": ("fsas", ("ev_quarters", "fsa_growth", "da_profiles")),
    "station_id": ("stations", ("sites", "station_records")),
    "site_id": ("sites", ("site_facts",)),
    "area_id": ("area_grid", ("sites", "stations")),
    "edge_id": ("road_edges", ("road_snaps",)),
}  # fmt: skip
"""Each id: the table whose key it is, and tables that name it."""


def _check_links(tables: dict[str, pd.DataFrame], folder: Path) -> None:
    """Refuse tables of different builds: every id that one names must be in the other."""
    links = [(t, key, own, key) for key, (own, others) in _LINKS.items() for t in others]
    links += [("road_edges", end, "road_nodes", "node_id") for end in ("u", "v")]
    links.append(("sites", "site_id", "site_facts", "site_id"))
    found = [(table, name, tables[table][name], other, key) for table, name, other, key in links]
    places = tables["road_snaps"].groupby("kind")["id"]
    found += [("road_snaps", "id", ids, f"{kind}s", f"{kind}_id") for kind, ids in places]
    for table, column, ids, other, key in found:
        lost = sorted(set(ids) - {""} - set(tables[other][key]))
        if lost:
            raise KwevError(
                f"{column} {lost[0]!r} is not in {other}.csv",
                where=str(folder / f"{table}.csv"),
                hint=_HINT,
            )
