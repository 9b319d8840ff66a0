"""Many plans for one question: kept, checked, read."""
