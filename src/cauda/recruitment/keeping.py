"""Parts of a long work, kept so that it can be taken up again."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from zipfile import BadZipFile

import numpy as np

from cauda.arrays import Floats
from cauda.errors import RecruitmentError
from cauda.field.field_type import Field
from cauda.files import atomic
from cauda.recruitment.sampled import SampledFiber


class Kept(NamedTuple):
    """Where parts of a long work are kept.

    Attributes
    ----------
    folder : Path
    fingerprint : bytes
        A hash of what the parts depend on besides their fibers.
    """

    folder: Path
    fingerprint: bytes

    def path(self, some: Sequence[SampledFiber]) -> Path:
        """Return the file of some fibers, whether it is there or not.

        Parameters
        ----------
        some : sequence of SampledFiber
        """
        found = hashlib.sha256(self.fingerprint)
        for one in some:
            parents = one.fiber.parents.tobytes()
            sizes = repr([branch.sizes for branch in one.fiber.branches])
            about = f"{one.fiber.detection} {one.fiber.closures} {sizes}".encode()
            along = np.asarray(one.along_mm()).tobytes()
            for part in (one.fiber.positions_mm.tobytes(), parents, about, along):
                found.update(hashlib.sha256(part).digest())
        return self.folder / f"{found.hexdigest()[:32]}.npz"

    def load(self, some: Sequence[SampledFiber]) -> tuple[Floats, int] | None:
        """Return what was kept of some fibers, None for nothing.

        Raises
        ------
        RecruitmentError
            If the file is damaged.
        """
        path = self.path(some)
        if not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as stored:
                return np.asarray(stored["found"], dtype=np.float64), int(stored["outside"])
        except (OSError, ValueError, KeyError, BadZipFile) as error:
            raise RecruitmentError(f"{path.name}: cannot be read; remove it and start again") from error

    def save(self, some: Sequence[SampledFiber], found: Floats, outside: int) -> None:
        """Keep what was found for some fibers, and how many reach outside of the mesh."""
        with atomic(self.path(some)) as temporary, temporary.open("wb") as file:
            np.savez(file, found=found, outside=outside)


def hash_of_field(field: Field) -> bytes:
    """Return a hash of what potentials along fibers depend on.

    Parameters
    ----------
    field : Field
    """
    found = hashlib.sha256()
    for array in (
        field.transfer_ohm,
        field.longitudinal_s_per_m,
        field.transverse_s_per_m,
        field.mesh.points_mm,
        field.mesh.tetrahedra,
        field.mesh.label,
        field.mesh.direction,
    ):
        found.update(hashlib.sha256(np.ascontiguousarray(array).tobytes()).digest())
    return found.digest()
