"""PNG files: what is written is what was drawn."""

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from numpy.typing import NDArray

from cauda.errors import ArrayError
from cauda.report.png import gray_png, png

pictures = arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([3, 4])))


def chunks(data: bytes) -> dict[bytes, bytes]:
    """Return the chunks of a PNG file, after a look at their check sums."""
    assert data[:8] == b"\x89PNG\r\n\x1a\n"
    found, start = {}, 8
    while start < len(data):
        (length,) = struct.unpack(">I", data[start : start + 4])
        kind, content = data[start + 4 : start + 8], data[start + 8 : start + 8 + length]
        assert struct.unpack(">I", data[start + 8 + length : start + 12 + length]) == (
            zlib.crc32(kind + content),
        )
        found[kind] = content
        start += 12 + length
    return found


def decoded(data: bytes) -> NDArray[np.uint8]:
    """Return the pixels of a PNG file whose rows use the filters None and Up."""
    parts = chunks(data)
    width, height, depth, color, *_ = struct.unpack(">IIBBBBB", parts[b"IHDR"])
    assert depth == 8
    channels = {0: 1, 2: 3, 6: 4}[color]
    rows = np.frombuffer(zlib.decompress(parts[b"IDAT"]), np.uint8).reshape(height, 1 + width * channels)
    above = np.zeros(width * channels, np.uint8)
    lines = []
    for kind, row in zip(rows[:, 0], rows[:, 1:], strict=True):
        assert kind in (0, 2)
        above = row + above if kind == 2 else row
        lines.append(above)
    return np.array(lines).reshape(height, width, channels)


def test_a_known_picture_is_read_back() -> None:
    picture = np.arange(2 * 3 * 3, dtype=np.uint8).reshape(2, 3, 3) * 14
    assert np.array_equal(decoded(png(picture)), picture)


@settings(max_examples=40, deadline=None)
@given(pictures)
def test_any_picture_is_read_back_and_has_one_form(picture: NDArray[np.uint8]) -> None:
    data = png(picture)
    assert np.array_equal(decoded(data), picture)
    assert png(picture.copy()) == data


@pytest.mark.parametrize(
    "wrong",
    [
        np.zeros((2, 2, 3)),
        np.zeros((2, 2), np.uint8),
        np.zeros((2, 2, 2), np.uint8),
        np.zeros((0, 2, 3), np.uint8),
    ],
)
def test_what_is_no_picture_is_refused(wrong: NDArray[np.uint8]) -> None:
    with pytest.raises(ArrayError, match="wanted uint8"):
        png(wrong)


@settings(max_examples=20, deadline=None)
@given(arrays.arrays(np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9))))
def test_a_gray_picture_is_read_back(picture: NDArray[np.uint8]) -> None:
    assert np.array_equal(decoded(gray_png(picture))[..., 0], picture)


@pytest.mark.parametrize(
    "wrong", [np.zeros((2, 2)), np.zeros((2, 2, 3), np.uint8), np.zeros((0, 2), np.uint8)]
)
def test_what_is_no_gray_picture_is_refused(wrong: NDArray[np.uint8]) -> None:
    with pytest.raises(ArrayError, match="wanted uint8"):
        gray_png(wrong)
