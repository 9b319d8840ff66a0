"""Break-even prices: where a price ends a purchase, and what a price is worth in budget."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.certify import ActionKey, Evaluation
from kwev.config import parse
from kwev.errors import KwevError
from kwev.files import read_json
from kwev.report import picks as report_picks
from kwev.report import registry, sweeps
from kwev.report.phases import PHASES, phase_of
from kwev.report.sweeps import HARD
from kwev.studies.rows import actions_of
from kwev.units import HOURS_PER_YEAR, POINTS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kwev.data.tables import Tables
    from kwev.plan.format import Plan
    from kwev.project import Project
    from kwev.studies.study import Point

KINDS: Final = ("upgrade", "new_l3", "new_l2")
"""Purchases that are asked for: a few ports added here and there come and go within the gap."""

ALL: Final = "all"
"""All four prices together."""

COLUMNS: Final = ("price", "kind", "buys_at_cad", "not_at_cad", "buys_at", "not_at")
WORTH_COLUMNS: Final = (
    "price", "factor", "l2", "l3", "shortfall_points", "budget_from_cad", "budget_to_cad",
)  # fmt: skip


def ladders(points: Iterable[Point], rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of the study ``prices`` with ``price``, ``factor`` and ``price_cad``.

    ``price`` is a key of ``costs`` or ``all``; ``price_cad`` is NaN for ``all``.
    """
    facts = []
    for point in points:
        name, factor = point.name.rsplit("-", 1)
        costs = point.case.config.costs
        price = ALL if name == ALL else f"{name}_cad"
        facts.append((price, float(factor), float("nan") if name == ALL else getattr(costs, price)))
    table = pd.DataFrame(facts, columns=["price", "factor", "price_cad"])
    return pd.concat([table, rows.reset_index(drop=True)], axis=1)


def break_even(ladder: pd.DataFrame) -> pd.DataFrame:
    """Return the two tested prices between which a kind of action comes into the plan or leaves it.

    Each price is a plan solved again with the other prices as they are; the break-even price itself
    lies between the two.

    Parameters
    ----------
    ladder
        As :func:`ladders` gives it.

    Returns
    -------
    pandas.DataFrame
        One row a price and kind that begins or ends once along the prices: ``price``, ``kind``,
        ``buys_at_cad`` and ``not_at_cad`` (CAD; NaN for
        all prices together), ``buys_at`` and ``not_at`` (factors on the base price). Empty where
        no tested price makes such a difference.
    """
    found = []
    for price, steps in ladder.groupby("price", sort=False):
        ordered = [dict(row) for row in steps.sort_values("factor").to_dict("records")]
        for kind in KINDS:
            crossings = [
                (one, other)
                for one, other in pairwise(ordered)
                if (one[kind] > 0) != (other[kind] > 0)
            ]
            if len(crossings) == 1:
                for one, other in crossings:
                    buys, stops = (one, other) if one[kind] > 0 else (other, one)
                    found.append(
                        (price, kind, buys["price_cad"], stops["price_cad"], buys["factor"],
                         stops["factor"])
                    )  # fmt: skip
    return pd.DataFrame(found, columns=list(COLUMNS))


def worth(ladder: pd.DataFrame, budgets: pd.DataFrame) -> pd.DataFrame:
    """Return which budgets at base prices miss as much of the targets as each price does.

    Parameters
    ----------
    budgets
        Rows of the study ``budget``.

    Returns
    -------
    pandas.DataFrame
        One row a price and factor: coverage on the cells, ``shortfall_points`` on the model's
        points, and the two solved budgets ``budget_from_cad`` and ``budget_to_cad`` between whose
        shortfalls it lies (CAD; NaN beyond either end); where several budgets miss just as much,
        ``from`` is the largest of them and ``to`` the smallest.
    """
    ordered = budgets.sort_values("budget_cad")
    scale = list(zip(ordered["budget_cad"], ordered["shortfall_points"], strict=True))
    found = []
    for row in ladder.to_dict("records"):
        missing = row["shortfall_points"]
        below = [cad for cad, short in scale if short >= missing - TIE_POINTS]
        above = [cad for cad, short in scale if short <= missing + TIE_POINTS]
        found.append(
            (row["price"], row["factor"], row["l2"], row["l3"], missing,
             max(below, default=float("nan")), min(above, default=float("nan")))
        )  # fmt: skip
    return pd.DataFrame(found, columns=list(WORTH_COLUMNS))


