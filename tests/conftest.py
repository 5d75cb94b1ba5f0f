"""What every test may use."""

from pathlib import Path

import pytest
from hypothesis import settings

# How long one example takes depends on what else the machine does, which must not fail a test; what passed
# once must pass again, so examples are the same each time.
settings.register_profile("cauda", deadline=None, derandomize=True)
settings.load_profile("cauda")


@pytest.fixture(scope="session")
def shared() -> Path:
    """Return the folder of real data beside the repository; skips the test where it is absent."""
    folder = Path(__file__).parents[2] / "shared"
    if not (folder / "data").is_dir():
        pytest.skip("the real data beside the repository are absent")
    return folder


@pytest.fixture(scope="session")
def markers_sub_03(shared: Path) -> Path:
    """Return the published markers of sub-03 (CC BY 4.0, doi 10.6084/m9.figshare.26403442)."""
    return shared / "data" / "liu2024" / "markers-sub-03"
