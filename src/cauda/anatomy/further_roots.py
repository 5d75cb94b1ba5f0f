"""Roots that nobody traced, laid as if somebody had: T11, T12, S3 to Co, and what is missing between them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cauda.anatomy.course import ENTRY_RADIUS_MM, THINNEST_MM, Course, course
from cauda.anatomy.further_ganglia import exit_place, ganglion, theta_of
from cauda.anatomy.segments import Borders
from cauda.anatomy.separation import CORD_GAP_MM, GAP_MM
from cauda.anatomy.vertebrae import VertebraHeights
from cauda.anatomy.walls import Walls
from cauda.annotation.tracing import LEVELS, PUBLISHED_LEVELS, SIDES, RootName
from cauda.arrays import Floats
from cauda.errors import LevelError
from cauda.tables.further_roots import further_root
from cauda.tables.population import quantity
from cauda.tables.roots import root_geometry

_ROUND_FILUM = ("S3", "S4", "S5", "Co")

_STEP_MM = 2.0
"""Distance of the points in height, that of the slices of the published dataset."""

_SHORTEST_MM = 6.0
_END_ABOVE_EXIT_MM, _END_SHARE = 9.0, 0.35
"""How far above its exit a root's points end, at most, and as a share of its height."""

_OFF_CORD_MM, _OFF_SOON_MM, _OFF_SLOPE = 0.35, 0.35, 0.06
"""How far off the cord a root enters, how much further it soon is, and how that grows, as in sub-03."""

_TURN_DEG, _TURN_MM, _TURN_POWER, _MOST_LATERAL_DEG = 44.0, 20.0, 1.3, 100.0
"""How far a root turns laterally on its way along the cord, over which length (as in sub-03), up to where."""

_ABOVE_CONUS_MM, _OFF_MIDLINE_MM = 2.0, 0.22
"""A root enters at least so far above the end of the conus, its surface so far off the dorsal midline."""

_INTO_BED_MM, _OUT_OF_BED_MM = 32.0, 25.0
_ROUND_FILUM_MM, _OFF_FILUM_MM = 16.0, 15.0
"""Lengths over which roots get from the cord into their bed and from there to the wall: assumed."""

_AT_WALL_MM = 1.6
"""How far from the dura a root comes before it leaves: assumed."""

_FANNING_MM = 10.0
"""Length over which a root that is thin where it enters asks for the usual room."""

_ROUNDS, _CLEAR_MM = 40, 0.02
_SPREAD = np.array([0.25, 0.5, 0.25])


def parse_range(text: str) -> tuple[str, ...]:
    """Return the levels written as ``T11-Co``, ``S3`` or ``T12,S3-S5``, from cranial to caudal, each once.

    Raises
    ------
    LevelError
        If a level is not known or a range runs from caudal to cranial.

    Examples
    --------
    >>> parse_range("S3-Co,T12")
    ('T12', 'S3', 'S4', 'S5', 'Co')
    """
    chosen: set[str] = set()
    for part in text.split(","):
        first, dash, last = (word.strip() for word in part.partition("-"))
        last = last if dash else first
        if first not in LEVELS or last not in LEVELS:
            raise LevelError(
                f"roots {text!r}: found {part.strip()!r}, wanted levels of {', '.join(LEVELS)}, "
                "ranges such as T11-Co, or several of them with commas"
            )
        begin, end = LEVELS.index(first), LEVELS.index(last)
        if begin > end:
            raise LevelError(f"roots {text!r}: {part.strip()} runs upward, wanted {last}-{first}")
        chosen.update(LEVELS[begin : end + 1])
    return tuple(level for level in LEVELS if level in chosen)


