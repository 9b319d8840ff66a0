"""The fixture book in a browser, and pages that each browser check must catch."""

from __future__ import annotations

import pytest
from chromium import check_pages

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("browser")]

PAGE = (
    '<!DOCTYPE html><html lang="en"><head><title>T</title>'
    '<link rel="icon" href="data:,"><meta name="viewport" content="width=device-width">'
    "</head><body>{}</body></html>"
)
FAULTS = {
    "error": ("<script>console.error('odd')</script>", "console: odd"),
    "throw": ("<script>throw new Error('odd')</script>", "script error: odd"),
    "absent": ('<img src="gone.png" alt="x">', "HTTP 404: /gone.png"),
    "lazy": (
        '<p style="height: 5000px"></p><iframe title="t" loading="lazy" src="gone.html"></iframe>',
        "HTTP 404: /gone.html",
    ),
    "other": ('<img src="http://127.0.0.1:9/x.png" alt="x">', "asks another host"),
    "wide": ('<div id="w" style="width: 500px">x</div>', 'wider than the screen: <div id="w"'),
}


def test_the_preview_opens_cleanly(rendered):
    book, _ = rendered
    pages = [str(page.output) for page in book.pages]
    problems = check_pages(book.output_dir, pages)
    assert [str(problem) for problem in problems] == []


def test_each_fault_is_caught(tmp_path):
    for name, (body, _) in FAULTS.items():
        (tmp_path / f"{name}.html").write_text(PAGE.format(body))
    (tmp_path / "sound.html").write_text(
        PAGE.format('<div style="overflow-x: auto"><div style="width: 900px">x</div></div>')
    )
    pages = ["sound.html", *(f"{name}.html" for name in FAULTS)]
    shots = tmp_path / "shots"
    problems = check_pages(tmp_path, pages, widths=(360,), shots=shots)
    found = [str(problem) for problem in problems]
    assert not [problem for problem in found if problem.startswith("sound")]
    assert {path.name for path in shots.iterdir()} == {f"{name}.html-360.png" for name in FAULTS}
    for name, (_, message) in FAULTS.items():
        own = [problem for problem in found if problem.startswith(f"{name}.html")]
        assert any(message in problem for problem in own), (name, own)
