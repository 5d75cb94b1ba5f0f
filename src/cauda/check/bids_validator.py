"""What the validator of BIDS says, where it is installed."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from cauda.errors import Finding, Severity

PROGRAMS = ("bids-validator-deno", "bids-validator")
"""Its names: that of the Python package first, then that of the older one for Node.js."""

_LONGEST_S = 300
_FORMATS = (("--format", "json"), ("--json",))


def find(folder: Path, program: str | Path) -> Iterator[Finding]:
    """Yield what the validator finds in a dataset, one finding for each of its codes.

    Parameters
    ----------
    folder : Path
    program : str or Path
        The validator to run; the newer one, and the older one for Node.js, are understood.
    """
    told = ""
    for words in _FORMATS:
        try:
            # a file instead of a pipe: the older one ends before it has written all into a pipe
            with tempfile.TemporaryFile() as out:
                subprocess.run(
                    [str(program), str(folder), *words],
                    stdin=subprocess.DEVNULL,
                    stdout=out,
                    stderr=subprocess.DEVNULL,
                    timeout=_LONGEST_S,
                    check=False,
                )
                out.seek(0)
                told = out.read().decode("utf-8", errors="replace")
            yield from _findings(json.loads(told)["issues"])
            return
        except (OSError, subprocess.TimeoutExpired) as error:
            yield _silent(f"could not be run ({type(error).__name__})")
            return
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    yield _silent(f"said nothing that is understood: {told.strip()[:60]!r}")


def _silent(what: str) -> Finding:
    return Finding("warning", "bids-validator", "bids-validator", what, "run it by hand on the dataset")


def _findings(issues: Any) -> Iterator[Finding]:
    if "errors" in issues:
        for severity in ("error", "warning"):
            for issue in issues[f"{severity}s"]:
                places = [
                    str((row.get("file") or {}).get("relativePath", "")) for row in issue.get("files", ())
                ]
                yield _one(severity, str(issue["key"]), str(issue.get("reason", "")), places)
        return
    groups: dict[tuple[Severity, str], list[Any]] = {}
    for issue in issues["issues"]:
        if issue.get("severity") in ("error", "warning"):
            groups.setdefault((issue["severity"], str(issue["code"])), []).append(issue)
    messages = issues.get("codeMessages", {})
    for (severity, code), group in groups.items():
        reason = str(messages.get(code) or group[0].get("issueMessage") or group[0].get("subCode") or "")
        yield _one(severity, code, reason, [str(issue.get("location", "")) for issue in group])


def _one(severity: Severity, code: str, reason: str, places: Sequence[str]) -> Finding:
    known = [place.lstrip("/") for place in places if place]
    more = f" (and {len(known) - 1} more)" if len(known) > 1 else ""
    file = known[0] if known else "dataset_description.json"
    what = f"{code}: {' '.join(reason.split())[:300]}{more}"
    return Finding(severity, "bids-validator", file, what, "see the BIDS specification")
