import json
import sys
from pathlib import Path

from cauda.check import bids_validator

NEW = {
    "issues": {
        "issues": [
            {"code": "NOT_INCLUDED", "severity": "error", "location": "/sub-01/anat/sub-01_CISS.nii.gz"},
            {"code": "NOT_INCLUDED", "severity": "error", "location": "/sub-02/anat/sub-02_CISS.nii.gz"},
            {"code": "README_SMALL", "severity": "warning", "location": "/README"},
            {"code": "IGNORED", "severity": "ignore", "location": "/x"},
        ],
        "codeMessages": {"NOT_INCLUDED": "Files with such naming\nscheme are not part of BIDS"},
    }
}
OLD = {
    "issues": {
        "errors": [{"key": "EMPTY", "reason": "empty", "files": [{"file": {"relativePath": "/a.json"}}]}],
        "warnings": [{"key": "NO_AUTHORS", "reason": "no authors", "files": [{"file": None}]}],
    }
}


def program(folder: Path, told: str, *, needs: str) -> Path:
    """Write a validator that prints `told` if it is asked with the option that it understands."""
    path = folder / "validator"
    path.write_text(
        f"#!{sys.executable}\nimport sys\nprint({told!r} if {needs!r} in sys.argv else 'usage: ...')\n"
    )
    path.chmod(0o755)
    return path


def test_issues_of_the_newer_validator_are_one_finding_for_each_code(tmp_path: Path) -> None:
    found = list(bids_validator.find(tmp_path, program(tmp_path, json.dumps(NEW), needs="--format")))
    assert [(one.severity, one.file, one.what) for one in found] == [
        (
            "error",
            "sub-01/anat/sub-01_CISS.nii.gz",
            "NOT_INCLUDED: Files with such naming scheme are not part of BIDS (and 1 more)",
        ),
        ("warning", "README", "README_SMALL: "),
    ]


def test_issues_of_the_older_validator_are_understood(tmp_path: Path) -> None:
    found = list(bids_validator.find(tmp_path, program(tmp_path, json.dumps(OLD), needs="--json")))
    assert [(one.severity, one.file, one.what) for one in found] == [
        ("error", "a.json", "EMPTY: empty"),
        ("warning", "dataset_description.json", "NO_AUTHORS: no authors"),
    ]


def test_a_validator_that_says_nothing_that_is_understood_is_a_warning(tmp_path: Path) -> None:
    (finding,) = bids_validator.find(tmp_path, program(tmp_path, "hello", needs="--json"))
    assert finding.severity == "warning"
    assert "said nothing that is understood: 'hello'" in finding.what


def test_a_validator_that_cannot_be_run_is_a_warning(tmp_path: Path) -> None:
    (finding,) = bids_validator.find(tmp_path, tmp_path / "absent")
    assert "could not be run (FileNotFoundError)" in finding.what
