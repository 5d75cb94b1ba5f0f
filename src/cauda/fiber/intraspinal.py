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
_OBLIQUE = 0.5**0.5
"""Sine and cosine of the angle to the cord at which an afferent divides and at which its branches leave."""

_RISE, _SLOPE = 1 / (2**0.5 - 1), 2.714
"""Of an eighth of a circle: how far it runs along the cord, and the slope at the ends of the cubic nearest to
it, over how far it runs across."""

_LEAST_SLIDE = 0.5
"""A fiber runs at least for this share of the angle of its entry towards the midline before it divides and
turns."""

_LOOK_MM = 0.05


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
    column = min(lateral * float(cord.edge(np.array(z), side)), _LEAST_SLIDE * abs(phi))
    # As far across as an eighth of a circle comes, so that it bends evenly; its branches do the rest.
    across = min(abs(z - entry_mm[2]) / _RISE, radius * (abs(phi) - column) / 2)
    divides = abs(phi) - across / radius
    turn = (divides - column) * radius
    long = float(np.hypot(across, z - entry_mm[2]))
    t = np.linspace(0, 1, _ENTRY_STEPS + 1)[1:]
    shallow = min(course["entry_depth_mm"], radius / 4)
    trunk = cord.points(
        hermite(t, phi, (phi_ahead - phi) / _LOOK_MM * long, divides, -_OBLIQUE * long / radius),
        hermite(t, depth, (depth_ahead - depth) / _LOOK_MM * long, shallow, 0.0),
        hermite(t, entry_mm[2], heading[2] * long, z, _OBLIQUE * long),
        side,
    )
    way = _Column(cord, side, column, place[1], z, turn, turn / radius, shallow)
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
    spread = fiber_courses()["motor_spread"]
    phi, rho = (float(each[0]) for each in cord.motor(np.array([z_mm]), side))
    radius = float(cord.radius(np.array(phi), np.array(z_mm), side))
    phi += spread * radius * place[1] / max(rho, spread * radius)
    rho += spread * radius * place[0]
    depth = float(cord.radius(np.array(phi), np.array(z_mm), side)) - rho
    neuron = cord.points(np.array(phi), np.array(depth), np.array(z_mm), side)
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
    margin = fiber_courses()["column_margin_mm"]
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
    turn_mm: float
    turn_rad: float
    shallow_mm: float

    def branch(self, end_mm: float, drift_mm: float) -> Floats:
        """Points up to a height, the first where the afferent divides."""
        sense = 1.0 if end_mm >= self.z_mm else -1.0
        t = np.linspace(0, 1, _TURN_STEPS + 1)
        slope = _SLOPE * self.turn_mm
        turned = min(_RISE * self.turn_mm, abs(end_mm - self.z_mm))
        rise = hermite(t, 0.0, _OBLIQUE * slope, turned, slope)
        aside = hermite(t, self.turn_rad, -_OBLIQUE * _SLOPE * self.turn_rad, 0.0, 0.0)
        more = np.arange(turned + _STEP_MM, abs(end_mm - self.z_mm), _STEP_MM)
        rise, aside = np.append(rise, more), np.append(aside, np.zeros(len(more)))
        z = self.z_mm + sense * rise
        edge = self.cord.edge(np.append(z, self.z_mm), self.side)
        phi = self.column * edge[:-1] / edge[-1] * np.exp(-rise / drift_mm) + aside
        settled = smoothstep(rise / fiber_courses()["column_settle_mm"])
        depth = _depth(self.cord, phi, z, self.side, self.share)
        return self.cord.points(phi, self.shallow_mm + settled * (depth - self.shallow_mm), z, self.side)


def _depth(cord: Cord, phi: Floats, z_mm: Floats, side: str, share: float) -> Floats:
    """Depth at a share of the section between gray matter (0) and surface (1)."""
    inner, outer = _bounds(cord, phi, z_mm, side, fiber_courses()["column_margin_mm"])
    return np.asarray(cord.radius(phi, z_mm, side) - np.sqrt(inner**2 + share * (outer**2 - inner**2)))


def _bounds(cord: Cord, phi: Floats, z_mm: Floats, side: str, margin_mm: float) -> tuple[Floats, Floats]:
    """Distances from the center line between which fibers lie."""
    outer = cord.radius(phi, z_mm, side) - margin_mm
    return np.minimum(cord.gray(phi, z_mm, side) + margin_mm, outer), outer
