"""What the verbs after ``cauda solve`` begin with: a lead in its model, and a field solved for it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cauda.cli.placed import placed
from cauda.errors import FieldError
from cauda.files import Source, source

if TYPE_CHECKING:
    from cauda.lead import Lead


@dataclass(frozen=True, slots=True)
class Solved:
    """A field in the folder of its model.

    Attributes
    ----------
    folder : Path
        ``OUT/sub-XX``.
    subject : str
        Label without ``sub-``.
    lead : Lead
    path : Path
        Of the field, HDF5.
    contacts, returns : tuple of str
        Of the field.
    sources : tuple of Source
        The files of model, lead and field.
    """

    folder: Path
    subject: str
    lead: Lead
    path: Path
    contacts: tuple[str, ...]
    returns: tuple[str, ...]
    sources: tuple[Source, ...]


def solved(folder: Path, lead: str, conductivities: str) -> Solved:
    """Return a field that was solved for a lead in the model of a folder, without reading its potentials.

    Parameters
    ----------
    folder : Path
        ``OUT/sub-XX``.
    lead : str
        Name of the lead.
    conductivities : str
        Name of the set as it stands in the field's file name, or a TSV of that name.

    Raises
    ------
    ModelError
        If the folder has no model.
    LeadError
        If no lead of this name was placed in it since it was built.
    FieldError
        If there is no such field, it is damaged, or was solved for another model, lead or mesh.
    """
    from cauda.field import field_files, outputs

    found = placed(folder, lead)
    name = Path(conductivities).stem if conductivities.endswith(".tsv") else conductivities
    begin = f"sub-{found.subject}_lead-{found.lead.name}_cond-"
    path = found.folder / f"{begin}{name}{field_files.ENDING}"
    verb = f"cauda solve {found.folder} --lead {found.lead.name} --conductivities {conductivities}"
    if not path.is_file():
        others = [
            one.name.removeprefix(begin).removesuffix(field_files.ENDING)
            for one in sorted(found.folder.glob(f"*{field_files.ENDING}"))
            if one.name.startswith(begin)
        ]
        there = f" (those there: {', '.join(others)})" if others else ""
        raise FieldError(f"{path.name}: no such file; solve it first: {verb}{there}")
    document = outputs.sidecar(path)
    own = source(path)
    try:
        _refuse_changed(path, document, own, found.sources, verb)
        contacts, returns = (tuple(map(str, document[key])) for key in ("contacts", "returns"))
    except (KeyError, TypeError) as error:
        about = path.with_suffix(".json").name
        raise FieldError(f"{about}: of no field of cauda's ({error!r}); solve again: {verb}") from error
    return Solved(found.folder, found.subject, found.lead, path, contacts, returns, (*found.sources, own))


def _refuse_changed(
    path: Path, document: dict[str, Any], own: Source, wanted: tuple[Source, ...], verb: str
) -> None:
    """Refuse a field that is not the one its JSON file tells of, or that was made from other files."""
    if asdict(own) not in document["files"]:
        raise FieldError(f"{path.name}: is not the field that its .json tells of; solve again: {verb}")
    made_from = {entry["file"]: entry["sha256"] for entry in document["sources"]}
    for one in wanted:
        if made_from.get(one.file) != one.sha256:
            raise FieldError(
                f"{path.name}: was solved for another model or lead ({one.file} is not the one that it was "
                f"made from); mesh and solve again: cauda mesh {path.parent} ..., then {verb}"
            )
    for file, sha256 in made_from.items():
        if (path.parent / file).is_file() and source(path.parent / file).sha256 != sha256:
            raise FieldError(f"{path.name}: {file} has changed since it was solved; solve again: {verb}")
