"""Vehicles under named policies, beside the statistical forecast, and what they ask of ports.

A policy is a path of the electric share of new registrations, straight between cited years. How
many vehicles are newly registered here in a year follows from one year: the vehicles that the
Region gained in it over the cited share of that year, so that what leaves the road and how the
Region differs from the country are in it. It stays as it is. The forecast of history knows no
policy and its interval excludes them; a path of policy has no interval.

National needs for ports are scaled by people.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from kwev.display import origins, style
from kwev.display.chart import Chart
from kwev.display.series import Axis, Band, Line, Panel
from kwev.display.table import Column, table
from kwev.display.values import ASSUMED_DIGITS, Number, Numbers, named, significant
from kwev.errors import KwevError
from kwev.model.demand import energy_need_kwh
from kwev.model.demand import vehicles as vehicles_of
from kwev.report.forecast import YEARS, forecast_at, totals
from kwev.report.memory import once
from kwev.units import HOURS_PER_YEAR

if TYPE_CHECKING:
    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.display.series import Dash
    from kwev.display.table import Table
    from kwev.report.scenario import Report

CANADA_PEOPLE: Final = 36_991_981
"""People of Canada, census of 2021 (Statistics Canada), for scaling national needs."""

BASE_YEAR: Final = 2025
"""Year whose cited share and counted gain give the number of new registrations a year."""

KEPT: Final = "adoption_kept"
AIM: Final = "federal_aim"
SHARE_ID: Final = "zev_share_of_new_registrations_canada_2025"
AIM_ID: Final = "ev_availability_standard_2026"
STATE_ID: Final = "ev_availability_standard_repeal_legal_state_2026"
PORTS_IDS: Final = {
    2025: "public_ports_needed_in_canada_in_2025_2024",
    2035: "public_ports_needed_in_canada_by_2035_2022",
}
PORTS_2040_ID: Final = "public_ports_needed_in_canada_by_2040_2024"

NAMES: Final = {
    KEPT: "Adoption of 2025 is kept",
    AIM: "Federal aim of 2026 is met",
    "low": "Forecast of history, low end",
    "mid": "Forecast of history",
    "high": "Forecast of history, high end",
}
"""Words of each scenario of vehicles."""

SEEN: Final = {"page": "page read", "second_hand": "seen through another page"}

_SHARE_IN: Final = re.compile(r"(\d+(?:\.\d+)?)%\D*? in (20\d\d)")
_COUNT: Final = re.compile(r"\d{1,3}(?:,\d{3})+")
_PERCENT: Final = 100


@dataclass(frozen=True)
class Path:
    """A policy: the electric share of new registrations at cited years (0 to 1)."""

    key: str
    shares: dict[int, float]

    def share(self, year: int) -> float:
        """Return the share in a year: straight between cited years, as the last one after them."""
        years = sorted(self.shares)
        return float(np.interp(year, years, [self.shares[one] for one in years]))


def published(tables: Tables, citation_id: str) -> str:
    """Return a cited finding in the words of its page.

    Raises
    ------
    KwevError
        If there is none of that id.
    """
    found = tables.citations.set_index("citation_id")["published"]
    if citation_id not in found.index:
        raise KwevError(f"no citation {citation_id!r}", where="citations")
    return str(found[citation_id])


def shares_in(text: str) -> dict[int, float]:
    """Return the shares that a text names with their years: ``75% in 2035`` gives 0.75."""
    return {int(year): float(share) / _PERCENT for share, year in _SHARE_IN.findall(text)}


def paths(tables: Tables) -> list[Path]:
    """Return the named policies, from the cited findings.

    Raises
    ------
    KwevError
        If a finding names no share for the year that it is needed for.
    """
    known = shares_in(published(tables, SHARE_ID))
    aim = shares_in(published(tables, AIM_ID))
    if BASE_YEAR not in known or not aim:
        raise KwevError("a cited finding names no share with its year", where="citations")
    now = {BASE_YEAR: known[BASE_YEAR]}
    return [Path(KEPT, now), Path(AIM, now | aim)]


def registrations_per_year(tables: Tables) -> float:
    """Return how many vehicles are newly registered here in a year, electric or not."""
    counts = totals(tables).set_index("quarter")["ev_inside"]
    gained = counts[f"{BASE_YEAR}Q4"] - counts[f"{BASE_YEAR - 1}Q4"]
    return float(gained / paths(tables)[0].shares[BASE_YEAR])


def vehicles(tables: Tables, path: Path, last: int = YEARS[-1]) -> pd.Series[float]:
    """Return the Region's electric vehicles under a policy at the end of each year."""
    counts = totals(tables).set_index("quarter")["ev_inside"]
    found, new = {BASE_YEAR: float(counts[f"{BASE_YEAR}Q4"])}, registrations_per_year(tables)
    for year in range(BASE_YEAR + 1, last + 1):
        found[year] = found[year - 1] + new * path.share(year)
    return pd.Series(found)


