"""For the utility: power that the plan adds by area and month, and a load request for each site."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kwev.display.values import significant
from kwev.report.region import dissolved
from kwev.site import load_requests, parts
from kwev.site.page import Page
from kwev.site.parts import Cell
from kwev.site.utility_facts import UTILITY, UtilityFacts

if TYPE_CHECKING:
    from kwev.report.scenario import Report

MAP_DECIMALS = 4
"""Decimals of degrees on the page's map (about 11 m)."""


def pages(report: Report) -> list[Page]:
    """Return the page of power by area and month, and the page of the load requests."""
    facts = UtilityFacts(report)
    return [_overview(facts), load_requests.page(facts)]


def _overview(facts: UtilityFacts) -> Page:
    body = "\n".join(
        [
            _cards(facts),
            ('<p><a class="button" href="load-requests.html">Load request of each site</a> '
            '<a class="button" href="kw-by-tract.csv" download>kW by tract and month (CSV)</a> '
            '<a class="button" href="load-requests.csv" download>All load requests (CSV)</a></p>'),
            "<h2>Choose a tract</h2>",
            '<div id="tract-map" class="no-print" hidden></div>',
            '<section id="tract" aria-live="polite" aria-label="The chosen tract"></section>',
            "<h2>kW by tract and month</h2>",
            parts.paragraph(_about(facts), "note"),
            _table(facts),
        ]
    )  # fmt: skip
    lead = (
        "What the recommended plan adds to the grid in each census tract and month, against what "
        f"the tract can carry by our {'proxy' if not _has_file(facts) else 'figures'}."
    )
    return Page(
        "utility", "For the utility", lead, body, menu="For the utility", leaflet=True,
        scripts=("../vendor/tables.js", "utility.js"), styles=("town.css", "utility.css"),
        data={"utility": _data(facts), "utility-areas": _areas(facts)}, files=facts.files(),
        wide=True,
    )  # fmt: skip


def _has_file(facts: UtilityFacts) -> bool:
    return bool(facts.report.config.siting.capacity)


def _about(facts: UtilityFacts) -> str:
    said = [
        (
            "Months count from the start of the works. Power is that of all ports at once, without "
            "load management."
        ),
        (
            "The grid proxy is ours, from the census and assumptions; it is no utility's figure. "
            "Where ports of today draw more, it counts as no less than these."
        ),
    ]
    if _has_file(facts):
        own = sum(facts.limit(site).feeder != "" for site in facts.report.packages)
        given = sum(facts.limit(site).source == UTILITY for site in facts.report.packages)
        said.append(
            f"The utility's file limits {given:,} sites of {len(facts.report.packages):,}, and "
            f"names the feeder of {own:,}."
        )
    else:
        said.append("No utility's capacity file is in use, so no feeder is known.")
    return " ".join(said)


def _cards(facts: UtilityFacts) -> str:
    areas = facts.by_area
    most = areas.iloc[0]
    windows = {words: float(areas[name].sum()) for name, words in _months(facts).items()}
    busiest = max(windows, key=lambda words: windows[words])
    share = areas.sort_values("share_after", ascending=False).iloc[0]
    return parts.cards(
        [
            ("Added by the plan", f"{kw(areas['added_kw'].sum())} kW",
             f"{len(facts.report.packages):,} sites in {int((areas['sites'] > 0).sum()):,} tracts"),
            ("Most in one tract", f"{kw(most['added_kw'])} kW",
             f"{most['area_id']}, {most['municipality']}"),
            ("Most in one window", f"{kw(windows[busiest])} kW", f"months {busiest}"),
            ("Highest use of a tract's proxy", parts.percent(float(share["share_after"])),
             f"{share['area_id']}, {share['municipality']}, with the plan"),
        ]
    )  # fmt: skip


def kw(value: float) -> str:
    """Return a power to three significant digits."""
    return f"{significant(float(value)):,.10g}"


def _months(facts: UtilityFacts) -> dict[str, str]:
    """Return the words of each column of months: ``1 to 2``."""
    words = [f"{first} to {last}" for first, last in facts.windows]
    return dict(zip(facts.month_columns, words, strict=True))


def _table(facts: UtilityFacts) -> str:
    months = _months(facts)
    head = ["Tract", "Municipality", "Sites", *(f"Months {words}" for words in months.values()),
            "Added", "Today", "With the plan", "Grid proxy", "Share of the proxy"]  # fmt: skip
    rows = []
    for row in facts.by_area.to_dict("records"):
        numbers = [*months, "added_kw", "before_kw", "after_kw", "proxy_kw"]
        rows.append(
            [
                Cell(row["area_id"], link=f"#tract={row['area_id']}"),
                Cell(row["municipality"]),
                Cell(f"{row['sites']:,}", row["sites"]),
                *(Cell(kw(row[name]), row[name]) for name in numbers),
                Cell(parts.percent(row["share_after"]), row["share_after"]),
            ]
        )
    return parts.table(
        "tracts", "Power of public charging by census tract (kW)", head, rows, sortable=True,
        filter_label="Find a tract or municipality:",
    )  # fmt: skip


# -- What the page's script reads.


def _data(facts: UtilityFacts) -> dict[str, Any]:
    sites: dict[str, list[dict[str, Any]]] = {}
    for site in facts.report.packages:
        when, limit = site.implementation.schedule, facts.limit(site)
        sites.setdefault(facts.area_of(site), []).append(
            {
                "name": site.name,
                "link": load_requests.anchor(site),
                "kw": site.implementation.grid_requirements.power_increase_kw,
                "months": f"{when.month_from} to {when.month_to}",
                "limit_kw": site.implementation.grid_requirements.grid_proxy_kw,
                "source": limit.source,
                "feeder": limit.feeder,
                "at": [site.location.latitude, site.location.longitude],
            }
        )
    return {
        "months": list(_months(facts).values()),
        "tracts": {
            row["area_id"]: {
                "town": row["municipality"],
                "proxy": row["proxy_kw"],
                "before": row["before_kw"],
                "after": row["after_kw"],
                "added": row["added_kw"],
                "share": row["share_after"],
                "months": [row[name] for name in facts.month_columns],
                "sites": sites.get(row["area_id"], []),
            }
            for row in facts.by_area.to_dict("records")
        },
    }


def _areas(facts: UtilityFacts) -> dict[str, Any]:
    frame = dissolved(facts.report.tables, facts.report.project.processed)
    frame = frame[["area_id", "geometry"]].sort_values("area_id")
    made: dict[str, Any] = json.loads(frame.to_json(drop_id=True))
    for feature in made["features"]:
        feature["geometry"]["coordinates"] = _rounded(feature["geometry"]["coordinates"])
    return {"type": made["type"], "features": made["features"]}


def _rounded(value: Any) -> Any:
    if isinstance(value, list):
        return [_rounded(one) for one in value]
    return round(value, MAP_DECIMALS)
