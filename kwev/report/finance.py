"""What a plan costs to build and run, what it earns, when it has paid, and how sure that is.

A site pays for its energy by time of use. Below a monthly peak it is a small customer and pays
delivery by energy; from there on it pays for the peak itself, each month, whether the chargers are
used much or little: peak = share of the ports' power x what all ports draw together. Ontario's EV
Charging rate takes off most of the transmission part of that where a site has a fast charger and a
low load factor. What an action changes is the site after it less the site before, so that a
conversion is charged with the Level 2 income that it ends. Money is of one year, before tax and
grants; income and cost are the same every year.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, fields
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kwev.certify import ActionKey, ActionRules
from kwev.errors import KwevError
from kwev.report.sweeps import ledger
from kwev.studies.rows import actions_of
from kwev.units import HOURS_PER_YEAR, MONTHS_PER_YEAR

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.plan.format import Action
    from kwev.project import Project

    Values = NDArray[np.float64]

_PORTS = tuple(f"{level}_ports_{when}" for level in ("l2", "l3") for when in ("before", "after"))
NO_RATE = 1e-12
"""A rate nearer to zero than this is none."""


@dataclass(frozen=True)
class Ports:
    """Ports of each action's place before and after it; every array has one entry per action."""

    l2_before: Values
    l2_after: Values
    l3_before: Values
    l3_after: Values

    @classmethod
    def of(cls, actions: Sequence[Action]) -> Ports:
        """Return the ports of a plan's actions, in their order."""
        return cls(*(np.array([getattr(a, name) for a in actions], float) for name in _PORTS))

    @classmethod
    def station(cls, l2: int = 0, l3: int = 0) -> Ports:
        """Return one new station."""
        return cls(np.zeros(1), np.array([float(l2)]), np.zeros(1), np.array([float(l3)]))

    def __len__(self) -> int:
        return len(self.l2_after)


@dataclass(frozen=True)
class Year:
    """What a year brings and costs (CAD a year); arrays have one entry per action, or are sums."""

    income: Values
    """What drivers pay."""
    fees: Values
    """What network and payment take of it."""
    energy: Values
    """Energy bought, losses included, with the charges on each kWh."""
    power: Values
    """Charges on the month's peak."""
    fixed: Values
    """Fixed charges of the utility."""
    upkeep: Values
    """Operating cost apart from energy: the plan's own."""
    kwh: Values
    """Energy sold (kWh a year)."""

    @property
    def running(self) -> Values:
        """All that running costs (CAD a year)."""
        return self.fees + self.energy + self.power + self.fixed + self.upkeep

    @property
    def cash(self) -> Values:
        """Income less running cost (CAD a year)."""
        return self.income - self.running

    def total(self) -> Year:
        """Return the sums over all actions."""
        return Year(*(np.sum(getattr(self, field.name)) for field in fields(self)))

    def __sub__(self, other: Year) -> Year:
        return Year(*(getattr(self, f.name) - getattr(other, f.name) for f in fields(self)))


@dataclass(frozen=True)
class Return:
    """What money spent now brings."""

    capital_cad: float
    """Spent now, net of resale (CAD)."""
    cash_cad_per_year: float
    """Income less running cost (CAD a year)."""
    npv_cad: float
    """Net present value over the scenario's years and interest (CAD)."""
    roi: float | None
    """Return on the investment: all that comes back over the years, less the money spent, over the
    money spent; None where nothing is spent."""
    payback_years: float | None
    """Years until the money has come back, without interest; None where it never does."""


def of_row(text: str, tables: Tables, config: Config) -> Return:
    """Return what the actions of a study's row bring: ``id:ports`` joined by blanks.

    Raises
    ------
    KwevError
        If an entry is not an action's id with its ports.
    """
    rules, done = ActionRules(tables, config), {}
    for name, added in actions_of(text):
        key = ActionKey.from_id(name)
        if key is None or not rules.known(key):
            raise KwevError(f"no action {name!r}", where="actions of a study's row")
        done[key] = added
    facts = [rules.expected(key, added, done) for key, added in done.items()]
    return of_ports(Ports(*(np.array([f[name] for f in facts], float) for name in _PORTS)), config)


def by_budget(rows: pd.DataFrame, tables: Tables, config: Config) -> pd.DataFrame:
    """Return what plans bring, one row each, as the rows of a study have them.

    Columns: ``budget_cad``, ``capital_cad``, ``cash``, ``npv_cad``, ``roi``, ``payback_years``.
    """
    found = [brings(of_row(text, tables, config)) for text in rows["actions"]]
    return pd.DataFrame(found).assign(budget_cad=rows["budget_cad"].to_numpy())[
        ["budget_cad", "capital_cad", "cash", "npv_cad", "roi", "payback_years"]
    ]


