"""Conductivities: published sets as published, what is filled, tables of one's own, single changes."""

from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import numpy as np
import pytest

from cauda.errors import FieldError
from cauda.field.conductivity import (
    COLUMNS,
    TISSUES,
    Conductivities,
    Conductivity,
    conductivities,
    of_cells,
    parse_changes,
    sets,
)
from cauda.tables.table import read_table
from cauda.volume.mesh import Label, VolumeMesh

WHITE = (0.6, 0.083)

# Capogrosso 2013, 10.1523/JNEUROSCI.1688-13.2013, table 1; github.com/pitt-rnel/scs_model; Khadka 2020,
# 10.1088/1741-2552/ab8344; Howell 2014, 10.1371/journal.pone.0114938; Struijk, Wesselink, Holsheimer.
PUBLISHED: dict[str, dict[str, float | tuple[float, float]]] = {
    "capogrosso2013": {
        "white_matter": WHITE,
        "gray_matter": 0.23,
        "csf": 1.7,
        "fat": 0.04,
        "bone": 0.02,
        "insulation": 1e-23,
    },
    "pitt_scs_model_2024": {
        "white_matter": WHITE,
        "dorsal_root": WHITE,
        "ventral_root": WHITE,
        "gray_matter": 0.23,
        "csf": 1.7,
        "dura": 0.03,
        "fat": 0.04,
        "bone": 0.02,
        "soft_tissue": 0.2,
    },
    "rado_scs_3": {
        "white_matter": (0.6, 0.1432),
        "gray_matter": 0.276,
        "csf": 1.7,
        "dura": 0.037,
        "dorsal_root": 0.1432,
        "ventral_root": 0.1432,
        "nerve": 0.1432,
        "ganglion": 0.1432,
        "fat": 0.04,
        "bone": 0.04,
        "disc": 0.6,
        "soft_tissue": 0.004,
        "contact": 4e6,
        "insulation": 2e-5,
    },
    "duke_lempka": {
        "white_matter": WHITE,
        "gray_matter": 0.23,
        "csf": 1.7,
        "dura": 0.6,
        "fat": 0.25,
        "bone": 0.02,
        "disc": 0.65,
        "soft_tissue": 0.25,
        "encapsulation": 0.11,
    },
    "twente_struijk_holsheimer": {
        "white_matter": WHITE,
        "gray_matter": 0.23,
        "csf": 1.7,
        "dura": 0.03,
        "fat": 0.04,
        "bone": 0.04,
        "soft_tissue": 0.004,
    },
}
FILLS: dict[str, float | tuple[float, float]] = {
    "filum": 0.23,
    "dura": 0.03,
    "dorsal_root": WHITE,
    "ventral_root": WHITE,
    "ganglion": 0.1432,
    "nerve": WHITE,
    "disc": 0.6,
    "soft_tissue": 0.2,
    "contact": 9.43e6,
    "insulation": 1e-12,
    "encapsulation": 0.1587,
}


def pair(value: float | tuple[float, float]) -> tuple[float, float]:
    return value if isinstance(value, tuple) else (value, value)


def mesh_of(tissues: list[str], direction: tuple[float, float, float] = (0, 0, 1)) -> VolumeMesh:
    """Return a mesh of one tetrahedron for each tissue, all in the same place."""
    count = len(tissues)
    none = np.zeros((0, 3), dtype=np.int64)
    return VolumeMesh(
        points_mm=np.concatenate([np.zeros((1, 3)), np.eye(3)]),
        tetrahedra=np.tile(np.arange(4), (count, 1)),
        label=np.arange(count),
        labels=tuple(Label(f"the_{tissue}", tissue) for tissue in tissues),
        direction=np.tile(np.array(direction, dtype=float), (count, 1)),
        faces=none,
        face_mark=none[:, 0],
        marks=(),
        settings={},
        measures={},
    )


def table(folder: Path, *rows: str, name: str = "mine.tsv") -> Path:
    path = folder / name
    path.write_text("\n".join(["\t".join(COLUMNS), *rows]) + "\n")
    return path


@pytest.mark.parametrize("name", list(PUBLISHED))
def test_a_set_has_its_published_values_and_the_fills_for_the_rest(name: str) -> None:
    found = conductivities(name)
    wanted = FILLS | PUBLISHED[name]
    assert set(found.tissues) == set(TISSUES) == set(wanted)
    for tissue, value in wanted.items():
        one = found[tissue]
        assert (one.longitudinal_s_per_m, one.transverse_s_per_m) == pair(value), tissue
    assert set(found.filled) == set(FILLS) - set(PUBLISHED[name])
    assert found.changed == ()