TIE_POINTS: Final = 1e-3
"""Shortfalls that differ by less are the same: the second stage may miss so much more."""


def base_costs(points: Iterable[Point]) -> Mapping[str, float]:
    """Return the base price of each part (CAD), read from the points at factor 1."""
    found: dict[str, Any] = {}
    for point in points:
        name, factor = point.name.rsplit("-", 1)
        if name != ALL and float(factor) == 1.0:
            found[f"{name}_cad"] = getattr(point.case.config.costs, f"{name}_cad")
    return found


# -- What the next money buys, shown by solving again: never read off a multiplier.

MONEY_TOL = 0.5
"""Two budgets are a step apart within half a dollar."""

MARGINAL_COLUMNS = (
    "budget_cad", "step_cad", "spent_cad", "l2_points", "l3_points", "l2_people", "l3_people",
    "shortfall_points", "objective_points",
)  # fmt: skip


def steps(rows: pd.DataFrame, step_cad: float, people: float) -> pd.DataFrame:
    """Return what a step of money buys from each budget that was solved with and without it.

    Parameters
    ----------
    rows
        Rows of the study ``next-100k``.
    step_cad
        The step (CAD).
    people
        People of the Region.

    Returns
    -------
    pandas.DataFrame
        One row a budget, rising: ``budget_cad``, ``step_cad``, ``spent_cad`` (how much more the
        plan with the step costs), gains in ``l2_points`` and ``l3_points`` and as ``l2_people``
        and ``l3_people`` (on the cells; negative where fewer), ``shortfall_points`` (how much less
        is missing on the model's points) and ``objective_points``.

    Raises
    ------
    KwevError
        If no two budgets are a step apart.
    """
    found = [
        _step(one, other, step_cad, people)
        for one in _records(rows)
        for other in _records(rows)
        if abs(other["budget_cad"] - one["budget_cad"] - step_cad) < MONEY_TOL
    ]
    if not found:
        raise KwevError(f"no two budgets are {step_cad:,.0f} CAD apart", where="next-100k")
    return pd.DataFrame(found, columns=list(MARGINAL_COLUMNS)).sort_values(
        "budget_cad", ignore_index=True
    )


def _step(
    one: dict[str, Any], other: dict[str, Any], step_cad: float, people: float
) -> dict[str, float]:
    l2, l3 = (other[level] - one[level] for level in ("l2", "l3"))
    return {
        "budget_cad": one["budget_cad"],
        "step_cad": step_cad,
        "spent_cad": other["net_cad"] - one["net_cad"],
        "l2_points": POINTS * l2,
        "l3_points": POINTS * l3,
        "l2_people": people * l2,
        "l3_people": people * l3,
        "shortfall_points": one["shortfall_points"] - other["shortfall_points"],
        "objective_points": other["objective"] - one["objective"],
    }


def _records(rows: pd.DataFrame) -> Iterable[dict[str, Any]]:
    return [{str(key): value for key, value in row.items()} for row in rows.to_dict("records")]


# -- The grid of targets: which pairs can be met, where, and what they would cost at least.

NOTHING_POINTS: Final = 1e-3
"""Less missing than this is nothing missing: the second stage may miss so much."""

VERDICTS: Final = {
    "met": "met on the cells",
    "model": "met on the model's points, not on the cells",
    "budget": "out of reach of the budget, proven",
    "money": "out of reach of any money, proven",
    "open": "not met, not proven out of reach",
}
"""What is known of a pair of targets, in words."""

TARGETGRID_COLUMNS: Final = (
    "l2_target", "l3_target", "verdict", "words", "least_budget_cad", "shortfall_points", "l2",
    "l3", "l2_model", "l3_model",
)  # fmt: skip


