"""A whole scenario: its sections, read from the files of ``config/`` and merged over the base."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import ValidationError

from kwev.config.capacity import read_capacity
from kwev.config.finance import Finance  # noqa: TC001 -- pydantic reads annotations
from kwev.config.scores import Scores  # noqa: TC001 -- pydantic reads annotations
from kwev.config.sections import (
    GEOGRAPHIES,
    SOLVERS,
    Budget,
    Costs,
    Coverage,
    Demand,
    Objective,
    Operating,
    Phasing,
    Ports,
    Power,
    Rules,
    Section,
    Siting,
    Solver,
    Targets,
    Weights,
)
from kwev.errors import KwevError, nearest, refusal
from kwev.files import read_json, sha256_json
from kwev.project import find_project

if TYPE_CHECKING:
    from pathlib import Path


Read = TypeVar("Read", bound=Section)


class Planning(Section):
    """What a plan depends on."""

    budget: Budget
    targets: Targets
    coverage: Coverage
    weights: Weights
    power: Power
    costs: Costs
    operating: Operating
    objective: Objective
    ports: Ports
    demand: Demand
    siting: Siting
    rules: Rules
    scores: Scores

    def as_dict(self) -> dict[str, Any]:
        """Return the configuration as plain JSON values."""
        return self.model_dump(mode="json")

    def sha256(self) -> str:
        """Return the hash of the resolved configuration."""
        return sha256_json(self.as_dict())

    def as_config(self) -> Config:
        """Return a configuration of what is planned alone: it has no other section to read."""
        return Config.model_construct(**dict(self))


class Config(Planning):
    """A whole scenario, resolved."""

    description: str
    """What the scenario is for, in a sentence."""
    phasing: Phasing
    finance: Finance
    solver: Solver

    def planning(self) -> Planning:
        """Return the sections that a plan depends on."""
        return Planning.model_validate({k: getattr(self, k) for k in Planning.model_fields})

    def planning_sha256(self) -> str:
        """Return the hash of all that a plan depends on."""
        return self.planning().sha256()

    def with_values(self, **changes: Any) -> Config:
        """Return a copy with dotted keys changed, for example ``budget__limit_cad=2e6``.

        Raises
        ------
        KwevError
            If a key is unknown or a value is out of range.
        """
        plain = self.as_dict()
        for key, value in changes.items():
            *parents, leaf = key.split("__")
            node = plain
            for parent in parents:
                node = node.setdefault(parent, {})
                if not isinstance(node, dict):
                    path = key.replace("__", ".")
                    raise KwevError(f"unknown key {path!r}: {parent!r} holds no keys")
            node[leaf] = value
        if plain.keys() == Planning.model_fields.keys():
            return _read(plain, Planning, where="with_values").as_config()
        return parse(plain, where="with_values")


@dataclass(frozen=True)
class Case:
    """A scenario at a geography: what is solved, stored and checked as one.

    Attributes
    ----------
    scenario
        Name of the scenario.
    config
        The scenario, resolved.
    geography
        Demand points of the model: ``tract``, ``da`` or ``cell``.
    """

    scenario: str
    config: Config
    geography: str = "da"


def parse(values: Any, *, where: str) -> Config:
    """Read plain values strictly.

    Parameters
    ----------
    values
        Plain JSON values: a whole scenario.
    where
        Where they are from, for the message of an error.

    Returns
    -------
    Config
        The scenario, checked.

    Raises
    ------
    KwevError
        If they are no JSON object, or naming the path of the first key that is wrong and the
        nearest known one.
    """
    if not isinstance(values, dict):
        raise KwevError("configuration must be a JSON object", where=where)
    return _read(values, Config, where=where)


def _read(values: dict[str, Any], model: type[Read], *, where: str) -> Read:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise refusal(error, model, where=where) from error


def merge(base: dict[str, Any], over: dict[str, Any]) -> dict[str, Any]:
    """Return ``base`` with the keys of ``over`` put in, objects merged deeply.

    Parameters
    ----------
    base
        Plain JSON values.
    over
        Values that are put over them.

    Returns
    -------
    dict
        New on every level that ``over`` changes; neither argument is touched.
    """
    merged = dict(base)
    for key, value in over.items():
        below = merged.get(key)
        both = isinstance(below, dict) and isinstance(value, dict)
        merged[key] = merge(below, value) if both else value  # type: ignore[arg-type]
    return merged


def scenario_paths(config_dir: Path) -> dict[str, Path]:
    """Return the file of every scenario: base, ``scenarios/``, ``cases/``, ``test/``.

    Parameters
    ----------
    config_dir
        The folder ``config``.

    Returns
    -------
    dict
        By name of the scenario: the path of its file.
    """
    found = {"base": config_dir / "base.json"}
    for folder in ("scenarios", "cases", "test"):
        for path in sorted((config_dir / folder).glob("*.json")):
            found[path.stem] = path
    return found


def load_config(name: str = "base", config_dir: Path | None = None) -> Config:
    """Load a scenario by name: the base with the scenario's own values put over it.

    Parameters
    ----------
    name
        ``base`` or the stem of a file in ``scenarios/``, ``cases/`` or ``test/``.
    config_dir
        The folder ``config``; that of the checkout around the working folder where it is None.

    Returns
    -------
    Config
        The scenario, resolved and checked.

    Raises
    ------
    KwevError
        If the name is unknown, a file is damaged, or a value is refused.
    """
    folder = config_dir or find_project().config
    paths = scenario_paths(folder)
    if name not in paths:
        hint = nearest(name, list(paths))
        raise KwevError(f"unknown scenario {name!r}", where=str(folder), hint=hint)
    values = read_json(paths["base"])
    where = str(paths[name])
    if name != "base":
        over = read_json(paths[name])
        if not isinstance(over, dict) or not isinstance(values, dict):
            raise KwevError("configuration must be a JSON object", where=where)
        values = merge(values, over)
        siting = values.get("siting")
        if isinstance(siting, dict) and isinstance(siting.get("capacity"), str):
            named = paths[name].with_name(siting["capacity"])
            values = merge(values, {"siting": {"capacity": read_capacity(named)}})
    return parse(values, where=where)


def load_case(
    scenario: str, geography: str, solver: str | None = None, config_dir: Path | None = None
) -> Case:
    """Load a scenario at a geography, with a solver forced where one is given.

    Parameters
    ----------
    scenario
        Name of the scenario, as of :func:`load_config`.
    geography
        Demand points of the model: ``tract``, ``da`` or ``cell``.
    solver
        One of :data:`kwev.config.SOLVERS`; the scenario's own where it is None.
    config_dir
        As of :func:`load_config`.

    Returns
    -------
    Case
        The scenario, resolved and checked, with its geography.

    Raises
    ------
    KwevError
        If a name is unknown, naming the nearest known one, or as :func:`load_config`.
    """
    config = load_config(scenario, config_dir)
    if geography not in GEOGRAPHIES:
        hint = nearest(geography, list(GEOGRAPHIES))
        raise KwevError(f"unknown geography {geography!r}", where="--geography", hint=hint)
    if solver is not None:
        if solver not in SOLVERS:
            hint = nearest(solver, list(SOLVERS))
            raise KwevError(f"unknown solver {solver!r}", where="--solver", hint=hint)
        config = config.with_values(solver__name=solver)
    return Case(scenario, config, geography)


def json_schema() -> dict[str, Any]:
    """Return the JSON schema of a resolved configuration.

    Returns
    -------
    dict
        A schema of draft 2020-12; each value has its unit and its range in it.
    """
    schema = Config.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "kwev configuration"
    return schema
