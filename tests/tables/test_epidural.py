from cauda.tables.epidural import epidural_fat
from cauda.tables.table import read_table

PADDLE_MM, ENCAPSULATION_MM, VERTEBRAL_BODY_MM = 2.0, 0.3, 35.0


def test_every_thickness_is_positive_and_has_a_source() -> None:
    rows = read_table("epidural_fat")
    assert len({row["quantity"] for row in rows}) == len(rows)
    for row in rows:
        assert float(row["value_mm"]) > 0
        assert row["source"].startswith("assumed") or "doi:10." in row["source"]


def test_a_paddle_and_what_encapsulates_it_fit_behind_the_sac() -> None:
    assert epidural_fat().dorsal_mm > PADDLE_MM + ENCAPSULATION_MM


def test_a_vertebral_body_fits_into_the_soft_tissue_in_front_of_the_canal() -> None:
    assert epidural_fat().soft_tissue_mm > VERTEBRAL_BODY_MM


def test_fat_is_deepest_behind_the_sac_and_thinnest_in_the_foramina() -> None:
    fat = epidural_fat()
    assert fat.dorsal_mm > fat.lateral_mm > fat.ventral_mm > fat.foraminal_mm
