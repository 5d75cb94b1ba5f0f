"""Quality of an image: what MRIQC measures, of arrays and masks, each with a value or the reason for none.

And how well nerve roots can be seen in it: `root_quality`.
"""

from cauda.quality.metric import Metric, Quality
from cauda.quality.regions import Regions, from_labels
from cauda.quality.root_quality import root_quality
from cauda.quality.root_summary import add_root_summaries
from cauda.quality.root_surroundings import RootSurroundings
from cauda.quality.structural import structural

__all__ = [
    "Metric",
    "Quality",
    "Regions",
    "RootSurroundings",
    "add_root_summaries",
    "from_labels",
    "root_quality",
    "structural",
]