def brings(found: Return) -> dict[str, float]:
    """Return what a :class:`Return` says as columns of a table, NaN where there is none."""
    return {
        "capital_cad": found.capital_cad,
        "cash": found.cash_cad_per_year,
        "npv_cad": found.npv_cad,
        "roi": or_nan(found.roi),
        "payback_years": or_nan(found.payback_years),
    }


def or_nan(value: float | None) -> float:
    """Return a value, NaN for None."""
    return np.nan if value is None else float(value)


def of_ports(ports: Ports, config: Config) -> Return:
    """Return what actions bring, given by the ports of their places before and after."""
    cash = float(np.sum(year(ports, config).cash))
    return returns(float(np.sum(capital_cad(ports, config))), cash, config)


def returns(capital: float, cash: float, config: Config) -> Return:
    """Return net present value and the like of an amount spent now and an equal yearly one."""
    finance = config.finance
    back = cash * finance.years
    return Return(
        capital_cad=capital,
        cash_cad_per_year=cash,
        npv_cad=npv(capital, cash, finance.discount_share_per_year, finance.years),
        roi=(back - capital) / capital if capital > 0 else None,
        payback_years=capital / cash if capital > 0 and cash > 0 else None,
    )


def annuity(rate: float, years: int) -> float:
    """Return what one CAD at the end of each year is worth now (1)."""
    if abs(rate) < NO_RATE:
        return float(years)
    return -math.expm1(-years * math.log1p(rate)) / rate


def worth(config: Config) -> float:
    """Return what one CAD a year is worth now over the scenario's years and interest (1)."""
    return annuity(config.finance.discount_share_per_year, config.finance.years)


def npv(capital: float, cash: float, rate: float, years: int) -> float:
    """Return the net present value of an amount spent now and an equal yearly one (CAD)."""
    return cash * annuity(rate, years) - capital


def capital_cad(ports: Ports, config: Config) -> Values:
    """Return the net cost of each action (CAD): what is bought less what is sold.

    Worked out from the ports alone, so that other prices can be tried on the same actions.
    """
    costs = config.costs
    bought_l2 = np.maximum(ports.l2_after - ports.l2_before, 0) * costs.l2_port_cad
    bought_l3 = np.maximum(ports.l3_after - ports.l3_before, 0) * costs.l3_port_cad
    new_l2 = ((ports.l2_before == 0) & (ports.l2_after > 0)) * costs.l2_station_cad
    new_l3 = ((ports.l3_before == 0) & (ports.l3_after > 0)) * costs.l3_station_cad
    sold_l2 = np.maximum(ports.l2_before - ports.l2_after, 0) * costs.l2_port_cad
    gone_l2 = ((ports.l2_before > 0) & (ports.l2_after == 0)) * costs.l2_station_cad
    sold = costs.resale_factor * (sold_l2 + gone_l2)
    return np.asarray(bought_l2 + bought_l3 + new_l2 + new_l3 - sold, float)


def year(ports: Ports, config: Config, utilisation: float | None = None) -> Year:
    """Return what each action changes in a year: the site after it less the site before.

    Parameters
    ----------
    utilisation
        Share of the year's hours at full power, at both levels; None: the scenario's.
    """
    used = config.demand.utilisation if utilisation is None else utilisation
    after = _site(ports.l2_after, ports.l3_after, config, used)
    return after - _site(ports.l2_before, ports.l3_before, config, used)


def _site(l2: Values, l3: Values, config: Config, utilisation: float) -> Year:
    """Return what sites with so many ports earn and cost in a year; a site without has nothing."""
    money = config.finance
    hours = HOURS_PER_YEAR * utilisation
    kwh_l2, kwh_l3 = l2 * config.power.l2_kw * hours, l3 * config.power.l3_kw * hours
    income = kwh_l2 * money.price.l2_cad_per_kwh + kwh_l3 * money.price.l3_cad_per_kwh
    bought = (kwh_l2 + kwh_l3) * (1 + money.energy.loss_share)
    peak = peak_kw(l2, l3, config)
    small, there = peak < money.delivery.small_below_kw, l2 + l3 > 0
    delivery = small * money.delivery.small_cad_per_kwh
    monthly = np.where(small, money.delivery.small_cad_per_month, money.delivery.cad_per_month)
    per_kw = money.delivery.demand_cad_per_kw_month + _transmission(bought, peak, l3, config)
    return Year(
        income=income,
        fees=income * money.price.fee_share,
        energy=bought * (energy_cad_per_kwh(config) + delivery),
        power=np.where(small, 0.0, MONTHS_PER_YEAR * per_kw * peak),
        fixed=MONTHS_PER_YEAR * monthly * there,
        upkeep=_upkeep(l2, l3, config),
        kwh=kwh_l2 + kwh_l3,
    )


