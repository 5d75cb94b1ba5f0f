"""The body around the spine: sizes in the order of the spine."""

from cauda.tables.body import body_mm, vertebra_sizes


def test_vertebrae_run_from_t10_to_s5() -> None:
    levels = [size.level for size in vertebra_sizes()]
    assert levels == ["T10", "T11", "T12", *(f"L{k}" for k in range(1, 6)), *(f"S{k}" for k in range(1, 6))]


def test_lumbar_bodies_grow_downward_and_the_sacrum_tapers() -> None:
    widths = [size.width_mm for size in vertebra_sizes()]
    assert widths[:8] == sorted(widths[:8])
    assert widths[8:] == sorted(widths[8:], reverse=True)


def test_the_skin_lies_behind_the_longest_spinous_process() -> None:
    longest = max(size.spinous_mm for size in vertebra_sizes())
    assert body_mm()["back_to_skin"] - body_mm()["skin_fat_back"] > longest
