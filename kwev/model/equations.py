"""The displayed equations of the book, and the code that writes each of them.

An equation of the model is printed from the objects that write its rows.
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Final

from kwev.errors import KwevError, nearest
from kwev.model import formulation
from kwev.model.base_constraints import (
    Budget,
    Coverage,
    CoverageTarget,
    DemandTarget,
    IdleEnergy,
    MunicipalEnergy,
    OneActionPerPlace,
    PortsPerAction,
    SiteCapacity,
)
from kwev.model.demand import WEIGHT, demand_points
from kwev.model.formulation import CONSTRAINTS, OBJECTIVE, SHORTFALL, WEIGHTED
from kwev.model.notation import Formula, Markdown, written
from kwev.model.rules import (
    AreaPower,
    Floor,
    Overlap,
    PortsPerPlace,
    PortTotal,
    PowerTotal,
    Redundancy,
    SiteBudget,
    StationsPerArea,
)
from kwev.model.spacing import L3Gap, L3Spacing, RemovalAlternative

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwev.model.constraints import Constraint

BOUND: Final = (
    Formula(
        r"<proven> = <money_price> <budget>"
        r" &+ \sum_{\ell \in <levels>} <target_price> (<held> - <target>)"
        r" + \sum_{\ell \in <levels>} \sum_{j \in <points>} \left[ <cover_price> <today>"
        r" + \max\left(0, <level_weight> <weight> + <target_price> <people> /"
        r" \textstyle\sum_{j \in <points>} <people> - <cover_price>\right) \right]"
    ),
    Formula(
        r"&+ \sum_{i \in <places>} \max\left(0, \max_{k \in <at_place>}"
        r" \max_{<fewest> \le <ports> \le <most>}"
        r" \sum_{\ell \in <levels>} \sum_{j \in <points>} <reaches> <cover_price>"
        r" - (<price_of_money> + <money_price>) (<fixed> + <per_port> <ports> - <credit>)"
        r" - <price_of_operation> <years> (<yearly> + <port_yearly> <ports>)\right)"
    ),
)
"""The bound of :mod:`kwev.certify.dual_bound`, which knows no model and so prints nothing."""

OBJECTIVES: Final[dict[str, tuple[Formula, ...]]] = {
    "shortfall": (SHORTFALL,),
    "objective": (OBJECTIVE,),
    "weighted": (WEIGHTED,),
    "weight": (WEIGHT,),
    "bound": BOUND,
}
"""By equation: what is minimised or maximised, and what it is made of."""

ROWS: Final[dict[str, tuple[type[Constraint], ...]]] = {
    "rules": (Coverage, CoverageTarget, Budget, OneActionPerPlace, PortsPerAction, SiteCapacity),
    "energy": (MunicipalEnergy, DemandTarget),
    "optional": (
        SiteBudget, PortsPerPlace, PortTotal, PowerTotal, L3Spacing, L3Gap, StationsPerArea,
        AreaPower, Overlap, Floor, Redundancy,
    ),
    "options": (IdleEnergy, RemovalAlternative),
}  # fmt: skip
"""By equation: the classes that write its rows, in their order on the page."""
OPTIONAL: Final = ("optional", "options")
"""Equations of which a scenario may leave out each row."""


def formulas(name: str) -> tuple[Formula, ...]:
    """Return the rows of mathematics of a displayed equation.

    Raises
    ------
    KwevError
        If there is no such equation.
    """
    if name in OBJECTIVES:
        return OBJECTIVES[name]
    if name not in ROWS:
        hint = nearest(name, [*OBJECTIVES, *ROWS])
        raise KwevError(f"no equation {name!r}", where="kwev.model.equations", hint=hint)
    return tuple(formula for one in ROWS[name] for formula in one.formulas)


def equation(name: str) -> Markdown:
    """Return the LaTeX of a displayed equation, without its dollar signs and label.

    Raises
    ------
    KwevError
        If there is no such equation, or a formula names a symbol that is not described.
    """
    found = formulas(name)
    if len(found) == 1 and "&" not in found[0].latex:
        return Markdown(written(found[0].latex))
    rows = [
        written(f.latex) + (rf" && \quad {written(f.domain)}" if f.domain else "") for f in found
    ]
    # one line: an inline expression has one
    return Markdown(r"\begin{aligned} " + r" \\ ".join(rows) + r" \end{aligned}")


def constraints() -> list[tuple[str, Constraint]]:
    """Return every constraint with the name of its equation, in the order of the page."""
    return [
        (name, one)
        for name, classes in ROWS.items()
        for kind in classes
        for one in CONSTRAINTS
        if type(one) is kind
    ]


def source(name: str) -> Markdown:
    """Return, folded, the code that writes an equation: classes of its rows, or the objective.

    On paper, where nothing unfolds, stand the names of the code and of its modules.
    """
    writers: dict[str, tuple[Callable[..., object], ...]] = {
        "objective": (formulation.objective,),
        "weight": (demand_points,),
        **ROWS,
    }
    code = "\n\n".join(inspect.getsource(one).rstrip() for one in writers[name])
    names = ", ".join(f"`{one.__name__}`" for one in writers[name])
    modules = " and ".join(sorted({f"`{one.__module__}`" for one in writers[name]}))
    head = '::: {.callout-note collapse="true" title="The code that writes it"}'
    return Markdown(
        f'::: {{.content-visible when-format="html"}}\n{head}\n```python\n{code}\n```\n:::\n:::\n\n'
        f'::: {{.content-visible when-format="typst"}}\n'
        f"The code that writes it: {names} in {modules}.\n:::\n"
    )
