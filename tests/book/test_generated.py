"""Equations and tables that the package writes: numbered and found by either renderer."""

from __future__ import annotations

import pytest
from stated import page_facts

from kwev.book.chapters import read_book
from kwev.book.render import find_quarto, render

CHAPTER = """
@tbl-symbols explains @eq-shortfall and @eq-rules.

```{python}
#| label: tbl-symbols
#| tbl-cap: "Symbols."
from kwev.model import formulation, notation
notation.table()
```

$$
`{python} formulation.equation("shortfall")`
$$ {#eq-shortfall}

$$
`{python} formulation.equation("rules")`
$$ {#eq-rules}
"""
PAGE = "chapters/01-cover.html"
ENGINES = [
    "preview",
    pytest.param(
        "quarto",
        marks=[
            pytest.mark.slow,
            pytest.mark.skipif(find_quarto() is None, reason="no Quarto on the PATH"),
        ],
    ),
]


@pytest.mark.parametrize("engine", ENGINES)
def test_generated_mathematics_is_numbered_and_referred_to(make_book, engine):
    book = make_book()
    path = book.root / "chapters" / "01-cover.qmd"
    path.write_text(path.read_text() + CHAPTER)
    render(book.root, engine=engine, progress=False)
    facts = page_facts(read_book(book.root).output_dir, PAGE)
    assert "Table 1.2: Symbols." in facts.captions
    assert facts.references[-3:] == (
        ("Table 1.2", f"{PAGE}#tbl-symbols"),
        ("Equation 1.2", f"{PAGE}#eq-shortfall"),
        ("Equation 1.3", f"{PAGE}#eq-rules"),
    )
    html = (book.output_dir / PAGE).read_text(encoding="utf-8")
    assert "{python}" not in html
    assert "\\begin{aligned} y_j" in html  # the source that MathML keeps
