"""The page: whole, offline, accessible, the same each time; tolerant of what a model does not tell."""

import re
from collections import Counter
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from types import MappingProxyType

import pytest

from cauda import annotation
from cauda.anatomy import model_files
from cauda.anatomy.model import SpineModel
from cauda.annotation.tracing import Tracing
from cauda.errors import AnnotationError, ModelError
from cauda.report import report, tables
from cauda.report.page import page

VOID = {"meta", "link", "br", "img", "input"}


class Outline(HTMLParser):
    """What a page consists of; raises AssertionError where an element is not closed in its turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that opens."""
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element that closes itself, which only those of SVG do."""
        assert "svg" in self.open, f"<{tag}/> does not close itself in HTML"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        """Close the element that was opened last."""
        assert self.open.pop() == tag


@pytest.fixture(scope="module")
def folder(model: SpineModel, tracing: Tracing, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = model_files.write(model, tmp_path_factory.mktemp("models"))
    annotation.write(tracing, out / "sub-07_tracing.mrk.json")
    return out


@pytest.fixture(scope="module")
def text(folder: Path) -> str:
    path = report(folder)
    assert path == folder / "sub-07.html"
    return path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def outline(text: str) -> Outline:
    return Outline(text)


def test_the_same_model_gives_the_same_bytes_wherever_it_lies(
    folder: Path, text: str, tmp_path: Path
) -> None:
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    for file in folder.iterdir():
        if file.suffix != ".html":
            (moved / file.name).symlink_to(file)
    assert report(moved).read_text(encoding="utf-8") == text
    assert str(folder.parent) not in text


def test_nothing_is_asked_of_a_network_and_no_script_runs(text: str, outline: Outline) -> None:
    for tag, attributes in outline.elements:
        assert tag not in {"script", "link", "iframe", "object", "embed", "base", "form"}
        for name in ("src", "href", "xlink:href", "action", "srcset"):
            assert re.match(r"#|data:image/png;base64,", attributes.get(name, "#")), (tag, name)
        assert not any(name.startswith("on") for name in attributes)
    assert re.findall(r"url\((?!#)", text) == []
    assert "@import" not in text
    assert re.search(r"Content-Security-Policy\" content=\"default-src 'none'; img-src data:", text)


def test_every_link_leads_somewhere_and_every_id_stands_once(outline: Outline) -> None:
    ids = Counter(attributes["id"] for _, attributes in outline.elements if "id" in attributes)
    assert set(ids.values()) == {1}
    for tag, attributes in outline.elements:
        if tag == "section":
            assert attributes["aria-labelledby"] in ids
        if attributes.get("href", "").startswith("#"):
            assert attributes["href"][1:] in ids
        for used in re.findall(r"url\(#([\w-]+)\)", " ".join(attributes.values())):
            assert used in ids


def test_figures_and_tables_speak_to_a_screen_reader(outline: Outline) -> None:
    figures = [attributes for tag, attributes in outline.elements if tag == "svg"]
    assert len(figures) == 8
    assert all(figure["role"] == "img" and len(figure["aria-label"]) > 40 for figure in figures)
    tags = [tag for tag, _ in outline.elements]
    assert tags.count("table") == tags.count("caption") == tags.count("thead") == 9
    assert all("scope" in attributes for tag, attributes in outline.elements if tag == "th")
    assert [tag for tag in tags if re.fullmatch(r"h\d", tag)] == ["h1"] + ["h2"] * 11
    assert dict(outline.elements)["html"] == {"lang": "en"}


def test_figures_and_tables_are_numbered_through_the_page(text: str) -> None:
    for kind, count in (("Figure", 8), ("Table", 9)):
        assert re.findall(rf"<b>{kind} (\d+)\.</b>", text) == [str(index + 1) for index in range(count)]


def test_what_the_model_tells_stands_in_the_tables(text: str, model: SpineModel) -> None:
    assert ">0.101<" in text
    assert ">−0.003<" in text
    assert f">{model.surfaces['cord'].volume_mm3:,.0f}<" in text
    assert text.count(">67<") == 4
    assert "<code>dura.thickness_mm</code>" in text
    assert f"{'ab' * 32}  sub-07_dura_1.json" in text
    assert text.index("cd" * 32) < text.index("ab" * 32)


def test_what_the_model_lacks_is_named(text: str) -> None:
    assert "Roots L3 to L4." in text
    assert "Not in the model: L1 left, L1 right, L2 left, L2 right, L5 left" in text


def test_errors_come_first_and_a_rule_is_told_once(text: str) -> None:
    assert text.index(">slice-gap<") < text.index(">odd-label<")
    assert "1 error, 2 warnings" in text
    assert text.count('<span class="severity warning">') == 2
    assert text.count('<span class="again"><span class="severity warning">') == 1


def test_text_from_the_input_cannot_become_markup(text: str) -> None:
    assert "labels say &lt;dura&gt; &amp; more" in text
    assert "<dura>" not in text


@pytest.fixture(scope="module")
def whole(full: SpineModel, tracing: Tracing) -> str:
    return page(full, tracing)


def test_what_is_synthesized_is_told_in_the_captions(whole: str, text: str) -> None:
    made = "ventral roots, rootlets, gray matter, the filum, fat and canal and soft tissue are synthesized"
    assert whole.count(made) == 2
    assert "synthesized from" not in text.partition('id="provenance"')[0]
    assert "dorsal and ventral roots are not told apart" in text
    assert "not told apart" not in whole


def test_dorsal_roots_that_nobody_traced_are_named_among_what_is_synthesized(
    full: SpineModel, tracing: Tracing
) -> None:
    first = replace(full.roots[0], provenance=("synthesized",) * len(full.roots[0].points_mm))
    text = page(replace(full, roots=(first, *full.roots[1:])), tracing)
    assert "the dorsal roots L3, ventral roots, rootlets, gray matter" in text


def test_a_page_about_all_parts_is_whole_and_its_ids_stand_once(whole: str) -> None:
    outline = Outline(whole)
    ids = Counter(attributes["id"] for _, attributes in outline.elements if "id" in attributes)
    assert set(ids.values()) == {1}
    assert {"figure-enlargement", "figure-sac", "segments-table", "vertebrae-table", "rootlets-table"} <= set(
        ids
    )
    assert set(re.findall(r"url\(#([\w-]+)\)", whole)) <= set(ids)


def test_the_header_counts_roots_and_rootlets(whole: str, text: str) -> None:
    assert "<dt>Roots, dorsal and ventral</dt><dd>4 + 4</dd>" in whole
    assert "<dt>Rootlets</dt><dd>28</dd>" in whole
    assert "<dt>Dorsal roots</dt><dd>4</dd>" in text
    assert "Rootlets" not in text
    assert "epidural fat and dorsal and ventral nerve roots" in whole


def test_synthesized_parts_are_counted(whole: str) -> None:
    (row,) = re.findall(r'<th scope="row">synthesized</th>(.*?)</tr>', whole)
    for part in ("gray_matter", "fat", "ventral roots (4)", "dorsal rootlets, as lines (16)"):
        assert part in row
    (sums,) = re.findall(r'<th scope="row">all 16 rootlets</th>(.*?)</tr>', whole)
    cells = re.findall(r"<td[^>]*>([^<]*)</td>", sums)
    assert cells[0] == "dorsal"
    assert cells[1:3] == ["–", "–"]
    assert cells[3] == cells[4]
    assert cells[-1] == "100"


def test_radii_are_told_by_part(full: SpineModel) -> None:
    table = str(tables.radii(full))
    assert table.count("<td>dorsal</td>") == table.count("<td>ventral</td>") == 4
    assert table.count(">67<") == table.count(">62<") == 4
    assert "Part" not in str(tables.radii(replace(full, roots=full.roots[:4])))


def test_a_model_that_tells_little_still_gives_a_page(model: SpineModel, tracing: Tracing) -> None:
    regions = {name: surface for name, surface in model.surfaces.items() if surface.root is None}
    bare = replace(
        model,
        surfaces=MappingProxyType(regions),
        roots=(),
        settings=MappingProxyType({}),
        measures=MappingProxyType({}),
        sources=(),
        findings=(),
    )
    text = page(bare, None)
    Outline(text)
    assert "No roots." in text
    assert "Neither errors nor warnings." in text
    assert "does not lie beside the model" in text
    assert not re.search(r"\b(nan|inf|None)\b", re.sub(r"data:[^\"]*", "", text))
    Outline(page(bare, tracing))


@pytest.mark.parametrize(
    "measures",
    [
        {"fit": None, "radii": None, "displacements": 3},
        {
            "fit": {"cord": {"rms_mm": None}},
            "radii": [{"root": "L3_L"}, {}, "L4"],
            "displacements": [{"root": "X"}],
        },
        {
            "displacements": [
                {"root": "L3_L", "moved_for": ["L4_L", "dura"]},
                {"root": "L4_L", "moved_for": "cord"},
            ]
        },
    ],
)
def test_measures_of_another_kind_are_left_out(model: SpineModel, measures: dict[str, object]) -> None:
    told = replace(model, measures=MappingProxyType(measures))
    made = [str(make(told)) for make in (tables.fit, tables.radii, tables.displacements)]
    assert all(text.count("<tr") >= 2 for text in made)
    if "fit" not in measures:
        assert "L4 L, dura" in made[2]
        assert ">cord<" in made[2]
    else:
        assert "Moved for" not in made[2]


def test_progress_rises_from_step_to_step(model: SpineModel, tracing: Tracing) -> None:
    told: list[tuple[str, float]] = []
    page(model, tracing, progress=lambda step, fraction: told.append((step, fraction)))
    fractions = [fraction for _, fraction in told]
    assert len(told) >= 4
    assert fractions == sorted(fractions)
    assert 0 <= fractions[0] <= fractions[-1] < 1


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no file sub-XX_model\.json"):
        report(tmp_path)


def test_a_model_without_dura_is_refused(model: SpineModel) -> None:
    surfaces = {name: surface for name, surface in model.surfaces.items() if name != "dura_inner"}
    with pytest.raises(
        ModelError, match=r"sub-07: the model has no surface dura_inner; build the model again"
    ):
        page(replace(model, surfaces=MappingProxyType(surfaces)), None)


def test_a_broken_tracing_leaves_no_page(model: SpineModel, tmp_path: Path) -> None:
    folder = model_files.write(model, tmp_path)
    (folder / "sub-07_tracing.mrk.json").write_text("{", encoding="utf-8")
    with pytest.raises(AnnotationError, match=r"sub-07_tracing\.mrk\.json"):
        report(folder)
    assert not (folder / "sub-07.html").exists()
    assert not list(folder.glob(".sub-07.html*"))
