"""Annotations: what was traced by hand in one subject, read from and written for 3D Slicer."""

from cauda.annotation.reader import read, survey
from cauda.annotation.tracing import Contour, RootName, Tracing
from cauda.annotation.writer import write

__all__ = ["Contour", "RootName", "Tracing", "read", "survey", "write"]
