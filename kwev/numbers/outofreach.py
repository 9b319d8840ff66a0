"""Numbers of what stands in the way of the targets, and of who is left without."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis import constraints, outofreach
from kwev.numbers.number import Number, Numbers

if TYPE_CHECKING:
    from kwev.report import Report


def of_targets_out_of_reach(report: Report) -> Numbers:
    """Return the conflict in words and the people whom the plan leaves without, by level."""
    found, rows = report.conflict, report.left_without
    region = rows[rows["municipality"] == outofreach.REGION].iloc[0]
    towns = rows[rows["municipality"] != outofreach.REGION]
    named = constraints.constraints(report.project)
    numbers = [
        Number("conflict", outofreach.sentence(found, report.config), "text", "conflict.explain"),
        Number(
            "conflict_rest",
            outofreach.rest(report.plan, found) or "The plan meets no other target in full.",
            "text",
            "conflict.explain, plan.shortfall",
        ),
        Number("conflict_groups", len(found.groups), "count", "conflict.explain"),
        Number("constraints", len(named), "count", "symbols.FORMULAS"),
        Number("constraints_optional", sum(c.optional for c in named), "count", "rules.RULES"),
        Number(
            "constraint_tests",
            len({test for c in named for test in c.instances}),
            "count",
            "tests/instances",
        ),
    ]
    for level in outofreach.LEVELS:
        worst = towns.sort_values(f"{level}_short", kind="stable").to_dict("records")[-1]
        missing = float(region[f"{level}_missing"])
        numbers += [
            Number(f"{level}_missing", missing, "people", "plan.coverage on the cells"),
            Number(
                f"{level}_worst", str(worst["municipality"]), "text", "plan.coverage on the cells"
            ),
            Number(
                f"{level}_worst_share", float(worst[level]), "share", "plan.coverage on the cells"
            ),
        ]
    return Numbers(numbers)