def scenarios(tables: Tables) -> pd.DataFrame:
    """Return the vehicles of every scenario at the end of :data:`kwev.report.forecast.YEARS`.

    Returns
    -------
    pandas.DataFrame
        ``scenario`` (a key of :data:`NAMES`), ``year``, ``ev`` and ``new_share`` (electric share
        of new registrations; NaN for the forecast, which knows none).
    """
    rows = [
        (path.key, year, float(vehicles(tables, path)[year]), path.share(year))
        for path in paths(tables)
        for year in YEARS
    ]
    rows += [
        (str(end), year, float(value), float("nan"))
        for year in YEARS
        for end, value in forecast_at(tables, year).items()
    ]
    made = pd.DataFrame(rows, columns=["scenario", "year", "ev", "new_share"])
    order = {name: i for i, name in enumerate(NAMES)}
    return made.sort_values(
        ["year", "scenario"], key=lambda c: c.map(order) if c.name == "scenario" else c,
        ignore_index=True,
    )  # fmt: skip


def need_per_ev_kwh(tables: Tables, config: Config, year: int) -> float:
    """Return what a vehicle takes from public ports in a year (kWh), on average over the Region.

    Vehicles are kept where the forecast has them at the end of that year.
    """
    then = config.with_values(demand__ev_year=str(year))
    need = sum(energy_need_kwh(tables, then).values())
    return need / float(vehicles_of(tables, then, "da").sum())


def stress(report: Report) -> pd.DataFrame:
    """Return how the published plan stands to each scenario of vehicles.

    Returns
    -------
    pandas.DataFrame
        :func:`scenarios` with ``need_gwh`` (a year, from public ports), ``use`` (share of the
        year's hours that all ports, existing and new, would be full for it) and ``ports`` (Level 2
        ports that give it at the scenario's use).
    """
    config, found = report.config, scenarios(report.tables)
    per_ev = {year: need_per_ev_kwh(report.tables, config, year) for year in YEARS}
    need = found["ev"] * found["year"].map(per_ev)
    port_kwh = config.power.l2_kw * HOURS_PER_YEAR * config.demand.utilisation
    return found.assign(
        need_gwh=need / 1e6,
        use=[report.business.use_of(kwh) for kwh in need],
        ports=np.ceil(need / port_kwh).astype(int) if port_kwh > 0 else 0,
    )


def scaled_ports(tables: Tables) -> pd.DataFrame:
    """Return the national needs for public ports, scaled to the Region by people.

    Returns
    -------
    pandas.DataFrame
        ``year``, ``published`` (in the words of its page), ``low`` and ``high`` (ports here),
        ``seen`` (words).
    """
    part = float(tables.municipalities["population"].sum()) / CANADA_PEOPLE
    cited = tables.citations.set_index("citation_id")
    rows = [
        (year, str(cited["item"][key]), _counts(published(tables, key)), str(cited["seen"][key]))
        for year, key in PORTS_IDS.items()
    ]
    (later,) = tables.tariffs.loc[tables.tariffs["tariff_id"] == PORTS_2040_ID].to_dict("records")
    rows.append((2040, str(later["item"]), [float(later["value"])], "second_hand"))
    return pd.DataFrame(
        [(year, item, part * min(counts), part * max(counts), SEEN[seen])
         for year, item, counts, seen in rows],
        columns=["year", "published", "low", "high", "seen"],
    )  # fmt: skip


def _counts(text: str) -> list[float]:
    counts = [float(found.replace(",", "")) for found in _COUNT.findall(text)]
    if not counts:
        raise KwevError(f"no count in the cited finding {text!r}", where="citations")
    return counts


# -- named values and tables -------------------------------------------------------------------

_LOOKS: Final[tuple[tuple[str, str, Dash], ...]] = (
    (AIM, style.L3, "dash"), (KEPT, style.INK, "dot"), ("mid", style.L2, "solid"),
)  # fmt: skip
"""Colour and dashes of each course."""
_ORIGIN: Final = "policies.scenarios"
_FACTS: Final = ("ev_policy", "ev_adoption", "need_for_ports")
"""Topics of the findings that stand in the table."""


@once
def numbers(report: Report) -> Numbers:
    """Return the numbers of vehicles under named policies."""
    tables, found = report.tables, stress(report)
    ev = found.set_index(["scenario", "year"])["ev"]
    now = paths(tables)[0].shares[BASE_YEAR]
    aim = shares_in(published(tables, AIM_ID))
    ports = scaled_ports(tables).to_dict("records")
    own = found[found["scenario"].isin([KEPT, AIM])]
    made = [
        *named("citations", share={"policy_share_now": now}),
        *(Number(f"policy_aim_{year}", share, "share", "citations", "{:.0%}")
          for year, share in sorted(aim.items())),
        *named("policies.registrations_per_year", digits=ASSUMED_DIGITS,
               count={"policy_registrations": registrations_per_year(tables)}),
        *named("policies.scaled_ports", digits=ASSUMED_DIGITS,
               count={f"policy_ports_{row['year']}_{end}": row[end]
                      for row in ports for end in ("low", "high")}),
        *named(_ORIGIN, text={"policy_words": outside_words(ev)}),
    ]  # fmt: skip
    for row in own.to_dict("records"):
        name = f"policy_{row['scenario']}_{row['year']}"
        made += named(_ORIGIN, ev={name: row["ev"]}, share={f"{name}_use:.0%": row["use"]},
                      count={f"{name}_ports": row["ports"]}, digits=ASSUMED_DIGITS)  # fmt: skip
    return Numbers(made)


