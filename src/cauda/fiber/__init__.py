"""Fibers: which of them fire in a potential, and from which current on.

A fiber is laid along a path in mm; the positions of its compartments are given out; thresholds are searched
for the potential, in mV for 1 mA, at them. The membrane and the cable are those of McIntyre, Richardson and
Grill 2002 (doi:10.1152/jn.00353.2001), taken apart exactly so that a threshold takes a millisecond.
`sample` lays the fibers of a model, from the nerves through the roots into the cord.
"""

from cauda.fiber.curves import StrengthDuration, current_distance, strength_duration
from cauda.fiber.dimensions import Dimensions, dimensions
from cauda.fiber.laying import Branch, Fiber, along, branched, straight
from cauda.fiber.membrane import Membrane, mrg, read_membrane
from cauda.fiber.population import Population, SampledFiber
from cauda.fiber.pulse import Pulse, Waveform, sampled
from cauda.fiber.running import Clamp, Run, conduction_velocity, simulate
from cauda.fiber.sampling import dorsal_columns, sample
from cauda.fiber.sources import point_source_mv_per_ma
from cauda.fiber.threshold import Settings, Thresholds, fires, threshold_ma, thresholds

__all__ = [
    "Branch",
    "Clamp",
    "Dimensions",
    "Fiber",
    "Membrane",
    "Population",
    "Pulse",
    "Run",
    "SampledFiber",
    "Settings",
    "StrengthDuration",
    "Thresholds",
    "Waveform",
    "along",
    "branched",
    "conduction_velocity",
    "current_distance",
    "dimensions",
    "dorsal_columns",
    "fires",
    "mrg",
    "point_source_mv_per_ma",
    "read_membrane",
    "sample",
    "sampled",
    "simulate",
    "straight",
    "strength_duration",
    "threshold_ma",
    "thresholds",
]
