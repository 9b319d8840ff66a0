"""The JSON schemas of every file that others read, generated from the code that writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kwev import config, region
from kwev.files import write_json
from kwev.plan import export
from kwev.plan import format as plan_format
from kwev.report import site_packages, targets
from kwev.report.file_format import schema_of

if TYPE_CHECKING:
    from pathlib import Path

    from kwev.project import Project


def schemas() -> dict[str, dict[str, Any]]:
    """Return every schema by its path below the project."""
    of_plan = plan_format.json_schema()
    return {
        "config/schema.json": config.json_schema(),
        "docs/schemas/publisher.json": config.publisher_schema(),
        "docs/schemas/region.json": region.region_schema(),
        "docs/schemas/plan.json": of_plan,
        "docs/schemas/plan.geojson.json": export.geojson_schema(of_plan),
        "docs/schemas/solve.json": export.account_schema(),
        "docs/schemas/results.json": schema_of("Results"),
        "docs/schemas/phases.json": schema_of("PhaseFile"),
        "docs/schemas/schedule.json": schema_of("ScheduleFile"),
        "docs/schemas/site-packages.geojson.json": site_packages.json_schema(),
        "docs/schemas/targets.json": targets.json_schema(),
    }


def write_schemas(project: Project, out: Path | None = None) -> list[Path]:
    """Write the schemas below ``out`` or the project; return their paths."""
    written = []
    for name, schema in schemas().items():
        path = (out or project.root) / name
        write_json(path, schema, indent=2)
        written.append(path)
    return written
