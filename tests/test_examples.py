"""Every example runs, and the number that it is about is right."""

import runpy
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"

EXPECTED = {
    # Solids that share their surfaces add up but for rounding, of about 40,000 mm3.
    "parts_of_the_sac.py": (0.0, 1e-5),
    # Writing keeps points to 1e-6 mm.
    "slicer_round_trip.py": (0.0, 1e-6),
}


def test_every_example_has_a_number_to_reach() -> None:
    assert set(EXPECTED) == {path.name for path in EXAMPLES.glob("*.py")}


@pytest.mark.parametrize("name", EXPECTED)
def test_an_example_runs_and_its_number_is_right(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    least, most = EXPECTED[name]
    assert least <= runpy.run_path(str(EXAMPLES / name))["main"]() <= most
