"""Conductivities of tissues: named sets with their sources, a table of one's own, single changes."""

from __future__ import annotations

import csv
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from cauda.arrays import Floats, frozen
from cauda.errors import FieldError
from cauda.files import Source, source
from cauda.tables.table import Row, read_table
from cauda.volume.mesh import VolumeMesh

TISSUES = (
    "white_matter",
    "gray_matter",
    "filum",
    "csf",
    "dura",
    "dorsal_root",
    "ventral_root",
    "ganglion",
    "nerve",
    "fat",
    "bone",
    "disc",
    "soft_tissue",
    "contact",
    "insulation",
    "encapsulation",
)
"""Tissues of models and parts of leads."""

COLUMNS = ("tissue", "longitudinal_s_per_m", "transverse_s_per_m")
"""Columns that a table of one's own must have; ``source`` and ``status`` may follow."""


@dataclass(frozen=True, slots=True)
class Conductivity:
    """Conductivity of one tissue.

    Attributes
    ----------
    longitudinal_s_per_m, transverse_s_per_m : float
        Along the fibers and across them; equal where it has none.
    source, status : str
        Where it comes from, and ``seen``, ``seen-secondhand``, ``recalled``, ``assumed`` or ``given`` (by the
        user).

    Raises
    ------
    FieldError
        If one of the two is not a positive finite number.
    """

    longitudinal_s_per_m: float
    transverse_s_per_m: float
    source: str = "given"
    status: str = "given"

    def __post_init__(self) -> None:
        for value in (self.longitudinal_s_per_m, self.transverse_s_per_m):
            if not (math.isfinite(value) and value > 0):
                raise FieldError(f"conductivity: found {value:g} S/m, wanted a positive number")

    @property
    def isotropic(self) -> bool:
        """Whether it is the same along and across."""
        return self.longitudinal_s_per_m == self.transverse_s_per_m

    def __str__(self) -> str:
        along, across = f"{self.longitudinal_s_per_m:g}", f"{self.transverse_s_per_m:g}"
        return along if self.isotropic else f"{along}/{across}"


@dataclass(frozen=True, slots=True, eq=False)
class Conductivities:
    """Conductivities of all tissues of a mesh.

    Attributes
    ----------
    name : str
        Of the set, such as ``capogrosso2013``; stands in the names of files.
    tissues : mapping of str to Conductivity
        By tissue, which may be any name that a mesh of one's own has.
    filled : tuple of str
        Tissues that the set lacks and that were filled from ``conductivity_fills.tsv``.
    changed : tuple of str
        Tissues that were changed afterwards.
    title, doi, status, url : str
        Source of the set; ``-`` where there is none.
    sources : tuple of Source
        The file of a set of one's own.
    """

    name: str
    tissues: Mapping[str, Conductivity]
    filled: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    title: str = "given"
    doi: str = "-"
    status: str = "given"
    url: str = "-"
    sources: tuple[Source, ...] = ()

    def __post_init__(self) -> None:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9.+_-]*", self.name):
            raise FieldError(
                f"conductivities: found the name {self.name!r}, wanted letters, digits and . + _ - alone"
            )
        object.__setattr__(self, "tissues", MappingProxyType(dict(self.tissues)))

    def __getitem__(self, tissue: str) -> Conductivity:
        """Return the conductivity of a tissue.

        Raises
        ------
        FieldError
            If it has none; the message lists those that there are.
        """
        if tissue not in self.tissues:
            known = ", ".join(self.tissues)
            raise FieldError(f"tissue {tissue!r}: {self.name} does not have it, wanted one of {known}")
        return self.tissues[tissue]

    @property
    def document(self) -> dict[str, Any]:
        """All of it but the files, JSON-ready."""
        found = {name: getattr(self, name) for name in ("name", "title", "doi", "status", "url")}
        return found | {
            "filled": list(self.filled),
            "changed": list(self.changed),
            "tissues": {name: asdict(one) for name, one in self.tissues.items()},
        }

    def changed_to(self, changes: Mapping[str, Conductivity]) -> Conductivities:
        """Return the set with other conductivities of some tissues.

        Parameters
        ----------
        changes : mapping of str to Conductivity
            By tissue; see `parse_changes`.

        Raises
        ------
        FieldError
            If a tissue is neither of the set nor one of `TISSUES`.

        Examples
        --------
        >>> conductivities("capogrosso2013").changed_to({"dura": Conductivity(0.6, 0.6)}).changed
        ('dura',)
        """
        known = list(dict.fromkeys([*TISSUES, *self.tissues]))
        for tissue in changes:
            if tissue not in known:
                raise FieldError(f"tissue {tissue!r}: not known, wanted one of {', '.join(known)}")
        return replace(
            self,
            tissues={**self.tissues, **changes},
            filled=tuple(tissue for tissue in self.filled if tissue not in changes),
            changed=tuple(dict.fromkeys([*self.changed, *changes])),
        )


