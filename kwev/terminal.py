"""What the command line shows: a bar of progress, and what was found, in lines of text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import typer

from kwev import escape
from kwev.plan import words
from kwev.vocabulary import ACTION_KIND, ALWAYS_SHOWN, TARGET_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pandas as pd
    from rich.progress import Progress
    from rich.table import Table

    from kwev.config import Case, Config
    from kwev.plan.format import Certificate, Plan
    from kwev.project import Project
    from kwev.solve.infeasibility import Conflict


def echo(*lines: str) -> None:
    """Print lines; whatever is in them, each stays one and gives the terminal no order."""
    for line in lines:
        typer.echo(escape.terminal(line))


def bar() -> Progress:
    """Return a bar of progress on standard error; a log or a pipe gets none."""
    from rich.console import Console
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        Progress,
        TextColumn,
        TimeElapsedColumn,
    )

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
    said, cost, quality = plan.solver_says, plan.cost, plan.quality
    yield f"plan: {words.optimality(plan)}, objective {quality.objective:.4f} points"
    yield (
        f"solver's word: {said.name} {said.version} ({words.SOLVER_REASON[said.reason]}): ended at "
        f"{'its gap' if said.ended == 'gap' else 'a limit'}, gap {plan.gap_said:.2e}, "
        f"{account['seconds']:.1f} s"
    )
    yield "actions: " + ", ".join(f"{n} {kind}" for kind, n in _counts(plan).items())
    yield (
        f"net cost {cost.net_cad:,.0f} CAD of {cost.budget_cad:,.0f} CAD, "
        f"operating cost {cost.operating_cad_per_year:+,.0f} CAD a year"
    )
    model = "the cells" if plan.geography == "cell" else f"{plan.geography} points of the model"
    yield f"{'':<9} on the cells{'':<15} on {model}"
    for name in TARGET_KEYS:
        reached = getattr(plan.coverage, name)
        status = plan.certificate.targets[name] if plan.certificate else ""
        yield (
            f"{name:<9} {reached.before:6.1%} -> {reached.after:6.1%} of {reached.target:4.0%}   "
            f"attainable {words.attainable(reached)}, ceiling {reached.ceiling:.1%}: "
            f"{words.TARGET_STATUS.get(status, 'not certified')}"
        )
    yield from missed_lines(plan)
    yield f"least budget: {words.least_budget(cost)}"
    if plan.certificate:
        held = len(plan.certificate.violations)
        yield f"certificate: {plan.certificate.checks} checks, {held} violations"
    size = account["size"]
    names = [name for name in size if f"reduced_{name}" in size]
    left = ", ".join(f"{size[name]:,} -> {size[f'reduced_{name}']:,} {name}" for name in names)
    yield f"reduced: {left or 'nothing to decide'}"


def missed_lines(plan: Plan) -> Iterator[str]:
    """Tell what a plan misses, floors and other elastic rules of the scenario among it."""
    parts, least = words.missed(plan), plan.shortfall.bound_checked_points
    if not parts:
        return
    told = ", ".join(f"{name} {points:.2f}" for name, points in parts.items())
    bound = "" if least is None else f"; no plan misses less than {least:.2f} in all"
    yield f"missed on {plan.geography} points of the model (points): {told}{bound}"


def certified_lines(plan: Plan, certificate: Certificate) -> Iterator[str]:
    """Tell what the check found of each target and of the plan; no word is read from the file."""
    for target, status in certificate.targets.items():
        yield f"target {target}: {status}"
    if not certificate.violations:
        yield f"plan: {words.optimality(plan)}"


def _counts(plan: Plan) -> dict[str, int]:
    counts = {kind: sum(a.kind == kind for a in plan.actions) for kind in ACTION_KIND}
    return {kind: n for kind, n in counts.items() if n or kind in ALWAYS_SHOWN}


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
    from rich.table import Column, Table
    from rich.text import Text

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
