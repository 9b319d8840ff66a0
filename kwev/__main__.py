"""The command ``kwev``: the command line, or one line on which package it lacks."""

from __future__ import annotations

import sys
from typing import NoReturn


def main() -> NoReturn:
    """Run the command line; where a package is missing, say so and end with 2."""
    try:
        from kwev import cli  # noqa: PLC0415 -- the import that may fail
    except ModuleNotFoundError as error:
        sys.stderr.write(
            f"error: no module {error.name}. Run 'make setup'; "
            "'python3 -m kwev.doctor' says what else is missing.\n"
        )
        raise SystemExit(2) from None
    cli.main()


if __name__ == "__main__":
    main()
