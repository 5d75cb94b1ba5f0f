from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.recruitment.sampled import sampled

from cauda.fiber import straight
from cauda.field.field_type import Field
from cauda.recruitment.keeping import Kept, hash_of_field


def test_what_is_kept_of_some_fibers_is_found_for_these_alone(tmp_path: Path) -> None:
    some = [sampled(straight(10.0, 21), "L4_R")]
    kept = Kept(tmp_path, b"1")
    assert kept.load(some) is None
    kept.save(some, np.ones((1, 1, 5)), 3)
    found, outside = kept.load(some) or (np.zeros(0), 0)
    assert (found.shape, outside) == ((1, 1, 5), 3)
    assert Kept(tmp_path, b"2").load(some) is None
    cut = replace(some[0].fiber, closures=("open", "open"))
    for other in (straight(10.0, 22), straight(10.1, 21), replace(some[0].fiber, detection=(5,)), cut):
        assert kept.load([sampled(other, "L4_R")]) is None
    assert kept.load([replace(some[0], nodes_mm=some[0].nodes_mm + 1)]) is None


def test_the_hash_of_a_field_is_that_of_its_values(field: Field) -> None:
    assert hash_of_field(field) == hash_of_field(replace(field, settings={"other": 1}))
    assert hash_of_field(field) != hash_of_field(replace(field, transfer_ohm=2 * field.transfer_ohm))
