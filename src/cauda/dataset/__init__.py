"""Datasets: the published one, fetched; one's own, imported; where the files of a subject lie."""

from cauda.dataset.downloading import download, fetch
from cauda.dataset.importing import Imported, import_dicom
from cauda.dataset.markers import Markers, find_markers
from cauda.dataset.planning import Plan, Portion, plan, read_files
from cauda.dataset.scan import Scan, read_scan
from cauda.dataset.subject import Subject, labels, read

__all__ = [
    "Imported",
    "Markers",
    "Plan",
    "Portion",
    "Scan",
    "Subject",
    "download",
    "fetch",
    "find_markers",
    "import_dicom",
    "labels",
    "plan",
    "read",
    "read_files",
    "read_scan",
]
