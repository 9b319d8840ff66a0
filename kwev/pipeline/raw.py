"""Raw files: each read once, mended, checked against its schema and against the register.

What a stage repaired, dropped, kept or flagged is counted in a :class:`Ledger`.
"""

from __future__ import annotations

import io
import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from pyarrow import parquet

from kwev.data.columns import BOUNDS
from kwev.data.register import read_register
from kwev.data.schemas import FEED, RAW, check, no_rows, text_columns
from kwev.errors import KwevError, nearest
from kwev.files import (
    MOST_BYTES,
    dump_json,
    parse_json,
    require_whole_csv,
    sha256_bytes,
)
from kwev.pipeline.geometry import project
from kwev.pipeline.timetables import Feed, read_feed
from kwev.region import ABSENT
from kwev.units import CRS_DEGREES, crs_metres

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import ArrayLike, NDArray

    from kwev.data.schemas import Schema
    from kwev.region import Region

_Kind = TypeVar("_Kind")
Action = Literal["dropped", "repaired", "kept", "flagged"]
COLUMNS = ["stage", "dataset", "rule", "action", "rows", "note"]


@dataclass
class Ledger:
    """Counts of rows by rule, in the order in which the stages ran.

    Parameters
    ----------
    rows
        Stage, dataset, rule, action, count and note: the columns of ``quality.csv``.
    stage
        Stage that is running.
    """

    rows: list[tuple[str, str, str, Action, int, str]] = field(default_factory=list)
    stage: str = ""

    def enter(self, stage: str) -> None:
        """Count under ``stage`` from now on; snapping counts with the roads."""
        self.stage = "roads" if stage == "snaps" else stage

    def add(self, dataset: str, rule: str, action: Action, rows: ArrayLike, note: str = "") -> None:
        """Record how many rows met a rule; zero is worth recording too.

        Parameters
        ----------
        dataset
            Raw table of the region's sources, or the table being made.
        rule
            What was looked for.
        action
            What is done with these rows.
        rows
            Their number, or for each row whether it met the rule.
        note
            A detail: a limit, a date, a place.
        """
        self.rows.append((self.stage, dataset, rule, action, int(np.sum(rows)), note))

    def each(self, dataset: str, action: Action, rules: Mapping[str, ArrayLike]) -> None:
        """Record several rules of one action, as :meth:`add` does."""
        for rule, rows in rules.items():
            self.add(dataset, rule, action, rows)

    def met(self, dataset: str, rule: str, action: Action, rows: ArrayLike, note: str = "") -> None:
        """Record a rule as :meth:`add` does, but only where a row met it.

        For slips of users' own files that no file of the register has.
        """
        if np.any(rows):
            self.add(dataset, rule, action, rows, note)

    def table(self) -> pd.DataFrame:
        """Return the ledger with the columns of ``quality.csv``."""
        return pd.DataFrame(self.rows, columns=COLUMNS)


BYTE_ORDER_MARK: Final = b"\xef\xbb\xbf"
RULES: Final = {
    "mark": "file begins with a byte-order mark: skipped",
    "crlf": "file ends its lines with CRLF: read as line ends",
    "swapped": "latitude and longitude swapped: swapped back, as only then near the Region",
}
"""Slips of a raw file that have one remedy, and the remedy; each is counted."""
_PAIRS: Final = (
    ("latitude", "longitude"), ("Latitude", "Longitude"), ("stop_lat", "stop_lon"),
)  # fmt: skip
"""Columns that hold latitudes and longitudes."""


