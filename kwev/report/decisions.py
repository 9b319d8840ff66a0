"""What a council could decide, each tied to its numbers and to what would overturn it.

Every sentence follows from the certified plan and the studies: other numbers give other sentences.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from kwev.display.values import Number, Numbers
from kwev.report import floors, metrics, picks, returns, schedule, sensitivity
from kwev.studies.rows import actions_of
from kwev.units import POINTS
from kwev.vocabulary import LEVEL_NAMES

if TYPE_CHECKING:
    import pandas as pd

    from kwev.config import Config
    from kwev.plan.format import Plan
    from kwev.report.readings import Readings
    from kwev.report.returns import Business
    from kwev.report.scenario import Report
    from kwev.report.timing import Timetable

HALF: Final = 0.5
"""Part of the money from which a level is where it goes."""

KW_PER_MW: Final = 1_000

TELLS_POINTS: Final = 1.0
"""A change of coverage that is less than this is within what plans as good differ by (points)."""

PRICE_TRIED: Final = 1.25
"""Factor on all prices whose worth in budget is told."""


@dataclass(frozen=True)
class Recommendation:
    """One thing to decide.

    Attributes
    ----------
    name
        Short name, unique.
    what
        What to do, a sentence.
    because
        The numbers that speak for it, a sentence.
    unless
        The assumption that would overturn it, with its number, a sentence.
    """

    name: str
    what: str
    because: str
    unless: str


def recommendations(
    readings: Readings, timetable: Timetable, business: Business, floor_prices: pd.DataFrame
) -> list[Recommendation]:
    """Return what the plan and the studies speak for, in the order in which it is decided.

    Parameters
    ----------
    readings
        What the sweeps say.
    timetable
        When the plan is built.
    business
        What it costs to run and earns; it has the published plan and its scenario.
    floor_prices
        As :func:`kwev.report.floors.prices` gives it.
    """
    plan, config = business.plan, business.config
    base, roads = (
        _actions(readings.study(study), name)
        for study, name in (("geography", "da"), ("cases", "network"))
    )
    radii = readings.along("l2-radius", "coverage.l2_radius_m")
    grid = readings.along("grid", "siting.grid_factor")
    return [
        level_first(plan, readings.people, readings.break_even),
        promise(plan, config, radii),
        next_money(plan, readings.steps, readings.worth),
        core_first(picks.summary(readings.picks), readings.plans_counted, base, roads),
        order(timetable),
        ask_utilities(plan, config, grid),
        running(business),
        floor(floor_prices),
    ]


def level_first(plan: Plan, people: float, break_even: pd.DataFrame) -> Recommendation:
    """Say which level the money goes to, and from which price on it would go to Level 3."""
    spent = metrics.per_point(plan)
    l2_cad, total_cad = spent["l2"]["net_cost_cad"], spent["together"]["net_cost_cad"]
    share = l2_cad / total_cad if total_cad > 0 else 0.0
    level, part, other = ("Level 2", share, "l3") if share >= HALF else ("Level 3", 1 - share, "l2")
    own = "l2" if other == "l3" else "l3"
    gained = people * (getattr(plan.coverage, own).after - getattr(plan.coverage, own).before)
    crossings = sensitivity.break_even(break_even[break_even["kind"] == "new_l3"])
    unless = (
        f"{'; '.join(_lower(one, i) for i, one in enumerate(crossings))}."
        if crossings
        else "No price that was tried, from half to twice, makes the plan buy a Level 3 station "
        "where it buys none."
    )
    return Recommendation(
        "level",
        f"Spend the money on {level} first.",
        f"{part:.0%} of the plan's net cost goes there and brings {gained:,.0f} more people within "
        f"reach of it; the target of {_level(other)} is {metrics.verdict(plan, other)}.",
        unless,
    )


def promise(plan: Plan, config: Config, radii: pd.DataFrame) -> Recommendation:
    """Say which share near Level 2 can be promised, and what a longer walk would do to it.

    Parameters
    ----------
    radii
        Rows of the study ``l2-radius`` with the radius (m) in ``value``.
    """
    reached = plan.coverage.l2
    ordered = radii.sort_values("value")
    own = ordered[ordered["value"] == config.coverage.l2_radius_m].iloc[0]
    widest = ordered.iloc[-1]
    met = reached.after >= reached.target
    what = (
        f"Keep the promise of {reached.target:.0%} of people near Level 2."
        if met
        else f"Promise {_floor(reached.after)} of people near Level 2, not {reached.target:.0%}."
    )
    return Recommendation(
        "promise",
        what,
        f"The plan brings Level 2 to {reached.after:.1%} of people, and the target is "
        f"{metrics.verdict(plan, 'l2')}.",
        f"Where people walk {widest['value']:,.0f} m instead of {own['value']:,.0f} m, the same "
        f"money, planned on dissemination areas, reaches {widest['l2']:.0%} instead of "
        f"{own['l2']:.0%}.",
    )


def next_money(plan: Plan, steps: pd.DataFrame, worth: pd.DataFrame) -> Recommendation:
    """Say what more money would buy, and what dearer equipment would take."""
    budget = plan.cost.budget_cad
    row = steps[(steps["budget_cad"] - budget).abs() < 1].iloc[0]
    helps = max(float(row["l2_points"]), float(row["l3_points"])) >= sensitivity.SMALL_POINTS
    what = (
        "More money would still be well spent on coverage."
        if helps
        else "More money would buy no coverage here: do not ask for it."
    )
    because = sensitivity.next_money(steps, budget)
    return Recommendation("more", what, f"{because}.", f"{sensitivity.worth(worth, PRICE_TRIED)}.")


def core_first(
    summary: pd.DataFrame, plans: int, base: frozenset[str], roads: frozenset[str]
) -> Recommendation:
    """Say how many sites hardly any assumption changes, and how many the metric does.

    Parameters
    ----------
    summary
        As :func:`kwev.report.picks.summary` gives it.
    plans
        Plans over which picks are counted.
    base, roads
        Action ids of the base plan on dissemination areas, and of the same along the roads.
    """
    kept = len(base & roads) / len(base) if base else 0.0
    core = int(summary["core"].sum())
    return Recommendation(
        "core",
        f"Begin with the {core} sites that hardly any assumption changes."
        if core
        else "Treat no site as settled before its assumptions are.",
        f"{sensitivity.robust(summary, plans)}.",
        f"Planned along the roads instead of straight lines, {kept:.0%} of the actions stay.",
    )


def order(timetable: Timetable) -> Recommendation:
    """Say what the calendar gains, and which limit matters most to it."""
    return Recommendation(
        "order",
        "Build in the order of the calendar, not level by level.",
        f"{_upper(schedule.against_order(timetable))}.",
        f"{_upper(schedule.what_holds_back(timetable))}.",
    )


def ask_utilities(plan: Plan, config: Config, grid: pd.DataFrame) -> Recommendation:
    """Say which part of the plan hangs on power that no utility has confirmed.

    Parameters
    ----------
    grid
        Rows of the study ``grid`` with the factor on every proxy in ``value``.
    """
    ordered = grid.set_index("value")
    least, own = ordered.loc[grid["value"].min()], ordered.loc[1.0]
    moves = [POINTS * (least[level] - own[level]) for level in ("l2", "l3")]
    fast = sum(action.l3_ports_after > action.l3_ports_before for action in plan.actions)
    added_kw = sum(
        (action.l2_ports_after - action.l2_ports_before) * config.power.l2_kw
        + (action.l3_ports_after - action.l3_ports_before) * config.power.l3_kw
        for action in plan.actions
    )
    about = {0: "", 1: " about the fast-charging site"}.get(fast, f" about the {fast} fast sites")
    halved = f"{grid['value'].min():.0%} of that proxy everywhere"
    moved = f"Level 2 by {moves[0]:+.1f} and of Level 3 by {moves[1]:+.1f} points"
    return Recommendation(
        "utilities",
        f"Ask the utilities{about} before anything is ordered.",
        "What a place can draw is a proxy here, from its kind and surroundings, and the plan adds "
        f"{added_kw / KW_PER_MW:,.1f} MW.",
        f"With {halved}, the same money changes coverage of {moved}."
        if max(abs(move) for move in moves) >= TELLS_POINTS
        else f"Even with {halved}, the same money changes coverage of {moved} only: the plan finds "
        "other places, and only a site without any supply would have to go.",
    )


def running(business: Business) -> Recommendation:
    """Say whether the chargers carry themselves, and what would change that."""
    used = business.supported()
    cash = business.at(used).cash_cad_per_year
    first = business.swings.iloc[0]
    what = (
        "Budget for running the chargers: they do not carry themselves yet."
        if cash < 0
        else "Put the yearly surplus aside for repairs: the chargers carry their running cost."
    )
    assumed = f"At the assumed use of {business.config.demand.utilisation:.0%}"
    at_assumed = returns.pays(business).replace("At these values", assumed, 1)
    verb = "short of its running cost by" if cash < 0 else "left with"
    return Recommendation(
        "running",
        what,
        f"At the use that today's vehicles can fill, {used:.1%} of the hours, the plan is "
        f"{verb} ${abs(cash):,.0f} a year. {at_assumed}",
        f"Most hangs on this assumption: {_lower(str(first['what']), 1)}; from end to end of its "
        f"range the present value moves by ${float(first['swing_cad']) / 1e6:,.1f} million.",
    )


def floor(prices: pd.DataFrame) -> Recommendation:
    """Say what the floor for the townships costs, and how sure that is."""
    told = floors.PRICED
    same = (prices["grouping"] == told.grouping) & (prices["level"] == told.level)
    rows = prices[same & (prices["extra_cad"] == 0)].sort_values("floor")
    row, higher = rows[rows["floor"] == told.floor].iloc[0], rows.iloc[-1]
    price = max(float(row["l2_price"]), float(row["l3_price"]))
    what = (
        "Decide openly whether every municipality gets a floor, since it has a price."
        if round(price, 1) > 0
        else "Ask for a floor in every municipality: it costs next to nothing."
    )
    return Recommendation(
        "floor",
        what,
        f"{_upper(floors.sentence(row))}.",
        f"The price rises with the floor: {floors.sentence(higher)}."
        if float(higher["floor"]) > float(row["floor"])
        else "Only one height was tried; a higher floor costs more.",
    )


def _actions(rows: pd.DataFrame, name: str) -> frozenset[str]:
    """Return the action ids of one plan of a study."""
    (text,) = rows.loc[rows["name"] == name, "actions"]
    return frozenset(action for action, _ in actions_of(str(text)))


def _level(name: str) -> str:
    return LEVEL_NAMES[name]


def _floor(share: float) -> str:
    """Return a share in whole percent, never more than it is."""
    return f"{int(POINTS * share)}%"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]


def _lower(text: str, number: int) -> str:
    return text if number == 0 else text[:1].lower() + text[1:]


# -- What to decide, in sentences that the prose prints.


def of_recommendations(report: Report) -> Numbers:
    """Return each recommendation's sentences: what, ``_because`` and ``_unless``."""
    parts = (("", "what"), ("_because", "because"), ("_unless", "unless"))
    return Numbers(
        [
            Number(f"rec_{one.name}{suffix}", getattr(one, part), "text", "recommendations")
            for one in report.recommendations
            for suffix, part in parts
        ]
    )
