"""Requests over HTTP: patient, polite, bounded; what comes back is whole and of the asked kind.

``urllib3`` repeats what fails before an answer, waits longer each time and honours Retry-After; a
body that breaks off is asked for again here, an archive from where it broke off, also by the next
run. Keys travel in a header, so that no address, log or message holds one.
"""

from __future__ import annotations

import time
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal
from urllib.parse import urlencode, urljoin, urlsplit

import urllib3
from urllib3 import exceptions

from kwev.errors import KwevError
from kwev.files import MOST_BYTES, parse_json, read_json, sha256_bytes, write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

Kind = Literal["csv", "json", "xml", "zip"]
_TYPES: Final[dict[str, tuple[str, ...]]] = {
    "csv": ("csv", "text/plain", "ms-excel"),
    "json": ("json", "text/plain", "javascript"),
    "xml": ("xml", "text/plain"),
    "zip": ("zip",),
}
"""What the content type of each kind may hold; ``octet-stream``, or none at all, fits each."""
_REPEATED: Final = frozenset({429, 500, 502, 503, 504})
"""Answers after which it is worth asking again."""
_FOR_GOOD: Final = frozenset({301, 308})
_NOT_MODIFIED, _PARTIAL, _NO_SUCH_RANGE, _FIRST_ERROR = 304, 206, 416, 400
_REFUSED: Final = frozenset({401, 403})
_NOWHERE: Final = frozenset({404, 410})
_CHUNK: Final = 2**16
UNTOUCHED: Final = "Nothing was replaced."
_ADDRESS: Final = f"{UNTOUCHED} Look up its address and put it into data/services.json."


class Unchanged(Exception):  # noqa: N818 -- no error: an answer
    """The publisher says that a file is what was fetched last time."""


class UnreachableError(KwevError):
    """A publisher gives no answer at all: asking it for other files is of no use."""


