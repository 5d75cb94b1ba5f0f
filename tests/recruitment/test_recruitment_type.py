import numpy as np
import pytest
from tests.recruitment.sampled import recruitment

from cauda.annotation.tracing import RootName
from cauda.errors import RecruitmentError

L4_R, L5_R, L5_L = RootName("L4", "R"), RootName("L5", "R"), RootName("L5", "L")


def test_fractions_are_of_each_root_from_cranial_to_caudal() -> None:
    found = recruitment([1.0, 2.0, 3.0, 4.0], ["L5_R", "L4_R", "L5_R", "L5_L"]).fraction([0.5, 1, 3])
    assert list(found) == [L4_R, L5_L, L5_R]
    assert found[L5_R].tolist() == [0, 0.5, 1]
    assert found[L4_R].tolist() == [0, 0, 1]


def test_a_fiber_fires_from_its_threshold_on_and_up_to_block() -> None:
    one = recruitment([1.0, np.inf], ["L4_R", "L4_R"], block=[2.0, np.inf])
    assert one.fraction([0.999, 1.0, 1.999, 2.0])[L4_R].tolist() == [0, 0.5, 0.5, 0]
    assert one.recruited(1.5).tolist() == [True, False]


def test_fractions_are_told_apart_by_side_part_and_class() -> None:
    one = recruitment(
        [1.0, 2.0, 3.0, 4.0],
        ["L4_R", "L5_L", "L4_R", "R"],
        parts=["dorsal", "dorsal", "ventral", "dorsal_column"],
        classes=["Ia", "II", "alpha", "A-beta"],
    )
    assert one.fraction(2, by="part")["dorsal"].tolist() == [1]
    assert {key: value[0] for key, value in one.fraction(1, by="side").items()} == {"R": 1 / 3, "L": 0}
    assert list(one.fraction(1, by="class", part="dorsal")) == ["Ia", "II"]
    assert list(one.fraction(1, part=["dorsal", "ventral"], side="R")) == [L4_R]
    # Those of the dorsal columns have no root.
    assert [value.tolist() for value in one.fraction(3).values()] == [[1], [1]]
    assert one.fraction(4, by="side", part="dorsal_column")["R"].tolist() == [1]
    assert one.fraction(3, fiber_class="alpha")[L4_R].tolist() == [1]


def test_a_montage_is_known_by_its_name_its_contact_and_as_itself_and_the_first_is_the_default() -> None:
    one = recruitment([[1.0], [2.0]], ["L4_R"])
    assert [one.index(name) for name in (None, "C1", "C2", "C2:-1, case:+1", one.montages[1])] == [
        0,
        0,
        1,
        1,
        1,
    ]
    with pytest.raises(RecruitmentError, match="found 'C9', wanted one of C1, C2"):
        one.index("C9")


def test_some_of_the_fibers_keep_their_numbers() -> None:
    one = recruitment([[1.0, 2.0, 3.0]], ["L4_R", "L5_R", "L5_L"])
    some = one.select(one.where(side="R"))
    assert some.fiber.tolist() == [0, 1]
    assert some.threshold_ma.tolist() == [[1, 2]]


def test_arrays_are_read_only_and_not_the_callers() -> None:
    own = np.array([[1.0]])
    one = recruitment(own, ["L4_R"])
    own[0] = 5
    assert one.threshold_ma[0, 0] == 1
    with pytest.raises(ValueError, match="read-only"):
        one.threshold_ma[0, 0] = 2


def test_what_is_none_is_refused() -> None:
    one = recruitment([1.0], ["L4_R"])
    for given, told in (
        ({"side": "X"}, "side: found 'X'"),
        ({"part": "medial"}, "part: found 'medial'"),
        ({"fiber_class": ["Ia", "C"]}, "class: found 'C'"),
    ):
        with pytest.raises(RecruitmentError, match=told):
            one.fraction([1.0], **given)
    with pytest.raises(RecruitmentError, match="by: found 'color'"):
        one.fraction([1.0], by="color")  # type: ignore[arg-type]
    with pytest.raises(RecruitmentError, match="wanted a list of numbers"):
        one.fraction([np.nan])
    with pytest.raises(RecruitmentError, match="part: found 'up'"):
        recruitment([1.0], ["L4_R"], parts=["up"])
    with pytest.raises(RecruitmentError, match="root: found none of a dorsal fiber"):
        recruitment([1.0], ["L"])
    with pytest.raises(RecruitmentError, match="side: found 'X'"):
        recruitment([1.0], ["X"], parts=["dorsal_column"])
    with pytest.raises(RecruitmentError, match="threshold_ma: a value is not positive"):
        recruitment([0.0], ["L4_R"])
    with pytest.raises(RecruitmentError, match="threshold_ma: found shape"):
        recruitment([1.0, 2.0], ["L4_R"])
    with pytest.raises(RecruitmentError, match="0 fibers"):
        one.select([False])
