"""Shares of tissues: how large each is, and how pure its voxels are."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cauda.errors import QualityError
from cauda.quality.grids import Shares

_LOW_PERCENT, _HIGH_PERCENT = 2, 98


def volume_fractions(tissues: Mapping[str, Shares]) -> dict[str, float]:
    """Return the part of each tissue in all of them (MRIQC's ``icvs``).

    Raises
    ------
    QualityError
        If no voxel has a share of any.

    Examples
    --------
    >>> volume_fractions({"csf": np.full((2, 2, 2), 0.75), "cord": np.full((2, 2, 2), 0.25)})
    {'csf': 0.75, 'cord': 0.25}
    """
    sums = {name: float(share.sum(dtype=np.float64)) for name, share in tissues.items()}
    total = sum(sums.values())
    if not total > 0:
        raise QualityError("no voxel has a share of any tissue")
    return {name: part / total for name, part in sums.items()}


def residual_partial_volume(share: Shares, *, mriqc_compatible: bool = False) -> float:
    """Return how far the voxels of a tissue are from being of it wholly or not at all (MRIQC's ``rpve``).

    The default is the mean of the smaller of share and rest, over voxels with a share: 0 for a hard mask, at
    most 0.5. MRIQC's sums the larger of the two where the share lies between its 2nd and 98th percentile, and
    1 for all other voxels of the image but those that were above; so it grows with the field of view.

    Parameters
    ----------
    share : (i, j, k) bool or float
    mriqc_compatible : bool
        Return what MRIQC returns.

    Raises
    ------
    QualityError
        If no voxel has a share.
    """
    own = share[share > 0].astype(np.float64)
    if not own.size:
        raise QualityError("no voxel has a share of this tissue")
    if not mriqc_compatible:
        return float(np.minimum(own, 1 - own).mean())
    low, high = np.percentile(own, [_LOW_PERCENT, _HIGH_PERCENT])
    own = own[(own >= low) & (own <= high)]
    most = own[own > 0.5]
    return float((most.sum() + (share.size - most.size) - own[own <= 0.5].sum()) / np.count_nonzero(share))
