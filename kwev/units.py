"""Physical and reference constants, each once, with unit and source.

Planning choices (costs, powers, radii, shares) are not constants: they live in ``config/``.
"""

from __future__ import annotations

from math import cos, radians
from typing import Final

CRS_DEGREES: Final = "EPSG:4326"
"""WGS 84, used in files and maps only."""


def crs_metres(longitude: float) -> str:
    """Return the metric projection of a region by the longitude of its middle (degrees).

    NAD83 / UTM, northern half, in the zone of 6 degrees that holds the longitude: every distance
    and area inside kwev is measured in it.
    """
    return f"EPSG:{_NAD83_UTM + int((longitude + 180) // 6) + 1}"


def crs_of_place(longitude: float, latitude: float, easting_m: float) -> str:
    """Return the projection (:func:`crs_metres`) in which a place has its easting.

    The easting says how far the zone's middle is, whatever zone the place itself lies in.
    """
    degree_m = _EQUATOR_DEGREE_M * cos(radians(latitude))
    return crs_metres(longitude - (easting_m - _FALSE_EASTING_M) / degree_m)


_NAD83_UTM: Final = 26_900
"""EPSG number of NAD83 / UTM, less its zone."""
_FALSE_EASTING_M: Final = 500_000.0
_EQUATOR_DEGREE_M: Final = 111_320.0
"""Easting of a zone's middle (m), and a degree of longitude at the equator (m)."""

HOURS_PER_YEAR: Final = 8_760
"""h/a, a common year."""

MONTHS_PER_YEAR: Final = 12
"""months/a."""

SQRT3: Final = 3**0.5
"""Line current of a balanced three-phase load: I = P / (sqrt(3) V cos phi)."""

CM_PER_M: Final = 100
"""cm/m: distances are compared in whole centimetres, alike on every machine."""

POINTS: Final = 100.0
"""Coverage points per unit share: a share of 0.5 is 50 points."""

CAD_PER_MILLION: Final = 1_000_000.0
"""CAD in a million CAD."""

KW_PER_MW: Final = 1_000
"""kW in a MW."""

KWH_PER_MWH: Final = 1_000
KWH_PER_GWH: Final = 1_000_000
"""kWh in a MWh and in a GWh."""

M_PER_KM: Final = 1_000
"""m in a km."""

CAD_SCALE: Final = 1e5
"""Rows of money are written in units of 100,000 CAD, near the size of their neighbours."""

DEGREE_DECIMALS: Final = 7
"""Decimals of coordinates in degrees (about 1 cm)."""

METRE_DECIMALS: Final = 2
"""Decimals of coordinates and lengths in metres."""

PEOPLE_DECIMALS: Final = 6
"""Decimals of apportioned counts of people, households and vehicles."""

COLUMN_UNITS: Final = {
    "": "none: text, or true and false",
    "1": "a plain number: an index, a score or a factor",
    "share": "a part of one, 0 to 1",
    "id": "a whole number that names a thing and measures nothing",
    "°": "degree, WGS 84",
    "m": "metre",
    "km": "kilometre",
    "km²": "square kilometre",
    "km/h": "kilometre per hour",
    "min": "minute",
    "days": "days of a timetable",
    "kW": "kilowatt",
    "kWh": "kilowatt hour",
    "CAD": "Canadian dollar",
    "year": "calendar year, or years",
    "quarter": "quarters of a year",
    "people": "people of the census",
    "people/km²": "people per square kilometre",
    "people/household": "people per household",
    "households": "private households: dwellings occupied by usual residents",
    "dwellings": "private dwellings",
    "jobs": "full-time jobs",
    "EV/km²": "registered electric vehicles per square kilometre",
    "EV": "registered electric vehicles, battery-electric and plug-in hybrid",
    "addresses": "distinct address points",
    "stations": "charging stations",
    "ports": "charging ports, each serving one vehicle at a time",
    "stops": "transit stops",
    "routes": "transit routes",
    "trips": "departures of transit vehicles",
    "trips/h": "departures of transit vehicles per hour",
    "vehicles/day": "motor vehicles per day",
    "sites": "candidate sites",
    "rows": "rows of a file or table",
    "rank": "place in an order, 1 the first",
}
"""Units that a column of a table may have, with what each means."""

COLUMN_SUFFIXES: Final = {
    "m": "m",
    "km": "km",
    "km2": "km²",
    "kmh": "km/h",
    "kw": "kW",
    "kwh": "kWh",
    "cad": "CAD",
    "share": "share",
    "h": "h",
}
"""Words of a column's name that state its unit; after ``per`` they stand below the line."""
