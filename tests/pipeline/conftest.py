"""A copy of the raw folder with single files changed, and a small synthetic region."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from home_region import CRS, FILES, REGION

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def raw_dir() -> Path:
    folder = Path(os.environ.get("KWEV_RAW") or ROOT / "data" / "raw")
    if not (folder / "boundaries").is_dir():
        pytest.skip("no raw data: set KWEV_RAW or fill data/raw")
    return folder


@pytest.fixture
def raw_copy(raw_dir, tmp_path):
    """A raw folder of links; ``change(file, content)`` replaces or (None) removes one file."""

    folder = tmp_path / "raw"
    for file in FILES.values():
        (folder / file).parent.mkdir(parents=True, exist_ok=True)
        (folder / file).symlink_to((raw_dir / file).resolve())

    def change(file: str, content: bytes | None) -> Path:
        (folder / file).unlink()
        if content is not None:
            (folder / file).write_bytes(content)
        return folder

    return change


@pytest.fixture
def tiny_raw(tmp_path):
    """``make(name=table, …)`` writes raw tables and a register, and returns a ``Raw``."""
    from kwev.pipeline.raw import Raw

    def make(**tables: pd.DataFrame) -> Raw:
        entries = []
        for name, table in tables.items():
            path = tmp_path / "raw" / FILES[name]
            path.parent.mkdir(parents=True, exist_ok=True)
            if path.suffix == ".parquet":
                table.to_parquet(path)
            else:
                table.to_csv(path, index=False)
            digest = hashlib.sha256(path.read_bytes()).hexdigest()
            entries.append({"file": FILES[name], "sha256": digest})
        register = tmp_path / "sources.json"
        register.write_text(json.dumps({"sources": entries}))
        made = Raw(tmp_path / "raw", register, REGION)
        made.crs = CRS  # no outlines to take it from
        return made

    return make


@pytest.fixture
def squares():
    """Two dissemination areas, 1 km squares side by side, and two FSAs, one reaching outside."""
    from kwev.data.columns import DWELLING_TYPES
    from kwev.pipeline.boundaries import Boundaries

    crs = CRS
    west, south = 540_000.0, 4_810_000.0
    boxes = [
        shapely.box(west + i * 1000, south, west + i * 1000 + 1000, south + 1000) for i in range(2)
    ]
    types = pd.DataFrame(0, index=range(2), columns=list(DWELLING_TYPES))
    types.loc[0, "single_detached"] = 100
    types.loc[1, "apartment_high_rise"] = 100
    das = gpd.GeoDataFrame(
        {
            "da_id": ["35300001", "35300002"],
            "municipality_id": ["3530013", "3530016"],
            "area_id": ["5410001.00", "wellesley"],
            "population": [100, 1001],
            "dwellings": [110, 120],
            "households": [100, 100],
            "area_km2": [1.0, 1.0],
            "land_area_km2": [1.0, 1.0],
        },
        geometry=boxes,
        crs=crs,
    ).join(types)
    tracts = gpd.GeoDataFrame(
        {"tract_id": ["35300002", "5410001.00"], "area_id": ["wellesley", "5410001.00"]},
        geometry=[boxes[1], boxes[0]],
        crs=crs,
    )
    towns = gpd.GeoDataFrame(
        {
            "municipality_id": ["3530013", "3530016"],
            "name": ["Kitchener", "Waterloo"],
            "kind": ["city", "city"],
        },
        geometry=boxes,
        crs=crs,
    )
    fsas = gpd.GeoDataFrame(
        {"fsa": ["N0B", "N2A"], "partial": [True, False]},
        geometry=[
            shapely.box(west + 500, south - 2000, west + 2000, south + 1000),
            shapely.box(west, south, west + 500, south + 1000),
        ],
        crs=crs,
    )
    return Boundaries(shapely.union_all(boxes), towns, tracts, das, fsas)
