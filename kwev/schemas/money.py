"""Processed tables of money: what others have published on costs, tariffs and prices."""

from __future__ import annotations

from typing import Final

from kwev.schemas.columns import Schema, integer, real, table_of, text

TARIFF_TOPICS: Final = (
    "capital_cost", "electricity_price_RPP", "delivery_rate_EVC", "delivery_rate_GS50plus",
    "driver_price", "inventory_check", "national_need",
)  # fmt: skip
"""What a cited figure is about."""

TABLES: Final[dict[str, Schema]] = {
    "tariffs": table_of(
        {
            "tariff_id": text(
                pattern=r"^[a-z0-9_]+$", unique=True, about="Its words and its year."
            ),
            "topic": text(isin=TARIFF_TOPICS, about="What it is about."),
            "item": text(about="What was published, in the words of its page."),
            "value": real(0, unit="1", about="As published, in the unit beside it."),
            "unit": text(about="Unit of the published value."),
            "currency": text(null=True, about="Currency as published; empty where it is no money."),
            "year": integer(unit="year", about="Year of the figure, or of its exchange rate."),
            "per": text(about="What the amount in CAD is for."),
            "cad": real(
                0, null=True, unit="CAD", about="For one of these; empty where it is no money."
            ),
            "high_cad": real(
                0, null=True, unit="CAD", about="The higher figure given with it, where one is."
            ),
            "place": text(about="Where it holds."),
            "source": text(about="Address of the page, or the file, that it was read from."),
            "licence": text(isin=("citation",), about="Key of its licence: a fact quoted."),
            "note": text(null=True, about="What else the page says."),
        },
        exact=True,
        about="One row for each published figure on costs, electricity tariffs and prices.",
    ),
}
