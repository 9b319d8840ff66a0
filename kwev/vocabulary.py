"""The words of the field, each once: levels, kinds of action, targets, groups, kinds of site.

Each level, kind of action and target stands here with its key, its names and its colour; what
code, files, tables, figures and sentences say of one is read from here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, get_args

LevelKey = Literal["l2", "l3"]
"""Key of a level of charging."""

ActionKindKey = Literal["new_l2", "new_l3", "upgrade", "add_l2", "add_l3", "remove"]
"""Key of a kind of action."""

TargetKey = Literal["l2", "l3", "ev_owners"]
"""Key of a coverage target."""

METRIC_WORDS: Final = {"straight_line": "in a straight line", "network": "along the roads"}
"""How a metric measures distance, in sentences."""

INK: Final = "#1c2430"
"""Colour of text and thin lines, and of what is taken away."""

GOOD: Final = "#009e73"
"""A target, a limit that is kept (bluish green)."""


@dataclass(frozen=True)
class Level:
    """A level of charging.

    Attributes
    ----------
    key
        In files, tables and code: ``l2`` or ``l3``; ``l2_radius_m`` is its radius.
    name, short
        In sentences and tables; on maps and in keys of figures.
    way
        How drivers reach a charger of it.
    colour, colour_today
        Of what a plan brings, and of what stands already: the lighter kin.
    radius_px
        Radius of the mark of a standing station on a map (pixels).
    """

    key: LevelKey
    name: str
    short: str
    way: str
    colour: str
    colour_today: str
    radius_px: float


L2: Final = Level("l2", "Level 2", "L2", "on foot", "#0072b2", "#56b4e9", 3.5)
"""Level 2: alternating current, hours; blue and sky blue."""

L3: Final = Level("l3", "Level 3", "L3", "by car", "#d55e00", "#e69f00", 5.0)
"""Level 3: direct current, minutes; vermilion and orange."""

LEVELS: Final = (L2, L3)
"""Both levels of charging."""

LEVEL_KEYS: Final[tuple[LevelKey, ...]] = tuple(level.key for level in LEVELS)
LEVEL_NAMES: Final[dict[str, str]] = {level.key: level.name for level in LEVELS}
"""Name of each level by its key."""


@dataclass(frozen=True)
class ActionKind:
    """A kind of action.

    Attributes
    ----------
    key
        In files, tables and code; an action's id is ``<key>_<place_id>``.
    name
        As a row of a table.
    short
        On maps and in keys of figures.
    heading
        Over a column of counts.
    several
        Inside a sentence, after a number.
    adds
        Level whose ports it adds; None where it adds none.
    crew
        Level of the crew that does it (``phasing.crews``).
    colour
        On maps and charts; ports added have the colour of their level.
    radius_px
        Radius of its mark on a map (pixels).
    """

    key: ActionKindKey
    name: str
    short: str
    heading: str
    several: str
    adds: LevelKey | None
    crew: LevelKey
    colour: str
    radius_px: float


ACTION_KINDS: Final = (
    ActionKind(
        "upgrade", "Level 2 station converted to Level 3", "Upgrade to L3", "Conversions",
        "conversions", "l3", "l3", "#cc79a7", 8,
    ),
    ActionKind(
        "new_l3", "New Level 3 station", "New L3", "New Level 3",
        "new Level 3 stations", "l3", "l3", L3.colour, 8,
    ),
    ActionKind(
        "new_l2", "New Level 2 station", "New L2", "New Level 2",
        "new Level 2 stations", "l2", "l2", L2.colour, 5.5,
    ),
    ActionKind(
        "add_l3", "Level 3 ports added at a station", "More L3 ports", "Level 3 ports added at",
        "Level 3 ports added at stations", "l3", "l3", L3.colour, 6.5,
    ),
    ActionKind(
        "add_l2", "Level 2 ports added at a station", "More L2 ports", "Level 2 ports added at",
        "Level 2 ports added at stations", "l2", "l2", L2.colour, 4,
    ),
    ActionKind(
        "remove", "Station removed", "Removed", "Removed",
        "removals", None, "l2", INK, 6,
    ),
)  # fmt: skip
"""Every kind of action in the order of a plan; two actions at one place are done in it."""

ACTION_KIND: Final[dict[str, ActionKind]] = {kind.key: kind for kind in ACTION_KINDS}
"""Each kind of action by its key."""

KIND_NAMES: Final[dict[str, str]] = {kind.key: kind.name for kind in ACTION_KINDS}
"""Name of each kind of action by its key."""

ALWAYS_SHOWN: Final = ("upgrade", "new_l3", "new_l2")
"""Kinds of action that are shown even where a plan has none."""


@dataclass(frozen=True)
class Target:
    """A coverage target.

    Attributes
    ----------
    key
        In files, tables and code.
    name
        As a row of a table.
    who
        What its share is a share of.
    colour
        On charts.
    """

    key: TargetKey
    name: str
    who: str
    colour: str


TARGETS: Final = (
    Target("l2", "People near Level 2", "people", L2.colour),
    Target("l3", "People near Level 3", "people", L3.colour),
    Target("ev_owners", "EVs near either level", "vehicles", GOOD),
)
"""Every coverage target."""

TARGET_KEYS: Final[tuple[str, ...]] = tuple(target.key for target in TARGETS)
TARGET_NAMES: Final[dict[str, str]] = {target.key: target.name for target in TARGETS}
"""Name of each target by its key."""


@dataclass(frozen=True)
class Group:
    """Areas or people for whom a floor of coverage may be asked.

    Attributes
    ----------
    key
        In scenarios (``rules``), tables and code.
    floor
        After "the Level 2 floor".
    who
        For whom, inside a sentence.
    """

    key: str
    floor: str
    who: str


GROUPS: Final = (
    Group("municipality", "in every municipality", "in every municipality"),
    Group("quintile", "in every quintile of deprivation", "in every fifth of deprivation"),
    Group("renters", "of renters", "for renters"),
    Group("multi_unit", "of people in apartments", "for people in apartment buildings"),
    Group("low_income", "of low incomes", "for areas of low income"),
)
"""Every group, those of areas first."""

HOUSEHOLDS: Final = ("renters", "multi_unit", "low_income")
"""Keys of the groups that are kinds of household."""

SiteCategory = Literal[
    "shopping_mall",
    "retail_complex",
    "business_park",
    "parking",
    "transit_station",
    "park_and_ride",
    "community_centre",
    "library",
    "recreation_centre",
    "fuel_station",
    "highway_corridor",
    "dense_residential",
    "kerbside",
]
"""A kind of candidate site."""

SITE_CATEGORIES: Final[tuple[str, ...]] = get_args(SiteCategory)
"""Every kind of candidate site."""

PLACE_CATEGORIES: Final[tuple[str, ...]] = ("existing_station", *SITE_CATEGORIES)
"""Kinds of place with a grid proxy: stations that stand already, and the candidate sites."""

LandKey = Literal["own", "partner", "customers", "residential"]
"""Whose land a candidate stands on."""

LAND_KEYS: Final[tuple[LandKey, ...]] = get_args(LandKey)
"""Every class of land, from the one that councils decide about alone."""


@dataclass(frozen=True)
class Land:
    """A class of land, in words.

    Parameters
    ----------
    name
        Who owns it.
    short
        In a heading of a table.
    consent
        What a station there needs before it can be built.
    """

    name: str
    short: str
    consent: str


LANDS: Final[dict[LandKey, Land]] = {
    "own": Land(
        "land of the Region or of one of its seven municipalities",
        "Own land",
        "a decision of the council that owns the land or the street",
    ),
    "partner": Land(
        "land of a school board, university, college, hospital or transit agency",
        "Public partner",
        "an agreement with the board, college, hospital or agency",
    ),
    "customers": Land(
        "private land that is open to customers",
        "Private, open to customers",
        "a lease or licence from the owner",
    ),
    "residential": Land(
        "private land of homes or of places of worship",
        "Private, residential or religious",
        "a lease from the landlord, the condominium or the congregation",
    ),
}
"""Classes of land by key."""
