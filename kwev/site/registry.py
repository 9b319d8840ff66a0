"""The pages beside the chapters, in the order of their menu."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kwev.site import compare, place, plan_map, town, utility, what_if
from kwev.site.page import publish

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwev.report.scenario import Report
    from kwev.site.page import Page

PAGES: Final[tuple[Callable[[Report], list[Page]], ...]] = (
    plan_map.pages,
    place.pages,
    town.pages,
    what_if.pages,
    compare.pages,
    utility.pages,
)
"""What makes the pages: each subject's own, in the menu's order."""


def publish_all(report: Report) -> list[Page]:
    """Write all pages below the project's assets and return them, in the menu's order."""
    return publish(report.project, [page for make in PAGES for page in make(report)])
