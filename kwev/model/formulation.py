"""The optimisation model: Inputs to a cvxpy problem, every constraint named; no I/O, no solving.

A maximal-covering location model [Church and ReVelle, 1974] with integer ports, a net budget,
conversions and removals that take coverage away, and elastic targets. Its constraints are objects,
each of which knows its formula and writes its rows; the displayed equations of the book are printed
from the same objects.
"""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cvxpy as cp
import numpy as np

from kwev import escape
from kwev.errors import KwevError, nearest
from kwev.model.constraints import (
    BASE,
    Budget,
    Coverage,
    CoverageTarget,
    Decisions,
    DemandTarget,
    IdleEnergy,
    MunicipalEnergy,
    OneActionPerPlace,
    PortsPerAction,
    SiteCapacity,
)
from kwev.model.demand import WEIGHT, demand_points
from kwev.model.notation import Formula, Markdown, written
from kwev.model.rules import (
    RULES,
    AreaPower,
    Floor,
    LocalNeed,
    Overlap,
    PortsPerPlace,
    PortTotal,
    PowerTotal,
    Redundancy,
    SiteBudget,
    StationsPerArea,
)
from kwev.model.spacing import L3Gap, L3Spacing, RemovalAlternative
from kwev.units import CAD_PER_MILLION, CAD_SCALE, POINTS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.model.constraints import Constraint, Rule
    from kwev.model.inputs import Inputs


HOLD_POINTS = 1e-6
"""Slack, in share, with which a shortfall found in the first stage is held in the second."""

OPTIONS: tuple[Constraint, ...] = (
    RemovalAlternative(
        "removal_alternative", "Alternative near a removed station", "the alternative to a removal"
    ),
    IdleEnergy("idle", "Idle energy of a municipality", "the idle energy of each municipality"),
)
"""Constraints that come with a removal, or with a price of idle ports."""

CONSTRAINTS: tuple[Constraint, ...] = (*BASE, *RULES, *OPTIONS)
"""Every constraint, in the order of the model's rows."""

SHORTFALL = Formula(
    r"\min \sum_{\ell \in <levels>} <shortfall> + <unserved_all> + \sum_{r \in <elastic>} <missed>"
)
"""What the first stage minimises."""
OBJECTIVE = Formula(
    r"\max \sum_{\ell \in <levels>} <level_weight> \sum_{j \in <points>} <weight> <covered>"
    r" - <price_of_money> \sum_{k \in <actions>}"
    r" \left( <fixed> <build> + <per_port> <ports> - <credit> <build> \right)"
    r" - <price_of_operation> <years> \sum_{k \in <actions>}"
    r" \left( <yearly> <build> + <port_yearly> <ports> \right)"
    r" - <price_of_idleness> \sum_{m \in <municipalities>} <idle>"
)
"""What the second stage maximises."""
WEIGHTED = Formula(
    r"\max z - <price_of_shortfall> \left("
    r" \sum_{\ell \in <levels>} <shortfall> + <unserved_all> \right)"
)
"""What a search in one stage maximises, with ``z`` for the objective."""


@dataclass(frozen=True)
class Model:
    """Decision variables, named constraints and what is minimised and maximised.

    Attributes
    ----------
    inputs, config
        What the model was written from.
    build
        Shape (m,), boolean: whether column k is done.
    ports
        Shape (m,), integer: ports column k adds.
    covered
        By level, shape (g,) in [0, 1]: whether a group is covered. Continuous: with integer
        ``build`` its upper bound is an integer, and every objective pushes it up.
    shortfall
        By target, share in [0, 1] missing (elastic); ``demand`` is the share of the Region's
        energy need that stays unserved; an optional rule's is the share of the Region's people
        that it misses.
    unserved
        Shape (municipalities,): the same by municipality; None where demand is not enforced.
    constraints
        By name: the hard rows of the model, ``budget`` among them.
    target_rows
        By target: the elastic row ``reached + shortfall >= target``.
    net_cad
        Affine: purchase less resale, in units of ``CAD_SCALE``.
    objective_points
        Affine: weighted coverage less net cost, operating cost and idle energy, in points; in
        the weighted mode less the shortfall too.
    """

    inputs: Inputs
    config: Config
    build: cp.Variable
    ports: cp.Variable
    covered: dict[str, cp.Variable]
    shortfall: dict[str, cp.Variable]
    unserved: cp.Variable | None
    constraints: dict[str, list[cp.Constraint]]
    target_rows: dict[str, list[cp.Constraint]]
    net_cad: cp.Expression
    objective_points: cp.Expression

    def hard(self, *, without: tuple[str, ...] = ()) -> list[cp.Constraint]:
        """Return the hard constraints but the named ones."""
        kept = (rows for name, rows in self.constraints.items() if name not in without)
        return [row for rows in kept for row in rows]

    def elastic(self) -> list[cp.Constraint]:
        """Return the elastic target rows."""
        return [row for rows in self.target_rows.values() for row in rows]


