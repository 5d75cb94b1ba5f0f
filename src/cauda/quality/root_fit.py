"""How a root looks in the voxels about it: its profile, fitted together with all that is near.

A voxel holds the CSF, a plane ``b0 + b1 u + b2 v`` across the root; what is beyond the surface of the cord
and beyond the dura, as smooth steps; and for each root near by ``c exp(-ln 2 (2 r / w)^m)``. There ``r`` is
the distance to its axis, ``c`` its contrast, ``w`` the full width at half maximum, and ``m`` tells how steep
its edge is: 2 for a Gaussian, more for a disc. ``w`` and ``m`` are common to the roots of a patch; axes are
moved across themselves. Least squares, with outliers weighted down (Beaton and Tukey 1974,
doi:10.1080/00401706.1974.10489171), and with what is usual as a prior where noise decides otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import erfc

from cauda.arrays import Bools, Floats
from cauda.compiled import compiled
from cauda.quality.summary import MAD_OF_NORMAL

MOST_OFFSET_MM = 0.6
"""How far the axis of a root is looked for from where it was traced, or one voxel where that is more."""

_LN2 = 0.6931471805599453
_NARROWEST, _STEEPEST, _FLATTEST = 1.0, 7.0, 1.5
_USUAL_POWER, _POWER_SPREAD, _WIDTH_SPREAD, _OFFSET_SPREAD_MM = 2.6, 0.25, 0.35, 0.3
_SUB_STEP_MM, _MOST_SUBS = 0.35, 12
_TUKEY = 4.685
_LEVEL_SPREAD, _SLOPE_SPREAD, _CONTRAST_SPREAD = 0.03, 0.03, 1.5
# Spreads are assumed: a hand is 0.1 mm off, slices are displaced by a few tenths; the width of what is thin
# is that of the point spread; CSF within 2 mm is even but for shading.
_ROUNDS, _STEPS = 3, 12
_MOST_EXTRAS, _EXTRA_SIGMAS, _EXTRA_SHARE, _EXTRA_APART = 3, 3.5, 0.25, 0.7
_SAMPLES_AT_LEAST, _SAMPLES_IF_FREE = 1.2, 1.5
_CORE, _NOTHING = 0.2, 1e-9
_SEEN, _BEYOND_MM, _LEAST_NOISE = 0.05, 0.4, 1e-3


@dataclass(frozen=True, slots=True, eq=False)
class Patch:
    """Voxels about a place on a root, and what passes there.

    Attributes
    ----------
    value : (n,) float64
        Intensities.
    offset_mm : (n, 3) float64
        Centers of the voxels relative to the place.
    cord_mm, dura_mm : (n,) float64
        Signed distance to the surface of the cord and to the dura, negative inside.
    roots_mm, directions : (k, 3) float64
        A point on the axis of each root near by, relative to the place, and unit vectors along them; the own
        root first.
    thick_mm : (3,) float64
        Edge of a voxel along the axis of thick slices; 0 where there is none.
    voxel_mm : float
        Size of a voxel across the root, where it is resolved.
    shared : float
        Voxels that share one sample of noise.
    place_edges_mm : (float, float)
        Signed distances of the place itself to cord and dura.
    csf : float
        Signal of the CSF about the root; NaN where it is not known.
    """

    value: Floats
    offset_mm: Floats
    cord_mm: Floats
    dura_mm: Floats
    roots_mm: Floats
    directions: Floats
    thick_mm: Floats
    voxel_mm: float
    shared: float
    place_edges_mm: tuple[float, float] = (np.inf, -np.inf)
    csf: float = np.nan

    @property
    def radius_mm(self) -> float:
        """How far voxels of the fit lie from the root."""
        return max(2.0, 2.2 * self.voxel_mm)

    @property
    def first_width_mm(self) -> float:
        """Width to begin with, and of the steps at the cord and at the dura."""
        return max(0.9, 1.3 * self.voxel_mm)


@dataclass(frozen=True, slots=True, eq=False)
class Fit:
    """The profile of one root.

    Attributes
    ----------
    offset_mm : float
        From the traced axis to the fitted one.
    contrast : float
        Of the center of the profile to what is about it, with its sign.
    base : float
        What is about it, at its center.
    core : float
        Signal at its center: of the profile, and what that leaves of the voxels there.
    width_mm : float
        Full width at half maximum.
    power : float
        Steepness of the edge.
    peak : float
        Profile of a voxel whose center lies on the axis, over its thickness.
    energy : float
        Sum of the squares of the profile over all voxels, 1 at its center.
    residual : float
        What the fit leaves of the voxels, as a standard deviation.
    core_voxels, voxels : int
        Voxels within the half maximum, and in the fit.
    axes : (k, 2, 3), (k, 3) float64
        Basis across each root, those found besides the traced ones included, and a point on its axis.
    """

    offset_mm: float
    contrast: float
    base: float
    core: float
    width_mm: float
    power: float
    peak: float
    energy: float
    residual: float
    core_voxels: int
    voxels: int
    axes: tuple[Floats, Floats]

    @property
    def edge_mm(self) -> float:
        """Distance over which the profile falls from 90 % to 10 % of its center."""
        near, far = ((np.log(1 / level) / _LN2) ** (1 / self.power) for level in (0.9, 0.1))
        return float(self.width_mm / 2 * (far - near))

    def distances_mm(self, offset_mm: Floats) -> Floats:
        """Return the distance of points ``(n, 3)`` to each fitted axis, ``(n, k)``."""
        basis, points_mm = self.axes
        across = np.einsum("nkd,kcd->nkc", offset_mm[:, None] - points_mm, basis)
        return np.asarray(np.linalg.norm(across, axis=2))


def fit(patch: Patch) -> Fit | str:
    """Return the profile of the first root of a patch, or the reason why it cannot be fitted."""
    problem = _Problem.of(patch)
    if isinstance(problem, str):
        return problem
    weights = np.ones(len(problem.values))
    state = problem.usual()
    rounds = 0
    while True:
        state, residual = problem.descend(state, weights)
        noise = max(float(np.median(np.abs(residual))) / MAD_OF_NORMAL, _LEAST_NOISE)
        problem.noise = noise
        place = problem.unexplained(state, residual) if rounds == 0 else None
        if place is not None:
            state = problem.with_extra(state, place)
            continue
        rounds += 1
        if rounds == _ROUNDS:
            return problem.fit(state, residual)
        weights = np.clip(1 - (residual / (_TUKEY * noise)) ** 2, 0.0, None) ** 2


class _Problem:
    """Least squares of one patch: what is known of its voxels, and how parameters lie in a vector.

    A vector holds two offsets for each of k roots, the logarithms of width and power, k contrasts, and what
    else is linear.
    """

    def __init__(self, patch: Patch, basis: Floats, subs: Floats, near: Bools, free: bool) -> None:
        self.patch, self.subs, self.free = patch, subs, free
        self.basis, self.points_mm = basis, patch.roots_mm
        self.traced = len(basis)
        self.inside = patch.offset_mm[near]
        self.scale = float(np.abs(patch.value[near]).max())
        self.values = patch.value[near] / self.scale
        self.steps = _steps(patch, near)
        self.noise = _LEAST_NOISE
        self.place = _coordinates(self.inside, subs, self.points_mm, basis)
        plane = self.place[:, :, 0].mean(axis=1) / patch.radius_mm
        self.linear = np.column_stack([np.ones(len(plane)), plane, self.steps])

    @classmethod
    def of(cls, patch: Patch) -> _Problem | str:
        """Return the problem of a patch, or the reason why it has too few voxels."""
        basis = np.stack([_across(direction) for direction in patch.directions])
        subs = _sub_offsets(patch)
        across = _coordinates(patch.offset_mm, subs, patch.roots_mm[:1], basis[:1])[:, :, 0]
        near = np.linalg.norm(across, axis=2).min(axis=1) <= patch.radius_mm
        near &= (patch.cord_mm > -_BEYOND_MM) & (patch.dura_mm < _BEYOND_MM)
        if not near.any() or not np.abs(patch.value[near]).max() > 0:
            return "no signal about the root"
        samples = near.sum() / patch.shared
        neighbors, linear = len(basis) - 1, 3 + _steps(patch, near).shape[1]
        fixed, free = 5 + neighbors + linear, 5 + 3 * neighbors + linear
        if samples < _SAMPLES_AT_LEAST * fixed:
            return f"not resolved: {samples:.0f} samples for {neighbors + 1} traced roots near by"
        return cls(patch, basis, subs, near, bool(samples >= _SAMPLES_IF_FREE * free))

    def descend(self, state: Floats, weights: Floats) -> tuple[Floats, Floats]:
        """Return better parameters, and what they leave of the values."""
        count = len(self.basis)
        variance = self.noise**2 * self.patch.shared
        wanted = self.usual()
        rigid = np.zeros(len(state))
        rigid[: 2 * count] = variance / _OFFSET_SPREAD_MM**2
        rigid[2 * count + 2 : 3 * count + 2] = variance / _CONTRAST_SPREAD**2
        rigid[2 * count] = variance / _WIDTH_SPREAD**2
        rigid[2 * count + 1] = variance / _POWER_SPREAD**2
        if np.isfinite(self.patch.csf):
            rigid[3 * count + 2] = variance / (_LEVEL_SPREAD * wanted[3 * count + 2]) ** 2
            rigid[3 * count + 3 : 3 * count + 5] = variance / (_SLOPE_SPREAD * wanted[3 * count + 2]) ** 2
        held = np.zeros(len(state), dtype=np.bool_)
        held[2 : 2 * self.traced] = not self.free
        limits = np.array(
            [
                max(MOST_OFFSET_MM, self.patch.voxel_mm),
                np.log(_NARROWEST * self.patch.voxel_mm),
                np.log(2 * self.patch.radius_mm),
                np.log(_FLATTEST),
                np.log(_STEEPEST),
                # Nothing is darker than black.
                -max(wanted[3 * count + 2], 0.0),
            ]
        )
        return _descend(self.values, self.place, self.linear, weights, state, wanted, rigid, held, limits)

    def usual(self) -> Floats:
        """Return what parameters are without a look at the root."""
        count = len(self.basis)
        usual = np.zeros(3 * count + 2 + self.linear.shape[1])
        usual[2 * count] = np.log(self.patch.first_width_mm)
        usual[2 * count + 1] = np.log(_USUAL_POWER)
        level = self.patch.csf / self.scale
        usual[3 * count + 2] = level if np.isfinite(level) else np.median(self.values)
        return usual

    def unexplained(self, state: Floats, residual: Floats) -> Floats | None:
        """Return where a root lies that nobody traced: much of the own root's sign is left there."""
        count = len(self.basis)
        if count - self.traced == _MOST_EXTRAS:
            return None
        samples = len(self.values) / self.patch.shared
        if samples < _SAMPLES_IF_FREE * (5 + 3 * count + self.linear.shape[1]):
            return None
        contrast, width = state[2 * count + 2], np.exp(state[2 * count])
        left = residual * np.sign(contrast)
        offsets = state[: 2 * count].reshape(count, 2)
        away = np.linalg.norm(self.place - offsets, axis=3).min(axis=(1, 2)) > _EXTRA_APART * width
        left = np.where(away, left, -np.inf)
        worst = int(np.argmax(left))
        if left[worst] > max(_EXTRA_SIGMAS * self.noise, _EXTRA_SHARE * abs(contrast)):
            return np.asarray(self.inside[worst])
        return None

    def with_extra(self, state: Floats, place_mm: Floats) -> Floats:
        """Take one more root into the model; return its parameters with that."""
        count = len(self.basis)
        self.basis = np.concatenate([self.basis, self.basis[:1]])
        self.points_mm = np.concatenate([self.points_mm, place_mm[None]])
        self.place = _coordinates(self.inside, self.subs, self.points_mm, self.basis)
        own = state[2 * count + 2]
        return np.concatenate(
            [
                state[: 2 * count],
                [0.0, 0.0],
                state[2 * count : 3 * count + 2],
                [own / 2],
                state[3 * count + 2 :],
            ]
        )

    def fit(self, state: Floats, residual: Floats) -> Fit:
        """Return what the parameters say of the first root."""
        patch, count = self.patch, len(self.basis)
        own, width, power = state[:2], float(np.exp(state[2 * count])), float(np.exp(state[2 * count + 1]))
        linear = state[3 * count + 2 :]
        base = float(linear[0] + own @ linear[1:3] / patch.radius_mm) * self.scale
        across = _coordinates(patch.offset_mm, self.subs, self.points_mm[:1], self.basis[:1])[:, :, 0]
        ratio = 2 * np.linalg.norm(across - own, axis=2) / width
        profile = np.exp(-_LN2 * ratio**power).mean(axis=1)
        through = 2 * np.linalg.norm(self.subs @ self.basis[0].T, axis=1) / width
        peak = float(np.exp(-_LN2 * through**power).mean())
        # Where the profile is not the one assumed, its center is what the voxels there say.
        radii = np.linalg.norm(self.place[:, :, 0] - own, axis=2) / width
        inner = np.exp(-((radii / _CORE) ** 2)).mean(axis=1)
        there = np.exp(-_LN2 * (2 * radii) ** power).mean(axis=1)
        left = float((inner * there) @ residual / max(float((inner * there) @ there), _NOTHING)) * peak
        offsets = state[: 2 * count].reshape(count, 2)
        points_mm = self.points_mm + np.einsum("kc,kcd->kd", offsets, self.basis)
        return Fit(
            offset_mm=float(np.hypot(*own)),
            contrast=float(state[2 * count + 2]) * self.scale,
            base=base,
            core=base + (float(state[2 * count + 2]) * peak + left) * self.scale,
            width_mm=width,
            power=power,
            peak=peak,
            energy=float(profile @ profile),
            residual=self.noise * self.scale,
            core_voxels=int((ratio.min(axis=1) < 1).sum()),
            voxels=len(self.values),
            axes=(self.basis, points_mm),
        )