@dataclass
class Web:
    """A client for one run.

    Parameters
    ----------
    parts
        Folder for archives that are not whole yet.
    timeout_s
        Longest wait for a connection, and between two pieces of an answer (s).
    tries
        How often a request is made at most.
    backoff_s
        Wait after the second failure; it doubles each time (s).
    longest_wait_s
        Longest wait that a publisher may ask for (s).
    pause_s
        Least time between two requests (s).
    most_bytes
        Largest answer that is taken.
    known
        Validators of the last answers by address: ``etag`` and ``last-modified``.
    tick
        Told bytes received and expected (0: not known).
    note
        Told what a user should know.
    """

    parts: Path
    timeout_s: float = 60
    tries: int = 5
    backoff_s: float = 1
    longest_wait_s: float = 120
    pause_s: float = 0.2
    most_bytes: int = MOST_BYTES
    known: dict[str, dict[str, str]] = field(default_factory=dict)
    tick: Callable[[int, int], object] = lambda _have, _all: None
    note: Callable[[str], object] = lambda _text: None
    _kept: dict[str, bytes] = field(default_factory=dict, repr=False)
    _pools: dict[str, urllib3.PoolManager] = field(default_factory=dict, repr=False)

    def json(self, url: str, query: Mapping[str, Any] | None = None, **more: Any) -> Any:
        """Return what JSON says, as :meth:`get`."""
        body = self.get(url, "json", query, **more)
        try:
            return parse_json(body.decode("utf-8-sig", "replace"), place(url))
        except KwevError as error:
            raise KwevError(error.what, where=place(url), hint=UNTOUCHED) from error

    def get(
        self,
        url: str,
        kind: Kind,
        query: Mapping[str, Any] | None = None,
        *,
        key: Mapping[str, str] | None = None,
        if_changed: bool = False,
    ) -> bytes:
        """Return the body of an answer.

        Parameters
        ----------
        url
            The address, without a key.
        kind
            What is expected.
        query
            Put behind the address.
        key
            The header that holds a key.
        if_changed
            Whether to ask only for what has changed since :attr:`known`.

        Raises
        ------
        KwevError
            In one line, if there is no whole answer of this kind within limits.
        Unchanged
            If nothing has changed.
        """
        if query:
            url += ("&" if "?" in url else "?") + urlencode(query)
        if url in self._kept:
            return self._kept[url]
        headers = {"User-Agent": "kwev (open data for planning)", **(key or {})}
        if if_changed:
            names = {"etag": "If-None-Match", "last-modified": "If-Modified-Since"}
            headers |= {names[name]: value for name, value in self.known.get(url, {}).items()}
        body, validators = self._whole(url, kind, headers, has_key=key is not None)
        _refuse_page(body, kind, url)
        if if_changed:
            self.known[url] = validators
        return body

    def once(self, url: str, kind: Kind) -> bytes:
        """Return as :meth:`get`, and keep it for whoever asks again in this run."""
        self._kept[url] = self.get(url, kind)
        return self._kept[url]

    def _whole(
        self, url: str, kind: Kind, headers: dict[str, str], *, has_key: bool
    ) -> tuple[bytes, dict[str, str]]:
        part = _Part(self.parts / sha256_bytes(url.encode())[:16])
        for failed in range(self.tries):
            time.sleep(self.backoff_s * failed)
            try:
                return self._body(url, kind, headers, part, has_key=has_key)
            except (exceptions.ProtocolError, exceptions.TimeoutError) as error:
                reason = "stopped" if isinstance(error, exceptions.TimeoutError) else "broke off"
            except exceptions.DecodeError as error:
                words = "the answer is packed and cannot be unpacked"
                raise KwevError(words, where=place(url), hint=UNTOUCHED) from error
        words = f"the answer {reason} in the middle, {self.tries} times"
        raise KwevError(words, where=place(url), hint=f"{UNTOUCHED} Try again later.")

    def _body(
        self, url: str, kind: Kind, headers: dict[str, str], part: _Part, *, has_key: bool
    ) -> tuple[bytes, dict[str, str]]:
        """Return one answer and its validators; an archive goes on where its part ends."""
        resumes = kind == "zip"
        have = part.read() if resumes else bytearray()
        packed = {"Accept-Encoding": "identity" if resumes else "gzip"}
        rest = {"Range": f"bytes={len(have)}-", "If-Range": part.validator()} if have else {}
        answer = self._answer(url, {**headers, **packed, **rest})
        try:
            if answer.status == _NO_SUCH_RANGE:
                part.forget()
                raise exceptions.ProtocolError
            self._refuse_status(answer, url, has_key=has_key)
            _refuse_type(answer.headers.get("content-type", ""), kind, url)
            if answer.status != _PARTIAL:
                have.clear()
            elif not answer.headers.get("content-range", "").startswith(f"bytes {len(have)}-"):
                part.forget()
                raise exceptions.ProtocolError
            validators = _validators(answer)
            keeps = resumes and (bool(have) or part.begin(validators))
            more = int(answer.headers.get("content-length") or 0)
            expected = len(have) + more if more else 0
            self._refuse_large(expected, part, url)
            while piece := answer.read1(_CHUNK):
                have += piece
                self._refuse_large(len(have), part, url)
                if keeps:
                    part.add(piece)
                self.tick(len(have), expected)
        finally:
            answer.close()
        part.forget()
        return bytes(have), validators

    def _refuse_large(self, size: int, part: _Part, url: str) -> None:
        if size > self.most_bytes:
            part.forget()
            words = f"the answer is larger than {self.most_bytes / 1e6:,.0f} MB"
            raise KwevError(words, where=place(url), hint=UNTOUCHED)

    def _answer(self, url: str, headers: dict[str, str]) -> urllib3.BaseHTTPResponse:
        time.sleep(self.pause_s)
        retry = _Patient(
            total=self.tries - 1, connect=1, redirect=5, status_forcelist=_REPEATED,
            backoff_factor=self.backoff_s, raise_on_status=False,
            remove_headers_on_redirect=("x-api-key", "authorization", "cookie"),
        )  # fmt: skip
        retry.longest_wait_s = self.longest_wait_s
        try:
            answer = self._pool(url).request(
                "GET", url, headers=headers, retries=retry, timeout=self.timeout_s,
                preload_content=False,
            )  # fmt: skip
        except (exceptions.HTTPError, ValueError, _TooLongError) as error:
            raise _failure(error, url, self) from error
        for step in answer.retries.history if answer.retries else ():
            if step.status in _FOR_GOOD:
                to = place(urljoin(url, str(step.redirect_location)))
                words = f"{place(url)} has moved for good to {to}: put that into"
                self.note(f"{words} data/services.json")
        return answer

    def _pool(self, url: str) -> urllib3.PoolManager:
        """Return connections to a host, through the proxy of the environment where it has one."""
        scheme, host = urlsplit(url).scheme, urlsplit(url).hostname or ""
        proxy = urllib.request.getproxies().get(scheme)
        if proxy is None or urllib.request.proxy_bypass(host):
            proxy = ""
        if proxy not in self._pools:
            made = urllib3.ProxyManager(proxy) if proxy else urllib3.PoolManager()
            self._pools[proxy] = made
        return self._pools[proxy]

    def _refuse_status(self, answer: urllib3.BaseHTTPResponse, url: str, *, has_key: bool) -> None:
        status, where = answer.status, place(url)
        if status == _NOT_MODIFIED:
            raise Unchanged
        if status in _REFUSED:
            words = "refuses the key" if has_key else "refuses to answer"
            hint = f"{UNTOUCHED} It may be wrong or expired: get a new one." if has_key else ""
            raise KwevError(f"the publisher {words} ({status})", where=where, hint=hint or _ADDRESS)
        if status in _NOWHERE:
            words = f"nothing is there any more ({status}): the publisher has moved it"
            raise KwevError(words, where=where, hint=_ADDRESS)
        if status in _REPEATED:
            words = f"the publisher answered {status} {self.tries} times"
            raise KwevError(words, where=where, hint=f"{UNTOUCHED} Try again later.")
        if status >= _FIRST_ERROR:
            raise KwevError(f"the publisher answered {status}", where=where, hint=UNTOUCHED)


