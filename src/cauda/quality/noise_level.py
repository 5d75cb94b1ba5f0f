"""How large the noise of an image is, and where that is known from."""

from __future__ import annotations

from dataclasses import dataclass

from cauda.errors import QualityError


@dataclass(frozen=True, slots=True)
class NoiseLevel:
    """Noise of the magnitude where the signal is high.

    Attributes
    ----------
    sd : float
        Standard deviation of one voxel, in the unit of the image.
    shared_voxels : float
        Voxels within a slice that share one independent sample of noise: 1 for white noise, about 4 where an
        image was interpolated to half the voxel size along both axes.
    source : str
        What it was measured in: ``air`` or ``csf``.
    voxels : int
        How many voxels of that.

    Raises
    ------
    QualityError
        If the deviation is not positive or a voxel's noise is less than one sample.
    """

    sd: float
    shared_voxels: float
    source: str
    voxels: int

    def __post_init__(self) -> None:
        if not (self.sd > 0 and self.shared_voxels >= 1):
            raise QualityError(
                f"noise: found a deviation of {self.sd:g} shared by {self.shared_voxels:g} voxels, "
                "wanted one above 0 and shared by at least 1"
            )
