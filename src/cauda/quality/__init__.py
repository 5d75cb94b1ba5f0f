"""Quality of an image: what MRIQC measures, of arrays and masks, each with a value or the reason for none."""

from cauda.quality.metric import Metric, Quality
from cauda.quality.regions import Regions, from_labels
from cauda.quality.structural import structural

__all__ = ["Metric", "Quality", "Regions", "from_labels", "structural"]
