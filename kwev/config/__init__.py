"""Scenarios: what a planner may choose, as frozen values read strictly from ``config/``."""

from kwev.config.publisher import Publisher, publisher_schema, read_publisher
from kwev.config.scenario import (
    Case,
    Config,
    Planning,
    json_schema,
    load_case,
    load_config,
    merge,
    parse,
    scenario_paths,
)
from kwev.config.scores import DemandWeights
from kwev.config.sections import (
    GEOGRAPHIES,
    SOLVERS,
    Demand,
    EvYear,
    Floors,
    Geography,
    Metric,
    Phasing,
    PositiveM,
    Power,
    Section,
    Share,
    Solver,
)

__all__ = [
    "GEOGRAPHIES",
    "SOLVERS",
    "Case",
    "Config",
    "Demand",
    "DemandWeights",
    "EvYear",
    "Floors",
    "Geography",
    "Metric",
    "Phasing",
    "Planning",
    "PositiveM",
    "Power",
    "Publisher",
    "Section",
    "Share",
    "Solver",
    "json_schema",
    "load_case",
    "load_config",
    "merge",
    "parse",
    "publisher_schema",
    "read_publisher",
    "scenario_paths",
]
