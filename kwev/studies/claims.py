"""What a row says of bounds, targets and extremes, held against multipliers that are found anew.

None of it can be read off the actions. A bound is right where multipliers prove one at least as
tight; what is attainable, and what is enough to meet all targets, is between what the plan itself
shows and such a bound.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import isnan
from typing import TYPE_CHECKING, Any, Final

from kwev.certify import ActionKey, Evaluation, target_status
from kwev.certify.dual_bound import NO_BOUNDS, Bounds, checked_bounds
from kwev.certify.exact import UncheckedError
from kwev.certify.exact_model import ExactModel
from kwev.units import CAD_PER_MILLION, POINTS
from kwev.vocabulary import LEVEL_KEYS, TARGET_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kwev.config import Case
    from kwev.data.tables import Tables

SHARE_TOL: Final = 1e-6
POINTS_TOL: Final = 1e-5
"""Another release of a linear solver may round multipliers otherwise (of 1, or of the value)."""
CAD_TOL: Final = 1.0
STATUS_OF: Final = {"l2": "l2_status", "l3": "l3_status", "ev_owners": "ev_status"}


@dataclass(frozen=True)
class Claims:
    """A row beside what is found anew."""

    case: Case
    row: Mapping[str, Any]
    evaluation: Evaluation
    bounds: Bounds

    def wrong(self) -> Iterator[str]:
        """Tell what does not hold."""
        yield from self._quality()
        yield from self._targets()
        yield from self._least_budget()

    def number(self, column: str) -> float | None:
        """Return a number of the row; None where the plan has none."""
        value = self.row[column]
        return None if value is None or isnan(value) else float(value)

    def _quality(self) -> Iterator[str]:
        gap, least = self.number("gap_checked"), self.number("shortfall_checked_points")
        objective, total = float(self.row["objective"]), float(self.row["shortfall_points"])
        shown = "not_proven" if gap is None or least is None else "within_gap"
        if self.row["status"] != shown:
            yield f"status is {self.row['status']!r}, by its bounds {shown!r}"
        if gap is not None:
            bound = objective + gap * max(abs(objective), 1e-9)
            top = self.bounds.objective
            if top is None or bound < top - POINTS_TOL * max(1.0, abs(top)):
                yield f"gap_checked {gap} says a bound of {bound:.6f}, proven is {top}"
        if least is not None:
            low = self.bounds.shortfall_points
            if low is None or least > min(low, total) + POINTS_TOL * max(1.0, low):
                yield f"shortfall_checked_points is {least}, proven is {low}"
        said, allowed = float(self.row["gap"]), self.case.config.solver.mip_gap
        fits = {"gap": said <= allowed + 1e-9, "limit": True}.get(str(self.row["ended"]), False)
        if said < 0 or not fits:
            yield f"ended is {self.row['ended']!r} at a gap of {said}, asked for {allowed}"

    def _targets(self) -> Iterator[str]:
        for target in TARGET_KEYS:
            most, column = self.bounds.attainable[target], STATUS_OF[target]
            on_cells = most if self.case.geography == "cell" else None
            status = target_status(self.evaluation, target, float(self.row[target]), on_cells)
            if self.row[column] != status:
                yield f"{column} is {self.row[column]!r}, measured again {status!r}"
        for level in LEVEL_KEYS:
            shown, own = self.number(f"{level}_attainable"), float(self.row[f"{level}_model"])
            most = self.bounds.attainable[level]
            top = float(self.row[f"{level}_ceiling"]) if most is None else most
            if shown is None or not own - SHARE_TOL <= shown <= top + SHARE_TOL:
                yield f"{level}_attainable is {shown}, not between {own} and {top}"

    def _least_budget(self) -> Iterator[str]:
        least, low = self.number("least_budget_cad"), self.bounds.least_budget_cad
        most = self.evaluation.ceiling("model")
        beyond = any(most[t] < share for t, share in self.case.config.targets.enforced().items())
        meets, net = float(self.row["shortfall_points"]) <= POINTS_TOL, float(self.row["net_cad"])
        if least is None:
            if meets:
                yield "least_budget_cad is missing, but the plan itself meets every target"
            return
        if beyond:
            yield f"least_budget_cad is {least}, but a target is out of reach of any money"
        if low is not None and least < low - CAD_TOL:
            yield f"least_budget_cad is {least}, proven is that {low} is not enough"
        if meets and least > net + CAD_TOL:
            yield f"least_budget_cad is {least}, but the plan itself meets every target for {net}"


def unproven(tables: Tables, case: Case, row: Mapping[str, Any]) -> list[str]:
    """Return what a row says that multipliers found anew do not bear out, a line each.

    Parameters
    ----------
    tables
        ``data/processed``, read.
    case
        What the row is a row of.
    row
        A row whose measured columns are right, by column.
    """
    ports: dict[ActionKey, int] = {}
    for text in str(row["actions"]).split():
        action, added = text.rsplit(":", 1)
        key = ActionKey.from_id(action)
        if key is not None:
            ports[key] = int(added)
    evaluation = Evaluation(tables, case.config, case.geography)
    return list(Claims(case, row, evaluation, _bounds(tables, case, ports, row)).wrong())


def _bounds(
    tables: Tables, case: Case, ports: Mapping[ActionKey, int], row: Mapping[str, Any]
) -> Bounds:
    """Return the bounds that multipliers prove for a plan, as its plan file would carry them."""
    from kwev.solve.dual_multipliers import multipliers  # noqa: PLC0415 -- loads a solver

    wanted = {"shortfall": -float(row["shortfall_points"]), "plan": float(row["objective"])}
    for target in TARGET_KEYS:
        shown = row.get(f"{target}_attainable", row["ev_owners"])
        wanted[f"attainable_{target}"] = POINTS * float(shown)
    if not isnan(row["least_budget_cad"]):
        wanted["least_budget"] = -float(row["least_budget_cad"]) / CAD_PER_MILLION
    try:
        model = ExactModel(tables, case.config, case.geography)
        return checked_bounds(model, multipliers(model, ports, wanted), ports)
    except UncheckedError:
        return NO_BOUNDS
