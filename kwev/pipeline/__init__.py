"""Raw files to processed tables: boundaries, people, vehicles, stations, candidate sites."""