def sets() -> tuple[str, ...]:
    """Return the names of the sets that the package has.

    Examples
    --------
    >>> sets()[0]
    'capogrosso2013'
    """
    return tuple(row["set"] for row in read_table("conductivity_sets"))


def conductivities(name: str | Path, changes: Mapping[str, Conductivity] | None = None) -> Conductivities:
    """Return a set of conductivities.

    What a set lacks is filled from ``conductivity_fills.tsv``; `Conductivities.filled` says what that was.

    Parameters
    ----------
    name : str or Path
        One of `sets`, or a file ``.tsv`` of one's own with the columns of `COLUMNS`; an empty
        ``transverse_s_per_m`` is that of an isotropic tissue. The file's name without ``.tsv`` is the set's.
    changes : mapping of str to Conductivity, optional
        What is other than in the set, by tissue.

    Raises
    ------
    FieldError
        If the set or a tissue is not known, or a conductivity is not positive.

    Examples
    --------
    >>> found = conductivities("capogrosso2013")
    >>> str(found["white_matter"]), found["csf"].longitudinal_s_per_m
    ('0.6/0.083', 1.7)
    >>> found.filled[:3]
    ('filum', 'dura', 'dorsal_root')
    """
    of_ones_own = Path(name).suffix.lower() == ".tsv"
    found = _read(Path(name)) if of_ones_own else _published(str(name))
    return found.changed_to(changes) if changes else found


def conductivities_of(document: Mapping[str, Any]) -> Conductivities:
    """Return the set that a `Conductivities.document` is of, such as `Field.conductivities`.

    Parameters
    ----------
    document : mapping

    Raises
    ------
    FieldError
        If it is none.
    """
    try:
        return Conductivities(
            name=str(document["name"]),
            tissues={name: Conductivity(**one) for name, one in document["tissues"].items()},
            filled=tuple(document["filled"]),
            changed=tuple(document["changed"]),
            title=str(document["title"]),
            doi=str(document["doi"]),
            status=str(document["status"]),
            url=str(document["url"]),
        )
    except (KeyError, TypeError, AttributeError) as error:
        raise FieldError(f"conductivities: found no set of tissues ({error!r})") from error


def parse_changes(words: Sequence[str]) -> dict[str, Conductivity]:
    """Return what ``dura=0.6`` or ``white_matter=0.6/0.083`` (longitudinal/transverse, S/m) say.

    Raises
    ------
    FieldError
        If a word is of another form, names a tissue again, or a conductivity is not positive.

    Examples
    --------
    >>> parse_changes(["dura=0.6"])["dura"].transverse_s_per_m
    0.6
    """
    changes: dict[str, Conductivity] = {}
    for word in words:
        tissue, equals, values = (part.strip() for part in word.partition("="))
        if not (tissue and equals and values):
            raise FieldError(f"{word!r}: wanted TISSUE=S_PER_M, such as dura=0.6 or white_matter=0.6/0.083")
        if tissue in changes:
            raise FieldError(f"{word!r}: {tissue} is set twice, wanted once")
        changes[tissue] = _conductivity(values.split("/"), f"{word!r}", "given", "given")
    return changes


def of_cells(mesh: VolumeMesh, conductivities: Conductivities) -> tuple[Floats, Floats]:
    """Return the conductivity of each tetrahedron along its direction and across, S/m, shape ``(m,)`` each.

    Where a tetrahedron has no direction, its tissue must be isotropic.

    Raises
    ------
    FieldError
        If a region of the mesh has a tissue without a conductivity, or an anisotropic one and no direction.
    """
    used = np.unique(mesh.label)
    along, across = np.zeros(len(mesh.labels)), np.zeros(len(mesh.labels))
    for index in used:
        label = mesh.labels[index]
        if label.tissue not in conductivities.tissues:
            known = ", ".join(conductivities.tissues)
            raise FieldError(
                f"region {label.name}: {conductivities.name} has no conductivity of its tissue "
                f"{label.tissue}; wanted one of {known}, or give it (--set {label.tissue}=S_PER_M)"
            )
        found = conductivities.tissues[label.tissue]
        along[index], across[index] = found.longitudinal_s_per_m, found.transverse_s_per_m
    _all_have_a_direction(mesh, (along != across)[mesh.label])
    return frozen(along[mesh.label]), frozen(across[mesh.label])