class _TooLongError(Exception):
    """A publisher asks to wait longer than anyone would."""


class _Patient(urllib3.Retry):
    """Waits as long as the publisher asks, or says that it is too long."""

    longest_wait_s: float = 120

    def new(self, **changes: Any) -> _Patient:
        """Return the next try with the same patience."""
        made = super().new(**changes)
        made.longest_wait_s = self.longest_wait_s
        return made

    def sleep_for_retry(self, response: urllib3.BaseHTTPResponse) -> bool:
        """Wait for Retry-After, where the answer has one."""
        wait = self.get_retry_after(response)
        if wait and wait > self.longest_wait_s:
            raise _TooLongError(f"{wait:,.0f}")
        return super().sleep_for_retry(response)


@dataclass(frozen=True)
class _Part:
    """An archive that is not whole yet: its bytes, and what tells its version."""

    path: Path

    def read(self) -> bytearray:
        """Return what is there already; nothing where its version is not known."""
        try:
            return bytearray(self.path.read_bytes() if self.validator() else b"")
        except OSError:
            return bytearray()

    def validator(self) -> str:
        try:
            return str(read_json(self.path.with_suffix(".json"))["version"])
        except (KwevError, KeyError, TypeError):
            return ""

    def begin(self, validators: dict[str, str]) -> bool:
        """Note the version of what comes; return whether it has one, so that it can be kept."""
        self.forget()
        version = validators.get("etag") or validators.get("last-modified") or ""
        # a weak tag promises the same meaning, not the same bytes
        if not version or version.startswith("W/"):
            return False
        write_json(self.path.with_suffix(".json"), {"version": version})
        return True

    def add(self, piece: bytes) -> None:
        with self.path.open("ab") as stream:
            stream.write(piece)

    def forget(self) -> None:
        self.path.unlink(missing_ok=True)
        self.path.with_suffix(".json").unlink(missing_ok=True)


def place(url: str) -> str:
    """Return host and path of an address, for a message."""
    parts = urlsplit(url)
    return f"{parts.netloc}{parts.path}"


def _validators(answer: urllib3.BaseHTTPResponse) -> dict[str, str]:
    names = ("etag", "last-modified")
    return {name: answer.headers[name] for name in names if name in answer.headers}


def _failure(error: Exception, url: str, web: Web) -> KwevError:
    """Return in one line why no answer came."""
    reason = error.reason if isinstance(error, exceptions.MaxRetryError) else error
    again = f"{UNTOUCHED} Try again later."
    if isinstance(error, _TooLongError):
        words = f"the publisher asks to wait {error} s, and {web.longest_wait_s:,.0f} s is the most"
    elif isinstance(reason, exceptions.NewConnectionError | exceptions.NameResolutionError):
        words, again = "cannot be reached", f"{UNTOUCHED} Check the network and the address."
    elif isinstance(reason, exceptions.TimeoutError):
        words = f"no answer within {web.timeout_s:g} s, {web.tries} times"
    elif isinstance(reason, exceptions.ResponseError):
        words, again = "the publisher sends from address to address", _ADDRESS
    elif isinstance(reason, exceptions.SSLError):
        words, again = "its certificate is not trusted", _ADDRESS
    elif isinstance(reason, ValueError):  # those of urllib3 about addresses are such too
        words, again = "the publisher sends to an address that is none", _ADDRESS
    else:
        words = f"the connection broke off {web.tries} times"
    kind = KwevError if isinstance(reason, exceptions.ResponseError) else UnreachableError
    return kind(words, where=place(url), hint=again)


def _refuse_type(found: str, kind: Kind, url: str) -> None:
    plain = found.partition(";")[0].strip().lower()
    if not plain or "octet-stream" in plain or any(word in plain for word in _TYPES[kind]):
        return
    what = "a web page (HTML)" if "html" in plain else plain
    words = f"the publisher sent {what} and not {kind.upper()}"
    raise KwevError(words, where=place(url), hint=_ADDRESS)


def _refuse_page(body: bytes, kind: Kind, url: str) -> None:
    """Refuse a web page that goes for something else, and an empty answer."""
    start = body[:512].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not start:
        raise KwevError("the answer is empty", where=place(url), hint=UNTOUCHED)
    if start.startswith((b"<!doctype html", b"<html")):
        _refuse_type("text/html", kind, url)
