"""The project's own region, and the names of its raw files."""

from __future__ import annotations

from pathlib import Path

from kwev.region import read_region

REGION = read_region(Path(__file__).resolve().parents[1] / "config")
FILES = REGION.files
CRS = "EPSG:26917"
"""NAD83 / UTM zone 17N, which the middle of the Region lies in."""
