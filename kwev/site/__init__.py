"""Pages that answer one reader's question: a place, a town, another plan, a map."""
