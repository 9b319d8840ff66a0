"""kwev plans public EV charging for a region of Canada.

The way from data to a checked plan is five calls::

    config = kwev.load_config("base")
    tables = kwev.load_tables()
    inputs = kwev.build_inputs(tables, config, "tract")
    model = kwev.build_model(inputs, config)
    plan = kwev.solve(model, tables)
    certificate = kwev.certify(plan, tables)

Each name loads what it needs when it is first used, so ``import kwev`` costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from kwev.certify import certify
    from kwev.config import load_config
    from kwev.data.tables import load_tables
    from kwev.model.formulation import build_model
    from kwev.model.inputs import build_inputs
    from kwev.plan.format import Plan
    from kwev.solve import solve

    __version__: str

__all__ = [
    "Plan",
    "build_inputs",
    "build_model",
    "certify",
    "load_config",
    "load_tables",
    "solve",
]

_HOME: Final = {
    "Plan": ("kwev.plan.format", "Plan"),
    "build_inputs": ("kwev.model.inputs", "build_inputs"),
    "build_model": ("kwev.model.formulation", "build_model"),
    "load_config": ("kwev.config", "load_config"),
    "load_tables": ("kwev.data.tables", "load_tables"),
}
_ROOMS: Final = ("certify", "solve")
"""Packages that are called by their own name (see :mod:`kwev.rooms`)."""


def __getattr__(name: str) -> Any:
    if name == "__version__":
        return _version()
    if name in _ROOMS:
        return import_module(f"kwev.{name}")
    if name in _HOME:
        module, attribute = _HOME[name]
        return getattr(import_module(module), attribute)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # noqa: PLC0415 -- it is slow

    try:
        return version("kwev")
    except PackageNotFoundError:  # a source tree that is not installed
        return "0+unknown"


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
