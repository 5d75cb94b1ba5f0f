"""Anatomy: from a tracing to solids that fit together, and the course of each root."""

from cauda.anatomy.building import Settings, build
from cauda.anatomy.model import RootPath, SpineModel, Surface
from cauda.anatomy.model_files import read, write

__all__ = ["RootPath", "Settings", "SpineModel", "Surface", "build", "read", "write"]