@dataclass
class Mends:
    """How often each rule of :data:`RULES` was met, by table, and which columns no one reads."""

    counts: Counter[tuple[str, str]] = field(default_factory=Counter)
    powers: dict[str, list[str]] = field(default_factory=dict)

    def text(self, name: str, content: bytes) -> None:
        """Count what the text of a file is known to have; the parsers read it either way."""
        self.counts["mark", name] = int(content.startswith(BYTE_ORDER_MARK))
        self.counts["crlf", name] = int(b"\r\n" in content)

    def table(self, name: str, frame: pd.DataFrame) -> pd.DataFrame:
        """Return ``frame`` with swapped coordinates swapped back; note columns of power."""
        self.powers[name] = power_columns(frame) if name in STATION_LISTS else []
        for north, east in _PAIRS:
            if north in frame and east in frame:
                swapped = _swapped(frame[north], frame[east])
                self.counts["swapped", name] = int(swapped.sum())
                if swapped.any():
                    frame = frame.copy()
                    pair = frame.loc[swapped, [east, north]].to_numpy()
                    frame.loc[swapped, [north, east]] = pair
        return frame

    def note(self, ledger: Ledger) -> None:
        """Put each rule into the ledger: how often, and in which tables."""
        for key, rule in RULES.items():
            met = {name: n for (kind, name), n in sorted(self.counts.items()) if kind == key and n}
            ledger.add("all", rule, "repaired", sum(met.values()), ", ".join(met))
        for name, columns in sorted(self.powers.items()):
            rule = "column of power is not read: the constant of each level stands"
            ledger.met(name, rule, "flagged", len(columns), ", ".join(columns))


STATION_LISTS: Final = ("ocm", "nrcan", "nrcan_2022", "dc_fast")
"""Raw tables of charging stations."""
_POWER: Final = re.compile(r"(\b|_)kw(\b|_)|kilowatt|power", re.IGNORECASE)


def power_columns(table: pd.DataFrame) -> list[str]:
    """Return the columns of a list of stations that speak of power: none of them is read."""
    return [str(name) for name in table.columns if _POWER.search(str(name))]


def _swapped(north: pd.Series, east: pd.Series) -> pd.Series:
    """Return which pairs lie in Canada only when they are swapped."""
    west, south, far_east, far_north = BOUNDS
    lat, lon = (pd.to_numeric(values, errors="coerce") for values in (north, east))
    return lat.between(west, far_east) & lon.between(south, far_north)


_HINT: Final = "Fetch the file again; its columns and sha256 are in data/sources.json."


