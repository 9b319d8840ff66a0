"""What Quarto's pages still need after a render: named as ``post-render`` in ``_quarto.yml``.

- Quarto puts two scripts from a content network (require.js, jQuery) on every page that shows
  HTML from a cell. Nothing in this book needs them, and a page loads nothing from elsewhere.
- Figures leave what their pages load in ``assets/`` and name it ``/assets/…``; both get their
  place in the site.
- A reference to a whole chapter reads ``1 Scope``; it becomes ``Chapter 1``, as in the PDF.
- Every page ends with the provenance of what it shows.

Running it twice changes nothing.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

from kwev.book.chapters import read_book
from kwev.book.outputs import root_urls
from kwev.book.preview import ASSETS_DIR
from kwev.book.provenance import collect
from kwev.files import write_text

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


def finish(root: Path, site: Path) -> int:
    """Finish every page that Quarto wrote into ``site``; return how many there are."""
    book = read_book(root)
    assets = root / ASSETS_DIR
    if assets.is_dir():
        shutil.copytree(assets, site / "assets", dirs_exist_ok=True)
    provenance = collect(root).html()
    footer = f'<footer class="kwev-provenance">{provenance}</footer>\n' if provenance else ""
    count = 0
    for page in book.pages:
        path = site / page.output
        if not path.is_file():
            continue
        text = path.read_text(encoding="utf-8")
        text = _FOOTER.sub("", _DEFINE.sub("", _CDN.sub("", text)))
        text = _CHAPTER.sub(_chapter_reference, text)
        text = root_urls(text, "../" * (len(page.output.parts) - 1))
        write_text(path, text.replace("</main>", footer + "</main>", 1))
        count += 1
    return count


def _chapter_reference(match: re.Match[str]) -> str:
    chapter, appendix = match["chapter"], match["appendix"]
    text = f"Chapter&nbsp;{chapter}" if chapter else f"Appendix&nbsp;{appendix}"
    return match["before"] + text + match["after"]


def main() -> None:
    """Run as Quarto's post-render script, in the project's folder."""
    root = Path.cwd()
    finish(root, root / os.environ.get("QUARTO_PROJECT_OUTPUT_DIR", "_book"))


if __name__ == "__main__":
    main()
