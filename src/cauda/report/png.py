"""Pictures as PNG files, from the same pixels always the same bytes."""

import struct
import zlib

import numpy as np
from numpy.typing import NDArray

from cauda.errors import ArrayError

_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_GRAY = 0
_COLOR_TYPES = {3: 2, 4: 6}
_UP_FILTER = 2


def png(pixels: NDArray[np.uint8]) -> bytes:
    r"""Return the PNG file of a picture (W3C Portable Network Graphics, third edition).

    Parameters
    ----------
    pixels : (height, width, 3 or 4) uint8
        Red, green, blue and, with four channels, opacity; first row on top.

    Raises
    ------
    ArrayError
        If the shape or the type is another.

    Examples
    --------
    >>> png(np.zeros((2, 3, 3), np.uint8))[:4]
    b'\x89PNG'
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in _COLOR_TYPES or not pixels.size:
        raise ArrayError(
            f"picture: found {pixels.dtype} of shape {pixels.shape}, wanted uint8 (height, width, 3 or 4)"
        )
    height, width, channels = pixels.shape
    return _file(pixels.reshape(height, width * channels), width, _COLOR_TYPES[channels])


def gray_png(pixels: NDArray[np.uint8]) -> bytes:
    r"""Return the PNG file of a gray picture, a third as large as in color.

    Parameters
    ----------
    pixels : (height, width) uint8
        0 is black; first row on top.

    Raises
    ------
    ArrayError
        If the shape or the type is another.

    Examples
    --------
    >>> gray_png(np.zeros((2, 3), np.uint8))[:4]
    b'\x89PNG'
    """
    if pixels.dtype != np.uint8 or pixels.ndim != 2 or not pixels.size:
        raise ArrayError(
            f"picture: found {pixels.dtype} of shape {pixels.shape}, wanted uint8 (height, width)"
        )
    return _file(pixels, pixels.shape[1], _GRAY)


def _file(rows: NDArray[np.uint8], width: int, color_type: int) -> bytes:
    header = struct.pack(">IIBBBBB", width, len(rows), 8, color_type, 0, 0, 0)
    differences = np.diff(rows, axis=0, prepend=np.zeros((1, rows.shape[1]), np.uint8))
    filtered = np.concatenate([np.full((len(rows), 1), _UP_FILTER, np.uint8), differences], axis=1)
    body = zlib.compress(filtered.tobytes(), 6)
    return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", body) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
