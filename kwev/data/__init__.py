"""The processed tables, and what each of them must look like."""

from kwev.data.tables import Tables, load_tables

__all__ = ["Tables", "load_tables"]
