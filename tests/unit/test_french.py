"""Amounts as a French text has them, by hand."""

from __future__ import annotations

import pytest

from kwev.report.french import french

HARD = "\N{NO-BREAK SPACE}"


@pytest.mark.parametrize(
    ("english", "expected"),
    [
        ("41.1%", f"41,1{HARD}%"), ("$3.99 million", f"3,99{HARD}millions{HARD}de dollars"),
        ("$1.50 million", f"1,50{HARD}million{HARD}de dollars"), ("500 m", "500 m"),
        ("$260,000", f"260{HARD}000{HARD}$"), ("587,165", f"587{HARD}165"),
        ("0.5 km", "0,5 km"), ("all day", "all day"),
    ],
)  # fmt: skip
def test_an_amount_reads_as_french(english, expected):
    assert french(english) == expected
