"""Quality of images: what MRIQC measures and what scans of nerve roots need, a value or a reason each."""

from cauda.quality.measured import Measured, RootMetric
from cauda.quality.measured_files import read_measured, write_measured
from cauda.quality.measuring import Request, measure
from cauda.quality.metric import Metric, Quality
from cauda.quality.regions import Regions, from_labels
from cauda.quality.root_quality import root_quality
from cauda.quality.root_summary import add_root_summaries
from cauda.quality.root_surroundings import RootSurroundings
from cauda.quality.structural import structural

__all__ = [
    "Measured",
    "Metric",
    "Quality",
    "Regions",
    "Request",
    "RootMetric",
    "RootSurroundings",
    "add_root_summaries",
    "from_labels",
    "measure",
    "read_measured",
    "root_quality",
    "structural",
    "write_measured",
]
