"""A simple body around the spine of a model: skin fat, muscles, abdomen, vessels, vertebrae; all assumed.

It gives images what a model has not: dark surroundings, and air outside the body.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
from scipy.ndimage import gaussian_filter1d

from cauda.anatomy.model import SpineModel
from cauda.arrays import Floats
from cauda.phantom.canal_course import CanalCourse
from cauda.phantom.lofts import Solid, loft, oval
from cauda.phantom.vertebral_column import Station, stations, vertebral_column
from cauda.tables.body import body_mm

_STEP_MM = 12.0
_SKIN_SMOOTH_MM = 80.0
_PLANE = np.eye(3)[:2]
_DEPTHS, _MIDDLE = {"erector": 0.5, "multifidus": 0.42}, 0.48
"""Half depths of muscles of the back, and that of their middle, over that from the canal to the skin fat."""

_MARGIN_MM = 20.0
"""How far the body goes on beyond the image."""


def body(model: SpineModel, low_mm: float, high_mm: float) -> list[Solid]:
    """Return the solids of a body around a model, RAS mm; where two overlap, the later one has the place.

    Parameters
    ----------
    model : SpineModel
        Its regions belong on top of these. If it has bones of its own, none are added.
    low_mm, high_mm : float
        Heights in the model's axes between which the body is wanted; it ends a little beyond.
    """
    low, high = low_mm - _MARGIN_MM, high_mm + _MARGIN_MM
    course = CanalCourse.of(model, low, high)
    column = stations(model, low, high)
    height = np.arange(low, high + _STEP_MM, _STEP_MM)
    made = [*_trunk(course, height), *_muscles(course, height, column), *_vessels(course, column)]
    if not any(one.tissue in ("bone", "disc") for one in model.surfaces.values()):
        made += vertebral_column(course, column)
    return [replace(one, vertices_mm=model.axes.ras(one.vertices_mm)) for one in made]


def _trunk(course: CanalCourse, height: Floats) -> Iterator[Solid]:
    size = body_mm()
    skin = _smooth(course.back_mm(height)) - _front(size["back_to_skin"])
    front = _smooth(course.front_mm(height)) + _front(size["front_to_skin"])
    wide = size["trunk_half_width"]
    wall_back, wall_front = size["skin_fat_back"], size["skin_fat_front"]
    yield _oval_column("skin_fat", "fat", skin, front, wide, 2.4, 3.2)
    inner = skin + _front(wall_back), front - _front(wall_front)
    yield _oval_column("body_wall", "muscle", *inner, wide - wall_front, 2.4, 3.2)
    inside = inner[1] - _front(size["wall"])
    wide -= wall_front + size["wall"]
    spine = _smooth(course.front_mm(height))
    yield _oval_column("abdominal_fat", "fat", spine - _front(size["cavity_behind"]), inside, wide, 2.4, 2.6)
    gap = size["peritoneal_fat"]
    behind = spine - _front(size["cavity_behind"] - gap)
    yield _oval_column("viscera", "viscera", behind, inside - _front(gap), wide - gap, 2.4, 2.6)
    # Around vertebrae, great vessels and psoas lies fat.
    before, aside = spine + _front(size["retroperitoneal_depth"]), size["retroperitoneal_half_width"]
    yield _oval_column("retroperitoneal_fat", "fat", behind, before, aside, 2.2, 3.0)


def _muscles(course: CanalCourse, height: Floats, column: list[Station]) -> Iterator[Solid]:
    """Yield muscles of the back and the psoas, each in a thin sheath of fat, and the fat of the midline."""
    size = body_mm()
    back = course.back_mm(height)
    depth = back[:, 1] - _smooth(back)[:, 1] + size["back_to_skin"] - size["skin_fat_back"]
    for side, sign in (("L", -1.0), ("R", 1.0)):
        for name, share in _DEPTHS.items():
            aside, wide = sign * size[f"{name}_aside"], size[f"{name}_half_width"]
            center = back + np.stack([np.full(len(height), aside), -_MIDDLE * depth, 0 * depth], axis=1)
            for tissue, less in (("fat", 0.0), ("muscle", size["sheath"])):
                rings = [
                    c + oval(wide - less, share * d - less, power=2.4, back_power=2.4) @ _PLANE
                    for c, d in zip(center, depth, strict=True)
                ]
                yield loft(f"{name}_{side}" + ("_sheath" if tissue == "fat" else ""), tissue, rings)
        yield from _psoas(course, column, side, sign)
    wide = size["midline_half_width"]
    rings = [c - _front(0.5 * d) + oval(wide, 0.5 * d) @ _PLANE for c, d in zip(back, depth, strict=True)]
    yield loft("midline_fat", "fat", rings)


def _psoas(course: CanalCourse, column: list[Station], side: str, sign: float) -> Iterator[Solid]:
    """Yield the psoas, from T12 on beside the vertebral bodies and thicker downward."""
    lumbar = [one for one in column if one.size.level[0] == "L"]
    if not lumbar:
        return
    top, bottom = lumbar[0].upper_mm, lumbar[-1].lower_mm
    size = body_mm()
    for tissue, less in (("fat", 0.0), ("muscle", size["sheath"])):
        rings = []
        for share in np.linspace(-0.35, 1.0, 14):
            height = bottom + share * (top - bottom)
            thick = size["psoas_half_width"] * np.sqrt(1.04 - max(share, 0.0))
            # Below the spine it turns aside and to the front.
            beyond = max(-share, 0.0) * size["psoas_half_width"] / 2
            aside = sign * (size["psoas_aside"] + 0.75 * thick + beyond)
            center = course.front_mm(height)[0] + np.array([aside, size["psoas_front"] + beyond, 0])
            rings.append(center + oval(thick - less, 1.15 * thick - less) @ _PLANE)
        yield loft(f"psoas_{side}" + ("_sheath" if tissue == "fat" else ""), tissue, rings)


def _vessels(course: CanalCourse, column: list[Station]) -> Iterator[Solid]:
    """Yield aorta and vena cava, in front of the vertebral bodies down to L4."""
    upper = [one for one in column if one.size.level[0] != "S" and one.size.level != "L5"]
    if not upper:
        return
    height = np.arange(upper[-1].lower_mm, upper[0].upper_mm, _STEP_MM)
    if len(height) < 2:
        return
    size = body_mm()
    for name in ("aorta", "vena_cava"):
        radius = size[f"{name}_radius"]
        place = np.array([size[f"{name}_aside"], size["vessels_front"] + radius, 0])
        center = _smooth(course.front_mm(height)) + place
        yield loft(name, "flowing_blood", [c + oval(radius, radius) @ _PLANE for c in center])


def _oval_column(
    name: str, tissue: str, back: Floats, front: Floats, wide: float, power: float, back_power: float
) -> Solid:
    middle = 0.55 * back + 0.45 * front
    rings = [
        m + oval(wide, f[1] - m[1], m[1] - b[1], power=power, back_power=back_power) @ _PLANE
        for m, b, f in zip(middle, back, front, strict=True)
    ]
    return loft(name, tissue, rings)


def _front(length_mm: float) -> Floats:
    return np.array([0.0, length_mm, 0.0])


def _smooth(points: Floats) -> Floats:
    """Return a course smoothed over its length: skin and vessels do not follow every bend of the canal."""
    found = points.copy()
    found[:, :2] = gaussian_filter1d(points[:, :2], _SKIN_SMOOTH_MM / _STEP_MM, axis=0, mode="nearest")
    return found
