"""A browser for the pages of the site."""

from __future__ import annotations

import pytest
import weigh

from kwev.book.browser import find_browser


@pytest.fixture(scope="module")
def browser():
    if find_browser() is None:
        pytest.skip("no chromium on the PATH")
    with weigh.chromium() as opened:
        yield opened
