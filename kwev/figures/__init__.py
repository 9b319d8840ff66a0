"""Figures and tables of the book: one object each, interactive and static."""