def test_the_sets_are_the_five_and_each_says_whether_it_was_read() -> None:
    assert sets() == tuple(PUBLISHED)
    status = {name: conductivities(name).status for name in sets()}
    assert status == {
        "capogrosso2013": "seen",
        "pitt_scs_model_2024": "seen",
        "rado_scs_3": "seen-secondhand",
        "duke_lempka": "recalled",
        "twente_struijk_holsheimer": "recalled",
    }
    for name in sets():
        found = conductivities(name)
        assert found.title
        assert found.doi == "-" or found.doi.startswith("10.")
        assert found.url == "-" or found.url.startswith("https://")


def test_every_value_of_the_tables_has_a_status_and_a_source_and_no_tissue_stands_twice() -> None:
    for name, keys in (("conductivities", ("set", "tissue")), ("conductivity_fills", ("tissue",))):
        rows = read_table(name)
        assert len({tuple(row[key] for key in keys) for row in rows}) == len(rows)
        for row in rows:
            assert row["tissue"] in TISSUES
            assert row["status"] in {"seen", "seen-secondhand", "recalled", "assumed"}
            assert row["source"]
    assert {row["set"] for row in read_table("conductivities")} == set(sets())


def test_a_change_takes_the_place_of_what_was_published_or_filled() -> None:
    changes = parse_changes(["dura=0.6", "white_matter=0.5/0.1", " csf = 2 "])
    found = conductivities("capogrosso2013", changes)
    assert str(found["dura"]) == "0.6"
    assert str(found["white_matter"]) == "0.5/0.1"
    assert str(found["csf"]) == "2"
    assert found.changed == ("dura", "white_matter", "csf")
    assert "dura" not in found.filled
    assert found["dura"].status == "given"
    assert str(conductivities("capogrosso2013")["dura"]) == "0.03"


def test_a_set_can_not_be_changed_in_place() -> None:
    found = conductivities("capogrosso2013")
    with pytest.raises(TypeError):
        found.tissues["csf"] = Conductivity(1, 1)  # type: ignore[index]
    with pytest.raises(FrozenInstanceError):
        found["csf"].longitudinal_s_per_m = 2.0  # type: ignore[misc]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["dura"], "'dura': wanted TISSUE=S_PER_M, such as dura=0.6 or white_matter=0.6/0.083"),
        (["=0.6"], "wanted TISSUE=S_PER_M"),
        (["dura="], "wanted TISSUE=S_PER_M"),
        (["dura=thick"], "found 'thick', wanted S/m as one number"),
        (["dura=1/2/3"], "found '1/2/3', wanted S/m as one number"),
        (["dura=0.6", "dura=0.7"], "dura is set twice"),
        (["dura=0"], "'dura=0': conductivity: found 0 S/m, wanted a positive number"),
        (["dura=-1"], "found -1 S/m"),
        (["dura=nan"], "found nan S/m"),
        (["white_matter=0.6/inf"], "found inf S/m"),
    ],
)
def test_a_change_of_another_form_is_refused(words: list[str], said: str) -> None:
    with pytest.raises(FieldError) as raised:
        parse_changes(words)
    assert said in str(raised.value)


def test_a_change_of_an_unknown_tissue_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(FieldError, match="tissue 'grey_matter': not known, wanted one of white_matter, gray"):
        conductivities("capogrosso2013", parse_changes(["grey_matter=0.2"]))


def test_an_unknown_set_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(
        FieldError, match="'capogrosso': not known, wanted one of capogrosso2013, pitt"
    ) as raised:
        conductivities("capogrosso")
    assert "or a file .tsv of your own" in str(raised.value)


def test_a_tissue_that_a_set_does_not_have_is_refused_with_those_that_it_has() -> None:
    with pytest.raises(FieldError, match="tissue 'skin': duke_lempka does not have it, wanted one of white"):
        conductivities("duke_lempka")["skin"]


def test_a_table_of_ones_own_is_read_filled_and_named_after_its_file(tmp_path: Path) -> None:
    path = table(tmp_path, "csf\t1.5\t", "white_matter\t0.7\t0.09", name="my-set.tsv")
    found = conductivities(path)
    assert found.name == "my-set"
    assert str(found["csf"]) == "1.5"
    assert str(found["white_matter"]) == "0.7/0.09"
    assert found["csf"].status == "given"
    assert set(found.filled) == set(FILLS)
    assert "fat" not in found.tissues
    assert [one.file for one in found.sources] == ["my-set.tsv"]
    assert str(path) not in repr(found)


