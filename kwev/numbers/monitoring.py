"""Numbers of what is watched: the history, its trend, and what would call for a new plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from kwev.analysis import drift, history
from kwev.errors import KwevError
from kwev.numbers.number import Number, Numbers
from kwev.units import POINTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kwev.analysis.history import Line
    from kwev.report import Report

ORIGIN: Final = "data/monitoring/history.csv"


def of_monitoring(report: Report) -> Numbers:
    """Return the numbers of the history and of drift."""
    lines, watched = report.history, report.watched
    older, newer = _of(lines, "nrcan")[0], _of(lines, "nrcan")[-1]
    mark = _of(lines, "ocm")[-1]
    judged = {
        str(row["target"]): row for row in history.judged(lines, newer, watched).to_dict("records")
    }
    found = drift.triggers(report.tables, watched, lines, report.plan)
    calling = found.loc[found["state"] == "yes", "what"].tolist()
    return Numbers(
        [
            Number("watch_older", older.date, "text", ORIGIN),
            Number("watch_newer", newer.date, "text", ORIGIN),
            Number("watch_mark", mark.date, "text", ORIGIN),
            Number("watch_lines", len(lines), "count", ORIGIN),
            *(
                Number(f"watch_{level}_{end}", getattr(line, level), "share", ORIGIN)
                for level in ("l2", "l3")
                for end, line in (("older", older), ("newer", newer), ("mark", mark))
            ),
            *(
                Number(
                    f"watch_{level}_per_year", float(judged[level]["per_year"]), "points",
                    ORIGIN,
                )
                for level in ("l2", "l3")
            ),
            Number("watch_years", years_words(*_pace(judged["l2"])), "text", ORIGIN),
            Number("watch_regression", watched.regression_points, "points", "data/targets.json"),
            Number("drift_triggers", len(found), "count", "drift.triggers"),
            Number("drift_words", drift_words(calling), "text", "drift.triggers"),
        ]
    )  # fmt: skip


def _of(lines: list[Line], series: str) -> list[Line]:
    own = [line for line in lines if line.series == series]
    if not own:
        hint = "Run `kwev monitor --from-processed`."
        raise KwevError(f"the history has no {series}", where=history.FILE, hint=hint)
    return own


def _pace(row: Mapping[Any, Any]) -> tuple[float, float]:
    """Return what is missing of a target, and the trend (points, points a year)."""
    missing = POINTS * (float(row["wanted"]) - float(row["measured"]))
    return missing, float(row["per_year"])


def years_words(missing_points: float, points_per_year: float) -> str:
    """Return how long a target would take at the pace of the history, in words."""
    if missing_points <= 0:
        return "is met"
    if not points_per_year > 0:
        return "comes no nearer at that pace"
    return f"would take about {missing_points / points_per_year:,.0f} years at that pace"


def drift_words(calling: list[str]) -> str:
    """Return which triggers call for a new plan, in words."""
    if not calling:
        return "none of them calls for a new plan now"
    named = ", ".join(what[0].lower() + what[1:] for what in calling)
    who = "this one calls" if len(calling) == 1 else "these call"
    return f"{who} for a new plan now: {named}"
