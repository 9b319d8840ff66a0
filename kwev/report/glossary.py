"""Words of the book that a reader may not know, each said in a sentence or two."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from io import StringIO
from typing import TYPE_CHECKING

import pandas as pd

from kwev import escape
from kwev.report import plan, region

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kwev.display.values import Number
    from kwev.report.scenario import Report

PAGE = "chapters/g-glossary.html"
"""The glossary's page, below the site's root."""


@dataclass(frozen=True)
class Term:
    """A word with its other forms and what it means.

    Attributes
    ----------
    term
        The word, as a heading has it.
    forms
        How it stands in a sentence, longest first.
    about
        One or two sentences; ``{name}`` stands for a named value.
    """

    term: str
    forms: tuple[str, ...]
    about: str

    @property
    def anchor(self) -> str:
        """Id of the term on the glossary's page."""
        return "term-" + re.sub(r"[^a-z0-9]+", "-", self.term.lower()).strip("-")


@cache
def terms() -> tuple[Term, ...]:
    """Return all terms by alphabet, from ``kwev/data/glossary.csv``."""
    text = files("kwev.data").joinpath("glossary.csv").read_text(encoding="utf-8")
    table = pd.read_csv(StringIO(text), dtype=str, keep_default_na=False)
    found = []
    for row in table.sort_values("term").itertuples(index=False):
        forms = {str(row.term), *str(row.also).split("|")} - {""}
        longest = tuple(sorted(forms, key=lambda form: (-len(form), form)))
        found.append(Term(str(row.term), longest, str(row.about)))
    return tuple(found)


def told(report: Report) -> tuple[Term, ...]:
    """Return all terms with their values in place."""
    return with_values((*region.numbers(report), *plan.of_scenario(report)))


def with_values(numbers: Iterable[Number]) -> tuple[Term, ...]:
    """Return all terms with values of numbers in place."""
    known = {number.name: str(number) for number in numbers}
    return tuple(Term(t.term, t.forms, t.about.format(**known)) for t in terms())


@dataclass(frozen=True)
class Definitions:
    """The glossary as a chapter shows it: a list of definitions, each with its anchor in HTML."""

    terms: tuple[Term, ...]

    def html(self) -> str:
        """Return the list as HTML."""
        items = "\n".join(
            f'<dt id="{t.anchor}">{escape.html(t.term)}</dt>\n<dd>{escape.html(t.about)}</dd>'
            for t in self.terms
        )
        return f'<dl class="kwev-glossary">\n{items}\n</dl>'

    def markdown(self) -> str:
        """Return the list as Markdown, for print."""
        pairs = ((escape.markdown(t.term), escape.markdown(t.about)) for t in self.terms)
        return "\n\n".join(f"{term}\n:   {about}" for term, about in pairs)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        return {
            "text/html": self.html(),
            "text/markdown": self.markdown(),
            "text/plain": "glossary",
        }


def definitions(report: Report) -> Definitions:
    """Return the terms as a list of definitions."""
    return Definitions(told(report))
