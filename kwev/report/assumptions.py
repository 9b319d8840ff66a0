"""The ledger of assumptions that the book prints, with what hangs on each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kwev.display.table import OWN, Column, Table
from kwev.files import read_json
from kwev.report import claims as report_claims
from kwev.report.sweeps import value_at
from kwev.vocabulary import TARGET_NAMES

if TYPE_CHECKING:
    from kwev.report.scenario import Report

SMALL_POINTS = 0.1
"""Smaller changes of coverage than this are not told: another plan inside the gap has them too."""

NOT_IN_MODEL = "nothing: no row of the model reads it"
MINUS = "\N{MINUS SIGN}"


def assumptions(report: Report) -> pd.DataFrame:
    """Return each planning choice: value from the configuration, range, source, where it enters.

    ``hangs`` says in words which coverage moves most when the choice goes to either end of its
    range, and ``net_cad`` by how much the net cost moves at most (CAD, NaN where not varied).

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
        rows.append(
            {
                "what": entry["what"],
                "value": _in_words(value_at(report.config, entry["key"])),
                "unit": entry["unit"],
                "range": " to ".join(known),
                "source": entry["source"],
                "enters": entry["enters"],
                "hangs": hangs(ends) if entry.get("in_model", True) else NOT_IN_MODEL,
                "net_cad": _largest(ends["net_cad"]),
                "key": entry["key"],
            }
        )
    return pd.DataFrame(rows)


def _in_words(value: Any) -> Any:
    """Return a value that is a name of the configuration as words."""
    return value.replace("_", " ") if isinstance(value, str) else value


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


def _largest(changes: pd.Series) -> float:
    return float(max(changes, key=abs)) if len(changes) else float("nan")


# -- Tables of claims and assumptions.


def claims(report: Report) -> Table:
    """Return the client's figures beside the computed or cited ones."""
    columns = ("claim stated computed", Column("verdict", "Verdict"), "section source")
    frame = report_claims.table(report)
    return Table("claims", frame, tuple(columns), OWN.source, OWN.vintage, pdf_rows=len(frame))


def assumptions_shown(report: Report) -> Table:
    """Return every planning choice with its range and source."""
    frame = assumptions(report)
    columns = (
        Column("what", "Assumption"),
        "value unit range hangs",
        Column("net_cad", "Net cost moves", "CAD", "+,.0f"),
        "source enters",
    )
    return Table("assumptions", frame, tuple(columns), OWN.source, OWN.vintage, len(frame))
