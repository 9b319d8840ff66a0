"""Commands on regions: region new."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from typer import Argument, Option

from kwev import terminal
from kwev.project import find_project


def new(
    name: Annotated[str, Argument(help='Its name, which goes after "the": "County of Oxford".')],
    division: Annotated[
        str | None, Option("--cd", help="Census division of 2021: four digits, such as 3523.")
    ] = None,
    subdivisions: Annotated[
        list[str] | None,
        Option("--csd", help="Census subdivision of 2021: seven digits; repeatable."),
    ] = None,
    out: Annotated[
        Path | None, Option("--out", "-o", help="Folder to write (default: the name's).")
    ] = None,
) -> None:
    """Write a project for another region of Ontario, and tell what it has and what it lacks.

    A region is a census division, or census subdivisions (municipalities) of one or several. The
    folder gets config/region.json, two scenarios, addresses of publishers, a register of sources
    without files, and the chapters of a short book. Outlines, postal areas, census tracts and the
    metric projection follow from the codes once `kwev fetch` has run there.

    National sources work for any region of Ontario. Local ones, such as a road file, timetables or
    wards, are optional: each is a line of config/region.json. What is absent leaves its tables
    empty, and data/processed/quality.csv says so.

    Codes stand at https://www12.statcan.gc.ca (census of 2021, geographic attribute file).

    Example: kwev region new "County of Wellington" --cd 3523
    """
    from kwev import founding

    region = founding.region_of(name, division, subdivisions or ())
    folder = out or Path(founding.folder_name(name))
    files = founding.found(find_project(), region, folder)
    terminal.echo(*founding.told(region, folder, files))
