"""Numbers and sentences of the sweeps; read from committed rows, so exact."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwev.analysis import insights, monotone, picks, studies, sweeps, tornado
from kwev.numbers.number import Number, Numbers
from kwev.units import POINTS

if TYPE_CHECKING:
    from kwev.report import Report


def of_sweeps(report: Report) -> Numbers:
    """Return what the sensitivity chapter says."""
    return Numbers(
        [*_size(report), *_budgets(report), *_targets(report), *_assumptions(report),
         *_prices(report), *_radii(report), *_picks(report)]
    )  # fmt: skip


def _text(name: str, sentence: str, study: str) -> Number:
    return Number(name, sentence, "text", f"data/results/{study}.csv")


def _size(report: Report) -> list[Number]:
    sizes = studies.size(report.project, studies.STUDIES)
    rows = [report.readings.study(name) for name in _own()]
    return [
        Number("studies", len(sizes), "count", "studies.STUDIES"),
        Number("study_plans", sum(sizes.values()), "count", "studies.STUDIES"),
        Number(
            "study_violations", int(sum(r["violations"].sum() for r in rows)), "count",
            "certificates",
        ),
    ]  # fmt: skip


def _own() -> list[str]:
    """Return the studies that the sensitivity chapter shows itself."""
    return [name for name, make in studies.STUDIES.items() if make.__module__ == sweeps.__name__]


def _budgets(report: Report) -> list[Number]:
    found, rows = report.readings, report.readings.study("budget")
    steps, base = found.steps, report.config.budget.limit_cad
    last = float(steps["budget_cad"].max())
    return [
        _text("say_next", insights.next_money(steps, base), "next-100k"),
        _text("say_next_last", insights.next_money(steps, last), "next-100k"),
        _text("say_level2_full", insights.full_level2(rows), "budget"),
        _text("say_unspent", insights.unspent(rows), "budget"),
        _text(
            "say_dips",
            insights.dipping(monotone.dips(rows, "budget_cad", "l2"), "Level 2 coverage"),
            "budget",
        ),
        Number("step", sweeps.STEP_CAD, "CAD", "sweeps.STEP_CAD"),
    ]


def _targets(report: Report) -> list[Number]:
    grid = report.readings.target_grid
    targets = report.config.targets
    eased = min(grid["l3_target"])
    return [
        _text("say_targets", insights.targets(grid), "targets"),
        _text("say_cheapest", insights.cheapest(grid), "targets"),
        _text("say_easing", insights.easing(grid, targets.l2, targets.l3, eased), "targets"),
        Number("l2_ceiling_model", _ceiling(report, "l2"), "share", "data/results/budget.csv"),
    ]


def _ceiling(report: Report, level: str) -> float:
    return float(report.readings.study("budget")[f"{level}_ceiling"].iloc[0])


def _assumptions(report: Report) -> list[Number]:
    levels = {"l2": "Level 2 coverage", "l3": "Level 3 coverage"}
    spread = POINTS * tornado.noise(report.readings.study("swings"), "l2")
    return [
        Number("cell_noise", spread, "points", "data/results/swings.csv"),
        *(
            _text(
                f"say_tornado_{key}", insights.widest(report.readings.tornado(key), words), "swings"
            )
            for key, words in levels.items()
        ),
    ]


def _prices(report: Report) -> list[Number]:
    found = report.readings
    crossings = insights.break_even(found.break_even)
    say = ". ".join(crossings) if crossings else "No tested price ends or begins a purchase"
    return [
        _text("say_break_even", say, "prices"),
        _text("say_dearer", insights.worth(found.worth, 1.25), "prices"),
        _text("say_cheaper", insights.worth(found.worth, 0.75), "prices"),
    ]


def _radii(report: Report) -> list[Number]:
    reach = report.readings.along("l3-radius", "coverage.l3_radius_m")
    dips = monotone.dips(reach, "value", "l3")
    say = insights.dipping(dips, "Level 3 coverage", insights.kilometres)
    numbers = [_text("say_radius_dips", say, "l3-radius")]
    for level, study in (("l2", "l2-radius"), ("l3", "l3-radius")):
        rows = report.readings.along(study, f"coverage.{level}_radius_m").sort_values("value")
        for end, row in (("short", rows.iloc[0]), ("long", rows.iloc[-1])):
            numbers += [
                Number(f"{level}_radius_{end}", float(row["value"]), "m", f"{study}.csv"),
                Number(f"{level}_at_{end}_radius", float(row[level]), "share", f"{study}.csv"),
            ]
    return numbers


def _picks(report: Report) -> list[Number]:
    found = report.readings
    table: Any = found.picks
    core = table[table["class"] == "core"]
    both = core["in_published"].mean() if len(core) else 0.0
    return [
        _text("say_robust", insights.robust(picks.summary(table), found.plans_counted), "picks"),
        Number("core_published", float(both), "share", "picks", "{:.0%}"),
        Number("core_share", picks.CORE_SHARE, "share", "picks.CORE_SHARE", "{:.0%}"),
        Number("others_tried", int((~table["in_base"]).sum()), "count", "picks"),
    ]


def of_cells(report: Report) -> Numbers:
    """Return how far planning on areas lies from planning on the cells."""
    rows = report.readings.on_cells
    l2, l3 = (POINTS * (rows[level] - rows[f"{level}_da"]) for level in ("l2", "l3"))
    origin, asked = "data/results/cells.csv", report.study("scenarios")
    scenarios = "data/results/scenarios.csv"
    return Numbers(
        [
            Number("scenario_plans", len(asked), "count", scenarios),
            Number("scenario_violations", int(asked["violations"].sum()), "count", scenarios),
            Number("scenario_gap", float(asked["gap"].max()), "share", scenarios, "{:.2%}"),
            Number("scenario_open", insights.not_met(asked), "text", scenarios),
            Number("cell_plans", len(rows), "count", origin),
            Number("cell_l2_least", float(l2.min()), "points", origin),
            Number("cell_l2_most", float(l2.max()), "points", origin),
            Number("cell_l3_most", float(l3.abs().max()), "points", origin),
            Number("cell_shared", float(rows["shared"].mean()), "share", origin, "{:.0%}"),
        ]
    )
