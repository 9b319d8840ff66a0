"""Numbers of who is served, and of the price of a floor."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kwev.display import origins
from kwev.display.figure import Origin
from kwev.display.table import Column, Table, table
from kwev.display.values import Number, Numbers
from kwev.errors import KwevError
from kwev.report import accessibility, effects, floors
from kwev.report.effects import NAMES
from kwev.units import POINTS
from kwev.vocabulary import LEVEL_NAMES

if TYPE_CHECKING:
    import pandas as pd

    from kwev.display.figure import Figure
    from kwev.report.scenario import Report

FLOORS: Final = "study equity"
"""How the origin of a number from the study begins."""

TOLD: Final = {
    "floor_towns_l3": floors.PRICED,
    "floor_towns_l3_high": floors.Ask("municipality", "l3", 0.85),
    "floor_towns_l2": floors.Ask("municipality", "l2", 0.5),
    "floor_fifth_l3": floors.Ask("quintile", "l3", 0.9),
    "floor_renters_l3": floors.Ask("renters", "l3", 0.97),
}
"""Floors whose sentence the text prints, by the number's name."""


def of_equity(report: Report) -> Numbers:
    """Return the numbers of the sections on who is served and on the price of a floor."""
    return Numbers([*_served(report), *_access(report), *_floors(report)])


def _served(report: Report) -> list[Number]:
    groups, homes = report.findings.groups, report.findings.households
    towns = groups[groups["group"] == effects.MUNICIPALITIES]
    towns = towns[towns["name"] != effects.REGION]
    fifths = groups[groups["group"] == effects.FIFTHS]
    of_fifth = dict(zip(fifths["name"], fifths["l2_after"], strict=True))
    names = list(effects.FIFTH_NAMES.values())
    origin, by_home = "plan.coverage: beneficiaries.by_group", "plan.coverage: households"
    found = [
        Number(
            "served_deprived_words",
            deprived_words(float(of_fifth[names[-1]]), float(of_fifth[names[0]])),
            "text",
            origin,
        ),
        *_town_and_country(report, towns),
        Number("served_fifth_least", float(of_fifth[names[0]]), "share", origin),
        Number("served_fifth_most", float(of_fifth[names[-1]]), "share", origin),
        Number(
            "low_income_limit", effects.low_income_limit_cad(report.tables), "CAD",
            "da_profiles.median_income_cad",
        ),
    ]  # fmt: skip
    for level in ("l2", "l3"):
        least = towns.sort_values([f"{level}_after", "name"]).iloc[0]
        found += [
            Number(f"served_least_{level}_who", str(least["name"]), "text", origin),
            Number(f"served_least_{level}", float(least[f"{level}_after"]), "share", origin),
        ]
    for kind, (name, other) in effects.NAMES.items():
        at = homes.set_index("name")["l2_after"]
        found += [
            Number(f"served_{kind}_l2", float(at[name]), "share", by_home),
            Number(f"served_not_{kind}_l2", float(at[other]), "share", by_home),
        ]
    return found


def _town_and_country(report: Report, towns: pd.DataFrame) -> list[Number]:
    """Return the share near Level 2 in the cities and in the townships, each taken together."""
    kind = report.tables.municipalities.set_index("name")["kind"]
    found = []
    for name, key in (("cities", "city"), ("townships", "township")):
        part = towns[towns["name"].map(kind) == key]
        share = float((part["l2_after"] * part["total"]).sum() / part["total"].sum())
        origin = "plan.coverage: beneficiaries.by_group"
        found.append(Number(f"served_{name}_l2", share, "share", origin))
    return found


def _access(report: Report) -> list[Number]:
    table = report.findings.access
    rows = {
        (row["level"], row["when"]): row
        for row in table[table["zones"] == "plain"].to_dict("records")
    }
    origin = "catchment.summary"
    found = []
    for level in ("l2", "l3"):
        for when in ("before", "after"):
            row = rows[level, when]
            found += [
                Number(f"access_{level}_{when}", float(row["mean"]), "ratio", origin),
                Number(f"gini_{level}_{when}", float(row["gini"]), "ratio", origin),
            ]
    ends = ("before", "after")
    by_income = [float(rows["l2", when]["by_income"]) for when in ends]
    return [
        *found,
        Number("access_income_words", income_sentence(*by_income), "text", origin),
        Number(
            "gini_words",
            gini_words(*(float(rows["l2", when]["gini"]) for when in ends)),
            "text",
            origin,
        ),
    ]


EVEN: Final = 0.02
"""A concentration index or a change of Gini smaller than this is called none."""


def income_words(index: float) -> str:
    """Return a concentration index by income in words."""
    if abs(index) < EVEN:
        return "areas of all incomes have as many"
    return f"areas of {'lower' if index < 0 else 'higher'} income have more"


def income_sentence(before: float, after: float) -> str:
    """Return where the ports are by income, before and after a plan, without its full stop."""
    today, then = income_words(before), income_words(after)
    if today == then:
        return f"For each person {then}, today and with the plan"
    return f"For each person {today} today, and with the plan {then}"


def deprived_words(most: float, least: float) -> str:
    """Return how the most deprived fifth fares against the least deprived, in words."""
    if abs(most - least) < EVEN:
        return "Deprived places are served as others are"
    return f"Deprived places are {'not left behind' if most > least else 'behind'}"


def gini_words(before: float, after: float) -> str:
    """Return what a plan does to inequality, in words."""
    if abs(after - before) < EVEN:
        return "as uneven as before"
    return f"{'less' if after < before else 'more'} uneven than before"


