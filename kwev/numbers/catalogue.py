"""Numbers of the data catalogue: sources, licences, processed tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kwev.analysis.catalogue import read_catalogue
from kwev.numbers.number import Number, Numbers

if TYPE_CHECKING:
    from kwev.report import Report

_BYTES_PER_MB = 1e6


def of_catalogue(report: Report) -> Numbers:
    """Return the numbers of the sources and of the processed tables."""
    read = read_catalogue(report.project)
    used, tables = read.used(), read.tables
    size = sum(made["bytes"] for made in read.manifest["processed"].values()) / _BYTES_PER_MB
    met = int((read.quality["rows"] > 0).sum())
    columns = sum(len(table.schema.columns) for table in tables)
    licences = {source.licence.key for source in used}
    return Numbers(
        [
            Number("sources_known", len(read.sources), "count", "sources.json"),
            Number("sources_used", len(used), "count", "manifest.lineage"),
            Number("sources_unused", len(read.unused()), "count", "manifest.lineage"),
            Number("licences_used", len(licences), "count", "sources.json"),
            Number("tables_made", len(tables), "count", "schemas"),
            Number("columns_told", columns, "count", "schemas"),
            Number("processed_size", round(size, 1), "ratio", "manifest.processed", "{:.1f} MB"),
            Number("rules_met", met, "count", "quality.rows"),
        ]
    )
