"""The processed tables: read once, checked against their schemas, with a hash of their bytes.

The check takes two seconds, and its answer hangs on nothing but the bytes and the code. So what a
checkout's own tables have passed is noted in ``build/sound``, under a hash of both: as long as it
fits, the next process reads each column as what it is, without the schemas. Bytes are held against
their manifest in any case, and tables that lie elsewhere are always checked.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from functools import lru_cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev import escape
from kwev.data.columns import kinds
from kwev.errors import KwevError
from kwev.files import require_whole_csv, sha256_bytes, sha256_json
from kwev.project import find_project
from kwev.sets import MANIFEST, listed, recover

if TYPE_CHECKING:
    from kwev.data.schemas import Schema
    from kwev.sets import Entry

INPUTS: Final = (
    "area_grid", "cell_growth", "cell_parts", "cells", "da_growth", "da_profiles", "das", "fsas",
    "municipalities", "point_facts", "road_edges", "road_nodes", "road_snaps", "sites", "stations",
    "tract_growth", "tract_profiles", "tracts",
)  # fmt: skip
"""Tables that a plan can depend on; maps, provenance and the quality ledger are not among them."""

TABLES: Final = kinds()
"""Every processed table, with the type of each of its columns."""

_HINT: Final = "Restore data/processed from git, or build it again with `kwev data`."


@dataclass(frozen=True, eq=False)
class Tables:
    """The tables of ``data/processed``; columns and units are those of :mod:`kwev.data.schemas`.

    Ids are text; a missing text is "", a missing number NaN. Treat the frames as read-only.

    Attributes
    ----------
    municipalities, das, tracts, fsas
        The Region's areas: people, dwellings, and places in metres.
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
    streets, street_numbers, street_shapes
        Streets by municipality, where on the roads their numbers are, and the roads' bends (m).
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
    citations
        Published findings on policy, home charging and the need for ports, as quoted.
    station_checks
        Ports by forward sortation area as another reader counted them: a check, no input.
    base_map
        Roads, tracks, water, parks and names of places, for the eye: what maps are drawn on.
    quality
        The quality ledger: what was found in the raw data, and what was done about it.
    inputs_sha256
        SHA-256 of the bytes of the tables in :data:`INPUTS`, in that order.
    manifest_sha256
        SHA-256 of the manifest that every byte read was held against.
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
    streets: pd.DataFrame
    street_numbers: pd.DataFrame
    street_shapes: pd.DataFrame
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
    citations: pd.DataFrame
    station_checks: pd.DataFrame
    base_map: pd.DataFrame
    quality: pd.DataFrame
    inputs_sha256: str
    manifest_sha256: str = ""


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
        If a file is missing, cannot be read, is not the one that ``manifest.json`` names, does not
        fit its schema, or if ids, sums or coordinates disagree.
    """
    folder = (directory or find_project().processed).resolve()
    recover(folder)
    paths = [folder / f"{name}.csv" for name in TABLES]
    for path in (*paths, folder / MANIFEST):
        if not path.is_file():
            what = "manifest" if path.name == MANIFEST else "table"
            raise KwevError(f"processed {what} missing", where=str(path), hint=_HINT)
    stamps = [path.stat() for path in (*paths, folder / MANIFEST)]
    return _load(folder, tuple((stat.st_mtime_ns, stat.st_size, stat.st_ino) for stat in stamps))


def read_held(path: Path) -> bytes:
    """Return the content of a processed file, which must be the one that its manifest names.

    Raises
    ------
    KwevError
        Naming the file, and what to do.
    """
    return _held(path, listed(path.parent) or {})


def held_sha256(folder: Path) -> str:
    """Return the SHA-256 of a folder's manifest, which all its files must fit.

    Raises
    ------
    KwevError
        Naming the first file that is missing or another one.
    """
    kept = listed(folder) or {}
    for name in kept:
        _held(folder / name, kept)
    return sha256_bytes((folder / MANIFEST).read_bytes())


def _held(path: Path, kept: dict[str, Entry]) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = f"processed file cannot be read: {error.strerror}"
        raise KwevError(reason, where=str(path), hint=_HINT) from error
    if sha256_bytes(content) != kept.get(path.name, {}).get("sha256"):
        what = f"processed file is not the one that {MANIFEST} names: it was changed, or is left"
        raise KwevError(f"{what} from another build", where=str(path), hint=_HINT)
    return content


@lru_cache(maxsize=4)
def _load(folder: Path, stamps: tuple[tuple[int, ...], ...]) -> Tables:  # noqa: ARG001
    kept = listed(folder) or {}
    manifest_sha256 = sha256_bytes((folder / MANIFEST).read_bytes())
    content = {name: _held(folder / f"{name}.csv", kept) for name in TABLES}
    note = _note_of(folder, manifest_sha256)
    if note is not None and note.is_file():
        tables = {name: _sound(content[name], TABLES[name]) for name in TABLES}
    else:
        tables = _checked(folder, content, kept)
        if note is not None and all(
            _sound(content[name], TABLES[name]).equals(tables[name]) for name in TABLES
        ):
            _leave(note)
    digest = hashlib.sha256()
    for name in INPUTS:
        digest.update(hashlib.sha256(content[name]).digest())
    return Tables(**tables, inputs_sha256=digest.hexdigest(), manifest_sha256=manifest_sha256)


def _checked(
    folder: Path, content: dict[str, bytes], kept: dict[str, Entry]
) -> dict[str, pd.DataFrame]:
    """Return the tables, each checked against its schema and all against each other."""
    from kwev.data.links import check_links  # noqa: PLC0415 -- slow, and most often not needed
    from kwev.data.schemas import PROCESSED  # noqa: PLC0415 -- as above

    tables: dict[str, pd.DataFrame] = {}
    for name, schema in PROCESSED.items():
        path = folder / f"{name}.csv"
        tables[name] = parsed(content[name], schema, str(path))
        rows = len(tables[name])
        if rows != kept[path.name].get("rows", rows):
            words = f"{rows} rows, and {MANIFEST} says {kept[path.name]['rows']}"
            raise KwevError(words, where=str(path), hint=_HINT)
    wrong = check_links(tables)
    if wrong:
        raise KwevError(wrong[1], where=str(folder / f"{wrong[0]}.csv"), hint=_HINT)
    return tables


def _sound(content: bytes, columns: dict[str, type]) -> pd.DataFrame:
    """Return a table that is known to fit its schema."""
    numbers = [name for name, kind in columns.items() if kind is float]
    table = pd.read_csv(
        io.BytesIO(content), dtype=columns, keep_default_na=False,
        na_values={name: [""] for name in numbers}, true_values=["true"], false_values=["false"],
    )  # fmt: skip
    return escape.from_csv(table, content)


def _note_of(folder: Path, manifest_sha256: str) -> Path | None:
    """Return where a checkout notes that its tables are sound; None for any other folder."""
    try:
        project = find_project(folder)
    except KwevError:
        return None
    if project.processed.resolve() != folder:
        return None
    here = Path(__file__).parent
    code = [*sorted(here.glob("*.py")), here / "columns.csv"]
    code += [here.parent / name for name in ("escape.py", "files.py", "units.py")]
    key = {
        "manifest": manifest_sha256,
        "code": [sha256_bytes(path.read_bytes()) for path in code],
        "libraries": [version(name) for name in ("pandas", "pandera", "pyproj", "pyarrow")],
    }
    return project.build / "sound" / sha256_json(key)


def _leave(note: Path) -> None:
    """Leave a note, where the folder takes one, in place of those before."""
    try:
        note.parent.mkdir(parents=True, exist_ok=True)
        for before in note.parent.iterdir():
            before.unlink(missing_ok=True)
        note.touch()
    except OSError:  # a folder that cannot be written: checked again next time
        return


def parsed(content: bytes, schema: Schema, where: str) -> pd.DataFrame:
    """Return a processed table from its bytes, checked against its schema.

    Raises
    ------
    KwevError
        If it is no such table; ``where`` names it.
    """
    from kwev.data.schemas import check  # noqa: PLC0415 -- slow, and most often not needed

    try:
        require_whole_csv(content)
        table = pd.read_csv(io.BytesIO(content), dtype=str, keep_default_na=False)
        table = escape.from_csv(table, content)
    except ValueError as error:
        words = f"processed table cannot be read: {error}"
        raise KwevError(words, where=where, hint=_HINT) from error
    return check(_typed(table, schema), schema, where=where, hint=_HINT)


def _typed(table: pd.DataFrame, schema: Schema) -> pd.DataFrame:
    """Return text as it is, true and false as such, and nothing where a number is missing."""
    from kwev.data.schemas import text_columns  # noqa: PLC0415 -- as above

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
