"""The volume: one tetrahedral mesh of tissues, lead and contacts.

`mesh` makes it of a model of the spine with a lead; `tetrahedra` of any list of regions, each inside those
before it or in their place: closed surfaces (`Closed`) or whatever tells a signed distance.
"""

from cauda.volume.closed import Closed
from cauda.volume.mesh import Label, VolumeMesh
from cauda.volume.meshing import Course, Grading, tetrahedra
from cauda.volume.region import Region, Thread
from cauda.volume.spine import Extent
from cauda.volume.spine_mesh import mesh

__all__ = [
    "Closed",
    "Course",
    "Extent",
    "Grading",
    "Label",
    "Region",
    "Thread",
    "VolumeMesh",
    "mesh",
    "tetrahedra",
]
