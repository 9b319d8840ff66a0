"""The command line: what it offers, and how it ends."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 -- typer reads annotations
from typing import Annotated, NoReturn

import typer
from typer import Option

from kwev import outcome, terminal
from kwev.commands import book, plans, region, sources, studies
from kwev.outcome import EXIT_CODES, EXIT_ERROR
from kwev.project import find_project

app = typer.Typer(
    name="kwev",
    help=(
        "Plan public EV charging for a region of Canada: rebuild the data, solve a scenario, "
        "check a plan without trusting the solver, render the book."
    ),
    epilog="Exit codes: " + "; ".join(f"{code} {what}" for code, what in EXIT_CODES.items()) + ".",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)


def main() -> NoReturn:
    """Run the command line: whatever happens, one line and a code of :data:`EXIT_CODES`."""
    raise SystemExit(outcome.run(lambda: app(standalone_mode=False)))


def _version(value: bool) -> None:  # noqa: FBT001 -- typer's callback signature
    if value:
        from kwev import __version__

        terminal.echo(f"kwev {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Options before the command."""


def doctor(
    as_json: Annotated[
        bool, Option("--json", help="Print JSON: ready, and each finding with its remedy.")
    ] = False,
) -> None:
    """Tell what is here, what is missing, and what to do about it.

    Python, packages against the lock, Quarto, Gurobi's licence, HiGHS, the keys of sources
    (whether there is one, never the key), raw and processed data against their checksums, disk and
    permissions. Where nothing is installed yet, `python3 -m kwev.doctor` tells the same.

    Exit code 0 where the book can be rendered, 2 where something is missing for it.
    """
    from kwev.doctor import examine, is_ready, told

    findings = examine(find_project())
    terminal.echo(*told(findings, as_json=as_json))
    if not is_ready(findings):
        raise typer.Exit(EXIT_ERROR)


def schema(
    out: Annotated[
        Path | None, Option("--out", help="Folder to write (default: config/ and docs/).")
    ] = None,
) -> None:
    """Write the JSON schemas of the configuration and of the plan files."""
    from kwev.formats import write_schemas

    terminal.echo(*(f"wrote {path}" for path in write_schemas(find_project(), out)))


regions = typer.Typer(help="Regions by their census codes.", no_args_is_help=True)


@regions.callback()
def _regions() -> None:
    """Regions by their census codes."""


for _command in (
    sources.fetch, sources.data, plans.solve, plans.check, plans.schedule, plans.explain,
    studies.monitor, book.render, studies.sweep, studies.expect, plans.scenarios, doctor,
    book.edition, schema, book.verify, book.release,
):  # fmt: skip
    app.command()(_command)
regions.command()(region.new)
app.add_typer(regions, name="region")


if __name__ == "__main__":
    main()
