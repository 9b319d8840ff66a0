"""From tables and a scenario to the model: demand, sites, reach, constraints, objective."""
