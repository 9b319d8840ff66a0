"""What the schedules say, in sentences that follow from their numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    import pandas as pd

    from kwev.analysis.timing import Timetable

AS_GOOD: Final = 0.005
"""A schedule that gains less than this share below the best one is as good in practice."""

NOTHING: Final = 1e-6
"""A change of the gain smaller than this is none (share)."""

LIMIT_WORDS: Final = {
    "phasing.budget_share_per_period": "{:.0%} of the money",
    "phasing.crews.l2": "{:,.0f} Level 2 jobs",
    "phasing.crews.l3": "{:,.0f} Level 3 jobs",
    "phasing.connected_kw_per_period": "{:,.0f} kW connected",
}
"""A limit of a period in words, with its value."""


def empty_phases(phases: pd.DataFrame) -> str:
    """Say which phases of the specification have nothing to do, and which carries most.

    Parameters
    ----------
    phases
        As from :func:`kwev.analysis.phasing.phases`.
    """
    none = phases[phases["stations"] == 0]
    most = phases.iloc[int(phases["cost_cad"].to_numpy().argmax())]
    total = float(phases["cost_cad"].sum())
    share = float(most["cost_cad"]) / total if total > 0 else 0.0
    last = (
        f"phase {most['phase']} carries {share:.0%} of the money in months "
        f"{most['month_from']} to {most['month_to']}"
    )
    if none.empty:
        return f"Every phase has work to do; {last}."
    idle = [f"months {row['month_from']} to {row['month_to']}" for _, row in none.iterrows()]
    words = " and ".join(idle)
    how_many = "One of its phases has" if len(none) == 1 else f"{len(none)} of its phases have"
    return f"{how_many} nothing to do: {words} would pass without works, and {last}."


def proof(timetable: Timetable) -> str:
    """Say how much better another schedule could be, by the solver's bound."""
    if timetable.gap < NOTHING:
        return "The solver's bound leaves no room for a better one"
    return (
        "By the solver's bound no other gains more than "
        f"{timetable.gap:.2%} beyond what this one gains"
    )


def in_short(timetable: Timetable) -> str:
    """Say what the best schedule gathers beyond the specification's months."""
    best, written = timetable.gain("best"), timetable.gain("written")
    people = (best.l2 + best.l3) - (written.l2 + written.l3)
    if people <= 0:
        return "No order within the assumed limits serves more people sooner than these months"
    return (
        f"In the best order, begun in the first month, the same works give {people:,.0f} more "
        f"person-months within reach of a charger in the first {timetable.months} months"
    )


def against_order(timetable: Timetable) -> str:
    """Say what the best schedule gathers beyond the specification's order."""
    return _more(timetable, "order", "the specification's order within the same limits")


def inside_phases(timetable: Timetable) -> str:
    """Say how much of it is the order of the phases, and how much the order inside them."""
    best, phased = timetable.gain("best").points, timetable.gain("phased").points
    missing = (best - phased) / best if best > 0 else 0.0
    start = (
        "The specification does not say what comes first within a phase, and the plan's own list "
        "stands in for it; with most gain first in each phase, its order"
    )
    if missing < NOTHING:
        return f"{start} is as good as the best, so that all the difference lies there"
    if missing < AS_GOOD:
        return (
            f"{start} comes within {missing:.2%} of the best schedule, so that nearly all the "
            "difference lies inside the phases"
        )
    return f"{start} gains {missing:.1%} less than the best schedule"


def against_greedy(timetable: Timetable) -> str:
    """Say whether a simple list does as well as the best schedule."""
    best, other = timetable.gain("best").points, timetable.gain("greedy").points
    missing = (best - other) / best if best > 0 else 0.0
    if missing < NOTHING:
        return "A simple list, most gain for the money first, is just as good here"
    if missing < AS_GOOD:
        return (
            "A simple list, most gain for the money first, comes within "
            f"{missing:.2%} of it, so no solver is needed to follow it"
        )
    return _more(timetable, "greedy", "a simple list, most gain for the money first")


