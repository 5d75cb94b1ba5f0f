"""Bars of a mesh: angles, volumes, faces and connections, held against the solids of the model.

    python -m benchmarks.verify_mesh OUT/sub-03 [--lead NAME] [--size normal] [--json]

The mesh is made here and measured from its tetrahedra alone: what it says of itself is not asked.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from benchmarks.bars import Bar, at_least, at_most, none

from cauda import lead, volume
from cauda.anatomy import model_files
from cauda.anatomy.distance import nearest
from cauda.anatomy.model import SpineModel, Surface
from cauda.arrays import Floats, Ints
from cauda.lead import Lead
from cauda.volume import quality
from cauda.volume.interfaces import interfaces
from cauda.volume.mesh import VolumeMesh

TETRAHEDRA = {"coarse": (0.0, 1.2e6), "normal": (1e6, 3e6), "fine": (1e6, 9e6)}
VOLUME_OFF = {"coarse": 0.10, "normal": 0.03, "fine": 0.03}
RMS_MM, MOST_MM = 0.02, 0.05
_HELD = ("white_matter", "gray_matter", "csf", "dorsal_root", "ventral_root", "ganglion", "nerve", "filum")
"""Tissues whose volume has a bar."""

_KINDS = {"dorsal_root": "roots", "ventral_root": "roots", "gray_matter": "gray matter"}
_CORD = ("white_matter", "gray_matter")

_PIECES_AT_ONCE = 200_000
# What ru_maxrss counts in: bytes on macOS, 1024 bytes elsewhere.
_MEMORY_UNIT_MB = (1 if sys.platform == "darwin" else 1024) / 1e6


@dataclass(frozen=True, slots=True)
class Faces:
    """How far the faces of regions lie off the surfaces of the model.

    Attributes
    ----------
    number : int
        Of faces.
    rms_mm : float
        Root of the mean square over their area.
    most_mm : float
        Of all points that were looked at: corners, middles of edges, and centroids.
    beyond : float
        Share of the faces that reach farther off than 0.05 mm.
    """

    number: int
    rms_mm: float
    most_mm: float
    beyond: float


def main() -> int:
    """Mesh the model of a folder, print the bars, return 1 where one is missed."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("folder", type=Path, help="with the model of one subject")
    parser.add_argument("--lead", help="one of the catalog, placed behind vertebra T12; else none")
    parser.add_argument("--size", default="normal", choices=tuple(TETRAHEDRA), help="(normal)")
    parser.add_argument("--json", action="store_true", help="print one line of JSON at the end")
    given = parser.parse_args()
    model = model_files.read(given.folder)
    placed = None
    if given.lead:
        placed = lead.place(lead.catalog(given.lead), model, top="vertebra:T12", fit="push")
    begin = resource.getrusage(resource.RUSAGE_SELF).ru_utime
    mesh = volume.mesh(model, placed, size=given.size)
    used = resource.getrusage(resource.RUSAGE_SELF)
    seconds, peak = used.ru_utime - begin, used.ru_maxrss * _MEMORY_UNIT_MB
    bars = [*mesh_bars(model, placed, mesh), *cost_bars(mesh, seconds, peak)]
    for bar in bars:
        print(f"{'  ' if bar.met else 'X '}{bar.name:52} {bar.value:52} {bar.wanted}")
    if given.json:
        print(json.dumps([asdict(bar) for bar in bars]))
    return 0 if all(bar.met for bar in bars) else 1


def cost_bars(mesh: VolumeMesh, user_s: float, peak_mb: float) -> Iterator[Bar]:
    """Bars of the number of tetrahedra, and of what they cost at normal size."""
    size = str(mesh.settings["size"])
    least, most = TETRAHEDRA[size]
    count = len(mesh.tetrahedra)
    yield Bar("tetrahedra", f"{count}", f"{least:g} to {most:g}", least <= count <= most)
    if size == "normal":
        yield at_most("user CPU time", user_s, 90, 1, " s")
        yield at_most("memory, peak", peak_mb, 6000, 0, " MB")


