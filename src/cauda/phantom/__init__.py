"""Virtual subjects: anatomy drawn from the published population, annotated as the published dataset is."""

from cauda.phantom.folder import phantom
from cauda.phantom.subject import VirtualSubject, make, virtual_subject

__all__ = ["VirtualSubject", "make", "phantom", "virtual_subject"]
