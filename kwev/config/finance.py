"""What a scenario assumes of running chargers as a business: tariffs, prices, years, interest."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, model_validator

from kwev.config.sections import PositiveKw, Section, Share

CadPerKwh = Annotated[float, Field(ge=0, le=10)]
CadPerKwMonth = Annotated[float, Field(ge=0, le=100)]
CadPerMonth = Annotated[float, Field(ge=0, le=10_000)]


class Energy(Section):
    """What a kilowatt hour costs whoever runs a charger, by time of use."""

    off_peak_cad_per_kwh: CadPerKwh
    """Price of energy off peak: nights and weekends (CAD/kWh)."""
    mid_peak_cad_per_kwh: CadPerKwh
    """Price of energy at mid peak (CAD/kWh)."""
    on_peak_cad_per_kwh: CadPerKwh
    """Price of energy on peak (CAD/kWh)."""
    mid_peak_share: Share
    """Share of the energy that drivers take at mid peak (0 to 1)."""
    on_peak_share: Share
    """Share of the energy that drivers take on peak (0 to 1); the rest is taken off peak."""
    other_cad_per_kwh: CadPerKwh
    """Market and regulatory charges on each kWh (CAD/kWh)."""
    loss_share: Share
    """Energy lost in charger and wires for each kWh sold (0 to 1)."""

    @model_validator(mode="after")
    def _at_most_all(self) -> Energy:
        if self.mid_peak_share + self.on_peak_share > 1:
            raise ValueError("mid_peak_share and on_peak_share are more than 1 together")
        return self


class Delivery(Section):
    """What the utility asks for bringing the energy."""

    small_below_kw: PositiveKw
    """Monthly peak below which a site is a small customer, who pays by energy alone (kW)."""
    small_cad_per_kwh: CadPerKwh
    """Delivery to a small customer (CAD/kWh)."""
    small_cad_per_month: CadPerMonth
    """Fixed charge of a small customer (CAD a month)."""
    cad_per_month: CadPerMonth
    """Fixed charge of a larger customer (CAD a month)."""
    demand_cad_per_kw_month: CadPerKwMonth
    """Distribution demand charge on the month's peak of a larger customer (CAD/kW a month)."""
    transmission_cad_per_kw_month: CadPerKwMonth
    """Transmission charges on the month's peak of a larger customer (CAD/kW a month)."""
    evc_share: Share
    """Part of the transmission charges that is paid under Ontario's EV Charging rate (0 to 1)."""
    evc_load_factor: Share
    """Highest load factor at which that rate is granted (0 to 1)."""
    evc_below_kw: PositiveKw
    """Monthly peak from which on that rate is not granted (kW)."""


class Peak(Section):
    """The month's peak at a site, as a part of the power of all its ports (diversity factor)."""

    l2_share: Share
    """For Level 2 ports (0 to 1)."""
    l3_share: Share
    """For Level 3 ports (0 to 1)."""


class Price(Section):
    """What drivers pay."""

    l2_cad_per_kwh: CadPerKwh
    """At a Level 2 port (CAD/kWh)."""
    l3_cad_per_kwh: CadPerKwh
    """At a Level 3 port (CAD/kWh)."""
    fee_share: Share
    """Part of the income that network and payment take (0 to 1)."""


class Finance(Section):
    """Chargers as a business; money is of one year, before tax and grants."""

    energy: Energy
    """What energy costs."""
    delivery: Delivery
    """What bringing it costs."""
    peak: Peak
    """How much ports draw together."""
    price: Price
    """What drivers pay."""
    years: Annotated[int, Field(ge=1, le=50)]
    """Years that the equipment earns."""
    discount_share_per_year: Annotated[float, Field(ge=0, le=0.5)]
    """Real interest on the money spent (share a year)."""