def _all_have_a_direction(mesh: VolumeMesh, anisotropic: np.ndarray) -> None:
    missing = anisotropic & ~mesh.direction.any(axis=1)
    if missing.any():
        names = ", ".join(mesh.labels[index].name for index in np.unique(mesh.label[missing]))
        raise FieldError(
            f"{np.count_nonzero(missing)} tetrahedra of {names} have no direction, wanted one for each "
            "anisotropic tissue; mesh again, or give an isotropic conductivity"
        )


def _published(name: str) -> Conductivities:
    found = [row for row in read_table("conductivity_sets") if row["set"] == name]
    if not found:
        wanted = f"one of {', '.join(sets())}, or a file .tsv of your own"
        raise FieldError(f"conductivities {name!r}: not known, wanted {wanted}")
    rows = [row for row in read_table("conductivities") if row["set"] == name]
    tissues, filled = _filled({row["tissue"]: _of_row(row, name) for row in rows})
    about = found[0]
    return Conductivities(
        name,
        tissues,
        filled,
        title=about["source"],
        doi=about["doi"],
        status=about["status"],
        url=about["url"],
    )


def _filled(tissues: Mapping[str, Conductivity]) -> tuple[dict[str, Conductivity], tuple[str, ...]]:
    fills = {row["tissue"]: _of_row(row, "fills") for row in read_table("conductivity_fills")}
    absent = tuple(tissue for tissue in TISSUES if tissue in fills and tissue not in tissues)
    have = {**fills, **tissues}
    return {tissue: have[tissue] for tissue in TISSUES if tissue in have}, absent


def _read(path: Path) -> Conductivities:
    data = _bytes(path)
    tissues: dict[str, Conductivity] = {}
    for number, row in enumerate(_rows(data, path), start=2):
        tissue = (row["tissue"] or "").strip()
        where = f"{path.name}, line {number}"
        if tissue not in TISSUES:
            raise FieldError(f"{where}: tissue {tissue!r} is not known, wanted one of {', '.join(TISSUES)}")
        if tissue in tissues:
            raise FieldError(f"{where}: {tissue} stands there twice, wanted once")
        tissues[tissue] = _of_row(row, where)
    complete, filled = _filled(tissues)
    return Conductivities(path.stem, complete, filled, title=path.name, sources=(source(path, data),))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        reason = error.strerror or error
        raise FieldError(
            f"{path.name}: cannot be read ({reason}), wanted a table of conductivities"
        ) from error


def _rows(data: bytes, path: Path) -> list[Row]:
    try:
        lines = data.decode("utf-8-sig").splitlines()
        rows = list(csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    except (UnicodeDecodeError, csv.Error) as error:
        raise FieldError(f"{path.name}: no table of text ({error}), wanted TSV in UTF-8") from error
    if not rows or not set(rows[0]).issuperset(COLUMNS):
        raise FieldError(f"{path.name}: wanted rows with the columns {', '.join(COLUMNS)}, between tabs")
    return rows


def _of_row(row: Row, where: str) -> Conductivity:
    along = (row["longitudinal_s_per_m"] or "").strip()
    across = (row["transverse_s_per_m"] or "").strip() or along
    about = (row.get(column) or "given" for column in ("source", "status"))
    return _conductivity([along, across], f"{where}: {row['tissue']}", *about)


def _conductivity(values: Sequence[str], where: str, source: str, status: str) -> Conductivity:
    try:
        numbers = [float(value) for value in values]
    except ValueError:
        numbers = []
    if len(numbers) not in (1, 2):
        found = "/".join(values)
        raise FieldError(f"{where}: found {found!r}, wanted S/m as one number, or two as in 0.6/0.083")
    try:
        return Conductivity(numbers[0], numbers[-1], source, status)
    except FieldError as error:
        raise FieldError(f"{where}: {error}") from error
