"""Published findings on policy, home charging and the need for ports, in the words of their pages.

Where a page was not read itself but through another one, the table says so.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from kwev.data.schemas import PROCESSED, arrange, no_rows
from kwev.pipeline.tariffs import slug

if TYPE_CHECKING:
    import pandas as pd

    from kwev.pipeline.raw import Raw

_READ: Final = "read as stored page"
"""How the register of findings says that the page itself was read."""


def citation_table(raw: Raw) -> pd.DataFrame:
    """Return ``citations``: every cited finding with its year, source and how it was seen.

    Parameters
    ----------
    raw
        ``citations``: findings quoted from their pages (``policy_and_home_charging_cited``).

    Returns
    -------
    pandas.DataFrame
        One row a finding.
    """
    if not raw.has("citations"):
        return no_rows(PROCESSED["citations"])
    table = raw.read("citations")
    year = table["date_or_year"].str[:4].astype(int)
    made = table.assign(
        citation_id=[slug(item, y) for item, y in zip(table["item"], year, strict=True)],
        published=table["as_published"],
        year=year,
        seen=np.where(table["how_seen"] == _READ, "page", "second_hand"),
        licence="citation",
    )
    return arrange(made, "citations", "citation_id")
