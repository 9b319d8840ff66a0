"""The Canadian Index of Multiple Deprivation: four scores, and fifths of the Region's people."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.pipeline.raw_census import SCORES

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.pipeline.quality import Ledger
    from kwev.pipeline.raw import Raw

DIMENSIONS: Final = ("instability", "situational_vulnerability")
"""Scores that make the quintile. The index has four and no total. These two follow household
income and low-income rate where both are published; ethno-cultural composition and economic
dependency (age) describe who lives in a place rather than what they can afford."""

FIFTHS: Final = 5
_TIE_DECIMALS: Final = 9


def scores(raw: Raw, das: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    """Return the four scores in the order of ``das``, empty where they are not published."""
    table = raw.read("deprivation").rename(columns=SCORES).set_index("DAUID")
    made = table.reindex(das["da_id"])[list(SCORES.values())].reset_index(drop=True)
    absent = made.isna().any(axis=1).to_numpy()
    ledger.add(
        "homes",
        "deprivation",
        "no score published for the area: left empty, in no quintile",
        "kept",
        int(absent.sum()),
        f"{int(das.loc[absent, 'population'].sum())} people",
    )
    return made


def quintiles(table: pd.DataFrame, people: NDArray[np.float64]) -> pd.Series[float]:
    """Return 1 (least deprived) to 5 (most), each a fifth of the people as nearly as areas allow.

    Areas are ordered by the mean of their ranks in :data:`DIMENSIONS`; the middle person of an
    area decides its fifth, and areas that tie share it. Empty where a score is.

    Parameters
    ----------
    table
        Columns of :data:`DIMENSIONS`.
    people
        (N,) people of each area.
    """
    known = table[list(DIMENSIONS)].notna().all(axis=1).to_numpy() & (people > 0)
    found = pd.Series(np.nan, index=table.index)
    if known.any():
        weight = people[known]
        ranks = [middle_rank(table.loc[known, name].to_numpy(), weight) for name in DIMENSIONS]
        mean = np.asarray(np.mean(ranks, axis=0), dtype=float).round(_TIE_DECIMALS)
        fifth = np.floor(FIFTHS * middle_rank(mean, weight)) + 1
        found.loc[known] = np.minimum(fifth, FIFTHS)
    return found


def middle_rank(values: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return (N,) the share of all weight that lies below the middle of each value's own.

    Equal values have one rank. ``weight`` is (N,), above 0.
    """
    _, group = np.unique(values, return_inverse=True)
    mass = np.bincount(group, weights=weight)
    middle = (np.cumsum(mass) - mass / 2) / mass.sum()
    rank: NDArray[np.float64] = middle[group]
    return rank
