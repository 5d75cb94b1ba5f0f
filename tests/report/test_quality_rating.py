"""The form for a rating: what it is about, and labels for all that can be marked."""

import re
from typing import Any

import pytest
from tests.report.scans import measured

from cauda.report.quality_rating import ARTIFACTS, RATINGS, form, hashes


@pytest.mark.parametrize(
    ("provenance", "found"),
    [
        ({"sha256sum": "ab", "md5sum": "cd"}, ("ab", "cd")),
        ({"sources": [{"file": "sub-01_CISS.nii.gz", "sha256": "ef"}]}, ("ef", None)),
        ({"sources": [{"file": "sub-01_CISS.json", "sha256": "ef"}]}, (None, None)),
        ({"sources": "none", "sha256sum": 7}, (None, None)),
        ({}, (None, None)),
    ],
)
def test_hashes_of_the_image_are_found_where_the_provenance_tells_them(
    provenance: dict[str, Any], found: tuple[str | None, str | None]
) -> None:
    assert hashes("sub-01_CISS", provenance) == found


def test_the_form_tells_its_script_which_image_is_rated() -> None:
    text = form(measured("sub-01_CISS", provenance={"md5sum": "cd", "dataset": "lumbar & more"}))
    assert 'data-name="sub-01_CISS" data-subject="01" data-contrast="CISS"' in text
    assert 'data-dataset="lumbar &amp; more" data-md5sum="cd"' in text
    assert "sha256" not in text


def test_all_that_can_be_marked_has_a_label() -> None:
    text = form(measured())
    ids = re.findall(r'<(?:input|textarea)[^>]* id="([^"]+)"', text)
    assert len(ids) == len(RATINGS) + len(ARTIFACTS) + 1
    assert sorted(re.findall(r'<label[^>]* for="([^"]+)"', text)) == sorted(ids)
    assert "Without a script a rating cannot be kept" in text
