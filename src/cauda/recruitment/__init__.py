"""Recruitment: which fibers of which roots fire, from which current on, and how to choose among them.

`recruit` joins a field and fibers to thresholds for each contact or any montage. `curves_of` and
`selectivities` tell what they mean for roots and muscles; `search` looks for currents of several contacts.
`write` and `read` keep them as tables.
"""

from cauda.recruitment.currents import Choice, Effort, Search, search
from cauda.recruitment.curves import Bands, Curve, amplitudes, curves_of, order
from cauda.recruitment.drive import Drive, drive_of
from cauda.recruitment.limits import Limits, contact_areas_mm2, limits_of
from cauda.recruitment.montages import Montage, montage, montages_of, of_contacts
from cauda.recruitment.muscles import MuscleRoots, muscle_roots
from cauda.recruitment.outputs import Tables, write
from cauda.recruitment.potential import potentials
from cauda.recruitment.reading import read, read_curves, read_selectivities
from cauda.recruitment.recruiting import Options, recruit, recruit_in, verifier
from cauda.recruitment.recruitment_type import PARTS, Recruitment
from cauda.recruitment.sampled import SampledFiber
from cauda.recruitment.selectivity import HeatMap, Selectivity, heat_map, selectivities
from cauda.recruitment.targets import Targets, targets_of

__all__ = [
    "PARTS",
    "Bands",
    "Choice",
    "Curve",
    "Drive",
    "Effort",
    "HeatMap",
    "Limits",
    "Montage",
    "MuscleRoots",
    "Options",
    "Recruitment",
    "SampledFiber",
    "Search",
    "Selectivity",
    "Tables",
    "Targets",
    "amplitudes",
    "contact_areas_mm2",
    "curves_of",
    "drive_of",
    "heat_map",
    "limits_of",
    "montage",
    "montages_of",
    "muscle_roots",
    "of_contacts",
    "order",
    "potentials",
    "read",
    "read_curves",
    "read_selectivities",
    "recruit",
    "recruit_in",
    "search",
    "selectivities",
    "targets_of",
    "verifier",
    "write",
]
