"""How many random examples a property is tried with: its own number, by the profile of the run."""

from __future__ import annotations

from hypothesis import settings

USUAL = 100
"""Examples of a profile that leaves each property its own number; `conftest.py` has them all."""


def examples(number: int) -> settings:
    """Return the settings of a property that needs so many examples in an ordinary run."""
    return settings(max_examples=max(5, number * settings().max_examples // USUAL))
