"""Physical and reference constants, each once, with unit and source.

Planning choices (costs, powers, radii, shares) are not constants: they live in ``config/``.
"""

from __future__ import annotations

from typing import Final

CRS_METRES: Final = "EPSG:26917"
"""NAD83 / UTM zone 17N, the projection of every distance and area inside kwev."""

CRS_DEGREES: Final = "EPSG:4326"
"""WGS 84, used in files and maps only."""

HOURS_PER_YEAR: Final = 8_760
"""h/a, a common year."""

SQRT3: Final = 3**0.5
"""Line current of a balanced three-phase load: I = P / (sqrt(3) V cos phi)."""

POINTS: Final = 100.0
"""Coverage points per unit share: a share of 0.5 is 50 points."""

CAD_PER_MILLION: Final = 1_000_000.0
"""CAD in a million CAD."""

DEGREE_DECIMALS: Final = 7
"""Decimals of coordinates in degrees (about 1 cm)."""

METRE_DECIMALS: Final = 2
"""Decimals of coordinates and lengths in metres."""

PEOPLE_DECIMALS: Final = 6
"""Decimals of apportioned counts of people, households and vehicles."""
