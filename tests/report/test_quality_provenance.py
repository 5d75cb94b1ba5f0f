"""Provenance: warnings first, every field, the hashes of the files as a list."""

from tests.report.scans import measured

from cauda.report.quality_provenance import blocks


def told(provenance: dict[str, object]) -> str:
    return "".join(map(str, blocks(measured(provenance=provenance))))


def test_warnings_come_first_and_hashes_are_lines_that_can_be_checked() -> None:
    sources = [{"file": "a.nii.gz", "sha256": "ab"}, {"file": "b.json", "sha256": "cd"}]
    text = told({"version": "1", "sources": sources, "warnings": ["no sidecar", "odd <unit>"]})
    assert text.startswith('<ul class="warnings" aria-label="Warnings"><li>no sidecar</li>')
    assert "odd &lt;unit&gt;" in text
    assert ">ab  a.nii.gz\ncd  b.json\n</pre>" in text
    assert "sources" not in text
    assert "<code>EchoTime</code>" in text


def test_sources_in_another_form_are_fields_like_others() -> None:
    text = told({"sources": [{"file": "a", "md5": "x"}], "settings": {"deep": {"er": [1, 2]}, "none": None}})
    assert "<code>sources[0].md5</code>" in text
    assert "<code>settings.deep.er</code></th><td>1, 2</td>" in text
    assert "<code>settings.none</code></th><td>none</td>" in text
    assert "<pre" not in text
