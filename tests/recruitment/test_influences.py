import numpy as np
import pytest
from tests.recruitment.sampled import recruitment

from cauda.annotation.tracing import RootName
from cauda.errors import RecruitmentError
from cauda.recruitment.influences import Changed, influences, weights

ROOTS = ["L4_L", "L4_L", "L5_R", "L5_R"]
BASE = recruitment([[1.0, 2.0, 3.0, 4.0], [4.0, 5.0, 2.0, 3.0]], ROOTS)


def scaled(factor: float) -> Changed:
    return Changed("conductivities", f"times {factor:g}", recruitment(BASE.threshold_ma * factor, ROOTS))


def test_thresholds_of_roots_change_as_those_of_their_fibers() -> None:
    found = influences(BASE, [scaled(1.5)])
    assert [(one.montage[:2], str(one.root), one.base_ma, one.threshold_ma) for one in found] == [
        ("C1", "L4_L", 1.0, 1.5),
        ("C1", "L5_R", 3.0, 4.5),
        ("C2", "L4_L", 4.0, 6.0),
        ("C2", "L5_R", 2.0, 3.0),
    ]
    assert all(one.change == pytest.approx(0.5) for one in found)
    # One current for another: what is recruited before what stays as it is.
    assert all(one.selectivity == one.base_selectivity for one in found)


def test_the_weight_of_an_input_is_that_of_its_largest_changes() -> None:
    (found,) = weights(influences(BASE, [scaled(0.9), scaled(1.3)]))
    assert found.input == "conductivities"
    assert found.cases == ("times 0.9", "times 1.3")
    assert found.change == pytest.approx(0.3)
    assert [found.low, found.high] == pytest.approx([-0.1, 0.3])
    assert (found.selectivity, found.other_first) == (0, 0)


def test_a_root_that_comes_first_instead_of_another_is_counted_and_selectivity_falls() -> None:
    # By the first contact L5_R comes before L4_L, by the second all is as it was.
    other = recruitment([[1.0, 2.0, 0.5, 0.6], [4.0, 5.0, 2.0, 3.0]], ROOTS)
    found = influences(BASE, [Changed("lead_along", "+2 mm", other), Changed("entry", "rostral", BASE)])
    first = {(one.input, one.montage[:2], str(one.root)): one for one in found}
    # All of L4_L fires before any of L5_R in the first, none alone in the second.
    assert first["lead_along", "C1", "L4_L"].base_selectivity == 1
    assert first["lead_along", "C1", "L4_L"].selectivity == 0
    ranked = weights(found)
    assert [one.input for one in ranked] == ["lead_along", "entry"]
    assert [one.other_first for one in ranked] == [0.5, 0]


def test_what_never_fires_has_no_change() -> None:
    none = recruitment([[1.0, 2.0, np.inf, np.inf], [4.0, 5.0, 2.0, 3.0]], ROOTS)
    found = influences(BASE, [Changed("entry", "caudal", none)])
    assert [np.isnan(one.change) for one in found] == [False, True, False, False]
    (weight,) = weights(found)
    assert weight.change == 0


def test_of_a_single_root_there_is_no_selectivity() -> None:
    base, other = (recruitment([1.0 * factor, 2.0 * factor], ["L4_L"] * 2) for factor in (1, 2))
    (one,) = influences(base, [Changed("entry", "caudal", other)])
    assert one.change == pytest.approx(1.0)
    assert np.isnan(one.selectivity)
    (weight,) = weights([one])
    assert (weight.selectivity, weight.other_first) == (0, 0)


def test_another_part_counts_where_it_is_asked_for() -> None:
    roots = ["L4_L", "L4_R", "L4_L", "L4_R"]
    parts = ["dorsal", "dorsal", "ventral", "ventral"]
    base = recruitment([1.0, 2.0, 5.0, 6.0], roots, parts=parts)
    other = recruitment([1.0, 2.0, 10.0, 12.0], roots, parts=parts)
    (one, *_) = influences(base, [Changed("entry", "caudal", other)], part="ventral")
    assert (one.root, one.part) == (RootName("L4", "L"), "ventral")
    assert one.change == pytest.approx(1.0)


def test_other_roots_are_refused() -> None:
    other = recruitment(BASE.threshold_ma, ["L4_L", "L4_L", "L4_R", "L4_R"])
    with pytest.raises(RecruitmentError, match=r"entry, caudal: found other montages or roots"):
        influences(BASE, [Changed("entry", "caudal", other)])
