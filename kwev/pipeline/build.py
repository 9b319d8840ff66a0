"""From raw to processed: every stage in order and measured, then all files at once or none.

The stages that a table comes from are read from the text of :func:`_tables`.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import psutil
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from kwev import escape
from kwev.data.schemas import PROCESSED, check
from kwev.files import dump_json, write_text
from kwev.pipeline.addresses import Gazetteer
from kwev.pipeline.base_map import base_map
from kwev.pipeline.boundaries import map_layers, read_boundaries, ward_layer
from kwev.pipeline.citations import citation_table
from kwev.pipeline.forecast import market_of, outlook
from kwev.pipeline.geometry import geojson, metres_of
from kwev.pipeline.grid import area_grid, grid_per_household, site_grid, station_grid
from kwev.pipeline.homes import construction_table, da_profiles, main_fsa, tract_profiles
from kwev.pipeline.parameters import Parameters
from kwev.pipeline.population import (
    place_tables,
    point_facts,
    point_table,
    read_addresses,
    spread_population,
)
from kwev.pipeline.raw import Ledger, Raw
from kwev.pipeline.roads import road_graph, snap_table
from kwev.pipeline.sites import candidate_places, candidate_sites, site_facts, with_surroundings
from kwev.pipeline.station_checks import check_table
from kwev.pipeline.station_records import read_records
from kwev.pipeline.stations import merge_stations
from kwev.pipeline.streets import street_tables
from kwev.pipeline.tariffs import tariff_table
from kwev.pipeline.transit import access, transit_tables
from kwev.pipeline.vehicles import downscale_vehicles, grow, growth_tables
from kwev.sets import entry, refuse_unless_ours, replacing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

    import geopandas as gpd
    import pandas as pd

    from kwev.region import Region

SAMPLE_S = 0.02
"""Time between two looks at the memory (s)."""


@dataclass(frozen=True)
class StageCost:
    """One stage: its name, wall time (s) and peak memory of the process (MB)."""

    stage: str
    seconds: float
    peak_mb: float


class Meter(Progress):
    """Moves the bar, and notes the time and the peak memory of each stage.

    Memory is the resident set of this process, sampled every 20 ms while a stage runs.

    Parameters
    ----------
    stages
        All stages in order: the length of the bar.
    shown
        Whether to draw the bar.
    """

    def __init__(self, stages: tuple[str, ...], *, shown: bool) -> None:
        columns = (TextColumn("{task.description:<12}"), BarColumn(), TimeElapsedColumn())
        super().__init__(*columns, transient=True, disable=not shown)
        self.costs: list[StageCost] = []
        self._listeners: list[Callable[[str], None]] = []
        self._whole = self.add_task("", total=len(stages))

    def listen(self, listener: Callable[[str], None]) -> None:
        """Tell ``listener`` the name of each stage to come as it begins."""
        self._listeners.append(listener)

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Run one stage: what is inside the ``with`` block."""
        for listener in self._listeners:
            listener(name)
        self.update(self._whole, description=name)
        start = time.perf_counter()
        with _peak_memory() as peak:
            yield
        seconds = round(time.perf_counter() - start, 3)
        self.costs.append(StageCost(name, seconds, peak[0] / 1e6))
        self.advance(self._whole)


@contextmanager
def _peak_memory() -> Iterator[list[int]]:
    """Sample the resident memory (bytes) until the block ends; the peak stands in the list."""
    process = psutil.Process()
    peak = [process.memory_info().rss]
    over = threading.Event()

    def watch() -> None:
        while not over.wait(SAMPLE_S):
            peak[0] = max(peak[0], process.memory_info().rss)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield peak
    finally:
        over.set()
        thread.join()
        peak[0] = max(peak[0], process.memory_info().rss)


