"""What the book's numbers are expected to be: kept in a file, compared with a stated tolerance.

``tests/chapters/expected.json`` holds every named number with its value, unit and tolerance, and
the hash of what it was computed from. ``make expect`` renews it and prints what moved, for a
reviewer to read.

Tolerances follow from unit and origin:

- texts and counts are exact, those of a plan too: another plan with other counts is news, even
  where it is as good;
- values computed from the data or the configuration may differ by 1e-9 of themselves;
- values of a plan stem from a solve that stops at a gap. The gap times the objective is the number
  of objective points that another accepted plan may lack. It may lack them in points, in coverage
  of one level (at that level's weight, the smaller of both) or in money (at the price of a point).
  For coverage on the cells nothing follows from a gap on other demand points; the same tolerance
  is used there.

Left out is what describes the solver and the check instead of the Region: the solver's version,
its licence in words, and how many comparisons the certificate makes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kwev.display.values import SHOW
from kwev.errors import KwevError
from kwev.files import read_json, write_json
from kwev.report.numbers import everything
from kwev.units import CAD_PER_MILLION, POINTS

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.display.values import Number, Numbers
    from kwev.project import Project
    from kwev.report.scenario import Report

DATA_RELATIVE = 1e-9
"""Relative difference between two environments that computed the same from the same data."""

LEFT_OUT = ("plan.solver_says.version", "plan.solver_says.reason", "plan.certificate.checks")
"""Origins of numbers about the solver's version, its licence and the number of checks."""

SOLVED = ("plan.", "phasing.phases", "budget_sweep", "one_at_a_time")
"""How the origin of a number begins that stems from a solve which stops at a gap."""

EXACT_UNITS = ("text", "count")


@dataclass(frozen=True)
class Expected:
    """One number as it should be; ``within`` is the largest difference allowed, in its unit."""

    value: float | int | str
    unit: str
    origin: str
    within: float

    def agrees(self, expected: Expected) -> bool:
        """Return whether this value is the expected one.

        The tolerance is this number's own, from the rules above: one that was edited in the file
        allows nothing.
        """
        if isinstance(self.value, str) or isinstance(expected.value, str):
            return self.value == expected.value
        return abs(self.value - expected.value) <= self.within


@dataclass(frozen=True)
class Expectation:
    """Everything in the file: what the numbers were computed from, and the numbers by name."""

    scenario: str
    geography: str
    inputs_sha256: str
    config_sha256: str
    numbers: dict[str, Expected]

    def as_dict(self) -> dict[str, Any]:
        """Return plain JSON values."""
        return {**vars(self), "numbers": {name: vars(n) for name, n in self.numbers.items()}}


def path(project: Project) -> Path:
    """Return where the expected numbers are kept."""
    return project.root / "tests" / "chapters" / "expected.json"


def is_expected(number: Number) -> bool:
    """Return whether a number is one to expect, and not about the solver or the check."""
    return number.origin not in LEFT_OUT


def measured(report: Report, numbers: Numbers | None = None) -> Expectation:
    """Return the book's numbers as they are now, each with its tolerance."""
    allowed = _gap_allows(report)
    found = {
        number.name: Expected(number.value, number.unit, number.origin, _within(number, allowed))
        for number in (numbers or everything(report))
        if is_expected(number)
    }
    return Expectation(
        scenario=report.scenario,
        geography=report.geography,
        inputs_sha256=report.tables.inputs_sha256,
        config_sha256=report.config.sha256(),
        numbers=dict(sorted(found.items())),
    )


def read(project: Project) -> Expectation:
    """Read the expected numbers.

    Raises
    ------
    KwevError
        If the file is missing or not one that :func:`renew` wrote.
    """
    return parsed(read_json(path(project)), str(path(project)))


def parsed(values: Any, where: str) -> Expectation:
    """Return expected numbers from JSON; ``where`` names its file.

    Raises
    ------
    KwevError
        If it is not JSON that :func:`renew` wrote.
    """
    try:
        numbers = {name: Expected(**n) for name, n in values["numbers"].items()}
        return Expectation(**{**values, "numbers": numbers})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise KwevError(
            f"not a file of expected numbers: {error}", where=where, hint=_HINT
        ) from error


