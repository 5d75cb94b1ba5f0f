"""The page of a scan: whole, offline, the same each time; every reason stands in it."""

import re
from collections import Counter
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.report.scans import ORDERS, SHAPE, WHY, measured, metric, roots, stored, volume
from tests.report.test_page import Outline

from cauda.errors import ArrayError
from cauda.quality.measured import Measured
from cauda.quality.metric import Quality
from cauda.report.quality_scan import scan_page

HOSTILE = "</script><script>alert('1')</script><img src=x onerror=\"alert(2)\">"


def page(known: Measured, image: NDArray[Any] | None = None, masks: NDArray[np.uint8] | None = None) -> str:
    made, labels = volume()
    affine = stored((0, 1, 2), (1, 1, 1), made)[1]
    return scan_page(known, made if image is None else image, affine, labels if masks is None else masks)


@pytest.fixture(scope="module")
def text() -> str:
    return page(measured(some=roots()))


@pytest.fixture(scope="module")
def outline(text: str) -> Outline:
    return Outline(text)


def test_the_same_scan_gives_the_same_bytes(text: str) -> None:
    assert page(measured(some=roots())) == text


def test_nothing_is_asked_of_a_network(text: str, outline: Outline) -> None:
    for tag, attributes in outline.elements:
        assert tag not in {"link", "iframe", "object", "embed", "base"}
        for name in ("src", "href", "xlink:href", "action", "srcset"):
            assert re.match(r"#|data:image/png;base64,", attributes.get(name, "#")), (tag, name)
        assert not any(name.startswith("on") for name in attributes)
    assert "url(" not in text
    assert "@import" not in text
    assert [tag for tag, _ in outline.elements].count("script") == 1


def test_every_id_stands_once_and_every_link_and_label_leads_to_one(outline: Outline) -> None:
    ids = Counter(attributes["id"] for _, attributes in outline.elements if "id" in attributes)
    assert set(ids.values()) == {1}
    for tag, attributes in outline.elements:
        for name in ("aria-labelledby", "for"):
            assert attributes.get(name, "content") in ids, (tag, attributes)
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids
    inputs = [attributes["id"] for tag, attributes in outline.elements if tag in ("input", "textarea")]
    labels = [attributes["for"] for tag, attributes in outline.elements if tag == "label"]
    assert sorted(inputs) == sorted(labels)


def test_every_metric_stands_there_with_its_value_or_its_reason(text: str) -> None:
    for name in measured().quality:
        assert f"<code>{name}</code>" in text
    assert text.count(f'<span class="reason">{WHY}</span>') == 2
    assert "no mask of the artifact is known" in text
    assert "6 metrics measured, 2 not; each says why." in text


def test_the_worst_slice_comes_first_and_says_why(text: str) -> None:
    assert re.findall(r'id="worst-slice-(\d+)"', text)[0] == "5"
    assert "median root CNR 1.00 over 2 roots; lowest L4 left, 1.00" in text


def test_masks_that_exist_can_be_shown_and_hidden_without_a_script(text: str) -> None:
    assert re.findall(r'id="show-(\w+)"( checked)?', text) == [
        ("body", " checked"),
        ("air", ""),
        ("artifact", " checked"),
        ("cord", " checked"),
        ("csf", " checked"),
        ("root", " checked"),
    ]
    assert "body:has(#show-cord:not(:checked)) .mask-cord{display:none}" in text


def test_warnings_sidecar_and_provenance_are_told(text: str) -> None:
    assert '<ul class="warnings" aria-label="Warnings"><li>there is no sidecar</li></ul>' in text
    assert "<td>ORIGINAL, PRIMARY</td>" in text
    assert f"<td>{'ab' * 32}</td>" in text


def test_without_a_tracing_each_section_says_what_it_lacks() -> None:
    found = Quality({"efc": metric(0.4, "lower"), "root_cnr_median": metric(None)})
    _, masks = volume()
    masks = np.where(masks > 3, 1, masks).astype(np.uint8)
    text = page(measured(found=found), masks=masks)
    assert "Neither a tracing nor labels of cord and CSF are known" in text
    assert "No root was measured in this scan" in text
    assert "change against both neighbors" in text


