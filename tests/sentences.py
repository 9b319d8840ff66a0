"""Sentences of a chapter's prose, and which of them are too long to be read once.

Prose has one sentence a line; an inline value, a reference or a citation counts as one word.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from kwev.book.chapters import CodeBlock

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kwev.book.chapters import Chapter

MOST_WORDS: Final = 25

_NO_SENTENCE: Final = re.compile(r"^\s*(?:#|:::|\||\$\$|```)")
_MARK: Final = re.compile(r"^\s*(?:\d+[.)]|[-*])\s+")
_SPAN: Final = re.compile(r"`[^`]*`|\[[^\]]*@[^\]]*\]|\$[^$]*\$")
_ENDING: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z*`])")
_WORD: Final = re.compile(r"\S*\w\S*")


def sentences(chapter: Chapter) -> Iterator[tuple[int, str]]:
    """Yield each sentence of a chapter's prose with its line; formulas and cells are none."""
    for block in chapter.blocks:
        if isinstance(block, CodeBlock):
            continue
        formula = False
        for number, line in enumerate(block.text.splitlines()):
            fences = line.count("$$")
            inside, formula = formula, formula != bool(fences % 2)
            if inside or fences or _NO_SENTENCE.match(line) or not line.strip():
                continue
            for sentence in _ENDING.split(_MARK.sub("", line)):
                yield block.line + number, sentence


def words(sentence: str) -> int:
    """Return how many words a sentence has."""
    return len(_WORD.findall(_SPAN.sub("value", sentence)))


def long_sentences(chapter: Chapter, most: int = MOST_WORDS) -> list[str]:
    """Return the sentences of more words than that, each with its line."""
    return [
        f"{chapter.where(line)}: {count} words: {sentence}"
        for line, sentence in sentences(chapter)
        for count in [words(sentence)]
        if count > most
    ]
