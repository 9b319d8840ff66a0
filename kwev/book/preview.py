"""The book without Quarto: executed chapters as Markdown, one pandoc run, Typst for the PDF.

Each chapter becomes Markdown with inline values in place and every cell replaced by its outputs.
Numbers, cross-references, callouts and citations are the work of ``assets/preview.lua``.
"""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

import pypandoc
import typst

from kwev import escape
from kwev.book.chapters import CodeBlock
from kwev.book.conventions import dress
from kwev.book.execute import joined
from kwev.book.provenance import collect
from kwev.book.search import write_index
from kwev.display.figure import ASSETS
from kwev.errors import KwevError
from kwev.files import write_bytes, write_json, write_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kwev.book.chapters import Book
    from kwev.book.execute import Executed
    from kwev.display.values import Numbers

Form = Literal["html", "typst"]

_ASSETS = Path(__file__).with_name("assets")

BANNER = (
    "Preview rendered without Quarto: the same text, numbers, figures and references, with a "
    "search of its own, without a switch between light and dark (it follows the system), buttons "
    "that copy code and hover previews of references."
)
TIMEOUT_SECONDS = 300
STANDARD: Final = "ua-1"
"""What Typst holds a PDF to while it writes it: PDF/UA-1 (ISO 14289-1)."""

PICTURES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg"}
# Which form of an output is taken follows Quarto.
_ORDER: dict[Form, tuple[str, ...]] = {
    "html": ("text/html", "text/markdown", *PICTURES, "text/plain"),
    "typst": ("text/markdown", *PICTURES, "text/html", "text/plain"),
}
_ROOT_URL = re.compile(r"""(?P<before>\b(?:src|href|data-src|data)\s*=\s*["'])/(?!/)""")
_TABLE = re.compile(r"<table\b", re.IGNORECASE)
_XML_HEAD = re.compile(r"^\s*(<\?xml[^>]*\?>)?\s*(<!DOCTYPE[^>]*>)?\s*")
_COLOUR = re.compile(r"^\$kwev-(?P<name>[\w-]+):\s*(?P<value>[^;]+);", re.MULTILINE)
_RULES = "/*-- scss:rules --*/"
_NAMED = re.compile(r"\$kwev-([\w-]+)")
_REMARK = re.compile(r"^\s*//.*\n", re.MULTILINE)


def render_preview(  # noqa: PLR0913 -- by name, each with a usual value
    book: Book,
    executed: Sequence[Executed],
    site: Path,
    *,
    to: Sequence[str] = ("html", "pdf"),
    progress: Callable[[str], None] | None = None,
    numbers: Callable[[], Numbers] | None = None,
) -> None:
    """Render the preview into the empty folder ``site``.

    Parameters
    ----------
    book
        The book.
    executed
        Its chapters, run.
    site
        Folder that the pages, their assets and the PDF are written to.
    to
        ``html``, ``pdf`` or both.
    progress
        Told what is being done.
    numbers
        As in :func:`kwev.book.conventions.dress`.

    Raises
    ------
    KwevError
        If a reference or citation leads nowhere, or a figure has no alt text.
    """
    say = progress or (lambda _: None)
    for chapter in executed:
        require_alt(chapter)
    with tempfile.TemporaryDirectory(prefix="preview-", dir=site.parent) as name:
        work = Path(name)
        if "pdf" in to:
            say("setting the PDF")
            body = body_of(book, executed, work)
            _write_pdf(book, body, work, site / book.pdf_name)
        if "html" in to:
            say("writing the pages")
            assets = book.root / ASSETS
            if assets.is_dir():
                shutil.copytree(assets, site / ASSETS, dirs_exist_ok=True)
            write_text(site / ASSETS / "kwev.css", _stylesheet(book))
            for path, text in json.loads(_pandoc(book, executed, "html", work, site)).items():
                write_text(site / path, text)
            write_text(site / ASSETS / "search.js", asset("search.js"))
            write_index(book, site)
            dress(book, site, numbers)


def require_alt(executed: Executed) -> None:
    """Refuse a figure without a text alternative.

    Raises
    ------
    KwevError
        Naming the first such cell.
    """
    for number, block in enumerate(executed.chapter.blocks):
        if not isinstance(block, CodeBlock) or not block.label.startswith("fig-"):
            continue
        for output in executed.outputs(number):
            pictured = any(mime in output.get("data", {}) for mime in PICTURES)
            if pictured and not _alt_text(block, output):
                raise KwevError(
                    f"figure {block.label} has no text alternative",
                    where=executed.chapter.where(block.line),
                    hint="Give the Figure an alt text or the cell #| fig-alt.",
                )


