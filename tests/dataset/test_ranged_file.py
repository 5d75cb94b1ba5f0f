import io
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.dataset.ranged_file import RangedFile
from cauda.dataset.transfer import Remote
from cauda.errors import DatasetError
from cauda.tables.published_files import PublishedFile

DATA = bytes(range(256)) * 8


class Memory(Remote):
    """A file whose ranges come from memory, and are counted."""

    asked: list[tuple[int, int]]

    def ranged(self, start: int, stop: int) -> Iterator[bytes]:
        """Give them in pieces of 100."""
        self.asked.append((start, stop))
        for at in range(start, stop, 100):
            yield DATA[at : min(at + 100, stop)]


def memory(size: int = len(DATA)) -> Memory:
    found = Memory(PublishedFile("raw", ".", "1", "a.zip", size, "", ""), "http://127.0.0.1")
    found.asked = []
    return found


@given(
    st.lists(st.tuples(st.integers(0, 2100), st.integers(0, 700)), max_size=12),
    st.lists(st.integers(0, 2048), min_size=2, max_size=6, unique=True),
    st.tuples(st.integers(0, 2048), st.integers(0, 2048)),
)
@settings(max_examples=60)
def test_it_reads_as_the_bytes_do_wherever_one_seeks(
    reads: list[tuple[int, int]], edges: list[int], held: tuple[int, int]
) -> None:
    ranged, plain = RangedFile(memory()), io.BytesIO(DATA)
    ranged.hold(*sorted(held))
    edges.sort()
    ranged.expect(list(zip(edges[::2], edges[1::2], strict=False)))
    for at, size in reads:
        assert ranged.seek(at) == plain.seek(at)
        assert ranged.read(size) == plain.read(size)
        assert ranged.tell() == plain.tell()


def test_a_span_is_fetched_in_one_answer() -> None:
    source = memory()
    ranged = RangedFile(source)
    ranged.expect([(100, 900)])
    ranged.seek(100)
    assert b"".join(ranged.read(50) for _ in range(16)) == DATA[100:900]
    assert source.asked == [(100, 900)]


def test_what_is_held_is_not_fetched_again() -> None:
    source = memory()
    ranged = RangedFile(source)
    ranged.hold(1000, 2048)
    ranged.seek(-100, io.SEEK_END)
    assert ranged.read() == DATA[-100:]
    assert source.asked == [(1000, 2048)]


def test_a_read_beyond_reason_is_refused() -> None:
    with pytest.raises(DatasetError, match="it is damaged"):
        RangedFile(memory(1 << 40)).read(1 << 30)


def test_a_place_before_the_file_is_refused() -> None:
    with pytest.raises(OSError, match="lies before the file"):
        RangedFile(memory()).seek(-1)
