"""Levels as they are written in arguments."""

from types import MappingProxyType

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cauda.anatomy.axes import Axes
from cauda.anatomy.levels import KNOWN, Level, height_of, parse_level
from cauda.anatomy.model import Segment, SpineModel, Surface, Vertebra
from cauda.arrays import Floats
from cauda.errors import LevelError

ORIGIN_MM = np.array([6.0, -40.0, -430.0])


def axes(tilt_deg: float = 0.0) -> Axes:
    """Return axes whose slices are tilted to the front."""
    cos, sin = np.cos(np.radians(tilt_deg)), np.sin(np.radians(tilt_deg))
    return Axes(ORIGIN_MM, np.array([[1, 0, 0], [0, cos, sin], [0, -sin, cos]]))


def sac(frame: Axes, shift_mm: Floats) -> Surface:
    """Return a sac of radius 8 mm from -50 to 50 mm about a center line beside the axis."""
    theta, z = np.meshgrid(np.linspace(0, 2 * np.pi, 24, endpoint=False), np.linspace(-50, 50, 101))
    local = np.stack([8 * np.cos(theta), 8 * np.sin(theta), z], axis=-1).reshape(-1, 3) + shift_mm
    triangles = np.array([[0, 1, 2], [0, 2, 1]])
    return Surface("dura_inner", "boundary", "dura", None, None, "annotated", frame.ras(local), triangles)


def model(tilt_deg: float = 0.0, shift_mm: tuple[float, float] = (0.0, 0.0)) -> SpineModel:
    frame = axes(tilt_deg)

    def at(height_mm: float) -> Floats:
        point: Floats = frame.ras(np.array([[*shift_mm, height_mm]]))[0]
        return point

    return SpineModel(
        subject="03",
        surfaces=MappingProxyType({"dura_inner": sac(frame, np.array([*shift_mm, 0.0]))}),
        roots=(),
        axes=frame,
        segments=(Segment("L1", at(20), at(5), None, 16.2, {}, None, "extrapolated"),),
        vertebrae=(
            Vertebra("T12", at(40), at(10), "extrapolated"),
            Vertebra("L5", at(-20), at(-45), "interpolated"),
        ),
        settings={},
        measures={},
        sources=(),
        findings=(),
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("vertebra:T12", Level("vertebra", "T12")),
        ("T12", Level("vertebra", "T12")),
        (" S1 ", Level("vertebra", "S1")),
        ("segment:L1", Level("segment", "L1")),
        ("segment:Co", Level("segment", "Co")),
        ("-402mm", Level("height", z_mm=-402.0)),
        ("+12.5 mm", Level("height", z_mm=12.5)),
    ],
)
def test_a_level_is_a_vertebra_a_segment_or_a_height(text: str, wanted: Level) -> None:
    assert parse_level(text) == wanted


@pytest.mark.parametrize(
    "text", ["", "T9", "vertebra:Co", "segment:", "segment:T10", "disc:L1", "-402", "402 cm", "t12", ":T12"]
)
def test_anything_else_is_refused_with_what_is_known(text: str) -> None:
    with pytest.raises(LevelError, match="wanted vertebra:NAME") as refused:
        parse_level(text)
    assert "T10, T11, T12, L1" in str(refused.value)
    assert "S5, Co" in str(refused.value)
    assert "-402mm" in str(refused.value)


@settings(max_examples=30)
@given(
    st.one_of(
        st.sampled_from([Level(kind, name) for kind in ("vertebra", "segment") for name in KNOWN[kind]]),
        st.integers(-9999, 9999).map(lambda tenth: Level("height", z_mm=tenth / 10)),
    )
)
def test_a_level_is_written_as_it_is_read(level: Level) -> None:
    assert parse_level(str(level)) == level


@pytest.mark.parametrize("tilt_deg", [0.0, 6.0])
@pytest.mark.parametrize(
    ("text", "wanted_mm"),
    [("T12", 40.0), ("vertebra:L5", -20.0), ("vertebra:S1", -45.0), ("segment:L1", 20.0)],
)
def test_a_vertebra_is_its_upper_end_plate_and_a_segment_its_rostral_end(
    text: str, wanted_mm: float, tilt_deg: float
) -> None:
    assert height_of(parse_level(text), model(tilt_deg, (1.0, 4.0))) == pytest.approx(wanted_mm)


def test_a_height_in_level_axes_is_that_above_their_origin() -> None:
    assert height_of(parse_level("-402mm"), model()) == pytest.approx(28.0)


def test_a_height_in_tilted_axes_is_taken_in_the_middle_of_the_sac() -> None:
    tilt = np.radians(6.0)
    middle_mm = np.array([0.0, 4.0, 15.0])
    z_mm = float((ORIGIN_MM + middle_mm @ axes(6.0).rotation)[2])
    found = height_of(Level("height", z_mm=z_mm), model(6.0, (0.0, 4.0)))
    assert found == pytest.approx(15.0, abs=0.1)
    assert abs(z_mm - ORIGIN_MM[2] - 15.0 * np.cos(tilt)) > 0.3


@pytest.mark.parametrize("text", ["vertebra:L1", "segment:S3"])
def test_a_level_that_the_model_lacks_is_refused_with_those_that_it_has(text: str) -> None:
    with pytest.raises(LevelError, match=r"sub-03 has no such (vertebra|segment); it has (T12, L5, S1|L1)$"):
        height_of(parse_level(text), model())


def test_a_height_outside_the_model_is_refused_with_its_ends() -> None:
    with pytest.raises(LevelError, match="reaches from -480 to -380 mm RAS z"):
        height_of(parse_level("-300mm"), model())
