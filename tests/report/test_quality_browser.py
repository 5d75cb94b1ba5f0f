"""The pages of quality in a real browser: keys, the rating and its file, and that no other script may run."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.report.browser import CHROMIUM, Browser
from tests.report.scans import measured, roots, stored, volume

from cauda.report.quality_group import group_page
from cauda.report.quality_scan import scan_page

pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="no Chromium is installed")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pages")
    image, masks = volume()
    affine = stored((0, 1, 2), (1, 1, 1), image)[1]
    text = scan_page(measured(some=roots()), image, affine, masks)
    for path in (out / "scan.html", out / "sub-01" / "sub-01_CISS_quality.html"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    scans = [measured(f"sub-{k:02d}_CISS", shift=-9.0 if k == 2 else 0.1 * k) for k in range(1, 10)]
    (out / "group.html").write_text(group_page(scans), encoding="utf-8")
    return out


@pytest.fixture(scope="module")
def browser(folder: Path) -> Iterator[Browser]:
    with Browser(folder) as started:
        yield started


def exported(browser: Browser, folder: Path) -> dict[str, object]:
    """Return what the file holds that the link for the export gives."""
    path = folder / "sub-01_CISS_rating.json"
    path.unlink(missing_ok=True)
    browser.ask("document.getElementById('rating-export').click()")
    browser.wait(lambda: path.is_file() and path.stat().st_size > 0)
    found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_a_key_rates_the_scan_and_the_exported_file_says_so_also_after_a_reload(
    browser: Browser, folder: Path
) -> None:
    browser.open(folder / "scan.html")
    assert browser.ask("document.getElementById('rating-status').textContent") == "Not rated yet."
    browser.press("2", "3")
    browser.ask("document.getElementById('artifact-flow').click()")
    browser.ask("document.getElementById('rating-note').focus()")
    browser.press("4", "j")
    wanted = {
        "dataset": "",
        "subject": "01",
        "name": "sub-01_CISS",
        "contrast": "CISS",
        "sha256": "ab" * 32,
        "rating": "3",
        "artifacts": ["flow"],
        "comments": "4j",
    }
    assert exported(browser, folder) == wanted
    assert json.loads(browser.ask("document.getElementById('rating-json').textContent")) == wanted
    browser.open(folder / "scan.html")
    status = "document.getElementById('rating-status').textContent"
    assert browser.ask(status).startswith("Rated 3 acceptable. Kept in this browser")
    assert exported(browser, folder) == wanted
    browser.ask("document.getElementById('rating-clear').click()")
    browser.open(folder / "scan.html")
    assert browser.ask(status) == "Not rated yet."
    assert browser.complaints == []


def test_where_a_browser_keeps_nothing_the_rating_can_be_exported_all_the_same(
    browser: Browser, folder: Path
) -> None:
    refuse = "Object.defineProperty(window, 'localStorage', {get() { throw new Error('refused'); }});"
    browser.open(folder / "scan.html", before=refuse)
    browser.press("1")
    assert "does not keep it" in browser.ask("document.getElementById('rating-status').textContent")
    assert exported(browser, folder)["rating"] == "1"
    assert browser.complaints == []


def test_keys_lead_through_sections_and_slices_and_hide_the_masks(browser: Browser, folder: Path) -> None:
    browser.open(folder / "scan.html")
    browser.press("j", "j")
    assert browser.ask("document.activeElement.id") == "slices-heading"
    browser.press("k")
    assert browser.ask("document.activeElement.id") == "worst-heading"
    drawn = "getComputedStyle(document.querySelector('.mask-cord')).display"
    assert browser.ask(drawn) != "none"
    browser.press("m")
    assert browser.ask(drawn) == "none"
    browser.press("m")
    assert browser.ask(drawn) != "none"
    browser.ask("document.querySelector('.tile[tabindex=\"0\"]').focus()")
    browser.press("ArrowRight")
    second = browser.ask("document.querySelectorAll('.tile')[1].id")
    assert browser.ask("document.activeElement.id") == second
    browser.press("Enter")
    assert browser.ask("document.getElementById('closeup').open") is True
    enlarged = "document.querySelector('#closeup title').textContent"
    assert browser.ask(enlarged) == browser.ask(f"document.getElementById('{second}').ariaLabel")
    inside = "getComputedStyle(document.querySelector('#closeup .mask-cord')).display"
    assert browser.ask(inside) != "none"
    browser.press("m")
    assert browser.ask(inside) == "none"
    browser.press("m", "ArrowLeft")
    first = browser.ask("document.querySelectorAll('.tile')[0].id")
    assert browser.ask(enlarged) == browser.ask(f"document.getElementById('{first}').ariaLabel")
    browser.press("Escape")
    assert browser.ask("document.getElementById('closeup').open") is False
    # The dialog tells that it was closed a moment later.
    browser.wait(lambda: browser.ask("document.activeElement.id") == first)
    assert browser.complaints == []


def test_a_dot_of_the_group_tells_its_scan_and_opens_its_page(browser: Browser, folder: Path) -> None:
    browser.open(folder / "group.html")
    browser.ask("document.querySelector('.dots-row').focus()")
    browser.press("ArrowRight")
    label = "document.getElementById('dot-label')"
    assert browser.ask(f"{label}.textContent") == "sub-02: -5"
    browser.press("ArrowRight")
    assert browser.ask(f"{label}.textContent") == "sub-01: 4.1"
    assert browser.ask(f"{label}.hidden") is False
    assert browser.complaints == []
    browser.press("Enter")
    browser.wait(lambda: browser.ask("location.href").endswith("/sub-01/sub-01_CISS_quality.html"))
    browser.complaints.clear()


@pytest.mark.parametrize("page", ["scan.html", "group.html"])
def test_a_script_that_somebody_brings_into_the_page_does_not_run(
    browser: Browser, folder: Path, page: str
) -> None:
    browser.open(folder / page)
    assert browser.complaints == []
    browser.ask(
        "{const script = document.createElement('script');"
        "script.textContent = 'window.hit = true'; document.body.append(script);}"
    )
    assert browser.ask("window.hit === undefined") is True
    browser.wait(lambda: any("Content Security Policy" in each for each in browser.complaints))
    browser.complaints.clear()
