"""The book: chapters to notebooks, renderings, and the checks on both."""
