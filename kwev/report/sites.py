"""A page for each site: plain HTML with one small style sheet, to be printed or sent."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Any, Final

import pandas as pd

from kwev.display import origins, style
from kwev.display.figure import ASSETS
from kwev.display.style import DASH, MINUS
from kwev.display.table import Column, Table, table
from kwev.files import write_json, write_text
from kwev.model.scores import site_scores
from kwev.report import phases as report_phases
from kwev.report import site_needs as report_site_needs
from kwev.report import site_packages
from kwev.report.site_needs import Ground, checklist
from kwev.vocabulary import KIND_NAMES, LEVEL_NAMES

if TYPE_CHECKING:
    from kwev.project import Project
    from kwev.report.phases import SitePackage
    from kwev.report.scenario import Report

STYLE_NAME: Final = "site.css"
STYLE: Final = """\
:root { --paper: #ffffff; --ink: #1c2430; --quiet: #55606e; --line: #c9d0d8; --link: #0b5394; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #14181d; --ink: #e6e9ed; --quiet: #a8b1bc; --line: #38414c; --link: #8cc4f5; }
}
body { margin: 0 auto; max-width: 46rem; padding: 1rem; background: var(--paper); color: var(--ink);
  line-height: 1.5; overflow-wrap: anywhere; font-family: system-ui, -apple-system, "Segoe UI",
  Roboto, "Helvetica Neue", "Noto Sans", Arial, sans-serif; }
a { color: var(--link); } nav { display: flex; flex-wrap: wrap; gap: 0.3rem 1.2rem; }
h1 { font-size: 1.5rem; margin: 0.8rem 0 0; } h2 { font-size: 1.1rem; margin: 1.4rem 0 0.3rem; }
.quiet { color: var(--quiet); margin: 0; }
dl { display: grid; grid-template-columns: minmax(6rem, 40%) 1fr; gap: 0.15rem 1rem; }
dt { color: var(--quiet); } dd { margin: 0; }
.needs li { margin: 0.4rem 0; padding-left: 0.2rem; } .needs { list-style: "\\2610\\00a0"; }
@media print { nav { display: none; } body { max-width: none; } }
"""

TOPIC_NAMES: Final = {
    "consent": "Consent",
    "supply": "Supply",
    "transformer": "Transformer",
    "wiring": "Wiring",
    "protection": "Protection",
    "surface": "Surface",
    "spacing": "Spacing",
    "drainage": "Drainage",
    "light": "Light",
    "access": "Access",
    "signage": "Signage",
    "removal": "Removal",
}
NOTE: Final = (
    "A starting point for a site visit, not a design. The grid figure is a proxy from the kind of "
    "site and its surroundings, not a utility's. An engineer must confirm supply, protection, "
    "grounding and foundations before anything is ordered."
)


def page(
    package: SitePackage,
    what: str,
    *,
    back: str,
    before: SitePackage | None,
    after: SitePackage | None,
) -> str:
    """Return the HTML of a site's page.

    Parameters
    ----------
    what
        The action in words.
    back
        Address of the chapter.
    before, after
        Neighbours in the list of sites.
    """
    title = html.escape(package.name)
    head = (
        '<!DOCTYPE html>\n<html lang="en-CA"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}: {html.escape(what)}</title><link rel="icon" href="data:,">'
        f'<link rel="stylesheet" href="{STYLE_NAME}"></head>\n<body>'
    )
    where = f"{html.escape(what)}, {html.escape(package.municipality)}"
    parts = [
        head,
        _navigation(back, before, after),
        f'<main><h1>{title}</h1><p class="quiet">{where}</p>',
        "<h2>What and when</h2>",
        _facts(_what(package)),
        "<h2>Power</h2>",
        _facts(_power(package)),
        _arithmetic(package),
        "<h2>What the site needs</h2>",
        _needs(package),
        f'<p class="quiet">{html.escape(NOTE)}</p></main>\n</body></html>\n',
    ]
    return "\n".join(part for part in parts if part)


def file_name(package: SitePackage) -> str:
    """Return the name of a site's page."""
    return f"{package.id}.html"


