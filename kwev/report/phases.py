"""The specification's three phases: which actions each holds, as a file, table, chart and words.

The format of ``phases.json`` follows the client's specification, sections 3.5.1 and 3.8.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.display.table import Column, table
from kwev.display.values import Numbers, listed, named
from kwev.report.file_format import FORMAT_VERSION, file_record
from kwev.report.memory import once
from kwev.vocabulary import ACTION_KIND, LEVEL_KEYS, ActionKindKey

if TYPE_CHECKING:
    from kwev.config import Power
    from kwev.display.table import Table
    from kwev.plan.format import Plan
    from kwev.report.file_format import FileRecord
    from kwev.report.scenario import Report


@dataclass(frozen=True)
class Phase:
    """A phase of the implementation: months are counted from the start of the works, inclusive."""

    number: int
    name: str
    kind: ActionKindKey
    """The kind of action that it is named after."""
    month_from: int
    month_to: int
    also: dict[ActionKindKey, str] = field(default_factory=dict)
    """Kinds that are done in the same months, with the words that its name then takes on."""

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
        ``phase``, ``name``, ``kind`` (of action), ``month_from``, ``month_to``, ``actions`` (rows
        of the plan, as everywhere), ``stations`` (places where they are), ``ports``, ``kw`` (after
        the phase, at the places where something is done) and ``cost_cad`` (net of
        resale).
    """
    rows = []
    for phase in PHASES:
        done = [a for a in plan.actions if a.kind in phase.kinds]
        ports = sum(a.ports_added for a in done)
        words = [word for kind, word in phase.also.items() if any(a.kind == kind for a in done)]
        kw_after = {a.place_id: a.kw_after for a in done}
        rows.append(
            {"phase": phase.number, "name": listed([phase.name, *words]), "kind": phase.kind,
             "month_from": phase.month_from, "month_to": phase.month_to,
             "actions": len(done), "stations": len(kw_after), "ports": ports,
             "kw": sum(kw_after.values()), "cost_cad": sum(a.net_cad for a in done)}
        )  # fmt: skip
    return pd.DataFrame(rows)


def phase_file(plan: Plan, power: Power) -> FileRecord:
    """Return the phases in the form of the client's section 3.5.1; they add up to the plan.

    Parameters
    ----------
    power
        Section ``power`` of the scenario: kW of a port and volts, by level.
    """
    shown = ["phase", "name", "month_from", "month_to", "actions", "stations", "ports", "cost_cad"]
    rows = phases(plan)[shown].to_dict("records")
    same = ("scenario", "inputs_sha256", "config_sha256")
    return file_record("PhaseFile", {
        "format_version": FORMAT_VERSION,
        **{key: getattr(plan, key) for key in same},
        "phases": [{**row, "kinds": _kinds(plan, phase)}
                   for row, phase in zip(rows, PHASES, strict=True)],
        "stations": sum(row["stations"] for row in rows),
        "ports": sum(action.ports_added for action in plan.actions),
        "cost_cad": plan.cost.net_cad,
        "grid_requirements": _grid_totals(plan, power),
    })  # fmt: skip


def _grid_totals(plan: Plan, power: Power) -> dict[str, Any]:
    """Return what the new ports of each level ask of the grid (section 3.8.1)."""
    totals = {}
    for level in LEVEL_KEYS:
        ports = sum(a.ports_added for a in plan.actions if ACTION_KIND[a.kind].adds == level)
        kw, volts = getattr(power, f"{level}_kw"), getattr(power, f"{level}_volts")
        totals[f"{level}_stations"] = {
            "voltage": volts, "power_per_port_kw": kw, "ports": ports,
            "total_requirement_kw": ports * kw,
        }  # fmt: skip
    return totals


def _kinds(plan: Plan, phase: Phase) -> list[dict[str, Any]]:
    done = pd.DataFrame(
        [(a.kind, 1, a.ports_added, a.net_cad) for a in plan.actions],
        columns=["kind", "stations", "ports", "cost_cad"],
    )
    sums = done.groupby("kind").sum()
    kinds = [kind for kind in phase.kinds if kind in sums.index]
    return [{"kind": kind, **dict(sums.loc[kind])} for kind in kinds]


# -- Named values, words, table and charts.


@once
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
