from pathlib import Path

import pytest

from cauda.errors import RecruitmentError
from cauda.recruitment.muscles import muscle_roots
from cauda.tables.table import read_table


def test_half_of_each_root_goes_up_or_down() -> None:
    assert muscle_roots(variant="prefixed").weights["gastrocnemius"] == pytest.approx(
        {"L5": 0.3, "S1": 0.5, "S2": 0.2}
    )
    assert muscle_roots(variant="postfixed").weights["gastrocnemius"] == pytest.approx(
        {"S1": 0.3, "S2": 0.5, "S3": 0.2}
    )


@pytest.mark.parametrize("variant", ["normal", "prefixed", "postfixed"])
def test_the_weights_of_each_muscle_sum_to_one(variant: str) -> None:
    for weights in muscle_roots(variant=variant).weights.values():  # type: ignore[arg-type]
        assert sum(weights.values()) == pytest.approx(1, abs=1e-9)


@pytest.mark.parametrize(
    ("muscle", "level"),
    [
        # Phillips and Park 1991, 10.1002/mus.880141213: the root that serves most of each muscle.
        ("adductor_longus", "L3"),
        ("vastus", "L3"),
        ("tibialis_anterior", "L4"),
        ("peroneus", "L5"),
        ("gastrocnemius", "S1"),
        ("gluteus_maximus", "S1"),
    ],
)
def test_no_root_serves_more_of_a_muscle_than_the_dominant_one(muscle: str, level: str) -> None:
    weights = muscle_roots().weights[muscle]
    assert weights[level] == max(weights.values())


def test_every_row_of_the_table_says_that_it_is_assumed() -> None:
    assert {row["status"] for row in read_table("muscle_roots")} == {"assumed"}
    assert muscle_roots().status == "assumed"


def test_a_root_that_is_not_there_leaves_its_share_to_the_others_unless_it_has_most() -> None:
    there = muscle_roots().among(["L4", "L5", "S1"])
    assert there["gastrocnemius"] == {"S1": 1.0}
    assert there["gluteus_maximus"] == pytest.approx({"L5": 0.375, "S1": 0.625})
    assert "iliopsoas" not in there
    assert "vastus" not in there


def test_a_table_of_ones_own_is_read(tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text("muscle\tlevel\tweight\tstatus\nsoleus\tS1\t0.7\tseen\nsoleus\tS2\t0.3\tseen\n")
    found = muscle_roots(path)
    assert found.weights == {"soleus": pytest.approx({"S1": 0.7, "S2": 0.3})}
    assert (found.status, found.sources[0].file) == ("seen", "own.tsv")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("muscle\tlevel\tweight\nsoleus\tS1\t0.7\n", "weights of soleus sum to 0.7, wanted 1"),
        ("muscle\tlevel\tweight\nsoleus\tS9\t1\n", "line 2: wanted a muscle, a level"),
        ("muscle\tlevel\tweight\nsoleus\tS1\tall\n", "line 2: wanted"),
        ("muscle\tlevel\tweight\nsoleus\tS1\t0.5\nsoleus\tS1\t0.5\n", "line 3: soleus has S1 twice"),
        ("muscle\tlevel\tweight\n", "no muscles"),
        ("", "no muscles"),
    ],
)
def test_a_table_that_is_none_is_refused_by_line(text: str, told: str, tmp_path: Path) -> None:
    path = tmp_path / "own.tsv"
    path.write_text(text)
    with pytest.raises(RecruitmentError, match=told):
        muscle_roots(path)


def test_a_file_that_is_not_there_and_an_unknown_variant_are_refused(tmp_path: Path) -> None:
    with pytest.raises(RecruitmentError, match=r"absent\.tsv: cannot be read"):
        muscle_roots(tmp_path / "absent.tsv")
    with pytest.raises(RecruitmentError, match="variant: found 'fixed'"):
        muscle_roots(variant="fixed")  # type: ignore[arg-type]
