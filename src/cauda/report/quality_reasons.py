"""Reasons why something was not measured, each told once."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TypeVar

_NUMBER = re.compile(r"(?<!\w)\d[\d,.]*(?<=\d)")
_What = TypeVar("_What")


def gathered(found: Iterable[tuple[str, _What]]) -> dict[str, list[_What]]:
    """Return what each reason holds for; reasons that differ in their numbers alone are one.

    Parameters
    ----------
    found : iterable of (str, what)
        Reason and what it is the reason of.

    Examples
    --------
    >>> gathered([("3 voxels", "a"), ("7 voxels", "b"), ("no mask", "c")])
    {'… voxels': ['a', 'b'], 'no mask': ['c']}
    >>> gathered([("3 voxels", "a"), ("3 voxels", "b")])
    {'3 voxels': ['a', 'b']}
    """
    of_form: dict[str, list[tuple[str, _What]]] = {}
    for reason, what in found:
        of_form.setdefault(_NUMBER.sub("…", reason), []).append((reason, what))
    told = {}
    for form, some in of_form.items():
        reasons = {reason for reason, _ in some}
        told[reasons.pop() if len(reasons) == 1 else form] = [what for _, what in some]
    return told
