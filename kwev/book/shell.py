"""The cells of a notebook, run in this process as a Jupyter kernel runs them, outputs recorded.

It is the kernel's own shell without its sockets: the same displays, the same tracebacks, a tenth of
the start. nbval, which runs the same notebooks in kernels, holds one against the other.
"""

from __future__ import annotations

import base64
import contextlib
import io
from typing import TYPE_CHECKING, Any

import nbformat
from ipykernel.zmqshell import ZMQInteractiveShell
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from traitlets import Type
from traitlets.config import Config

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def run(notebook: Any, before: Callable[[], None] = lambda: None) -> bool:
    """Run the code cells of a notebook in order, and write their outputs into it.

    Parameters
    ----------
    notebook
        A notebook of nbformat 4, changed in place.
    before
        Called before each cell.

    Returns
    -------
    bool
        Whether every cell ran; the outputs of the first that did not end with its error.
    """
    shell = _shell()
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        before()
        cell.outputs = shell.recorded = []
        with _streams(shell.recorded):
            told = shell.run_cell(cell.source, store_history=True)  # type: ignore[no-untyped-call]
        cell.execution_count = told.execution_count
        if not told.success:
            return False
    return True


class _Displays(DisplayPublisher):
    """Keeps what a cell displays."""

    def publish(self, data: Any, metadata: Any = None, source: Any = None, **_: Any) -> None:
        del source  # no longer used by anybody, says IPython
        bundle = {"data": _plain(data), "metadata": metadata or {}}
        _recorded(self).append(_output("display_data", **bundle))


class _Results(DisplayHook):
    """Keeps the value that a cell ends with."""

    def write_output_prompt(self) -> None:
        """Nothing: a notebook numbers its outputs."""

    def write_format_data(self, format_dict: Any, md_dict: Any = None) -> None:
        bundle = {"data": _plain(format_dict), "metadata": md_dict or {}}
        number = self.exec_result.execution_count if self.exec_result else None
        _recorded(self).append(_output("execute_result", execution_count=number, **bundle))


class ZMQChapterShell(ZMQInteractiveShell):
    """A kernel's shell that keeps outputs; libraries know a kernel by ``ZMQ`` in its name."""

    displayhook_class = Type(_Results)  # type: ignore[assignment]
    display_pub_class = Type(_Displays)  # type: ignore[assignment]
    recorded: list[Any]

    def _showtraceback(self, etype: Any, evalue: Any, stb: Any) -> None:
        told = {"ename": etype.__name__, "evalue": str(evalue), "traceback": list(stb)}
        self.recorded.append(_output("error", **told))


def _recorded(hook: Any) -> list[Any]:
    """Return where the shell of a hook keeps the outputs of the cell that runs."""
    outputs: list[Any] = hook.shell.recorded
    return outputs


def _shell() -> ZMQChapterShell:
    config = Config()
    config.HistoryManager.enabled = False
    ZMQChapterShell.clear_instance()
    shell: ZMQChapterShell = ZMQChapterShell.instance(config=config)
    return shell


@contextlib.contextmanager
def _streams(outputs: list[Any]) -> Iterator[None]:
    with (
        contextlib.redirect_stdout(_Stream("stdout", outputs)),
        contextlib.redirect_stderr(_Stream("stderr", outputs)),
    ):
        yield


class _Stream(io.TextIOBase):
    """Keeps what is printed, a piece for what is printed between two displays."""

    def __init__(self, name: str, outputs: list[Any]) -> None:
        super().__init__()
        self._name, self._outputs = name, outputs

    def writable(self) -> bool:
        return True

    def write(self, text: str) -> int:
        last = self._outputs[-1] if self._outputs else None
        if last is not None and last.output_type == "stream" and last.name == self._name:
            last.text += text
        elif text:
            self._outputs.append(_output("stream", name=self._name, text=text))
        return len(text)


def _output(kind: str, **content: Any) -> Any:
    return nbformat.v4.new_output(kind, **content)  # type: ignore[no-untyped-call]


def _plain(bundle: dict[str, Any]) -> dict[str, Any]:
    """Return a bundle as JSON takes it: bytes, such as those of a picture, in base 64."""
    return {
        mime: base64.b64encode(value).decode() if isinstance(value, bytes) else value
        for mime, value in bundle.items()
    }
