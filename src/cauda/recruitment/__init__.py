"""Recruitment: which fibers of which roots fire, from which current on, and how to choose among them.

`recruit` joins a field and fibers to thresholds for each contact or any montage. `curves_of` and
`selectivities` tell what they mean for roots and muscles; `search` looks for currents of several contacts.
`write` and `read` keep them as tables.
"""

from cauda.recruitment.currents import Choice, Effort, Known, Search, search
from cauda.recruitment.curves import Bands, Curve, amplitudes, curves_of, order
from cauda.recruitment.drive import Drive, drive_of
from cauda.recruitment.influences import Changed, Influence, Weight, influences, weights
from cauda.recruitment.limits import Limits, contact_areas_mm2, limits_of
from cauda.recruitment.montages import Montage, montage, montages_of, of_contacts
from cauda.recruitment.muscles import MuscleRoots, muscle_roots
from cauda.recruitment.outputs import Tables, write
from cauda.recruitment.potential import potentials
from cauda.recruitment.reading import read, read_curves, read_influences, read_selectivities
from cauda.recruitment.recruiting import Options, recruit, recruit_in, verifier
from cauda.recruitment.recruitment_type import PARTS, Recruitment
from cauda.recruitment.sampled import SampledFiber
from cauda.recruitment.search_files import read_search, write_search
from cauda.recruitment.selectivity import HeatMap, Selectivity, heat_map, selectivities
from cauda.recruitment.targets import Targets, targets_of
from cauda.recruitment.trials import Trial

__all__ = [
    "PARTS",
    "Bands",
    "Changed",
    "Choice",
    "Curve",
    "Drive",
    "Effort",
    "HeatMap",
    "Influence",
    "Known",
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
    "Trial",
    "Weight",
    "amplitudes",
    "contact_areas_mm2",
    "curves_of",
    "drive_of",
    "heat_map",
    "influences",
    "limits_of",
    "montage",
    "montages_of",
    "muscle_roots",
    "of_contacts",
    "order",
    "potentials",
    "read",
    "read_curves",
    "read_influences",
    "read_search",
    "read_selectivities",
    "recruit",
    "recruit_in",
    "search",
    "selectivities",
    "targets_of",
    "verifier",
    "weights",
    "write",
    "write_search",
]
