"""The specification's three phases: which actions each holds, as a file, table, chart and words.

The format of ``phases.json`` follows the client's specification, sections 3.5.1 and 3.8.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

import pandas as pd
from pydantic import Field

from kwev.display.table import Column, table
from kwev.display.values import Numbers, listed, named
from kwev.report.file_format import FileRecord, schema_of
from kwev.vocabulary import ACTION_KIND, ActionKindKey

if TYPE_CHECKING:
    from kwev.config import Power
    from kwev.display.table import Table
    from kwev.plan.format import Plan
    from kwev.report.scenario import Report

FORMAT_VERSION: Literal[1] = 1


class KindRecord(FileRecord):
    """The actions of one kind in a phase."""

    kind: ActionKindKey
    stations: int = Field(ge=0)
    ports: int = Field(ge=0)
    cost_cad: float


class PhaseRecord(FileRecord):
    """One phase of the specification (section 3.5.1)."""

    phase: int = Field(ge=1)
    name: str
    month_from: int = Field(ge=1)
    month_to: int = Field(ge=1)
    actions: int = Field(ge=0)
    """Stations plus ports installed, as the specification counts."""
    stations: int = Field(ge=0)
    ports: int = Field(ge=0)
    cost_cad: float
    """Net of resale."""
    kinds: list[KindRecord]
    """The same by kind: which of the phase's ports are added at stations."""


class LevelPower(FileRecord):
    """What the new ports of a level ask of the grid (section 3.8.1)."""

    voltage: float = Field(gt=0)
    """V; line to line of three phases for Level 3."""
    power_per_port_kw: float = Field(gt=0)
    ports: int = Field(ge=0)
    total_requirement_kw: float = Field(ge=0)


class GridTotals(FileRecord):
    """By level."""

    l2_stations: LevelPower
    l3_stations: LevelPower


class PhaseFile(FileRecord):
    """``phases.json``: the three phases; they add up to the plan."""

    format_version: Literal[1]
    scenario: str
    inputs_sha256: str
    config_sha256: str
    phases: list[PhaseRecord]
    stations: int = Field(ge=0)
    ports: int = Field(ge=0)
    cost_cad: float
    grid_requirements: GridTotals


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of ``phases.json``."""
    return schema_of(PhaseFile, "kwev phases")


@dataclass(frozen=True)
class Phase:
    """A phase of the implementation: months are counted from the start of the works, inclusive.

    Attributes
    ----------
    kind
        The kind of action that it is named after.
    also
        Kinds that are done in the same months, with the words that its name then takes on.
    """

    number: int
    name: str
    kind: ActionKindKey
    month_from: int
    month_to: int
    also: dict[ActionKindKey, str] = field(default_factory=dict)

    @property
    def kinds(self) -> tuple[ActionKindKey, ...]:
        """Every kind of action that is done in it."""
        return (self.kind, *self.also)


PHASES: Final = (
    Phase(1, "Level 2 to Level 3 conversions", "upgrade", 1, 4),
    Phase(2, "New Level 3 stations", "new_l3", 5, 8, {"add_l3": "added ports"}),
    Phase(
        3, "New Level 2 stations", "new_l2", 9, 12, {"add_l2": "added ports", "remove": "removals"}
    ),
)
"""Order and months of the client's specification, section 3.5.1.

