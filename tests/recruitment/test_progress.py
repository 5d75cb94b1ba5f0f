from cauda.recruitment.progress import within


def test_parts_of_parts_tell_how_far_the_whole_is() -> None:
    told: list[tuple[str, float]] = []
    outer = within(lambda step, fraction: told.append((step, fraction)), 0.5, 1.0, "case")
    inner = within(outer, 0.0, 0.5)
    assert inner is not None
    inner("mesh", 0.0)
    inner("mesh", 1.0)
    assert told == [("case: mesh", 0.5), ("case: mesh", 0.75)]


def test_nobody_is_told_where_nobody_listens() -> None:
    assert within(None, 0.0, 1.0) is None