def test_a_table_may_say_where_its_values_come_from(tmp_path: Path) -> None:
    path = tmp_path / "mine.tsv"
    rows = ["source\ttissue\tlongitudinal_s_per_m\ttransverse_s_per_m\tstatus"]
    path.write_bytes("\r\n".join([*rows, "10.1000/x\tcsf\t1.5\t1.5\tseen", ""]).encode("utf-8-sig"))
    assert conductivities(str(path))["csf"] == Conductivity(1.5, 1.5, "10.1000/x", "seen")


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([], "mine.tsv: wanted rows with the columns tissue, longitudinal_s_per_m, transverse_s_per_m"),
        (["blood\t0.6\t"], "mine.tsv, line 2: tissue 'blood' is not known, wanted one of white_matter"),
        (["csf\t1.7\t", "csf\t1.8\t"], "mine.tsv, line 3: csf stands there twice"),
        (["csf\t\t"], "mine.tsv, line 2: csf: found '/', wanted S/m"),
        (["csf\tmuch\t"], "mine.tsv, line 2: csf: found 'much/much', wanted S/m"),
        (["csf\t1.7\t-1"], "mine.tsv, line 2: csf: conductivity: found -1 S/m, wanted a positive number"),
        (["csf"], "mine.tsv, line 2: csf: found '/', wanted S/m"),
    ],
)
def test_a_table_that_is_none_is_refused_with_its_line(rows: list[str], said: str, tmp_path: Path) -> None:
    with pytest.raises(FieldError) as raised:
        conductivities(table(tmp_path, *rows))
    assert said in str(raised.value)


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b"tissue,longitudinal_s_per_m\ncsf,1.7\n"])
def test_a_file_that_is_no_table_is_refused(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "mine.tsv"
    path.write_bytes(content)
    with pytest.raises(FieldError, match=r"mine\.tsv: "):
        conductivities(path)


def test_a_table_that_is_absent_or_has_an_odd_name_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FieldError, match=r"absent\.tsv: cannot be read \(No such file"):
        conductivities(tmp_path / "absent.tsv")
    with pytest.raises(FieldError, match="found the name 'my set', wanted letters, digits"):
        conductivities(table(tmp_path, "csf\t1.7\t", name="my set.tsv"))


def test_each_tetrahedron_gets_the_conductivity_of_its_tissue() -> None:
    mesh = mesh_of(["csf", "white_matter", "contact", "dura", "csf"])
    along, across = of_cells(mesh, conductivities("pitt_scs_model_2024"))
    assert along.tolist() == [1.7, 0.6, 9.43e6, 0.03, 1.7]
    assert across.tolist() == [1.7, 0.083, 9.43e6, 0.03, 1.7]
    assert not along.flags.writeable


def test_a_mesh_of_ones_own_may_have_tissues_of_any_name() -> None:
    own = Conductivities("own", {"jelly": Conductivity(0.5, 0.2)})
    along, across = of_cells(mesh_of(["jelly"]), own.changed_to({"jelly": Conductivity(0.4, 0.2)}))
    assert (along.tolist(), across.tolist()) == ([0.4], [0.2])


def test_a_region_without_a_conductivity_is_refused_with_what_to_do() -> None:
    with pytest.raises(FieldError) as raised:
        of_cells(mesh_of(["csf", "jelly"]), conductivities("capogrosso2013"))
    assert "region the_jelly: capogrosso2013 has no conductivity of its tissue jelly" in str(raised.value)
    assert "--set jelly=S_PER_M" in str(raised.value)


def test_a_label_without_a_tetrahedron_needs_no_conductivity() -> None:
    mesh = mesh_of(["csf", "jelly"])
    empty = replace(mesh, label=np.zeros(2, dtype=np.int64))
    assert of_cells(empty, conductivities("capogrosso2013"))[0].tolist() == [1.7, 1.7]


def test_an_anisotropic_tissue_needs_a_direction_and_an_isotropic_one_does_not() -> None:
    mesh = mesh_of(["white_matter", "csf"], direction=(0, 0, 0))
    with pytest.raises(FieldError, match="1 tetrahedra of the_white_matter have no direction"):
        of_cells(mesh, conductivities("capogrosso2013"))
    isotropic = conductivities("capogrosso2013", parse_changes(["white_matter=0.3"]))
    assert of_cells(mesh, isotropic)[1].tolist() == [0.3, 1.7]
