"""The field: potentials of unit currents at each contact, on a volume mesh.

`solve` computes it for a set of `conductivities`; `Field` holds it. Quasi-static, linear elements.
"""

from cauda.field.conductivity import Conductivities, Conductivity, conductivities
from cauda.field.field_type import Field
from cauda.field.solving import Settings, solve

__all__ = ["Conductivities", "Conductivity", "Field", "Settings", "conductivities", "solve"]