def further_roots(
    levels: Sequence[str],
    traced_mm: Mapping[RootName, Floats],
    ganglia_mm: Mapping[RootName, Floats],
    borders: Sequence[Borders],
    vertebrae: Sequence[VertebraHeights],
    walls: Walls,
) -> tuple[dict[RootName, Floats], dict[RootName, Floats]]:
    """Return courses and ganglia of roots that were not traced, of levels and both sides.

    Parameters
    ----------
    levels : sequence of str
        Which levels; of each only the sides that have no traced root.
    traced_mm : mapping of RootName to (n, 3) float64
        Traced roots in the model's axes, from their entry down.
    ganglia_mm : mapping of RootName to (3,) float64
        Annotated ganglia in the model's axes.
    borders, vertebrae
        Segments of the cord and vertebrae of this subject.
    walls : Walls
        Cord, filum and dura.

    Returns
    -------
    dict of RootName to (n, 3) float64, dict of RootName to (3,) float64
        From cranial to caudal: points 2 mm apart in height from the cord to shortly above the exit, as if
        traced, and the ganglion. A root is absent where it was traced, where the cord has no such segment,
        where no ganglion tells where its vertebra lies, or where it would leave the sac less than
        6 mm below its entry.

    Notes
    -----
    A root leaves the cord at the dorsolateral sulcus at the middle of its segment, runs down along it while
    it turns laterally, comes to lie in its bed in the dorsal half of the sac, cranial roots lateral of caudal
    ones, and nears the wall where it leaves towards its ganglion. S3 to Co lie medial of S2 round the filum.
    On its way it keeps clear of the cord, the dura and the roots that are there already. Angles and depths
    down to S2 are those of sub-03 of 10.1038/s41597-024-03919-4; all others are assumed
    (``further_roots.tsv``), as are the ganglia: T11 and T12 lie to their vertebra and the dura as L1 does, S3
    and S4 in the sacral canal below S2, and S5 and Co, which are often within the sac, just outside its end.
    """
    others = [
        _Occupied.by(course(name, points_mm, ganglia_mm[name], walls, root_geometry()[name.level]))
        for name, points_mm in traced_mm.items()
        if name in ganglia_mm and len(points_mm) > 1
    ]
    lowest_mm = walls.conus_mm + _ABOVE_CONUS_MM
    entries_mm = {segment.level: max(segment.middle_mm, lowest_mm) for segment in borders}
    roots: dict[RootName, Floats] = {}
    ends: dict[RootName, Floats] = {}
    for name in (RootName(level, side) for level in LEVELS if level in levels for side in SIDES):
        ganglion_mm = ganglion(name, ganglia_mm, vertebrae, walls.dura_inner)
        if name in traced_mm or name.level not in entries_mm or ganglion_mm is None:
            continue
        geometry = root_geometry()[name.level]
        exit_mm, exit_rad = exit_place(ganglion_mm, geometry, walls.dura_inner)
        if entries_mm[name.level] - exit_mm < _SHORTEST_MM:
            continue
        points_mm = _points(name, entries_mm[name.level], exit_mm, exit_rad, walls)
        points_mm = _cleared(name, points_mm, others, walls)
        others.append(_Occupied.by(course(name, points_mm, ganglion_mm, walls, geometry)))
        roots[name], ends[name] = points_mm, ganglion_mm
    return roots, {name: point for name, point in ends.items() if name not in ganglia_mm}


@dataclass(frozen=True, slots=True, eq=False)
class _Occupied:
    """A root that is there already: its places by height, increasing, and its radius."""

    z_mm: Floats
    plane_mm: Floats
    radius_mm: Floats

    @classmethod
    def by(cls, root: Course) -> _Occupied:
        within = slice(root.entry, root.leave + 1)
        points_mm, radius_mm = root.points_mm[within], root.wanted_mm[within]
        falling = np.minimum.accumulate(points_mm[:, 2] - 1e-6 * np.arange(len(points_mm)))
        radius_mm = np.maximum(radius_mm, _asked_mm(root.root, falling[0] - falling))
        return cls(falling[::-1], points_mm[::-1, :2], radius_mm[::-1])

    def at(self, z_mm: Floats) -> tuple[Floats, Floats]:
        """Return its places ``(n, 2)`` at heights, and its radius there, -inf where it is not."""
        place = np.column_stack([np.interp(z_mm, self.z_mm, column) for column in self.plane_mm.T])
        radius_mm = np.interp(z_mm, self.z_mm, self.radius_mm)
        return place, np.where((z_mm >= self.z_mm[0]) & (z_mm <= self.z_mm[-1]), radius_mm, -np.inf)


def _points(name: RootName, entry_mm: float, exit_mm: float, exit_rad: float, walls: Walls) -> Floats:
    """Return points from the entry to shortly above the exit, as if the root were alone in the sac."""
    length_mm = entry_mm - exit_mm
    last_mm = length_mm - min(_END_ABOVE_EXIT_MM, _END_SHARE * length_mm)
    below_mm = np.arange(0.0, last_mm + 1e-6, _STEP_MM)
    z = entry_mm - below_mm
    along, bed = _along_cord(name, below_mm, z, walls), _in_bed(name, z, walls)
    funnel = walls.dura_inner.point(np.full(len(z), exit_rad), z)[:, :2]
    center = walls.dura_inner.center(z)
    outward = (funnel - center) / np.linalg.norm(funnel - center, axis=1)[:, None]
    way_in_mm = _ROUND_FILUM_MM if name.level in _ROUND_FILUM else _INTO_BED_MM
    settled = _smooth_step(below_mm / min(way_in_mm, 0.7 * length_mm))
    way_out_mm = _OFF_FILUM_MM if name.level in _ROUND_FILUM else min(_OUT_OF_BED_MM, 0.4 * length_mm)
    leaving = _smooth_step(1 - (length_mm - below_mm) / way_out_mm)
    plane = along + settled * (bed - along)
    return np.column_stack([plane + leaving * (funnel - _AT_WALL_MM * outward - plane), z])


