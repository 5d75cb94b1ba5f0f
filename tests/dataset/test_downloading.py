import contextlib
import io
import json
import logging
import os
import signal
import struct
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.dataset.replica import Server, bodies, contents, edition, packed, serving

from cauda.check import check_dataset
from cauda.dataset import download, fetch, find_markers, plan, read_files
from cauda.dataset.listing import FOLDER
from cauda.errors import DatasetError


@pytest.fixture
def server() -> Iterator[Server]:
    with serving(Server(bodies())) as server:
        yield server


def get(
    server: Server, folder: Path, *subjects: str, waits: list[float] | None = None, **options: Any
) -> Path:
    wait = (lambda _seconds: None) if waits is None else waits.append
    files = options.pop("files", edition(server.files))
    return download(folder, subjects or None, base_url=server.url, files=files, wait=wait, **options)


def held(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()
    }


def of_subject(label: str, part: str, place: str = "") -> dict[str, bytes]:
    return {place + name: data for name, data in contents()[part].items() if name.startswith(f"sub-{label}/")}


def test_one_subject_costs_its_own_bytes_and_the_directories(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path, "03")
    found = held(tmp_path)
    wanted = of_subject("03", "rawdata.zip") | of_subject("03", "markers.zip", "derivatives/markers/")
    assert {name: found[name] for name in wanted} == wanted
    assert {name.split("/")[0] for name in found if name.startswith("sub-")} == {"sub-03"}
    own = sum(len(data) for name, data in wanted.items() if name.endswith(".gz"))
    # the tail of 128 KiB that holds the directory is the rest
    assert server.sent < own + 2 * (1 << 17)
    assert server.sent < 0.6 * sum(map(len, server.files.values()))


def test_what_is_about_all_subjects_and_the_terms_come_along(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path, "03")
    found = held(tmp_path)
    assert found["participants.tsv"] == contents()["rawdata.zip"]["participants.tsv"]
    assert found["README"] == b"a replica"
    assert b"CC BY 4.0" in found["LICENSE"]
    assert b"10.1038/s41597-024-03919-4" in found["CITATION.cff"]
    assert b"GeneratedBy" in found["derivatives/markers/dataset_description.json"]
    assert b"_CISS" in found[".bidsignore"]


def test_verbs_find_the_markers_that_were_downloaded(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path, "14", parts=["markers"])
    assert len(find_markers(tmp_path, "14").files) == 10


def test_all_parts_of_all_subjects_are_the_published_bytes(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path, parts=["raw", "markers", "models", "qc"])
    found = held(tmp_path)
    places = {"rawdata.zip": "", "markers.zip": "derivatives/markers/", "model.zip": "derivatives/models/"}
    places["anatqc.zip"] = "derivatives/qc/"
    for name, files in contents().items():
        for inner, data in files.items():
            assert found[places[name] + inner] == data
    assert found["derivatives/qc/inter-annotators variability.xlsx"] == b"PK a table"