It names no phase for ports added at stations, which go with new stations of their level, nor for
removals, which come last: what replaces a station stands before it goes.
"""


def phase_of(kind: str) -> Phase:
    """Return the phase that actions of a kind belong to."""
    (phase,) = (phase for phase in PHASES if kind in phase.kinds)
    return phase


def phases(plan: Plan) -> pd.DataFrame:
    """Return one row a phase; stations, ports and cost sum to the plan's totals.

    Returns
    -------
    pandas.DataFrame
        ``phase``, ``name``, ``kind`` (of action), ``month_from``, ``month_to``, ``actions``
        (stations plus ports installed, as the specification counts them), ``stations``, ``ports``,
        ``kw`` (after the phase, at the places where something is done) and ``cost_cad`` (net of
        resale).
    """
    rows = []
    for phase in PHASES:
        done = [a for a in plan.actions if a.kind in phase.kinds]
        ports = sum(a.ports_added for a in done)
        words = [word for kind, word in phase.also.items() if any(a.kind == kind for a in done)]
        kw_after = {a.place_id: a.kw_after for a in done}
        rows.append(
            {
                "phase": phase.number,
                "name": listed([phase.name, *words]),
                "kind": phase.kind,
                "month_from": phase.month_from,
                "month_to": phase.month_to,
                "actions": len(done) + ports,
                "stations": len(done),
                "ports": ports,
                "kw": sum(kw_after.values()),
                "cost_cad": sum(a.net_cad for a in done),
            }
        )
    return pd.DataFrame(rows)


def phase_file(plan: Plan, power: Power) -> PhaseFile:
    """Return the phases in the form of the client's section 3.5.1; they add up to the plan.

    Parameters
    ----------
    power
        Section ``power`` of the scenario: kW of a port and volts, by level.
    """
    shown = ["phase", "name", "month_from", "month_to", "actions", "stations", "ports", "cost_cad"]
    records = []
    for row, phase in zip(phases(plan)[shown].to_dict("records"), PHASES, strict=True):
        kinds = [_kind_record(plan, kind) for kind in phase.kinds]
        kinds = [kind for kind in kinds if kind.stations > 0]
        records.append(PhaseRecord.model_validate({**row, "kinds": kinds}))
    return PhaseFile(
        format_version=FORMAT_VERSION,
        scenario=plan.scenario,
        inputs_sha256=plan.inputs_sha256,
        config_sha256=plan.config_sha256,
        phases=records,
        stations=len(plan.actions),
        ports=sum(action.ports_added for action in plan.actions),
        cost_cad=plan.cost.net_cad,
        grid_requirements=_grid_totals(plan, power),
    )


def _grid_totals(plan: Plan, power: Power) -> GridTotals:
    slow = sum(a.ports_added for a in plan.actions if ACTION_KIND[a.kind].adds == "l2")
    fast = sum(a.ports_added for a in plan.actions) - slow

    def drawn(ports: int, kw: float, volts: float) -> LevelPower:
        return LevelPower(
            voltage=volts, power_per_port_kw=kw, ports=ports, total_requirement_kw=ports * kw
        )

    return GridTotals(
        l2_stations=drawn(slow, power.l2_kw, power.l2_volts),
        l3_stations=drawn(fast, power.l3_kw, power.l3_volts),
    )


def _kind_record(plan: Plan, kind: ActionKindKey) -> KindRecord:
    done = [action for action in plan.actions if action.kind == kind]
    return KindRecord(
        kind=kind,
        stations=len(done),
        ports=sum(action.ports_added for action in done),
        cost_cad=sum(action.net_cad for action in done),
    )


# -- Named values, words, table and charts.


def of_phases(report: Report) -> Numbers:
    """Return the numbers of the three phases."""
    found = phases(report.plan)
    numbers = [
        number
        for row in found.to_dict("records")
        for number in named(
            "phasing.phases", row, f"phase{row['phase']}_",
            count="stations", cad={"cost": row["cost_cad"]},
        )
    ]  # fmt: skip
    return Numbers(
        [
            *numbers,
            *named("phasing.PHASES", count={"months": found["month_to"].max()}),
            *named("phasing.phases", text={
                "phases_in_words": in_words(found), "empty_phases": empty_phases(found),
            }),
        ]
    )  # fmt: skip


def in_words(found: pd.DataFrame) -> str:
    """Return the phases in order with their stations and cost (rows of :func:`phases`)."""
    parts = []
    for row in found.itertuples():
        what = str(row.name).replace("New", "new").replace("Level 2 to Level 3 con", "con")
        count = "none" if row.stations == 0 else f"{row.stations:,} for ${row.cost_cad:,.0f}"
        parts.append(f"{what} ({count})")
    return ", then ".join(parts)


def empty_phases(found: pd.DataFrame) -> str:
    """Say which phases have nothing to do, and which carries most (rows of :func:`phases`)."""
    none = found[found["stations"] == 0]
    most = found.iloc[int(found["cost_cad"].to_numpy().argmax())]
    total = float(found["cost_cad"].sum())
    share = float(most["cost_cad"]) / total if total > 0 else 0.0
    last = (
        f"phase {most['phase']} carries {share:.0%} of the money in months "
        f"{most['month_from']} to {most['month_to']}"
    )
    if none.empty:
        return f"Every phase has work to do; {last}."
    idle = [f"months {row['month_from']} to {row['month_to']}" for _, row in none.iterrows()]
    how_many = "One of its phases has" if len(none) == 1 else f"{len(none)} of its phases have"
    words = " and ".join(idle)
    return f"{how_many} nothing to do: {words} would pass without works, and {last}."


def phases_table(report: Report) -> Table:
    """Return the three phases."""
    columns = (
        "phase", Column("name", "What"), "month_from month_to actions stations ports cost_cad",
    )  # fmt: skip
    return table("phases", phases(report.plan), columns, report.origin)