@dataclass
class Raw:
    """The raw directory.

    Parameters
    ----------
    directory
        Holds the region's files.
    register
        ``data/sources.json``: file, sha256 and more for each source.
    region
        Which files there are, and which census areas of them are the region's.
    accepted
        Files (below ``directory``) that are taken though they are not the registered ones.
    """

    directory: Path
    register: Path
    region: Region
    accepted: frozenset[str] = frozenset()
    sha256: dict[str, str] = field(default_factory=dict)
    unregistered: set[str] = field(default_factory=set)
    """Accepted files that are not the registered ones."""
    mends: Mends = field(default_factory=Mends)
    """Slips that were mended while reading."""
    stage: str = ""
    reads: dict[str, set[str]] = field(default_factory=dict)
    """Names of sources that each stage has read."""
    _found: dict[str, pd.DataFrame | Feed] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        files = self.region.files.values()
        for file in sorted(self.accepted - set(files)):
            hint = nearest(file, sorted(files))
            raise KwevError(f"no raw file {file!r} is read", where="--accept", hint=hint)

    def file(self, name: str) -> str:
        """Return the file of a source, below the raw directory; its name, where there is none."""
        return self.region.files.get(name, name)

    def has(self, *names: str) -> bool:
        """Return whether the region has each of these sources."""
        return set(names) <= set(self.region.files)

    def note_absent(self, ledger: Ledger) -> None:
        """Put into the ledger which sources the region does not have: their tables are empty."""
        for name in sorted({*RAW, *FEEDS} - set(self.region.files)):
            ledger.add(name, ABSENT, "flagged", 0, "nothing is read")

    @cached_property
    def crs(self) -> str:
        """The region's metric projection: that of the middle of its dissemination areas."""
        links, das = self.read("da_links"), self.read_shapes("das")
        ours = links.loc[links["csd_id_21"].map(self.region.holds), "da_id_21"]
        west, _, east, _ = das[das["DAUID"].isin(ours)].total_bounds
        return crs_metres((west + east) / 2)

    def metres(self, name: str) -> gpd.GeoDataFrame:
        """Return a raw layer in the region's metric projection; errors as :meth:`read_shapes`."""
        return self.read_shapes(name).to_crs(self.crs)

    def project(self, longitude: ArrayLike, latitude: ArrayLike) -> NDArray[np.float64]:
        """Return (N, 2) metres of (N,) degrees in the region's metric projection."""
        return project(longitude, latitude, self.crs)

    def enter(self, stage: str) -> None:
        """Note under ``stage`` what is read from now on."""
        self.stage = stage

    def shapes(self) -> dict[str, tuple[int, int]]:
        """Return rows, and columns that the schema asks for, of each table that was read."""
        return {
            name: found.shape() if isinstance(found, Feed) else (len(found), _needed(RAW[name]))
            for name, found in self._found.items()
        }

    def fetched(self, name: str) -> str:
        """Return the day (YYYY-MM-DD) on which `kwev fetch` brought a file; empty if it did not."""
        entries = {entry["file"]: entry for entry in read_register(self.register)}
        return str(entries.get(self.file(name), {}).get("fetched", ""))[: len("2026-11-30")]

    def read_all(self) -> None:
        """Read every file of the region, so that a fault shows before any work is done."""
        for name in self.region.files:
            self._checked(name)

    def read(self, name: str) -> pd.DataFrame:
        """Return a raw table with the columns of its schema (text stays text).

        Raises
        ------
        KwevError
            If the file is missing, cannot be read, has a column missing or a value out of range,
            or is not the registered file.
        """
        return pd.DataFrame(self._found_as(name, pd.DataFrame))

    def read_shapes(self, name: str) -> gpd.GeoDataFrame:
        """Return a raw layer in EPSG:4326 with the columns of its schema and its geometry.

        Raises
        ------
        KwevError
            As :meth:`read`, or if a geometry is missing, empty or outside Canada.
        """
        return self._found_as(name, gpd.GeoDataFrame)

    def read_feed(self, name: str) -> Feed:
        """Return a timetable.

        Raises
        ------
        KwevError
            As :meth:`read` and :func:`kwev.pipeline.timetables.read_feed`.
        """
        return self._found_as(name, Feed)

    def _found_as(self, name: str, kind: type[_Kind]) -> _Kind:
        """Note the read under its stage, and return what was found if it is of this kind."""
        if name not in self.region.files:
            return _nothing(name, kind)
        self.reads.setdefault(self.stage, set()).add(name)
        found = self._checked(name)
        if not isinstance(found, kind):
            raise KwevError(f"not a {kind.__name__}", where=self.file(name), hint=_HINT)
        return found

    def _checked(self, name: str) -> pd.DataFrame | Feed:
        if name not in self._found:
            self._found[name] = self._read(name)
        return self._found[name]

    def _read(self, name: str) -> pd.DataFrame | Feed:
        path = self.directory / self.file(name)
        try:
            if path.stat().st_size > MOST_BYTES:
                raise KwevError("raw file is too large", where=str(path), hint=_HINT)
            content = path.read_bytes()
        except OSError as error:
            raise KwevError(
                "raw file missing",
                where=str(path),
                hint="Put the raw data there, or name its folder with --raw or KWEV_RAW.",
            ) from error
        if not content.removeprefix(BYTE_ORDER_MARK).strip():
            raise KwevError("raw file is empty", where=str(path), hint=_HINT)
        self._check_sha256(name, content, str(path))  # before any parser sees it
        return read_content(name, content, path, self.mends)

    def _check_sha256(self, name: str, content: bytes, where: str) -> None:
        file, found = self.file(name), sha256_bytes(content)
        known = {entry["file"]: entry["sha256"] for entry in read_register(self.register)}
        expected = known.get(file)
        if found != expected and file not in self.accepted:
            told = f"registered {expected[:12]}…" if expected else "which names no such file"
            raise KwevError(
                f"raw file is not the one of the register (sha256 {found[:12]}…, {told})",
                where=where,
                hint=f"Fetch it again, enter the new version in data/sources.json, or take it as "
                f"it is with `--accept {file}`.",
            )
        self.sha256[file] = found
        if found != expected:
            self.unregistered.add(file)