def build_model(inputs: Inputs, config: Config) -> Model:
    """Write the model of a scenario.

    Parameters
    ----------
    inputs
        What :func:`kwev.model.inputs.build_inputs` returned.
    config
        The scenario: targets, budget, weights and optional rules.

    Returns
    -------
    Model
        Variables and constraints as cvxpy objects; nothing is solved.
    """
    decisions = _decisions(inputs, config)
    constraints: dict[str, list[cp.Constraint]] = {}
    target_rows: dict[str, list[cp.Constraint]] = {}
    shortfall: dict[str, cp.Variable] = {}
    for constraint in (*BASE, *active(config), *OPTIONS):
        written = constraint.rows(inputs, config, decisions)
        if written is None:
            continue
        if written.shortfall is None:
            constraints[constraint.name] = written.rows
        else:
            target_rows[constraint.name] = written.rows
            shortfall[constraint.name] = written.shortfall
    return Model(
        inputs=inputs,
        config=config,
        build=decisions.build,
        ports=decisions.ports,
        covered=decisions.covered,
        shortfall=shortfall,
        unserved=decisions.unserved,
        constraints=constraints,
        target_rows=target_rows,
        net_cad=Budget.net(inputs, decisions.build, decisions.ports),
        objective_points=objective(inputs, config, decisions, shortfall),
    )


def _decisions(inputs: Inputs, config: Config) -> Decisions:
    m, municipalities = len(inputs.columns), len(inputs.energy.municipality)
    needed = inputs.energy.need_kwh.sum() > 0
    levels = ("l2", "l3", "ev_owners") if config.targets.ev_owners.enforce else ("l2", "l3")
    return Decisions(
        build=cp.Variable(m, boolean=True, name="build"),
        ports=cp.Variable(m, integer=True, name="ports"),
        covered={
            level: cp.Variable(len(inputs.rows[level].base), name=f"covered_{level}", bounds=[0, 1])
            for level in levels
        },
        unserved=cp.Variable(municipalities, nonneg=True, name="unserved")
        if config.demand.enforce and needed
        else None,
        idle=cp.Variable(municipalities, nonneg=True, name="idle")
        if config.weights.idle_points_per_point > 0 and needed
        else None,
    )


def objective(
    inputs: Inputs, config: Config, decisions: Decisions, shortfall: dict[str, cp.Variable]
) -> cp.Expression:
    """Return :data:`OBJECTIVE`, in the weighted mode :data:`WEIGHTED` (points)."""
    w, build, ports = config.weights, decisions.build, decisions.ports
    covered = {
        level: inputs.rows[level].always_weight
        + inputs.rows[level].weight @ decisions.covered[level]
        for level in ("l2", "l3")
    }
    columns, scale = inputs.columns, config.operating.years / CAD_PER_MILLION
    operating = (columns.yearly_cad * scale) @ build + (columns.port_yearly_cad * scale) @ ports
    points = (
        POINTS * (w.l2 * covered["l2"] + w.l3 * covered["l3"])
        - w.cost_points_per_million_cad
        * Budget.net(inputs, build, ports)
        * (CAD_SCALE / CAD_PER_MILLION)
        - w.operating_points_per_million_cad * operating
    )
    if decisions.idle is not None:
        points = points - w.idle_points_per_point * POINTS * cp.sum(decisions.idle)
    if config.objective.mode == "weighted":
        total = cp.sum(cp.hstack(list(shortfall.values())))
        points = points - config.objective.shortfall_points_per_point * POINTS * total
    return points


def active(config: Config) -> tuple[Rule, ...]:
    """Return the optional rules that the scenario has."""
    return tuple(rule for rule in RULES if rule.on(config))


def touched(inputs: Inputs, config: Config) -> NDArray[np.bool_]:
    """Return shape (m,): columns that some constraint of the scenario keeps from dominance."""
    masks = [one.touched(inputs, config) for one in (*BASE, *active(config), *OPTIONS)]
    return np.asarray(np.logical_or.reduce(masks))


def missed(
    inputs: Inputs, config: Config, build: NDArray[np.bool_], ports: NDArray[np.int64]
) -> dict[str, float]:
    """Return what each elastic rule misses under a choice of columns, by rule (shares)."""
    elastic = (rule for rule in active(config) if rule.elastic)
    return {rule.name: rule.missed(inputs, config, build, ports) for rule in elastic}


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
        AreaPower, Overlap, Floor, Redundancy, LocalNeed,
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
        raise KwevError(f"no equation {name!r}", where="kwev.model.formulation", hint=hint)
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
        "objective": (objective,),
        "weight": (demand_points,),
        **ROWS,
    }
    code = "\n\n".join(inspect.getsource(one).rstrip() for one in writers[name])
    names = ", ".join(f"`{one.__name__}`" for one in writers[name])
    modules = " and ".join(sorted({f"`{one.__module__}`" for one in writers[name]}))
    folded = escape.fold("The code that writes it", f"```python\n{code}\n```")
    return Markdown(
        f'::: {{.content-visible when-format="html"}}\n{folded}\n:::\n\n'
        f'::: {{.content-visible when-format="typst"}}\n'
        f"The code that writes it: {names} in {modules}.\n:::\n"
    )
