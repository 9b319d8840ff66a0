"""How far a plan's return may be off: its assumptions drawn over their ranges, and one by one.

Ranges are those of ``data/assumptions.json``, uniform, independent of each other; the keys of a
group move together. The draws are a Latin hypercube: each range is cut into as many equal parts as
there are draws, and each part is drawn from once [McKay, Beckman and Conover 1979].
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from scipy.stats import qmc

from kwev.analysis import finance
from kwev.files import read_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from kwev.analysis.finance import Ports
    from kwev.config import Config
    from kwev.project import Project

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
    for entry in read_json(project.root / "data" / "assumptions.json"):
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
    first, *rest = path
    below = getattr(node, first)
    # a whole number stays one: years
    new = (
        _with(below, rest, value)
        if rest
        else type(below)(round(value) if isinstance(below, int) else value)
    )
    return node.model_copy(update={first: new})


def draws(
    known: Sequence[Span], config: Config, *, size: int = DRAWS, seed: int = SEED
) -> list[Config]:
    """Return configurations with all assumptions drawn over their ranges at once."""
    parts = qmc.LatinHypercube(d=len(known), rng=seed).random(size)
    return [
        changed(config, {k: v for span, part in zip(known, row, strict=True)
                         for k, v in span.at(float(part)).items()})
        for row in parts
    ]  # fmt: skip


def returns(ports: Ports, configs: Iterable[Config]) -> pd.DataFrame:
    """Return what actions bring, one row a configuration.

    Columns: ``capital_cad``, ``cash_cad_per_year``, ``npv_cad``, ``roi``, ``payback_years``
    (infinite where the money never comes back).
    """
    rows = []
    for config in configs:
        found = finance.of_ports(ports, config)
        rows.append(
            {
                "capital_cad": found.capital_cad,
                "cash_cad_per_year": found.cash_cad_per_year,
                "npv_cad": found.npv_cad,
                "roi": np.nan if found.roi is None else found.roi,
                "payback_years": np.inf if found.payback_years is None else found.payback_years,
            }
        )
    return pd.DataFrame(rows)


def present_values(ports: Ports, configs: Sequence[Config]) -> NDArray[np.float64]:
    """Return shape (configurations, actions): the net present value of each action (CAD)."""
    found = []
    for config in configs:
        money = config.finance
        worth = finance.annuity(money.discount_share_per_year, money.years)
        cash = finance.year(ports, config).cash
        found.append(cash * worth - finance.capital_cad(ports, config))
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
    base = finance.of_ports(ports, config).npv_cad
    rows = []
    for span in known:
        low, high = (
            finance.of_ports(ports, changed(config, span.at(end))).npv_cad for end in (0.0, 1.0)
        )
        rows.append(
            {
                "name": span.name,
                "what": span.what,
                "low_cad": low,
                "high_cad": high,
                "change_low_cad": low - base,
                "change_high_cad": high - base,
                "swing_cad": abs(high - low),
            }
        )
    table = pd.DataFrame(rows)
    return table.sort_values(["swing_cad", "name"], ascending=[False, True], ignore_index=True)
