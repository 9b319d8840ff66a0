"""Splitting whole totals into parts that sum back exactly."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kwev.units import PEOPLE_DECIMALS

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

MICRO = 10**PEOPLE_DECIMALS
"""Parts of one person, household or vehicle: sums of whole micro-units are exact."""


def to_micro(values: ArrayLike) -> NDArray[np.int64]:
    """Return counts as whole millionths, rounded half to even."""
    scaled: NDArray[np.float64] = np.rint(np.asarray(values, dtype=float) * MICRO)
    return scaled.astype(np.int64)


def from_micro(values: ArrayLike) -> NDArray[np.float64]:
    """Return whole millionths as counts, each the nearest double to its six-decimal value."""
    return np.asarray(values, dtype=np.int64) / MICRO


def split_largest_remainder(
    totals: NDArray[np.int64], group: NDArray[np.int64], weight: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Split each group's whole total over its members in proportion to their weights.

    Largest remainder: everyone gets the floor of the exact share; what is left goes one by one
    to the largest remainders, ties to the member that comes first. A group whose weights are all
    zero is split evenly.

    Parameters
    ----------
    totals
        (G,) whole totals, at least 0.
    group
        (N,) index of each member's group.
    weight
        (N,) weights, at least 0.

    Returns
    -------
    NDArray[np.int64]
        (N,) parts whose sums by group equal ``totals`` exactly.

    Raises
    ------
    ValueError
        If a group with a positive total has no member, or a weight is negative.
    """
    if (weight < 0).any() or not np.isfinite(weight).all():
        raise ValueError("weights must be finite and at least 0")
    size = len(totals)
    members = np.bincount(group, minlength=size)
    if ((members == 0) & (totals > 0)).any():
        raise ValueError("a positive total has no member to go to")
    even = np.bincount(group, weights=weight, minlength=size) == 0
    share = np.where(even[group], 1.0, weight)
    mass = np.bincount(group, weights=share, minlength=size)
    # Shrunk by more than rounding can add, so that the floors never exceed the total.
    exact = totals[group] * (share / mass[group]) * (1 - 1e-12)
    part = np.floor(exact).astype(np.int64)
    left = totals - np.bincount(group, weights=part, minlength=size).astype(np.int64)
    takes = share > 0
    order = np.lexsort((np.arange(len(group)), part - exact, ~takes, group))
    first = np.concatenate(([0], np.cumsum(members)))[:-1]
    rank = np.empty(len(group), dtype=np.int64)
    rank[order] = np.arange(len(group)) - first[group[order]]
    # A member without weight takes nothing, however much the shrinking left over.
    takers = np.maximum(np.bincount(group, weights=takes, minlength=size).astype(np.int64), 1)
    base, extra = np.divmod(left, takers)
    return part + np.where(takes, base[group] + (rank < extra[group]), 0)