def energy_cad_per_kwh(config: Config) -> float:
    """Return the mean price of a kWh bought, by time of use, charges on each kWh included (CAD)."""
    e = config.finance.energy
    off = 1 - e.mid_peak_share - e.on_peak_share
    mid, on = e.mid_peak_share * e.mid_peak_cad_per_kwh, e.on_peak_share * e.on_peak_cad_per_kwh
    return off * e.off_peak_cad_per_kwh + mid + on + e.other_cad_per_kwh


def peak_kw(l2: Values, l3: Values, config: Config) -> Values:
    """Return the month's peak at sites with so many ports (kW)."""
    peak, power = config.finance.peak, config.power
    return np.asarray(l2 * power.l2_kw * peak.l2_share + l3 * power.l3_kw * peak.l3_share, float)


def _transmission(bought_kwh: Values, peak: Values, l3: Values, config: Config) -> Values:
    """Return the transmission charges (CAD/kW a month), less where the EV Charging rate is granted.

    It is granted to a site with a fast charger, a peak in the class and a low load factor.
    """
    rule = config.finance.delivery
    room = peak * HOURS_PER_YEAR
    low = bought_kwh <= rule.evc_load_factor * room
    granted = (l3 > 0) & (peak < rule.evc_below_kw) & low
    return rule.transmission_cad_per_kw_month * np.where(granted, rule.evc_share, 1.0)


def _upkeep(l2: Values, l3: Values, config: Config) -> Values:
    run = config.operating
    stations = (l2 > 0) * run.l2_station_cad_per_year + (l3 > 0) * run.l3_station_cad_per_year
    ports = l2 * run.l2_port_cad_per_year + l3 * run.l3_port_cad_per_year
    return np.asarray(stations + ports, float)


# -- break-even --------------------------------------------------------------------------------


def break_even(ports: Ports, config: Config, *, pays_back: bool = True) -> float | None:
    """Return the least utilisation at which actions pay; None where none up to 1 is enough.

    Cash is linear in the utilisation but for the steps at which the EV Charging rate is lost, so
    that each stretch between two steps has its root in closed form: a straight line through two
    of its points.

    Parameters
    ----------
    pays_back
        True: the money spent comes back with interest over the scenario's years. False: what
        drivers pay covers the running cost.
    """
    wanted = _yearly_cad(ports, config) if pays_back else 0.0
    steps = sorted({0.0, 1.0, *(s for s in _steps(ports, config) if 0 < s < 1)})

    def left(utilisation: float) -> float:
        return float(np.sum(year(ports, config, utilisation).cash)) - wanted

    roots = (_root(left, low, high) for low, high in pairwise(steps))
    return next((root for root in roots if root is not None), None)


def _yearly_cad(ports: Ports, config: Config) -> float:
    """Return the cash of a year that pays the money back with interest (CAD)."""
    return float(np.sum(capital_cad(ports, config))) / worth(config)


def _steps(ports: Ports, config: Config) -> list[float]:
    """Return the utilisations at which a site loses the EV Charging rate."""
    found: list[float] = []
    for l2, l3 in ((ports.l2_before, ports.l3_before), (ports.l2_after, ports.l3_after)):
        power = l2 * config.power.l2_kw + l3 * config.power.l3_kw
        bought = power * (1 + config.finance.energy.loss_share)  # per unit of utilisation and hour
        peak = peak_kw(l2, l3, config)
        full = config.finance.delivery.evc_load_factor * peak
        found += (full[l3 > 0] / bought[l3 > 0]).tolist()
    return found


def _root(line: Callable[[float], float], low: float, high: float) -> float | None:
    """Return the first point of a stretch where a straight line is at least 0, if there is one.

    The stretch is open at its lower end, where a step may be.
    """
    one, two = low + (high - low) / 3, low + 2 * (high - low) / 3
    at_one, at_two = line(one), line(two)
    slope = (at_two - at_one) / (two - one)
    at_low = at_one - slope * (one - low)
    if at_low >= 0:
        return low
    if slope <= 0:
        return None
    root = one - at_one / slope
    return root if root <= high else None


def break_even_price(ports: Ports, config: Config) -> float | None:
    """Return the price at which new stations of one level just pay back (CAD/kWh), in closed form.

    At the scenario's utilisation; None where nothing is sold.
    """
    now = year(ports, config).total()
    kept = 1 - config.finance.price.fee_share
    if now.kwh <= 0 or kept <= 0:
        return None
    return float((now.running - now.fees + _yearly_cad(ports, config)) / (kept * now.kwh))


# -- How far a plan's return may be off: its assumptions drawn over their ranges, and one by one.

