"""Natural Resources Canada's stations, through the service that it shares with the AFDC."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kwev.fetch.wanted import Wanted, csv_bytes, read_table, within
from kwev.fetch.web import Web, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwev.fetch.services import Services

SOURCE: Final = "nrcan"
KEY: Final = "NREL_API_KEY"
DEMO_KEY: Final = "DEMO_KEY"
"""The publisher's own key for trying: a few requests a day, and one is enough."""
_COLUMNS: Final = (
    "ID", "Station Name", "Fuel Type Code", "City", "State", "Latitude", "Longitude",
    "EV Level2 EVSE Num", "EV DC Fast Count", "Access Code", "Status Code", "Open Date",
)  # fmt: skip


def wanted(services: Services) -> Iterator[Wanted]:
    """Yield the list of stations."""
    yield Wanted(
        SOURCE, "nrcan", services.at.nrcan,
        "Alternative fuelling stations, country=CA, fuel ELEC",
        "Natural Resources Canada / NREL AFDC (Electric Charging and Alternative Fuelling Stations "
        "Locator)",
        "ogl-canada", "public, available stations of the area's box with a date of opening",
        lambda web: _stations(web, services),
    )  # fmt: skip


def _stations(web: Web, services: Services) -> bytes:
    query = {
        "fuel_type": "ELEC", "country": "CA", "state": services.region.province, "access": "public",
        "status": "E",
    }  # fmt: skip
    key = {"X-Api-Key": services.keys.get(KEY, DEMO_KEY)}
    content = web.get(services.at.nrcan, "csv", query, key=key, if_changed=True)
    table = read_table(content, _COLUMNS, place(services.at.nrcan))
    table = within(table, services.box, "Latitude", "Longitude")
    table = table[table["Open Date"] != ""]
    return csv_bytes(table.sort_values("ID", key=lambda ids: ids.str.zfill(12)))
