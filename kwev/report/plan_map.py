"""The map of a plan: what stands, what it reaches, and what each phase adds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from kwev.config import parse
from kwev.display import cartography, origins, style
from kwev.display.layers import Layer, Mark
from kwev.display.table import Column
from kwev.model.siting import counted
from kwev.plan.export import as_frame
from kwev.report.plan import kinds_of
from kwev.vocabulary import ACTION_KIND, LEVELS

if TYPE_CHECKING:
    from pathlib import Path

    import geopandas as gpd

    from kwev.config import Config
    from kwev.data.tables import Tables
    from kwev.display.figure import Figure
    from kwev.plan.format import Plan

_GROUND_TOLERANCE_M = 130.0

GREYS = ("#f7f7f7", "#ececec", "#dcdcdc", "#c3c3c3", "#a6a6a6", "#868686")
"""Six steps of grey: density below coloured marks."""

LAYERS = {
    "upgrade": "Phase 1: upgrades to L3",
    "new_l3": "Phase 2: new L3 stations",
    "new_l2": "Phase 3: new L2 stations",
    "add_l3": "Phase 2: L3 ports added",
    "add_l2": "Phase 3: L2 ports added",
    "remove": "Phase 3: removals",
}
"""Layer of each kind of action."""

_ACTION_FACTS = (
    "place_id category municipality l2_ports_before l2_ports_after",
    "l3_ports_before l3_ports_after kw_after grid_kw purchase_cad",
    Column("resale_cad", "Resale credit", "CAD", ",.0f"),
    "net_cad",
)


def plan(
    tables: Tables, made: Plan, *, folder: Path | None = None, name: str = "map-plan"
) -> Figure:
    """Map a plan: density, reach of L2 and L3 before and after, stations, and phases as layers.

    Reach is straight-line, whatever the metric of the plan, and is named so.

    Parameters
    ----------
    made
        The plan; its own configuration says which stations count and how far they reach.
    """
    config = parse(made.config, where="plan")
    actions = as_frame(made)
    existing = cartography.places(cartography.named(tables, counted(tables.stations, config)))
    # coarser than a map of density alone: here it is the ground
    ground = cartography.density(tables, folder, tolerance_m=_GROUND_TOLERANCE_M)
    layers = [
        cartography.density_layer(ground, GREYS),
        *cartography.borders(tables, folder),
        *_reach_layers(existing, actions, config, ground),
        *_station_layers(existing),
        *_phase_layers(actions, kinds_of(made)),
    ]
    counts = ", ".join(
        f"{(actions['kind'] == kind).sum()} {ACTION_KIND[kind].short}" for kind in kinds_of(made)
    )
    cover = made.coverage
    alt = (
        f"Map of the {made.scenario} plan over population density: {counts}, beside "
        f"{len(existing)} existing stations. L2 reaches {cover.l2.after:.0%} of people "
        f"(before: {cover.l2.before:.0%}), L3 {cover.l3.after:.0%} ({cover.l3.before:.0%})."
    )
    return cartography.build(name, alt, origins.plan(tables, made), layers)


def after(existing: pd.DataFrame, actions: pd.DataFrame, level: str) -> pd.DataFrame:
    """Return the places that offer ``level`` (``l2`` or ``l3``) after the plan.

    Stations that an action changes stand with their ports after it; all others as they are.
    """
    untouched = existing[~existing["station_id"].isin(actions["place_id"])]
    kept = untouched[untouched[f"{level}_ports"] > 0]
    # of two actions at a place the last says what stands after both
    last = actions.drop_duplicates("place_id", keep="last")
    changed = last[last[f"{level}_ports_after"] > 0]
    where = ["latitude", "longitude"]
    return pd.concat([pd.DataFrame(kept[where]), changed[where]], ignore_index=True)


def _reach_layers(
    existing: gpd.GeoDataFrame, actions: pd.DataFrame, config: Config, within: gpd.GeoDataFrame
) -> list[Layer]:
    layers = []
    for level in reversed(LEVELS):
        radius_m = getattr(config.coverage, f"{level.key}_radius_m")
        before = existing[existing[f"{level.key}_ports"] > 0]
        later = cartography.places(after(existing, actions, level.key))
        for when, at in (("before", before), ("after", later)):
            is_after = when == "after"
            mark = Mark(
                f"{level.short} within {radius_m / 1000:g} km, {when}",
                # L3 reaches most of the Region: an outline, so that L2 and density show through
                fill=level.colour if level.key == "l2" else "",
                line=level.colour,
                width=1.5 if is_after else 1.0,
                opacity=0.3 if is_after else 0.15,
                dash="" if is_after else "5 4",
            )
            frame = cartography.reach(at, radius_m, within).assign(mark=0, straight_line=mark.label)
            layers.append(
                Layer(
                    f"{level.short} reach {when} (straight line)",
                    frame,
                    (mark,),
                    title="straight_line",
                    facts=(Column("area_km2", "Area in reach", "km²", ",.1f"),),
                    show=is_after,
                    printed=is_after,
                    popup=False,
                )
            )
    return layers


def _station_layers(existing: gpd.GeoDataFrame) -> list[Layer]:
    layers = []
    for level in LEVELS:
        part = existing[existing[f"{level.key}_ports"] > 0].assign(mark=0)
        word = f"Existing {level.short}"
        mark = Mark(word, fill=level.colour_today, line=style.INK, radius=level.radius_px)
        facts = cartography.STATION_FACTS
        layers.append(Layer(word, part, (mark,), title="name", facts=facts, focus=True))
    return layers


def _phase_layers(actions: pd.DataFrame, kinds: list[str]) -> list[Layer]:
    layers = []
    for rank, key in enumerate(kinds):
        kind = ACTION_KIND[key]
        part = cartography.places(actions[actions["kind"] == key]).assign(mark=0)
        part["category"] = part["category"].str.replace("_", " ")
        look = Mark(kind.short, kind.colour, style.PAPER, 1.5, radius=kind.radius_px)
        # the control lists phase 1 first; the many new L2 stations lie below the few others
        layers.append(
            Layer(LAYERS[key], part, (look,), title="name", facts=_ACTION_FACTS, focus=True,
                  above=len(kinds) - rank)
        )  # fmt: skip
    return layers