def mesh_bars(model: SpineModel, placed: Lead | None, mesh: VolumeMesh) -> Iterator[Bar]:
    """Bars of all that a mesh must be, whatever its size."""
    size = str(mesh.settings["size"])
    yield none("tetrahedra that are inverted", [str(k) for k in np.flatnonzero(mesh.volumes_mm3 <= 0)])
    angle = np.concatenate(
        [
            quality.dihedral_deg(mesh.points_mm, part)[:, 0]
            for part in np.array_split(mesh.tetrahedra, max(1, len(mesh.tetrahedra) // _PIECES_AT_ONCE))
        ]
    )
    yield at_least("dihedral angle, smallest", float(angle.min()), 1.0, 2, " deg")
    yield at_least("tetrahedra with all angles >= 5 deg", 100 * float((angle >= 5).mean()), 99.9, 3, " %")
    everything = np.zeros_like(mesh.label)
    pieces = int(quality.pieces(mesh.tetrahedra, everything, 1, len(mesh.points_mm))[0])
    yield Bar("pieces of the mesh", str(pieces), "1", pieces == 1)
    yield none("faces of one tetrahedron that lie within the mesh", _hanging(mesh))
    yield none("regions of the model that are not in the mesh", _absent(model, placed, mesh))
    yield none("roots and ganglia that are interrupted", _interrupted(mesh))
    solids = lead.indented(model, placed).surfaces if placed else model.surfaces
    off = dict(_volumes_off(solids, placed, mesh))
    worst = max(off, key=lambda name: abs(off[name]))
    limit = 100 * VOLUME_OFF[size]
    yield at_most("volume of a region off its solid's, most", 100 * abs(off[worst]), limit, 2, " %", worst)
    if size != "coarse":
        yield from _face_bars(solids, placed, mesh)
    shared = sum(mesh.measures["touching"].values())
    whole = sum(
        mesh.measures["regions"][label.name]["surface_mm2"]
        for label in mesh.labels
        if label.tissue in ("dorsal_root", "ventral_root")
    )
    yield Bar("roots that touch each other, of their surface", f"{100 * shared / whole:.3f} %", "-", True)


def _hanging(mesh: VolumeMesh) -> list[str]:
    everything = interfaces(mesh, np.zeros_like(mesh.label)).triangles
    marked = np.isin(mesh.face_mark, [mesh.marks.index(name) for name in ("case", "end")])
    outer = {tuple(row) for row in np.sort(mesh.faces[marked], axis=1).tolist()}
    return [str(row) for row in np.sort(everything, axis=1).tolist() if tuple(row) not in outer]


def _absent(model: SpineModel, placed: Lead | None, mesh: VolumeMesh) -> list[str]:
    wanted = {name for name, one in model.surfaces.items() if one.kind == "region"}
    wanted |= {contact.name for contact in placed.contacts} if placed else set()
    wanted -= {name for name in wanted if "rootlet" in str(getattr(model.surfaces.get(name), "part", ""))}
    there = {mesh.labels[k].name for k in np.unique(mesh.label)}
    return sorted(wanted - there)


def _interrupted(mesh: VolumeMesh) -> list[str]:
    """Return roots that are not one piece, or do not reach from the cord to what comes after."""
    names = [label.name for label in mesh.labels]
    number = quality.pieces(mesh.tetrahedra, mesh.label, len(names), len(mesh.points_mm))
    found = [names[k] for k in range(len(names)) if number[k] > 1 and _is_root(mesh, k)]
    meeting = _meeting(mesh)
    cord = [k for k, name in enumerate(names) if name in ("white_matter", "gray_matter")]
    for k, name in enumerate(names):
        if not _is_root(mesh, k) or name.endswith(("_ganglion", "_nerve")):
            continue
        after = [
            other
            for other, label in enumerate(mesh.labels)
            if label.root == mesh.labels[k].root and label.tissue in ("ganglion", "nerve")
        ]
        for ends in (cord, after):
            if ends and not any((min(k, end), max(k, end)) in meeting for end in ends):
                found.append(f"{name} does not reach {names[ends[0]]}")
    return found


def _is_root(mesh: VolumeMesh, k: int) -> bool:
    return mesh.labels[k].tissue in ("dorsal_root", "ventral_root", "ganglion", "nerve")


def _meeting(mesh: VolumeMesh) -> set[tuple[int, int]]:
    """Pairs of labels that share a face."""
    found = interfaces(mesh, mesh.label)
    order = np.lexsort(np.sort(found.triangles, axis=1).T)
    key, group = np.sort(found.triangles, axis=1)[order], found.group[order]
    same = (key[1:] == key[:-1]).all(axis=1)
    pair = np.sort(np.stack([group[:-1][same], group[1:][same]], axis=1), axis=1)
    return {(int(one), int(two)) for one, two in np.unique(pair, axis=0)}


def _volumes_off(
    solids: Mapping[str, Surface], placed: Lead | None, mesh: VolumeMesh
) -> Iterator[tuple[str, float]]:
    found = np.bincount(mesh.label, mesh.volumes_mm3, len(mesh.labels))
    for k, label in enumerate(mesh.labels):
        if label.tissue in _HELD and label.name in solids:
            one = solids[label.name]
            yield label.name, found[k] / _volume_mm3(one.vertices_mm, one.triangles) - 1
        elif placed and label.tissue == "contact":
            area = next(each.area_mm2 for each in placed.contacts if each.name == label.name)
            faces = mesh.points_mm[mesh.marked(label.name)]
            normal = np.cross(faces[:, 1] - faces[:, 0], faces[:, 2] - faces[:, 0])
            yield f"{label.name} (area)", float(np.linalg.norm(normal, axis=1).sum()) / 2 / area - 1


def _volume_mm3(vertices: Floats, triangles: Ints) -> float:
    corner = (vertices - vertices.mean(axis=0))[triangles]
    return float(np.einsum("ij,ij->i", corner[:, 0], np.cross(corner[:, 1], corner[:, 2])).sum() / 6)


def _face_bars(solids: Mapping[str, Surface], placed: Lead | None, mesh: VolumeMesh) -> Iterator[Bar]:
    for kind, found in faces_off(solids, placed, mesh).items():
        worst = max(found, key=lambda k: found[k].rms_mm)
        yield at_most(f"faces of {kind} off, rms of the worst", found[worst].rms_mm, RMS_MM, 4, " mm", worst)
        worst = max(found, key=lambda k: found[k].most_mm)
        yield at_most(f"faces of {kind} off, largest", found[worst].most_mm, MOST_MM, 4, " mm", worst)
        beyond = round(sum(each.beyond * each.number for each in found.values()))
        number = sum(each.number for each in found.values())
        text = f"{100 * beyond / number:.4f} % ({beyond} of {number})"
        yield Bar(f"faces of {kind} off, beyond", text, f"by more than {MOST_MM} mm: 0", not beyond)


def faces_off(
    solids: Mapping[str, Surface], placed: Lead | None, mesh: VolumeMesh
) -> dict[str, dict[str, Faces]]:
    """Return how far faces lie off the surface of their own region in the model, by kind and name.

    Left out are faces of the cut at the cranial end. Those of contacts are held against the body of the lead.
    """
    kinds: dict[str, dict[str, Faces]] = {}
    found = interfaces(mesh, mesh.label)
    for k, label in enumerate(mesh.labels):
        if kind := _KINDS.get(label.tissue):
            one = solids[label.name]
            kinds.setdefault(kind, {})[label.name] = _off(mesh, found.of(k), one.vertices_mm, one.triangles)
    cord = np.isin(mesh.label, [k for k, label in enumerate(mesh.labels) if label.tissue in _CORD])
    outer = interfaces(mesh, cord.astype(np.int64)).of(1)
    kinds["cord"] = {"cord": _off(mesh, outer, solids["cord"].vertices_mm, solids["cord"].triangles)}
    for contact in placed.contacts if placed else ():
        assert placed is not None
        off = _off(mesh, mesh.marked(contact.name), placed.vertices_mm, placed.triangles)
        kinds.setdefault("contacts", {})[contact.name] = off
    return kinds


def _off(mesh: VolumeMesh, triangles: Ints, vertices: Floats, surface: Ints) -> Faces:
    at_end = np.zeros(len(mesh.points_mm), dtype=bool)
    at_end[mesh.marked("end") if "end" in mesh.marks else ()] = True
    corner = mesh.points_mm[triangles[~at_end[triangles].all(axis=1)]]
    area = np.linalg.norm(np.cross(corner[:, 1] - corner[:, 0], corner[:, 2] - corner[:, 0]), axis=1) / 2
    middles = (corner + np.roll(corner, 1, axis=1)) / 2
    samples = np.concatenate([corner, middles, corner.mean(axis=1, keepdims=True)], axis=1)
    unique, back = np.unique(samples.reshape(-1, 3), axis=0, return_inverse=True)
    away = np.abs(nearest(unique, vertices, surface).distance_mm)[back.ravel()].reshape(-1, 7)
    # Weights of the rule that is exact for cubic polynomials over a triangle.
    square = (away**2 * np.array([3, 3, 3, 8, 8, 8, 27]) / 60).sum(axis=1)
    most = away.max(axis=1)
    rms = float(np.sqrt((square * area).sum() / area.sum()))
    return Faces(len(corner), rms, float(most.max()), float((most > MOST_MM).mean()))


if __name__ == "__main__":
    sys.exit(main())
