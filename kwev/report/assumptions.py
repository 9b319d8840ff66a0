"""The ledger of assumptions: each planning choice with its range, and what hangs on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kwev.display.style import MINUS
from kwev.files import read_json
from kwev.report.sweeps import value_at
from kwev.vocabulary import TARGET_NAMES

if TYPE_CHECKING:
    from kwev.report.scenario import Report

SMALL_POINTS = 0.1
"""Smaller changes of coverage than this are not told: another plan inside the gap has them too."""

NOT_IN_MODEL = "nothing: no row of the model reads it"


def assumptions(report: Report) -> pd.DataFrame:
    """Return each planning choice: value from the configuration, range, source, where it enters.

    ``hangs`` says in words which coverage moves most when the choice goes to either end of its
    range, and ``net_cad`` by how much the net cost moves at most (CAD, NaN where not varied).

    Parameters
    ----------
    report
        Its scenario, and what changes with one assumption at a time.

    Raises
    ------
    KwevError
        If the ledger names a key that the configuration does not have.
    """
    changes = report.swings
    rows = []
    for entry in read_json(report.project.root / "data" / "assumptions.json"):
        known = [_shown(bound) for bound in (entry["low"], entry["high"]) if bound is not None]
        ends = changes[changes["key"] == entry.get("group", entry["key"])]
        value, cost = value_at(report.config, entry["key"]), ends["net_cad"]
        rows.append(
            {
                "what": entry["what"],
                # a value that is a name of the configuration, as words
                "value": value.replace("_", " ") if isinstance(value, str) else value,
                "unit": entry["unit"],
                "range": " to ".join(known),
                "source": entry["source"],
                "enters": entry["enters"],
                "hangs": hangs(ends) if entry.get("in_model", True) else NOT_IN_MODEL,
                "net_cad": float(max(cost, key=abs)) if len(cost) else float("nan"),
                "key": entry["key"],
            }
        )
    return pd.DataFrame(rows)


def hangs(ends: pd.DataFrame) -> str:
    """Return in words what moves most at the ends of an assumption's range (rows of a sweep)."""
    if ends.empty:
        return "not varied"
    moves = [
        (float(row[target]), target, row)
        for row in ends.to_dict("records")
        for target in TARGET_NAMES
    ]
    change, target, row = max(moves, key=lambda move: abs(move[0]))
    if abs(change) < SMALL_POINTS:
        return f"nothing by {SMALL_POINTS:g} points"
    sign = "+" if change > 0 else MINUS
    value = row["value"]
    group = f"with the whole group at its {row['end']} end"
    where = f"at {_shown(value)}" if pd.notna(value) else group
    return f"{TARGET_NAMES[target]}: {sign}{abs(change):.1f} points {where}"


def _shown(value: float | str) -> str:
    """Return a number or the name of a choice as text."""
    return value if isinstance(value, str) else f"{value:,.10g}"