def root_urls(text: str, up: str) -> str:
    """Turn URLs from the site's root (``/assets/…``) into ones relative to a page."""
    return _ROOT_URL.sub(lambda match: match["before"] + up, text)


@dataclass(frozen=True)
class _Writer:
    """Writes one executed chapter as Markdown for one form; pictures go below ``site``."""

    book: Book
    executed: Executed
    form: Form
    site: Path

    def markdown(self) -> str:
        parts = [
            self.cell(block, number)
            if isinstance(block, CodeBlock)
            else self.executed.prose(number)
            for number, block in enumerate(self.executed.chapter.blocks)
        ]
        return _div("", "\n\n".join(filter(None, parts)))

    def cell(self, block: CodeBlock, number: int) -> str:
        parts = []
        if block.options.get("output", True) is not False:
            for index, output in enumerate(self.executed.outputs(number)):
                name = block.label or str(number)
                parts.append(self.output(block, output, f"{name}-{index}" if index else name))
        keys = ("echo", "code-fold", "code-summary")
        options = {key: self.book.setting(self.form, key) for key in keys} | dict(block.options)
        if options["echo"] is not False:
            code = _fenced(block.source, "python")
            if self.form == "html" and options["code-fold"]:
                # what is folded stands below what it made, what is shown above it
                summary = escape.html(str(options["code-summary"] or "Code"))
                opening = f'<details class="code-fold"><summary>{summary}</summary>'
                raw = [_fenced(text, "{=html}") for text in (opening, "</details>")]
                parts += [raw[0], code, raw[1]]
            else:
                parts.insert(0, code)
        content = "\n\n".join(filter(None, parts))
        if not block.label.startswith(("fig-", "tbl-")):
            return _div(".cell", content) if content else ""
        key = "tbl-cap" if block.label.startswith("tbl-") else "fig-cap"
        caption = _div(".caption", str(block.options.get(key) or ""))
        return _div(f"#{block.label} .float", f"{caption}\n\n{_div('.cell', content)}")

    def output(self, block: CodeBlock, output: dict[str, Any], name: str) -> str:
        if output["output_type"] == "stream":
            if block.options.get("output") == "asis" and output["name"] == "stdout":
                return joined(output["text"])
            kind = f"{{.cell-output .cell-output-{output['name']}}}"
            return _fenced(joined(output["text"]), kind)
        data = {mime: joined(value) for mime, value in output.get("data", {}).items()}
        if self.form == "typst" and not _TABLE.search(data.get("text/html", "")):
            data.pop("text/html", None)
        mime = next((mime for mime in _ORDER[self.form] if mime in data), None)
        if mime in PICTURES:
            return self.picture(f"{name}.{PICTURES[mime]}", data[mime], _alt_text(block, output))
        if mime == "text/html":
            text = root_urls(data[mime], self.executed.chapter.page.up)
            if _TABLE.search(text) and "table-scroll" not in text:
                label = escape.html(str(block.options.get("tbl-cap") or "Table"))
                region = (
                    f'<div class="table-scroll" role="group" tabindex="0" aria-label="{label}">'
                )
                text = f"{region}{text}</div>"
            return _fenced(text, "{=html}")
        if mime == "text/plain":
            return _fenced(data[mime], "{.cell-output}")
        return data.get("text/markdown", "")

    def picture(self, name: str, content: str, alt: str) -> str:
        """Write a picture to a file and return a block that shows it as wide as the text."""
        path = f"{ASSETS}/figures/{self.executed.chapter.page.name}-{name}"
        is_svg = name.endswith(".svg")
        plain = (
            _XML_HEAD.sub("", content, count=1).encode() if is_svg else base64.b64decode(content)
        )
        write_bytes(self.site / path, plain)
        if self.form == "typst":
            return _fenced(f"#kwev-picture({escape.typst(path)}, {escape.typst(alt)})", "{=typst}")
        source, words = escape.html(self.executed.chapter.page.up + path), escape.html(alt)
        return _fenced(f'<p><img class="figure-img" src="{source}" alt="{words}"></p>', "{=html}")


def _div(attributes: str, content: str) -> str:
    return f"::: {{{attributes or '.page'}}}\n\n{content}\n\n:::"


def _fenced(text: str, info: str) -> str:
    marks = "`" * max(3, *(len(run) + 1 for run in re.findall("`+", text)), 3)
    return f"{marks} {info}\n{text.rstrip()}\n{marks}"


def _alt_text(block: CodeBlock, output: dict[str, Any]) -> str:
    """Return a figure's text alternative: ``fig-alt``, else the output's metadata."""
    metadata = output.get("metadata", {})
    nested = (value for value in metadata.values() if isinstance(value, dict))
    given = (str(entry.get("alt") or "") for entry in (metadata, *nested))
    return str(block.options.get("fig-alt") or next(filter(None, given), ""))


