"""The targets that are watched, as data, and how a plan or a new measurement stands to them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from kwev.config import Metric, PositiveM, Section, Share, load_config
from kwev.errors import validated
from kwev.files import json_schema_of, read_json
from kwev.report.effects import WHENS
from kwev.units import POINTS
from kwev.vocabulary import METRIC_WORDS, TARGET_NAMES

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.config import Config
    from kwev.project import Project
    from kwev.report.comparison import Shares
    from kwev.report.history import Measured

Name = Literal["l2", "l3", "ev_owners"]
NAMES: tuple[Name, ...] = ("l2", "l3", "ev_owners")
FILE = "data/targets.json"


class Within(Section):
    """How near a charger must be; null leaves a level out, with both either one will do."""

    l2_radius_m: PositiveM | None
    """Reach of a Level 2 station (m)."""
    l3_radius_m: PositiveM | None
    """Reach of a Level 3 station (m)."""

    @model_validator(mode="after")
    def _some_level(self) -> Within:
        if self.l2_radius_m is None and self.l3_radius_m is None:
            raise ValueError("one radius at least must be given")
        return self


class Target(Section):
    """One target."""

    name: Name
    """Its name, as in a plan."""
    measure: Literal["people", "ev"]
    """Whose share is measured: residents, or registered electric vehicles."""
    within: Within
    """Within which radius."""
    share: Share
    """Share that should be in reach (0 to 1)."""
    every: Literal["month", "quarter"]
    """How often it is measured."""


class Triggers(Section):
    """When what the plan was made on has moved so far that a new plan is due."""

    network_points: Annotated[float, Field(gt=0, le=100)]
    """Change of today's coverage since the plan was made, either level (points)."""
    gone_per_year: Annotated[float, Field(gt=0, le=1)]
    """Stations that leave the list in a year, of those that stood in it (share)."""


class Targets(Section):
    """What is watched, and from which change on it is told."""

    description: str
    """Where the targets come from."""
    metrics: Annotated[list[Metric], Field(min_length=1)]
    """How distance is measured: by each of these, the first that of the published plan."""
    targets: Annotated[list[Target], Field(min_length=1)]
    """The targets, in the order in which they are shown."""
    regression_points: Annotated[float, Field(gt=0, le=100)]
    """Loss since the last measurement that counts as a step back (points)."""
    triggers: Triggers
    """What calls for a new plan."""

    @model_validator(mode="after")
    def _each_once(self) -> Targets:
        names = [target.name for target in self.targets]
        if sorted(names) != sorted(NAMES):
            raise ValueError(f"each of {', '.join(NAMES)} must be there once")
        if len(set(self.metrics)) < len(self.metrics):
            raise ValueError("a metric stands there twice")
        return self

    def configs(self, project: Project) -> list[Config]:
        """Return the base scenario with the radii of the targets, by each metric in its order.

        Existing stations count as they do in the base scenario, for a plan and for the watch.
        """
        near = {target.name: target.within for target in self.targets}
        base = load_config("base", project.config).with_values(
            coverage__l2_radius_m=near["l2"].l2_radius_m,
            coverage__l3_radius_m=near["l3"].l3_radius_m,
        )
        return [base.with_values(coverage__metric=metric) for metric in self.metrics]


def read(path: Path) -> Targets:
    """Read a file of targets strictly.

    Raises
    ------
    KwevError
        If it is missing, is not JSON, or a key or value is wrong.
    """
    values = read_json(path)
    return validated(values, Targets, where=str(path))


def of_project(project: Project) -> Targets:
    """Read the targets of a checkout (``data/targets.json``)."""
    return read(project.root / FILE)


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of the file of targets."""
    return json_schema_of(Targets, "kwev targets")


# -- The targets that are watched once the plan is built, and whether they are met.

DAYS_PER_YEAR: Final = 365.25
OFTEN: Final = {"month": "monthly", "quarter": "quarterly"}


def targets(watched: Targets, reached: Shares) -> pd.DataFrame:
    """Return one row a target and metric: share wanted, radius, before and after, pass or fail.

    Columns: ``target``, ``radius_m`` (text; both radii for EVs), ``distance`` (words), ``wanted``,
    ``measured``, ``before``, ``after``, ``passes_before``, ``passes_after``, ``missing_points``.
    """
    rows = []
    for target in watched.targets:
        for metric in watched.metrics:
            before, after = (reached[target.name, metric, when] for when in WHENS)
            rows.append(
                {"target": TARGET_NAMES[target.name], "radius_m": _radius(target.within),
                 "distance": METRIC_WORDS[metric],
                 "wanted": target.share, "measured": OFTEN[target.every],
                 "before": before, "after": after,
                 "passes_before": passes(before, target.share),
                 "passes_after": passes(after, target.share),
                 "missing_points": max(0.0, POINTS * (target.share - after))}
            )  # fmt: skip
    return pd.DataFrame(rows)


def _radius(within: Within) -> str:
    known = [radius for radius in (within.l2_radius_m, within.l3_radius_m) if radius is not None]
    return " or ".join(f"{radius:,.0f}" for radius in known)


def passes(share: float, target: float) -> bool:
    """Return whether a measured share meets its target."""
    return share >= target - 1e-12


def judged(lines: list[Measured], line: Measured, watched: Targets) -> pd.DataFrame:
    """Return what a line says of each target that it measures, against its series and metric.

    Returns
    -------
    pandas.DataFrame
        ``target``, ``wanted``, ``measured`` (shares), ``passes``, ``since`` (date of the line
        before in its series, empty where it is the first), ``change`` (points since then),
        ``per_year`` (points a year, a straight line through the series by least squares) and
        ``regressed``: met before and not now, or ``regression_points`` lower.
    """
    own = [other for other in lines if other.follows(line) and other.date <= line.date]
    before = own[-2] if len(own) > 1 else None
    rows = []
    for target in watched.targets:
        now = getattr(line, target.name)
        if now is None:
            continue
        then = None if before is None else getattr(before, target.name)
        change = np.nan if then is None else POINTS * (now - then)
        met, was_met = passes(now, target.share), then is not None and passes(then, target.share)
        back = (was_met and not met) or change <= -watched.regression_points + 1e-9
        rows.append(
            {"target": target.name, "wanted": target.share, "measured": now, "passes": met,
             "since": "" if before is None else before.date, "change": change,
             "per_year": _per_year(own, target.name), "regressed": back}
        )  # fmt: skip
    return pd.DataFrame(rows)


def _per_year(lines: list[Measured], name: str) -> float:
    """Return the slope of a series (points a year); NaN where there is one date alone."""
    if len(lines) < 2:  # noqa: PLR2004 -- a slope needs two
        return float("nan")
    days = pd.to_datetime([line.date for line in lines]).to_numpy().astype("datetime64[D]")
    years = (days - days[0]).astype(float) / DAYS_PER_YEAR
    shares = np.array([getattr(line, name) for line in lines], float)
    apart = years - years.mean()
    return float(POINTS * (apart @ shares) / (apart @ apart))
