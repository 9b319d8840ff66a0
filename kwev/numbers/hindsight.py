"""Numbers of what a plan of 2022 would have reached by 2025."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import hindsight, hindwords
from kwev.numbers.number import Number, Numbers

if TYPE_CHECKING:
    from kwev.report import Report

_ORIGIN = "hindsight: data/results/hindsight.json"
"""Its plan stops at a gap, so its numbers have the tolerance of a plan's."""


def of_hindsight(report: Report) -> Numbers:
    """Return the numbers of hindsight."""
    record = report.hindsight
    shares, counts = record["shares"], record["counts"]
    numbers = [
        Number("hind_cut", record["cut"], "text", _ORIGIN),
        Number("hind_newest", record["newest"], "text", _ORIGIN),
        Number("hind_ev_then", record["ev_then"], "EV", _ORIGIN),
        Number("hind_ev_now", record["ev_now"], "EV", _ORIGIN),
        Number("hind_draws", hindsight.DRAWS, "count", "hindsight.DRAWS"),
        Number("hind_real", record["real"], "count", _ORIGIN),
        Number("hind_violations", record["violations"], "count", _ORIGIN),
        Number("hind_rule", hindwords.simple_rule(shares), "text", _ORIGIN),
        Number("hind_near", hindwords.clustered(record["near"]), "text", _ORIGIN),
    ]
    for level in hindsight.LEVELS:
        numbers += [
            Number(f"hind_{level}_{key}", counts[level][key], "count", _ORIGIN)
            for key in ("then", "went", "came", "now")
        ]
        numbers += [
            Number(f"hind_{level}_before", shares["then"][level], "share", _ORIGIN),
            Number(f"hind_{level}_built", shares["built"][level], "share", _ORIGIN),
            Number(f"hind_{level}_plan", shares["plan"][level], "share", _ORIGIN),
            Number(f"hind_{level}_against", hindwords.against(shares, level), "text", _ORIGIN),
            Number(f"hind_{level}_lot", hindwords.by_lot(shares, level), "text", _ORIGIN),
        ]
    return Numbers(numbers)