def _across(direction: Floats) -> Floats:
    """Return two unit vectors across a direction, ``(2, 3)``."""
    x, y, z = direction.tolist()
    # Across the axis that is farthest from the direction.
    least = int(np.argmin(np.abs(direction)))
    first = np.array([(0.0, z, -y), (-z, 0.0, x), (y, -x, 0.0)][least])
    first = first / np.sqrt(first @ first)
    a, b, c = first.tolist()
    return np.array([(a, b, c), (y * c - z * b, z * a - x * c, x * b - y * a)])


def _sub_offsets(patch: Patch) -> Floats:
    """Return points through the thickness of a voxel, as far as its profile changes along it, ``(s, 3)``."""
    thick, direction = patch.thick_mm, patch.directions[0]
    extent = float(np.linalg.norm(thick - (thick @ direction) * direction))
    count = min(1 + int(extent / _SUB_STEP_MM), _MOST_SUBS)
    return np.asarray(((np.arange(count) + 0.5) / count - 0.5)[:, None] * thick)


def _coordinates(offset_mm: Floats, subs: Floats, points_mm: Floats, basis: Floats) -> Floats:
    """Return where points of voxels lie across each root, ``(n, s, k, 2)``."""
    voxels = np.einsum("nd,kcd->nkc", offset_mm, basis)
    within = np.einsum("sd,kcd->skc", subs, basis)
    axes = np.einsum("kd,kcd->kc", points_mm, basis)
    return np.ascontiguousarray(voxels[:, None] + (within - axes)[None])


