"""OpenChargeMap, version 3 of its interface: stations, connections counted as plugs by level.

The pipeline reads a row as plugs of one level (:mod:`kwev.pipeline.stations`), so a station with
both levels is two rows. A quantity that nobody entered stays empty. Level 1, what is private or out
of service by its own record, and planned stations are left out.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.errors import KwevError
from kwev.fetch.wanted import Wanted, csv_bytes, unpaged
from kwev.fetch.web import UNTOUCHED, Web, place

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwev.fetch.services import Services

SOURCE: Final = "openchargemap"
KEY: Final = "OCMAP_API_KEY"
A_PAGE: Final = 500
MOST_PAGES: Final = 100
_DIRECT_CURRENT: Final = 30
"""OpenChargeMap's id of the kind of current."""
_PRIVATE: Final = frozenset({2, 3, 6})
"""Its kinds of use that are not public: restricted, by notice, for staff and visitors."""
_LEVEL_1: Final = "Level 1"


def wanted(services: Services) -> Iterator[Wanted]:
    """Yield the list of stations."""
    yield Wanted(
        SOURCE, "ocm", services.at.open_charge_map, "Open Charge Map POIs", "Open Charge Map",
        "cc-by-4.0", "stations in the area's box; a row for each level of a station",
        lambda web: csv_bytes(_rows(_stations(web, services), place(services.at.open_charge_map))),
        "num_chargers are plugs as entered, empty where no quantity is; a charger may have several",
    )  # fmt: skip


def _stations(web: Web, services: Services) -> list[dict[str, Any]]:
    url = services.at.open_charge_map
    key = {"X-API-Key": services.key(KEY, "OpenChargeMap")}
    west, south, east, north = services.box
    found: list[dict[str, Any]] = []
    seen: set[str] = set()
    last = 0
    for _ in range(MOST_PAGES):
        query = {
            "output": "json", "countrycode": "CA", "maxresults": A_PAGE, "sortby": "id_asc",
            "greaterthanid": last, "boundingbox": f"({south},{west}),({north},{east})",
        }  # fmt: skip
        page = web.json(url, query, key=key)
        if not isinstance(page, list) or not all(
            isinstance(one, dict) and isinstance(one.get("ID"), int) for one in page
        ):
            raise KwevError("not a list of stations", where=place(url), hint=UNTOUCHED)
        unpaged({str(one["ID"]): one for one in page}, seen, place(url))
        found += page
        if len(page) < A_PAGE:
            return found
        last = max(one["ID"] for one in page)
    raise KwevError("more stations than can be", where=place(url), hint=UNTOUCHED)


def _rows(stations: list[dict[str, Any]], where: str) -> pd.DataFrame:
    rows = []
    for station in sorted(stations, key=lambda one: int(one["ID"])):
        at = station.get("AddressInfo")
        if not isinstance(at, dict) or "Latitude" not in at or "Longitude" not in at:
            words = f"station {station['ID']} has no place (AddressInfo)"
            raise KwevError(words, where=where, hint=UNTOUCHED)
        if not _stands(station):
            continue
        town = ", ".join(filter(None, (_text(at, "Town"), _text(at, "StateOrProvince"))))
        rows += [
            {
                "name": _text(at, "Title") or "Unknown",
                "latitude": at["Latitude"],
                "longitude": at["Longitude"],
                "num_chargers": plugs,
                "charger_type": level,
                "operator": _text(station.get("OperatorInfo") or {}, "Title") or "Unknown",
                "usage_cost": _text(station, "UsageCost") or "Unknown",
                "address": _text(at, "AddressLine1"),
                "city": town,
                "postal_code": _text(at, "Postcode"),
            }
            for level, plugs in sorted(plugs_of(station).items())
        ]
    if not rows:
        raise KwevError("no station stands in the area", where=where, hint=UNTOUCHED)
    return pd.DataFrame(rows).astype({"num_chargers": "Int64"})


def plugs_of(station: dict[str, Any]) -> dict[str, int | None]:
    """Return the plugs of a station by level; None where none of a level has a quantity."""
    plugs: dict[str, list[int]] = defaultdict(list)
    for connection in station.get("Connections") or []:
        if (connection.get("StatusType") or {}).get("IsOperational") is False:
            continue
        level = _level(connection)
        quantity = connection.get("Quantity")
        plugs[level] += [int(quantity)] if quantity else []
    plugs.pop(_LEVEL_1, None)
    return {level: sum(counts) if counts else None for level, counts in plugs.items()}


def _level(connection: dict[str, Any]) -> str:
    level = connection.get("LevelID") or (connection.get("Level") or {}).get("ID")
    if level is None:
        return "Level 3" if connection.get("CurrentTypeID") == _DIRECT_CURRENT else "Unknown"
    return f"Level {level}"


def _stands(station: dict[str, Any]) -> bool:
    status = (station.get("StatusType") or {}).get("IsOperational")
    use = station.get("UsageTypeID") or (station.get("UsageType") or {}).get("ID")
    return status is not False and use not in _PRIVATE


def _text(value: dict[str, Any], name: str) -> str:
    return " ".join(str(value.get(name) or "").split())
