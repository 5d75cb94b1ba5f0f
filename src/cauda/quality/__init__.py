"""Quality of images: what MRIQC measures and what scans of nerve roots need, a value or a reason each."""

from cauda.quality.measured import Measured, RootMetric
from cauda.quality.measured_files import read_measured, write_measured
from cauda.quality.measuring import Request, measure
from cauda.quality.metric import Metric, Quality
from cauda.quality.regions import Regions, from_labels
from cauda.quality.structural import structural

__all__ = [
    "Measured",
    "Metric",
    "Quality",
    "Regions",
    "Request",
    "RootMetric",
    "from_labels",
    "measure",
    "read_measured",
    "structural",
    "write_measured",
]
