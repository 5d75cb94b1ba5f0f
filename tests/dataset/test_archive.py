import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.dataset.replica import packed

from cauda.dataset import archive
from cauda.errors import DatasetError

FILES = {
    "sub-01/a.json": b"{}" * 50,
    "sub-01/b.nii.gz": bytes(range(256)),
    "sub-02/": b"",
    "sub-02/c.json": b"",
}


def read(data: bytes) -> tuple[archive.Entry, ...]:
    with archive.opened(io.BytesIO(data), "a.zip") as opened:
        return archive.entries(opened, "a.zip")


def test_entries_are_files_with_sizes_checksums_and_their_bytes_in_the_archive() -> None:
    data = packed(FILES)
    found = read(data)
    assert [entry.name for entry in found] == ["sub-01/a.json", "sub-01/b.nii.gz", "sub-02/c.json"]
    for entry in found:
        assert (entry.bytes, entry.crc32) == (len(FILES[entry.name]), zlib.crc32(FILES[entry.name]))
        assert data[entry.start : entry.start + 4] == b"PK\x03\x04"
        assert data[entry.stop : entry.stop + 2] == b"PK"


@given(st.lists(st.sampled_from(["a", "..", ".", "", "sub-01", "b.json"]), min_size=1, max_size=5))
def test_only_names_that_lead_down_stay_in_the_folder(parts: list[str]) -> None:
    name = "/".join(parts)
    odd = {"", ".", ".."} & set(name.removesuffix("/").split("/"))
    assert archive.leaves_folder(name) == bool(odd)
    if not archive.leaves_folder(name):
        inside = (Path("/folder") / name).resolve()
        assert inside.is_relative_to("/folder")


@pytest.mark.parametrize("name", ["a\\b", "C:x", "a\0b", "tab\t", "con. ", "dot."])
def test_names_that_some_system_would_turn_into_others_are_refused(name: str) -> None:
    assert archive.leaves_folder(name)


def test_entries_that_share_bytes_are_refused() -> None:
    data = bytearray(packed({"sub-01/a.json": b"a" * 300, "sub-01/b.json": b"b" * 300}))
    second = data.index(b"PK\x01\x02", data.index(b"PK\x01\x02") + 4)
    # the second entry of the directory points to the bytes of the first
    struct.pack_into("<L", data, second + 42, 0)
    with pytest.raises(DatasetError, match="shares its bytes with another"):
        read(bytes(data))


def test_many_small_entries_that_grow_together_are_a_bomb() -> None:
    with pytest.raises(DatasetError, match="would grow to 75497472, as a zip bomb does"):
        read(packed({f"sub-01/{number}.json": bytes(1 << 22) for number in range(18)}))


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_ways_of_packing_are_refused(method: int) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as opened:
        opened.writestr("sub-01/a.json", b"{}")
    with pytest.raises(DatasetError, match="wanted stored or deflated"):
        read(out.getvalue())


def test_an_encrypted_entry_is_refused() -> None:
    data = bytearray(packed({"sub-01/a.json": b"{}"}))
    data[data.index(b"PK\x01\x02") + 8] |= 1
    with pytest.raises(DatasetError, match="is encrypted"):
        read(bytes(data))


def test_what_is_unpacked_is_whole_or_not_there(tmp_path: Path) -> None:
    data = bytearray(packed({"sub-01/b.nii.gz": bytes(5000)}))
    data[2000] ^= 1
    with (
        pytest.raises(DatasetError, match="Bad CRC-32"),
        archive.opened(io.BytesIO(bytes(data)), "a.zip") as opened,
    ):
        archive.unpack(opened, archive.entries(opened, "a.zip")[0], tmp_path / "b.nii.gz", tmp_path / ".part")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_the_checksum_of_the_beginning_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"123456789 and more")
    # the check value of CRC-32/ISO-HDLC
    assert archive.crc32(path, 9) == 0xCBF43926
