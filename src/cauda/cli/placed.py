"""What the verbs after ``cauda place`` begin with: a model's folder, and a lead that was placed in it."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from cauda.errors import LeadError, ModelError
from cauda.files import Source, source

if TYPE_CHECKING:
    from cauda.lead import Lead


@dataclass(frozen=True, slots=True)
class Placed:
    """A lead in the folder of its model.

    Attributes
    ----------
    folder : Path
        ``OUT/sub-XX``.
    subject : str
        Label without ``sub-``.
    lead : Lead
    sources : tuple of Source
        The files of model and lead.
    """

    folder: Path
    subject: str
    lead: "Lead"
    sources: tuple[Source, ...]


def placed(folder: Path, name: str) -> Placed:
    """Return a lead that was placed in the model of a folder.

    Parameters
    ----------
    folder : Path
        ``OUT/sub-XX``.
    name : str
        Of the lead.

    Raises
    ------
    ModelError
        If the folder has no model.
    LeadError
        If no lead of this name was placed in it since it was built; the message lists those that were.
    """
    from cauda import lead

    models = sorted(folder.glob("sub-*_model.json"))
    if len(models) != 1:
        raise ModelError(f"{folder.name}: {len(models)} models, wanted a folder that cauda build wrote")
    found = {one.name: one for one in lead.placed(folder)}
    file = models[0].with_name(models[0].name.replace("_model.json", f"_lead-{name}.json"))
    if name not in found:
        was = "placed before the model was built anew" if file.is_file() else "not placed"
        there = f"{', '.join(found)}, or place it" if found else "one that cauda place put there"
        raise LeadError(f"lead {name!r}: {was} in {folder.resolve().name}, wanted {there}")
    return Placed(folder, found[name].subject, found[name], (source(models[0]), source(file)))