def stages_of(function: Callable[..., Any]) -> dict[str, tuple[str, ...]]:
    """Return the stages of each table of a function that returns ``tables, layers``.

    The function's statements are followed in order. A stage is a block ``with meter.stage("…")``:
    what it assigns has behind it the stage and all that is behind what it reads. ``*`` stands for
    the map layers.

    Parameters
    ----------
    function
        Puts each table into one dictionary ``tables``, by a name that stands in its text.

    Returns
    -------
    dict
        Stages by table, in the order in which they run.
    """
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    known: dict[str, set[str]] = {}
    tables: dict[str, set[str]] = {}
    bins: set[str] = set()
    order: list[str] = []

    def behind(node: ast.AST, but: AbstractSet[str] = frozenset()) -> set[str]:
        return set().union(*(known.get(name, ()) for name in _names(node, ast.Load) - but))

    for statement in next(node for node in tree.body if isinstance(node, ast.FunctionDef)).body:
        changed = _changed(statement)
        match statement:
            case ast.With(items=[ast.withitem(ast.Call(args=[ast.Constant(str(stage))]))]):
                order.append(stage)
                stages = behind(statement, but=bins) | {stage}
                changed |= bins & _names(statement, ast.Load)
            case ast.Assign([ast.Name("tables")], ast.Dict(keys, values)):
                pairs = zip(keys, values, strict=True)
                tables = {ast.literal_eval(key): behind(value) for key, value in pairs if key}
                continue
            case _:
                stages = behind(statement)
                # what is made from nothing between stages, such as the ledger, is a bin that
                # stages fill and do not read
                bins |= set() if stages else changed
        for name in changed:
            known[name] = known.get(name, set()) | stages
    tables["*"] = known.get("layers", set())
    return {name: tuple(s for s in order if s in stages) for name, stages in tables.items()}


def _names(node: ast.AST, context: type[ast.expr_context]) -> set[str]:
    every = (inner for inner in ast.walk(node) if isinstance(inner, ast.Name))
    return {name.id for name in every if isinstance(name.ctx, context)}


def _changed(node: ast.AST) -> set[str]:
    """Return the names that are assigned to, or whose items are."""
    items = {
        inner.value.id
        for inner in ast.walk(node)
        if isinstance(inner, ast.Subscript)
        and isinstance(inner.ctx, ast.Store)
        and isinstance(inner.value, ast.Name)
    }
    return _names(node, ast.Store) | items


REGISTER = Path(__file__).resolve().parents[2] / "data" / "sources.json"
"""The project's register of sources."""

STAGES = (
    "raw", "boundaries", "population", "adoption", "cells", "growth", "homes", "stations", "sites",
    "grid", "roads", "snaps", "streets", "transit", "facts", "tariffs", "citations", "ground",
    "files",
)  # fmt: skip
"""The stages in the order in which they run."""

_LAYERS = ("das", "tracts", "fsas", "municipalities", "region", "wards", "transit_lines")


def _written() -> tuple[str, ...]:
    """Return the names of all files that a build writes."""
    layers = (f"{name}.geojson" for name in _LAYERS)
    return (*(f"{name}.csv" for name in PROCESSED), *layers, "manifest.json")


Layers = dict[str, "tuple[gpd.GeoDataFrame, list[str]]"]
"""Map layers by name, each with the columns that its file keeps."""


@dataclass(frozen=True)
class BuildReport:
    """What a build wrote.

    Parameters
    ----------
    out_dir
        Where the files are.
    rows
        Rows of each table.
    bytes
        Size of each file.
    costs
        Wall time and peak memory of each stage, in order.
    """

    out_dir: Path
    rows: dict[str, int]
    bytes: dict[str, int]
    costs: tuple[StageCost, ...]

    def stages(self) -> str:
        """Return a line for each stage: seconds and peak memory."""
        lines = [f"{c.stage:<12}{c.seconds:7.1f} s{c.peak_mb:8,.0f} MB" for c in self.costs]
        return "\n".join(lines)

    def summary(self) -> str:
        """Return one line: where, how many files, how large, how long."""
        size = sum(self.bytes.values()) / 1e6
        spent = sum(c.seconds for c in self.costs)
        rows = ", ".join(
            f"{self.rows[name]} {name}" for name in ("das", "cells", "stations", "sites")
        )
        return f"{self.out_dir}: {len(self.bytes)} files, {size:.1f} MB in {spent:.0f} s; {rows}"


