"""Datasets: the published one, fetched; one's own, imported; where the files of a subject lie."""

from cauda.dataset.downloading import download, fetch
from cauda.dataset.markers import Markers, find_markers
from cauda.dataset.planning import Plan, Portion, plan, read_files

__all__ = ["Markers", "Plan", "Portion", "download", "fetch", "find_markers", "plan", "read_files"]
