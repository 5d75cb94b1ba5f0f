"""A simple vertebral column in front of and around the canal of a model.

Sizes are those of ``body.tsv`` and ``body_vertebrae.tsv``; shares of the height of a vertebra, and so on, are
drawn by eye: all of it is assumed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

import numpy as np

from cauda.anatomy.model import SpineModel
from cauda.arrays import Floats
from cauda.phantom.canal_course import CanalCourse
from cauda.phantom.lofts import Solid, ball, loft, oval
from cauda.tables.body import VertebraSize, body_mm, vertebra_sizes

Shape = Callable[[float], Solid]
"""Takes by how much it is to be larger all around, mm."""

_SIDES = (("L", -1.0), ("R", 1.0))
_WITH_ALA = ("S1", "S2", "S3")
_BACKWARD = 0.27
"""How far transverse processes point to behind, over how far aside."""

_LEVELS = (*(f"C{k}" for k in range(1, 8)), *(f"T{k}" for k in range(1, 13)), *(f"L{k}" for k in range(1, 6)))
_LEAST_HEIGHT_MM = 14.0
_MOST_DISC = 0.4
"""Greatest share of a disc in the height of a vertebra with it."""

_WAIST = 0.06
"""By which share a vertebral body is narrower in its middle than at its end plates."""

_ALONG = np.array([0.0, 0.04, 0.12, 0.3, 0.5, 0.7, 0.88, 0.96, 1.0])
_RIM = np.array([0.93, 0.98, 1.0, 1.0, 1.0, 1.0, 1.0, 0.98, 0.93])


@dataclass(frozen=True, slots=True)
class Station:
    """One vertebra with the disc below: its size, and the heights of its ends in the model's axes."""

    size: VertebraSize
    upper_mm: float
    lower_mm: float

    @property
    def body_low_mm(self) -> float:
        """Height of its lower end plate."""
        return self.lower_mm + min(self.size.disc_mm, _MOST_DISC * (self.upper_mm - self.lower_mm))

    @property
    def height_mm(self) -> float:
        """Height of its body."""
        return self.upper_mm - self.body_low_mm


def stations(model: SpineModel, low_mm: float, high_mm: float) -> list[Station]:
    """Return all vertebrae and segments of the sacrum between two heights, from cranial to caudal.

    Those of the model lie where it has them; above them they go on as the uppermost, each a little lower.
    """
    size_of = {size.level: size for size in vertebra_sizes()}
    local = {
        v.level: model.axes.local(np.stack([v.upper_mm, v.lower_mm]))[:, 2]
        for v in model.vertebrae
        if v.level in size_of
    }
    found = [Station(size_of[level], float(up), float(low)) for level, (up, low) in local.items()]
    found.sort(key=lambda one: -one.upper_mm)
    if not found:
        return []
    step = body_mm()["thoracic_step"]
    height = found[0].upper_mm - found[0].lower_mm
    for level in reversed(_LEVELS[: _LEVELS.index(found[0].size.level)]):
        if found[0].upper_mm >= high_mm:
            break
        height = max(height - step, _LEAST_HEIGHT_MM)
        size = replace(found[0].size, level=level)
        found.insert(0, Station(size, found[0].upper_mm + height, found[0].upper_mm))
    below = found[-1].lower_mm
    for number in range(1, 6):
        height = body_mm()[f"sacral_segment_{number}"]
        found.append(Station(size_of[f"S{number}"], below, below - height))
        below -= height
    return [one for one in found if one.upper_mm > low_mm and one.lower_mm < high_mm]


def vertebral_column(course: CanalCourse, column: list[Station]) -> Iterator[Solid]:
    """Yield ligaments, then bones and discs; where two overlap, the later one has the place.

    In the model's axes. Each bone is a solid of cortical bone with a smaller one of marrow in it; the marrow
    of a vertebra's parts is continuous.
    """
    if not column:
        return
    yield _ligament(course, column[-1].lower_mm, column[0].upper_mm)
    for station in column:
        yield from _bones(course, station)
    for above, below in pairwise(column):
        yield from _disc(course, above, below)


def _name(station: Station) -> str:
    level = station.size.level
    return f"sacrum_{level}" if level.startswith("S") else f"vertebra_{level}"


def _bones(course: CanalCourse, station: Station) -> Iterator[Solid]:
    """Yield the shells of a vertebra's parts, then their marrow, which is continuous; joints are apart."""
    name = _name(station)
    tilt = course.frame((station.upper_mm + station.body_low_mm) / 2)
    if station.size.level.startswith("S"):
        parts = _sacral_parts(course, station, tilt)
    else:
        for side, sign in _SIDES:
            yield from _filled({f"{name}_facet_{side}": partial(_facet, course, station, tilt, sign)})
        parts = _free_parts(course, station, tilt)
    yield from _filled({f"{name}_{part}".removesuffix("_body"): shape for part, shape in parts.items()})


