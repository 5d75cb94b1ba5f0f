"""Files: written whole or not at all, and known by their hash."""

import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Source:
    """A file that something was made from: its name (without folder) and the SHA-256 of its bytes."""

    file: str
    sha256: str


def source(path: Path, data: bytes | None = None) -> Source:
    """Return name and hash of a file; `data` are its bytes if they have been read already."""
    return Source(path.name, hashlib.sha256(path.read_bytes() if data is None else data).hexdigest())


@contextmanager
def atomic(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path`; rename it to `path` at the end, or remove it after an error.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with atomic(folder / "a.txt") as temporary:
    ...     _ = temporary.write_text("whole")
    >>> [file.name for file in folder.iterdir()]
    ['a.txt']
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    os.close(handle)
    temporary = Path(name)
    try:
        yield temporary
        temporary.chmod(0o666 & ~_umask())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Give a temporary folder beside `path`; rename it to `path` at the end, or remove it after an error.

    Raises
    ------
    OSError
        At the end, if `path` exists by then and is not an empty folder.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f".{path.name}.", dir=path.parent))
    try:
        yield temporary
        temporary.chmod(0o777 & ~_umask())
        temporary.replace(path)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file whole or not at all."""
    with atomic(path) as temporary:
        temporary.write_bytes(data)


def write_text(path: Path, text: str) -> None:
    """Write a UTF-8 text file whole or not at all, with the line ends of Unix on every system."""
    write_bytes(path, text.encode())


def write_json(path: Path, value: Any) -> None:
    """Write JSON whole or not at all; refuses NaN, which JSON does not know."""
    write_text(path, json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False) + "\n")


_SIMPLE_LIST = re.compile(r'\[\n\s+((?:-?[\d.e+-]+|"\w+")(?:,\n\s+(?:-?[\d.e+-]+|"\w+"))*)\n\s+\]')


def json_text(value: Any) -> str:
    """Return JSON with one line for each list of numbers or words; refuses NaN, which JSON does not know.

    Examples
    --------
    >>> print(json_text({"points_mm": [[0.5, 1.0], [2.0, 3.0]]}), end="")
    {
     "points_mm": [
      [0.5, 1.0],
      [2.0, 3.0]
     ]
    }
    """
    text = json.dumps(value, indent=1, allow_nan=False, ensure_ascii=False)
    return _SIMPLE_LIST.sub(lambda found: "[" + re.sub(r"\n\s+", " ", found[1]) + "]", text) + "\n"


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
