"""The one exception a user of kwev meets."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final, TypeVar

from kwev.escape import visible

if TYPE_CHECKING:
    from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound="BaseModel")

MOST_WORDS: Final = 1_000
"""Characters that a line tells of what is wrong, and of what to do; a file may hold any number."""
MOST_PLACE: Final = 400
"""Characters of the end of a path that a line tells."""


class KwevError(Exception):
    """Something a user can mend, told in one line.

    The command line prints it as ``error: what (where). hint`` and exits with code 2, without a
    traceback; anything else that escapes is a defect of kwev.

    Parameters
    ----------
    what
        What is wrong, as a clause without a full stop.
    where
        The file, key or option it was found in.
    hint
        What to do about it, as a sentence.
    """

    def __init__(self, what: str, *, where: str = "", hint: str = "") -> None:
        self.what = what
        self.where = where
        self.hint = hint
        super().__init__(str(self))

    def __str__(self) -> str:
        text = _short(self.what.rstrip("."), MOST_WORDS)
        if self.where:
            text += f" ({_short(self.where[::-1], MOST_PLACE)[::-1]})"
        text += "."
        if self.hint:
            text += f" {_short(self.hint, MOST_WORDS)}"
        return visible(" ".join(text.split()))


def _short(text: str, most: int) -> str:
    return text if len(text) <= most else f"{text[:most]}…"


def nearest(name: str, known: list[str]) -> str:
    """Return a hint naming the known name nearest to ``name``, or all of them."""
    close = get_close_matches(name, known, n=1, cutoff=0.6)
    if close:
        return f"Did you mean {close[0]!r}?"
    return "Known: " + ", ".join(sorted(known)) + "."


# -- A refused value in words: which key, what is wrong with it, and what to do.


def validated(values: Any, model: type[Model], *, where: str) -> Model:
    """Return plain values as a record.

    Parameters
    ----------
    where
        The file.

    Raises
    ------
    KwevError
        Naming the first key or value that is wrong.
    """
    from pydantic import ValidationError  # noqa: PLC0415 -- `kwev --help` needs none of it

    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise refusal(error, model, where=where) from error


def refusal(error: ValidationError, model: type[BaseModel], *, where: str) -> KwevError:
    """Return the first problem of a validation as an error for users.

    Parameters
    ----------
    error
        What pydantic found.
    model
        The model that was validated, for its known keys and descriptions.
    where
        The file.
    """
    problems = error.errors(include_url=False)
    # a misspelt key is also a missing one: name the misspelling
    unknown = [problem for problem in problems if problem["type"] == "extra_forbidden"]
    problem = (unknown or problems)[0]
    location = [str(part) for part in problem["loc"]]
    path = ".".join(location)
    if unknown:
        hint = nearest(location[-1], _known_keys(model, location[:-1]))
        return KwevError(f"unknown key {path!r}", where=where, hint=hint)
    if problem["type"] == "missing":
        return KwevError(f"missing key {path!r}", where=where, hint="Add it.")
    message = problem["msg"].removeprefix("Value error, ")
    value = problem.get("input")
    shown = f", not {value!r}" if isinstance(value, int | float | str | bool) else ""
    described = _description(model, location)
    hint = f"It is: {described}" if described else "Mend the value."
    return KwevError(f"{path or 'configuration'}: {message}{shown}", where=where, hint=hint)


def _model_at(model: type[BaseModel], path: list[str]) -> type[BaseModel] | None:
    from pydantic import BaseModel  # noqa: PLC0415 -- an error is told on a bare machine too

    for part in path:
        annotation = model.model_fields[part].annotation if part in model.model_fields else None
        if not (isinstance(annotation, type) and issubclass(annotation, BaseModel)):
            return None
        model = annotation
    return model


def _known_keys(model: type[BaseModel], path: list[str]) -> list[str]:
    found = _model_at(model, path)
    return list(found.model_fields) if found else []


def _description(model: type[BaseModel], path: list[str]) -> str:
    """Return what the documentation says of a value; empty where it is not one."""
    found = _model_at(model, path[:-1]) if path else None
    field = found.model_fields.get(path[-1]) if found else None
    return " ".join((field.description or "").split()) if field else ""
