"""What Quarto needs before and after a render, as ``_quarto.yml`` calls it (``pre``, ``post``).

Before: the PDF is set after all chapters have run, so it reads its provenance from a file.
After, on every page (running it twice changes nothing):

- two scripts from a content network go (require.js, jQuery), which Quarto puts beside HTML from
  a cell: nothing in this book needs them, and a page loads nothing from elsewhere;
- ``/assets/…`` leads to the files that figures leave, which are copied into the site;
- a reference to a whole chapter reads ``Chapter 1`` instead of ``1 Scope``, as in the PDF;
- the page ends with the provenance of what it shows;
- the site gets what the conventions of the web ask for (:mod:`kwev.book.conventions`);
- styles, icons and scripts are made light (:mod:`kwev.book.slim`).

The papers (:mod:`kwev.book.papers`) and the catalogue of downloads are written after, too.
"""

from __future__ import annotations

import os
import re
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from kwev.book.chapters import read_book
from kwev.book.conventions import dress
from kwev.book.downloads import write_catalogue
from kwev.book.papers import write_papers
from kwev.book.preview import root_urls
from kwev.book.provenance import collect
from kwev.book.slim import slim
from kwev.display.figure import ASSETS
from kwev.files import write_text

if TYPE_CHECKING:
    from collections.abc import Callable

    from kwev.display.values import Numbers

PROVENANCE_FILE = "build/provenance.typ"
_CDN = re.compile(
    r"<script[^>]*\bsrc=\"https://cdn\.jsdelivr\.net/npm/(?:requirejs|jquery)@[^\"]*\"[^>]*>"
    r"\s*</script>\s*"
)
_DEFINE = re.compile(r"<script[^>]*>\s*define\('jquery'.*?</script>\s*", re.DOTALL)
_CHAPTER = re.compile(
    r"(?P<before><a href=\"[^\"#]+\.html\" class=\"quarto-xref\"><span>)"
    r"(?:(?P<chapter>\d+)(?:&nbsp;|\s)+|Appendix(?:&nbsp;|\s)(?P<appendix>[A-Z])(?:&nbsp;|\s)+\S\s)"
    r".*?(?P<after></span></a>)"
)
_FOOTER = re.compile(r"<footer class=\"kwev-provenance\">.*?</footer>\s*", re.DOTALL)


def prepare(root: Path) -> Path:
    """Write the provenance that the PDF's title page and footers show; return the file."""
    path = root / PROVENANCE_FILE
    write_text(path, f"#let kwev-provenance = {collect(root).typst()}\n")
    return path


def finish(root: Path, site: Path, numbers: Callable[[], Numbers] | None = None) -> int:
    """Finish every page that Quarto wrote into ``site``; return how many there are.

    Parameters
    ----------
    numbers
        As in :func:`kwev.book.conventions.dress`.
    """
    assets = root / ASSETS
    if assets.is_dir():
        shutil.copytree(assets, site / ASSETS, dirs_exist_ok=True)
    provenance = collect(root).html()
    footer = f'<footer class="kwev-provenance">{provenance}</footer>\n' if provenance else ""
    written = []
    book = read_book(root)
    for page in book.pages:
        path = site / page.output
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        for pattern in (_CDN, _DEFINE, _FOOTER):
            text = pattern.sub("", text)
        text = root_urls(_CHAPTER.sub(_chapter_reference, text), page.up)
        write_text(path, text.replace("</main>", footer + "</main>", 1))
        written.append(str(page.output))
    dress(book, site, numbers)
    slim(site, written)  # last, so that it sees all that a page names
    return len(written)


def _chapter_reference(match: re.Match[str]) -> str:
    chapter, appendix = match["chapter"], match["appendix"]
    text = f"Chapter&nbsp;{chapter}" if chapter else f"Appendix&nbsp;{appendix}"
    return match["before"] + text + match["after"]


def main(when: str) -> None:
    """Run as Quarto's script in the project's folder: ``pre`` or ``post`` a render."""
    root = Path.cwd()
    if when == "pre":
        prepare(root)
    else:
        book, site = read_book(root), root / os.environ.get("QUARTO_PROJECT_OUTPUT_DIR", "_book")
        write_papers(book, site)
        finish(root, site)
        write_catalogue(book, site)


if __name__ == "__main__":
    main(sys.argv[1])
