"""A list of comparisons: how many were made and which did not hold."""

from __future__ import annotations

from typing import Any

SHOWN = 5
"""Most ids named in one violation."""


class Checks:
    """Collects violations; every call is one check.

    Attributes
    ----------
    violations
        One sentence each, in the order found.
    count
        Comparisons made.
    """

    def __init__(self) -> None:
        self.violations: list[str] = []
        self.count = 0

    def holds(self, ok: bool, message: str) -> None:  # noqa: FBT001 -- reads as a sentence
        """Record ``message`` unless ``ok``."""
        self.count += 1
        if not ok:
            self.violations.append(message)

    def equal(self, name: str, stated: Any, recomputed: Any) -> None:
        """Record a violation unless both values are equal."""
        self.holds(stated == recomputed, f"{name} is {stated!r}, must be {recomputed!r}")

    def close(
        self, name: str, stated: float | None, recomputed: float | None, tolerance: float
    ) -> None:
        """Record a violation unless both are missing or differ by at most ``tolerance``."""
        if stated is None or recomputed is None:
            self.equal(name, stated, recomputed)
            return
        near = abs(stated - recomputed) <= tolerance
        self.holds(near, f"{name} is {stated!r}, recomputed {recomputed!r}")

    def same_ids(self, name: str, stated: list[str], recomputed: list[str]) -> None:
        """Record a violation unless both lists hold the same ids in the same order."""
        extra = sorted(set(stated) - set(recomputed))
        missing = sorted(set(recomputed) - set(stated))
        parts = []
        if extra:
            parts.append(f"{len(extra)} out of reach ({', '.join(extra[:SHOWN])})")
        if missing:
            parts.append(f"{len(missing)} left out ({', '.join(missing[:SHOWN])})")
        if not parts and list(stated) != list(recomputed):
            parts.append("order or repetition differs")
        self.holds(not parts, f"{name}: {'; '.join(parts)}")
