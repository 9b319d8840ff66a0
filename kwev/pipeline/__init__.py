"""Raw files to processed tables: boundaries, people, vehicles, stations, candidate sites."""

from kwev.pipeline.build import BuildReport, build
from kwev.pipeline.parameters import Parameters

__all__ = ["BuildReport", "Parameters", "build"]
