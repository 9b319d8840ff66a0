"""What the command line shows: a bar of progress, and what was found, in lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Column, Table
from rich.text import Text

from kwev import escape
from kwev.vocabulary import ACTION_KIND, ALWAYS_SHOWN, TARGET_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd

    from kwev.config import Case, Config
    from kwev.plan.format import Plan
    from kwev.project import Project
    from kwev.solve.infeasibility import Conflict


def echo(*lines: str) -> None:
    """Print lines; whatever is in them, each stays one and gives the terminal no order."""
    for line in lines:
        typer.echo(escape.terminal(line))


def fault(words: object) -> None:
    """Print an error as one line on standard error."""
    typer.echo(escape.terminal(f"error: {words}"), err=True)


def bar() -> Progress:
    """Return a bar of progress on standard error; a log or a pipe gets none."""
    console = Console(stderr=True, highlight=False)
    return Progress(
        TextColumn("{task.description:<24}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )


def plan_lines(plan: Plan, account: dict[str, Any]) -> Iterator[str]:
    """Tell what a plan does and costs, how good it is, and what the exact reduction left."""
    solver, cost = plan.solver, plan.cost
    yield (
        f"{solver.name} {solver.version} ({solver.reason}): {solver.status}, objective "
        f"{solver.objective:.4f} points, gap {solver.gap_solver:.2e}, {account['seconds']:.1f} s"
    )
    checked = solver.gap_checked
    shown = plan.proof.reason if checked is None else f"gap {checked:.2e} proven by multipliers"
    yield f"bound: {shown}"
    yield "actions: " + ", ".join(f"{n} {kind}" for kind, n in _counts(plan).items())
    yield (
        f"net cost {cost.net_cad:,.0f} CAD of {cost.budget_cad:,.0f} CAD, "
        f"operating cost {cost.operating_cad_per_year:+,.0f} CAD a year"
    )
    for name in TARGET_KEYS:
        reached = getattr(plan.coverage, name)
        most = ", ".join(
            f"{word} {'none' if value is None else format(value, '.1%')}"
            for word, value in (("attainable", reached.attainable), ("ceiling", reached.ceiling))
        )
        status = plan.certificate.targets[name] if plan.certificate else "not certified"
        yield (
            f"{name:<9} {reached.before:6.1%} -> {reached.after:6.1%} of {reached.target:.0%} "
            f"({most}): {status}"
        )
    yield _least_budget(plan)
    if plan.certificate:
        held = len(plan.certificate.violations)
        yield f"certificate: {plan.certificate.checks} checks, {held} violations"
    size = account["size"]
    names = [name for name in size if f"reduced_{name}" in size]
    left = ", ".join(f"{size[name]:,} -> {size[f'reduced_{name}']:,} {name}" for name in names)
    yield f"reduced: {left or 'nothing to decide'}"


def _counts(plan: Plan) -> dict[str, int]:
    counts = {kind: sum(a.kind == kind for a in plan.actions) for kind in ACTION_KIND}
    return {kind: n for kind, n in counts.items() if n or kind in ALWAYS_SHOWN}


def _least_budget(plan: Plan) -> str:
    cost = plan.cost
    if cost.least_budget_cad is None:
        return f"least budget: none, {cost.least_budget_reason}"
    bound = cost.least_budget_bound_cad
    least = "" if bound is None else f" (no less than {bound:,.0f} CAD)"
    return f"least budget: {cost.least_budget_cad:,.0f} CAD{least}"


def schedule_lines(compared: pd.DataFrame) -> Iterator[str]:
    """Tell what each schedule gains (rows of ``Timetable.compared``)."""
    for row in compared.to_dict("records"):
        keeps = "" if row["keeps"] else " (breaks limits)"
        yield (
            f"{row['name']}: {row['l2']:+,.0f} person-months at Level 2, "
            f"{row['l3']:+,.0f} at Level 3, {row['share']:.1%} of the best gain{keeps}"
        )


def conflict_lines(found: Conflict, plan: Plan, config: Config) -> Iterator[str]:
    """Tell why targets cannot be met together, by constraint group."""
    from kwev.report import out_of_reach

    yield out_of_reach.sentence(found, config)
    for row in out_of_reach.group_table(found, config).itertuples():
        yield f"  {row.part:<9} {row.group:<22} {row.name}"
    others = out_of_reach.rest(plan, found)
    if others:
        yield others


def municipality_lines(by_municipality: pd.DataFrame) -> Iterator[str]:
    """Tell who is left without, municipality by municipality."""
    yield f"{'on the cells':<16} {'people':>9} {'L2':>7} {'missing':>9} {'L3':>7} {'missing':>9}"
    for r in by_municipality.itertuples():
        yield (
            f"{r.municipality:<16} {r.people:>9,.0f} {r.l2:>7.1%} {r.l2_missing:>9,.0f} "
            f"{r.l3:>7.1%} {r.l3_missing:>9,.0f}"
        )


def scenario_table(cases: Iterable[Case]) -> Table:
    """Return the scenarios with what they plan for."""
    table = Table(
        Column("scenario", no_wrap=True),
        "budget (CAD)", "L2", "L3", "L2 radius (m)", "L3 radius (m)", "what",
    )  # fmt: skip
    for case in cases:
        c = case.config
        table.add_row(
            Text(escape.terminal(case.scenario)), f"{c.budget.limit_cad:,.0f}",
            f"{c.targets.l2:.0%}", f"{c.targets.l3:.0%}",
            f"{c.coverage.l2_radius_m:g}", f"{c.coverage.l3_radius_m:g}",
            Text(escape.terminal(c.description)),
        )  # fmt: skip
    return table


def study_lines(project: Project, names: list[str]) -> Iterator[str]:
    """Tell the size and the state of studies and records."""
    from kwev.report import registry

    for name, points in registry.size(project, names).items():
        wrong = registry.state(project, name)
        state = f"{len(wrong)} to make: {wrong[0]}" if wrong else "sound"
        yield f"{name:<16} {points:>4} points  {state}"


def check_studies(project: Project, names: list[str]) -> bool:
    """Evaluate every committed row again and print what is wrong; return whether all is sound."""
    from kwev.report import registry

    rows = 0
    wrong: list[str] = []
    with bar() as progress:
        task = progress.add_task("check", total=len(names))
        for name in names:
            progress.update(task, description=escape.terminal(name))
            measured, found = registry.check(project, name)
            rows, wrong = rows + measured, [*wrong, *(f"{name}: {line}" for line in found)]
            progress.advance(task)
    echo(*wrong, f"{rows} rows measured again, {len(wrong)} problems")
    return not wrong
