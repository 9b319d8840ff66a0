"""How unevenly something is spread over people: Lorenz curve, Gini and concentration index.

Sources: Lorenz (1905), Gini (1912); the concentration index of Wagstaff, Paci and van Doorslaer
(1991), which orders people by means in the place of what they have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from kwev.errors import KwevError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Values = NDArray[np.float64]


def lorenz(values: Values, people: Values) -> pd.DataFrame:
    """Return the Lorenz curve: who has least first.

    Parameters
    ----------
    values
        Shape (n,): what each person of a place has, 0 or more, in any unit.
    people
        Shape (n,): people of each place.

    Returns
    -------
    pandas.DataFrame
        ``people`` and ``value``: shares of all people, and of all that they have, rising from
        (0, 0) to (1, 1). Where nobody has anything, everybody has as much: the diagonal.

    Raises
    ------
    KwevError
        If the arrays do not fit, something is negative, or there are no people.
    """
    return _curve(values, people, values)


def gini(values: Values, people: Values) -> float:
    """Return the Gini coefficient over people: 0 where all have as much, near 1 where one has all.

    Twice the area between the diagonal and :func:`lorenz`; unchanged where all values are
    multiplied by one number.
    """
    return _twice_area(lorenz(values, people))


def concentration(values: Values, people: Values, means: Values) -> float:
    """Return the concentration index: -1 to 1, positive where those of more means have more.

    Parameters
    ----------
    values, people
        As in :func:`lorenz`.
    means
        Shape (n,): income, or any order of people from poor to rich. People of equal means have
        one rank.
    """
    return _twice_area(_curve(values, people, means))


def _curve(values: Values, people: Values, order: Values) -> pd.DataFrame:
    """Return shares of people and values added up along an order, ties taken together."""
    if not len(values) == len(people) == len(order):
        raise KwevError("values, people and order differ in length", where="inequality")
    if (values < 0).any() or (people < 0).any() or not people.sum() > 0:
        raise KwevError("values and people must be 0 or more, with some people", where="inequality")
    _, group = np.unique(order, return_inverse=True)
    mass = np.bincount(group, weights=people)
    owned = np.bincount(group, weights=people * values)
    at = np.concatenate([[0.0], np.cumsum(mass)]) / mass.sum()
    total = owned.sum()
    have = np.concatenate([[0.0], np.cumsum(owned)]) / total if total > 0 else at
    return pd.DataFrame({"people": at, "value": have})


def _twice_area(curve: pd.DataFrame) -> float:
    at, have = curve["people"].to_numpy(), curve["value"].to_numpy()
    below = float((np.diff(at) * (have[1:] + have[:-1])).sum())
    return 1.0 - below
