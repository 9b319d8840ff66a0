"""Which assumption moves a result most: the two ends of each range, widest first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Mapping

COLUMNS = ("key", "what", "low", "high", "low_value", "high_value", "span")


def tornado(changes: pd.DataFrame, measure: str, names: Mapping[str, str]) -> pd.DataFrame:
    """Return the change at both ends of each assumption, widest span first.

    Parameters
    ----------
    changes
        As :func:`kwev.analysis.sensitivity.one_at_a_time` gives it.
    measure
        ``l2``, ``l3`` or ``ev_owners`` (points) or ``net_cad`` (CAD).
    names
        Words for each key.

    Returns
    -------
    pandas.DataFrame
        ``key``, ``what``, ``low`` and ``high`` (change at that end; 0 where the end is the value
        already), ``low_value`` and ``high_value`` (of the assumption; None for a group or where
        the end is the value already) and ``span``, from the lowest to the highest of the changes
        and 0.
    """
    found = []
    for key, ends in changes.groupby("key", sort=False):
        at: dict[str, Any] = {str(r["end"]): r for r in ends.to_dict("records")}
        low, high = (float(at[end][measure]) if end in at else 0.0 for end in ("low", "high"))
        values = [at[end]["value"] if end in at else None for end in ("low", "high")]
        span = max(low, high, 0.0) - min(low, high, 0.0)
        found.append((str(key), names.get(str(key), str(key)), low, high, *values, span))
    table = pd.DataFrame(found, columns=list(COLUMNS))
    return table.sort_values(["span", "key"], ascending=[False, True], ignore_index=True)


def noise(rows: pd.DataFrame, measure: str) -> float:
    """Return how far plans that the model takes for equal lie apart on the cells (share).

    Parameters
    ----------
    rows
        Rows of plans of one scenario and geography with a few choices changed.
    measure
        ``l2`` or ``l3``: the widest span of it among rows whose coverage of both levels on the
        model's points and whose shortfall are the same.
    """
    same = ["l2_model", "l3_model", "shortfall_points"]
    spans = rows.groupby([rows[name].round(9) for name in same])[measure].agg(["min", "max"])
    return float((spans["max"] - spans["min"]).max())