FEEDS: Final = ("grt_feed", "ion_feed")
"""Raw timetables: of buses, and of rail."""


def _nothing(name: str, kind: type[_Kind]) -> _Kind:
    """Return what stands for a source that the region does not have: no row, all columns."""
    made: Any
    if kind is Feed:
        tables: dict[str, Any] = {part: no_rows(schema) for part, schema in FEED.items()}
        made = Feed(**tables, services={})
    else:
        made = no_rows(RAW[name])
        if kind is gpd.GeoDataFrame:
            made = gpd.GeoDataFrame(made, geometry=[], crs=CRS_DEGREES)
    found: _Kind = made
    return found


def read_content(name: str, content: bytes, path: Path, mends: Mends) -> pd.DataFrame | Feed:
    """Return what the bytes of a raw file hold, checked as :meth:`Raw.read` does.

    Parameters
    ----------
    name
        Key of :data:`kwev.data.schemas.RAW`, or of a timetable.
    path
        The file, for messages; it is not read.
    mends
        Takes what was mended.

    Raises
    ------
    KwevError
        If it cannot be read, or breaks its schema.
    """
    if path.suffix == ".zip":
        return read_feed(path, content)
    return _read_table(name, content, str(path), mends)


def _read_table(name: str, content: bytes, where: str, mends: Mends) -> pd.DataFrame:
    if not where.endswith(".parquet"):
        mends.text(name, content)
    try:
        frame = mends.table(name, _parse(name, content, where))
    except (ValueError, KeyError, TypeError, OSError, RuntimeError, ArithmeticError) as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise KwevError(
            f"raw file cannot be read, it may be cut off: {reason}", where=where, hint=_HINT
        ) from error
    frame = checked(frame, RAW[name], where)
    kinds = set(frame.geometry.geom_type) if isinstance(frame, gpd.GeoDataFrame) else set()
    for kind in sorted(kinds - KINDS_OF.get(name, kinds)):
        words = f"a feature is a {kind}, not a {' or '.join(sorted(KINDS_OF[name]))}"
        raise KwevError(words, where=where, hint=_HINT)
    return frame


_AREAS: Final = frozenset({"Polygon", "MultiPolygon"})
_LINES: Final = frozenset({"LineString", "MultiLineString"})
KINDS_OF: Final = {
    "das": _AREAS, "tracts": _AREAS, "fsas": _AREAS, "wards": _AREAS, "job_zones": _AREAS,
    "districts": _AREAS, "roads": _LINES, "rivers": _LINES,
}  # fmt: skip
"""Kinds of geometry that a layer may have; a layer of places may have any."""


def checked(frame: pd.DataFrame, schema: Schema, where: str, hint: str = _HINT) -> pd.DataFrame:
    """Return the columns of a schema, checked; one that may be left out is empty if it is.

    Raises
    ------
    KwevError
        If the table has no rows, breaks the schema or has a shape that cannot be.
    """
    if frame.empty:
        raise KwevError("file has no rows", where=where, hint=hint)
    twice = frame.columns[frame.columns.duplicated()]
    if len(twice):
        raise KwevError(f"column {str(twice[0])!r} stands twice", where=where, hint=hint)
    absent = [name for name, kind in schema.columns.items() if not kind.required]
    frame = frame.assign(**{name: None for name in absent if name not in frame})
    frame = check(frame, schema, where=where, hint=hint)
    columns = list(schema.columns)
    if isinstance(frame, gpd.GeoDataFrame):
        _check_shapes(frame, where)
        columns.append("geometry")
    return frame[columns]


def _needed(schema: Schema) -> int:
    return sum(kind.required for kind in schema.columns.values())


