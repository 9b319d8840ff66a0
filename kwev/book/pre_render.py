"""What Quarto's PDF needs before a render: named as ``pre-render`` in ``_quarto.yml``.

The PDF is one document that is set after all chapters have run, so what it says about its origin
cannot be put into it afterwards, as it is into the pages. It reads it from a file written here.
"""

from __future__ import annotations

from pathlib import Path

from kwev.book.outputs import typst_string
from kwev.book.provenance import Provenance, collect
from kwev.files import write_text

PROVENANCE_FILE = "build/provenance.typ"


def typst_pairs(provenance: Provenance) -> str:
    """Return the facts as a Typst array of pairs of strings."""
    pairs = (f"({typst_string(name)}, {typst_string(value)}), " for name, value in provenance.facts)
    return f"({''.join(pairs)})"


def prepare(root: Path) -> Path:
    """Write the provenance that the PDF's title page and footers show; return the file."""
    path = root / PROVENANCE_FILE
    write_text(path, f"#let kwev-provenance = {typst_pairs(collect(root))}\n")
    return path


def main() -> None:
    """Run as Quarto's pre-render script, in the project's folder."""
    prepare(Path.cwd())


if __name__ == "__main__":
    main()
