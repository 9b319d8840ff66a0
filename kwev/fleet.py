"""How many EVs each place has in the year that a scenario plans for, for the certificate.

Written apart from ``demand`` on purpose, as :mod:`kwev.retrace` is.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kwev.config import Config, EvYear
    from kwev.tables import Tables


def evs(tables: Tables, year: EvYear, geography: str) -> dict[str, float]:
    """Return the EVs of every ``cell``, ``da`` or ``tract`` by id.

    Those registered now, or those that the forecast gives the place at the end of ``year``.
    """
    key = f"{geography}_id"
    if year == "now":
        table, column = getattr(tables, f"{geography}s"), "ev"
    else:
        table, column = getattr(tables, f"{geography}_growth"), f"ev_{year}"
    return {str(row[key]): float(row[column]) for row in table[[key, column]].to_dict("records")}


def need_kwh(tables: Tables, config: Config) -> dict[str, float]:
    """Return the public-charging energy of each municipality in a year (kWh), by its id."""
    demand, das = config.demand, tables.das
    by_da = evs(tables, demand.ev_year, "da")
    need: dict[str, float] = {}
    for area, da in zip(das["municipality_id"], das["da_id"], strict=True):
        kwh = by_da[da] * demand.kwh_per_ev_year * demand.public_share
        need[area] = need.get(area, 0.0) + kwh
    return need
