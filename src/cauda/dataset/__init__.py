"""Datasets: where the files of a subject lie."""

from cauda.dataset.markers import Markers, find_markers

__all__ = ["Markers", "find_markers"]
