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
    yield _oval_column("abdominal_fat", "fat", spine - _front(14.0), inside, wide, 2.4, 2.6)
    yield _oval_column("viscera", "viscera", spine - _front(4.0), inside - _front(7.0), wide - 9.0, 2.4, 2.6)
    # Around vertebrae, great vessels and psoas lies fat.
    yield _oval_column(
        "retroperitoneal_fat", "fat", spine - _front(4.0), spine + _front(52.0), 56.0, 2.2, 3.0
    )


def _muscles(course: CanalCourse, height: Floats, column: list[Station]) -> Iterator[Solid]:
    """Yield muscles of the back and the psoas, each in a thin sheath of fat, and the fat of the midline."""
    sheath = body_mm()["sheath"]
    back = course.back_mm(height)
    depth = back[:, 1] - _smooth(back)[:, 1] + body_mm()["back_to_skin"] - body_mm()["skin_fat_back"]
    for side, sign in (("L", -1.0), ("R", 1.0)):
        for name, aside, wide, share in (("erector", 41.0, 24.0, 0.5), ("multifidus", 15.5, 12.5, 0.42)):
            center = back + np.stack(
                [np.full(len(height), sign * aside), -0.45 * depth - 1.0, 0 * depth], axis=1
            )
            for tissue, less in (("fat", 0.0), ("muscle", sheath)):
                rings = [
                    c + oval(wide - less, share * d - less, power=2.4, back_power=2.4) @ np.eye(3)[:2]
                    for c, d in zip(center, depth, strict=True)
                ]
                yield loft(f"{name}_{side}" + ("_sheath" if tissue == "fat" else ""), tissue, rings)
        yield from _psoas(course, column, side, sign)
    rings = [
        c - _front(0.5 * d + 2) + oval(1.1, 0.5 * d) @ np.eye(3)[:2] for c, d in zip(back, depth, strict=True)
    ]
    yield loft("midline_fat", "fat", rings)


def _psoas(course: CanalCourse, column: list[Station], side: str, sign: float) -> Iterator[Solid]:
    """Yield the psoas, from T12 on beside the vertebral bodies and thicker downward."""
    lumbar = [one for one in column if one.size.level[0] == "L"]
    if not lumbar:
        return
    top, bottom = lumbar[0].upper_mm, lumbar[-1].lower_mm
    for tissue, less in (("fat", 0.0), ("muscle", body_mm()["sheath"])):
        rings = []
        for share in np.linspace(-0.35, 1.0, 14):
            height = bottom + share * (top - bottom)
            thick = 20.0 * np.sqrt(np.clip(1.02 - max(share, 0.0), 0.0, 1)) + 0.5
            aside = sign * (23.0 + 0.75 * thick + 8.0 * max(-share, 0.0))
            center = course.front_mm(height)[0] + [aside, 14.0 - 10 * min(share, 0.0), 0]
            rings.append(center + oval(thick - less, 1.15 * thick - less) @ np.eye(3)[:2])
        yield loft(f"psoas_{side}" + ("_sheath" if tissue == "fat" else ""), tissue, rings)


def _vessels(course: CanalCourse, column: list[Station]) -> Iterator[Solid]:
    """Yield aorta and vena cava, in front of the vertebral bodies down to L4."""
    upper = [one for one in column if one.size.level[0] != "S" and one.size.level != "L5"]
    if not upper:
        return
    height = np.arange(upper[-1].lower_mm, upper[0].upper_mm, _STEP_MM)
    if len(height) < 2:
        return
    deep = 33.0
    for name, aside, radius in (
        ("aorta", -6.5, body_mm()["aorta_radius"]),
        ("vena_cava", 13.5, body_mm()["vena_cava_radius"]),
    ):
        center = _smooth(course.front_mm(height)) + np.array([aside, deep + radius, 0])
        yield loft(name, "flowing_blood", [c + oval(radius, radius) @ np.eye(3)[:2] for c in center])


def _oval_column(
    name: str, tissue: str, back: Floats, front: Floats, wide: float, power: float, back_power: float
) -> Solid:
    middle = 0.55 * back + 0.45 * front
    rings = [
        m + oval(wide, f[1] - m[1], m[1] - b[1], power=power, back_power=back_power) @ np.eye(3)[:2]
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