def _parse(name: str, content: bytes, where: str) -> pd.DataFrame:
    if where.endswith(".csv"):
        return read_csv(content)
    if where.endswith(".geojson"):
        return read_geojson(content, where, text_columns(RAW[name]))
    _refuse_bomb(content, where)
    if name == "roads":
        return gpd.read_parquet(io.BytesIO(content))  # type: ignore[arg-type]
    table = pd.read_parquet(io.BytesIO(content))
    return table.astype(dict.fromkeys(table.select_dtypes("category").columns, "str"))


def read_csv(content: bytes) -> pd.DataFrame:
    """Return a CSV file as text; an empty cell, or one of two points, is missing.

    Raises
    ------
    ValueError
        If it cannot be read, or may be cut off (:func:`kwev.files.require_whole_csv`).
    """
    require_whole_csv(content)
    empty = ["", ".."]
    return pd.read_csv(
        io.BytesIO(content), dtype=str, keep_default_na=False, na_values=empty,
        encoding="utf-8-sig",
    )  # fmt: skip


def read_geojson(
    content: bytes, where: str, texts: Iterable[str] = (), hint: str = _HINT
) -> gpd.GeoDataFrame:
    """Return the features of GeoJSON in degrees; the columns ``texts`` are text.

    Raises
    ------
    KwevError
        Whatever else the file holds.
    """
    value = parse_json(content.decode("utf-8-sig", "replace"), where)
    features = value.get("features") if isinstance(value, dict) else None
    if not isinstance(features, list) or not all(isinstance(one, dict) for one in features):
        raise KwevError("not GeoJSON: no list of features", where=where, hint=hint)
    rows = [one.get("properties") or {} for one in features]
    shapes = [one.get("geometry") for one in features]
    for number, (row, shape) in enumerate(zip(rows, shapes, strict=True), start=1):
        if not isinstance(row, dict) or not isinstance(shape, dict | None):
            words = f"not GeoJSON: feature {number} has no properties or no geometry"
            raise KwevError(words, where=where, hint=hint)
    try:
        geometry = shapely.from_geojson(
            [shape and dump_json(shape, indent=None) for shape in shapes]
        )
    except shapely.errors.ShapelyError as error:
        words = f"not GeoJSON: {str(error).splitlines()[0]}"
        raise KwevError(words, where=where, hint=hint) from error
    table = pd.DataFrame(rows, index=range(len(rows)))
    table = table.astype(dict.fromkeys([c for c in texts if c in table], "str"))
    return gpd.GeoDataFrame(table, geometry=geometry, crs=CRS_DEGREES)


MOST_ROWS: Final = 5_000_000
"""No raw table has more: a few bytes of Parquet can stand for any number of them."""


def _refuse_bomb(content: bytes, where: str) -> None:
    meta = parquet.read_metadata(io.BytesIO(content))
    size = sum(meta.row_group(i).total_byte_size for i in range(meta.num_row_groups))
    if size > MOST_BYTES or meta.num_rows > MOST_ROWS:
        words = f"raw file is too large unpacked ({meta.num_rows:,} rows, {size / 1e6:,.0f} MB)"
        raise KwevError(words, where=where, hint=_HINT)


def _check_shapes(frame: gpd.GeoDataFrame, where: str) -> None:
    missing = frame.geometry.isna() | frame.geometry.is_empty
    if missing.any():
        row = int(missing.to_numpy().argmax()) + 1
        raise KwevError(
            f"{missing.sum()} feature(s) without geometry, first {row}", where=where, hint=_HINT
        )
    west, south, east, north = BOUNDS
    box = frame.geometry.bounds
    inside = (box.minx >= west) & (box.miny >= south) & (box.maxx <= east) & (box.maxy <= north)
    out = ~inside  # what is no number lies nowhere
    if out.any():
        row = int(out.to_numpy().argmax()) + 1
        point = shapely.get_coordinates(frame.geometry.iloc[row - 1])[0].round(4).tolist()
        raise KwevError(
            f"{out.sum()} feature(s) with a coordinate outside Canada, first: feature "
            f"{row} near {point}",
            where=where,
            hint=_HINT,
        )
