"""What every test may use."""

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder with the real data beside the repository; skips the test where it is absent."""
    folder = Path(__file__).parents[2] / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the real data beside the repository are absent")
    return folder


@pytest.fixture(scope="session")
def markers_sub_03(shared: Path) -> Path:
    """The published markers of sub-03 (CC BY 4.0, doi 10.6084/m9.figshare.26403442)."""
    return shared / "data" / "liu2024" / "markers-sub-03"
