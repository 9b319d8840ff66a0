"""What Quarto puts beside its pages, made light: no unused style or icon, each script in its time.

Quarto gives each page two sheets of half a megabyte, a font of all Bootstrap's icons, and scripts
that hold up the text. After a render the sheets keep the rules that a page or a script of the site
can use, the font keeps the icons that such a rule names, scripts wait for the text, the one that
each page repeats is a file, the sheet of the night waits for the night and the search for who
searches. Running it twice changes nothing.
"""

from __future__ import annotations

import io
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import tinycss2
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont

from kwev import escape
from kwev.files import write_bytes, write_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

LIBRARIES: Final = "site_libs"
_SHEETS: Final = f"{LIBRARIES}/bootstrap/bootstrap*.css"
_ICONS: Final = f"{LIBRARIES}/bootstrap/bootstrap-icons.woff"
_BOOTSTRAP: Final = "bootstrap.min.js"
_STATES: Final = frozenset({"active", "collapse", "collapsed", "collapsing", "fade", "show"})
"""What Bootstrap's script gives to elements; it names its parts too, most of which no page has."""

_LATER: Final = "search-later.js"
_WORD: Final = re.compile(r"[A-Za-z_][\w-]*")
_NAMED: Final = re.compile(r"[.#]((?:[\w-]|\\.)+)")
_BRACKETS: Final = re.compile(r"\([^()]*\)|\[[^\]]*\]")
_CODE: Final = re.compile(r"content:\s*\"\\([0-9a-f]+) \"")
_READ: Final = re.compile(r"var\(\s*(--[\w-]+)")
_DRAWN: Final = re.compile(r"[^\x00-\x7f]")
_SEARCH: Final = re.compile(
    r"(?:<script src=\"[^\"]*quarto-search/(?:autocomplete\.umd|fuse\.min|quarto-search)\.js\">"
    r"</script>\s*){3}"
)
_SCRIPT: Final = re.compile(r"<script src=\"(?=(?:\.\./|\./)*site_libs/)([^\"]*)\"></script>")
_MODULE: Final = re.compile(r"(<script src=\"[^\"]*site_libs/[^\"]*\") type=\"module\">")
_WAITS: Final = re.compile(
    r"<script (?=[^>]*(?:\bdefer\b|type=\"module\"))[^>]*\bsrc=\"[^\"]*\"[^>]*></script>\n?"
)
_AFTER: Final = re.compile(
    r"<script id=\"quarto-html-after-body\"[^>]*>(?P<script>.*?)</script>", re.DOTALL
)
_AFTER_FILE: Final = f"{LIBRARIES}/quarto-html/after-body.js"
_NIGHT: Final = re.compile(
    r"(<link (?=[^>]*quarto-color-alternate)[^>]*)rel=\"stylesheet\"(?=[^>]*>)"
)


def slim(site: Path, pages: Sequence[str]) -> None:
    """Make a site that Quarto wrote light; nothing to do in one of the preview.

    Parameters
    ----------
    site
        Folder of the site.
    pages
        Its pages that load Quarto's styles, from the site's root.
    """
    if not (site / LIBRARIES).is_dir():
        return
    texts = {site / page: (site / page).read_text(encoding="utf-8") for page in pages}
    names = [path for path in _sorted(site, f"{LIBRARIES}/**/*.js") if path.name != _BOOTSTRAP]
    scripts = [path.read_text(encoding="utf-8") for path in names]
    words = _STATES | {word for text in (*texts.values(), *scripts) for word in _WORD.findall(text)}
    kept = []
    for path in _sorted(site, _SHEETS):
        text = used_rules(path.read_text(encoding="utf-8"), words)
        write_text(path, text)
        kept += [int(code, 16) for code in _CODE.findall(text)]
    icons = site / _ICONS
    if icons.is_file():
        write_bytes(icons, used_icons(icons.read_bytes(), kept))
    folder = site / LIBRARIES / "quarto-search"
    if folder.is_dir():
        write_bytes(
            folder / _LATER, Path(__file__).with_name("assets").joinpath(_LATER).read_bytes()
        )
    for path, text in texts.items():
        write_text(path, in_time(_shared(site, path, text)))


def used_rules(css: str, words: Iterable[str]) -> str:
    """Return a sheet without the rules whose selectors all name a class or an id that none has.

    Parameters
    ----------
    css
        The sheet.
    words
        Every word of the pages and scripts.
    """
    known = frozenset(words)
    text = "".join(_kept(rule, known) for rule in _rules(css))
    before = ""
    while text != before:  # a variable that went may have been the only reader of another
        before = text
        named = set(_READ.findall(text)) | {f"--{word}" for word in known}
        text = "".join(_set(rule, named) for rule in _rules(text))
    return _DRAWN.sub(lambda match: f"\\{ord(match[0]):x} ", text)


