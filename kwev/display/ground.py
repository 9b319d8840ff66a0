"""The base map below all maps: its data as a script for the screen, its main lines for print."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Final

import numpy as np
from pyproj import Transformer

from kwev import escape, polyline
from kwev.data.tables import parsed, read_held
from kwev.files import write_bytes
from kwev.region import read_region
from kwev.units import CRS_DEGREES

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd
    from numpy.typing import NDArray

    from kwev.project import Project

FILE: Final = "ground-data.js"
"""File of the screen's data; ``assets/ground.js`` draws it."""

_TABLE: Final = "base_map"


def credit(project: Project) -> str:
    """Return whose data the ground of the maps is, before OpenStreetMap's."""
    own = read_region(project.config).ground_credit
    return f"Ground: {own}, " if own else "Ground: "


def publish(project: Project, vendor: Path) -> None:
    """Write what ``ground.js`` draws into the folder of scripts, where it is not there already."""
    content, target = script_of(project), vendor / FILE
    if not target.is_file() or target.read_bytes() != content:
        write_bytes(target, content)


def script_of(project: Project) -> bytes:
    """Return the script for the base map of a project, made once a process."""
    stamp = _stamp(project.processed)
    return _content(project.processed, stamp, credit(project) if any(stamp) else "")


def _stamp(folder: Path) -> tuple[int, int]:
    path = folder / f"{_TABLE}.csv"
    return (path.stat().st_size, path.stat().st_mtime_ns) if path.is_file() else (0, 0)


@lru_cache(maxsize=2)  # each figure of a chapter publishes what it loads
def _content(folder: Path, stamp: tuple[int, int], credit: str) -> bytes:  # noqa: ARG001
    told = f"window.kwevGroundCredit={escape.script(credit)};\n" if credit else ""
    return script(read(folder)) + told.encode()


def read(folder: Path) -> pd.DataFrame | None:
    """Return the table ``base_map`` of a folder of processed data; None where it has none.

    A folder without one, such as a test's, has maps on a plain ground.

    Raises
    ------
    KwevError
        If the file is not the one that the manifest names.
    """
    path = folder / f"{_TABLE}.csv"
    if not path.is_file():
        return None
    from kwev.data.schemas import PROCESSED

    return parsed(read_held(path), PROCESSED[_TABLE], str(path))


def lines_m(table: pd.DataFrame, kinds: Sequence[str], crs: str) -> list[NDArray[np.float64]]:
    """Return the lines, rings or points of some kinds as (N, 2) arrays of metres in ``crs``."""
    texts = table.loc[table["kind"].isin(kinds), "path"]
    degrees = [line for text in texts for line in polyline.lines_of(text)]
    if not degrees:
        return []
    to_metres = Transformer.from_crs(CRS_DEGREES, crs, always_xy=True)
    east, north = to_metres.transform(*np.concatenate(degrees).T)
    ends = np.cumsum([len(line) for line in degrees])[:-1]
    return np.split(np.column_stack([east, north]), ends)


def names_m(table: pd.DataFrame, kinds: Sequence[str], crs: str) -> list[tuple[str, float, float]]:
    """Return name, easting and northing (m) of the places of some kinds."""
    rows = table[table["kind"].isin(kinds)]
    spots = lines_m(rows, kinds, crs)
    return [
        (str(name), float(spot[0, 0]), float(spot[0, 1]))
        for name, spot in zip(rows["name"], spots, strict=True)
    ]


def script(table: pd.DataFrame | None) -> bytes:
    """Return the file that hands the base map to ``ground.js``: rows by kind, lines as they are."""
    kinds = [
        [str(kind), part[["name", "path"]].to_numpy().tolist()]
        for kind, part in (() if table is None else table.groupby("kind", sort=False))
    ]
    return f"window.kwevGroundData={escape.script(kinds)};\n".encode()
