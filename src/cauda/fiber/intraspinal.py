"""Fibers within the cord: afferents up to where they divide and beyond, motor axons, dorsal columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cauda.arrays import Floats
from cauda.fiber.cord import Cord
from cauda.fiber.frame import hermite, smoothstep
from cauda.tables.fibers import fiber_courses

_STEP_MM = 1.0
_TURN_STEPS = 8
_ENTRY_STEPS = 12
_STEEPEST_RAD = np.pi / 4
"""Angle to the cord at which an afferent divides and at which its branches leave, at most."""

_LEAST_TURN_MM, _LEAST_ASIDE_MM = 1.0, 0.02
"""Where there is little room to the side, it divides at a lesser angle, so that it can turn about such a
radius."""

_MOST_LATERAL = 0.6
"""Branches run within this share of the angle of the entry at most, so that they have room to turn."""

_LOOK_MM = 0.05
_NEARER = 6
"""Steps in which a motor neuron that would lie outside of the ventral horn comes nearer to its point."""


@dataclass(frozen=True, slots=True, eq=False)
class Division:
    """An afferent in the cord, in the model's axes.

    Attributes
    ----------
    trunk_mm : (n, 3) float64
        From the point after the entry to where it divides.
    rostral_mm, caudal_mm : (n, 3) float64
        Its branches, from where it divides; the caudal one has no point but that where it has no room.
    """

    trunk_mm: Floats
    rostral_mm: Floats
    caudal_mm: Floats


def division(
    cord: Cord, side: str, entry_mm: Floats, heading: Floats, place: Floats, rise: float
) -> Division:
    """Return the course of an afferent in the cord.

    Parameters
    ----------
    cord : Cord
    side : str
    entry_mm, heading : (3,) float64
        Where it comes to the surface, and the direction in which it does.
    place : (2,) float64
        Shares, 0 to 1: where between the midline and the dorsal horn its branches run, and how far from the
        gray matter to the surface.
    rise : float
        Share: how far rostral of its entry it divides.

    Notes
    -----
    It runs medially and rostrally under the surface, not through the tip of the dorsal horn, and divides
    like a Y that lies on its side: the rostral branch goes on in its direction, the caudal one leaves at a
    right angle to it. Both turn gently into the direction of the cord.
    """
    course = fiber_courses()
    phi, depth = (float(each) for each in cord.polar(entry_mm, side))
    ahead = entry_mm + _LOOK_MM * heading
    phi_ahead, depth_ahead = (float(each) for each in cord.polar(ahead, side))
    least, most = course["entry_rise_least_mm"], course["entry_rise_most_mm"]
    z = np.clip(entry_mm[2] + least + rise * (most - least), cord.bottom_mm, cord.top_mm)
    radius = float(cord.radius(np.array(phi), np.array(z), side))
    lateral = course["column_share_least"] + place[0] * (
        course["column_share_most"] - course["column_share_least"]
    )
    column = lateral * min(float(cord.edge(np.array(z), side)), _MOST_LATERAL * abs(phi))
    aside = max(radius * (abs(phi) - column), 2 * _LEAST_ASIDE_MM)
    steep = min(_STEEPEST_RAD, float(np.arccos(1 - min(aside / 2 / _LEAST_TURN_MM, 1.0))))
    # As far across as an arc of a circle comes, so that it bends evenly; its branches do the rest.
    across = min(abs(z - entry_mm[2]) * np.tan(steep / 2), aside / 2)
    divides = column + (aside - across) / radius
    long = float(np.hypot(across, z - entry_mm[2]))
    t = np.linspace(0, 1, _ENTRY_STEPS + 1)[1:]
    shallow = min(course["entry_depth_mm"], radius / 4)
    trunk = cord.points(
        hermite(t, phi, (phi_ahead - phi) / _LOOK_MM * long, divides, -np.sin(steep) * long / radius),
        hermite(t, depth, (depth_ahead - depth) / _LOOK_MM * long, shallow, 0.0),
        hermite(t, entry_mm[2], heading[2] * long, z, np.cos(steep) * long),
        side,
    )
    way = _Column(cord, side, column, place[1], z, (aside - across, radius), steep, shallow)
    return Division(
        trunk,
        way.branch(cord.top_mm, course["column_drift_mm"]),
        way.branch(max(z - course["caudal_branch_mm"], cord.bottom_mm), np.inf),
    )


def motor(cord: Cord, side: str, entry_mm: Floats, heading: Floats, z_mm: float, place: Floats) -> Floats:
    """Return the course of a motor axon from the surface of the cord inwards to its neuron.

    Parameters
    ----------
    cord : Cord
    side : str
    entry_mm, heading : (3,) float64
        Where it leaves the cord, and the direction in which it comes in there.
    z_mm : float
        Height of its neuron.
    place : (2,) float64
        Where in the unit disc about the point of the ventral horn its neuron lies.
    """
    phi, rho = _neuron(cord, side, z_mm, place)
    depth = cord.radius(phi, np.array(z_mm), side) - rho
    neuron = cord.points(phi, depth, np.array(z_mm), side)
    way = neuron - entry_mm
    long = float(np.linalg.norm(way))
    t = np.linspace(0, 1, _ENTRY_STEPS + 1)[1:, None]
    return hermite(t, entry_mm, long * heading, neuron, way)


def columns(cord: Cord, side: str, places: Floats) -> list[Floats]:
    """Return fibers spread evenly over the dorsal column of one side, over the whole length of the cord.

    Parameters
    ----------
    cord : Cord
    side : str
    places : (n, 2) float64
        Shares, 0 to 1, even over the unit square.

    Returns
    -------
    list of (m, 3) float64
        From the caudal end upwards, in the model's axes.

    Notes
    -----
    They are even over the section where the column is largest and keep their place, as shares of its width
    and depth, everywhere else.
    """
    margin = fiber_courses()["gray_margin_mm"]
    z = np.arange(cord.bottom_mm, cord.top_mm + _STEP_MM / 2, _STEP_MM)
    share = np.linspace(0, 1, 201)
    phi = share * cord.edge(z, side)[:, None]
    heights = np.broadcast_to(z[:, None], phi.shape)
    inner, outer = _bounds(cord, phi, heights, side, margin)
    weight = (outer**2 - inner**2) * cord.edge(z, side)[:, None]
    largest = weight[int(np.argmax(weight.sum(axis=1)))]
    below = np.append(0.0, np.cumsum((largest[1:] + largest[:-1]) / 2))
    own = np.interp(places[:, 0] * below[-1], below, share)
    return [
        cord.points(angle, _depth(cord, angle, z, side, depth), z, side)
        for angle, depth in zip(own[:, None] * cord.edge(z, side), places[:, 1], strict=True)
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Column:
    """How the branches of an afferent come into the dorsal column and run there."""

    cord: Cord
    side: str
    column: float
    share: float
    z_mm: float
    turn_mm: tuple[float, float]
    steep: float
    shallow_mm: float

    def branch(self, end_mm: float, drift_mm: float) -> Floats:
        """Points up to a height, the first where the afferent divides."""
        sense = 1.0 if end_mm >= self.z_mm else -1.0
        t = np.linspace(0, 1, _TURN_STEPS + 1)
        aside, radius = self.turn_mm
        # The cubic nearest to an arc of a circle that comes so far to the side.
        slope = 4 * np.tan(self.steep / 4) * aside / (1 - np.cos(self.steep))
        turned = min(aside / np.tan(self.steep / 2), abs(end_mm - self.z_mm))
        rise = hermite(t, 0.0, np.cos(self.steep) * slope, turned, slope)
        beside = hermite(t, aside, -np.sin(self.steep) * slope, 0.0, 0.0) / radius
        more = np.arange(turned + _STEP_MM, abs(end_mm - self.z_mm), _STEP_MM)
        rise, beside = np.append(rise, more), np.append(beside, np.zeros(len(more)))
        z = self.z_mm + sense * rise
        edge = self.cord.edge(np.append(z, self.z_mm), self.side)
        phi = self.column * edge[:-1] / edge[-1] * np.exp(-rise / drift_mm) + beside
        settled = smoothstep(rise / fiber_courses()["column_settle_mm"])
        depth = _depth(self.cord, phi, z, self.side, self.share)
        return self.cord.points(phi, self.shallow_mm + settled * (depth - self.shallow_mm), z, self.side)


def _neuron(cord: Cord, side: str, z_mm: float, place: Floats) -> tuple[Floats, Floats]:
    """Angle and distance from the center line of a motor neuron, within gray matter."""
    course = fiber_courses()
    share = np.linspace(1, 0, _NEARER)
    z = np.full(len(share), z_mm)
    phi, rho = cord.motor(z, side)
    spread = course["motor_spread"] * cord.radius(phi, z, side) * share
    phi, rho = phi + spread * place[1] / np.maximum(rho, spread), rho + spread * place[0]
    within = rho <= cord.gray(phi, z, side) - course["gray_margin_mm"]
    found = int(np.argmax(within)) if within.any() else len(share) - 1
    return phi[found], rho[found]


def _depth(cord: Cord, phi: Floats, z_mm: Floats, side: str, share: float) -> Floats:
    """Depth at a share of the section between gray matter (0) and surface (1)."""
    inner, outer = _bounds(cord, phi, z_mm, side, fiber_courses()["gray_margin_mm"])
    return np.asarray(cord.radius(phi, z_mm, side) - np.sqrt(inner**2 + share * (outer**2 - inner**2)))


def _bounds(cord: Cord, phi: Floats, z_mm: Floats, side: str, margin_mm: float) -> tuple[Floats, Floats]:
    """Distances from the center line between which fibers lie."""
    outer = cord.radius(phi, z_mm, side) - margin_mm
    return np.minimum(cord.gray(phi, z_mm, side) + margin_mm, outer), outer
