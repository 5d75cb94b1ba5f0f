"""Placed leads on disk: a JSON file for each beside the model, and all of them in its scene."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

import cauda
from cauda.anatomy import model_files, scene_file
from cauda.anatomy.levels import parse_level
from cauda.anatomy.model import SpineModel
from cauda.arrays import Floats
from cauda.errors import CaudaError, LeadError
from cauda.files import Source, atomic, json_text, source
from cauda.lead.course import Course
from cauda.lead.indenting import indented
from cauda.lead.lead_type import document_of, type_of
from cauda.lead.placement import Contact, Indentation, Lead, Placement

BODY_COLOR = (0.62, 0.68, 0.75, 1.0)
CONTACT_COLOR = (0.80, 0.45, 0.05, 1.0)
LAYER_COLOR = (0.75, 0.70, 0.60, 0.3)
"""Linear red, green, blue and opacity in the scene; chosen for the eye."""


def write(lead: Lead, folder: str | Path, model: SpineModel | None = None) -> Path:
    """Write a lead beside its model as ``sub-XX_lead-<lead>.json``, and return that path.

    A lead of the same name is replaced. The model's scene, ``sub-XX_model.glb``, is written anew with all
    leads that were placed in this model. After a failure both files are as they were.

    Parameters
    ----------
    lead : Lead
    folder : str or Path
        ``OUT/sub-XX``, where the model is.
    model : SpineModel, optional
        The model there, if it has been read already.

    Raises
    ------
    ModelError
        If there is no model.
    LeadError
        If the lead was placed in another subject.
    """
    folder = Path(folder)
    model = model_files.read(folder) if model is None else model
    if model.subject != lead.subject:
        raise LeadError(
            f"{folder.name}: found a lead placed in sub-{lead.subject}, wanted one of this subject"
        )
    subject = f"sub-{model.subject}"
    # Its sidecar says from which model it was made, so that a lead of an older one is known.
    written = replace(lead, sources=(source(folder / f"{subject}_model.json"),))
    others = [one for one in placed(folder) if one.name != lead.name]
    shown = sorted([*others, written], key=lambda one: one.name)
    path = folder / f"{subject}_lead-{lead.name}.json"
    with atomic(folder / f"{subject}_model.glb") as scene, atomic(path) as text:
        scene_file.write_glb(scene, scene_nodes(model, shown), subject)
        text.write_text(json_text(_document(written)), "utf-8")
    return path


def read(path: str | Path) -> Lead:
    """Return the lead that `write` left in a file.

    Raises
    ------
    LeadError
        If there is no such file or it is damaged.
    """
    path = Path(path)
    if not path.is_file():
        raise LeadError(f"{path.name}: no such file; wanted one that cauda place wrote")
    try:
        return _lead(json.loads(path.read_bytes()), path.name)
    except (CaudaError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError) as error:
        reason = f"no {error}" if isinstance(error, KeyError) else str(error)
        raise LeadError(f"{path.name}: no lead of cauda's ({reason}); place it again") from error


def placed(folder: str | Path) -> tuple[Lead, ...]:
    """Return the leads that were placed in the model of a folder, by name.

    Leads of a model that has been built anew since are left out.

    Parameters
    ----------
    folder : str or Path
        ``OUT/sub-XX``.

    Raises
    ------
    LeadError
        If a file is damaged.
    """
    folder = Path(folder)
    models = sorted(folder.glob("sub-*_model.json"))
    if len(models) != 1:
        return ()
    now = (source(models[0]),)
    files = [path for path in sorted(folder.glob("sub-*_lead-*.json")) if "_" not in _after_lead(path)]
    return tuple(read(path) for path in files if _sources(path) == now)


def scene_nodes(model: SpineModel, leads: tuple[Lead, ...] | list[Lead]) -> list[scene_file.Node]:
    """Return what a scene shows of a model with its leads, the opaque first.

    A lead is a node of its own name for the insulation and one for each contact, such as
    ``octrode-like_C1``. The dura is drawn as the leads push it in.
    """
    for lead in leads:
        model = indented(model, lead)
    nodes = [*model_files.scene_nodes(model), *(node for lead in leads for node in _nodes(lead))]
    # Viewers blend transparent surfaces in the order of the file.
    return sorted(nodes, key=lambda node: -node.color[3])


def _nodes(lead: Lead) -> list[scene_file.Node]:
    names = [lead.name, *(f"{lead.name}_{contact.name}" for contact in lead.contacts)]
    nodes = [
        scene_file.Node(
            name,
            *_part(lead.vertices_mm, lead.triangles[lead.contact == index]),
            CONTACT_COLOR if index >= 0 else BODY_COLOR,
        )
        for index, name in enumerate(names, start=-1)
    ]
    if lead.encapsulation is not None:
        nodes.append(scene_file.Node(f"{lead.name}_encapsulation", *lead.encapsulation, LAYER_COLOR))
    return nodes


def _part(vertices_mm: Floats, triangles: Any) -> tuple[Floats, Any]:
    used, index = np.unique(triangles, return_inverse=True)
    return vertices_mm[used], index.reshape(-1, 3)


def _after_lead(path: Path) -> str:
    """Return what follows ``lead-`` in a name; other files of a lead, as its mesh, have more parts."""
    return path.name.partition("_lead-")[2]


def _sources(path: Path) -> tuple[Source, ...]:
    """Return what a lead was made from, without reading all of it as a lead."""
    try:
        return tuple(Source(**entry) for entry in json.loads(path.read_bytes())["sources"])
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise LeadError(f"{path.name}: no lead of cauda's ({error}); place it again, or remove it") from error


def _document(lead: Lead) -> dict[str, Any]:
    placement, dent = lead.placement, lead.indentation
    return {
        "lead": lead.name,
        "subject": lead.subject,
        "version": cauda.__version__,
        "frame": "RAS",
        "units": "mm",
        "status": lead.type.status,
        "source": lead.type.source,
        "settings": {
            "top": str(placement.top),
            "lateral_mm": placement.lateral_mm,
            "angle_deg": placement.angle_deg,
            "fit": placement.fit,
            "encapsulation_mm": placement.encapsulation_mm,
        },
        "sources": [asdict(one) for one in lead.sources],
        "measures": dict(lead.measures),
        "indentation": None
        if dent is None
        else {
            "most_mm": dent.most_mm,
            "at_mm": dent.at_mm.tolist(),
            "least_room_mm": dent.least_room_mm,
        },
        "contacts": [_contact_entry(contact) for contact in lead.contacts],
        "course": {
            "arc_mm": lead.course.arc_mm.tolist(),
            "points_mm": lead.course.points_mm.tolist(),
            "across": lead.course.across.tolist(),
        },
        "type": document_of(lead.type),
        "body": {
            "vertices_mm": lead.vertices_mm.tolist(),
            "triangles": lead.triangles.tolist(),
            "contact": lead.contact.tolist(),
        },
        "encapsulation": None
        if lead.encapsulation is None
        else {
            "vertices_mm": lead.encapsulation[0].tolist(),
            "triangles": lead.encapsulation[1].tolist(),
        },
    }


def _contact_entry(contact: Contact) -> dict[str, Any]:
    return {
        "name": contact.name,
        "center_mm": contact.center_mm.tolist(),
        "normal": contact.normal.tolist(),
        "area_mm2": contact.area_mm2,
        "dura_mm": contact.dura_mm,
        "outlines_mm": [outline.tolist() for outline in contact.outlines_mm],
    }


def _lead(document: Mapping[str, Any], file: str) -> Lead:
    if document["frame"] != "RAS" or document["units"] != "mm":
        raise ValueError(f"frame {document['frame']!r}, units {document['units']!r}; wanted RAS and mm")
    settings, course, body = document["settings"], document["course"], document["body"]
    around, dent = document["encapsulation"], document["indentation"]
    return Lead(
        type=type_of(document["type"], file),
        subject=str(document["subject"]),
        placement=Placement(**settings | {"top": parse_level(settings["top"])}),
        course=Course(course["arc_mm"], course["points_mm"], course["across"]),
        vertices_mm=body["vertices_mm"],
        triangles=body["triangles"],
        contact=body["contact"],
        contacts=tuple(_contact(entry) for entry in document["contacts"]),
        encapsulation=None if around is None else (around["vertices_mm"], around["triangles"]),
        indentation=None if dent is None else Indentation(**dent),
        measures=MappingProxyType(document["measures"]),
        sources=tuple(Source(**entry) for entry in document["sources"]),
    )


def _contact(entry: Mapping[str, Any]) -> Contact:
    return Contact(
        name=entry["name"],
        outlines_mm=tuple(entry["outlines_mm"]),
        center_mm=entry["center_mm"],
        normal=entry["normal"],
        area_mm2=float(entry["area_mm2"]),
        dura_mm=float(entry["dura_mm"]),
    )