DRAWS, SEED = 1_000, 0
LOW, HIGH = 0.05, 0.95
"""Ends of an interval: shares of the draws below them."""

MONEY = ("finance.", "costs.", "operating.", "demand.utilisation")
"""How the keys of the assumptions begin that move a return while the actions stay."""
APART = ("operating.years",)
"""Keys among them that only the objective reads."""


@dataclass(frozen=True)
class Span:
    """An assumption, or a group that moves together: both ends of each of its keys."""

    name: str
    what: str
    ends: Mapping[str, tuple[float, float]]

    def at(self, part: float) -> dict[str, float]:
        """Return the values at a part of the way (0 to 1) from the low ends to the high ones."""
        return {key: low + part * (high - low) for key, (low, high) in self.ends.items()}


GROUPS = {
    "operating": "Operating cost of stations and ports, energy apart",
    "finance.energy": "Price of energy by time of use",
    "finance.peak": "Month's peak as a part of the power of all ports",
}
"""What a group of assumptions is called."""


def spans(project: Project) -> list[Span]:
    """Return the assumptions on money that have a range, in the order of the ledger."""
    known: dict[str, dict[str, tuple[float, float]]] = {}
    words: dict[str, str] = {}
    for entry in ledger(project):
        key, low, high = entry["key"], entry["low"], entry["high"]
        if not key.startswith(MONEY) or key in APART or low is None or high is None:
            continue
        name = entry.get("group", key)
        known.setdefault(name, {})[key] = (float(low), float(high))
        words[name] = GROUPS.get(name, entry["what"])
    return [Span(name, words[name], ends) for name, ends in known.items()]


def changed(config: Config, values: Mapping[str, float]) -> Config:
    """Return a configuration with dotted keys changed, unchecked: the values are of the ledger."""
    for key, value in values.items():
        config = _with(config, key.split("."), value)
    return config


def _with(node: Any, path: Sequence[str], value: float) -> Any:
    if not path:
        # a whole number stays one: years
        return round(value) if isinstance(node, int) else value
    first, *rest = path
    return node.model_copy(update={first: _with(getattr(node, first), rest, value)})


def draws(known: Sequence[Span], config: Config, *, size: int = DRAWS) -> list[Config]:
    """Return configurations with all assumptions drawn over their ranges at once."""
    from scipy.stats import qmc  # noqa: PLC0415 -- loads all of scipy

    parts = qmc.LatinHypercube(d=len(known), rng=SEED).random(size)
    return [
        changed(config, {k: v for span, part in zip(known, row, strict=True)
                         for k, v in span.at(float(part)).items()})
        for row in parts
    ]  # fmt: skip


def returns_spread(ports: Ports, configs: Iterable[Config]) -> pd.DataFrame:
    """Return what actions bring, one row a configuration.

    Columns: ``capital_cad``, ``cash_cad_per_year``, ``npv_cad``, ``roi``, ``payback_years``
    (infinite where the money never comes back).
    """
    table = pd.DataFrame([asdict(of_ports(ports, config)) for config in configs], dtype=float)
    return table.fillna({"payback_years": np.inf})


def present_values(ports: Ports, configs: Sequence[Config]) -> NDArray[np.float64]:
    """Return shape (configurations, actions): the net present value of each action (CAD)."""
    found = [
        year(ports, config).cash * worth(config) - capital_cad(ports, config) for config in configs
    ]
    return np.array(found).reshape(len(configs), len(ports))


def interval(values: pd.Series) -> tuple[float, float]:
    """Return the values below which 5 % and 95 % of the draws lie.

    A draw is taken, not a mean of two, so that an infinite payback stays infinite.
    """
    low, high = (float(values.quantile(q, interpolation="nearest")) for q in (LOW, HIGH))
    return low, high


def one_at_a_time(ports: Ports, known: Sequence[Span], config: Config) -> pd.DataFrame:
    """Return the net present value with one assumption at either end, the widest first.

    Columns: ``name``, ``what``, ``low_cad``, ``high_cad`` (at the low and the high end),
    ``change_low_cad``, ``change_high_cad`` (against the scenario) and ``swing_cad``.
    """
    base = of_ports(ports, config).npv_cad
    low, high = (
        np.array([of_ports(ports, changed(config, span.at(end))).npv_cad for span in known])
        for end in (0.0, 1.0)
    )
    table = pd.DataFrame(
        {"name": [span.name for span in known], "what": [span.what for span in known],
         "low_cad": low, "high_cad": high, "change_low_cad": low - base,
         "change_high_cad": high - base, "swing_cad": np.abs(high - low)}
    )  # fmt: skip
    return table.sort_values(["swing_cad", "name"], ascending=[False, True], ignore_index=True)