def _filled(parts: Mapping[str, Shape]) -> Iterator[Solid]:
    for name, shape in parts.items():
        yield shape(0.0).filled(f"{name}_cortex", "cortical_bone")
    for name, shape in parts.items():
        yield shape(-body_mm()["cortex"]).filled(name, "marrow")


def _free_parts(course: CanalCourse, station: Station, tilt: Floats) -> dict[str, Shape]:
    parts: dict[str, Shape] = {
        "body": lambda grow: _body(course, station, grow),
        "arch": lambda grow: _arch(course, station, tilt, grow),
        "spinous": lambda grow: _spinous(course, station, tilt, grow),
    }
    for side, sign in _SIDES:
        parts[f"pedicle_{side}"] = partial(_pedicle, course, station, tilt, sign)
        parts[f"transverse_{side}"] = partial(_transverse, course, station, tilt, sign)
    return parts


def _sacral_parts(course: CanalCourse, station: Station, tilt: Floats) -> dict[str, Shape]:
    parts: dict[str, Shape] = {
        "body": lambda grow: _body(course, station, grow),
        "roof": lambda grow: _roof(course, station, tilt, grow),
        "spinous": lambda grow: _spinous(course, station, tilt, grow),
    }
    if station.size.level in _WITH_ALA:
        for side, sign in _SIDES:
            parts[f"ala_{side}"] = partial(_ala, course, station, tilt, sign)
    return parts


def _plate(
    course: CanalCourse, station: Station, height: float, scale: float, grow: float, tilt: Floats
) -> Floats:
    """Return an outline of a vertebral body, ``(AROUND, 3)``."""
    size = station.size
    outline = oval(
        size.width_mm / 2 * scale + grow,
        size.depth_mm * 0.52 * scale + grow,
        size.depth_mm * 0.48 * scale + grow,
        power=2.2,
        back_power=3.2,
    )
    # The wall behind is hollow where it borders on the canal.
    hollow = np.clip(1 - (outline[:, 0] / (0.3 * size.width_mm)) ** 2, 0, 1) * (outline[:, 1] < 0)
    outline[:, 1] += 0.06 * size.depth_mm * hollow
    center = course.front_mm(height)[0] + tilt[1] * (0.45 * size.depth_mm + 0.6)
    return np.asarray(center + outline @ tilt[:2])


def _body(course: CanalCourse, station: Station, grow: float) -> Solid:
    tilt = course.frame((station.upper_mm + station.body_low_mm) / 2)
    inset = -grow / station.height_mm
    rings = []
    for along, rim in zip(_ALONG, _RIM, strict=True):
        share = inset + (1 - 2 * inset) * along
        scale = rim * (1 - _WAIST * (1 - (2 * share - 1) ** 2))
        height = station.body_low_mm + share * station.height_mm
        rings.append(_plate(course, station, height, scale, grow, tilt))
    return loft("body", "marrow", rings)


def _disc(course: CanalCourse, above: Station, below: Station) -> Iterator[Solid]:
    """Yield the ring of a disc and its nucleus, between the end plates of two vertebrae."""
    upper_tilt = course.frame((above.upper_mm + above.body_low_mm) / 2)
    lower_tilt = course.frame((below.upper_mm + below.body_low_mm) / 2)
    name = f"disc_{above.size.level}_{below.size.level}"

    def between(share: float, scale: float) -> Floats:
        top = _plate(course, above, above.body_low_mm, scale, 0.0, upper_tilt)
        bottom = _plate(course, below, below.upper_mm, scale, 0.0, lower_tilt)
        return np.asarray(bottom + share * (top - bottom))

    yield loft(
        name,
        "annulus",
        [between(s, r) for s, r in ((0.0, 0.96), (0.2, 1.0), (0.5, 1.02), (0.8, 1.0), (1, 0.96))],
    )
    flat = ((0.12, 0.25), (0.18, 0.45), (0.3, 0.6), (0.5, 0.66), (0.7, 0.6), (0.82, 0.45), (0.88, 0.25))
    yield loft(f"{name}_nucleus", "nucleus", [between(share, scale) for share, scale in flat])


def _arch(course: CanalCourse, station: Station, tilt: Floats, grow: float) -> Solid:
    """Laminae: an oval about the canal that slants down to behind."""
    return _about_canal(course, station, tilt, (0.56, 0.92), slant=0.42, thick=body_mm()["lamina"], grow=grow)


def _roof(course: CanalCourse, station: Station, tilt: Floats, grow: float) -> Solid:
    """Return the dorsal wall of the sacral canal."""
    return _about_canal(
        course, station, tilt, (0.0, 1.0), slant=0.0, thick=body_mm()["sacral_roof"], grow=grow
    )


