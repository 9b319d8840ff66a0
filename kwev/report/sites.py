"""Every site of the plan: a page to print or send, a table that leads to it, files to take away."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Final

import pandas as pd

from kwev import escape
from kwev.display.figure import ASSETS
from kwev.display.style import DASH, MINUS
from kwev.display.table import Column, table
from kwev.display.values import Numbers, named
from kwev.files import write_json, write_text
from kwev.model.scores import site_scores
from kwev.report import site_packages
from kwev.report.memory import once
from kwev.report.phases import phase_file
from kwev.report.site_needs import Ground, checklist, supply
from kwev.vocabulary import ACTION_KIND, ACTION_KINDS, KIND_NAMES, LEVEL_NAMES

if TYPE_CHECKING:
    from kwev.display.table import Table
    from kwev.project import Project
    from kwev.report.scenario import Report
    from kwev.report.site_packages import SitePackage

CHAPTER: Final = "../../chapters/05a-phasing.html"
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

NOTE: Final = (
    "A starting point for a site visit, not a design. The grid figure is a proxy from the kind of "
    "site and its surroundings, not a utility's. An engineer must confirm supply, protection, "
    "grounding and foundations before anything is ordered."
)


def page(package: SitePackage, before: SitePackage | None, after: SitePackage | None) -> str:
    """Return the HTML of a site's page; ``before`` and ``after`` are its neighbours in the list."""
    title, what = escape.html(package.name), escape.html(KIND_NAMES[package.kind])
    head = (
        '<!DOCTYPE html>\n<html lang="en-CA"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{title}: {what}</title><link rel="icon" href="data:,">'
        f'<link rel="stylesheet" href="{STYLE_NAME}"></head>\n<body>'
    )
    parts = [
        head,
        _navigation(before, after),
        f'<main><h1>{title}</h1><p class="quiet">{what}, {escape.html(package.municipality)}</p>',
        "<h2>What and when</h2>",
        _facts(_what(package)),
        "<h2>Power</h2>",
        _facts(power_facts(package)),
        _arithmetic(package),
        "<h2>What the site needs</h2>",
        _needs(package),
        f'<p class="quiet">{escape.html(NOTE)}</p></main>\n</body></html>\n',
    ]
    return "\n".join(part for part in parts if part)


def file_name(package: SitePackage) -> str:
    """Return the name of a site's page."""
    return f"{package.id}.html"


def _navigation(before: SitePackage | None, after: SitePackage | None) -> str:
    links = [f'<a href="{CHAPTER}">All sites</a>']
    for word, other in (("Previous", before), ("Next", after)):
        if other is not None:
            links.append(f'<a href="{escape.href(file_name(other))}">{word}</a>')
    return f'<nav aria-label="Sites">{"".join(links)}</nav>'


def _what(package: SitePackage) -> list[tuple[str, str]]:
    money, place = package.implementation, package.location
    when = money.schedule
    ports = "none"
    if (new := package.charging) is not None:
        ports = f"{new.num_ports} of {new.power_output.kw:g} kW ({new.charger_type})"
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


def power_facts(package: SitePackage) -> list[tuple[str, str]]:
    """Return what a site takes from the grid, as names and words."""
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
    items = "".join(f"<li>{escape.html(line)}</li>" for line in lines)
    return f'<p class="quiet">How it comes about:</p><ul>{items}</ul>'


def _needs(package: SitePackage) -> str:
    items = []
    for need in package.requirements:
        asks = f" To be confirmed by {escape.html(need.confirm)}." if need.confirm else ""
        items.append(
            f"<li><b>{escape.html(need.topic.capitalize())}.</b> {escape.html(need.text)}{asks} "
            f'<span class="quiet">({escape.html(need.source)})</span></li>'
        )
    return f'<ul class="needs">{"".join(items)}</ul>'


def _facts(facts: list[tuple[str, str]]) -> str:
    rows = "".join(f"<dt>{escape.html(k)}</dt><dd>{escape.html(v)}</dd>" for k, v in facts)
    return f"<dl>{rows}</dl>"


def _money(cad: float) -> str:
    return f"{MINUS if cad < 0 else ''}${abs(cad):,.0f}"


def _signed(value: float) -> str:
    return f"{value:,.1f}".replace("-", MINUS)


# -- Named values, tables and files.

SITES: Final = f"{ASSETS}/sites"
"""Folder of the sites' pages, below the project and below the site."""

FILES: Final = f"{ASSETS}/downloads"
CSV, GEOJSON, PHASES = "site-packages.csv", "site-packages.geojson", "phases.json"
ABOUT: Final = {
    CSV: "A row for each site: ports, power, current, transformer, cost, months.",
    GEOJSON: "The same with the arithmetic and everything that each site needs.",
    PHASES: "The specification's three phases, by kind of action.",
}


