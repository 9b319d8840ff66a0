"""What fetched files change against ``data/processed``, before anything is computed again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd
import shapely

from kwev.errors import KwevError
from kwev.files import dump_json, read_json
from kwev.pipeline.raw import Raw
from kwev.pipeline.station_records import point_ids
from kwev.region import read_region

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from kwev.project import Project

MOST_NAMED: Final = 20
"""Stations that are named in a list; the others are counted."""


def changes(project_: Project, raw: Path) -> Iterator[str]:
    """Tell, a line each, which raw files differ from those of ``data/processed``, and how.

    Stations of a list opened, closed or with other ports; vehicles by quarter; of other files only
    that they are others.

    Raises
    ------
    KwevError
        If ``data/processed`` or a raw file that differs cannot be read.
    """
    manifest = read_json(project_.processed / "manifest.json")
    computed = manifest.get("raw", {})
    region = read_region(project_.config)
    source = Raw(raw, project_.register, region)
    same, absent = 0, 0
    for name, file in region.files.items():
        entry = next((one for one in _register(project_) if one["file"] == file), {})
        if not (raw / file).is_file():
            absent += 1
        elif entry.get("sha256") == computed.get(file):
            same += 1
        elif name in {"ocm", "nrcan"}:
            yield from _stations(project_, source, name)
        elif name == "evs":
            yield from _vehicles(project_, source)
        else:
            yield f"{file}: another version"
    if absent:
        yield f"{absent} raw files are not here: `kwev fetch --offline` names them"
    yield f"{same} of {len(region.files)} raw files are those that data/processed was computed from"


def _register(project_: Project) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = read_json(project_.register)["sources"]
    return found


def _processed(project_: Project, name: str) -> pd.DataFrame:
    path = project_.processed / name
    try:
        return pd.read_csv(path, keep_default_na=False)
    except (OSError, ValueError) as error:
        hint = "Restore data/processed from git, or write it with `kwev data`."
        raise KwevError("cannot be read", where=str(path), hint=hint) from error


def _stations(project_: Project, source: Raw, name: str) -> Iterator[str]:
    before = _processed(project_, "station_records.csv")
    before = before[before["source"] == name].set_index("record_id")
    after = _listed(source, name, _outline(project_))
    opened, closed = after.index.difference(before.index), before.index.difference(after.index)
    both = after.index.intersection(before.index)
    columns = ["l2_ports", "l3_ports"]
    moved = both[(after.loc[both, columns] != before.loc[both, columns]).any(axis=1)]
    yield (
        f"{source.file(name)}: {len(opened)} stations opened, {len(closed)} closed, "
        f"{len(moved)} with other ports; {len(after):,} listed, {len(before):,} before"
    )
    for word, table, ids in (("opened", after, opened), ("closed", before, closed)):
        ours = table.loc[ids]
        ours = ours[ours["in_region"].astype(bool)].sort_values("name")
        for row in ours.head(MOST_NAMED).itertuples():
            ports = f"{row.l2_ports:g} L2 and {row.l3_ports:g} L3 ports"
            yield f"  {word}: {row.name}, {ports} ({row.Index})"
        if len(ours) > MOST_NAMED:
            yield f"  {word}: {len(ours) - MOST_NAMED} more in the Region"


def _listed(source: Raw, name: str, region: Any) -> pd.DataFrame:
    """Return the rows of a list with the ids and columns of ``station_records``."""
    table = source.read(name)
    if name == "nrcan":
        names = {
            "Station Name": "name", "Latitude": "latitude", "Longitude": "longitude",
            "EV Level2 EVSE Num": "l2_ports", "EV DC Fast Count": "l3_ports",
        }  # fmt: skip
        table = table.rename(columns=names).assign(record_id="nrcan_" + table["ID"])
    else:
        level, plugs = table["charger_type"], table["num_chargers"].fillna(1)
        ids = point_ids("ocm", source.project(table["longitude"], table["latitude"]))
        table = table.assign(
            record_id=ids, l2_ports=plugs.where(level == "Level 2", 0),
            l3_ports=plugs.where(level == "Level 3", 0),
        )  # fmt: skip
    inside = shapely.contains_xy(region, table["longitude"], table["latitude"])
    counts = {k: table[k].fillna(0).astype(np.int64) for k in ("l2_ports", "l3_ports")}
    return table.assign(in_region=inside, **counts).set_index("record_id")


def _outline(project_: Project) -> Any:
    value = read_json(project_.processed / "region.geojson")
    return shapely.from_geojson(dump_json(value["features"][0]["geometry"], indent=None))


def _vehicles(project_: Project, source: Raw) -> Iterator[str]:
    before = _processed(project_, "ev_quarters.csv")
    after = source.read("evs").rename(columns={"FSA": "fsa", "TotalEV": "ev"})
    after = after[after["fsa"].isin(set(before["fsa"]))]
    totals, old = (t.groupby("quarter")["ev"].sum() for t in (after, before))
    last = old.index.max()
    new = sorted(set(totals.index) - set(old.index))
    yield f"{source.file('evs')}: {len(new)} new quarter(s) after {last}"
    had = old[last]
    for quarter in new:
        yield f"  {quarter}: {totals[quarter]:,.0f} vehicles, {totals[quarter] - had:+,.0f}"
        had = totals[quarter]
    pairs = before.merge(after, on=["fsa", "quarter"], how="left", suffixes=("", "_new"))
    restated = int((pairs["ev"] != pairs["ev_new"].fillna(0)).sum())
    if restated:
        yield f"  {restated} count(s) of earlier quarters are others now, or missing"
