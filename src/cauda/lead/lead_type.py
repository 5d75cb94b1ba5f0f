"""Kinds of leads, and the catalog of them: JSON files that a user can add to."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable
from itertools import combinations
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from cauda.errors import LeadError
from cauda.lead.schema import Schema, conform

Kind = Literal["paddle", "percutaneous"]
Status = Literal["seen", "seen-secondhand", "recalled", "assumed"]

READ: tuple[Status, ...] = ("seen", "seen-secondhand")
"""Of a lead whose sizes were read somewhere; the name of any other one ends in ``-like``."""

LEAST_GAP_MM = 0.05
"""Between two contacts, and from a contact to where the body ends or is rounded."""

_CASE = "case"


@dataclass(frozen=True, slots=True)
class ContactPlace:
    """A contact on a lead that lies straight and flat.

    Attributes
    ----------
    name : str
        Such as ``C1``.
    along_mm : float
        From the lead's cranial end to the contact's center.
    length_mm : float
        Along the lead.
    across_mm : float
        Of the center, to the subject's right; 0 of a ring.
    width_mm : float or None
        Across; None of a ring, which goes all round.
    """

    name: str
    along_mm: float
    length_mm: float
    across_mm: float = 0.0
    width_mm: float | None = None

    @property
    def cranial_mm(self) -> float:
        """From the lead's cranial end to the contact's cranial end."""
        return self.along_mm - self.length_mm / 2

    @property
    def caudal_mm(self) -> float:
        """From the lead's cranial end to the contact's caudal end."""
        return self.along_mm + self.length_mm / 2


@dataclass(frozen=True, slots=True)
class Body:
    """What carries the contacts.

    Attributes
    ----------
    length_mm, width_mm, thickness_mm : float
        Of a percutaneous lead, which is a cylinder with rounded ends, width and thickness are its diameter.
    corner_radius_mm : float
        Of the four corners of a paddle, seen from the dura; of a cylinder half its diameter.
    bending_length_mm : float
        How far along the lead a force at one point bends it against the tissue: (4 EI / k)^(1/4).
    """

    length_mm: float
    width_mm: float
    thickness_mm: float
    corner_radius_mm: float
    bending_length_mm: float


@dataclass(frozen=True, slots=True, eq=False)
class LeadType:
    """A lead as the catalog describes it.

    Attributes
    ----------
    name, title : str
        Short and long name.
    kind : "paddle" or "percutaneous"
    status : "seen", "seen-secondhand", "recalled" or "assumed"
        Where its sizes come from: read in the source, read in another work that names it, recalled and to be
        checked, assumed.
    source : str
    insulation : str
        Material of the body.
    numbering : str
        In which order the contacts are numbered.
    body : Body
    contacts : tuple of ContactPlace
    models : tuple of str
        The manufacturer's numbers.
    assumed : mapping of str to str
        Sizes that the source does not tell, and why they are as they are.

    Raises
    ------
    LeadError
        If a contact has the name of another one or lies off the body or on another one, the corners are
        rounder than the paddle is wide, or a lead whose sizes were not read is not named ``-like``.
    """

    name: str
    title: str
    kind: Kind
    status: Status
    source: str
    insulation: str
    numbering: str
    body: Body
    contacts: tuple[ContactPlace, ...]
    models: tuple[str, ...]
    assumed: Mapping[str, str]

    def __post_init__(self) -> None:
        if self.status not in READ and not self.name.endswith("-like"):
            raise LeadError(
                f"{self.name}: found a status of {self.status!r}, wanted a name that ends in -like, or sizes "
                f"that were read (status {' or '.join(READ)})"
            )
        _check_names(self)
        _check_body(self)
        _check_overlaps(self)

    @property
    def first_contact_mm(self) -> float:
        """From the cranial end of the lead to that of its most cranial contact."""
        return min(contact.cranial_mm for contact in self.contacts)

    @property
    def size(self) -> str:
        """Its measures in words.

        Examples
        --------
        >>> catalog("octrode-like").size
        '1.4 x 64 mm'
        """
        body = self.body
        if self.kind == "percutaneous":
            return f"{body.width_mm:g} x {body.length_mm:g} mm"
        return f"{body.width_mm:g} x {body.length_mm:g} x {body.thickness_mm:g} mm"


def catalog(name: str, folder: str | Path | None = None) -> LeadType:
    """Return a lead of the catalog.

    Parameters
    ----------
    name : str
        Its name, such as ``specify-5-6-5-like``, or the path of a JSON file of one's own.
    folder : str or Path, optional
        Of further JSON files. A lead there goes before one of that name in the catalog of the package.

    Raises
    ------
    LeadError
        If there is no such lead (the message lists those that there are), or a file is not as the schema
        wants it.

    Examples
    --------
    >>> len(catalog("specify-5-6-5-like").contacts)
    16
    """
    if name.endswith(".json"):
        return read_type(Path(name))
    found = {one.name: one for one in leads(folder)}
    if name not in found:
        raise LeadError(f"lead {name!r}: wanted one of {', '.join(found)}, or a JSON file of your own")
    return found[name]


def leads(folder: str | Path | None = None) -> tuple[LeadType, ...]:
    """Return all leads, first those of the package: paddles before percutaneous leads, then by name.

    Parameters
    ----------
    folder : str or Path, optional
        Of further JSON files; a lead there replaces one of that name.

    Raises
    ------
    LeadError
        If the folder holds no lead or two of one name, or a file is not as the schema wants it.
    """
    own = {} if folder is None else _read_folder(Path(folder))
    shipped = [one for one in _shipped() if one.name not in own]
    return (*shipped, *sorted(own.values(), key=_order))


def read_type(path: str | Path) -> LeadType:
    """Return the lead that a JSON file describes.

    Raises
    ------
    LeadError
        If there is no such file, or it is not as the schema wants it.
    """
    path = Path(path)
    if not path.is_file():
        raise LeadError(f"{path.name}: no such file; wanted the JSON file of a lead")
    return _read(path)


def type_of(document: object, where: str) -> LeadType:
    """Return the lead that a document describes, as `json.loads` gives it; `where` names it for messages.

    Raises
    ------
    LeadError
        If it is not as the schema wants it.
    """
    conform(document, _schema(), where)
    assert isinstance(document, dict)
    try:
        return _lead_type(document)
    except LeadError as error:
        raise LeadError(f"{where}: {error}") from error


def document_of(lead_type: LeadType) -> dict[str, Any]:
    """Return a lead as the document that `type_of` takes."""
    body, paddle = lead_type.body, lead_type.kind == "paddle"
    length = {"length_mm": body.length_mm, "bending_length_mm": body.bending_length_mm}
    flat = {
        "width_mm": body.width_mm,
        "thickness_mm": body.thickness_mm,
        "corner_radius_mm": body.corner_radius_mm,
    }
    contacts: list[dict[str, Any]] = []
    for contact in lead_type.contacts:
        entry = {"name": contact.name, "along_mm": contact.along_mm, "length_mm": contact.length_mm}
        contacts.append(
            entry | ({"across_mm": contact.across_mm, "width_mm": contact.width_mm} if paddle else {})
        )
    return {
        "name": lead_type.name,
        "title": lead_type.title,
        "kind": lead_type.kind,
        "models": list(lead_type.models),
        "status": lead_type.status,
        "source": lead_type.source,
        "assumed": dict(lead_type.assumed),
        "insulation": lead_type.insulation,
        "numbering": lead_type.numbering,
        "body": length | (flat if paddle else {"diameter_mm": body.width_mm}),
        "contacts": contacts,
    }


@cache
def _shipped() -> tuple[LeadType, ...]:
    folder = resources.files("cauda.lead") / "catalog"
    return tuple(
        sorted((_read(file) for file in folder.iterdir() if file.name.endswith(".json")), key=_order)
    )


@cache
def _schema() -> Schema:
    schema: Schema = json.loads((resources.files("cauda.lead") / "lead.schema.json").read_text("utf-8"))
    return schema


def _order(lead_type: LeadType) -> tuple[str, str]:
    return lead_type.kind, lead_type.name


def _read_folder(folder: Path) -> dict[str, LeadType]:
    files = sorted(folder.glob("*.json")) if folder.is_dir() else []
    if not files:
        raise LeadError(f"{folder.name}: no JSON file of a lead; wanted a folder that holds some")
    found: dict[str, LeadType] = {}
    for file in files:
        one = _read(file)
        if one.name in found:
            raise LeadError(
                f"{file.name}: found the name {one.name}, which another file of {folder.name} has"
            )
        found[one.name] = one
    return found


def _read(file: Path | Traversable) -> LeadType:
    try:
        document = json.loads(file.read_text("utf-8"))
    except (ValueError, RecursionError) as error:
        raise LeadError(f"{file.name}: found no JSON ({error}), wanted the description of a lead") from error
    return type_of(document, file.name)


def _lead_type(document: Mapping[str, Any]) -> LeadType:
    body = document["body"]
    width = body.get("diameter_mm", body.get("width_mm"))
    return LeadType(
        name=document["name"],
        title=document["title"],
        kind=document["kind"],
        status=document["status"],
        source=document["source"],
        insulation=document["insulation"],
        numbering=document["numbering"],
        body=Body(
            length_mm=body["length_mm"],
            width_mm=width,
            thickness_mm=body.get("thickness_mm", width),
            corner_radius_mm=body.get("corner_radius_mm", width / 2),
            bending_length_mm=body["bending_length_mm"],
        ),
        contacts=tuple(ContactPlace(**contact) for contact in document["contacts"]),
        models=tuple(document.get("models", ())),
        assumed=MappingProxyType(dict(document.get("assumed", {}))),
    )


def _check_names(lead_type: LeadType) -> None:
    names = [contact.name for contact in lead_type.contacts]
    for name in names:
        if names.count(name) > 1:
            raise LeadError(f"{lead_type.name}: {name}: found twice, wanted each name once")
        if name.lower() == _CASE:
            raise LeadError(f"{lead_type.name}: {name}: wanted another name, as {_CASE} is the return's")


def _check_body(lead_type: LeadType) -> None:
    body = lead_type.body
    if 2 * body.corner_radius_mm > min(body.width_mm, body.length_mm):
        raise LeadError(
            f"{lead_type.name}: corner_radius_mm: found {body.corner_radius_mm:g}, wanted at most half of "
            f"{min(body.width_mm, body.length_mm):g}"
        )
    for contact in lead_type.contacts:
        over = _beyond(contact, lead_type) + LEAST_GAP_MM
        if over > 1e-9:
            raise LeadError(
                f"{lead_type.name}: {contact.name}: lies {over:.2f} mm too far out, wanted it on the body, "
                f"{LEAST_GAP_MM:g} mm from where that ends or is rounded"
            )


def _beyond(contact: ContactPlace, lead_type: LeadType) -> float:
    """How far a contact reaches beyond the flat part of a paddle or the straight part of a cylinder."""
    body, radius = lead_type.body, lead_type.body.corner_radius_mm
    along = abs(contact.along_mm - body.length_mm / 2) + contact.length_mm / 2 - body.length_mm / 2
    if contact.width_mm is None:
        return along + radius
    across = abs(contact.across_mm) + contact.width_mm / 2 - body.width_mm / 2
    round_mm = math.hypot(max(along + radius, 0.0), max(across + radius, 0.0))
    return round_mm + min(max(along, across) + radius, 0.0) - radius


def _check_overlaps(lead_type: LeadType) -> None:
    for one, other in combinations(lead_type.contacts, 2):
        gaps = [abs(one.along_mm - other.along_mm) - (one.length_mm + other.length_mm) / 2]
        if one.width_mm is not None and other.width_mm is not None:
            gaps.append(abs(one.across_mm - other.across_mm) - (one.width_mm + other.width_mm) / 2)
        if max(gaps) < LEAST_GAP_MM - 1e-9:
            raise LeadError(
                f"{lead_type.name}: {one.name} and {other.name}: {max(gaps):.2f} mm apart, wanted at least "
                f"{LEAST_GAP_MM:g} mm"
            )
