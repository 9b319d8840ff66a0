"""Grand River Transit: the timetables of buses and of the ION, as published, byte for byte."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Final

from kwev.fetch.wanted import Wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwev.fetch.services import Services
    from kwev.fetch.web import Web

SOURCE: Final = "grt"


def wanted(services: Services) -> Iterator[Wanted]:
    """Yield the two feeds, each asked for only if it has changed."""
    for table, url, title in (
        ("grt_feed", services.at.grt_bus, "GRT static GTFS (buses, iXpress and ION)"),
        ("ion_feed", services.at.grt_ion, "ION light rail static GTFS (route 301)"),
    ):
        if url is None:
            continue
        yield Wanted(
            SOURCE, table, url, title, "Grand River Transit / Region of Waterloo", "grt-open",
            "the zip as published, byte for byte",
            partial(_feed, url=url),
        )  # fmt: skip


def _feed(web: Web, url: str) -> bytes:
    return web.get(url, "zip", if_changed=True)