def outside_words(ev: pd.Series[float]) -> str:
    """Say how the policies stand to the forecast's interval (vehicles by scenario and year)."""
    last = YEARS[-1]
    low, high = ev["low", last], ev["high", last]
    said = []
    for key in (KEPT, AIM):
        where = "below" if ev[key, last] < low else "above" if ev[key, last] > high else "within"
        said.append(
            f"{NAMES[key][0].lower() + NAMES[key][1:]}, the count lies {where} the interval"
        )
    return f"where {said[0]}; where the {said[1]}"


def stress_table(report: Report) -> Table:
    """Return every scenario of vehicles with its need, and the use of ports that it asks for."""
    frame = stress(report).assign(year=lambda t: t["year"].astype(str))
    frame["scenario"] = frame["scenario"].map(NAMES)
    for name in ("ev", "need_gwh", "ports"):
        frame[name] = frame[name].map(significant)
    columns = (
        Column("scenario", "Scenario"), Column("ev", "Electric vehicles", format=",.0f"),
        Column("new_share", "Electric share of new ones", format=".1%"),
        Column("need_gwh", "Public need", "GWh/year", ".1f"),
        Column("use", "Hours that all ports are full", format=".0%"),
        Column("ports", "Level 2 ports for it", format=",.0f"),
    )  # fmt: skip
    return table("vehicle-policies", frame, columns, origins.vehicles(report.tables), group="year")


def policy_chart(report: Report) -> Figure:
    """Return the vehicles under each policy, and the forecast of history with its interval."""
    tables = report.tables
    table, ends = tables.ev_forecast, [f"{year}Q4" for year in range(BASE_YEAR + 1, YEARS[-1] + 1)]
    chosen = table[table["chosen"] & table["quarter"].isin(ends)].sort_values("quarter")
    own = [vehicles(tables, path).rename(path.key) for path in paths(tables)]
    frame = pd.concat(own, axis=1).rename_axis("year").reset_index()
    for end in ("low", "mid", "high"):
        frame[end] = [frame[KEPT].iloc[0], *chosen[end]]
    years = frame["year"].tolist()
    last = frame.iloc[-1]
    each = "; ".join(
        f"{words} {significant(last[key]):,.0f}" for key, words in NAMES.items() if key in frame
    )
    lines = [
        Line(x=years, y=frame[key].tolist(), label=NAMES[key], colour=colour, dash=dash, width=2.5,
             hover="end of %{x}: %{y:,.0f}<extra>" + NAMES[key] + "</extra>")
        for key, colour, dash in _LOOKS
    ]  # fmt: skip
    band = Band(x=years, low=frame["low"].tolist(), high=frame["high"].tolist(), colour=style.L2,
                label="Interval of the forecast, without policy")  # fmt: skip
    x = Axis(title="End of year", ticks=(years[::2], [str(year) for year in years[::2]]))
    y = Axis(title="EVs in the Region (count)", form="count", from_zero=True)
    return Chart(
        name="ev-policies", alt=f"Electric vehicles at the end of {years[-1]}: {each}.",
        origin=origins.vehicles(tables), data=frame,
        panels=[Panel(series=[band, *lines], x=x, y=y)], height_px=420, height_in=3.2,
        legend_columns=2,
    ).figure()  # fmt: skip


def ports_table(report: Report) -> Table:
    """Return national needs for ports scaled by people."""
    columns = (
        Column("published", "Published for Canada"),
        Column("low", "Here, low", format=",.0f"), Column("high", "Here, high", format=",.0f"),
        Column("seen", "Source"),
    )  # fmt: skip
    frame = scaled_ports(report.tables)
    frame = frame.assign(**{end: frame[end].map(significant) for end in ("low", "high")})
    return table("scaled-ports", frame, columns, origins.POLICIES)


def findings_table(report: Report) -> Table:
    """Return the cited findings on policy, adoption and ports, and how each was seen."""
    cited = report.tables.citations
    frame = cited[cited["topic"].isin(_FACTS)].reset_index(drop=True)
    frame = frame.assign(seen=frame["seen"].map(SEEN))
    columns = (
        Column("item", "Finding"), Column("published", "As published"), "year",
        Column("source", "Where"), Column("seen", "How seen"),
    )  # fmt: skip
    return table("policy-findings", frame, columns, origins.POLICIES, pdf_rows=len(frame))
