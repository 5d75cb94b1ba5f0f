"""A model on disk: one JSON file, one file for each surface, one scene to look at."""

from __future__ import annotations

import json
import re
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

import cauda
from cauda.anatomy import scene_file, surface_files
from cauda.anatomy.axes import Axes
from cauda.anatomy.model import RootPath, Segment, SpineModel, Surface, Vertebra
from cauda.annotation.tracing import RootName
from cauda.arrays import Floats, frozen, vector
from cauda.errors import Finding, ModelError
from cauda.files import Source, write_bytes, write_text
from cauda.frames import Frame

FORMATS = ("ply", "stl", "glb", "vtp", "obj")
"""Formats that `write` knows."""

COLORS: Mapping[str, tuple[float, float, float, float]] = MappingProxyType(
    {
        "cord": (0.85, 0.70, 0.42, 1.0),
        "gray_matter": (0.62, 0.42, 0.36, 1.0),
        "filum": (0.85, 0.70, 0.42, 1.0),
        "dorsal_root": (0.90, 0.55, 0.20, 1.0),
        "ventral_root": (0.55, 0.35, 0.60, 1.0),
        "ganglion": (0.75, 0.25, 0.15, 1.0),
        "nerve": (0.80, 0.62, 0.12, 1.0),
        "white_matter": (0.90, 0.82, 0.62, 0.45),
        "dura": (0.55, 0.60, 0.68, 0.25),
        "csf": (0.20, 0.45, 0.80, 0.12),
        "fat": (0.95, 0.85, 0.35, 0.08),
        "soft_tissue": (0.70, 0.45, 0.42, 0.05),
    }
)
"""Color of each tissue: red, green, blue, opacity, linear; chosen for the eye."""

Content = bytes | Callable[[Path], None]


def write(
    model: SpineModel,
    out: str | Path,
    formats: Sequence[str] = ("ply",),
    frame: Frame = "RAS",
    extra: Mapping[str, Content] = MappingProxyType({}),
) -> Path:
    """Write a model under ``out/sub-XX`` whole or not at all, and return that folder.

    ``sub-XX_model.json``, ``sub-XX_model.glb`` and the whole folder ``surfaces`` are replaced; whatever else
    lies in the folder stays. After a failure or an interrupt the folder is as it was.

    Parameters
    ----------
    model : SpineModel
    out : str or Path
        Folder of all subjects; made where it is absent.
    formats : sequence of str
        Of the surfaces, see `FORMATS`. The GLB scene is written whatever they are.
    frame : "RAS" or "LPS"
        Frame of the surface files. The JSON file and the scene are always made from RAS.
    extra : mapping of str to bytes or callable
        Further files of the folder by name: their bytes, or a function that writes them to the path it gets.

    Raises
    ------
    ModelError
        If a format is not one of `FORMATS`.
    """
    out = Path(out)
    unknown = sorted(set(formats) - set(FORMATS))
    if unknown:
        raise ModelError(f"formats: {', '.join(unknown)} is not known; wanted some of {', '.join(FORMATS)}")
    subject = f"sub-{model.subject}"
    kinds = [name for name in FORMATS if name in formats and name in surface_files.WRITERS]
    with _replaced(out / subject) as new:
        (new / "surfaces").mkdir()
        for surface in model.surfaces.values():
            for kind in kinds:
                file = new / _file(subject, surface.name, kind)
                surface_files.WRITERS[kind](file, surface.vertices_mm, surface.triangles, frame)
        scene_file.write_glb(new / f"{subject}_model.glb", scene_nodes(model), subject)
        for name, content in extra.items():
            _write_content(new / name, content)
        write_text(new / f"{subject}_model.json", _json(_document(model, kinds, frame)))
    return out / subject


def read(folder: str | Path) -> SpineModel:
    """Return the model that `write` left in a folder, from its JSON file and its PLY surfaces.

    Parameters
    ----------
    folder : str or Path
        ``OUT/sub-XX``.

    Raises
    ------
    ModelError
        If there is no model, its surfaces are not there as PLY, or a file is damaged.
    """
    folder = Path(folder)
    path = _model_json(folder)
    try:
        document = json.loads(path.read_bytes())
        if not isinstance(document, dict):
            raise TypeError("it holds no object")
        return _model(document, folder)
    except ModelError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, OSError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise ModelError(f"{path.name}: no model of cauda's ({reason}); build the model again") from error


@contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """Give an empty folder; in the end put what it holds into `folder`, or nothing of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    new, old = work / "new", work / "old"
    try:
        new.mkdir()
        old.mkdir()
        yield new
        if folder.is_dir():
            _exchange(new, folder, old)
        else:
            new.rename(folder)
    finally:
        shutil.rmtree(work, ignore_errors=True)


def _exchange(new: Path, folder: Path, old: Path) -> None:
    entries = sorted(new.iterdir())
    try:
        for entry in entries:
            place = folder / entry.name
            if place.exists():
                place.rename(old / entry.name)
            entry.rename(place)
    except BaseException:
        for entry in entries:
            place, backup = folder / entry.name, old / entry.name
            if not entry.exists():
                place.rename(entry)
            if backup.exists():
                backup.rename(place)
        raise


def _write_content(path: Path, content: Content) -> None:
    if isinstance(content, bytes):
        write_bytes(path, content)
    else:
        content(path)


def scene_nodes(model: SpineModel) -> list[scene_file.Node]:
    """Return the regions of a model as nodes of a GLB scene."""
    # Viewers blend transparent surfaces in the order of the file: the innermost come first.
    regions = [surface for surface in model.surfaces.values() if surface.kind == "region"]
    regions.sort(key=lambda surface: -_color(surface)[3])
    return [
        scene_file.Node(surface.name, surface.vertices_mm, surface.triangles, _color(surface))
        for surface in regions
    ]


def _color(surface: Surface) -> tuple[float, float, float, float]:
    return COLORS.get(surface.tissue, (0.6, 0.6, 0.6, 1.0))


def _document(model: SpineModel, kinds: Sequence[str], frame: Frame) -> dict[str, Any]:
    subject = f"sub-{model.subject}"
    return {
        "subject": model.subject,
        "version": cauda.__version__,
        "frame": "RAS",
        "surface_frame": frame,
        "units": "mm",
        "axes": {"origin_mm": model.axes.origin_mm.tolist(), "rotation": model.axes.rotation.tolist()},
        "settings": dict(model.settings),
        "sources": [asdict(source) for source in model.sources],
        "surfaces": [_surface_entry(surface, subject, kinds) for surface in model.surfaces.values()],
        "roots": [_root_entry(path) for path in model.roots],
        "segments": [_segment_entry(segment) for segment in model.segments],
        "vertebrae": [_vertebra_entry(vertebra) for vertebra in model.vertebrae],
        "findings": [asdict(finding) for finding in model.findings],
        "measures": dict(model.measures),
    }


def _surface_entry(surface: Surface, subject: str, kinds: Sequence[str]) -> dict[str, Any]:
    return {
        "name": surface.name,
        "kind": surface.kind,
        "tissue": surface.tissue,
        "root": None if surface.root is None else str(surface.root),
        "part": surface.part,
        "provenance": surface.provenance,
        "file": _file(subject, surface.name, kinds[0]) if kinds else None,
        "volume_mm3": round(surface.volume_mm3, 6),
        "area_mm2": round(surface.area_mm2, 6),
    }


def _root_entry(path: RootPath) -> dict[str, Any]:
    return {
        "root": str(path.root),
        "part": path.part,
        "k": path.k,
        "points_mm": _rounded(path.points_mm),
        "radius_mm": _rounded(path.radius_mm),
        "provenance": list(path.provenance),
        "displacement_mm": _rounded(path.displacement_mm),
    }


def _segment_entry(segment: Segment) -> dict[str, Any]:
    return {
        "level": segment.level,
        "rostral_mm": _rounded(segment.rostral_mm),
        "caudal_mm": _rounded(segment.caudal_mm),
        "entry_mm": None if segment.entry_mm is None else _rounded(segment.entry_mm),
        "length_mm": round(segment.length_mm, 6),
        "published_length_mm": segment.published_length_mm,
        "horns_mm": {name: _rounded(point) for name, point in segment.horns_mm.items()},
        "gray_share": None if segment.gray_share is None else round(segment.gray_share, 6),
        "provenance": segment.provenance,
    }


def _vertebra_entry(vertebra: Vertebra) -> dict[str, Any]:
    return {
        "level": vertebra.level,
        "upper_mm": _rounded(vertebra.upper_mm),
        "lower_mm": _rounded(vertebra.lower_mm),
        "provenance": vertebra.provenance,
    }


def _rounded(values: Floats) -> list[Any]:
    listed: list[Any] = (np.round(values, 6) + 0.0).tolist()
    return listed


def _file(subject: str, name: str, kind: str) -> str:
    return f"surfaces/{subject}_{name}.{kind}"


_SIMPLE_LIST = re.compile(r'\[\n\s+((?:-?[\d.e+-]+|"\w+")(?:,\n\s+(?:-?[\d.e+-]+|"\w+"))*)\n\s+\]')


def _json(document: dict[str, Any]) -> str:
    """JSON with one line for each list of numbers or words."""
    text = json.dumps(document, indent=1, allow_nan=False, ensure_ascii=False)
    return _SIMPLE_LIST.sub(lambda found: "[" + re.sub(r"\n\s+", " ", found[1]) + "]", text) + "\n"


def _model_json(folder: Path) -> Path:
    found = sorted(folder.glob("sub-*_model.json")) if folder.is_dir() else []
    if len(found) != 1:
        what = f"{len(found)} files" if found else "no file"
        raise ModelError(f"{folder.name}: {what} sub-XX_model.json; wanted a folder that cauda build wrote")
    return found[0]


def _model(document: dict[str, Any], folder: Path) -> SpineModel:
    if document["frame"] != "RAS" or document["units"] != "mm":
        raise ValueError(f"frame {document['frame']!r}, units {document['units']!r}; wanted RAS and mm")
    surfaces = [_surface(entry, folder) for entry in document["surfaces"]]
    return SpineModel(
        subject=str(document["subject"]),
        surfaces=MappingProxyType({surface.name: surface for surface in surfaces}),
        roots=tuple(_root(entry) for entry in document["roots"]),
        axes=Axes(
            vector(document["axes"]["origin_mm"], "axes: origin", length=3),
            frozen(np.array(document["axes"]["rotation"], dtype=np.float64).reshape(3, 3)),
        ),
        segments=tuple(_segment(entry) for entry in document["segments"]),
        vertebrae=tuple(_vertebra(entry) for entry in document["vertebrae"]),
        settings=MappingProxyType(document["settings"]),
        measures=MappingProxyType(document["measures"]),
        sources=tuple(Source(**entry) for entry in document["sources"]),
        findings=tuple(Finding(**entry) for entry in document["findings"]),
    )


def _surface(entry: dict[str, Any], folder: Path) -> Surface:
    file = entry["file"]
    if file is None or not file.endswith(".ply"):
        raise ModelError(f"{entry['name']}: no surface as PLY; build the model again with --formats ply")
    vertices_mm, triangles = surface_files.read_ply(folder / file)
    root = None if entry["root"] is None else RootName.parse(entry["root"])
    if entry["kind"] not in ("region", "boundary"):
        raise ValueError(f"{entry['name']} is of kind {entry['kind']!r}, wanted region or boundary")
    return Surface(
        name=entry["name"],
        kind=entry["kind"],
        tissue=entry["tissue"],
        root=root,
        part=entry["part"],
        provenance=entry["provenance"],
        vertices_mm=vertices_mm,
        triangles=triangles,
    )


def _segment(entry: dict[str, Any]) -> Segment:
    name = f"segment {entry['level']}"
    entered = entry["entry_mm"]
    return Segment(
        level=entry["level"],
        rostral_mm=vector(entry["rostral_mm"], name, length=3),
        caudal_mm=vector(entry["caudal_mm"], name, length=3),
        entry_mm=None if entered is None else vector(entered, name, length=3),
        published_length_mm=float(entry["published_length_mm"]),
        horns_mm=MappingProxyType(
            {horn: vector(point, f"{name}: {horn}", length=3) for horn, point in entry["horns_mm"].items()}
        ),
        gray_share=entry["gray_share"],
        provenance=entry["provenance"],
    )


def _vertebra(entry: dict[str, Any]) -> Vertebra:
    name = f"vertebra {entry['level']}"
    return Vertebra(
        level=entry["level"],
        upper_mm=vector(entry["upper_mm"], name, length=3),
        lower_mm=vector(entry["lower_mm"], name, length=3),
        provenance=entry["provenance"],
    )


def _root(entry: dict[str, Any]) -> RootPath:
    try:
        return RootPath(
            root=RootName.parse(entry["root"]),
            part=entry["part"],
            points_mm=entry["points_mm"],
            radius_mm=entry["radius_mm"],
            provenance=tuple(entry["provenance"]),
            displacement_mm=entry["displacement_mm"],
            k=entry["k"],
        )
    except ModelError as error:
        raise ValueError(str(error)) from error