def _more(timetable: Timetable, name: str, words: str) -> str:
    best, other = timetable.gain("best"), timetable.gain(name)  # type: ignore[arg-type]
    more = (best.points - other.points) / other.points if other.points > 0 else 0.0
    people = (best.l2 - other.l2) + (best.l3 - other.l3)
    if best.points - other.points <= NOTHING * abs(best.points):
        return f"The best schedule gains no more than {words}"
    word = "more" if people >= 0 else "fewer"
    return (
        f"The best schedule gains {more:.0%} more weighted coverage over the months than {words}: "
        f"{abs(people):,.0f} {word} person-months within reach of a charger"
    )


def what_written_asks(timetable: Timetable) -> str:
    """Say whether the specification's months keep the limits, and what they ask for."""
    table = timetable.compared().set_index("schedule")
    written, best = table.loc["written"], table.loc["best"]
    if written["keeps"]:
        return "The specification's months keep every limit"
    return (
        f"Kept to the letter, the specification's months ask for {written['most_jobs']:,} jobs "
        f"in one period where the best schedule asks for {best['most_jobs']:,}, and for "
        f"${written['most_cad']:,.0f} in one period instead of ${best['most_cad']:,.0f}"
    )


def what_holds_back(timetable: Timetable) -> str:
    """Say which limit, made narrower or wider within its range, changes the gain most."""
    now = timetable.gain("best").points
    swings = timetable.swings()
    swings = swings[swings["key"].isin(LIMIT_WORDS)]
    known = swings[swings["best"].notna()]
    if known.empty or now <= 0:
        return "No limit was varied"
    low, high = (known[known["end"] == end] for end in ("low", "high"))
    parts = []
    if len(low) and (now - low["best"].min()) / now > NOTHING:
        worst = low.iloc[int(low["best"].to_numpy().argmin())]
        lost = (now - float(worst["best"])) / now
        parts.append(f"with only {_limit(worst)}, {lost:.0%} of what is gained would be lost")
    if len(high) and (high["best"].max() - now) / now > NOTHING:
        most = high.iloc[int(high["best"].to_numpy().argmax())]
        more = (float(most["best"]) - now) / now
        parts.append(f"with {_limit(most)}, {more:.1%} more would be gained")
    if not parts:
        return "Within their ranges no limit changes what is gained"
    text = "; ".join(parts)
    return text[0].upper() + text[1:]


def _limit(swing: pd.Series[Any]) -> str:
    """Return the value of a varied limit in words."""
    return f"{LIMIT_WORDS[str(swing['key'])].format(float(swing['value']))} a period"


def who_waits(calendar: pd.DataFrame) -> str:
    """Say which municipalities see the first works, and which wait longest for theirs.

    Parameters
    ----------
    calendar
        As from :meth:`kwev.analysis.timing.Timetable.calendar`.
    """
    first = calendar.groupby("municipality")["month_from"].min()
    soon, late = int(first.min()), int(first.max())
    if soon == late:
        return f"Works begin in every municipality in month {soon}"
    places = sorted(str(town) for town in first.index[first == late])
    return (
        f"Works begin in month {soon} where most people can be served soonest, and not before "
        f"month {late} in {_joined(places)}"
    )


def _joined(names: list[str]) -> str:
    head = ", ".join(names[:-1])
    return f"{head} and {names[-1]}" if head else names[-1]


def halfway(timetable: Timetable, name: str) -> int | None:
    """Return the month by whose end a schedule has half of all people that it adds at Level 2."""
    moments = timetable.moments[name]  # type: ignore[index]
    half = (moments[0].l2 + moments[-1].l2) / 2
    if moments[-1].l2 <= moments[0].l2:
        return None
    return next(m.month for m in moments if m.l2 >= half)
