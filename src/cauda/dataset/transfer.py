"""Bytes of one file on a server: any range of them or all, over connections that may break."""

from __future__ import annotations

import hashlib
import http.client
import logging
import re
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import IO, Any, NoReturn
from urllib.parse import quote, urlsplit

from cauda import __version__
from cauda.errors import DatasetError
from cauda.tables.published_files import PublishedFile

Progress = Callable[[int], None]
"""Called with the number of bytes that have come since the last call."""

_CHUNK = 1 << 18
_TIMEOUT_S = 30.0
_ATTEMPTS = 5
_FIRST_WAIT_S, _LONGEST_WAIT_S = 1.0, 120.0
_BUSY = {408, 425, 429}
_log = logging.getLogger(__name__)


class RangeRefusedError(Exception):
    """The server does not give single ranges of this file as HTTP wants them; the whole file may do."""


class _BrokenError(Exception):
    """The connection broke, or the server is busy: worth another attempt."""

    def __init__(self, reason: str, retry_after_s: float | None = None) -> None:
        super().__init__(reason)
        self.retry_after_s = retry_after_s


@dataclass(slots=True)
class Remote:
    """A file of the dataset on a server.

    Attributes
    ----------
    file : PublishedFile
        Its size and md5 are what the server is held to.
    base_url : str
        Below it the file is looked for as ``<id>``, ``<name>`` and ``files/<id>``.
    wait : callable
        Called with the seconds to wait before another attempt.
    came : callable
        Told how many bytes have come.
    """

    file: PublishedFile
    base_url: str
    wait: Callable[[float], None] = time.sleep
    came: Progress = lambda _count: None
    _url: str = field(default="", init=False)

    def ranged(self, start: int, stop: int) -> Iterator[bytes]:
        """Give the bytes from `start` up to, not including, `stop`; goes on where a connection broke.

        Raises
        ------
        RangeRefusedError
            If the server answers with anything but this range.
        DatasetError
            If the file there has another size, or the server fails again and again.
        """
        attempt = 0
        while start < stop:
            try:
                for chunk in self._once_ranged(start, stop):
                    start, attempt = start + len(chunk), 0
                    yield chunk
            except _BrokenError as error:
                attempt = self._rest(error, attempt)

    def whole(self, part: Path) -> None:
        """Fetch the whole file into `part`, going on behind the bytes that it holds already.

        Raises
        ------
        DatasetError
            If size or md5 are not those published, or the server fails again and again. What has come so far
            stays in `part` unless it is wrong.
        """
        for last_try in (False, True):
            self._fill(part)
            if not self.file.md5 or md5(part) == self.file.md5:
                return
            part.unlink()
            if last_try:
                self._fail(
                    f"its md5 is not {self.file.md5}, though it was fetched twice; "
                    "the server's file is damaged or another edition: try later or from elsewhere"
                )
            _log.info("%s: wrong md5, fetched once more", self.file.name)

    def _fill(self, part: Path) -> None:
        attempt, furthest = 0, 0
        part.parent.mkdir(parents=True, exist_ok=True)
        with part.open("ab") as out:
            if out.tell() > self.file.bytes:
                _empty(out)
            while (have := out.tell()) < self.file.bytes:
                try:
                    self._once_whole(out, have)
                except _BrokenError as error:
                    # a server without ranges begins anew each time: only what comes further is progress
                    attempt = 0 if out.tell() > max(have, furthest) else attempt
                    furthest = max(furthest, out.tell())
                    attempt = self._rest(error, attempt)

    def _once_whole(self, out: IO[bytes], have: int) -> None:
        try:
            response = self._open({"Range": f"bytes={have}-"} if have else {})
        except RangeRefusedError:
            _empty(out)
            return
        with closing(response):
            if response.status == 206:
                try:
                    self._check_range(response, have, self.file.bytes)
                except RangeRefusedError:
                    _empty(out)
                    return
            else:
                # without support for ranges the file comes from its beginning
                _empty(out)
                self._check_size(response.headers.get("Content-Length"))
            for chunk in _chunks(response):
                if out.tell() + len(chunk) > self.file.bytes:
                    _empty(out)
                    self._fail(
                        f"the server sends more than the published {self.file.bytes} bytes; "
                        "it is another file: use another server"
                    )
                out.write(chunk)
                self.came(len(chunk))
        if out.tell() < self.file.bytes:
            raise _BrokenError(f"the connection ended after {out.tell()} of {self.file.bytes} bytes")

    def _once_ranged(self, start: int, stop: int) -> Iterator[bytes]:
        response = self._open({"Range": f"bytes={start}-{stop - 1}"})
        with closing(response):
            if response.status != 206:
                self._check_size(response.headers.get("Content-Length"))
                raise RangeRefusedError(f"the server answers a range with status {response.status}")
            self._check_range(response, start, stop)
            for chunk in _chunks(response):
                wanted = chunk[: stop - start]
                start += len(wanted)
                self.came(len(wanted))
                yield wanted
                if start == stop:
                    return
        raise _BrokenError(f"the connection ended {stop - start} bytes early")

    def _check_range(self, response: http.client.HTTPResponse, start: int, stop: int) -> None:
        told = response.headers.get("Content-Range", "")
        found = re.fullmatch(r"\s*bytes\s+(\d+)-(\d+)/(\d+|\*)\s*", told)
        if not found:
            raise RangeRefusedError(f"the server answers a range with Content-Range {told[:60]!r}")
        if found[3] != "*":
            self._check_size(found[3])
        if int(found[1]) != start or not start <= int(found[2]) < stop:
            raise RangeRefusedError(
                f"bytes {start}-{stop - 1} were asked for, the server gives {told.strip()[:60]}"
            )

    def _check_size(self, told: str | None) -> None:
        if told is not None and told.strip() != str(self.file.bytes):
            self._fail(
                f"the server's file has {told.strip()[:30]} bytes, the published one {self.file.bytes}; "
                "it is another edition or damaged: use another server, or --files for a list of its own"
            )

    def _open(self, headers: dict[str, str]) -> http.client.HTTPResponse:
        """Return an answer with status 200 or 206; a redirection is followed."""
        candidates = [self._url] if self._url else list(_addresses(self.file, self.base_url))
        for last, url in ((url == candidates[-1], url) for url in candidates):
            try:
                response = self._request(url, headers)
            except urllib.error.HTTPError as error:
                with closing(error):
                    if error.code == 404 and not last:
                        continue
                    self._refused(error, "Range" in headers)
            self._url = url
            return response
        raise AssertionError("there is always a last address")

    def _request(self, url: str, headers: dict[str, str]) -> http.client.HTTPResponse:
        # a compressed answer would have other bytes than the file
        told = {"User-Agent": f"cauda/{__version__}", "Accept-Encoding": "identity", **headers}
        try:
            response: http.client.HTTPResponse = _opener().open(
                urllib.request.Request(url, headers=told), timeout=_TIMEOUT_S
            )
        except urllib.error.HTTPError:
            raise
        except (OSError, http.client.HTTPException) as error:
            reason = error.reason if isinstance(error, urllib.error.URLError) else error
            if isinstance(reason, ssl.SSLCertVerificationError):
                self._fail(
                    f"the certificate of {urlsplit(url).hostname} is not valid: {reason.verify_message}"
                )
            raise _BrokenError(f"{urlsplit(url).hostname}: {_words(reason)}") from error
        encoding = response.headers.get("Content-Encoding", "identity")
        if encoding != "identity" or response.status not in (200, 206):
            response.close()
            self._fail(
                f"the server answers with status {response.status} and encoding {encoding[:30]}, "
                "wanted the plain file; use another server"
            )
        return response

    def _refused(self, error: urllib.error.HTTPError, is_ranged: bool) -> NoReturn:
        if error.code == 416 and is_ranged:
            raise RangeRefusedError("the server says that the range is not in the file (416)") from None
        if error.code in _BUSY or error.code >= 500:
            after_s = _retry_after_s(error.headers.get("Retry-After"))
            raise _BrokenError(f"status {error.code} {error.reason}", after_s) from None
        self._fail(
            f"{urlsplit(self.base_url).hostname} answers {error.code} {error.reason}; "
            "wanted the file: check --base-url, or try later"
        )

    def _rest(self, error: _BrokenError, attempt: int) -> int:
        attempt += 1
        if attempt >= _ATTEMPTS:
            self._fail(
                f"{error}, {_ATTEMPTS} times in a row; what is complete is kept: check the connection and "
                "run the same command again"
            )
        backoff_s = _FIRST_WAIT_S * 2 ** (attempt - 1)
        pause_s = min(max(backoff_s, error.retry_after_s or 0.0), _LONGEST_WAIT_S)
        _log.warning("%s: %s; next attempt in %.0f s", self.file.name, error, pause_s)
        self.wait(pause_s)
        return attempt

    def _fail(self, what: str) -> NoReturn:
        raise DatasetError(f"{self.file.name}: {what}")


