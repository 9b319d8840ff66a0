"""What is worked out once for a report: its numbers, which several chapters and pages ask for."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwev.display.values import Numbers
    from kwev.report.scenario import Report


def once(make: Callable[[Report], Numbers]) -> Callable[[Report], Numbers]:
    """Keep the numbers that a function makes of a report with that report.

    A stand-in of a report that has no ``made`` is asked anew each time.
    """
    name = f"{make.__module__}.{make.__qualname__}"

    @wraps(make)
    def kept(report: Report) -> Numbers:
        made = getattr(report, "made", None)
        if made is None:
            return make(report)
        if name not in made:
            made[name] = make(report)
        found: Numbers = made[name]
        return found

    return kept
