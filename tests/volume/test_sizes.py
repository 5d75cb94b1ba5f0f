"""Lengths of edges."""

import numpy as np
import pytest

from cauda.errors import MeshError
from cauda.volume.sizes import graded, round_roots, size


def test_finer_sizes_have_shorter_edges_everywhere() -> None:
    coarse, normal, fine = (size(name) for name in ("coarse", "normal", "fine"))
    for name in ("contact", "lead", "root", "cord", "gray", "dura", "canal", "ganglion", "soft_tissue"):
        assert getattr(coarse, name) > getattr(normal, name) > getattr(fine, name)


def test_an_unknown_size_lists_the_known_ones() -> None:
    with pytest.raises(MeshError, match="found 'huge', wanted one of coarse, normal, fine"):
        size("huge")


def test_edges_grow_away_from_the_lead_up_to_a_bound() -> None:
    edge = graded(0.5, 1.0, 0.1, lambda points: points[:, 0])
    assert callable(edge)
    away = np.array([[0.0, 0, 0], [3.0, 0, 0], [5.0, 0, 0], [60.0, 0, 0]])
    assert edge(away) == pytest.approx([0.5, 0.5, 0.7, 1.0])


def test_without_a_lead_all_is_far() -> None:
    assert graded(0.5, 1.0, 0.1, None) == 1.0


def test_thin_roots_get_shorter_edges() -> None:
    normal = size("normal")
    edge = round_roots(0.8, normal, lambda points: points[:, 0])
    found = edge(np.array([[2.0, 0, 0], [0.7, 0, 0], [0.4, 0, 0], [0.2, 0, 0], [0.1, 0, 0]]))
    assert found[0] == 0.8
    assert (np.diff(found) <= 0).all()
    assert found[1] < 0.8
    assert found[2] == normal.root[0], "no shorter than near the lead as long as that keeps it whole"
    assert found[-1] < found[2]