def grid(points: list[Point], rows: pd.DataFrame) -> pd.DataFrame:
    """Return what is known of each pair of targets.

    On the model's demand points a pair is out of reach of the budget where multipliers show, in
    whole numbers, that some shortfall is left in every plan, and of any money where a target is
    above what every candidate built together reaches. What is met there may be missed on the
    cells, where it counts.

    Parameters
    ----------
    points, rows
        Points of the study ``targets`` and its rows, in the same order.

    Returns
    -------
    pandas.DataFrame
        ``l2_target``, ``l3_target``, ``verdict`` (a key of :data:`VERDICTS`), ``words``,
        ``least_budget_cad`` (NaN where none is known), ``shortfall_points`` and the coverage.
    """
    found = []
    for point, row in zip(points, rows.to_dict("records"), strict=True):
        targets = point.case.config.targets
        verdict = _verdict(targets.l2, targets.l3, {str(k): v for k, v in row.items()})
        measured = [row[name] for name in TARGETGRID_COLUMNS[4:]]
        found.append((targets.l2, targets.l3, verdict, VERDICTS[verdict], *measured))
    return pd.DataFrame(found, columns=list(TARGETGRID_COLUMNS))


def _verdict(l2: float, l3: float, row: dict[str, Any]) -> str:
    if row["l2_status"] == "met" and row["l3_status"] == "met":
        return "met"
    if row["shortfall_points"] <= NOTHING_POINTS:
        return "model"
    if row["l2_ceiling"] < l2 or row["l3_ceiling"] < l3:
        return "money"
    checked = row["shortfall_checked_points"]
    return "budget" if pd.notna(checked) and checked > NOTHING_POINTS else "open"


def cross(frame: pd.DataFrame) -> pd.DataFrame:
    """Return the grid with a row for each Level 2 target and a column for each Level 3 target.

    A cell says the verdict, and the least budget where one is known.
    """
    told = frame.assign(
        cell=[
            _cell(verdict, words, least)
            for verdict, words, least in zip(
                frame["verdict"], frame["words"], frame["least_budget_cad"], strict=True
            )
        ]
    )
    table = told.pivot_table(index="l2_target", columns="l3_target", values="cell", aggfunc="first")
    table.columns = [f"l3_{share:g}" for share in table.columns]
    return table.reset_index()


def _cell(verdict: str, words: str, least_cad: float) -> str:
    known = pd.notna(least_cad) and verdict in ("model", "budget", "met")
    return f"{words}; from ${least_cad / 1e6:.2f} million" if known else words


# -- Which assumption moves a result most: the two ends of each range, widest first.

TORNADO_COLUMNS = ("key", "what", "low", "high", "low_value", "high_value", "span")


def tornado(changes: pd.DataFrame, measure: str, names: Mapping[str, str]) -> pd.DataFrame:
    """Return the change at both ends of each assumption, widest span first.

    Parameters
    ----------
    changes
        As :func:`kwev.report.sweeps.one_at_a_time` gives it.
    measure
        ``l2``, ``l3`` or ``ev_owners`` (points) or ``net_cad`` (CAD).
    names
        Words for each key.

    Returns
    -------
    pandas.DataFrame
        ``key``, ``what``, ``low`` and ``high`` (change at that end; 0 where the end is the value
        already), ``low_value`` and ``high_value`` (of the assumption; None for a group or where
        the end is the value already) and ``span``, from the lowest to the highest of the changes
        and 0.
    """
    found = []
    for key, ends in changes.groupby("key", sort=False):
        at: dict[str, Any] = {str(r["end"]): r for r in ends.to_dict("records")}
        low, high = (float(at[end][measure]) if end in at else 0.0 for end in ("low", "high"))
        values = [at[end]["value"] if end in at else None for end in ("low", "high")]
        span = max(low, high, 0.0) - min(low, high, 0.0)
        found.append((str(key), names.get(str(key), str(key)), low, high, *values, span))
    table = pd.DataFrame(found, columns=list(TORNADO_COLUMNS))
    return table.sort_values(["span", "key"], ascending=[False, True], ignore_index=True)


