"""Whether a sweep is monotone: no objective falls, and where it goes first no shortfall rises."""

from itertools import pairwise
from math import inf

HOLD_POINTS = 1e-3
"""The second stage may miss a target by so much more than the first (points, all targets)."""


def breaks(rows, along, mip_gap=None):
    """Return where a sweep is not monotone, a line each; empty where it is.

    From each row to the next along ``along``, the total shortfall may rise by no more than both
    searches may have left, and at equal shortfall the objective may fall by no more than the two
    absolute gaps together. Where the shortfall has a price it is in the objective, which alone
    counts then.

    Parameters
    ----------
    rows
        Rows of a study, with what is swept in a column.
    along
        That column; more of it leaves every plan possible.
    mip_gap
        Gap at which the search for the least shortfall stops (share); None where it has a price.
    """
    ordered = [dict(row) for row in rows.sort_values(along).to_dict("records")]
    found = []
    for one, other in pairwise(ordered):
        step = f"{along} from {one[along]:g} to {other[along]:g}"
        missed = one["shortfall_points"] + other["shortfall_points"]
        left = HOLD_POINTS + mip_gap * missed if mip_gap is not None else inf
        rise = other["shortfall_points"] - one["shortfall_points"]
        if rise > left:
            found.append(f"{step}: shortfall rises by {rise:.4f} points, allowed {left:.4f}")
        elif rise > -left:
            allowed = _gap_points(one) + _gap_points(other)
            fall = one["objective"] - other["objective"]
            if fall > allowed:
                found.append(f"{step}: objective falls by {fall:.4f} points, allowed {allowed:.4f}")
    return found


def _gap_points(row):
    return abs(float(row["gap"]) * float(row["objective"])) + 1e-9
