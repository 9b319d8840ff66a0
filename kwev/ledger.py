"""Two ledgers that the book prints: the client's claims, and the plan's assumptions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from kwev.errors import KwevError
from kwev.files import read_json
from kwev.numbers import SHOW, everything

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.report import Report


def claims(report: Report) -> pd.DataFrame:
    """Return each figure of the client's text beside the computed one, with a verdict in words.

    Columns: ``section``, ``claim``, ``stated``, ``computed`` (as text), ``ratio`` (computed over
    stated) and ``verdict``.
    """
    numbers = everything(report)
    rows = []
    for entry in read_json(report.project.root / "data" / "claims.json"):
        computed = getattr(numbers, entry["number"])
        ratio = float(computed.value) / float(entry["value"])
        rows.append(
            {
                "section": entry["section"],
                "claim": entry["claim"],
                "stated": SHOW[entry["unit"]].format(entry["value"]),
                "computed": str(computed),
                "ratio": ratio,
                "verdict": verdict(ratio, entry["tolerance"]),
            }
        )
    return pd.DataFrame(rows)


def verdict(ratio: float, tolerance: float) -> str:
    """Return in words how a computed value stands to a stated one.

    Parameters
    ----------
    ratio
        Computed over stated.
    tolerance
        Relative difference up to which both agree (share).
    """
    if abs(ratio - 1) <= tolerance:
        return "agrees"
    side = "higher" if ratio > 1 else "lower"
    if abs(ratio - 1) <= max(5 * tolerance, 0.05):
        return f"close, but {side}"
    return f"not supported: the data give {ratio:.2f} times the stated figure"


def assumptions(report: Report) -> pd.DataFrame:
    """Return each planning choice: value from the configuration, range, source, where it enters.

    Raises
    ------
    KwevError
        If the ledger names a key that the configuration does not have.
    """
    rows = []
    for entry in read_json(report.project.root / "data" / "assumptions.json"):
        value = value_at(report.config, entry["key"])
        known = [f"{bound:,}" for bound in (entry["low"], entry["high"]) if bound is not None]
        rows.append(
            {
                "what": entry["what"],
                "value": value,
                "unit": entry["unit"],
                "range": " to ".join(known),
                "source": entry["source"],
                "enters": entry["enters"],
                "key": entry["key"],
            }
        )
    return pd.DataFrame(rows)


def value_at(config: Config, key: str) -> Any:
    """Return the value of a dotted key of the configuration."""
    node: Any = config.as_dict()
    for part in key.split("."):
        if not isinstance(node, dict) or part not in node:
            raise KwevError(f"unknown key {key!r}", where="data/assumptions.json")
        node = node[part]
    return node
