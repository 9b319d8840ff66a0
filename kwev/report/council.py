"""What a council reads first: the plan at a glance, by municipality, by land, its fast chargers.

The tables of the brief and of the council report; each is short enough for paper.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev.display.table import Column, table
from kwev.report import comparison, decisions, effects, plan_files, returns
from kwev.report import plan as plans
from kwev.vocabulary import ACTION_KIND, LANDS

if TYPE_CHECKING:
    from kwev.display.table import Columns, Table
    from kwev.report.scenario import Report

MOST_ROWS: Final = 160
"""Sites that the council report prints: more would not keep to its pages."""


def glance(report: Report) -> Table:
    """Return reach today and with the plan, and what it builds and costs (texts)."""
    n = comparison.of_both(report) | decisions.numbers(report) | plans.of_scenario(report)
    n = n | returns.numbers(report)
    rows = [
        (f"People within a walk of {n.l2_radius} of Level 2", n.rec_l2_road_before,
         n.rec_l2_road_after),
        (f"People within a drive of {n.l3_drive} of Level 3", n.rec_l3_road_before,
         n.rec_l3_road_after),
        ("Electric vehicles near either", n.rec_ev_road_before, n.rec_ev_road_after),
        ("New Level 2 stations", "", n.rec_new_l2),
        ("New Level 3 stations", "", n.rec_new_l3),
        ("New power", "", n.rec_mw),
        (f"Money once, of a budget of {n.budget}", "", n.rec_net),
        ("Money a year to run, before energy", "", n.rec_running),
        ("Left each year at the use that today's vehicles fill", "", n.money_cash_now),
    ]  # fmt: skip
    frame = pd.DataFrame([[str(cell) for cell in row] for row in rows],
                         columns=["what", "today", "after"])  # fmt: skip
    columns = (Column("what", "Along the roads"), Column("today", "Today", align="right"),
               Column("after", "With the plan", align="right"))  # fmt: skip
    return table("at-a-glance", frame, columns, report.origin)


def towns(report: Report) -> Table:
    """Return each municipality: people, reach today and with the plan, what is built, money."""
    reach = effects.municipalities(report.findings.groups)
    built = plans.actions_by_municipality(report.plan).set_index("municipality")
    kinds = [kind for kind in built.columns if kind != "net_cad"]
    frame = reach.merge(built, left_on="name", right_index=True, how="left")
    frame[[*kinds, "net_cad"]] = frame[[*kinds, "net_cad"]].fillna(0)
    frame[kinds] = frame[kinds].astype(int)
    shown = [kind for kind in ("new_l2", "new_l3") if kind in kinds]
    words = {"new_l2": "New Level 2", "new_l3": "New Level 3"}
    columns: Columns = (
        Column("name", "Municipality"), Column("total", "People", format=",.0f"),
        "l2_before l2_after l3_before l3_after",
        *(Column(kind, words[kind], format=",d") for kind in shown), "net_cad",
    )  # fmt: skip
    return table("towns-at-a-glance", frame.reset_index(drop=True), columns, report.origin)


def consent(report: Report) -> Table:
    """Return what the new stations need first, by land: how many stations and how much money."""
    land = report.tables.sites.set_index("site_id")["land"]
    new = [a for a in report.plan.actions if a.kind in comparison.NEW_KINDS]
    frame = pd.DataFrame({"land": [str(land[a.place_id]) for a in new],
                          "net_cad": [a.net_cad for a in new]})  # fmt: skip
    sums = frame.groupby("land")["net_cad"].agg(["size", "sum"])
    rows = [
        (of_land.short, of_land.consent, int(sums["size"].get(key, 0)),
         float(sums["sum"].get(key, 0.0)))
        for key, of_land in LANDS.items()
    ]  # fmt: skip
    found = pd.DataFrame(rows, columns=["what", "who", "stations", "net_cad"])
    columns = (Column("what", "Land"), Column("who", "What it needs first"), "stations net_cad")
    return table("consent", found, columns, report.origin)


def fast(report: Report) -> Table:
    """Return every site whose Level 3 ports change: ports, power, proxy, money, months."""
    rows = [
        {
            "name": package.name,
            "municipality": package.municipality,
            "ports": package.charging.num_ports if package.charging else 0,
            "kw_added": package.implementation.grid_requirements.power_increase_kw,
            "grid_kw": package.implementation.grid_requirements.grid_proxy_kw,
            "net_cad": package.implementation.estimated_cost_cad,
            "months": f"{package.implementation.schedule.month_from} to "
            f"{package.implementation.schedule.month_to}",
        }
        for package, action in zip(report.packages, report.plan.actions, strict=True)
        if plans.is_level3(action)
    ]
    columns = (
        Column("name", "Place"), "municipality", Column("ports", "New ports", format=",d"),
        "kw_added grid_kw net_cad", Column("months", "Months", align="right"),
    )  # fmt: skip
    names = ["name", "municipality", "ports", "kw_added", "grid_kw", "net_cad", "months"]
    return table("fast-chargers", pd.DataFrame(rows, columns=names), columns, report.origin)


def every_site(report: Report) -> Table:
    """Return every site of the plan by municipality and month; :data:`MOST_ROWS` are printed."""
    land = {key: of_land.short for key, of_land in LANDS.items()}
    frame = plan_files.sites(report).sort_values(
        ["municipality", "month_from", "name", "id"], ignore_index=True
    )
    frame["what"] = frame["kind"].map({key: kind.short for key, kind in ACTION_KIND.items()})
    frame["land"] = frame["land"].map(land)
    frame["months"] = [
        f"{first} to {last}"
        for first, last in zip(frame["month_from"], frame["month_to"], strict=True)
    ]
    columns = (
        Column("name", "Place"), Column("what", "What"),
        Column("ports_added", "New ports", format=",d"),
        Column("power_increase_kw", "New power", "kW", ",.0f"),
        Column("estimated_cost_cad", "Net cost", "CAD", ",.0f"), Column("land", "Land"),
        Column("months", "Months", align="right"),
    )  # fmt: skip
    return table(
        "every-site", frame, columns, report.origin, group="municipality", pdf_rows=MOST_ROWS
    )
