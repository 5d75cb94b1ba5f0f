import re
from dataclasses import replace
from pathlib import Path

import pytest
from tests.dataset.replica import Server, bodies, edition, serving

from cauda.dataset.transfer import RangeRefusedError, Remote, check_base_url, md5
from cauda.errors import DatasetError
from cauda.tables.published_files import published_files


def remote(server: Server, name: str, waits: list[float] | None = None) -> Remote:
    file = next(file for file in edition(server.files) if file.name == name)
    return Remote(file, server.url, (lambda _seconds: None) if waits is None else waits.append)


def test_a_range_is_these_bytes_however_often_the_connection_breaks() -> None:
    with serving(Server(bodies(), drops=5, drops_after=10_000)) as server:
        waits: list[float] = []
        data = b"".join(remote(server, "rawdata.zip", waits).ranged(1000, 90_000))
        assert data == server.files["rawdata.zip"][1000:90_000]
        # each of them got further, so none had to wait longer than the first
        assert waits == [1.0] * 5


def test_an_empty_range_asks_nothing() -> None:
    with serving(Server(bodies())) as server:
        assert list(remote(server, "README").ranged(4, 4)) == []
        assert server.requests == []


def test_a_range_beyond_the_file_is_refused_and_not_asked_again() -> None:
    with serving(Server(bodies())) as server:
        found = remote(server, "README")
        found.file = replace(found.file, bytes=99)
        with pytest.raises(RangeRefusedError, match="416"):
            list(found.ranged(50, 60))
        assert len(server.requests) == 1


def test_ranges_that_the_server_no_longer_gives_begin_the_whole_file_anew(tmp_path: Path) -> None:
    with serving(Server(bodies(), gives_ranges=False)) as server:
        part = tmp_path / "part"
        part.write_bytes(b"a rep")
        remote(server, "README").whole(part)
        assert part.read_bytes() == b"a replica"
        assert server.requests == [("/files/48012196", "bytes=5-")]


def test_what_came_earlier_and_is_wrong_is_fetched_anew(tmp_path: Path) -> None:
    with serving(Server(bodies())) as server:
        part = tmp_path / "part"
        part.write_bytes(b"wrong")
        remote(server, "README").whole(part)
        assert part.read_bytes() == b"a replica"
        part.write_bytes(b"longer than the file is")
        remote(server, "README").whole(part)
        assert part.read_bytes() == b"a replica"


def test_a_server_that_breaks_at_the_same_place_again_and_again_is_given_up(tmp_path: Path) -> None:
    with serving(Server(bodies(), gives_ranges=False, drops=99, drops_after=5)) as server:
        waits: list[float] = []
        with pytest.raises(
            DatasetError, match=r"README: the connection ended after 5 of 9 bytes, 5 times in a row"
        ):
            remote(server, "README", waits).whole(tmp_path / "part")
        assert waits == [1.0, 2.0, 4.0, 8.0]


def test_a_wait_that_the_server_asks_for_has_a_bound() -> None:
    with serving(Server(bodies(), statuses=[(429, {"Retry-After": "86400"})])) as server:
        waits: list[float] = []
        assert b"".join(remote(server, "README", waits).ranged(0, 9)) == b"a replica"
        assert waits == [120.0]


def test_an_answer_that_is_compressed_is_refused() -> None:
    with (
        serving(Server(bodies(), statuses=[(200, {"Content-Encoding": "gzip"})])) as server,
        pytest.raises(DatasetError, match="status 200 and encoding gzip, wanted the plain file"),
    ):
        list(remote(server, "README").ranged(0, 9))


def test_a_slash_at_the_end_of_a_base_url_makes_no_difference() -> None:
    assert check_base_url("https://example.org/files/") == "https://example.org/files"


def test_the_md5_of_a_file_is_that_of_its_bytes(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_bytes(b"")
    # RFC 1321, section A.5
    assert md5(path) == "d41d8cd98f00b204e9800998ecf8427e"


def test_the_published_files_have_ids_sizes_and_md5() -> None:
    for file in published_files():
        assert file.id.isdigit()
        assert file.bytes > 0
        assert re.fullmatch(r"[0-9a-f]{32}", file.md5)


@pytest.mark.shared
def test_the_table_of_files_is_what_figshare_told(shared: Path) -> None:
    from cauda.dataset import read_files

    told = read_files(shared / "data" / "liu2024" / "figshare_files.json")
    assert {file.name: file for file in told} == {file.name: file for file in published_files()}