def _steps(patch: Patch, near: Bools) -> Floats:
    """Return what part of each voxel lies beyond the cord's surface and beyond the dura, where any does."""
    blur_mm = patch.first_width_mm / 2.3548
    beyond = [
        0.5 * erfc(distance_mm[near] / (np.sqrt(2) * blur_mm))
        for distance_mm in (patch.cord_mm, -patch.dura_mm)
    ]
    seen = [part for part in beyond if part.max(initial=0.0) > _SEEN]
    return np.stack(seen, axis=-1) if seen else np.zeros((int(near.sum()), 0))


@compiled
def _descend(
    values: Floats,
    place: Floats,
    linear: Floats,
    weights: Floats,
    start: Floats,
    usual: Floats,
    rigid: Floats,
    held: Bools,
    limits: Floats,
) -> tuple[Floats, Floats]:
    """Return parameters of least squares and what is left (Levenberg 1944, doi:10.1090/qam/10666)."""
    count = place.shape[2]
    state = start.copy()
    slopes = np.zeros((len(values), len(state)))
    tried = np.zeros((len(values), len(state)))
    left = _residual(values, place, linear, state, slopes)
    cost = (weights * left * left).sum() + (rigid * (state - usual) ** 2).sum()
    damping = 1e-3
    for _ in range(_STEPS):
        weighted = slopes * weights.reshape(-1, 1)
        matrix = weighted.T @ slopes
        pull = weighted.T @ left - rigid * (state - usual)
        size = np.diag(matrix).copy()
        for k in range(count):
            # The same for both directions, so that it does not matter which they are.
            size[2 * k] = size[2 * k + 1] = (size[2 * k] + size[2 * k + 1]) / 2
        better = False
        for _ in range(6):
            damped = matrix.copy()
            for i in range(len(state)):
                damped[i, i] += rigid[i] + damping * size[i] + 1e-12
                if held[i]:
                    damped[i, :] = 0.0
                    damped[:, i] = 0.0
                    damped[i, i] = 1.0
            toward = np.where(held, 0.0, pull)
            trial = state + np.linalg.solve(damped, toward)
            _keep_within(trial, count, limits)
            trial_left = _residual(values, place, linear, trial, tried)
            trial_cost = (weights * trial_left * trial_left).sum() + (rigid * (trial - usual) ** 2).sum()
            if trial_cost < cost:
                better = True
                break
            damping *= 10.0
        if not better:
            break
        gain = cost - trial_cost
        state, left, cost = trial, trial_left, trial_cost
        slopes[:] = tried
        damping = max(damping * 0.1, 1e-9)
        if gain < 1e-9 * cost:
            break
    return state, left