def _along_cord(name: RootName, below_mm: Floats, z: Floats, walls: Walls) -> Floats:
    """Beside the cord: the further down the more lateral and the further off it."""
    turn_deg = _TURN_DEG * (1 - np.exp(-((below_mm / _TURN_MM) ** _TURN_POWER)))
    theta = theta_of(name, np.minimum(_entry_deg(name, float(z[0]), walls) + turn_deg, _MOST_LATERAL_DEG))
    off_mm = _OFF_CORD_MM + _OFF_SOON_MM * (1 - np.exp(-below_mm / 2.0)) + _OFF_SLOPE * below_mm
    outward = np.column_stack([np.cos(theta), np.sin(theta)])
    plane: Floats = walls.cord.point(theta, z)[:, :2] + off_mm[:, None] * outward
    return plane


def _entry_deg(name: RootName, z_mm: float, walls: Walls) -> float:
    """Angle of the entry from the dorsal midline; where the cord is thin, apart from the other side's."""
    radius_mm = float(walls.cord.mean_radius(np.array([z_mm]))[0])
    off_midline_mm = float(_asked_mm(name, np.zeros(1))[0]) + _OFF_MIDLINE_MM
    least = np.degrees(np.arcsin(min(off_midline_mm / radius_mm, 1.0)))
    return max(_of_level("entry_angle", name.level), float(least))


def _asked_mm(name: RootName, below_mm: Floats) -> Floats:
    """Radius of the room that a root asks for: its own where it enters, the usual one further down."""
    own_mm = max(min(root_geometry()[name.level].dorsal_radius_mm, ENTRY_RADIUS_MM), THINNEST_MM)
    asked: Floats = own_mm + (ENTRY_RADIUS_MM - own_mm) * np.clip(below_mm / _FANNING_MM, 0.0, 1.0)
    return asked


def _in_bed(name: RootName, z: Floats, walls: Walls) -> Floats:
    """In the dorsal half of the sac: down to S2 along the dura, S3 to Co round the filum."""
    if name.level in _ROUND_FILUM:
        side = -1.0 if name.side == "L" else 1.0
        offset = (side * further_root("bed_lateral", name.level), -further_root("bed_dorsal", name.level))
        beside: Floats = walls.cord.center(z) + np.array(offset)
        return beside
    theta = theta_of(name, np.full(len(z), _of_level("bed_angle", name.level)))
    inward = _of_level("bed_depth", name.level) * np.column_stack([np.cos(theta), np.sin(theta)])
    plane: Floats = walls.dura_inner.point(theta, z)[:, :2] - inward
    return plane


def _of_level(name: str, level: str) -> float:
    return quantity(name, level).mean if level in PUBLISHED_LEVELS else further_root(name, level)


def _smooth_step(share: Floats) -> Floats:
    share = np.clip(share, 0.0, 1.0)[:, None]
    step: Floats = share * share * (3 - 2 * share)
    return step


def _cleared(name: RootName, points_mm: Floats, others: Sequence[_Occupied], walls: Walls) -> Floats:
    """Return the points moved within their heights until clear of other roots, the cord and the dura."""
    points_mm = points_mm.copy()
    asked_mm = _asked_mm(name, points_mm[0, 2] - points_mm[:, 2])
    placed = [other.at(points_mm[:, 2]) for other in others]
    places = np.array([place for place, _ in placed]).reshape(-1, len(points_mm), 2)
    wanted_mm = np.array([radius_mm for _, radius_mm in placed]).reshape(-1, len(points_mm))
    wanted_mm = wanted_mm + asked_mm + GAP_MM
    for _ in range(_ROUNDS):
        apart = points_mm[:, :2] - places
        distance = np.linalg.norm(apart, axis=2) + 1e-9
        shift = _from_walls(points_mm, asked_mm, walls)
        shift += (apart * (np.maximum(wanted_mm - distance, 0.0) / distance)[..., None]).sum(axis=0)
        if np.abs(shift).max() < _CLEAR_MM:
            break
        padded = np.pad(shift, ((1, 1), (0, 0)), mode="edge")
        points_mm[:, :2] += np.stack([np.convolve(column, _SPREAD, "valid") for column in padded.T], axis=1)
        theta, _ = walls.cord.polar(points_mm[:1])
        foot = walls.cord.point(theta, points_mm[:1, 2])[0, :2]
        points_mm[0, :2] = foot + _OFF_CORD_MM * np.array([np.cos(theta[0]), np.sin(theta[0])])
    return points_mm


def _from_walls(points_mm: Floats, asked_mm: Floats, walls: Walls) -> Floats:
    """Return by which shifts, ``(n, 2)``, points get clear of the cord and the dura."""
    shift = np.zeros((len(points_mm), 2))
    for wall, sign, gap_mm in ((walls.cord, 1.0, CORD_GAP_MM), (walls.dura_inner, -1.0, 2 * GAP_MM)):
        lack = np.maximum(asked_mm + gap_mm - sign * wall.distance(points_mm), 0.0)
        outward = points_mm[:, :2] - wall.center(points_mm[:, 2])
        outward /= np.linalg.norm(outward, axis=1)[:, None] + 1e-9
        shift += (sign * lack)[:, None] * outward
    return shift
