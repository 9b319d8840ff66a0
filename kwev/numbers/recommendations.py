"""What to decide, in sentences that the prose prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.numbers.number import Number, Numbers

if TYPE_CHECKING:
    from kwev.report import Report


def of_recommendations(report: Report) -> Numbers:
    """Return each recommendation's sentences: what, ``_because`` and ``_unless``."""
    parts = (("", "what"), ("_because", "because"), ("_unless", "unless"))
    return Numbers(
        [
            Number(f"rec_{one.name}{suffix}", getattr(one, part), "text", "recommendations")
            for one in report.recommendations
            for suffix, part in parts
        ]
    )
