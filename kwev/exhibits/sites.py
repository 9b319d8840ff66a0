"""The sites of the plan: a table that leads to a page for each, and files to take away."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.analysis import electrics, metrics, packages, phasing
from kwev.analysis.checklist import Ground, checklist
from kwev.exhibits.common import table
from kwev.figures import origins, sitepage, style
from kwev.figures.figure import ASSETS
from kwev.figures.tables import Column, Table
from kwev.files import write_json, write_text
from kwev.scores import site_scores

if TYPE_CHECKING:
    from kwev.project import Project
    from kwev.report import Report

SITES: Final = f"{ASSETS}/sites"
"""Folder of the sites' pages, below the project and below the site."""

FILES: Final = f"{ASSETS}/downloads"
CHAPTER: Final = "../../chapters/05-phasing.html"
CSV, GEOJSON, PHASES = "site-packages.csv", "site-packages.geojson", "phases.json"


def site_list(report: Report) -> Table:
    """Return every action with what it draws, costs and when it is done; each leads to its page."""
    made = report.packages
    rank = site_scores(report.tables, report.config).set_index("site_id")["rank"]
    frame = packages.as_frame(made)
    frame = frame.assign(
        page=[f"/{SITES}/{sitepage.file_name(package)}" for package in made],
        what=frame["kind"].map(style.ACTION_NAMES),
        months=[f"{a} to {b}" for a, b in zip(frame["month_from"], frame["month_to"], strict=True)],
        site_rank=frame["place_id"].map(rank),  # a station that is converted is no candidate
    )
    order = frame.sort_values(["municipality", "month_from", "name", "id"], kind="stable").index
    frame = frame.loc[order].reset_index(drop=True)
    columns = (
        Column("name", "Place", link="page"),
        Column("what", "Action"),
        Column("ports_added", "Ports", format=",d"),
        Column("power_increase_kw", "Power added", "kW", ",.1f"),
        Column("current_a", "Current", "A", ",.0f"),
        Column("apparent_power_kva", "Apparent power", "kVA", ",.0f"),
        Column("headroom_kw", "Room in the proxy", "kW", ",.0f"),
        Column("estimated_cost_cad", "Net cost", "CAD", ",.0f"),
        Column("months", "Months"),
        Column("site_rank", "Rank as a site", format=",.0f"),
    )
    origin = origins.plan(report.tables, report.plan)

    def pages_to(project: Project) -> None:
        _write_pages(report, project)

    return Table(
        "sites",
        frame,
        columns,
        origin.source,
        origin.vintage,
        len(frame),
        group="municipality",
        more=pages_to,
    )


def _write_pages(report: Report, project: Project) -> None:
    made = sorted(
        report.packages,
        key=lambda p: (p.municipality, p.implementation.schedule.month_from, p.name, p.id),
    )
    folder = project.root / SITES
    write_text(folder / sitepage.STYLE_NAME, sitepage.STYLE)
    for k, package in enumerate(made):
        text = sitepage.page(
            package,
            metrics.KIND_NAMES[package.kind],
            back=CHAPTER,
            before=made[k - 1] if k else None,
            after=made[k + 1] if k + 1 < len(made) else None,
        )
        write_text(folder / sitepage.file_name(package), text)


def site_files(report: Report) -> Table:
    """Return the files of the sites to take away."""
    rows = [
        {
            "file": CSV,
            "url": f"/{FILES}/{CSV}",
            "about": "A row for each site: ports, power, current, transformer, cost, months.",
        },
        {
            "file": GEOJSON,
            "url": f"/{FILES}/{GEOJSON}",
            "about": "The same with the arithmetic and everything that each site needs.",
        },
        {
            "file": PHASES,
            "url": f"/{FILES}/{PHASES}",
            "about": "The specification's three phases, by kind of action.",
        },
    ]
    columns = (Column("file", "File", link="url"), Column("about", "What it holds"))
    origin = origins.plan(report.tables, report.plan)

    power = report.config.power

    def files_to(project: Project) -> None:
        folder = project.root / FILES
        write_text(folder / CSV, packages.as_csv(report.packages))
        write_json(folder / GEOJSON, packages.as_geojson(report.packages), indent=None)
        write_json(folder / PHASES, phasing.phase_file(report.plan, power).model_dump(mode="json"))

    frame = pd.DataFrame(rows)
    return Table(
        "site-files", frame, columns, origin.source, origin.vintage, more=files_to, is_noted=False
    )


def power_needs(report: Report) -> Table:
    """Return what each number of ports in the plan draws, with the arithmetic."""
    sizes: dict[tuple[Any, int], int] = {}
    for action in report.plan.actions:
        level = packages.level_added(action)
        if level is not None:
            size = (level, action.ports_added)
            sizes[size] = sizes.get(size, 0) + 1
    rows = []
    for (level, ports), sites in sorted(sizes.items()):
        need = electrics.supply(level, ports, report.config.power)
        rows.append(
            {
                "what": f"{packages.TYPE_OF[level]}, {ports} port{'s' if ports > 1 else ''}",
                "sites": sites,
                "kw": need.kw,
                "amps": need.amps,
                "kva": need.kva,
                "transformer": need.transformer_kva,
                "arithmetic": "; ".join(need.arithmetic()[1:]),
            }
        )
    columns = [
        Column("what", "New ports"),
        Column("sites", "Sites", format=",d"),
        Column("kw", "Power", "kW", ",.1f"),
        Column("amps", "Current", "A", ",.0f"),
        Column("kva", "Apparent power", "kVA", ",.0f"),
        Column("transformer", "Usual transformer", "kVA", ",.10g"),
        Column("arithmetic", "Arithmetic"),
    ]
    return table(
        "power-needs", pd.DataFrame(rows), columns, origins.plan(report.tables, report.plan)
    )


def site_needs(report: Report) -> Table:
    """Return what a new Level 2 site, a new Level 3 site and a conversion need, by topic."""
    power, ports = report.config.power, report.config.ports
    here = Ground(is_station=False, owner="", operator="")
    there = Ground(is_station=True, owner="", operator="")
    slow = checklist("new_l2", electrics.supply("l2", ports.min_l2, power), here)
    fast = checklist("upgrade", electrics.supply("l3", ports.min_l3, power), there)
    rows = []
    for words, needs in (
        (f"A new Level 2 station, {ports.min_l2} port{'s' if ports.min_l2 > 1 else ''}", slow),
        (f"A conversion to Level 3, {ports.min_l3} ports", fast),
    ):
        rows += [
            {
                "group": words,
                "topic": sitepage.TOPIC_NAMES[need.topic],
                "text": need.text,
                "source": need.source,
                "confirm": need.confirm or None,
            }
            for need in needs
        ]
    columns = (
        Column("topic", "Topic"),
        Column("text", "What is needed"),
        Column("source", "Where it stands"),
        Column("confirm", "Who confirms it"),
    )
    origin = origins.plan(report.tables, report.plan)
    return Table(
        "site-needs", pd.DataFrame(rows), columns, origin.source, origin.vintage, group="group"
    )