def noise(rows: pd.DataFrame, measure: str) -> float:
    """Return how far plans that the model takes for equal lie apart on the cells (share).

    Parameters
    ----------
    rows
        Rows of plans of one scenario and geography with a few choices changed.
    measure
        ``l2`` or ``l3``: the widest span of it among rows whose coverage of both levels on the
        model's points and whose shortfall are the same.
    """
    same = ["l2_model", "l3_model", "shortfall_points"]
    spans = rows.groupby([rows[name].round(9) for name in same])[measure].agg(["min", "max"])
    return float((spans["max"] - spans["min"]).max())


# -- Slack, right-hand side and use of each limit, with one sign convention.

RELATIVE_TOL: Final = 1e-6
"""Part of the right-hand side within which a limit is used to the full."""

SLACK_COLUMNS: Final = ("name", "sense", "used", "rhs", "unit", "slack", "utilisation", "state")


def record(tables: Tables, plan: Plan) -> pd.DataFrame:
    """Return one row a limit or requirement of a plan.

    Returns
    -------
    pandas.DataFrame
        ``name``, ``sense`` (``at most`` or ``at least``), ``used`` and ``rhs`` (in ``unit``),
        ``slack``, ``utilisation`` (share; NaN where the right-hand side is 0) and ``state``
        (``room left``, ``at the limit``, ``missed``). Of limits that hold place by place, the
        place with least room stands for all.
    """
    config = parse(plan.config, where="plan")
    evaluation = Evaluation(tables, config, plan.geography)
    cover = plan.coverage
    found = [
        _row("Budget", "at most", plan.cost.net_cad, plan.cost.budget_cad, "CAD"),
        *(
            _row(name, "at least", POINTS * reached.after, POINTS * reached.target, "points")
            for name, reached in (
                ("People near Level 2, on the cells", cover.l2),
                ("People near Level 3, on the cells", cover.l3),
                ("EVs near either level, on the cells", cover.ev_owners),
            )
        ),
        *_energy(tables, plan, evaluation),
        *_places(plan, config.ports.max_new_l2, config.ports.max_new_l3),
    ]
    return pd.DataFrame(found, columns=list(SLACK_COLUMNS))


Row = tuple[str, str, float, float, str, float, float, str]


def _row(name: str, sense: str, used: float, rhs: float, unit: str) -> Row:
    slack = rhs - used if sense == "at most" else used - rhs
    near = RELATIVE_TOL * max(1.0, abs(rhs))
    state = "at the limit" if abs(slack) <= near else "room left" if slack > 0 else "missed"
    return name, sense, used, rhs, unit, slack, used / rhs if rhs else float("nan"), state


def _energy(tables: Tables, plan: Plan, evaluation: Evaluation) -> list[Row]:
    """Return, by municipality, the energy that ports can give against what EVs need (MWh)."""
    need = evaluation.need_kwh
    names = dict(
        zip(tables.municipalities["municipality_id"], tables.municipalities["name"], strict=True)
    )
    kw = dict.fromkeys(need, 0.0)
    for station in evaluation.counted():
        if station["municipality_id"] in kw:
            kw[station["municipality_id"]] += evaluation.standing_kw(station)
    for action in plan.actions:
        place = ActionKey(action.kind, action.place_id)
        area = evaluation.row(place)["municipality_id"]
        if area in kw:
            kw[area] += evaluation.effect(place, action.ports_added).kw
    per_kw = HOURS_PER_YEAR * evaluation.config.demand.utilisation / 1000
    return [
        _row(
            f"Energy from public ports, {names[area]}",
            "at least",
            per_kw * kw[area],
            need[area] / 1000,
            "MWh a year",
        )
        for area in sorted(need)
    ]


