"""The words of the field, each once: kinds of site, kinds of action."""

from __future__ import annotations

from typing import Final, Literal, get_args

SiteCategory = Literal[
    "shopping_mall",
    "retail_complex",
    "business_park",
    "parking",
    "transit_station",
    "park_and_ride",
    "community_centre",
    "library",
    "recreation_centre",
    "fuel_station",
    "highway_corridor",
    "dense_residential",
]
"""A kind of candidate site."""

SITE_CATEGORIES: Final[tuple[str, ...]] = get_args(SiteCategory)
"""Every kind of candidate site."""

PLACE_CATEGORIES: Final[tuple[str, ...]] = ("existing_station", *SITE_CATEGORIES)
"""Kinds of place with a grid proxy: stations that stand already, and the candidate sites."""

ALWAYS_SHOWN: Final[tuple[str, ...]] = ("upgrade", "new_l3", "new_l2")
"""Kinds of action that are shown even where a plan has none."""