def _rules(css: str) -> list[Any]:
    return list(tinycss2.parse_stylesheet(css, skip_comments=True, skip_whitespace=True))


def _set(rule: Any, named: set[str]) -> str:
    """Return a rule; one for the whole page without the variables that nothing reads."""
    if rule.type != "qualified-rule" or ":root" not in tinycss2.serialize(rule.prelude):
        return str(rule.serialize())
    found = tinycss2.parse_blocks_contents(rule.content, skip_comments=True, skip_whitespace=True)
    body = ";".join(
        one.serialize()
        for one in found
        if one.type == "declaration" and (not one.name.startswith("--") or one.name in named)
    )
    return f"{tinycss2.serialize(rule.prelude)}{{{body}}}"


def _kept(rule: Any, known: frozenset[str]) -> str:
    if rule.type == "qualified-rule":
        selectors = _parts(tinycss2.serialize(rule.prelude))
        used = [one for one in selectors if _is_used(one, known)]
        body = tinycss2.serialize(rule.content)
        return f"{','.join(used)}{{{body}}}" if used else ""
    if rule.type == "at-rule" and rule.lower_at_keyword in ("media", "supports") and rule.content:
        inner = tinycss2.parse_rule_list(rule.content, skip_comments=True, skip_whitespace=True)
        body = "".join(_kept(one, known) for one in inner)
        head = tinycss2.serialize(rule.prelude)
        return f"@{rule.at_keyword}{head}{{{body}}}" if body else ""
    return str(rule.serialize())


def _parts(selectors: str) -> list[str]:
    """Split a list of selectors at the commas that stand in no bracket."""
    parts, depth = [""], 0
    for letter in selectors.strip():
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += letter
    return parts


def _is_used(selector: str, known: frozenset[str]) -> bool:
    bare = selector
    while (less := _BRACKETS.sub("", bare)) != bare:
        bare = less
    # a script may put an icon's name together
    names = (name.replace("\\", "") for name in _NAMED.findall(bare))
    return all(name in known or name.removeprefix("bi-") in known for name in names)


def used_icons(font: bytes, codes: Iterable[int]) -> bytes:
    """Return a font with the letters of these codes only."""
    # it says that the table of names ends later than it must
    logging.getLogger("fontTools.ttLib.tables._p_o_s_t").setLevel(logging.ERROR)
    # a box that is measured anew would move an icon
    kept = {"recalcTimestamp": False, "recalcBBoxes": False}
    with TTFont(io.BytesIO(font), **kept) as opened:
        options = Options(layout_features=[], notdef_outline=True, name_IDs=[])
        subsetter = Subsetter(options)
        subsetter.populate(unicodes=sorted(codes))
        subsetter.subset(opened)
        opened.flavor = "woff"
        content = io.BytesIO()
        opened.save(content)
    return content.getvalue()


def in_time(page: str) -> str:
    """Return a page whose scripts wait for its text, its night for the night, search for a reader.

    A page that is opened by the search, with ``?q=`` in its address, marks what was sought: there
    the search is loaded with the page. Scripts that wait are written last, by a line that itself
    waits for the sheets: a browser that saw them before would let them share the sheets' road.
    """

    def search(match: re.Match[str]) -> str:
        sources = re.findall(r"src=\"([^\"]*)\"", match[0])
        tags = "".join(rf"<script defer src='{source}'><\/script>" for source in sources)
        later = sources[0].rpartition("/")[0] + "/" + _LATER
        return (
            f'<script>if (/[?&]q=/.test(location.search)) document.write("{tags}");</script>\n'
            f'<script defer src="{later}"></script>\n'
        )

    page = _SEARCH.sub(search, page)
    page = _SCRIPT.sub(r'<script defer src="\1"></script>', page)
    page = _MODULE.sub(r'\1 type="module" fetchpriority="low">', page)
    page = _NIGHT.sub(r'\1rel="disabled-stylesheet"', page)
    waiting = "".join(tag.strip() for tag in _WAITS.findall(page))
    if not waiting:
        return page
    body, end, rest = _WAITS.sub("", page).rpartition("</body>")
    return f"{body}<script>document.write({escape.script(waiting)});</script>\n{end}{rest}"


def _shared(site: Path, page: Path, text: str) -> str:
    """Return a page that names the script which Quarto writes into each, once it is a file."""
    found = _AFTER.search(text)
    if found is None:
        return text
    write_text(site / _AFTER_FILE, found["script"])
    up = "../" * (len(page.relative_to(site).parts) - 1)
    tag = f'<script defer src="{up}{_AFTER_FILE}"></script>'
    return text[: found.start()] + tag + text[found.end() :]


def _sorted(site: Path, pattern: str) -> list[Path]:
    return sorted(site.glob(pattern))