def _floors(report: Report) -> list[Number]:
    table = report.floor_prices
    plans = report.study(floors.STUDY)
    l2_base = float(plans.loc[plans["name"] == floors.BASE, "l2"].iloc[0])
    rows = {name: _row(table, ask) for name, ask in TOLD.items()}
    priced = rows["floor_towns_l3"]
    back = floors.dollars_back(table, l2_base)
    towns_l2 = rows["floor_towns_l2"]
    sentences = [
        Number(f"{name}_sentence", _sentence(row), "text", FLOORS) for name, row in rows.items()
    ]
    return [
        *sentences,
        Number("floor_plans", len(table), "count", FLOORS),
        Number("floor_towns_people", float(priced["people"]), "people", "cells.population"),
        Number("floor_towns_l3_most", float(priced["most"]), "share", "cells and sites"),
        Number("floor_towns_l2_most", float(towns_l2["most"]), "share", "cells and sites"),
        Number("floor_dollars_back", dollars_words(back), "text", FLOORS),
        Number("floor_cheap_words", cheap_words(table), "text", FLOORS),
    ]


def _row(table: pd.DataFrame, ask: floors.Ask) -> pd.Series:
    found = table[table["name"] == ask.name]
    if len(found) != 1:
        raise KwevError(f"no plan named {ask.name!r}", where=f"study {floors.STUDY}")
    return found.iloc[0]


def _sentence(row: pd.Series) -> str:
    text = floors.sentence(row)
    return text[0].upper() + text[1:]


DOLLAR_DIGITS: Final = 4
"""Digits of money that are left out: it is read between two plans in a straight line."""


def dollars_words(back: float | None) -> str:
    """Return what it takes to keep Level 2 as it was beside the floor, in words."""
    if back is None:
        most = max(floors.EXTRA_CAD)
        return f"not even ${most:,.0f} more would keep Level 2 where it is without the floor"
    if back <= 0:
        return "Level 2 is no lower than without the floor"
    about = round(back, -DOLLAR_DIGITS)
    return f"about ${about:,.0f} more would keep Level 2 where it is without the floor"


CHEAP_POINTS: Final = 0.5
"""Points of the Region, both levels together, up to which a floor is called cheap."""


def cheap_words(table: pd.DataFrame) -> str:
    """Return how many floors on Level 2 by household or fifth cost the Region little, in words."""
    part = table[(table["level"] == "l2") & (table["grouping"] != "municipality")]
    cost = part["l2_price"].clip(lower=0) + part["l3_price"].clip(lower=0)
    cheap = int((cost <= CHEAP_POINTS).sum())
    gain = POINTS * float((part["after"] - part["before"]).max())
    count = f"all {cheap}" if cheap == len(part) else f"{cheap} of the {len(part)}"
    return (
        f"{count} Level 2 floors for kinds of household and fifths cost the "
        f"Region half a point or less, and move their group by {gain:.1f} points at most"
    )


# -- Tables and figures of who is served, and of the price of a floor.

WHEN_NAMES: Final = {"before": "Today", "after": "With the plan"}
ASKED_OF: Final = {
    "municipality": "Every municipality",
    "quintile": "Every fifth of deprivation",
    **{kind: names[0] for kind, names in NAMES.items()},
}


def _homes(report: Report) -> Origin:
    made = origins.plan(report.tables, report.plan)
    return Origin(f"{origins.HOMES.source}; {made.source}", made.vintage)


def served_households(report: Report) -> Table:
    """Return coverage before and after by kind of household."""
    columns = (
        Column("name", "Who"),
        Column("total", "People", format=",.0f"),
        "l2_before l2_after l3_before l3_after",
    )
    return table("served-households", report.findings.households, columns, _homes(report))


def access_table(report: Report) -> Table:
    """Return ports in reach for themselves, and how evenly they are spread."""
    frame = report.findings.access
    frame = frame[frame["zones"] == "plain"].reset_index(drop=True)
    decay = report.findings.access
    decay = decay[decay["zones"] == "decay"].reset_index(drop=True)
    frame = frame.assign(
        what=frame["level"].map(LEVEL_NAMES) + ", " + frame["when"].map(WHEN_NAMES).str.lower(),
        gini_decay=decay["gini"],
    )
    columns = (
        Column("what", "What"),
        Column("mean", "Ports per 1,000 people", format=".2f"),
        "per_ev none gini gini_reached gini_decay by_income",
    )
    return table("accessibility", frame, columns, _homes(report))


def lorenz_chart(report: Report) -> Figure:
    """Return the Lorenz curves of ports in reach."""
    origin = origins.plan(report.tables, report.plan)
    return accessibility.lorenz_drawn(report.findings.lorenz, origin=origin)


def access_map(report: Report) -> Figure:
    """Return the map of Level 2 ports in reach per 1,000 people with the plan."""
    found = accessibility.by_area(report.findings.effects)
    return accessibility.accessibility(report.tables, report.plan, found)


def floor_table(report: Report) -> Table:
    """Return what each floor gives its group and takes from the Region."""
    frame = report.floor_prices
    frame = frame.assign(
        asked=frame["grouping"].map(ASKED_OF),
        kind=frame["level"].map(LEVEL_NAMES),
        gives=_signed(-frame["l2_price"]),
        takes=_signed(-frame["l3_price"]),
        more=frame["extra_cad"].where(frame["extra_cad"] > 0),
    )
    columns = (
        "asked floor more who",
        Column("before", "Base plan", format=".1%"),
        Column("after", "With the floor", format=".1%"),
        "most gives takes missed",
    )
    origin = _homes(report)
    return Table("floors", frame, columns, origin.source, origin.vintage, group="kind")


def _signed(values: pd.Series) -> list[str]:
    """Return points with their sign, a true minus; what rounds to nothing is 0.0."""
    texts = [f"{value:+.1f}" for value in values]
    return ["0.0" if float(text) == 0 else text.replace("-", "\N{MINUS SIGN}") for text in texts]