def test_a_second_run_asks_the_server_nothing_and_changes_nothing(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path, "03")
    before = held(tmp_path)
    times = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    server.requests.clear()
    get(server, tmp_path, "03")
    assert server.requests == []
    assert held(tmp_path) == before
    assert {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")} == times


def test_a_file_that_is_lost_is_fetched_alone(server: Server, tmp_path: Path) -> None:
    get(server, tmp_path, "03")
    lost = tmp_path / "sub-03" / "anat" / "sub-03_DESS.nii.gz"
    data = lost.read_bytes()
    lost.unlink()
    server.sent = 0
    get(server, tmp_path, "03")
    assert lost.read_bytes() == data
    assert server.sent < len(data) + 2 * (1 << 17)


def test_a_server_without_ranges_is_asked_for_the_whole_file(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    server.gives_ranges = False
    with caplog.at_level(logging.WARNING):
        get(server, tmp_path, "03")
    assert "rawdata.zip: the server answers a range with status 200; the whole file will be" in caplog.text
    found = held(tmp_path)
    wanted = of_subject("03", "rawdata.zip") | of_subject("03", "markers.zip", "derivatives/markers/")
    assert {name: found[name] for name in wanted} == wanted
    assert not [name for name in found if name.endswith((".part", ".zip")) or "sub-14" in name]
    server.requests.clear()
    get(server, tmp_path, "03")
    assert server.requests == []


@pytest.mark.parametrize(
    "content_range", ["bytes 0-99/100000000", "bytes 5-9/*", "octets 1-2/3", "bytes */7", "bytes 9-5/*"]
)
def test_a_wrong_content_range_is_not_believed(server: Server, tmp_path: Path, content_range: str) -> None:
    server.content_range = content_range
    if content_range.endswith("100000000"):
        with pytest.raises(
            DatasetError, match=r"rawdata.zip: the server's file has 100000000 bytes, the publ"
        ):
            get(server, tmp_path, "03")
    else:
        get(server, tmp_path, "03")
        assert (
            held(tmp_path)["sub-03/anat/sub-03_CISS.nii.gz"]
            == contents()["rawdata.zip"]["sub-03/anat/sub-03_CISS.nii.gz"]
        )


@pytest.mark.parametrize("gives_ranges", [True, False])
def test_connections_that_break_are_taken_up_again(
    server: Server, tmp_path: Path, gives_ranges: bool
) -> None:
    server.gives_ranges, server.drops, server.drops_after = gives_ranges, 3, 70_000
    waits: list[float] = []
    get(server, tmp_path, "03", waits=waits)
    found = held(tmp_path)
    wanted = of_subject("03", "rawdata.zip")
    assert {name: found[name] for name in wanted} == wanted
    # the answer that showed that there are no ranges was one of the three, and nobody waited for its end
    assert len(waits) == (3 if gives_ranges else 2)


def test_a_whole_file_goes_on_behind_what_came_in_an_earlier_run(server: Server, tmp_path: Path) -> None:
    server.files["README"] = os.urandom(300_000)
    server.drops, server.drops_after = 99, 100_000
    files = edition(server.files)
    with pytest.raises(DatasetError, match="README"):
        _only_one_answer(server, tmp_path, files)
    part = next((tmp_path / FOLDER).glob(".*.part"))
    assert part.read_bytes() == server.files["README"][:100_000]
    server.drops, server.statuses = 0, []
    server.requests.clear()
    get(server, tmp_path, parts=["qc"], files=files)
    assert ("/files/48012196", "bytes=100000-") in server.requests
    assert (tmp_path / "README").read_bytes() == server.files["README"]
    assert not list((tmp_path / FOLDER).glob(".*.part"))


def _only_one_answer(server: Server, folder: Path, files: Any) -> None:
    """Fetch from a server that gives one answer to each address and is gone then."""

    def gone(_seconds: float) -> None:
        server.statuses = [(503, {})] * 9

    download(folder, parts=["qc"], base_url=server.url, files=files, wait=gone)


def test_a_busy_server_is_asked_again_later_and_later(server: Server, tmp_path: Path) -> None:
    waits: list[float] = []
    server.statuses = [(503, {}), (500, {}), (502, {}), (429, {"Retry-After": "17"})]
    get(server, tmp_path, "03", waits=waits)
    assert waits == [1.0, 2.0, 4.0, 17.0]


def test_a_server_that_stays_busy_is_given_up_with_one_message(server: Server, tmp_path: Path) -> None:
    server.statuses = [(503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})] * 9
    with pytest.raises(
        DatasetError, match=r"rawdata.zip: status 503 .*5 times in a row.*run the same command"
    ):
        get(server, tmp_path, "03")
    assert held(tmp_path) == {}


def test_a_server_that_is_not_there_is_one_message(tmp_path: Path) -> None:
    with serving(Server(bodies())) as server:
        files = edition(server.files)
    with pytest.raises(DatasetError, match=r"rawdata.zip: .*5 times in a row"):
        get(server, tmp_path, "03", files=files)


def test_a_damaged_answer_is_fetched_once_more(server: Server, tmp_path: Path) -> None:
    # the directories come with the first answers of more than 50 kB; images are told by their size
    server.corrupts, server.corrupts_above = 2, 300_000
    get(server, tmp_path, "03")
    assert server.corrupts == 0
    found = held(tmp_path)
    wanted = of_subject("03", "rawdata.zip")
    assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize("gives_ranges", [True, False])
def test_an_answer_that_stays_damaged_is_refused_and_leaves_no_file(
    server: Server, tmp_path: Path, gives_ranges: bool
) -> None:
    server.gives_ranges, server.corrupts, server.corrupts_above = gives_ranges, 99, 300_000
    with pytest.raises(DatasetError, match=r"Bad CRC-32.*fetched 3 times|md5 is not .*fetched twice"):
        get(server, tmp_path, "03")
    assert [name for name in held(tmp_path) if name.endswith((".gz", ".part"))] == []


def test_an_archive_of_another_size_is_refused_before_anything_is_written(
    server: Server, tmp_path: Path
) -> None:
    files = edition(server.files)
    server.files["rawdata.zip"] += b"more"
    with pytest.raises(DatasetError, match="it is another edition or damaged"):
        get(server, tmp_path, "03", files=files)
    assert held(tmp_path) == {}


@pytest.mark.parametrize("told", [10, 10_000_000])
def test_a_length_that_is_a_lie_is_refused(server: Server, tmp_path: Path, told: int) -> None:
    server.gives_ranges, server.told_length = False, told
    with pytest.raises(DatasetError, match=f"the server's file has {told} bytes"):
        get(server, tmp_path, "03")
    assert [name for name in held(tmp_path) if name.endswith((".gz", ".part"))] == []


def test_redirections_are_followed_and_ranges_go_with_them(server: Server, tmp_path: Path) -> None:
    server.redirects_to = server.url
    get(server, tmp_path, "03", parts=["markers"])
    assert any("/there/" in path and asked for path, asked in server.requests)
    assert len(find_markers(tmp_path).files) == 10


def test_a_redirection_to_a_file_of_the_machine_is_refused(server: Server, tmp_path: Path) -> None:
    server.redirects_to = "file:///etc"
    with pytest.raises(
        DatasetError, match=r"127.0.0.1 answers 302 .*'file:///etc/there/48013288' is not allowed"
    ):
        get(server, tmp_path, "03")


def test_a_mirror_may_hold_the_files_by_their_names(server: Server, tmp_path: Path) -> None:
    server.by_name = True
    get(server, tmp_path, "03", parts=["qc"])
    assert (tmp_path / "derivatives/qc/sub-03/anat/sub-03_CISS_SNR.csv").exists()


def test_a_file_that_is_not_on_the_server_is_told(server: Server, tmp_path: Path) -> None:
    server.statuses = [(404, {})] * 3
    files = [file for file in edition(server.files) if file.part == "markers"]
    with pytest.raises(DatasetError, match=r"markers.zip: 127.0.0.1 answers 404 .*check --base-url"):
        get(server, tmp_path, files=files, parts=["markers"])
    assert [path for path, _ in server.requests] == [
        "/files/48012541",
        "/files/markers.zip",
        "/files/files/48012541",
    ]


def test_nothing_that_is_there_and_differs_is_overwritten(server: Server, tmp_path: Path) -> None:
    mine = tmp_path / "derivatives/markers/sub-03/sub-03_cord_1.json"
    mine.parent.mkdir(parents=True)
    mine.write_text("my own work")
    with pytest.raises(DatasetError, match=r"sub-03_cord_1.json: not the published file.*nothing is overwr"):
        get(server, tmp_path, "03")
    assert held(tmp_path) == {"derivatives/markers/sub-03/sub-03_cord_1.json": b"my own work"}


def test_a_link_that_leads_out_of_the_dataset_is_refused(server: Server, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "sub-03").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(DatasetError, match="leads out of the dataset by a link"):
        get(server, tmp_path / "data", "03")
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_what_a_killed_process_left_is_written_over(server: Server, tmp_path: Path) -> None:
    kill = "import os, signal\nfrom cauda.dataset import archive\n"
    kill += "archive.crc32 = lambda *_: os.kill(os.getpid(), signal.SIGKILL)\n"
    files = repr([tuple(getattr(file, name) for name in file.__slots__) for file in edition(server.files)])
    kill += "from cauda.tables.published_files import PublishedFile\nfrom cauda.dataset import download\n"
    kill += f"files = [PublishedFile(*row) for row in {files}]\n"
    kill += f"download({str(tmp_path)!r}, ['03'], ['raw'], base_url={server.url!r}, files=files)\n"
    assert subprocess.run([sys.executable, "-c", kill], check=False).returncode == -signal.SIGKILL
    assert [name for name in held(tmp_path) if name.startswith("sub-")] == []
    assert len(list((tmp_path / FOLDER).glob(".*.part"))) == 1
    get(server, tmp_path, "03")
    assert not list(tmp_path.rglob("*.part"))
    wanted = of_subject("03", "rawdata.zip")
    found = held(tmp_path)
    assert {name: found[name] for name in wanted} == wanted


@pytest.mark.parametrize(("asked", "got"), [("sub-03", "03"), ("3", "03"), ("03", "03")])
def test_labels_are_understood_in_every_habit(server: Server, tmp_path: Path, asked: str, got: str) -> None:
    get(server, tmp_path, asked, parts=["markers"])
    assert find_markers(tmp_path).subject == got


def test_a_subject_or_part_that_is_not_there_is_told_with_those_that_are(
    server: Server, tmp_path: Path
) -> None:
    with pytest.raises(DatasetError, match=r"rawdata.zip: has no subject 99; it has 01, 03, 14"):
        get(server, tmp_path, "99")
    with pytest.raises(DatasetError, match="'scans', wanted some of raw, markers, models, qc"):
        get(server, tmp_path, parts=["scans"])
    with pytest.raises(DatasetError, match="wanted a label of letters and digits"):
        get(server, tmp_path, "../03")
    assert held(tmp_path) == {}


@pytest.mark.parametrize("url", ["ftp://example.org", "example.org", "http://", "file:///etc", "http://a b/"])
def test_a_base_url_that_is_no_web_address_is_refused(tmp_path: Path, url: str) -> None:
    with pytest.raises(DatasetError, match="is no address of a server"):
        plan(tmp_path, base_url=url)


def test_a_plan_writes_nothing_and_tells_what_will_be_fetched(server: Server, tmp_path: Path) -> None:
    found = plan(tmp_path / "data", ["03"], base_url=server.url, files=edition(server.files))
    assert not (tmp_path / "data").exists()
    raw = next(portion for portion in found.portions if portion.file.part == "raw")
    assert len(raw.missing) == 8
    assert raw.disk_bytes == sum(
        len(data)
        for name, data in contents()["rawdata.zip"].items()
        if "sub-" not in name or name.startswith("sub-03")
    )
    assert 450_000 < raw.fetch_bytes < 460_000


def test_a_disk_too_small_is_told_before_anything_is_fetched(
    server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = plan(tmp_path, ["03"], base_url=server.url, files=edition(server.files))
    usage = type("Usage", (), {"free": 1000})
    monkeypatch.setattr("shutil.disk_usage", lambda _path: usage)
    with pytest.raises(DatasetError, match=r"bytes are needed there, 1000 are free; make room"):
        fetch(found)
    assert held(tmp_path) == {}


def test_progress_rises_to_the_whole_and_names_the_files(server: Server, tmp_path: Path) -> None:
    told: list[tuple[str, float]] = []
    get(server, tmp_path, "03", progress=lambda step, fraction: told.append((step, fraction)))
    fractions = [fraction for _, fraction in told]
    assert fractions == sorted(fractions)
    assert fractions[-1] > 0.95
    assert "sub-03/anat/sub-03_CISS.nii.gz" in {step for step, _ in told}


def _zip(change: Callable[[zipfile.ZipInfo], None], name: str = "sub-03/evil.json") -> bytes:
    """Return an archive of markers with one more entry, changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("sub-03/sub-03_cord_1.json", b"{}")
        info = zipfile.ZipInfo(name)
        change(info)
        archive.writestr(info, b"../../elsewhere")
    return out.getvalue()


def _as_it_is(_info: zipfile.ZipInfo) -> None:
    """Leave the entry as it is."""


def _as_link(info: zipfile.ZipInfo) -> None:
    info.external_attr = 0o120777 << 16


@pytest.mark.parametrize("gives_ranges", [True, False])
@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (_zip(_as_it_is, "../evil.json"), "would leave the folder"),
        (_zip(_as_it_is, "/etc/evil.json"), "would leave the folder"),
        (_zip(_as_it_is, "sub-03/../../evil.json"), "would leave the folder"),
        (_zip(_as_it_is, "C:/evil.json"), "would leave the folder"),
        (_zip(_as_it_is, "sub-03/a\nb.json"), "would leave the folder"),
        (_zip(_as_link), "is a link"),
        (packed({"sub-03/bomb.json": bytes(1 << 23)}), "as a zip bomb does"),
        (packed({"sub-03/a.json": b"{}", "sub-03/A.json": b"{}"}), "in each other's way"),
        (packed({"sub-03/a": b"{}", "sub-03/a/b.json": b"{}"}), "in each other's way"),
        (packed({"readme": b"no subject"}), "holds no folder sub-XX"),
        (packed(contents()["markers.zip"])[:-40], "truncated or damaged"),
        (b"<html>sorry</html>" * 1000, "truncated or damaged"),
        (b"", "truncated or damaged"),
    ],
    ids=lambda value: value if isinstance(value, str) else "archive",
)
def test_a_hostile_archive_is_refused_whole_and_nothing_is_written_elsewhere(
    tmp_path: Path, data: bytes, reason: str, gives_ranges: bool
) -> None:
    with (
        serving(Server(bodies(markers=data), gives_ranges=gives_ranges)) as server,
        pytest.raises(DatasetError, match=reason),
    ):
        get(server, tmp_path / "data", "03", parts=["markers"])
    assert {path.name for path in tmp_path.iterdir()} <= {"data"}
    assert [name for name in held(tmp_path) if "evil" in name or "sub-03" in name] == []


def test_a_file_that_unpacks_to_more_than_its_directory_says_is_refused(tmp_path: Path) -> None:
    data = packed({"sub-03/sub-03_cord_1.json": b"x" * 5000})
    size = (5000).to_bytes(4, "little")
    lying = data.replace(size, (4000).to_bytes(4, "little"))
    assert lying != data
    with (
        serving(Server(bodies(markers=lying))) as server,
        pytest.raises(DatasetError, match="Bad CRC-32"),
    ):
        get(server, tmp_path, parts=["markers"])
    assert not list(tmp_path.rglob("*cord*"))


@given(st.data())
@settings(max_examples=30)
def test_an_archive_with_any_byte_changed_gives_the_right_files_or_an_error(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    files = {f"sub-03/sub-03_cord_{number}.json": b'{"markups": []}' * 9 for number in range(3)}
    whole = bytearray(packed(files))
    at = data.draw(st.integers(0, len(whole) - 1))
    whole[at] ^= data.draw(st.integers(1, 255))
    folder = tmp_path_factory.mktemp("changed")
    with serving(Server(bodies(markers=bytes(whole)))) as server, contextlib.suppress(DatasetError):
        get(server, folder / "data", parts=["markers"])
    assert {path.name for path in folder.iterdir()} <= {"data"}
    known = set(files.values())
    for path in folder.rglob("*cord*"):
        assert path.read_bytes() in known


def test_the_folder_that_wraps_an_archive_is_left_out(tmp_path: Path) -> None:
    wrapped = {f"markers/{name}": data for name, data in contents()["markers.zip"].items()}
    wrapped["__MACOSX/markers/._x"] = b"junk"
    with serving(Server(bodies(markers=packed(wrapped)))) as server:
        get(server, tmp_path, parts=["markers"])
    assert find_markers(tmp_path, "01").files[0].parent == tmp_path / "derivatives" / "markers" / "sub-01"
    assert not list(tmp_path.rglob("*MACOSX*"))


def test_an_archive_of_zip64_is_read(tmp_path: Path) -> None:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w") as archive,
        archive.open(zipfile.ZipInfo("sub-03/sub-03_cord_1.json"), "w", force_zip64=True) as file,
    ):
        file.write(b"{}")
    with serving(Server(bodies(markers=_with_zip64_end(out.getvalue())))) as server:
        get(server, tmp_path, parts=["markers"])
    assert (tmp_path / "derivatives/markers/sub-03/sub-03_cord_1.json").read_bytes() == b"{}"


def _with_zip64_end(data: bytes) -> bytes:
    """Return the archive with the end records that only a file of more than 4 GB needs."""
    at = data.rindex(b"PK\x05\x06")
    count, size, offset = struct.unpack("<HLL", data[at + 10 : at + 20])
    long_end = struct.pack("<4sQHHLLQQQQ", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, size, offset)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, at, 1)
    short_end = struct.pack("<4sHHHHLLH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    return data[:at] + long_end + locator + short_end


def test_a_listing_that_was_tampered_with_does_not_lead_out_of_the_folder(
    server: Server, tmp_path: Path
) -> None:
    get(server, tmp_path, "03", parts=["markers"])
    path = tmp_path / FOLDER / "markers.zip.json"
    path.write_text(path.read_text().replace("derivatives/markers/sub-03", "../sub-03"))
    with pytest.raises(DatasetError, match="leaves the folder"):
        get(server, tmp_path, "03", parts=["markers"])


def test_a_list_of_files_of_another_edition_is_read(tmp_path: Path) -> None:
    path = tmp_path / "files.json"
    row = {"id": 7, "name": "markers.zip", "size": 9, "md5": "A" * 32}
    path.write_text(json.dumps({"articles": {"1": {"files": [row, {"name": "else"}]}}}))
    (file,) = read_files(path)
    assert (file.part, file.id, file.bytes, file.md5) == ("markers", "7", 9, "a" * 32)


@pytest.mark.parametrize("change", [{"id": "../7"}, {"size": 0}, {"md5": "x"}, {"size": "big"}])
def test_a_list_of_files_with_an_odd_row_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    path = tmp_path / "files.json"
    row = {"id": 7, "name": "markers.zip", "size": 9, "md5": "a" * 32} | change
    path.write_text(json.dumps({"articles": {"1": {"files": [row]}}}))
    with pytest.raises(DatasetError, match="is no list of files"):
        read_files(path)


def test_a_subject_of_ones_own_in_the_table_is_no_change_of_the_published_file(
    server: Server, tmp_path: Path
) -> None:
    get(server, tmp_path, "03")
    table = tmp_path / "participants.tsv"
    table.write_text(table.read_text() + "sub-21\t30\n")
    get(server, tmp_path, "03")
    assert [one.file for one in check_dataset(tmp_path).findings if one.code == "checksum"] == []
    table.write_text(table.read_text().replace("sub-01", "sub-99"))
    assert [one.file for one in check_dataset(tmp_path).findings if one.code == "checksum"] == [table.name]
    with pytest.raises(DatasetError, match=r"participants.tsv: not the published file"):
        get(server, tmp_path, "03")


@pytest.mark.parametrize(
    "text", ["", "[]", '{"articles": {}}', '{"articles": {"1": {"files": [{"name": "README"}]}}}']
)
def test_a_list_of_files_that_is_none_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "files.json"
    path.write_text(text)
    with pytest.raises(DatasetError, match=r"is no list of files|names none of the published files"):
        read_files(path)