def _about_canal(
    course: CanalCourse,
    station: Station,
    tilt: Floats,
    span: tuple[float, float],
    *,
    slant: float,
    thick: float,
    grow: float,
) -> Solid:
    tall = station.upper_mm - station.lower_mm
    half = course.half_width((station.upper_mm + station.lower_mm) / 2)
    rings = []
    for share in (span[0] - grow / tall, sum(span) / 2, span[1] + grow / tall):
        height = station.lower_mm + share * tall
        wall, middle = course.back_mm(height)[0], course.middle_mm(height)[0]
        deep = float(np.linalg.norm(middle - wall))
        ring = oval(half + thick + grow, deep, deep + thick + grow, power=2.0, back_power=1.7)
        behind = np.clip(-ring[:, 1] / (deep + thick), 0, 1)
        rings.append(middle + ring @ tilt[:2] - np.outer(behind, tilt[2]) * slant * tall)
    return loft("arch", "marrow", rings)


def _pedicle(course: CanalCourse, station: Station, tilt: Floats, sign: float, grow: float) -> Solid:
    """Return what joins arch and body beside the canal."""
    tall = station.upper_mm - station.lower_mm
    at = station.lower_mm + 0.74 * tall
    middle, front = course.middle_mm(at)[0], course.front_mm(at)[0]
    center = (
        middle
        + sign * (course.half_width(at) + body_mm()["pedicle_aside"]) * tilt[0]
        + 0.8 * (front - middle)
    )
    size = np.array([body_mm()["pedicle_half_width"], body_mm()["pedicle_half_length"], 0.19 * tall]) + grow
    return ball("pedicle", "marrow", center, size[:, None] * tilt)


def _spinous(course: CanalCourse, station: Station, tilt: Floats, grow: float) -> Solid:
    tall = station.upper_mm - station.lower_mm
    lumbar = station.size.level[0] == "L"
    drop = 0.06 if lumbar else 0.45
    high = 0.30 * tall if lumbar else 0.2 * tall
    wall = course.back_mm(station.lower_mm + (0.36 if lumbar else 0.45) * tall)[0]
    rings, wide = [], body_mm()["spinous_half_width"]
    for share in (0.0, 0.15, 0.5, 0.8, 0.95, 1.0):
        tip = 1.0 if share < 0.9 else 0.75 if share < 1 else 0.3
        length = body_mm()["lamina"] / 2 + (station.size.spinous_mm + grow) * share
        center = wall - tilt[1] * length - tilt[2] * drop * station.size.spinous_mm * share
        ring = oval(wide * (1 + 0.4 * share) * tip + grow, high * (0.8 + 0.2 * share) * tip + grow, power=3.0)
        rings.append(center + ring @ tilt[[0, 2]])
    return loft("spinous", "marrow", rings)


def _transverse(course: CanalCourse, station: Station, tilt: Floats, sign: float, grow: float) -> Solid:
    at = station.lower_mm + 0.72 * (station.upper_mm - station.lower_mm)
    region = "lumbar" if station.size.level[0] == "L" else "thoracic"
    long, deep, high = (
        body_mm()[f"transverse_half_{name}"] + grow for name in (f"length_{region}", "depth", "height")
    )
    aside = course.half_width(at) + body_mm()[f"transverse_half_length_{region}"]
    # It points outward and to behind.
    center = course.middle_mm(at)[0] + sign * aside * tilt[0] - _BACKWARD * aside * tilt[1]
    axes = [long * (sign * tilt[0] - _BACKWARD * tilt[1]), deep * tilt[1], high * tilt[2]]
    return ball("transverse", "marrow", center, np.array(axes))


def _facet(course: CanalCourse, station: Station, tilt: Floats, sign: float, grow: float) -> Solid:
    """Articular processes, about the height of the disc."""
    at = station.lower_mm + 0.18 * (station.upper_mm - station.lower_mm)
    center = course.back_mm(at)[0] + sign * (course.half_width(at) + body_mm()["facet_aside"]) * tilt[0]
    size = np.array([body_mm()[f"facet_half_{name}"] for name in ("width", "depth", "height")]) + grow
    return ball("facet", "marrow", center, size[:, None] * tilt)


def _ala(course: CanalCourse, station: Station, tilt: Floats, sign: float, grow: float) -> Solid:
    """Return the lateral part of the sacrum."""
    wide, deep = body_mm()[f"ala_half_width_{station.size.level}"], body_mm()["ala_half_depth"]
    offset = station.size.width_mm / 2 + 0.45 * wide
    middle = course.front_mm((station.upper_mm + station.lower_mm) / 2)[0]
    size = np.array([wide, deep, 0.75 * (station.upper_mm - station.lower_mm)]) + grow
    center = middle + sign * offset * tilt[0] + body_mm()["ala_front"] * tilt[1]
    return ball("ala", "marrow", center, size[:, None] * tilt)


def _ligament(course: CanalCourse, low_mm: float, high_mm: float) -> Solid:
    """Return the yellow ligament with the joint capsules: a wall about the canal."""
    rings, thick = [], body_mm()["ligament"]
    for height in np.arange(low_mm, high_mm, 6.0):
        wall, middle = course.back_mm(height)[0], course.middle_mm(height)[0]
        deep = float(np.linalg.norm(middle - wall))
        ring = oval(course.half_width(height) + thick, deep, deep + thick)
        rings.append(middle + ring @ np.eye(3)[:2])
    return loft("yellow_ligament", "ligament", rings)
