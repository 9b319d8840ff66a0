"""What a page or file would load from elsewhere."""

import re

_LOADS = re.compile(
    r"""(?:\b(?:src|href|data-src|poster|action)\s*=\s*["']?|url\(\s*["']?|@import\s*["'])"""
    r"""([^"'\s)>]+)""",
    re.IGNORECASE,
)


def outside(text):
    """Return the addresses in ``text`` that lead to another host."""
    return [url for url in _LOADS.findall(text) if re.match(r"(?:[a-z]+:)?//", url)]