def _navigation(back: str, before: SitePackage | None, after: SitePackage | None) -> str:
    links = [f'<a href="{html.escape(back)}">All sites</a>']
    for word, other in (("Previous", before), ("Next", after)):
        if other is not None:
            links.append(f'<a href="{html.escape(file_name(other))}">{word}</a>')
    return f'<nav aria-label="Sites">{"".join(links)}</nav>'


def _what(package: SitePackage) -> list[tuple[str, str]]:
    money, place = package.implementation, package.location
    when = money.schedule
    ports = "none"
    if package.charging:
        output = package.charging.power_output
        ports = (
            f"{package.charging.num_ports} of {output.kw:g} kW ({package.charging.charger_type})"
        )
    return [
        ("New ports", ports),
        ("Months", f"{when.month_from} to {when.month_to} from the start of the works"),
        ("Phase of the specification", str(when.phase)),
        ("Net cost", _money(money.estimated_cost_cad)),
        ("Purchase and resale", f"{_money(money.purchase_cad)}, {_money(money.resale_cad)} back"),
        ("Kind of place", place.type.replace("_", " ")),
        ("Coordinates", f"{place.latitude:.5f}, {place.longitude:.5f} (WGS 84)"),
        ("Id", package.id),
    ]


def _power(package: SitePackage) -> list[tuple[str, str]]:
    grid = package.implementation.grid_requirements
    facts = [
        ("Increase", f"{_signed(grid.power_increase_kw)} kW"),
        ("All ports afterwards", f"{grid.power_after_kw:,.1f} kW"),
        ("Grid proxy", f"{grid.grid_proxy_kw:,.0f} kW"),
        ("Room left", f"{_signed(grid.headroom_kw)} kW"),
    ]
    if grid.phases is not None and grid.current_a is not None:
        phases = "three-phase" if grid.phases > 1 else "single-phase"
        rating = f"{grid.transformer_kva:g} kVA" if grid.transformer_kva else DASH
        facts += [
            ("Voltage", f"{grid.voltage_requirement.removesuffix('V')} V, {phases}"),
            ("Current of the new ports", f"{grid.current_a:,.0f} A"),
            ("Apparent power", f"{grid.apparent_power_kva:,.1f} kVA"),
            ("Least usual transformer", rating),
        ]
    return facts


def _arithmetic(package: SitePackage) -> str:
    lines = package.implementation.grid_requirements.arithmetic
    if not lines:
        return ""
    items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
    return f'<p class="quiet">How it comes about:</p><ul>{items}</ul>'


def _needs(package: SitePackage) -> str:
    items = []
    for need in package.requirements:
        asks = f" To be confirmed by {html.escape(need.confirm)}." if need.confirm else ""
        items.append(
            f"<li><b>{TOPIC_NAMES[need.topic]}.</b> {html.escape(need.text)}{asks} "
            f'<span class="quiet">({html.escape(need.source)})</span></li>'
        )
    return f'<ul class="needs">{"".join(items)}</ul>'


