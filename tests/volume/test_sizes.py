"""Lengths of edges."""

from dataclasses import replace

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
    lengths = replace(size("normal"), root=(0.6, 1.2), per_radius=(1.0, 2.0))
    edge = round_roots(1.2, lengths, lambda points: points[:, 0])
    found = edge(np.array([[2.0, 0, 0], [0.9, 0, 0], [0.5, 0, 0], [0.3, 0, 0], [0.2, 0, 0]]))
    assert found == pytest.approx([1.2, 0.9, 0.6, 0.6, 0.4])