@once
def of_sites(report: Report) -> Numbers:
    """Return the numbers of the site packages."""
    built = [package.implementation for package in report.packages]
    grids = [one.grid_requirements for one in built]
    increase_kw = sum(grid.power_increase_kw for grid in grids)
    big = sum(grid.phases == 3 for grid in grids)  # noqa: PLR2004 -- three-phase
    return Numbers(
        named(
            "site packages",
            count={"packages": len(built), "big_transformers": big},
            mw={"packages_mw": increase_kw / 1_000},
            cad={"packages_cost": sum(one.estimated_cost_cad for one in built)},
            kw={"least_room:,.0f": min(grid.headroom_kw for grid in grids)},
        )
    )


def site_list(report: Report) -> Table:
    """Return every action with what it draws, costs and when it is done; each leads to its page."""
    rank = site_scores(report.tables, report.config).set_index("site_id")["rank"]
    frame = site_packages.as_frame(report.packages)
    frame = frame.assign(
        page=f"/{SITES}/" + frame["id"] + ".html",
        what=frame["kind"].map({kind.key: kind.short for kind in ACTION_KINDS}),
        months=[f"{a} to {b}" for a, b in zip(frame["month_from"], frame["month_to"], strict=True)],
        site_rank=frame["place_id"].map(rank),  # a station that is converted is no candidate
    ).sort_values(_ORDER, kind="stable", ignore_index=True)
    columns = (
        Column("name", "Place", link="page"),
        "what ports_added power_increase_kw current_a apparent_power_kva",
        "headroom_kw estimated_cost_cad months site_rank",
    )
    found = table("sites", frame, columns, report.origin, group="municipality", pdf_rows=len(frame))
    return replace(found, more=partial(_write_pages, frame["id"].tolist(), report.packages))


_ORDER: Final = ["municipality", "month_from", "name", "id"]


def _write_pages(order: list[str], packages: list[SitePackage], project: Project) -> None:
    by_id = {package.id: package for package in packages}
    made = [by_id[key] for key in order]
    folder = project.shown / SITES
    write_text(folder / STYLE_NAME, STYLE)
    for before, package, after in zip([None, *made], made, [*made[1:], None], strict=False):
        write_text(folder / file_name(package), page(package, before, after))


def site_files(report: Report) -> Table:
    """Return the files of the sites to take away."""
    frame = pd.DataFrame(
        [{"file": name, "url": f"/{FILES}/{name}", "about": ABOUT[name]} for name in ABOUT]
    )

    def files_to(project: Project) -> None:
        folder, phases = project.shown / FILES, phase_file(report.plan, report.config.power)
        write_text(folder / CSV, site_packages.as_csv(report.packages))
        write_json(folder / GEOJSON, site_packages.as_geojson(report.packages), indent=None)
        write_json(folder / PHASES, phases.model_dump(mode="json"))

    columns = (Column("file", "File", link="url"), "about")
    found = table("site-files", frame, columns, report.origin)
    return replace(found, more=files_to, is_noted=False)


def power_needs(report: Report) -> Table:
    """Return what each number of ports in the plan draws, with the arithmetic."""
    sizes = Counter(
        (level, action.ports_added)
        for action in report.plan.actions
        if (level := ACTION_KIND[action.kind].adds)
    )
    rows = []
    for (level, ports), sites in sorted(sizes.items()):
        need = supply(level, ports, report.config.power)
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
        Column("what", "New ports"), "sites", Column("kw", "Power", "kW", ",.1f"),
        "amps kva transformer arithmetic",
    )  # fmt: skip
    return table("power-needs", pd.DataFrame(rows), columns, report.origin)


def site_needs(report: Report) -> Table:
    """Return what a new Level 2 site, a new Level 3 site and a conversion need, by topic."""
    power, ports = report.config.power, report.config.ports
    here = Ground(is_station=False, owner="", operator="")
    there = Ground(is_station=True, owner="", operator="")
    groups = {
        f"A new Level 2 station, {ports.min_l2} port{'s' if ports.min_l2 > 1 else ''}": checklist(
            "new_l2", supply("l2", ports.min_l2, power), here
        ),
        f"A conversion to Level 3, {ports.min_l3} ports": checklist(
            "upgrade", supply("l3", ports.min_l3, power), there
        ),
    }
    rows = [
        {**need.model_dump(), "group": words, "topic": need.topic.capitalize(),
         "confirm": need.confirm or None}
        for words, needs in groups.items()
        for need in needs
    ]  # fmt: skip
    frame = pd.DataFrame(rows)[["group", "topic", "text", "source", "confirm"]]
    columns = ("topic text", Column("source", "Where it stands"), "confirm")
    return table("site-needs", frame, columns, report.origin, group="group")