def test_places_without_a_value_are_counted_and_their_reasons_told(text: str) -> None:
    assert f"Not measured at 1 of 24 places: {WHY} (1)." in text


def test_roots_without_any_value_are_a_sentence_and_reasons_that_differ_in_numbers_are_one() -> None:
    nothing = [
        replace(one, metric=metric(None, why=f"{place} voxels, wanted 10"))
        if one.name == "root_dprime"
        else one
        for place, one in enumerate(roots())
    ]
    text = page(measured(some=nothing))
    assert "d′: Not measured at 24 of 24 places: … voxels, wanted … (24)." in text
    assert 'id="figure-root_dprime"' not in text
    assert 'id="figure-root_cnr"' in text


def test_the_reason_for_no_noise_fit_is_that_of_the_measuring() -> None:
    found = Quality({"qi_2": metric(None, "lower", why="the background was cut away")})
    text = page(measured(found=found), masks=np.ones(SHAPE, np.uint8))
    assert "Noise cannot be fitted: the background was cut away." in text


def test_without_any_mask_or_metric_there_is_a_page_all_the_same() -> None:
    text = page(measured(found=Quality({}), provenance={}), masks=np.zeros(SHAPE, np.uint8))
    Outline(text)
    assert "No mask of this scan is known." in text
    assert "Noise cannot be fitted: no voxel lies in the mask: air." in text
    assert "Nothing was measured." in text


def test_names_reasons_and_fields_cannot_become_markup() -> None:
    known = Measured(
        f"sub-01_{HOSTILE}",
        HOSTILE,
        HOSTILE,
        Quality({HOSTILE: metric(None, why=HOSTILE)}),
        (),
        {HOSTILE: [HOSTILE]},
        {"warnings": [HOSTILE], "settings": {HOSTILE: HOSTILE}},
    )
    text = page(known)
    outline = Outline(text)
    assert HOSTILE not in text
    assert [tag for tag, _ in outline.elements].count("script") == 1
    assert not any("onerror" in attributes for _, attributes in outline.elements)


@pytest.mark.parametrize(
    "image",
    [
        np.zeros(SHAPE),
        np.full(SHAPE, np.nan),
        np.ones(SHAPE, dtype=np.int8),
        np.full(SHAPE, 60_000, dtype=np.uint16),
        np.where(np.arange(SHAPE[2]) % 3 == 0, np.inf, -1e30) * np.ones(SHAPE),
    ],
    ids=["zeros", "nan", "int8", "uint16", "infinite"],
)
def test_any_values_make_a_page(image: NDArray[Any]) -> None:
    Outline(page(measured(some=roots()), image=image))


@pytest.mark.parametrize("shape", [(1, 1, 1), (3, 1, 2), (2, 2, 40)])
def test_any_shape_makes_a_page(shape: tuple[int, int, int]) -> None:
    rng = np.random.default_rng(0)
    for label in (0, 1, 2, 6):
        masks = np.full(shape, label, np.uint8)
        Outline(scan_page(measured(), rng.random(shape), np.eye(4), masks))


def test_the_order_of_storage_does_not_change_what_is_seen() -> None:
    image, masks = volume()
    grid, affine = stored((0, 1, 2), (1, 1, 1), image)
    pictures = re.findall(r"data:image/png;base64,[^\"]+", scan_page(measured(), grid, affine, masks))
    assert len(set(pictures)) > 20
    for order, signs in ORDERS[1::11]:
        turned, turned_affine = stored(order, signs, image)
        labels, _ = stored(order, signs, masks)
        text = scan_page(measured(), turned, turned_affine, labels)
        found = set(re.findall(r"data:image/png;base64,[^\"]+", text))
        # Of an even number of slices the middle one of a backward axis is the neighbor of a forward one's.
        assert len(found & set(pictures)) > 0.4 * len(set(pictures))


def test_what_does_not_fit_together_is_refused() -> None:
    image, masks = volume()
    wrongs: list[Any] = [masks[1:], masks.astype(np.int16), masks[0]]
    for wrong in wrongs:
        with pytest.raises(ArrayError, match="wanted the same three axes and uint8 masks"):
            scan_page(measured(), image, np.eye(4), wrong)