def _facts(facts: list[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{html.escape(k)}</dt><dd>{html.escape(v)}</dd>" for k, v in facts)
    return f"<dl>{rows}</dl>"


def _money(cad: float) -> str:
    return f"{MINUS if cad < 0 else ''}${abs(cad):,.0f}"


def _signed(value: float) -> str:
    return f"{value:,.1f}".replace("-", MINUS)


# -- The sites of the plan: a table that leads to a page for each, and files to take away.

SITES: Final = f"{ASSETS}/sites"
"""Folder of the sites' pages, below the project and below the site."""

FILES: Final = f"{ASSETS}/downloads"
CHAPTER: Final = "../../chapters/05-phasing.html"
CSV, GEOJSON, PHASES = "site-packages.csv", "site-packages.geojson", "phases.json"


def site_list(report: Report) -> Table:
    """Return every action with what it draws, costs and when it is done; each leads to its page."""
    made = report.packages
    rank = site_scores(report.tables, report.config).set_index("site_id")["rank"]
    frame = site_packages.as_frame(made)
    frame = frame.assign(
        page=[f"/{SITES}/{file_name(package)}" for package in made],
        what=frame["kind"].map(style.ACTION_NAMES),
        months=[f"{a} to {b}" for a, b in zip(frame["month_from"], frame["month_to"], strict=True)],
        site_rank=frame["place_id"].map(rank),  # a station that is converted is no candidate
    )
    order = frame.sort_values(["municipality", "month_from", "name", "id"], kind="stable").index
    frame = frame.loc[order].reset_index(drop=True)
    columns = (
        Column("name", "Place", link="page"),
        "what ports_added power_increase_kw current_a apparent_power_kva",
        "headroom_kw estimated_cost_cad months site_rank",
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
    write_text(folder / STYLE_NAME, STYLE)
    for k, package in enumerate(made):
        text = page(
            package,
            KIND_NAMES[package.kind],
            back=CHAPTER,
            before=made[k - 1] if k else None,
            after=made[k + 1] if k + 1 < len(made) else None,
        )
        write_text(folder / file_name(package), text)


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
    columns = (Column("file", "File", link="url"), "about")
    origin = origins.plan(report.tables, report.plan)

    power = report.config.power

    def files_to(project: Project) -> None:
        folder = project.root / FILES
        write_text(folder / CSV, site_packages.as_csv(report.packages))
        write_json(folder / GEOJSON, site_packages.as_geojson(report.packages), indent=None)
        write_json(
            folder / PHASES, report_phases.phase_file(report.plan, power).model_dump(mode="json")
        )

    frame = pd.DataFrame(rows)
    return Table(
        "site-files", frame, columns, origin.source, origin.vintage, more=files_to, is_noted=False
    )


def power_needs(report: Report) -> Table:
    """Return what each number of ports in the plan draws, with the arithmetic."""
    sizes: dict[tuple[Any, int], int] = {}
    for action in report.plan.actions:
        level = site_packages.level_added(action)
        if level is not None:
            size = (level, action.ports_added)
            sizes[size] = sizes.get(size, 0) + 1
    rows = []
    for (level, ports), sites in sorted(sizes.items()):
        need = report_site_needs.supply(level, ports, report.config.power)
        rows.append(
            {
                "what": f"{LEVEL_NAMES[level]}, {ports} port{'s' if ports > 1 else ''}",
                "sites": sites,
                "kw": need.kw,
                "amps": need.amps,
                "kva": need.kva,
                "transformer": need.transformer_kva,
                "arithmetic": "; ".join(need.arithmetic()[1:]),
            }
        )
    columns = (
        Column("what", "New ports"),
        "sites",
        Column("kw", "Power", "kW", ",.1f"),
        "amps kva transformer arithmetic",
    )
    return table(
        "power-needs", pd.DataFrame(rows), columns, origins.plan(report.tables, report.plan)
    )


def site_needs(report: Report) -> Table:
    """Return what a new Level 2 site, a new Level 3 site and a conversion need, by topic."""
    power, ports = report.config.power, report.config.ports
    here = Ground(is_station=False, owner="", operator="")
    there = Ground(is_station=True, owner="", operator="")
    slow = checklist("new_l2", report_site_needs.supply("l2", ports.min_l2, power), here)
    fast = checklist("upgrade", report_site_needs.supply("l3", ports.min_l3, power), there)
    rows = []
    for words, needs in (
        (f"A new Level 2 station, {ports.min_l2} port{'s' if ports.min_l2 > 1 else ''}", slow),
        (f"A conversion to Level 3, {ports.min_l3} ports", fast),
    ):
        rows += [
            {
                "group": words,
                "topic": TOPIC_NAMES[need.topic],
                "text": need.text,
                "source": need.source,
                "confirm": need.confirm or None,
            }
            for need in needs
        ]
    columns = ("topic text", Column("source", "Where it stands"), "confirm")
    origin = origins.plan(report.tables, report.plan)
    return Table(
        "site-needs", pd.DataFrame(rows), columns, origin.source, origin.vintage, group="group"
    )
