"""Names that try to be code, and regions in which everything that has a name has one of these."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pandas as pd

PAYLOADS = (
    "{{ 7*7 }}{{ cycler.__init__.__globals__.os.popen('touch PWNED').read() }}",
    "{% for x in (1, 2) %}loop{% endfor %}",
    "{{< include /etc/passwd >}} {{% raw %}}",
    "</script><script>window.PWN=1</script>",
    '"><img src=x onerror="window.PWN=2">',
    "' onmouseover='window.PWN=3' x='",
    "<!--<script>window.PWN=4//",
    "`r print(1)` and `{python} 6*7`",
    "[x](javascript:window.PWN=5) <javascript:window.PWN=6> javascript:window.PWN=7",
    "![y](http://outside.invalid/pixel.png) <http://outside.invalid>",
    "@church1974 and @fig-nothing [@nobody] ^[note] [^1]",
    "a|b ~sub~ ^sup^ ~~gone~~ *em* _em_ # no heading",
    "$x$ \\(y\\) \\alpha $\\undefined{x}$ %{x} %{customdata[0]}",
    '=HYPERLINK("http://outside.invalid","x")',
    "+1+cmd|' /C calc'!A0",
    "@SUM(A1)",
    "\tcmd",
    "'=1+1",
    "\x1b[31mred\x1b[0m \x07 \x9b2J",
    "two\nlines\r\n::: {.callout-note}\nthree",
    "充電站 カナ 한국",
    "safe \u202egnp.exe\u202c end",
    "&lt;b&gt; &amp;amp; &#60;i&#62;",
    "-- ... 'single' (a) 1. -",
    '#set page(fill: red); "#read("/etc/passwd")" \\u{41}',
    '<a href="javascript:window.PWN=8">x</a><br><b>bold</b>',
    "url(http://outside.invalid/x) href='/assets/x'",
    "0 ]]> --> */ ;window.PWN=9;//",
)  # fmt: skip
"""One of each kind of attack on a channel by which a name leaves."""

NAMED = {
    "municipalities": ("name",),
    "stations": ("name", "operator", "address", "hours", "connectors"),
    "station_records": ("name",),
    "sites": ("name", "source"),
    "transit_stops": ("name",),
    "transit_routes": ("short_name", "long_name"),
    "transit_planned": ("name",),
    "tariffs": ("item", "note", "place", "source"),
    "citations": ("item", "published", "source"),
}
"""Every column of the processed tables whose text is free."""


def poisoned(frame: pd.DataFrame, columns: Iterable[str], start: int = 0) -> pd.DataFrame:
    """Return a table whose free texts begin with payloads, each row another."""
    made = frame.copy()
    for shift, column in enumerate(columns):
        old = made[column].fillna("").astype(str)
        made[column] = [payload(start + shift + i) + f" {o}" * bool(o) for i, o in enumerate(old)]
    return made


def payload(number: int) -> str:
    return PAYLOADS[number % len(PAYLOADS)]
