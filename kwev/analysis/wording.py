"""What a plan is and does, in words that a sentence can take in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis.metrics import ALWAYS_SHOWN

if TYPE_CHECKING:
    import pandas as pd

    from kwev.plan import Plan


def verdict(plan: Plan, name: str) -> str:
    """Return in words whether a target is met, and if not, what is possible."""
    reached = getattr(plan.coverage, name)
    who = "vehicles" if name == "ev_owners" else "people"
    status = plan.certificate.targets[name] if plan.certificate else "unmet_unproven"
    if status == "met":
        return f"met: {reached.after:.1%} of the {who}"
    if status == "unmet_proven" and (reached.ceiling or 0.0) >= reached.target > (
        1.0 if reached.bound_checked is None else reached.bound_checked
    ):
        return (
            f"out of reach of this budget: no plan within it reaches more than "
            f"{reached.bound_checked:.1%} of the {who}"
        )
    if status == "unmet_proven":
        return (
            f"out of reach of any budget: with every candidate site built, "
            f"{reached.ceiling:.1%} of the {who} would be near one"
        )
    return (
        f"not met by this plan, which gives weight to other things too: "
        f"for this target alone the budget allows {reached.attainable:.1%} of the {who}"
    )


def actions(plan: Plan) -> str:
    """Return how many actions of each kind there are: 151 new Level 2 stations, no ... .

    Kinds that the client's phases do not name are told only where there are some.
    """
    kinds: list[str] = [action.kind for action in plan.actions]
    nouns = {
        "new_l2": ("new Level 2 station", "new Level 2 stations"),
        "new_l3": ("new Level 3 station", "new Level 3 stations"),
        "upgrade": ("conversion of Level 2 to Level 3", "conversions of Level 2 to Level 3"),
        "add_l3": ("station with more Level 3 ports", "stations with more Level 3 ports"),
        "add_l2": ("station with more Level 2 ports", "stations with more Level 2 ports"),
        "remove": ("removed station", "removed stations"),
    }
    parts = []
    for kind, (one, many) in nouns.items():
        count = kinds.count(kind)
        if count == 0 and kind not in ALWAYS_SHOWN:
            continue
        noun = one if count == 1 else many
        parts.append(f"{'no' if count == 0 else format(count, ',')} {noun}")
    return f"{', '.join(parts[:-1])} and {parts[-1]}"


def phases(table: pd.DataFrame) -> str:
    """Return the phases in order with their stations and cost (rows of ``phasing.phases``)."""
    parts = []
    for row in table.itertuples():
        what = str(row.name).replace("New", "new").replace("Level 2 to Level 3 con", "con")
        count = "none" if row.stations == 0 else f"{row.stations:,} for ${row.cost_cad:,.0f}"
        parts.append(f"{what} ({count})")
    return ", then ".join(parts)


def swaps(gaining: int, actions: int) -> str:
    """Return in a sentence how many actions a swap for their best alternative would better."""
    if gaining == 0:
        return "No such swap would bring more people on the cells within reach."
    where = "one case" if gaining == 1 else f"{gaining:,} cases"
    return (
        f"In {where} of {actions:,} the swap would bring more people on the cells within reach: "
        "the plan weighs vehicles and scores as well, and is proved to its gap only."
    )
