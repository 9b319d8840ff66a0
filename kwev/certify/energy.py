"""The energy that the ports of each municipality can give, against what its EVs need.

For any kind of number, as :mod:`kwev.certify.actions` is.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from kwev.certify.actions import ActionEncoding, Number, Ports
from kwev.certify.homes import public_shares
from kwev.certify.weights import evs
from kwev.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Iterable


class EnergyBalance(ActionEncoding[Number]):
    """Stations, sites and actions, with the energy that their ports can give in a year."""

    @cached_property
    def need_kwh(self) -> dict[str, Number]:
        """Public-charging energy that each municipality needs in a year (kWh), by its id."""
        demand, das = self.config.demand, self.tables.das
        by_da = evs(self.tables, demand.ev_year, "da")
        each, part = self._number(demand.kwh_per_ev_year), public_shares(self.tables, demand)
        need: dict[str, Number] = {}
        places = zip(das["municipality_id"].tolist(), das["da_id"].tolist(), strict=True)
        for area, da in places:
            kwh = self._number(by_da[da]) * each * self._number(float(part[da]))
            need[area] = need.get(area, self._number(0)) + kwh
        return need

    @property
    def kwh_per_kw(self) -> Number:
        """Energy that a kW of ports can give in a year (kWh)."""
        return HOURS_PER_YEAR * self._number(self.config.demand.utilisation)

    def supply_kwh(self, ports: Ports) -> dict[str, Number]:
        """Return the energy that the ports of each municipality can give in a year (kWh)."""
        kw = dict.fromkeys(self.need_kwh, self._number(0))
        for station in self.counted():
            if station["municipality_id"] in kw:
                kw[station["municipality_id"]] += self.standing_kw(station)
        for key, added in ports.items():
            area = self.row(key)["municipality_id"]
            if area in kw:
                kw[area] += self.effect(key, added).kw
        return {area: self.kwh_per_kw * value for area, value in kw.items()}

    def unserved_share(self, ports: Ports) -> Number:
        """Return the share of the Region's public-charging need left unserved, by municipality."""
        need, supply = self.need_kwh, self.supply_kwh(ports)
        return self._share_of_need(need[area] - supply[area] for area in need)

    def idle_share(self, ports: Ports) -> Number:
        """Return what ports could give beyond their municipality's need, of the Region's need."""
        need, supply = self.need_kwh, self.supply_kwh(ports)
        return self._share_of_need(supply[area] - need[area] for area in need)

    def _share_of_need(self, kwh: Iterable[Number]) -> Number:
        """Return the sum of what is positive, as a share of the Region's need; 0 without a need."""
        zero = self._number(0)
        total = sum(self.need_kwh.values(), zero)
        return sum((max(zero, value) for value in kwh), zero) / total if total > 0 else zero
