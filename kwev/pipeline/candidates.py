"""Candidate sites from lists of places: firms, civic facilities, transit, fuel, food premises.

Each function returns a table with name, category, easting_m, northing_m, source and owner.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from kwev.pipeline.addresses import readable
from kwev.pipeline.geometry import metres_of

if TYPE_CHECKING:
    import geopandas as gpd
    from numpy.typing import NDArray

    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.raw import Ledger, Raw

COLUMNS: Final = ["name", "category", "easting_m", "northing_m", "source", "owner"]

_ARCHIVE = r"archive|special collections|^(?:cambridge|kitchener|waterloo region|havelock|muskoka)"


def rows_of(
    names: list[str],
    category: str | list[str],
    metres: NDArray[np.float64],
    source: str,
    owner: str,
) -> pd.DataFrame:
    """Return candidates of one source and owner at (N, 2) metres."""
    kinds = [category] * len(names) if isinstance(category, str) else category
    table = pd.DataFrame({"name": names, "category": kinds}, dtype="str")
    return table.assign(easting_m=metres[:, 0], northing_m=metres[:, 1], source=source, owner=owner)


def medoids(
    metres: NDArray[np.float64], group: NDArray[np.int64], minimum: int = 1
) -> list[tuple[NDArray[np.int64], int]]:
    """Return the members and the most central member of each cluster of ``minimum`` or more."""
    found = []
    for key in np.unique(group):
        members = np.flatnonzero(group == key)
        if len(members) >= minimum:
            offset = metres[members] - metres[members].mean(axis=0)
            found.append((members, int(members[np.argmin(np.hypot(*offset.T).round(3))])))
    return found


def blocks(metres: NDArray[np.float64], side_m: float) -> NDArray[np.int64]:
    """Return (N,) number of the square that each point lies in."""
    square = np.floor(metres / side_m).astype(int)
    return np.unique(square, axis=0, return_inverse=True)[1].ravel()


def from_facilities(raw: Raw) -> pd.DataFrame:
    """Civic facilities, shopping centres and terminals from the cities' own layers.

    Schools and places of worship stand as parking: lots that are empty when homes charge.
    """
    kitchener = _metres(raw.metres("kitchener_facilities"))
    layers = {
        "community_centres": "community_centre",
        "libraries": "library",
        "arenas": "recreation_centre",
        "elementary_secondary": "parking",
        "post_secondary": "parking",
        "places_of_worship": "parking",
    }
    layer, kind = kitchener["source_layer"], kitchener["CATEGORY"].fillna("")
    category = layer.map(layers).fillna("")
    category = category.mask(kind.isin(["INDOOR POOL", "OUTDOOR POOL"]), "recreation_centre")
    category = category.mask(kind == "SHOPPING", "shopping_mall")
    terminal = (kind == "PUBLIC TRANSPORTATION") & ~kitchener["LANDMARK"].fillna("").str.contains(
        "GREYHOUND"
    )
    category = category.mask(terminal, "transit_station")
    first = kitchener.assign(
        category=category, name=kitchener["LANDMARK"].fillna(""), source="City of Kitchener"
    )
    waterloo = _metres(raw.metres("waterloo_facilities"))
    types = {
        "Community Centre": "community_centre", "Library": "library",
        "Shopping Centre": "shopping_mall", "Business Park": "business_park",
        "School": "parking", "Academic Institution": "parking",
    }  # fmt: skip
    name = waterloo["FACILITY"].fillna(waterloo["NAME"]).fillna("")
    category = waterloo["TYPE"].map(types).fillna("")
    flags = ["ARENA", "SWIMMING_POOL_INDOOR", "SWIMMING_POOL_OUTDOOR"]
    active = (waterloo[flags] == "Yes").any(axis=1) & (waterloo["TYPE"] != "School")
    active |= name.str.contains("Recreation Complex|Sportsplex|Sports Centre|Granite Club")
    category = category.mask(active, "recreation_centre")
    category = category.mask(waterloo["source_layer"] == "places_of_worship", "parking")
    second = waterloo.assign(category=category, name=name, source="City of Waterloo")
    both = pd.concat([first, second], ignore_index=True)
    both = both[(both["category"] != "") & (both["name"] != "")]
    private = both["category"].isin(["shopping_mall", "business_park"])
    private |= both["source_layer"].eq("places_of_worship") | both["name"].str.contains("Granite")
    return both.assign(
        name=[_library(readable(n)) for n in both["name"]],
        owner=np.where(private, "private", "public"),
    )[COLUMNS]


def _library(name: str) -> str:
    return re.sub(r"^KPL\s*-\s*", "", name)


def _metres(frame: gpd.GeoDataFrame) -> pd.DataFrame:
    points = frame.geometry.representative_point()
    table = pd.DataFrame(frame.drop(columns="geometry"))
    return table.assign(easting_m=points.x.round(2), northing_m=points.y.round(2))


def from_libraries(raw: Raw, ledger: Ledger) -> pd.DataFrame:
    """Public library branches of the Region and of the national list."""
    branches = _metres(raw.metres("libraries"))
    names, spots = branches["Name"].tolist(), metres_of(branches)
    own = rows_of(names, "library", spots, "Region of Waterloo", "public")
    culture = raw.read("culture")
    library = culture["ODCAF_Facility_Type"] == "library or archives"
    ours = culture["CSDUID"].map(raw.region.holds)
    named = ~culture["Facility_Name"].str.contains(_ARCHIVE, case=False)
    placed = culture["Latitude"].notna()
    ledger.add("culture", "library without coordinates", "dropped", library & ours & ~placed)
    ledger.add(
        "culture", "archive, or named after a municipality only", "dropped", library & ours & ~named
    )
    rows = culture[library & ours & named & placed]
    shared = rows.duplicated(["Latitude", "Longitude"], keep=False)
    ledger.add(
        "culture", "several libraries at one point: the place of none is known", "dropped", shared
    )
    rows = rows[~shared]
    names = [_library(readable(n)) for n in rows["Facility_Name"]]
    spots = raw.project(rows["Longitude"], rows["Latitude"])
    other = rows_of(names, "library", spots, "ODCAF", "public")
    return pd.concat([own, other], ignore_index=True)


def from_transit(raw: Raw, ledger: Ledger) -> pd.DataFrame:
    """Built ION stations and the terminals (parent stations) of the GTFS feed."""
    ion = raw.read("ion_stops")
    built = ion["StopStatus"] == "Constructed"
    ledger.add("ion_stops", "planned, not built", "dropped", ~built)
    ion = ion[built]
    plain = ion["StopName"].str.replace(r"\s*\((?:North|South)bound\)", "", regex=True)
    names = [n if "Terminal" in n or "Station" in n else f"{n} Station" for n in plain]
    spots = raw.project(ion["longitude"], ion["latitude"])
    first = rows_of(names, "transit_station", spots, "ION stops", "public")
    stops = raw.read_feed("grt_feed").stops
    parent = stops["location_type"] == "1"
    stops = stops[parent]
    names = [re.sub(r"\s*\((?:bus|lrt)\)", "", n) for n in stops["stop_name"]]
    spots = raw.project(stops["stop_lon"], stops["stop_lat"])
    second = rows_of(names, "transit_station", spots, "GRT GTFS", "public")
    ledger.add("grt_feed", "ordinary stops are no candidates", "dropped", ~parent)
    return pd.concat([first, second], ignore_index=True)


def from_business(raw: Raw, parameters: Parameters) -> pd.DataFrame:
    """Return business parks: clusters of production, wholesale, transport and office firms."""
    table = raw.read("business")
    sector = table["PRIMARY_NAICS"].fillna("").str[:2]
    park = table["BUSINESS_PARKBIA"].fillna("")
    named = park.str.contains("Business Park|Corporate Centre")
    trade = sector.isin(["31", "32", "33", "41", "48", "49", "51", "54", "55"])
    table = table[named | (trade & ~park.str.contains("BIA"))].reset_index(drop=True)
    metres = raw.project(table["longitude"], table["latitude"])
    # Squares of the reach keep a long strip of firms from becoming one cluster.
    group = blocks(metres, 2 * parameters.business_reach_m)
    names, centres = [], []
    for members, centre in medoids(metres, group, parameters.business_premises):
        row = table.iloc[centre]
        title = table["BUSINESS_PARKBIA"].iloc[members].fillna("").mode().iloc[0]
        street = readable(f"{row['STREET_NUMBER'] or ''} {row['STREET_NAME'] or ''}".strip())
        named_park = "Park" in title or "Centre" in title
        names.append(f"{title}, {street}" if named_park else f"Firms at {street}")
        centres.append(centre)
    return rows_of(names, "business_park", metres[centres], "business directory", "private")


def from_osm(raw: Raw) -> pd.DataFrame:
    """Car parks and fuel stations of OpenStreetMap."""
    table = raw.read("osm_places")
    metres = raw.project(table["longitude"], table["latitude"])
    fuel = (table["amenity"] == "fuel").to_numpy()
    names = table["name"].fillna("")
    labels = np.where(names != "", names, np.where(fuel, "Fuel Station", "Car Park")).tolist()
    kinds = np.where(fuel, "fuel_station", "parking").tolist()
    rows = rows_of(labels, kinds, metres, "OpenStreetMap", "private")
    return rows.assign(owner=np.where(fuel, "private", "unknown"))


def from_fuel_register(raw: Raw) -> pd.DataFrame:
    """Fuel stations that NRCan lists for another fuel or as the facility of a charger."""
    table = raw.read("nrcan_2022")
    facility = table["Facility Type"].isin(["GAS_STATION", "TRUCK_STOP"])
    rows = table[facility & (table["Access Code"] == "public") & (table["Status Code"] == "E")]
    names = [readable(n) for n in rows["Station Name"]]
    spots = raw.project(rows["Longitude"], rows["Latitude"])
    return rows_of(names, "fuel_station", spots, "NRCan 2022", "private")


# -- The register of food premises: shops, fuel, halls, lots.

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
    ledger.add("food", "premises without coordinates", "dropped", unplaced)
    ledger.add("food", "repeated facility id", "dropped", repeat)
    table = table[~unplaced & ~repeat].reset_index(drop=True)
    metres = raw.project(table["longitude"], table["latitude"])
    table = table.assign(easting_m=metres[:, 0], northing_m=metres[:, 1])
    kinds = (
        _retail(table, parameters),
        _strips(table, parameters),
        _food_fuel(table),
        _food_civic(table),
        _food_lots(table),
    )
    return pd.concat(kinds, ignore_index=True)


def _street_address(text: Any) -> str:
    plain = readable(re.sub(r"^.*?\s-\s", "", str(text).strip()))
    plain = re.sub(r"\b([NSEW]) \1$", r"\1", plain)
    return re.sub(r"(?<=\d )the ", "The ", plain)


def _retail(table: pd.DataFrame, parameters: Parameters) -> pd.DataFrame:
    shops = _shops(table)
    names, kinds, spots = [], [], []
    for spot, part in shops.groupby(["easting_m", "northing_m"]):
        at = _street_address(str(part["ADDR"].value_counts().sort_index().idxmax()))
        grocer = part["DESCRIPTION"].str.contains("Supermarket")
        chain = _chain(part.loc[grocer, "BUSINESS_NAME"])
        mall = len(part) >= parameters.mall_premises
        if mall or chain or len(part) >= parameters.retail_premises:
            names.append(f"{chain}, {at}" if chain and not mall else f"Shops at {at}")
            kinds.append("shopping_mall" if mall else "retail_complex")
            spots.append(spot)
    return rows_of(names, kinds, np.array(spots).reshape(-1, 2), "food premises", "private")


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
    metres = metres_of(shops)
    group = blocks(metres, parameters.strip_m)
    centres = [centre for _, centre in medoids(metres, group, parameters.strip_premises)]
    names = [f"Shops near {_street_address(at)}" for at in shops["ADDR"].iloc[centres]]
    return rows_of(names, "retail_complex", metres[centres], "food premises", "private")


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
        rows.append(rows_of(labels, category, metres_of(part), "food premises", owner))
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
    return rows_of(labels, "fuel_station", metres_of(rows), "food premises", "private")


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
        found.append(rows_of(labels, category, metres_of(part), "food premises", "public"))
        names = names.where(~hit, "")
    return pd.concat(found, ignore_index=True)
