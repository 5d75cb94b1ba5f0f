"""The volume: one tetrahedral mesh of tissues, lead and contacts.

Any list of regions, each inside those before it, becomes a mesh (`cauda.volume.meshing`); `mesh` does it with
a model of the spine and a lead.
"""

from cauda.volume.spine import Extent
from cauda.volume.spine_mesh import mesh

__all__ = ["Extent", "mesh"]
