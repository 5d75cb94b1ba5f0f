from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cauda.anatomy import collecting
from cauda.anatomy.axes import Axes
from cauda.anatomy.distance import nearest
from cauda.anatomy.gray import share
from cauda.anatomy.model import PROVENANCES, Surface
from cauda.anatomy.solids import Solids
from cauda.annotation.tracing import LEVELS, RootName
from cauda.arrays import Floats
from cauda.errors import BuildError
from cauda.tables.segments import segment_lengths_mm

if TYPE_CHECKING:
    from tests.anatomy.conftest import Stages

CORNERS = np.array([[0.0, 0.0, 0.0], [1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
TETRAHEDRON = np.array([[0, 2, 1], [0, 1, 3], [1, 2, 3], [0, 3, 2]])
TRACED = [RootName("L4", side) for side in ("L", "R")]
NAMES = ("S1_L_dorsal", "csf", "L4_R_ventral", "L4_R_dorsal", "L4_L_ganglion", "white_matter")


def axes() -> Axes:
    """Return axes that are turned by a right angle: their x is posterior, their y right."""
    return Axes(
        np.array([10.0, -20.0, 300.0]), np.array([[0.0, -1.0, 0.0], [1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])
    )


def tetrahedra() -> Solids:
    """Return one tetrahedron for each name in a common pool, in two parts, and one boundary."""
    made = Solids()
    for number, name in enumerate(NAMES):
        index = made.pool.add(CORNERS + number)[TETRAHEDRON]
        made.regions[name] = [index[:1], index[1:]]
    made.boundaries["dura_inner"] = [*made.regions["csf"]]
    made.boundaries["canal"] = [*made.regions["white_matter"]]
    return made


def test_regions_come_first_then_boundaries_and_roots_from_cranial_to_caudal() -> None:
    found = collecting.surfaces(tetrahedra(), axes(), TRACED)
    assert list(found) == [
        "csf",
        "white_matter",
        "L4_L_ganglion",
        "L4_R_dorsal",
        "L4_R_ventral",
        "S1_L_dorsal",
        "canal",
        "dura_inner",
    ]
    kinds = [surface.kind for surface in found.values()]
    assert kinds == ["region"] * 6 + ["boundary"] * 2


def test_each_surface_says_of_which_root_part_and_tissue_it_is() -> None:
    found = collecting.surfaces(tetrahedra(), axes(), TRACED)

    def told(surface: Surface) -> tuple[RootName | None, str | None, str, str]:
        return surface.root, surface.part, surface.tissue, surface.provenance

    right = RootName("L4", "R")
    assert told(found["L4_R_dorsal"]) == (right, "dorsal", "dorsal_root", "annotated")
    assert told(found["L4_R_ventral"]) == (right, "ventral", "ventral_root", "synthesized")
    assert told(found["L4_L_ganglion"]) == (right.opposite, "ganglion", "ganglion", "synthesized")
    assert told(found["S1_L_dorsal"]) == (RootName("S1", "L"), "dorsal", "dorsal_root", "synthesized")
    assert told(found["white_matter"]) == (None, None, "white_matter", "synthesized")
    assert told(found["canal"]) == (None, None, "fat", "synthesized")
    assert told(found["dura_inner"]) == (None, None, "dura", "annotated")


def test_surfaces_are_turned_to_ras_and_keep_what_they_hold() -> None:
    found = collecting.surfaces(tetrahedra(), axes(), TRACED)["csf"]
    assert found.vertices_mm == pytest.approx(axes().ras(CORNERS + 1))
    assert found.vertices_mm[0] == pytest.approx([11.0, -21.0, 301.0])
    assert found.volume_mm3 == pytest.approx(1 / 6)


def test_surfaces_that_touch_hold_the_same_vertices_bit_by_bit() -> None:
    found = collecting.surfaces(tetrahedra(), axes(), TRACED)
    assert found["dura_inner"].vertices_mm.tobytes() == found["csf"].vertices_mm.tobytes()


def test_solids_of_rootlets_are_parts_and_tissue_of_roots_whatever_their_number() -> None:
    made = tetrahedra()
    made.regions |= {f"L4_R_ventral_rootlet_{k}": made.regions["L4_R_ventral"] for k in (1, 2, 11)}
    found = collecting.surfaces(made, axes(), TRACED)
    for k in (1, 2, 11):
        surface = found[f"L4_R_ventral_rootlet_{k}"]
        assert (surface.root, surface.part) == (RootName("L4", "R"), "ventral_rootlet")
        assert (surface.tissue, surface.provenance) == ("ventral_root", "synthesized")


@pytest.mark.parametrize("spoil", ["lacking", "turned", "twice"])
def test_a_solid_that_is_not_closed_is_refused_by_its_name(spoil: str) -> None:
    made = tetrahedra()
    first, rest = made.regions["L4_R_dorsal"]
    made.regions["L4_R_dorsal"] = {
        "lacking": [rest],
        "turned": [first[:, ::-1], rest],
        "twice": [first, first, rest],
    }[spoil]
    with pytest.raises(BuildError, match=r"^L4_R_dorsal is not closed; please report it"):
        collecting.surfaces(made, axes(), TRACED)


def test_paths_are_those_of_dorsal_and_ventral_roots_from_cranial_to_caudal_and_then_of_rootlets(
    stages: "Stages",
) -> None:
    paths = stages.model.roots
    roots = [path for path in paths if path.k is None]
    assert paths[: len(roots)] == tuple(roots)
    order = [(path.root.rank, path.part) for path in roots]
    assert order == sorted(order)
    assert {path.part for path in roots} == {"dorsal", "ventral"}
    strands = [(path.root.rank, path.part, path.k or 0) for path in paths[len(roots) :]]
    assert strands == sorted(strands)
    assert len(strands) == sum(len(fan.rootlets) for fan in stages.roots.fans) > 0
    assert {part for _, part, _ in strands} == {"dorsal_rootlet", "ventral_rootlet"}


def test_rootlets_are_numbered_from_the_rostral_end_of_their_segment(stages: "Stages") -> None:
    numbers: dict[tuple[RootName, str], list[tuple[int, float]]] = {}
    for path in stages.model.roots:
        if path.k is not None:
            height = stages.axes.local(path.points_mm[:1])[0, 2]
            numbers.setdefault((path.root, path.part), []).append((path.k, float(height)))
            assert set(path.provenance) == {"synthesized"}
            assert (path.displacement_mm == 0).all()
    for found in numbers.values():
        assert [k for k, _ in found] == list(range(1, len(found) + 1))
        heights = [height for _, height in found]
        assert heights == sorted(heights, reverse=True)


def test_a_ventral_path_runs_from_the_cord_to_the_face_in_which_the_nerve_begins(stages: "Stages") -> None:
    surfaces = stages.model.surfaces
    cord = surfaces["cord"]
    ventral = [path for path in stages.model.roots if path.part == "ventral"]
    starts = np.array([path.points_mm[0] for path in ventral])
    assert np.abs(nearest(starts, cord.vertices_mm, cord.triangles).distance_mm).max() < 0.05
    for path in ventral:
        assert set(path.provenance) == {"synthesized"}
        nerve = surfaces[f"{path.root}_nerve"]
        end = nearest(path.points_mm[-1:], nerve.vertices_mm, nerve.triangles).distance_mm
        assert abs(end[0]) < 0.1, str(path.root)


def on_line(stages: "Stages", points_mm: Floats, surface: str) -> Floats:
    """Return how far points lie from the center line of cord or sac at their height, mm."""
    local = stages.axes.local(points_mm)
    line = stages.walls.cord if surface == "cord" else stages.walls.dura_inner
    return np.asarray(np.linalg.norm(local[:, :2] - line.center(local[:, 2]), axis=1))


def test_segments_follow_each_other_along_the_cord_down_to_the_tip_of_the_conus(stages: "Stages") -> None:
    segments = stages.model.segments
    levels = [segment.level for segment in segments]
    assert levels == list(LEVELS[LEVELS.index(levels[0]) :])
    for above, below in pairwise(segments):
        assert (above.caudal_mm == below.rostral_mm).all()
        assert above.length_mm > 0
    ends = np.array([[segment.rostral_mm, segment.caudal_mm] for segment in segments]).reshape(-1, 3)
    assert on_line(stages, ends, "cord") == pytest.approx(0, abs=1e-9)
    assert stages.axes.local(ends)[-1, 2] == pytest.approx(stages.walls.conus_mm)
    assert stages.axes.local(ends)[:, 2].max() <= stages.walls.cord.top_mm


def test_a_segment_has_the_published_length_beside_its_own_and_its_traced_entry(stages: "Stages") -> None:
    traced = {root.level for root in stages.tracing.roots}
    for segment in stages.model.segments:
        assert segment.published_length_mm == segment_lengths_mm()[segment.level]
        assert segment.provenance in ("interpolated", "extrapolated")
        assert (segment.entry_mm is not None) == (segment.level in traced)
        if segment.entry_mm is not None:
            sides = [stages.tracing.roots[RootName(segment.level, side)][:1] for side in ("L", "R")]
            height = stages.axes.local(np.concatenate(sides))[:, 2].mean()
            assert stages.axes.local(segment.entry_mm[None])[0, 2] == pytest.approx(height)


def test_horns_lie_in_the_gray_matter_at_the_middle_of_their_segment_on_their_side(
    stages: "Stages",
) -> None:
    gray = stages.model.surfaces["gray_matter"]
    with_horns = [segment for segment in stages.model.segments if segment.horns_mm]
    assert {"L1", "L5", "S1"} <= {segment.level for segment in with_horns}
    for segment in with_horns:
        names, points = list(segment.horns_mm), np.array(list(segment.horns_mm.values()))
        assert sorted(names) == ["dorsal_L", "dorsal_R", "ventral_L", "ventral_R"]
        assert nearest(points, gray.vertices_mm, gray.triangles).distance_mm.max() < 0, segment.level
        local = dict(zip(names, stages.axes.local(points), strict=True))
        middle = stages.axes.local(segment.middle_mm[None])[0]
        for name, (x, y, z) in local.items():
            assert (x > middle[0]) == name.endswith("R")
            assert (y > middle[1]) == name.startswith("ventral")
            assert z == pytest.approx(middle[2], abs=0.1)


def test_the_share_of_gray_matter_is_told_where_there_is_any(stages: "Stages") -> None:
    gray = stages.bed.around.gray
    assert gray is not None
    for segment, borders in zip(stages.model.segments, stages.bed.borders, strict=True):
        if gray.bottom_mm < borders.middle_mm < gray.top_mm:
            assert segment.gray_share == share(gray, stages.walls.cord, borders.middle_mm)
            assert 0.1 < segment.gray_share < 0.7
        else:
            assert segment.gray_share is None
            assert not segment.horns_mm


def test_vertebrae_follow_each_other_along_the_middle_of_the_sac(stages: "Stages") -> None:
    vertebrae = stages.model.vertebrae
    assert [vertebra.level for vertebra in vertebrae] == ["T10", "T11", "T12", "L1", "L2", "L3", "L4", "L5"]
    for above, below in pairwise(vertebrae):
        assert above.lower_mm == pytest.approx(below.upper_mm)
        assert stages.axes.local(above.upper_mm[None])[0, 2] > stages.axes.local(above.lower_mm[None])[0, 2]
        assert above.provenance in PROVENANCES
    ends = np.array([vertebra.upper_mm for vertebra in vertebrae])
    inside = stages.axes.local(ends)[:, 2] < stages.walls.dura_inner.top_mm
    assert on_line(stages, ends[inside], "sac") == pytest.approx(0, abs=1e-9)