def _places(plan: Plan, most_l2: int, most_l3: int) -> list[Row]:
    rows = []
    sited = [a for a in plan.actions if a.grid_kw > 0]
    if sited:
        tight = min(sited, key=lambda a: (a.grid_kw - a.kw_after, a.id))
        name = "Power of the place with least room, proxy"
        rows.append(_row(name, "at most", tight.kw_after, tight.grid_kw, "kW"))
    for level, most, kinds in (
        ("Level 2", most_l2, ("new_l2", "add_l2")),
        ("Level 3", most_l3, ("new_l3", "upgrade", "add_l3")),
    ):
        added = [a.ports_added for a in plan.actions if a.kind in kinds]
        if added:
            name = f"{level} ports added at one place, the most"
            rows.append(_row(name, "at most", float(max(added)), float(most), "ports"))
    return rows


# -- Whether a sweep is monotone as settled: shortfall never rises, then the objective never falls.

HOLD_POINTS = 1e-3
"""The second stage may miss a target by so much more than the first (points, all targets)."""


def breaks(rows: pd.DataFrame, along: str, mip_gap: float) -> list[str]:
    """Return where a sweep is not monotone, a line each; empty where it is.

    From each row to the next along ``along``, the total shortfall may rise by no more than both
    searches may have left, and at equal shortfall the objective may fall by no more than the two
    absolute gaps together. What is measured on the cells may dip: the model does not see it.

    Parameters
    ----------
    rows
        Rows of a study, with what is swept in a column.
    along
        That column; more of it leaves every plan possible.
    mip_gap
        Gap at which the search for the least shortfall stops (share).
    """
    ordered = [dict(row) for row in rows.sort_values(along).to_dict("records")]
    found = []
    for one, other in pairwise(ordered):
        step = f"{along} from {one[along]:g} to {other[along]:g}"
        left = HOLD_POINTS + mip_gap * (one["shortfall_points"] + other["shortfall_points"])
        rise = other["shortfall_points"] - one["shortfall_points"]
        if rise > left:
            found.append(f"{step}: shortfall rises by {rise:.4f} points, allowed {left:.4f}")
        elif rise > -left:
            allowed = _gap_points(one) + _gap_points(other)
            fall = one["objective"] - other["objective"]
            if fall > allowed:
                found.append(f"{step}: objective falls by {fall:.4f} points, allowed {allowed:.4f}")
    return found


def dips(rows: pd.DataFrame, along: str, value: str) -> list[tuple[float, float, float]]:
    """Return where a value falls along a sweep: from where, to where, and by how much."""
    ordered = rows.sort_values(along)
    pairs = list(zip(ordered[along].tolist(), ordered[value].tolist(), strict=True))
    return [(a, b, x - y) for (a, x), (b, y) in pairwise(pairs) if y < x]


def _gap_points(row: dict[Any, Any]) -> float:
    return abs(float(row["gap"]) * float(row["objective"])) + 1e-9


# -- The sweeps as the chapter reads them: each table computed once, from committed rows.


