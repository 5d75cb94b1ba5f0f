import pytest

from cauda.errors import QualityError
from cauda.quality.metric import Metric, Quality, Sheet, definitions


def _refuse() -> float:
    raise QualityError("the mask is empty")


def test_a_metric_has_a_value_or_a_reason() -> None:
    assert Metric(None, "mm", "lower", 0, "no mask").value is None
    for value, reason in ((None, ""), (1.0, "no mask"), (float("nan"), ""), (float("inf"), "")):
        with pytest.raises(QualityError):
            Metric(value, "mm", "lower", 0, reason)


def test_a_sheet_notes_what_is_measured_and_why_the_rest_is_not() -> None:
    sheet = Sheet(mriqc_compatible=False)
    sheet.add("fwhm_x", 7, lambda: 2.5)
    sheet.add("snr_{tissue}", 0, _refuse, tissue="cord")
    sheet.add("cnr", 3, lambda: float("inf"))
    quality = sheet.quality()
    assert quality["fwhm_x"] == Metric(2.5, "mm", "lower", 7)
    assert quality.values_by_name() == {"fwhm_x": 2.5, "snr_cord": None, "cnr": None}
    assert quality.reasons()["snr_cord"] == "the mask is empty"
    assert "finite" in quality.reasons()["cnr"]


def test_units_are_those_of_the_form() -> None:
    sheet = Sheet(mriqc_compatible=True)
    sheet.add("fwhm_x", 7, lambda: 2.5)
    assert sheet.quality()["fwhm_x"].unit == "voxel"


def test_what_was_measured_cannot_be_changed() -> None:
    noted = {"cnr": Metric(1.0, "1", "higher", 1)}
    quality = Quality(noted)
    noted.clear()
    assert list(quality) == ["cnr"]
    with pytest.raises(TypeError):
        quality.metrics["cnr"] = Metric(2.0, "1", "higher", 1)  # type: ignore[index]


def test_every_definition_has_units_and_a_direction() -> None:
    assert len(definitions()) > 30
    for definition in definitions().values():
        assert definition.unit
        assert definition.unit_mriqc
        assert definition.direction in ("higher", "lower", "neither")
