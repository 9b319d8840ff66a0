"""Tenure and income: of the dissemination area in Kitchener, elsewhere of the postal area."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from kwev.pipeline.adoption import Vehicles
    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.population import Points
    from kwev.pipeline.quality import Ledger
    from kwev.pipeline.raw import Raw


def main_fsa(points: Points, vehicles: Vehicles, size: int) -> NDArray[np.int64]:
    """Return (D,) index of the forward sortation area where most people of each area live.

    Ties go to the first code. ``size`` is the number of dissemination areas.
    """
    people = np.zeros((size, len(vehicles.fsas)))
    np.add.at(people, (points.da, vehicles.area), points.people)
    return np.asarray(people.argmax(axis=1), dtype=np.int64)


def tenure(
    raw: Raw, das: pd.DataFrame, fsa: NDArray[np.str_], parameters: Parameters, ledger: Ledger
) -> pd.DataFrame:
    """Return renter_share, renter_source, median_income_cad, income_source in the order of das.

    A dissemination area's own census value stands where one is public, in Kitchener. Elsewhere
    the area has the value of its forward sortation area, ``fsa`` (D,): a figure that the census
    published, rather than a mean of several medians.
    """
    whole = raw.read("fsa_census").set_index("fsa")
    of_fsa = pd.DataFrame(
        {
            "renter_share": whole["households_renter"]
            / (whole["households_renter"] + whole["households_owner"]),
            "median_income_cad": whole["median_household_income"],
        }
    ).reindex(fsa)
    own = _kitchener(raw, das, parameters, ledger)
    made = pd.DataFrame(index=range(len(das)))
    for column, name in (("renter_share", "renter"), ("median_income_cad", "income")):
        known = own[column].notna().to_numpy()
        made[column] = np.where(known, own[column], of_fsa[column])
        made[f"{name}_source"] = np.where(known, "da", "fsa")
        rule = f"{name}: not public for the area: that of its forward sortation area"
        ledger.add("homes", "fsa_census", rule, "repaired", int((~known).sum()))
    return made


def _kitchener(raw: Raw, das: pd.DataFrame, parameters: Parameters, ledger: Ledger) -> pd.DataFrame:
    """Return what is published for the area itself, empty where nothing is."""
    table = raw.read("kitchener_homes").set_index("DAUID").reindex(das["da_id"])
    table = table.reset_index(drop=True)
    homes = table["count_renters"] + table["count_owners"]
    share = (table["count_renters"] / homes).where(homes > 0)
    income = table["median_house_income"]
    small = (das["population"] < parameters.income_people) | (
        das["households"] < parameters.income_households
    )
    filled = small & income.notna()
    ledger.add(
        "homes",
        "kitchener_homes",
        "income where the census publishes none for want of people: filled by the compiler",
        "dropped",
        int(filled.sum()),
        f"under {parameters.income_people} people or {parameters.income_households} households",
    )
    ledger.add(
        "homes",
        "kitchener_homes",
        "rates that the compiler filled with the city's mean are not read",
        "kept",
        int(table["comments"].notna().sum()),
        "low-income and unemployment rates; tenure and income of these rows are the census's",
    )
    return pd.DataFrame({"renter_share": share, "median_income_cad": income.where(~filled)})
