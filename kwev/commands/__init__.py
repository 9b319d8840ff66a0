"""One command a function, whose docstring is its help; :mod:`kwev.cli` offers them."""
