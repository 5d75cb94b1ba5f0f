"""Subjects with a paddle behind their cord: their fields and thresholds, kept so that a rerun is cheap.

What is kept is found again by a hash of what it was made from, not by its name: a model, a lead or a fiber
that has changed is computed anew. A mesher, a solver or a fiber engine that has changed asks for an empty
folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from time import process_time

import numpy as np
from benchmarks.variants import mirrored

from cauda import annotation, lead, volume
from cauda.anatomy.building import build
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Tracing
from cauda.arrays import Floats, Ints
from cauda.fiber import Fiber, Pulse, SampledFiber, Settings, along, branched, dimensions
from cauda.field import conductivities, field_files, solve
from cauda.field.field_type import Field
from cauda.lead import Lead
from cauda.phantom import virtual_subject
from cauda.recruitment import Options, Recruitment, recruit
from cauda.recruitment.montages import each_contact

LEAD, SET, SIZE = "specify-5-6-5-like", "capogrosso2013", "coarse"
TOP, RAISED = "vertebra:T12", "segment:L1"
"""Where the paddle lies, and where it lies for what is asked of the segments above it."""

SUBJECTS, SEED = 5, 7
_SETTINGS = Settings(tolerance=0.005, block=0.0, warn=False)
"""As `cauda recruit` searches."""

_MIRROR = np.array([-1.0, 1.0, 1.0])


@dataclass(frozen=True, slots=True, eq=False)
class Stimulated:
    """A subject with a lead and its field.

    Attributes
    ----------
    name : str
    model : SpineModel
    lead : Lead
    field : Field
    folder : Path
        Where thresholds are kept.
    """

    name: str
    model: SpineModel
    lead: Lead
    field: Field
    folder: Path

    @property
    def contacts_mm(self) -> Floats:
        """Centers of the contacts, RAS mm, shape ``(c, 3)``."""
        return np.array([contact.center_mm for contact in self.lead.contacts])

    def recruited(
        self, fibers: Iterable[SampledFiber], pulse: Pulse, contacts: Sequence[str] | None = None
    ) -> Recruitment:
        """Return the thresholds of fibers for each contact alone, or for some of the contacts."""
        chosen = self.field.contacts if contacts is None else contacts
        every = zip(self.field.contacts, each_contact(self.field.contacts, self.field.returns), strict=True)
        montages = [one.currents_ma for name, one in every if name in chosen]
        begin = process_time()
        found = recruit(
            self.field, fibers, pulse, montages, options=Options(_SETTINGS, self.folder / "thresholds")
        )
        print(
            f"  {self.name}: {found.threshold_ma.size} thresholds, {process_time() - begin:.0f} s", flush=True
        )
        return found


def subjects(markers: Path | None) -> Iterator[tuple[str, Tracing]]:
    """Give the names and the tracings of sub-03, where its markers are there, and of virtual subjects."""
    if markers:
        yield "sub-03", annotation.read(markers)
    for index in range(SUBJECTS):
        yield f"virtual-{index + 1}", virtual_subject(SEED, index + 1)


def stimulated(name: str, model: SpineModel, folder: Path, *, top: str = TOP, size: str = SIZE) -> Stimulated:
    """Return a model with the paddle at a level, meshed and solved, or what was kept of that."""
    begin = process_time()
    placed = lead.place(lead.catalog(LEAD), model, top=top, fit="push")
    path = folder / f"{name}_{size}_{_hash(model, placed)}{field_files.ENDING}"
    if path.is_file():
        return Stimulated(name, model, placed, field_files.read(path), folder)
    field = solve(volume.mesh(model, placed, size=size), conductivities(SET))
    folder.mkdir(parents=True, exist_ok=True)
    field_files.write(field, path)
    print(f"  {name}: solved behind {top}, {size}, {process_time() - begin:.0f} s", flush=True)
    return Stimulated(name, model, placed, field, folder)


def mirror_image(tracing: Tracing) -> SpineModel:
    """Return the model that is built of the mirror image of a tracing."""
    return build(mirrored(tracing))


def mirrored_fiber(one: SampledFiber) -> SampledFiber:
    """Return the mirror image of a fiber: x changes its sign, left and right their names."""
    branches = tuple(replace(branch, path_mm=branch.path_mm * _MIRROR) for branch in one.fiber.branches)
    return replace(
        one,
        fiber=Fiber(branches, one.fiber.detection, one.fiber.closures),
        side="R" if one.side == "L" else "L",
        root=one.root.opposite if one.root else None,
    )


def mirrored_contacts(one: Stimulated, image: Stimulated) -> Ints:
    """Return for each contact of a subject the one of its mirror image that lies in its place."""
    apart = one.contacts_mm[:, None] - image.contacts_mm[None] * _MIRROR
    return np.asarray(np.linalg.norm(apart, axis=2).argmin(axis=1))


def relaid(one: SampledFiber, diameter_um: float, phase: float = 0.0) -> SampledFiber:
    """Return a fiber of another diameter on the course of a fiber; branches keep their share of the trunk's.

    Parameters
    ----------
    one : SampledFiber
    diameter_um : float
        Of the trunk.
    phase : float
        Share of an internode by which the nodes of a fiber without branches lie farther on.
    """
    trunk, *daughters = one.fiber.branches
    if not daughters:
        first_mm = phase * dimensions(diameter_um).node_spacing_um / 1000
        fiber = along(trunk.path_mm, diameter_um, first_mm=first_mm, closures=one.fiber.closures)
        return replace(one, fiber=fiber)
    sizes = [diameter_um * each.sizes.diameter_um / trunk.sizes.diameter_um for each in daughters]
    paths, closures = [each.path_mm for each in daughters], one.fiber.closures
    fiber = branched(trunk.path_mm, diameter_um, paths, sizes, closures=closures)
    return replace(one, fiber=fiber)


def _hash(model: SpineModel, placed: Lead) -> str:
    """Return what tells a model with a lead from others."""
    found = hashlib.sha256()
    for name, surface in sorted(model.surfaces.items()):
        found.update(name.encode())
        found.update(np.ascontiguousarray(surface.vertices_mm).tobytes())
    for path in model.roots:
        found.update(np.ascontiguousarray(path.points_mm).tobytes())
    for contact in placed.contacts:
        found.update(np.concatenate([contact.center_mm, *contact.outlines_mm], axis=None).tobytes())
    return found.hexdigest()[:12]
