"""Center lines by part."""

from dataclasses import replace
from types import MappingProxyType

import numpy as np

from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import RootName
from cauda.report import courses


def test_roots_stand_by_level_and_side_dorsal_before_ventral(full: SpineModel) -> None:
    names = [f"{path.root}_{path.part}" for path in courses.roots(full)]
    assert names == [
        f"{level}_{side}_{part}" for level in ("L3", "L4") for side in "LR" for part in ("dorsal", "ventral")
    ]
    assert courses.levels(courses.roots(full)) == ["L3", "L4"]


def test_rootlets_are_no_roots_and_run_from_rostral_to_caudal(full: SpineModel) -> None:
    assert len(courses.roots(full)) + len(courses.rootlets(full)) == len(full.roots)
    found = courses.rootlets_of(full, RootName("L4", "R"), "ventral")
    assert [path.k for path in found] == [1, 2, 3]
    assert (np.diff([path.points_mm[0, 2] for path in found]) < 0).all()


def test_an_older_model_has_dorsal_roots_alone(model: SpineModel) -> None:
    assert courses.dorsal(model) == courses.roots(model) == model.roots
    assert courses.ventral(model) == courses.rootlets(model) == ()


def test_rootlets_that_are_solids_are_no_bare_lines(full: SpineModel) -> None:
    assert courses.bare_rootlets(full) == courses.rootlets(full)
    solid = replace(full.surfaces["L3_L_dorsal"], name="L3_L_dorsal_rootlet_1", part="dorsal_rootlet_1")
    some = replace(full, surfaces=MappingProxyType({**full.surfaces, solid.name: solid}))
    left = courses.bare_rootlets(some)
    assert {path.k for path in courses.rootlets_of(full, RootName("L3", "L"), "dorsal")} == {1, 2, 3, 4}
    assert len(left) == len(courses.rootlets(full)) - 4
    assert courses.part_of(solid) == "dorsal_rootlet"
