"""Many plans for one question: solved, certified and kept, read from committed tables."""

from kwev.studies.rows import actions_of, differences, evaluated, values_of
from kwev.studies.store import Entry, plan_for, solve_ahead, solve_certified, stored
from kwev.studies.study import (
    Point,
    Record,
    made_from,
    problems,
    read_record,
    record_problem,
    results,
    run,
    write_record,
)

__all__ = [
    "Entry",
    "Point",
    "Record",
    "actions_of",
    "differences",
    "evaluated",
    "made_from",
    "plan_for",
    "problems",
    "read_record",
    "record_problem",
    "results",
    "run",
    "solve_ahead",
    "solve_certified",
    "stored",
    "values_of",
    "write_record",
]
