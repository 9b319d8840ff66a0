"""Processed tables of electric vehicles over time: counts, forecast, growth."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from kwev.schemas.columns import (
    CT_ID,
    DA_ID,
    FSA_ID,
    Schema,
    flag,
    integer,
    real,
    table_of,
    text,
)

if TYPE_CHECKING:
    import pandera.pandas as pa

FORMS: Final = ("linear", "bass", "damped_trend", "logistic", "drift")
"""Forms of growth that are compared; :mod:`kwev.pipeline.forms` says what each is."""

BASES: Final = ("recount_removed", "published")
"""Histories that the forms are tested on; see :mod:`kwev.pipeline.forecast`."""

_NAME: Final = r"^\d{4}Q[1-4]$"
_FSA = "Forward sortation area: the first half of a postal code."
_QUARTER = text(pattern=_NAME, about="Quarter at whose end vehicles are counted.")
_YEAR_END = text(pattern=_NAME, about="Last quarter of the year that is forecast.")
_FORM = text(isin=FORMS, about="Form of growth.")


def _evs(about: str) -> pa.Column:
    return real(0, unit="EV", about=about)


_LATER = {
    f"ev_{year}": _evs(f"Forecast of the electric vehicles at the end of {year}.")
    for year in (2030, 2035)
}

TABLES: Final[dict[str, Schema]] = {
    "ev_quarters": table_of(
        {
            "fsa": text(pattern=FSA_ID, about=_FSA),
            "quarter": _QUARTER,
            "bev": integer(unit="EV", about="Battery-electric vehicles of the whole area."),
            "phev": integer(unit="EV", about="Plug-in hybrids of the whole area."),
            "ev": integer(unit="EV", about="Electric vehicles of both kinds of the whole area."),
            "ev_inside": _evs(
                "Part of them that falls to the Region; the same share all quarters."
            ),
        },
        exact=True,
        unique=["fsa", "quarter"],
        about="One row for each forward sortation area and quarter.",
    ),
    "ev_backtest": table_of(
        {
            "basis": text(isin=BASES, about="History: without the recount of 2024, or published."),
            "form": _FORM,
            "origin": text(pattern=_NAME, about="Last quarter that the forecast knows."),
            "horizon": integer(unit="quarter", about="How far ahead the forecast looks."),
            "actual": _evs("What was counted."),
            "forecast": _evs("What was forecast."),
            "error": real(-1, unit="1", about="Forecast over actual, less one."),
            "low": _evs("Lower end of the interval, from the errors of the other origins."),
            "high": _evs("Upper end of the interval, from the errors of the other origins."),
        },
        exact=True,
        unique=["basis", "form", "origin", "horizon"],
        about="One row for each forecast of the back-test: basis, form, origin and horizon.",
    ),
    "ev_forecast": table_of(
        {
            "quarter": _YEAR_END,
            "form": _FORM,
            "low": _evs("Lower end of the interval."),
            "mid": _evs("The forecast."),
            "high": _evs("Upper end of the interval."),
            "chosen": flag(about="Whether the form is the one that places are planned on."),
        },
        exact=True,
        unique=["quarter", "form"],
        about="One row for each year's end and form, for the Region.",
    ),
    "fsa_growth": table_of(
        {
            "fsa": text(pattern=FSA_ID, unique=True, about=_FSA),
            "growth_4q_per_year": real(-1, unit="1", about="Growth over the last four quarters."),
            "growth_8q_per_year": real(
                -1, unit="1", about="Growth per year over the last eight quarters."
            ),
            **_LATER,
        },
        exact=True,
        about="One row for each forward sortation area: its part inside the Region.",
    ),
    "da_growth": table_of(
        {
            "da_id": text(
                pattern=DA_ID, unique=True, about="Dissemination area of the 2021 census."
            ),
            **_LATER,
        },
        exact=True,
        about="One row for each dissemination area, in the order of das.",
    ),
    "tract_growth": table_of(
        {
            "tract_id": text(
                pattern=rf"{CT_ID}|{DA_ID}",
                unique=True,
                about="Census tract, or dissemination area in Wellesley.",
            ),
            **_LATER,
        },
        exact=True,
        about="One row for each demand point of tracts, in their order.",
    ),
    "cell_growth": table_of(
        {
            "cell_id": text(pattern=r"^c_\d+_\d+$", unique=True, about="Cell of the grid."),
            **_LATER,
        },
        exact=True,
        about="One row for each cell of the grid, in the order of cells.",
    ),
}
"""What each table of electric vehicles over time holds."""
