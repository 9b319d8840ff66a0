"""How a command ends: one line and one code, whatever the environment."""

from __future__ import annotations

import errno
import os
import sys
import tempfile
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from kwev import escape
from kwev.errors import KwevError

if TYPE_CHECKING:
    from collections.abc import Callable

EXIT_CLEAN, EXIT_VIOLATIONS, EXIT_ERROR, EXIT_REGRESSED, EXIT_FAULT = 0, 1, 2, 3, 70
EXIT_STOPPED: Final = 130

EXIT_CODES: Final = {
    EXIT_CLEAN: "done, nothing wrong",
    EXIT_VIOLATIONS: "violations found, or not decided in time",
    EXIT_ERROR: "bad input or environment; one line says what",
    EXIT_REGRESSED: "a monitored target went back",
    EXIT_FAULT: "a fault of kwev, with a log to report",
    EXIT_STOPPED: "stopped by the keyboard",
}
"""What each exit code means; README and CONTRIBUTING have the same table."""

LOG: Final = "kwev-fault-"
REPORT: Final = "This is a fault of kwev, not of yours: report it with"


def run(command: Callable[[], Any]) -> int:
    """Run a command and return its exit code; an error is one line on standard error.

    Parameters
    ----------
    command
        Raises what it likes; what it returns as a number is its code.
    """
    for stream in (sys.stdout, sys.stderr):
        # a name that the terminal's encoding lacks is shown by its number
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    code, said = _ended(command)
    said = _flushed() or said
    if said:
        _say(said)
        code = EXIT_ERROR if code == EXIT_CLEAN else code
    return code


def _ended(command: Callable[[], Any]) -> tuple[int, str]:  # noqa: PLR0911 -- one way out each
    """Return how a command ended: its code, and its line where it failed."""
    try:
        code = command()
    except KwevError as error:
        return EXIT_ERROR, str(error)
    except SystemExit:  # typer's own answer to a closed pipe, with the code of violations
        return EXIT_ERROR, "standard output was closed before everything was written."
    except typer.Exit as ended:
        return ended.exit_code, ""
    except (KeyboardInterrupt, typer.Abort):
        return EXIT_STOPPED, "stopped by the keyboard; nothing half-written was left."
    except MemoryError:
        return EXIT_ERROR, "memory ran out. Close other programs, or take a coarser --geography."
    except OSError as error:
        return EXIT_ERROR, _system(error)
    except _USAGE as error:
        return _usage(error)
    except Exception as error:  # noqa: BLE001 -- the last resort: never a traceback
        return EXIT_FAULT, _fault(error)
    return code if isinstance(code, int) else EXIT_CLEAN, ""


_USAGE: Final[type[Exception]] = typer.BadParameter.__mro__[2]
"""Any slip of the command line: click's own class, which typer may bring along."""


def _usage(error: Any) -> tuple[int, str]:
    """Return a slip in the command's words: how it is used, then what is wrong."""
    if type(error).__name__ == "NoArgsIsHelpError":
        error.show()
        return EXIT_ERROR, ""
    context = getattr(error, "ctx", None)
    if context is not None:
        for line in context.get_usage().splitlines():
            typer.echo(escape.terminal(line), err=True)
    return EXIT_ERROR, error.format_message()


def _system(error: OSError) -> str:
    """Return what the system refused, of which file, and what to do."""
    where = next((str(name) for name in (error.filename, error.filename2) if name), "")
    hints = {
        errno.ENAMETOOLONG: "Give a shorter name.",
        errno.EACCES: "Ask for permission, or give another path.",
        errno.ENOSPC: "Make room on the disk; what was there is unchanged.",
        errno.EMFILE: "Too many files are open; raise the limit (ulimit -n).",
    }
    hint = hints.get(error.errno or 0, "Check the path and the folder that you are in.")
    return str(KwevError(error.strerror or repr(error), where=where[-200:], hint=hint))


def _fault(error: Exception) -> str:
    """Keep the traceback in a file and return a line that names it."""
    text = "".join(traceback.format_exception(error))
    words = " ".join(f"{type(error).__name__}: {error}".split())[:200]
    try:
        handle, name = tempfile.mkstemp(prefix=LOG, suffix=".log")
        with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as log:
            log.write(text)
    except OSError:
        return f"{words}. {REPORT} the command and this line."
    return f"{words}. {REPORT} the command and {name}."


def _flushed() -> str:
    """Send out what is still to be written; return what is wrong where that fails."""
    if sys.stdout is None:
        return "standard output is closed. Send it to a terminal, a file or /dev/null."
    try:
        sys.stdout.flush()
    except (OSError, ValueError) as error:
        # Python would try again as it ends, and fail again
        with Path(os.devnull).open("w", encoding="utf-8") as nowhere:
            try:
                os.dup2(nowhere.fileno(), sys.stdout.fileno())
            except (OSError, ValueError):
                sys.stdout = None
        if isinstance(error, BrokenPipeError):
            return "standard output was closed before everything was written."
        reason = getattr(error, "strerror", None) or error
        return f"standard output cannot be written: {reason}."
    return ""


def _say(text: str) -> None:
    line = " ".join(f"error: {text}".split())
    try:
        if sys.stderr is not None:
            print(escape.terminal(line), file=sys.stderr, flush=True)  # noqa: T201 -- never wrapped
    except (OSError, ValueError):
        sys.stderr = None
