"""Virtual subjects: drawn from the published population, annotated and imaged as the published data are."""

from cauda.phantom.defects import Defects
from cauda.phantom.folder import phantom
from cauda.phantom.images import imaging_of, model_images, phantom_images
from cauda.phantom.placing import GridChoice
from cauda.phantom.subject import VirtualSubject, make, virtual_subject

__all__ = [
    "Defects",
    "GridChoice",
    "VirtualSubject",
    "imaging_of",
    "make",
    "model_images",
    "phantom",
    "phantom_images",
    "virtual_subject",
]
