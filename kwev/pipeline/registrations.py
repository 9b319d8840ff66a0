"""Electric vehicles as registered: every quarter by forward sortation area, repaired openly."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.errors import KwevError
from kwev.pipeline.split import from_micro, to_micro
from kwev.units import PEOPLE_DECIMALS

if TYPE_CHECKING:
    import pandas as pd

    from kwev.pipeline.boundaries import Boundaries
    from kwev.pipeline.parameters import Parameters
    from kwev.pipeline.quality import Ledger
    from kwev.pipeline.raw import Raw

KINDS = ["bev", "phev", "ev"]
_NAMES = {"quarter": "quarter", "FSA": "fsa", "BEV": "bev", "PHEV": "phev", "TotalEV": "ev"}


def registered(
    raw: Raw, bounds: Boundaries, parameters: Parameters, ledger: Ledger
) -> pd.DataFrame:
    """Return fsa, quarter, bev, phev, ev of the Region's codes, every quarter of the file.

    A blank count is one that was not published and stands for 0; BEV + PHEV is the total.

    Raises
    ------
    KwevError
        If the parameters' quarter is not in the file, or a code of the Region lacks a quarter.
    """
    table = raw.read("evs").rename(columns=_NAMES)[list(_NAMES.values())]
    _refuse_absent(table, set(bounds.fsas["fsa"]), parameters.quarter)
    ours = table["fsa"].isin(set(bounds.fsas["fsa"]))
    latest = table["quarter"] == parameters.quarter
    ledger.add(
        "adoption",
        "evs",
        "codes whose area lies outside the Region",
        "dropped",
        int((~ours & latest).sum()),
        parameters.quarter,
    )
    blank = table[KINDS].isna().any(axis=1)
    ledger.add(
        "adoption",
        "evs",
        "no count published for a quarter: blank stands for 0",
        "flagged",
        int((blank & ours).sum()),
        f"all quarters; {int((blank & ~ours).sum())} more outside the Region",
    )
    return _added_up(table[ours].fillna(dict.fromkeys(KINDS, 0)), ledger)


def inside_quarters(table: pd.DataFrame, fsas: pd.DataFrame) -> pd.DataFrame:
    """Return ``ev_quarters``: the counts with the part of each code that falls to the Region.

    The share inside is that of the census, the same for all quarters.

    Parameters
    ----------
    table
        As :func:`registered` returns it.
    fsas
        Columns ``fsa`` and ``inside_share`` (0 to 1).
    """
    share = table["fsa"].map(fsas.set_index("fsa")["inside_share"])
    parts = [to_micro((table[kind] * share).round(PEOPLE_DECIMALS)) for kind in ("bev", "phev")]
    table = table.assign(ev_inside=from_micro(parts[0] + parts[1]))
    return table.sort_values(["fsa", "quarter"], ignore_index=True)[
        ["fsa", "quarter", *KINDS, "ev_inside"]
    ]


def _refuse_absent(table: pd.DataFrame, codes: set[str], latest: str) -> None:
    hint = "Fetch the file again."
    if not (table["quarter"] == latest).any():
        raise KwevError(f"no rows of quarter {latest}", where="ev_by_fsa", hint=hint)
    for quarter, rows in table.groupby("quarter", sort=True):
        absent = codes - set(rows["fsa"])
        if absent:
            raise KwevError(
                f"no EV counts for {', '.join(sorted(absent))} in {quarter}",
                where="ev_by_fsa",
                hint=hint,
            )


def _added_up(table: pd.DataFrame, ledger: Ledger) -> pd.DataFrame:
    wrong = table["bev"] + table["phev"] != table["ev"]
    ledger.add(
        "adoption",
        "evs",
        "BEV + PHEV differ from the published total: their sum stands",
        "repaired",
        int(wrong.sum()),
        "all quarters",
    )
    table = table.assign(ev=table["bev"] + table["phev"])
    return table.astype(dict.fromkeys(KINDS, "int64"))
