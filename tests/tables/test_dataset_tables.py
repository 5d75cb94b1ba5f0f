import re

from cauda.dataset.contrast import recognized
from cauda.tables.contrasts import contrasts
from cauda.tables.personal_fields import personal
from cauda.tables.published_files import PARTS, published_files
from cauda.tables.sequences import bids_names, bids_suffixes, protocol
from cauda.tables.table import read_table


def test_every_row_of_the_tables_of_datasets_has_a_source() -> None:
    for name in ("published_files", "sequences", "protocol", "contrasts", "personal_fields", "bids_suffixes"):
        for row in read_table(name):
            assert row["source"], (name, row)


def test_the_published_parts_are_complete() -> None:
    assert {file.part for file in published_files()} == {*PARTS, "description"}
    # shared/reference/dataset.md: rawdata.zip 1.21 GB, markers.zip 4.5 MB, model.zip 603 MB
    sizes = {file.name: file.bytes for file in published_files()}
    assert round(sizes["rawdata.zip"] / 1e9, 2) == 1.21
    assert round(sizes["markers.zip"] / 1e6, 1) == 4.5
    assert round(sizes["model.zip"] / 1e6) == 603


def test_what_bids_would_have_is_what_bids_knows() -> None:
    for name, right in bids_names().items():
        assert name not in bids_suffixes()
        assert right.rpartition("_")[2] in bids_suffixes()
        assert re.fullmatch(r"acq-[A-Za-z0-9]+_\w+", right)


def test_the_protocol_is_about_the_sequences_that_are_known() -> None:
    assert {one.sequence for one in protocol()} == set(bids_names()) == {one.suffix for one in contrasts()}


def test_the_published_protocol_is_recognized_by_its_own_times() -> None:
    for sequence in bids_names():
        times = {one.quantity: float(one.value) / 1e3 for one in protocol()
                 if one.sequence == sequence and one.unit == "ms"}  # fmt: skip
        words = {"CISS": "ciss", "DESS": "dess", "T2TSE": "t2_tse"}[sequence]
        assert recognized({"ProtocolName": words, **times})[0] == sequence


def test_the_place_of_the_person_in_the_scanner_is_not_personal() -> None:
    assert personal("PatientPosition") is None
    found = personal("PatientWeight")
    assert found is not None
    assert found.severity == "error"
