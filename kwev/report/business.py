"""A plan as a business: by kind of action, by site, over the use of its ports, with intervals."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from kwev.model.demand import energy_need_kwh
from kwev.model.siting import existing_stations
from kwev.report import finance
from kwev.report.finance import Ports
from kwev.report.plan import is_level3
from kwev.units import HOURS_PER_YEAR
from kwev.vocabulary import KIND_NAMES, LEVEL_NAMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kwev.config import Config, EvYear
    from kwev.data.tables import Tables
    from kwev.plan.format import Action, Plan
    from kwev.project import Project

GRID: Final = tuple(round(0.02 * step, 2) for step in range(21))
"""Utilisations of the chart (share of the year's hours)."""
BAND_DRAWS: Final = 200
"""Draws behind the bands of the chart, at each utilisation."""
STATIONS: Final = ((1, 0), (2, 0), (4, 0), (0, 2), (0, 4))
"""Level 2 and Level 3 ports of the new stations whose break-even is told."""
ALL: Final = "The whole plan"
YIELD: Final = ("level", "utilisation", "yield", "low", "high", "needed")


@dataclass(frozen=True)
class Business:
    """A certified plan's actions as a business under one scenario."""

    project: Project
    """The checkout, whose ledger of assumptions holds the ranges."""
    tables: Tables
    plan: Plan
    config: Config

    @cached_property
    def ports(self) -> Ports:
        """Ports of the plan's actions."""
        return Ports.of(self.plan.actions)

    @cached_property
    def now(self) -> finance.Return:
        """What the whole plan brings, at the scenario's values."""
        return finance.of_ports(self.ports, self.config)

    @cached_property
    def year(self) -> finance.Year:
        """The plan's year, summed."""
        return finance.year(self.ports, self.config).total()

    @cached_property
    def spans(self) -> list[finance.Span]:
        """Assumptions on money that have a range."""
        return finance.spans(self.project)

    @cached_property
    def draws(self) -> list[Config]:
        """The scenario with its assumptions drawn over their ranges."""
        return finance.draws(self.spans, self.config)

    @cached_property
    def drawn(self) -> pd.DataFrame:
        """Returns of the whole plan, one row a draw."""
        return finance.returns_spread(self.ports, self.draws)

    @cached_property
    def swings(self) -> pd.DataFrame:
        """Net present value with one assumption at a time at either end of its range."""
        return finance.one_at_a_time(self.ports, self.spans, self.config)

    def level(self, level: str) -> Ports:
        """Return the ports of the actions whose money goes to ``l2`` or ``l3``."""
        return Ports.of([a for a in self.plan.actions if is_level3(a) == (level == "l3")])

    def by_kind(self) -> pd.DataFrame:
        """Return one row a kind of action, and one of all, which adds them up.

        Columns: ``kind`` (words), ``stations``, ``capital_cad`` (net of resale), ``income``,
        ``energy``, ``power``, ``other`` (fees, fixed charges and upkeep), ``cash`` (CAD a year),
        ``npv_cad``, ``roi`` (share of the money spent that comes back on top of it over the years),
        ``payback_years`` and ``break_even`` (share; NaN where never).
        """
        actions = self.plan.actions
        done = {kind: [a for a in actions if a.kind == kind] for kind in KIND_NAMES}
        rows = [{"kind": KIND_NAMES[k], **self._row(some)} for k, some in done.items() if some]
        return pd.DataFrame([*rows, {"kind": ALL, **self._row(actions)}])

    def by_site(self) -> pd.DataFrame:
        """Return one row a place, the best net present value first; sums are the plan's totals.

        Columns as :meth:`by_kind`, with ``name``, ``municipality``, ``what``, ``place_id``, and
        ``npv_low_cad`` and ``npv_high_cad``: between them lie nine tenths of the draws.
        """
        places: dict[str, list[Action]] = {}
        for action in self.plan.actions:
            places.setdefault(action.place_id, []).append(action)
        worth = pd.DataFrame(finance.present_values(self.ports, self.draws))
        at = pd.Series([action.place_id for action in self.plan.actions])
        rows = []
        for place_id, done in places.items():
            low, high = finance.interval(worth.loc[:, (at == place_id).to_numpy()].sum(axis=1))
            rows.append(
                {"place_id": place_id, "name": done[0].name, "municipality": done[0].municipality,
                 "what": ", ".join(KIND_NAMES[a.kind] for a in done), **self._row(done),
                 "npv_low_cad": low, "npv_high_cad": high}
            )  # fmt: skip
        rows.sort(key=lambda row: (-row["npv_cad"], row["place_id"]))
        return pd.DataFrame(rows)

    def _row(self, actions: Sequence[Action]) -> dict[str, Any]:
        ports, config = Ports.of(actions), self.config
        total = finance.year(ports, config).total()
        brings = _brings(finance.of_ports(ports, config))
        return {
            "stations": len(actions),
            "capital_cad": brings.pop("capital_cad"),
            **{name: float(getattr(total, name)) for name in ("income", "energy", "power")},
            "other": float(total.fees + total.fixed + total.upkeep),
            **brings,
            "break_even": or_nan(finance.break_even(ports, config)),
        }

    def stations(self) -> pd.DataFrame:
        """Return one row a new station of :data:`STATIONS`: what it needs to pay.

        Columns: ``station`` (words), ``level``, ``ports``, ``peak_kw`` (a month's),
        ``capital_cad``, ``power`` (charges on the peak, CAD a year), ``runs`` and ``pays``
        (utilisation at which income covers the running cost, and the money too; NaN where never)
        and ``price`` (CAD/kWh at which it pays at the scenario's utilisation).
        """
        rows = []
        for l2, l3 in STATIONS:
            ports, config = Ports.station(l2, l3), self.config
            level, count = ("Level 2", l2) if l2 else ("Level 3", l3)
            row = {
                "station": f"{level}, {count} {'port' if count == 1 else 'ports'}",
                "level": level,
                "ports": count,
                "peak_kw": float(finance.peak_kw(ports.l2_after, ports.l3_after, config)[0]),
                "capital_cad": float(finance.capital_cad(ports, config)[0]),
                "power": float(finance.year(ports, config).power[0]),
                "runs": or_nan(finance.break_even(ports, config, pays_back=False)),
                "pays": or_nan(finance.break_even(ports, config)),
                "price": or_nan(finance.break_even_price(ports, config)),
            }
            rows.append(row)
        return pd.DataFrame(rows)

    def over_utilisation(self) -> pd.DataFrame:
        """Return what a dollar brings in a year, by level, over the utilisation, with intervals.

        Columns: ``level`` (words), ``utilisation``, ``yield``, ``low``, ``high`` (cash of a year
        over the money spent: a share a year) and ``needed`` (the yield that pays the money back
        over the scenario's years with interest).
        """
        free = [span for span in self.spans if span.name != "demand.utilisation"]
        drawn = finance.draws(free, self.config, size=BAND_DRAWS)
        money = self.config.finance
        needed = 1 / finance.annuity(money.discount_share_per_year, money.years)
        rows = []
        for level, words in LEVEL_NAMES.items():
            ports = self.level(level)
            if len(ports) == 0 or finance.capital_cad(ports, self.config).sum() <= 0:
                continue
            for used in GRID:
                earned = pd.Series([_yield(ports, config, used) for config in drawn])
                own = _yield(ports, self.config, used)
                rows.append((words, used, own, *finance.interval(earned), needed))
        return pd.DataFrame(rows, columns=list(YIELD))

    def supported(self, ev_year: EvYear = "now") -> float:
        """Return the utilisation that the Region's vehicles can fill, all ports of the plan built.

        Public-charging energy that they need, over what all ports, existing and new, could give at
        full power all year; both as the model's energy rows count them.
        """
        config = self.config.with_values(demand__ev_year=ev_year)
        need = sum(energy_need_kwh(self.tables, config).values())
        standing = float(existing_stations(self.tables, config).standing_kw.sum())
        ports, power = self.ports, self.config.power
        added = np.sum(ports.l2_after - ports.l2_before) * power.l2_kw
        added += np.sum(ports.l3_after - ports.l3_before) * power.l3_kw
        return need / (HOURS_PER_YEAR * (standing + float(added)))

    def at(self, utilisation: float) -> finance.Return:
        """Return what the plan brings at another utilisation."""
        config = self.config.with_values(demand__utilisation=utilisation)
        return finance.of_ports(self.ports, config)


def by_budget(rows: pd.DataFrame, tables: Tables, config: Config) -> pd.DataFrame:
    """Return what plans bring, one row each, as the rows of a study have them.

    Columns: ``budget_cad``, ``capital_cad``, ``cash``, ``npv_cad``, ``roi``, ``payback_years``.
    """
    brings = [_brings(finance.of_row(text, tables, config)) for text in rows["actions"]]
    return pd.DataFrame(brings).assign(budget_cad=rows["budget_cad"].to_numpy())[
        ["budget_cad", "capital_cad", "cash", "npv_cad", "roi", "payback_years"]
    ]


def _brings(found: finance.Return) -> dict[str, float]:
    return {
        "capital_cad": found.capital_cad,
        "cash": found.cash_cad_per_year,
        "npv_cad": found.npv_cad,
        "roi": or_nan(found.roi),
        "payback_years": or_nan(found.payback_years),
    }


def _yield(ports: Ports, config: Config, utilisation: float) -> float:
    cash = float(finance.year(ports, config, utilisation).cash.sum())
    return cash / float(finance.capital_cad(ports, config).sum())


def or_nan(value: float | None) -> float:
    """Return a value, NaN for None."""
    return np.nan if value is None else float(value)
