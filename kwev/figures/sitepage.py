"""A page for each site: plain HTML with one small style sheet, to be printed or sent."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING, Final

from kwev.figures.style import DASH, MINUS

if TYPE_CHECKING:
    from kwev.analysis.sitefile import SitePackage

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
