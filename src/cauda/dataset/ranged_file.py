"""A file on a server as a file to seek and read in, by ranges."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence

from cauda.dataset.transfer import Remote
from cauda.errors import DatasetError

_LARGEST_READ = 1 << 26


class RangedFile(io.RawIOBase):
    """What `zipfile` reads an archive through: only what it asks for is fetched.

    What lies in the spans announced by `expect` is fetched in one answer for each of them, as it is read on;
    what was fetched by `hold` is kept.

    Parameters
    ----------
    remote : Remote
    """

    def __init__(self, remote: Remote) -> None:
        self._remote = remote
        self._at = 0
        self._held: list[tuple[int, bytes]] = []
        self._spans: Sequence[tuple[int, int]] = ()
        self._stream: Iterator[bytes] | None = None
        self._stream_at = 0
        self._rest = b""

    def hold(self, start: int, stop: int) -> None:
        """Fetch the bytes from `start` to `stop` and keep them."""
        self._held.append((start, b"".join(self._remote.ranged(start, stop))))

    def expect(self, spans: Sequence[tuple[int, int]]) -> None:
        """Announce spans that will be read from begin to end."""
        self._spans = spans

    def forget(self) -> None:
        """Drop what has come but was not read, so that it is fetched again."""
        self._stream, self._rest = None, b""

    def told(self, came: Callable[[int], None]) -> RangedFile:
        """Tell `came` the number of bytes that come from now on; returns the file."""
        self._remote.came = came
        return self

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def tell(self) -> int:
        """Return the place in the file."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a place in the file; fetches nothing."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._remote.file.bytes}[whence]
        if base + offset < 0:
            raise OSError(f"{self._remote.file.name}: place {base + offset} lies before the file")
        self._at = base + offset
        return self._at

    def read(self, size: int | None = -1) -> bytes:
        """Return `size` bytes, less only at the end of the file."""
        left = max(self._remote.file.bytes - self._at, 0)
        size = left if size is None or size < 0 else min(size, left)
        if size > _LARGEST_READ:
            raise DatasetError(
                f"{self._remote.file.name}: its directory says to read {size} bytes at once; it is damaged"
            )
        begin, is_announced = self._at, any(start <= self._at < stop for start, stop in self._spans)
        pieces = []
        while size:
            piece = self._from_held(size) or self._from_stream(size)
            pieces.append(piece)
            size -= len(piece)
            self._at += len(piece)
        data = b"".join(pieces)
        if not is_announced and len(pieces) > 1:
            # the directory of an archive, which is read once more to unpack
            self._held.append((begin, data))
        return data

    def _from_held(self, size: int) -> bytes:
        for start, data in self._held:
            if start <= self._at < start + len(data):
                return data[self._at - start : self._at - start + size]
        return b""

    def _from_stream(self, size: int) -> bytes:
        if self._stream is None or self._stream_at != self._at:
            stop = next((stop for start, stop in self._spans if start <= self._at < stop), self._at + size)
            self._stream, self._stream_at, self._rest = self._remote.ranged(self._at, stop), self._at, b""
        if not self._rest:
            self._rest = next(self._stream, b"")
        if not self._rest:
            self._stream = None
            return self._from_stream(size)
        piece, self._rest = self._rest[:size], self._rest[size:]
        self._stream_at += len(piece)
        return piece
