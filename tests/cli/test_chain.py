"""All verbs from a virtual subject to what a lead recruits, as ``make demo`` calls them."""

from pathlib import Path

import numpy as np

from cauda import anatomy
from cauda.cli.main import main
from cauda.field import field_files
from cauda.field.along import along
from cauda.recruitment import read
from cauda.volume import mesh_files

LEAD = "specify-5-6-5-like"


def test_from_a_virtual_subject_to_potentials_along_its_roots_and_the_fibers_that_fire(
    tmp_path: Path,
) -> None:
    dataset, models = str(tmp_path / "dataset"), tmp_path / "models"
    folder = models / "sub-01"
    assert main(["phantom", dataset, "--subjects", "1", "--seed", "7"]) == 0
    assert main(["build", dataset, "-o", str(models)]) == 0
    assert main(["place", str(folder), "--lead", LEAD, "--top", "vertebra:T12"]) == 0
    assert main(["mesh", str(folder), "--lead", LEAD, "--size", "coarse"]) == 0
    assert main(["solve", str(folder), "--lead", LEAD, "--conductivities", "capogrosso2013"]) == 0

    mesh = mesh_files.read(folder / f"sub-01_lead-{LEAD}_mesh.vtu")
    assert mesh.measures["pieces"] == 1
    assert mesh.measures["dihedral_deg"]["least"] > 1
    field = field_files.read(folder / f"sub-01_lead-{LEAD}_cond-capogrosso2013_field.h5")
    assert len(field.contacts) == 16
    # A contact at 1 mA is the highest of all; where tetrahedra are flat, linear elements may pass below 0.
    assert (np.nanmax(field.transfer_ohm, axis=1) <= field.contact_ohm * (1 + 1e-6)).all()
    assert (field.transfer_ohm < -1e-6).mean() < 1e-5
    roots = [path for path in anatomy.read(folder).roots if path.k is None]
    courses = along(field, roots)
    assert len(courses) == len(roots)
    for course in courses:
        assert np.isfinite(course.potential_ohm).mean() > 0.99, course.name
        tissues = set(course.tissue)
        assert tissues & {"dorsal_root", "ventral_root"}, course.name
    # The dorsal roots lie nearer to a lead behind the sac than the ventral ones.
    peak = {(str(course.root), course.part): course.potential_ohm.max() for course in courses}
    nearer = [peak[root, "dorsal"] > peak[root, "ventral"] for root, part in peak if part == "dorsal"]
    assert np.mean(nearer) >= 0.9

    few = ["--per-root", "4", "--only-montages", "--montage", "C8:-1,case:+1"]
    assert main(["recruit", str(folder), "--lead", LEAD, *few]) == 0
    found = read(folder / f"sub-01_lead-{LEAD}_cond-capogrosso2013_recruitment.tsv")
    assert np.isfinite(found.threshold_ma).all()
    dorsal, ventral = (found.threshold_ma[0, found.where(part=part)] for part in ("dorsal", "ventral"))
    assert len(dorsal) == len(ventral) == 4 * 14
    assert 0.3 < dorsal.min() < 10
    assert dorsal.min() < ventral.min()
    assert np.median(dorsal) < np.median(ventral)
    assert main(["report", str(folder)]) == 0
    page = (folder / "sub-01.html").read_text("utf-8")
    assert f'id="figure-recruitment-{LEAD}-capogrosso2013-curves"' in page