@compiled
def _residual(values: Floats, place: Floats, linear: Floats, state: Floats, slopes: Floats) -> Floats:
    """Return what the model leaves of the values; its derivatives are written into `slopes`."""
    voxels, subs, count = place.shape[0], place.shape[1], place.shape[2]
    width, power = np.exp(state[2 * count]), np.exp(state[2 * count + 1])
    first = 2 * count + 2
    left = np.empty(voxels)
    slopes[:] = 0.0
    for v in range(voxels):
        total = 0.0
        for c in range(linear.shape[1]):
            total += state[first + count + c] * linear[v, c]
            slopes[v, first + count + c] = linear[v, c]
        for k in range(count):
            contrast = state[first + k]
            for s in range(subs):
                du, dv = place[v, s, k, 0] - state[2 * k], place[v, s, k, 1] - state[2 * k + 1]
                square = du * du + dv * dv + 1e-12
                if square > 4.0 * width * width:
                    continue
                log_ratio = 0.5 * np.log(4 * square) - state[2 * count]
                raised = _LN2 * np.exp(power * log_ratio)
                profile = np.exp(-raised) / subs
                change = contrast * profile * raised * power
                total += contrast * profile
                slopes[v, first + k] += profile
                slopes[v, 2 * k] += change * du / square
                slopes[v, 2 * k + 1] += change * dv / square
                slopes[v, 2 * count] += change
                slopes[v, 2 * count + 1] -= change * log_ratio
        left[v] = values[v] - total
    return left


@compiled
def _keep_within(state: Floats, count: int, limits: Floats) -> None:
    for k in range(count):
        length = np.sqrt(state[2 * k] ** 2 + state[2 * k + 1] ** 2)
        if length > limits[0]:
            state[2 * k] *= limits[0] / length
            state[2 * k + 1] *= limits[0] / length
        state[2 * count + 2 + k] = max(state[2 * count + 2 + k], limits[5])
    state[2 * count] = min(max(state[2 * count], limits[1]), limits[2])
    state[2 * count + 1] = min(max(state[2 * count + 1], limits[3]), limits[4])
