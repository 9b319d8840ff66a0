"""A plan's files: plan.json, solve.json, plan.geojson and plan.csv."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import pandas as pd
from pydantic import BaseModel, ConfigDict, Field

from kwev import escape
from kwev.files import dump_json
from kwev.plan.format import Action, Plan
from kwev.sets import PLAN, problems, recover, write_set

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FILES = ("plan.json", "solve.json", "plan.geojson", "plan.csv")

RESULTS = "results.json"
"""Beside ``plan.json``: what :mod:`kwev.report.results` measures of the plan."""


def write_plan(
    folder: Path, plan: Plan, account: dict[str, Any], more: Mapping[str, str] | None = None
) -> None:
    """Write the files of a plan into ``folder``, all or none, with a manifest.

    Parameters
    ----------
    folder
        Made where it is missing.
    plan
        A certified plan.
    account
        Seconds, nodes, log and machine of the solves.
    more
        Other files that are made from the plan: text by name.
    """
    files = {"plan.json": dump_json(plan.as_dict()), "solve.json": dump_json(account)}
    write_set(folder, files | companions(plan) | dict(more or {}))


def companions(plan: Plan) -> dict[str, str]:
    """Return the files that say what a plan says in other formats: text by name."""
    return {"plan.geojson": dump_json(as_geojson(plan)), "plan.csv": as_csv(plan)}


def problems_beside(path: Path, plan: Plan) -> list[str]:
    """Return what is wrong with the files beside a ``plan.json``, a line each.

    Each file that the manifest names must be the one that was written, and made from this plan;
    the actions as GeoJSON and CSV are made again from the plan, whatever the manifest says.
    """
    if path.name != PLAN:
        return []
    recover(path.parent)
    found = problems(path.parent)
    for name, text in companions(plan).items():
        other = path.with_name(name)
        said = any(line.startswith(f"{name} ") for line in found)
        if not said and other.is_file() and other.read_bytes() != text.encode():
            found.append(f"{name} does not say what {PLAN} says")
    return found


def has_results(path: Path) -> bool:
    """Return whether results, and what they are made from, stand beside a ``plan.json``."""
    beside = (path.with_name(name) for name in (RESULTS, "solve.json"))
    return path.name == PLAN and all(file.is_file() for file in beside)


def as_geojson(plan: Plan) -> dict[str, Any]:
    """Return the actions as a GeoJSON FeatureCollection (RFC 7946, WGS 84)."""
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "id": action.id,
                "geometry": {
                    "type": "Point",
                    "coordinates": [action.longitude, action.latitude],
                },
                "properties": action.model_dump(mode="json"),
            }
            for action in plan.actions
        ],
    }


def as_frame(plan: Plan) -> pd.DataFrame:
    """Return the actions as a table, one row an action, columns as in the plan file."""
    rows = [action.model_dump(mode="json") for action in plan.actions]
    return pd.DataFrame(rows, columns=list(Action.model_fields))


def as_csv(plan: Plan) -> str:
    """Return the actions as CSV text with LF line ends."""
    return escape.csv(as_frame(plan))


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False)


class OneSolve(_Said):
    """One solve behind a plan."""

    status: Literal["optimal", "limit", "infeasible", "no_solution"]
    seconds: float = Field(ge=0)
    nodes: int = Field(ge=0)
    value: float | None
    bound: float | None
    log: str


class Account(_Said):
    """The account of the solves, all of it the solver's word: the content of solve.json."""

    solver: str
    solver_version: str
    seconds: float = Field(ge=0)
    nodes: int = Field(ge=0)
    log: str
    solves: dict[str, OneSolve]
    size: dict[str, Annotated[int, Field(ge=0)]]
    machine: dict[str, Any]


def account_schema() -> dict[str, Any]:
    """Return the JSON schema of ``solve.json``."""
    schema = Account.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "kwev solve account"
    return schema


def geojson_schema(plan_schema: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of ``plan.geojson``; its properties are the plan's actions."""
    return points_schema("kwev plan actions", plan_schema["$defs"]["Action"])


def points_schema(title: str, properties: dict[str, Any]) -> dict[str, Any]:
    """Return the JSON schema of a GeoJSON file of points (RFC 7946) with given properties."""
    point = {
        "type": "object",
        "required": ["type", "coordinates"],
        "properties": {
            "type": {"const": "Point"},
            "coordinates": {
                "type": "array", "items": {"type": "number"}, "minItems": 2, "maxItems": 2,
            },
        },
    }  # fmt: skip
    feature = {
        "type": "object",
        "required": ["type", "id", "geometry", "properties"],
        "properties": {
            "type": {"const": "Feature"},
            "id": {"type": "string"},
            "geometry": point,
            "properties": properties,
        },
    }
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": title,
        "type": "object",
        "required": ["type", "features"],
        "properties": {
            "type": {"const": "FeatureCollection"},
            "features": {"type": "array", "items": feature},
        },
        "additionalProperties": False,
    }