class _Redirect(urllib.request.HTTPRedirectHandler):
    """Follows redirections to the web alone, and never from an encrypted address to a plain one."""

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        old, new = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if new not in ("http", "https") or (old == "https" and new == "http"):
            raise DatasetError(
                f"the server sends from {old} to {new!r}, which is not followed; use another server"
            )
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def check_base_url(base_url: str) -> str:
    """Return the address without a slash at its end.

    Raises
    ------
    DatasetError
        If it is no address of the web.
    """
    try:
        parts = urlsplit(base_url)
        is_web = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_web = False
    if not is_web or re.search(r"[\s\x00-\x20]", base_url):
        raise DatasetError(
            f"{base_url!r} is no address of a server; wanted one such as https://example.org/files"
        )
    return base_url.rstrip("/")


def md5(path: Path) -> str:
    """Return the md5 of a file, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, lambda: hashlib.md5(usedforsecurity=False)).hexdigest()


def _empty(out: IO[bytes]) -> None:
    out.seek(0)
    out.truncate()


def _addresses(file: PublishedFile, base_url: str) -> Iterator[str]:
    yield f"{base_url}/{quote(file.id)}"
    yield f"{base_url}/{quote(file.name)}"
    yield f"{base_url}/files/{quote(file.id)}"


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(_Redirect)


def _chunks(response: http.client.HTTPResponse) -> Iterator[bytes]:
    while True:
        try:
            # read1 gives what has come, so that nothing of it is lost when the connection breaks
            chunk = response.read1(_CHUNK)
        except (OSError, http.client.HTTPException, ValueError) as error:
            raise _BrokenError(_words(error)) from error
        if not chunk:
            return
        yield chunk


def _words(error: object) -> str:
    """Return what an error says, without the numbers that systems give them."""
    strerror = error.strerror if isinstance(error, OSError) else None
    return strerror or str(error) or type(error).__name__


def _retry_after_s(told: str | None) -> float | None:
    """Return the seconds that a server asks to wait, told as a number or as a date.

    >>> _retry_after_s("7"), _retry_after_s("soon")
    (7.0, None)
    """
    if told is None:
        return None
    if re.fullmatch(r"\s*\d{1,9}\s*", told):
        return float(told)
    try:
        then = parsedate_to_datetime(told)
    except ValueError:
        return None
    then = then if then.tzinfo else then.replace(tzinfo=UTC)
    return max((then - datetime.now(UTC)).total_seconds(), 0.0)
