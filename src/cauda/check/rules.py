"""All rules, one after another."""

from __future__ import annotations

from collections.abc import Iterable

from cauda.annotation.reader import UNREADABLE
from cauda.annotation.slices import Slices
from cauda.annotation.tracing import Tracing
from cauda.check import contours, inventory, levels, roots, sizes
from cauda.errors import Finding

_IMPOSSIBLE = {UNREADABLE, inventory.NO_CORD, inventory.NO_DURA, sizes.SIZE}


def check(tracing: Tracing) -> tuple[Finding, ...]:
    """Return everything that is wrong or odd in a tracing.

    Lengths are judged along the axis of the slices, which need not be z: an oblique stack is fine. If the
    sizes show that the unit is not mm, the rules that know distances in mm are left out, as they would drown
    that.

    Parameters
    ----------
    tracing : Tracing
        As `cauda.annotation.read` or, with unreadable files as findings, `cauda.annotation.survey` gives it.

    Returns
    -------
    tuple of Finding
        What the reader noticed (``tracing.findings``) and what the rules found: errors first, then by rule
        and file. See ``docs/check.md`` for all rules with their bounds and sources.
    """
    slices = Slices.of(tracing)
    findings = [*tracing.findings, *inventory.find(tracing), *sizes.find_impossible(tracing, slices)]
    if not any(finding.code == sizes.SIZE for finding in findings):
        findings += contours.find(tracing, slices)
        findings += levels.find(tracing, slices)
        findings += roots.find(tracing, slices)
        findings += sizes.find_implausible(tracing, slices)
    return tuple(sorted(set(findings)))


def impossible(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Return those findings with which no model can be built at all.

    They are unreadable files, the lack of all cord or dura contours, and sizes that no human has. With other
    errors a model can be built of what is sound.
    """
    return tuple(finding for finding in findings if finding.code in _IMPOSSIBLE)
