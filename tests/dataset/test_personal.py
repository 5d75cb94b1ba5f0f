from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.dataset.contrast import mapped, recognized
from cauda.dataset.personal import fields_of, is_personal, meanings, without_personal

NAMES = st.sampled_from(
    ["PatientName", "PatientPosition", "EchoTime", "ScanningSequence", "ImageType", "SeriesNumber",
     "ProtocolName", "SeriesDescription", "RepetitionTime", "global", "const", "OperatorsName",
     "AcquisitionTime", "Note"]
)  # fmt: skip
TEXTS = st.sampled_from(["", "SE", "GR", "t2_tse", "DOE^JANE", "2024-05-07", "a@b.org", "C:\\data", "x"])
PLAIN = st.one_of(st.none(), st.booleans(), st.integers(-9, 9), st.floats(allow_nan=True), TEXTS)
VALUES = st.recursive(
    PLAIN,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(NAMES, inner, max_size=3)),
    max_leaves=8,
)


@given(st.dictionaries(NAMES, VALUES, max_size=6))
@settings(max_examples=200)
def test_nothing_personal_remains_of_any_sidecar_and_nothing_else_is_lost(sidecar: dict[str, Any]) -> None:
    cleaned = without_personal(sidecar)
    assert [name for name, value in fields_of(cleaned) if is_personal(name, value)] == []
    kept = {name for name, value in sidecar.items() if not isinstance(value, dict | list)}
    harmless = {name for name in kept if not is_personal(name, sidecar[name])}
    assert {name: repr(cleaned[name]) for name in harmless} == {
        name: repr(sidecar[name]) for name in harmless
    }


@given(st.dictionaries(NAMES, VALUES, max_size=6))
@settings(max_examples=100)
def test_any_sidecar_is_recognized_or_told_why_not(sidecar: dict[str, Any]) -> None:
    suffix, reason = recognized(sidecar)
    assert bool(suffix) != bool(reason)
    mapped(sidecar, {"5": "CISS", "*t2*": "T2TSE"})


def test_what_lies_too_deep_to_be_looked_at_is_left_out() -> None:
    sidecar: dict[str, Any] = {"PatientName": "x"}
    for _ in range(50):
        sidecar = {"a": sidecar}
    assert "PatientName" not in str(without_personal({"deep": sidecar, "kept": 1}))
    assert without_personal({"deep": sidecar, "kept": 1})["kept"] == 1


def test_a_name_in_a_list_is_seen() -> None:
    assert list(meanings("Comments", ["fine", "DOE^JANE"])) == [("error", "a person's name, by its form")]
    assert without_personal({"Comments": ["fine", "DOE^JANE"], "Kept": ["fine"]}) == {"Kept": ["fine"]}
