"""A mesh with a contact for each name, made by hand: quick, and good enough to solve on."""

from collections.abc import Callable, Sequence

import numpy as np
from tests.volume.blocks import block

from cauda.annotation.tracing import RootName
from cauda.volume import Extent
from cauda.volume.interfaces import interfaces
from cauda.volume.mesh import Label, VolumeMesh

CSF, ROOT, LEAD, FIRST_CONTACT = 0, 1, 2, 3


def rod(contacts: Sequence[str], edge_mm: float = 1.0) -> VolumeMesh:
    """Return a cube of CSF with a straight root in it and a lead beside that, each contact of it one cell.

    Both along z. The lateral faces of the cube are marked ``case``, its top and bottom ``end``.
    """
    side = 2 * len(contacts) + 1
    whole = block(side, edge_mm)
    corner = whole.points_mm.min(axis=0)
    cell = np.floor((whole.points_mm[whole.tetrahedra].mean(axis=1) - corner) / edge_mm).astype(int)
    middle = side // 2
    label = np.full(len(cell), CSF)
    label[(cell[:, 0] == middle - 2) & (cell[:, 1] == middle)] = ROOT
    lead = (cell[:, 0] == middle) & (cell[:, 1] == middle) & (cell[:, 2] > 0) & (cell[:, 2] < side - 1)
    label[lead] = LEAD
    label[lead & (cell[:, 2] % 2 == 1)] = FIRST_CONTACT + cell[lead & (cell[:, 2] % 2 == 1), 2] // 2
    labels = (
        Label("csf", "csf"),
        Label("L4_L_dorsal", "dorsal_root", RootName("L4", "L")),
        Label("lead", "insulation"),
        *(Label(name, "contact") for name in contacts),
    )
    faces, mark = _marked(whole, label, side * edge_mm)
    return VolumeMesh(
        points_mm=whole.points_mm,
        tetrahedra=whole.tetrahedra,
        label=label,
        labels=labels,
        direction=np.where((label == ROOT)[:, None], [0.0, 0.0, 1.0], 0.0),
        faces=faces,
        face_mark=mark,
        marks=(*contacts, "case", "end"),
        settings={},
        measures={},
    )


def _marked(whole: VolumeMesh, label: np.ndarray, length_mm: float) -> tuple[np.ndarray, np.ndarray]:
    contacts = int(label.max()) - FIRST_CONTACT + 1
    found = interfaces(whole, label)
    of_contacts = found.group >= FIRST_CONTACT
    hull = interfaces(whole, np.zeros_like(label)).triangles
    height = whole.points_mm[hull][:, :, 2] - whole.points_mm[:, 2].min()
    end = (height < 1e-9).all(axis=1) | (height > length_mm - 1e-9).all(axis=1)
    faces = np.concatenate([found.triangles[of_contacts], hull])
    return faces, np.concatenate([found.group[of_contacts] - FIRST_CONTACT, contacts + end])


Told = Callable[[str, float], None] | None


def meshed(_model: object, lead: object, *, size: str, extent: Extent, progress: Told = None) -> VolumeMesh:
    """Return a rod for a lead, in the place of what meshes a model."""
    if progress:
        progress(f"a rod, {size}, {extent}", 0.5)
    names: list[str] = [contact.name for contact in lead.contacts]  # type: ignore[attr-defined]
    return rod(names)