def build(  # noqa: PLR0913 -- the options of the command
    raw_dir: Path,
    out_dir: Path,
    region: Region,
    progress: bool = True,  # noqa: FBT001, FBT002 - the one switch of the command
    *,
    parameters: Parameters | None = None,
    register: Path = REGISTER,
    accepted: frozenset[str] = frozenset(),
) -> BuildReport:
    """Build ``data/processed`` from the raw files.

    Files are written to a folder beside ``out_dir`` and take its place only after every table has
    passed its schema: a build that fails leaves the existing files as they were.

    Parameters
    ----------
    raw_dir
        Folder with the files that the region names.
    out_dir
        Folder to write, such as ``data/processed``.
    region
        The region's census codes and sources.
    progress
        Whether to draw a bar.
    parameters
        Choices of the pipeline; those of the book if None.
    register
        ``data/sources.json``: source, licence and sha256 of each raw file.
    accepted
        Raw files (below ``raw_dir``) that are taken though they are not the registered ones; the
        manifest names them.

    Returns
    -------
    BuildReport
        Rows and bytes written, and what each stage cost.

    Raises
    ------
    KwevError
        If a raw file is missing, damaged or not the registered one, a table breaks its schema, or
        ``out_dir`` is a folder that kwev did not make, or is, holds or lies in one that must stay.
    """
    own = register.parent / "processed"
    refuse_unless_ours(out_dir, raw=raw_dir, own=own, names=_written())
    raw = Raw(raw_dir, register, region, accepted)
    with Meter(STAGES, shown=progress) as meter:
        meter.listen(raw.enter)
        tables, layers = _tables(raw, parameters or Parameters(), meter)
        with meter.stage("files"):
            texts = _texts(tables, layers)
            texts["manifest.json"] = dump_json(_manifest(raw, texts, tables))
            with replacing(out_dir, manifest=False) as fresh:
                for name, text in texts.items():
                    write_text(fresh / name, text)
                # once more: the stages took minutes
                refuse_unless_ours(out_dir, raw=raw_dir, own=own, names=_written())
    sizes = {name: len(text.encode()) for name, text in texts.items()}
    rows = {name: len(table) for name, table in tables.items()}
    return BuildReport(out_dir, rows, sizes, tuple(meter.costs))


def _tables(  # noqa: PLR0915 -- the stages in order; lineage is read from this text
    raw: Raw, parameters: Parameters, meter: Meter
) -> tuple[dict[str, pd.DataFrame], Layers]:
    ledger = Ledger()
    meter.listen(ledger.enter)
    with meter.stage("raw"):
        raw.read_all()
        raw.mends.note(ledger)
        raw.note_absent(ledger)
    with meter.stage("boundaries"):
        bounds = read_boundaries(raw, parameters, ledger)
        layers = map_layers(bounds, raw.region, parameters)
        layers["wards"] = ward_layer(raw, bounds, parameters, ledger)
    with meter.stage("population"):
        addresses = read_addresses(raw, ledger)
        points = spread_population(addresses, bounds, ledger)
    with meter.stage("adoption"):
        vehicles = downscale_vehicles(raw, points, bounds, parameters, ledger)
    with meter.stage("cells"):
        table = point_table(points, vehicles, bounds, parameters)
        places = place_tables(table, bounds, parameters)
        das, tracts = places.das, places.tracts
    with meter.stage("growth"):
        market = market_of(float(das["households"].sum()), parameters)
        ahead = outlook(vehicles.quarters, market, parameters.recount_quarter)
        growth = grow(vehicles, ahead, parameters.additions_share)
        later = growth_tables(growth, table, places)
    with meter.stage("homes"):
        construction = construction_table(raw, ledger)
        coded = das.assign(fsa=main_fsa(points, vehicles, len(das)))
        homes = da_profiles(raw, coded, construction, parameters, ledger)
        tract_homes = tract_profiles(homes, das, tracts)
    with meter.stage("stations"):
        roads = raw.metres("roads")
        gazetteer = Gazetteer.of(addresses, roads, set(bounds.municipalities["name"]))
        records = read_records(raw, bounds.region, gazetteer.settlements, parameters, ledger)
        generic = raw.region.generic_names
        stations, fates = merge_stations(records, bounds, gazetteer, parameters, ledger, generic)
    with meter.stage("sites"):
        listed = candidate_places(raw, roads, addresses, parameters, ledger)
        sites = candidate_sites(listed, roads, stations, bounds, parameters, ledger)
    with meter.stage("grid"):
        areas = area_grid(das, homes, parameters.grid)
        sites = site_grid(sites, areas, parameters.grid)
        stations = station_grid(stations, sites, areas, parameters.grid)
    with meter.stage("roads"):
        graph = road_graph(raw.metres("roads"), parameters, ledger)
    with meter.stage("snaps"):
        reached = {
            "cell": places.cells, "da": das, "tract": tracts, "station": stations, "site": sites,
        }  # fmt: skip
        snaps = snap_table(graph, reached, parameters, ledger)
    with meter.stage("streets"):
        ways, own = raw.metres("roads"), bounds.municipalities
        towns = dict(zip(own["name"], own["municipality_id"], strict=True))
        streets = street_tables(ways, graph, addresses, towns, ledger)
    with meter.stage("transit"):
        transit, layers["transit_lines"] = transit_tables(raw, bounds, parameters, ledger)
    with meter.stage("facts"):
        by_transit = partial(access, stops=transit["stops"], parameters=parameters)
        served = sites.assign(transit=by_transit(metres_of(sites)))
        cells = places.cells.assign(ev_2030=later[2]["ev_2030"])
        known = with_surroundings(served, cells, stations, parameters, ledger)
        of_sites = site_facts(known, roads, parameters, ledger)
        both, share = (homes, tract_homes), grid_per_household(areas)
        of_points = point_facts(places, both, share, by_transit, ledger)
    with meter.stage("tariffs"):
        tariffs = tariff_table(raw, parameters, ledger)
    with meter.stage("citations"):
        citations = citation_table(raw)
        checks = check_table(raw)
    with meter.stage("ground"):
        lines = layers["transit_lines"][0]
        tracks = np.asarray(lines.geometry[lines["mode"] == "ion"])
        ground = base_map(raw, bounds, tracks, parameters, ledger)
    tables = {
        "municipalities": places.municipalities, "das": das, "tracts": tracts,
        "fsas": vehicles.fsas, "cells": places.cells, "cell_parts": places.cell_parts,
        "stations": stations, "station_records": fates, "sites": sites, "area_grid": areas,
        "quality": ledger.table(), "ev_quarters": vehicles.quarters, "ev_backtest": ahead.backtest,
        "ev_forecast": ahead.forecast, "fsa_growth": growth.fsas, "da_growth": later[0],
        "tract_growth": later[1], "cell_growth": later[2],
        "road_nodes": graph.nodes, "road_edges": graph.edges, "road_snaps": snaps,
        "streets": streets.streets, "street_numbers": streets.numbers,
        "street_shapes": streets.shapes,
        "da_profiles": homes, "tract_profiles": tract_homes, "construction": construction,
        "transit_stops": transit["stops"], "transit_routes": transit["routes"],
        "transit_days": transit["days"], "transit_lengths": transit["lengths"],
        "transit_planned": transit["planned"], "site_facts": of_sites, "point_facts": of_points,
        "tariffs": tariffs, "citations": citations, "station_checks": checks,
        "base_map": ground,
    }  # fmt: skip
    return tables, layers


