"""All that is measured in one scan, from its voxels, its sidecar and a tracing."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cauda import __version__
from cauda.annotation.tracing import Tracing
from cauda.arrays import Bools, Floats
from cauda.dataset.personal import without_personal
from cauda.dataset.scan import Scan, entities_of, stem_of
from cauda.errors import QualityError
from cauda.files import Source
from cauda.quality.background import Background, background
from cauda.quality.bias import Field, bias_field
from cauda.quality.measured import MASK_LABELS, Measured
from cauda.quality.metric import Quality, Sheet
from cauda.quality.noise import noise_level
from cauda.quality.noise_level import NoiseLevel
from cauda.quality.regions import Regions
from cauda.quality.root_quality import root_quality
from cauda.quality.spine import SpineScan, add_spine
from cauda.quality.structural import REFERENCE_INTENSITY, structural
from cauda.quality.tissue import Tissues, tissues
from cauda.quality.voxels import Voxels, read_voxels
