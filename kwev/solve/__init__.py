"""From the model to a plan: stages, solvers, bounds, and the plan's record."""