def _texts(tables: dict[str, pd.DataFrame], layers: Layers) -> dict[str, str]:
    texts = {}
    for name, table in tables.items():
        where = f"data/processed/{name}.csv"
        checked = check(table, PROCESSED[name], where=where, hint="This is a defect of kwev.")
        texts[f"{name}.csv"] = _csv(checked)
    for name, (frame, properties) in layers.items():
        texts[f"{name}.geojson"] = geojson(frame, properties)
    return texts


def _csv(table: pd.DataFrame) -> str:
    flags = table.select_dtypes("bool").columns
    words = {str(name): table[name].map({True: "true", False: "false"}) for name in flags}
    return escape.csv(table.assign(**words))


def _manifest(raw: Raw, texts: dict[str, str], tables: dict[str, pd.DataFrame]) -> dict[str, Any]:
    processed = {}
    for name, text in texts.items():
        stem = name.split(".")[0]
        rows = len(tables[stem]) if name.endswith(".csv") else text.count('{"type":"Feature",')
        processed[name] = entry(text.encode(), rows=rows)
    made = {
        "raw": dict(sorted(raw.sha256.items())),
        "processed": processed,
        "lineage": _lineage(raw),
    }
    return made | ({"unregistered": sorted(raw.unregistered)} if raw.unregistered else {})


def _lineage(raw: Raw) -> dict[str, Any]:
    """Return what was read, by which stage, and the stages that each table comes from."""
    read = {
        name: {"file": raw.file(name), "rows": rows, "columns": columns}
        for name, (rows, columns) in raw.shapes().items()
    }
    by_stage = {stage: sorted(raw.reads.get(stage, ())) for stage in STAGES}
    return {"read": read, "stages": by_stage, "tables": stages_of(_tables)}