def _pandoc(book: Book, executed: Sequence[Executed], form: Form, work: Path, site: Path) -> str:
    """Write the chapters' Markdown into ``work`` and run pandoc over all of it."""
    for chapter in executed:
        text = _Writer(book, chapter, form, site).markdown()
        write_text(work / chapter.chapter.page.source, text)
    facts = {
        "title": book.title,
        "subtitle": book.subtitle,
        "authors": book.authors,
        "language": book.language,
        "bibliography": str(book.bibliography.resolve()) if book.bibliography else None,
        "banner": BANNER,
        "provenance": collect(book.root).html(),
        "pdf": book.pdf_name if (site / book.pdf_name).is_file() else None,
        "template": asset("page.html"),
        "pages": [
            {"source": str(p.source), "output": str(p.output), "appendix": p.appendix}
            for p in book.pages
        ],
    }
    write_json(work / "book.json", {key: value for key, value in facts.items() if value})
    bundled = Path(pypandoc.__file__).parent / "files" / "pandoc"
    program = str(bundled) if bundled.is_file() else str(pypandoc.get_pandoc_path())
    writer = "html" if form == "html" else "typst-citations"  # citations are text by then
    reading = ["--file-scope", "-f", "markdown+table_attributes"]
    writing = ["-t", writer, "--mathml", "--wrap=none", "--email-obfuscation=none"]
    sources = [str(page.source) for page in book.pages]
    done = subprocess.run(
        [program, *reading, *writing, "--lua-filter", str(_ASSETS / "preview.lua"), *sources],
        cwd=work,
        capture_output=True,
        encoding="utf-8",
        timeout=TIMEOUT_SECONDS,
        check=False,
    )
    told = done.stderr.strip()
    if done.returncode or told:
        raise KwevError(told or "pandoc failed", where=f"the book as {form}")
    return done.stdout


def body_of(book: Book, executed: Sequence[Executed], work: Path) -> str:
    """Return executed chapters as the body of a Typst document whose pictures lie in ``work``."""
    return _pandoc(book, executed, "typst", work, work)


def _write_pdf(book: Book, body: str, work: Path, target: Path) -> None:
    """Set the whole book with Typst; ``work`` holds its pictures."""
    subtitle = escape.typst(book.subtitle) if book.subtitle else "none"
    front = (
        f"\n#show: doc => book(title: {escape.typst(book.title)}, subtitle: {subtitle}, "
        f"authors: ({''.join(f'{escape.typst(author)}, ' for author in book.authors)}), "
        f"language: {escape.typst(book.language.partition('-')[0])}, "
        f"provenance: {collect(book.root).typst()}, note: {escape.typst(BANNER)}, doc)\n\n"
    )
    text = asset("look.typ") + asset("book.typ") + front + body
    write_bytes(target, typeset(text, work, "the book as typst"))


def typeset(text: str, work: Path, where: str) -> bytes:
    """Return a Typst document as a PDF that keeps :data:`STANDARD`; its pictures lie in ``work``.

    Raises
    ------
    KwevError
        If Typst refuses it.
    """
    source = work / "whole.typ"
    write_text(source, text)
    fonts: dict[str, Any] = {"font_paths": [], "ignore_system_fonts": True}
    try:
        made: bytes = typst.compile(source, root=work, pdf_standards=[STANDARD], **fonts)
    except typst.TypstError as error:
        raise KwevError(f"typst refused it: {error}", where=where) from error
    return made


def _stylesheet(book: Book) -> str:
    """Return the site's CSS: the theme's colours and rules by day and by night, then our own."""
    theme = book.setting("html", "theme", {})
    colours, rules = {}, {}
    for side in ("light", "dark"):
        paths = [book.root / name for name in theme.get(side, []) if name.endswith(".scss")]
        texts = [path.read_text(encoding="utf-8") for path in paths]
        found = (match for text in texts for match in _COLOUR.finditer(text))
        colours[side] = " ".join(f"--{m['name']}: {m['value']};" for m in found)
        own = [_REMARK.sub("", text.partition(_RULES)[2]).strip() for text in texts]
        rules[side] = [_NAMED.sub(r"var(--\1)", text) for text in own if text]
    night = "\n".join(rule for rule in rules["dark"] if rule not in rules["light"])
    dark = f"@media (prefers-color-scheme: dark) {{ :root {{ {colours['dark']} }}\n{night} }}"
    day = "\n".join(rules["light"])
    light = f":root {{ {colours['light']} color-scheme: light dark; }}"
    return f"{light}\n{day}\n{dark}\n{asset('kwev.css')}"


def asset(name: str) -> str:
    """Return a file of ``kwev/book/assets`` as text."""
    return (_ASSETS / name).read_text(encoding="utf-8")
