"""Anatomy: from a tracing to solids that fit together, and the course of each root."""

from cauda.anatomy.building import Settings, build
from cauda.anatomy.model import RootPath, Segment, SpineModel, Surface, Vertebra
from cauda.anatomy.model_files import read, write

__all__ = ["RootPath", "Segment", "Settings", "SpineModel", "Surface", "Vertebra", "build", "read", "write"]
