"""What a group of ports draws: current, apparent power, and the transformer that carries it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from kwev.units import SQRT3

if TYPE_CHECKING:
    from kwev.config import Power
    from kwev.coverage import Level

SINGLE_PHASE_KVA: Final = (10, 15, 25, 37.5, 50, 75, 100, 167, 250, 333, 500)
THREE_PHASE_KVA: Final = (75, 112.5, 150, 225, 300, 500, 750, 1_000, 1_500, 2_000, 2_500, 3_000)
"""Usual ratings of distribution transformers (kVA): an assumption that an engineer confirms."""

W_PER_KW: Final = 1_000
TIMES: Final = "\N{MULTIPLICATION SIGN}"


@dataclass(frozen=True)
class Supply:
    """Ports of one level on one supply.

    Attributes
    ----------
    ports
        How many.
    port_kw
        Power of one (kW).
    volts
        Between the two lines of a single phase, or line to line of three phases (V).
    phases
        1 or 3.
    factor
        Power factor; 1 for Level 2, which is what 80 A at 240 V for 19.2 kW imply.
    """

    ports: int
    port_kw: float
    volts: float
    phases: Literal[1, 3]
    factor: float

    @property
    def kw(self) -> float:
        """Power of all ports (kW)."""
        return self.ports * self.port_kw

    @property
    def kva(self) -> float:
        """Apparent power of all ports (kVA): P / cos phi."""
        return self.kw / self.factor

    @property
    def port_amps(self) -> float:
        """Current of one port (A): P / (V cos phi), of three phases P / (sqrt(3) V cos phi)."""
        lines = SQRT3 if self.phases > 1 else 1.0
        return self.port_kw * W_PER_KW / (lines * self.volts * self.factor)

    @property
    def amps(self) -> float:
        """Current of all ports at once (A)."""
        return self.ports * self.port_amps

    @property
    def transformer_kva(self) -> float | None:
        """The least usual rating that carries all ports at once (kVA); None beyond the largest."""
        ratings = THREE_PHASE_KVA if self.phases > 1 else SINGLE_PHASE_KVA
        return next((float(kva) for kva in ratings if kva >= self.kva), None)

    def arithmetic(self) -> tuple[str, ...]:
        """Return how power, apparent power and current come about, a line each."""
        under = f"{self.volts:,.0f} V"
        if self.phases > 1:
            under = f"(√3 {TIMES} {self.volts:,.0f} V {TIMES} {self.factor:g})"
        current = f"{self.port_kw:g} kW / {under} = {self.port_amps:,.0f} A a port"
        if self.ports > 1:
            current += f", {self.ports} ports {self.amps:,.0f} A"
        apparent = f"{self.kw:,.1f} kW / {self.factor:g} = {self.kva:,.0f} kVA"
        if self.factor == 1:
            apparent = f"{self.kw:,.1f} kW at a power factor of 1 are {self.kva:,.1f} kVA"
        return (
            f"{self.ports} {TIMES} {self.port_kw:g} kW = {self.kw:,.1f} kW",
            apparent,
            f"{current} ({'three phases' if self.phases > 1 else 'single phase'})",
        )


def supply(level: Level, ports: int, power: Power) -> Supply:
    """Return the supply of new ports of a level: one constant each, those of the scenario."""
    if level == "l2":
        return Supply(ports, power.l2_kw, power.l2_volts, 1, 1.0)
    return Supply(ports, power.l3_kw, power.l3_volts, 3, power.power_factor)
