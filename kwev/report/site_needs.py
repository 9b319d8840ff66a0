"""What a site needs: what its new ports draw, and what has to be settled before they are built."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from kwev.report.file_format import FileRecord
from kwev.units import SQRT3
from kwev.vocabulary import LANDS

if TYPE_CHECKING:
    from kwev.config import Power
    from kwev.model.coverage import Level
    from kwev.vocabulary import ActionKindKey, LandKey

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


# -- What has to be settled at a site before it is built, and who confirms it.

Topic = Literal[
    "consent", "supply", "transformer", "wiring", "protection", "surface", "spacing", "drainage",
    "light", "access", "signage", "removal",
]  # fmt: skip

ENGINEER: Final = "a professional engineer"
UTILITY: Final = "the local utility and a professional engineer"
INSPECTOR: Final = "the Electrical Safety Authority and a professional engineer"
DESIGNER: Final = "the designer of the site, with the municipality"

CLIENT: Final = "client's specification, §3.8.2"
OESC: Final = "Ontario Electrical Safety Code, Section 86; ESA Bulletin 86-1-4"
AODA: Final = "O. Reg. 191/11, Part IV.1 (Design of Public Spaces)"

CLIENT_TRANSFORMER_KVA: Final = 500.0
"""Least transformer of the client's text for a conversion (kVA)."""


class Requirement(FileRecord):
    """One thing that the site needs (section 3.8)."""

    topic: Topic
    text: str
    source: str
    confirm: str
    """Who must confirm it; empty for nobody."""


def _need(topic: Topic, text: str, source: str, confirm: str = "") -> Requirement:
    return Requirement(topic=topic, text=text, source=source, confirm=confirm)


@dataclass(frozen=True)
class Ground:
    """Whose site it is.

    Attributes
    ----------
    is_station
        Whether a station stands there.
    owner
        ``public``, ``private`` or empty, as the sources have it.
    operator
        Who runs the station that stands there; empty where none does or none is on record.
    land, confidence
        Class of the land of a candidate, and how sure it is; empty for a station and where no
        place is meant.
    """

    is_station: bool
    owner: str
    operator: str
    land: LandKey | Literal[""] = ""
    confidence: str = ""


def checklist(
    kind: ActionKindKey, supply: Supply | None, ground: Ground
) -> tuple[Requirement, ...]:
    """Return what an action needs, in the order of the works.

    Parameters
    ----------
    supply
        Of the ports that the action adds; None where it adds none.
    """
    needs = [_consent(ground)]
    if kind in ("upgrade", "remove"):
        needs.append(
            _need(
                "removal",
                "Level 2 equipment that does not stay is switched off, taken away and sold; "
                "drivers are told before.",
                "client's specification, §3.3.2",
                "the operator of the station",
            )
        )
    if supply is None:
        return tuple(needs)
    fast = supply.phases > 1
    needs += _electrical(supply, fast=fast)
    needs += _civil(fast=fast)
    return tuple(needs)


def _consent(ground: Ground) -> Requirement:
    owner = f"{ground.owner} on record" if ground.owner else "not on record"
    source = "owner and operator as the sources have them"
    if ground.land:
        land = LANDS[ground.land]
        text = (
            f"{land.consent[0].upper()}{land.consent[1:]}, and an easement for the supply. "
            f"The place is taken for {land.name}; confidence: {ground.confidence}."
        )
        return _need("consent", text, "class of land, from the list that names the place", "")
    if not ground.is_station:
        text = f"Consent of the land's owner ({owner}), and an easement for the supply."
        return _need("consent", text, source, "")
    run_by = f", and of {ground.operator}, who runs it" if ground.operator else ""
    return _need("consent", f"Consent of the station's owner ({owner}){run_by}.", source, "")


def _electrical(supply: Supply, *, fast: bool) -> list[Requirement]:
    phases = "three-phase" if fast else "single-phase"
    volts = f"{supply.volts:,.0f} V {phases}"
    kva = supply.transformer_kva
    rating = f"a usual rating is {kva:g} kVA" if kva else "more than one transformer"
    transformer = f"{supply.kva:,.0f} kVA for the new ports; {rating}."
    if fast:
        enough = kva is not None and supply.kva <= CLIENT_TRANSFORMER_KVA
        word = "is enough" if enough else "is not enough"
        transformer += (
            f" The client's minimum of {CLIENT_TRANSFORMER_KVA:,.0f} kVA {word}; "
            "pad-mounted, cooling KNAN or KNAF."
        )
    return [
        _need(
            "supply",
            f"{volts}, {supply.amps:,.0f} A for the new ports; capacity of the service and its "
            "point of connection."
            + (" Usual services here are 120/208 V and 347/600 V." if fast else ""),
            "client's specification, §3.8.1" + ("; CSA C235" if fast else ""),
            UTILITY,
        ),
        _need("transformer", transformer, f"arithmetic; {CLIENT}", UTILITY),
        _need(
            "wiring",
            f"{supply.port_amps:,.0f} A to each port, continuous load; a branch circuit of its own "
            "for each port unless an energy management system limits the load (rule 86-300)."
            + (" Conduit of Schedule 80 PVC." if fast else ""),
            f"{OESC}" + (f"; {CLIENT}" if fast else ""),
            INSPECTOR,
        ),
        _need(
            "protection",
            "Overcurrent and ground-fault protection; a disconnecting means within sight that "
            "can be locked open (rule 86-304); guard against vehicles: bollards or wheel stops."
            + (" Surge: ANSI C62.41 category B3." if fast else "")
            + " The client cites NEC 625.41 and 625.42, which are not the law here.",
            f"{OESC}; {CLIENT}",
            INSPECTOR,
        ),
    ]


def _civil(*, fast: bool) -> list[Requirement]:
    depth = "6 in (152 mm)" if fast else "4 in (102 mm)"
    found = [
        _need("surface", f"Reinforced concrete pad, {depth} deep.", CLIENT, ENGINEER),
        _need(
            "drainage",
            "At least 2 % slope away from the equipment; no steeper across accessible spaces.",
            f"{CLIENT}; {AODA}",
            ENGINEER,
        ),
        _need("light", "At least 2 fc (22 lx) at the charging connection.", CLIENT, ENGINEER),
        _need(
            "access",
            "Spaces of 9 ft by 18 ft (2.74 m by 5.49 m) at least. An accessible space has an "
            "aisle of 1,500 mm beside it (section 80.35); the client's path of 36 in (914 mm) is "
            "narrower than an exterior path of travel in Ontario (1,500 mm, section 80.23).",
            f"{CLIENT}; {AODA}",
            DESIGNER,
        ),
        _need(
            "signage",
            "Signs for charging, for accessible spaces (Regulation 581), and a warning where "
            "the maker asks for ventilation (rule 86-200).",
            f"{AODA}; {OESC}",
            DESIGNER,
        ),
    ]
    if fast:
        found.insert(1, _need("spacing", "At least 4 ft (1.22 m) between units.", CLIENT, ENGINEER))
    return found
