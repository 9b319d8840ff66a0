"""Candidate sites from the register of food premises: shops, fuel, halls, lots.

The register covers all seven municipalities, where most lists of places cover one city.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from kwev.pipeline.candidates import COLUMNS, medoids, rows_of
from kwev.pipeline.geometry import project
from kwev.pipeline.names import readable

if TYPE_CHECKING:
    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.quality import Ledger
    from kwev.pipeline.raw import Raw

_CAMPUS = r"\b(?:UNIVERSITY|COLLEGE|CAMPUS|WLU|UW|U OF W|SCHOOL|CAFETERIA)\b"
_NOT_RETAIL = "Mobile|Child Care|Farmer|Flea|Church|Institutional|Exempt|Processing|School|Vending"
_CHAINS = (
    "Food Basics", "Sobeys", "Walmart", "No Frills", "Real Canadian Superstore", "Costco",
    "FreshCo", "Foodland", "Zehrs", "Valu-Mart", "Giant Tiger", "Real Canadian Wholesale",
    "Metro", "Loblaws", "Goodness Me", "Shoppers Drug Mart",
)  # fmt: skip
_FUEL = {
    "Esso": r"ESSO", "Shell": r"SHELL", "Petro-Canada": r"PETRO[- ]?(?:CANADA|PASS|MART)?",
    "Husky": r"HUSKY", "Pioneer": r"PIONEER GAS", "Ultramar": r"ULTRAMAR", "UPI": r"UPI",
    "Canadian Tire Gas Bar": r"CANADIAN TIRE[ -]+GAS", "Gas Bar": r"GAS(?: BAR)?",
}  # fmt: skip
_CIVIC = {
    "recreation_centre": r"\bARENA\b|RECREATION (?:COMPLEX|CENT)|SPORTSPLEX|CURLING CLUB",
    "community_centre": r"COMMUNITY CENT(?:RE|ER)\b",
}
_SCHOOL = r"PUBLIC SCHOOL|CATHOLIC SCHOOL|SECONDARY|COLLEGIATE|\bSCHOOL\b|\bP\.?S\.?$|HIGH SCHOOL"
_CIVIC_NOT = r"SPORTS BAR|STORAGE|WORSHIP|CHILD|YMCA SCHOOL|LIFESTYLE"
_CIVIC_TAIL = re.compile(
    r"[\s\-_:]*(?:CANTEEN|CONCESSIONS?|TUCK SHOP|MAIN KITCHEN|NEIGHBOURHOOD KITCHEN|"
    r"COMMUNITY CENTRE$(?<=COMPLEX COMMUNITY CENTRE))\s*$"
)
_CIVIC_HEAD = re.compile(r"^(?:MAIN |ARENA )?CONCESSIONS?\s*-\s*")


def from_food(raw: Raw, parameters: Parameters, ledger: Ledger) -> pd.DataFrame:
    """Malls, retail complexes, fuel stations and civic halls from the food premises register."""
    table = raw.read("food")
    unplaced = table["longitude"].isna()
    repeat = table.duplicated("FACILITYID") & ~unplaced
    ledger.add("sites", "food", "premises without coordinates", "dropped", int(unplaced.sum()))
    ledger.add("sites", "food", "repeated facility id", "dropped", int(repeat.sum()))
    table = table[~unplaced & ~repeat].reset_index(drop=True)
    metres = project(table["longitude"], table["latitude"])
    table = table.assign(easting_m=metres[:, 0], northing_m=metres[:, 1])
    return pd.concat(
        [
            _retail(table, parameters),
            _strips(table, parameters),
            _food_fuel(table),
            _food_civic(table),
            _food_lots(table),
        ],
        ignore_index=True,
    )


def _street_address(text: Any) -> str:
    plain = readable(re.sub(r"^.*?\s-\s", "", str(text).strip()))
    plain = re.sub(r"\b([NSEW]) \1$", r"\1", plain)
    return re.sub(r"(?<=\d )the ", "The ", plain)


def _retail(table: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    shops = _shops(table)
    found = []
    for (east, north), part in shops.groupby(["easting_m", "northing_m"]):
        at = _street_address(str(part["ADDR"].value_counts().sort_index().idxmax()))
        grocer = part["DESCRIPTION"].str.contains("Supermarket")
        chain = _chain(part.loc[grocer, "BUSINESS_NAME"])
        count = len(part)
        if count >= parameters.mall_premises:
            name, kind = f"Shops at {at}", "shopping_mall"
        elif chain:
            name, kind = f"{chain}, {at}", "retail_complex"
        elif count >= parameters.retail_premises:
            name, kind = f"Shops at {at}", "retail_complex"
        else:
            continue
        found.append((name, kind, east, north, "food premises", "private"))
    return pd.DataFrame(found, columns=COLUMNS)


def _shops(table: pd.DataFrame) -> pd.DataFrame:
    """Return premises that a customer drives to; those of a campus stand as its lot."""
    campus = table["BUSINESS_NAME"].str.upper().str.contains(_CAMPUS)
    return table[~table["DESCRIPTION"].str.contains(_NOT_RETAIL) & ~campus]


def _strips(table: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    """Return shops of different addresses within one block: a main street, a village core."""
    shops = _shops(table)
    shops = shops.drop_duplicates(["easting_m", "northing_m"]).sort_values(
        ["easting_m", "northing_m"], ignore_index=True
    )
    metres = shops[["easting_m", "northing_m"]].to_numpy()
    block = np.floor(metres / parameters.strip_m).astype(int)
    group = np.unique(block, axis=0, return_inverse=True)[1].ravel()
    found = [
        (
            f"Shops near {_street_address(shops['ADDR'].iloc[i])}",
            "retail_complex",
            *metres[i],
            "food premises",
            "private",
        )
        for _, i in medoids(metres, group, parameters.strip_premises)
    ]
    return pd.DataFrame(found, columns=COLUMNS)


def _food_lots(table: pd.DataFrame) -> pd.DataFrame:
    """Return lots of schools, halls of worship, hospitals and large workplaces with a kitchen."""
    names, kind = table["BUSINESS_NAME"].str.upper(), table["DESCRIPTION"]
    school = names.str.contains(_SCHOOL) & ~names.str.contains("DRIVING|MUSIC")
    church = kind.str.contains("Church")
    hospital = kind.str.contains("Hospital")
    work = kind.str.contains("Workplace Cafeteria")
    rows = []
    for hit, category, title, owner in (
        (school, "parking", "School", "public"),
        (church, "parking", "Place of Worship", "private"),
        (hospital, "parking", "Hospital", "public"),
        (work, "business_park", "Workplace", "private"),
    ):
        part = table[hit]
        labels = [f"{title}, {_street_address(at)}" for at in part["ADDR"]]
        metres = part[["easting_m", "northing_m"]].to_numpy()
        rows.append(rows_of(labels, category, metres, "food premises", owner))
    return pd.concat(rows, ignore_index=True)


def _chain(names: pd.Series) -> str:
    """Return the first chain among supermarket names (an owner's name is never used)."""
    plain = [re.sub(r"[^a-z ]", "", n.lower().replace("-", " ")) for n in sorted(names)]
    for chain in _CHAINS:
        key = re.sub(r"[^a-z ]", "", chain.lower().replace("-", " "))
        if any(key in name for name in plain):
            return chain
    return ""


def _food_fuel(table: pd.DataFrame) -> pd.DataFrame:
    names = table["BUSINESS_NAME"].str.upper()
    found = []
    for brand, pattern in _FUEL.items():
        hit = names.str.contains(rf"\b(?:{pattern})\b") & ~names.str.contains("GASTHAUS|MOBILE")
        found.append(table[hit].assign(brand=brand))
        names = names.where(~hit, "")
    rows = pd.concat(found).drop_duplicates(["easting_m", "northing_m"])
    labels = [
        f"{brand}, {_street_address(at)}"
        for brand, at in zip(rows["brand"], rows["ADDR"], strict=True)
    ]
    metres = rows[["easting_m", "northing_m"]].to_numpy()
    return rows_of(labels, "fuel_station", metres, "food premises", "private")


def _food_civic(table: pd.DataFrame) -> pd.DataFrame:
    found = []
    names = table["BUSINESS_NAME"].str.upper()
    for category, pattern in _CIVIC.items():
        hit = names.str.contains(pattern) & ~names.str.contains(_CIVIC_NOT)
        part = table[hit]
        labels = [
            readable(_CIVIC_TAIL.sub("", _CIVIC_HEAD.sub("", n))).replace(" Center", " Centre")
            for n in names[hit]
        ]
        metres = part[["easting_m", "northing_m"]].to_numpy()
        found.append(rows_of(labels, category, metres, "food premises", "public"))
        names = names.where(~hit, "")
    return pd.concat(found, ignore_index=True)