@dataclass(frozen=True, eq=False)
class Readings:
    """What the sweeps say, in tables; each is described where it is computed.

    Attributes
    ----------
    project, tables
        The checkout and its processed data.
    published
        The plan that the book publishes.
    changes
        As :func:`kwev.report.sweeps.one_at_a_time` gives it.
    """

    project: Project
    tables: Tables
    published: Plan
    changes: pd.DataFrame

    def study(self, name: str) -> pd.DataFrame:
        """Return the committed rows of a study, read once."""
        if name not in self._read:
            self._read[name] = registry.results(self.project, name)
        return self._read[name]

    @cached_property
    def _read(self) -> dict[str, pd.DataFrame]:
        return {}

    @property
    def people(self) -> float:
        """People of the Region."""
        return float(self.tables.cells["population"].sum())

    @cached_property
    def steps(self) -> pd.DataFrame:
        """:func:`kwev.report.readings.steps`."""
        return steps(self.study("next-100k"), sweeps.STEP_CAD, self.people)

    def along(self, name: str, key: str) -> pd.DataFrame:
        """Return the rows of a study with the value of a dotted key in the column ``value``."""
        points = registry.points(self.project, name)
        return self.study(name).assign(value=[_value(point, key) for point in points])

    @cached_property
    def target_grid(self) -> pd.DataFrame:
        """:func:`kwev.report.readings.grid`."""
        points = registry.points(self.project, "targets")
        return grid(points, self.study("targets"))

    @cached_property
    def prices(self) -> pd.DataFrame:
        """:func:`kwev.report.readings.ladders`."""
        return ladders(registry.points(self.project, "prices"), self.study("prices"))

    @cached_property
    def break_even(self) -> pd.DataFrame:
        """:func:`kwev.report.readings.break_even`."""
        return break_even(self.prices)

    @cached_property
    def worth(self) -> pd.DataFrame:
        """:func:`kwev.report.readings.worth`."""
        return worth(self.prices, self.study("budget"))

    @cached_property
    def slack(self) -> pd.DataFrame:
        """:func:`kwev.report.readings.record`."""
        return record(self.tables, self.published)

    @cached_property
    def picks(self) -> pd.DataFrame:
        """:func:`kwev.report.picks.picks`."""
        base = self.study("geography")
        return report_picks.picks(
            (self.study(name) for name in report_picks.STUDIES),
            base[base["name"] == sweeps.GEOGRAPHY],
            self.published,
            self.tables,
        )

    @cached_property
    def plans_counted(self) -> int:
        """Different plans over which picks are counted."""
        keys = {key for name in report_picks.STUDIES for key in self.study(name)["key"]}
        return len(keys)

    def tornado(self, measure: str) -> pd.DataFrame:
        """Return :func:`kwev.report.readings.tornado` of a measure, in the ledger's words."""
        ledger = read_json(self.project.root / "data" / "assumptions.json")
        names = {
            entry["key"]: entry["what"] + (", on tracts" if entry["key"] in HARD else "")
            for entry in ledger
        }
        groups = {
            e["group"]: f"{e['group'].capitalize()} costs, all" for e in ledger if "group" in e
        }
        return tornado(self.changes, measure, {**groups, **names})

    @cached_property
    def on_cells(self) -> pd.DataFrame:
        """Five budgets planned on the cells beside the same planned on dissemination areas.

        Rows of the study ``cells`` with ``l2_da`` and ``l3_da`` (shares on the cells of the plan
        made on areas) and ``shared`` (part of the actions on the areas that both plans take).
        """
        other = self.study("budget").set_index("budget_cad")
        rows = []
        for row in self.study("cells").to_dict("records"):
            if row["budget_cad"] not in other.index:
                continue
            coarse = other.loc[row["budget_cad"]]
            mine, theirs = (
                {action for action, _ in actions_of(str(text))}
                for text in (row["actions"], coarse["actions"])
            )
            shared = len(mine & theirs) / len(theirs) if theirs else float("nan")
            rows.append({**row, "l2_da": coarse["l2"], "l3_da": coarse["l3"], "shared": shared})
        return pd.DataFrame(rows)

    @cached_property
    def phases_by_budget(self) -> pd.DataFrame:
        """Net cost and actions of each phase, by budget.

        Columns: ``budget_cad``, and for each phase its ``phase<n>_actions`` and ``phase<n>_cad``
        (net of resale), worked out from the rows' actions by the certificate's code.
        """
        points = registry.points(self.project, "budget")
        rows = zip(points, self.study("budget").to_dict("records"), strict=True)
        return pd.DataFrame([_phased(self.tables, point, dict(row)) for point, row in rows])


def _value(point: Point, key: str) -> Any:
    node: Any = point.case.config.as_dict()
    for part in key.split("."):
        node = node[part]
    return node


def _phased(tables: Tables, point: Point, row: dict[Any, Any]) -> dict[str, float]:
    evaluation = Evaluation(tables, point.case.config, point.case.geography)
    found: dict[str, float] = {"budget_cad": float(row["budget_cad"])}
    for phase in PHASES:
        found[f"phase{phase.number}_actions"] = 0
        found[f"phase{phase.number}_cad"] = 0.0
    for action, ports in actions_of(str(row["actions"])):
        place = ActionKey.from_id(action)
        if place is None:
            continue
        number, effect = phase_of(place.kind).number, evaluation.effect(place, ports)
        found[f"phase{number}_actions"] += 1
        found[f"phase{number}_cad"] += effect.purchase_cad - effect.resale_cad
    return found