def renew(project: Project, report: Report) -> list[str]:
    """Write the numbers of now as the expected ones; return what moved, a line each.

    Raises
    ------
    KwevError
        If the project has no folder for them, as that of another region has none.
    """
    if not path(project).parent.is_dir():
        what = "this project keeps no expected numbers: they are those of the whole book"
        raise KwevError(
            what, where=str(path(project)), hint="A short book has its numbers at hand."
        )
    now = measured(report)
    before = read(project) if path(project).is_file() else None
    write_json(path(project), now.as_dict())
    if before is None:
        return [f"new file with {len(now.numbers)} numbers"]
    return differences(before, now, every=True)


def problems(expected: Expectation, now: Expectation) -> list[str]:
    """Return why the numbers of now are not the expected ones, a line each; empty where they are.

    A file made from other data or another configuration is stale: it expects nothing of now.
    """
    stale = [
        f"stale: {key} is {getattr(now, key)}, expected {getattr(expected, key)}; {_HINT}"
        for key in ("scenario", "geography", "inputs_sha256", "config_sha256")
        if getattr(now, key) != getattr(expected, key)
    ]
    return [*stale, *differences(expected, now)]


def differences(old: Expectation, new: Expectation, *, every: bool = False) -> list[str]:
    """Return a line for each number that was added, removed or moved.

    Parameters
    ----------
    every
        Tell moves inside the tolerance too.
    """
    lines = []
    for name in sorted(old.numbers.keys() | new.numbers.keys()):
        before, after = old.numbers.get(name), new.numbers.get(name)
        if before is None and after is not None:
            lines.append(f"added    {name}: {_shown(after)}")
        elif after is None and before is not None:
            lines.append(f"removed  {name}: {_shown(before)}")
        elif before is not None and after is not None:
            if before.unit != after.unit:
                lines.append(f"unit     {name}: {before.unit} → {after.unit}")
            if before.value != after.value and (every or not after.agrees(before)):
                lines.append(f"moved    {name}: {_move(before, after)}")
    return lines


_HINT = "Renew it with `make expect` and read what moved."


def _gap_allows(report: Report) -> dict[str, float]:
    """Return by unit how far a value of a plan may lie off, given the gap of its solve."""
    config = report.config
    points = config.solver.mip_gap * report.plan.quality.objective
    levels = [w for w in (config.weights.l2, config.weights.l3) if w > 0]
    price = config.weights.cost_points_per_million_cad
    share = points / POINTS / min(levels, default=1.0)
    cad = points / price * CAD_PER_MILLION if price > 0 else config.budget.limit_cad
    return {
        "gap": config.solver.mip_gap,
        "points": points,
        "share": share,
        "people": share * float(report.tables.cells["population"].sum()),
        "CAD": cad,
        "million CAD": cad / CAD_PER_MILLION,
    }


def _within(number: Number, allowed: dict[str, float]) -> float:
    if number.unit in EXACT_UNITS or isinstance(number.value, str):
        return 0.0
    # any gap up to the allowed one is as good
    if number.origin in ("plan.solver_says.bound", "plan.quality.gap_checked"):
        return allowed["gap"]
    if number.origin.startswith(SOLVED):
        if number.unit not in allowed:
            raise KwevError(f"no tolerance for {number.unit!r} from a solve", where=number.name)
        return allowed[number.unit]
    return DATA_RELATIVE * abs(number.value)


def _shown(number: Expected) -> str:
    return SHOW[number.unit].format(number.value)


def _move(before: Expected, after: Expected) -> str:
    if isinstance(before.value, str) or isinstance(after.value, str):
        return f"{before.value!r} → {after.value!r}"
    difference = after.value - before.value
    relative = f", {difference / before.value:+.3%}" if before.value else ""
    return (
        f"{before.value!r} → {after.value!r} {after.unit} ({difference:+.6g}{relative}; "
        f"allowed ±{after.within:.3g})"
    )
