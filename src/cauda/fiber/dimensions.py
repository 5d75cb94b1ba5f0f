"""Sizes of the compartments of a myelinated fiber, by its diameter."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Literal

import numpy as np

from cauda.arrays import Floats, frozen
from cauda.errors import FiberError
from cauda.fiber.number import real
from cauda.tables.table import read_table

Rule = Literal["interpolated", "discrete"]

SMALLEST_UM, LARGEST_UM = 2.0, 16.0
"""Diameters that the interpolation is good for; above 16.6 um its node spacing would fall again."""

STIN = 6
"""Internodal compartments (stereotyped internodes, STIN) between two FLUT."""

COMPARTMENTS = 4 + STIN
"""Compartments of an internode: MYSA, FLUT, STIN, FLUT, MYSA."""


@dataclass(frozen=True, slots=True)
class Dimensions:
    """Sizes of a fiber of one diameter (McIntyre, Richardson, Grill 2002, doi:10.1152/jn.00353.2001).

    Attributes
    ----------
    diameter_um : float
        Outer diameter, with myelin.
    node_spacing_um : float
        From the center of a node to that of the next.
    axon_diameter_um, node_diameter_um : float
        Of the axon in FLUT and STIN; of the axon in the node and in MYSA.
    flut_length_um : float
        Length of a FLUT, the main paranodal segment.
    lamellae : float
        Number of lamellae of the myelin; each has two membranes.
    """

    diameter_um: float
    node_spacing_um: float
    axon_diameter_um: float
    node_diameter_um: float
    flut_length_um: float
    lamellae: float


def dimensions(diameter_um: float, rule: Rule = "interpolated") -> Dimensions:
    """Return the sizes of the compartments of a fiber.

    Parameters
    ----------
    diameter_um : float
        Outer diameter, 2 to 16 um.
    rule : "interpolated" or "discrete"
        By polynomials through the published sizes (Musselman 2021, doi:10.1371/journal.pcbi.1009285), for any
        diameter; or the published sizes themselves, for the nine published diameters.

    Raises
    ------
    FiberError
        If the diameter is no number or outside, not one of the nine where it must be, or the rule is unknown.

    Examples
    --------
    >>> dimensions(10.0, "discrete").node_spacing_um
    1150.0
    >>> round(dimensions(10.0).node_spacing_um, 1)
    1122.3
    """
    diameter_um = real(diameter_um, "fiber diameter", unit="um")
    if not SMALLEST_UM <= diameter_um <= LARGEST_UM:
        raise FiberError(
            f"fiber diameter: found {diameter_um:g} um, wanted {SMALLEST_UM:g} to {LARGEST_UM:g} um, "
            "for which the sizes of a fiber are known"
        )
    if rule == "interpolated":
        return _interpolated(diameter_um)
    if rule != "discrete":
        raise FiberError(f"rule: found {rule!r}, wanted 'interpolated' or 'discrete'")
    published = _published()
    if diameter_um not in published:
        known = ", ".join(f"{known:g}" for known in published)
        raise FiberError(
            f"fiber diameter: {diameter_um:g} um is not among the published ones, {known} um; "
            "take the rule 'interpolated' for others"
        )
    return published[diameter_um]


@lru_cache(maxsize=4096)
def centers_um(sizes: Dimensions) -> Floats:
    """Return where the centers of an internode's compartments lie, in um from the center of the node before.

    Returns
    -------
    (10,) float64
        Of MYSA, FLUT, 6 STIN, FLUT, MYSA.
    """
    lengths_um = lengths(sizes)
    return frozen(NODE_LENGTH_UM / 2 + np.cumsum(lengths_um) - lengths_um / 2)


def lengths(sizes: Dimensions) -> Floats:
    """Return the lengths of an internode's compartments in um, shape ``(10,)``."""
    mysa_um = float(compartment("mysa")["length_um"])
    flut_um = sizes.flut_length_um
    stin_um = (sizes.node_spacing_um - NODE_LENGTH_UM - 2 * mysa_um - 2 * flut_um) / STIN
    return np.array([mysa_um, flut_um, *([stin_um] * STIN), flut_um, mysa_um])


@cache
def compartment(name: str) -> dict[str, str]:
    """Return the row of a kind of compartment of the table ``mrg_compartments``."""
    return next(row for row in read_table("mrg_compartments") if row["compartment"] == name)


NODE_LENGTH_UM = float(compartment("node")["length_um"])
"""Length of a node."""


@cache
def _published() -> dict[float, Dimensions]:
    sizes = [
        Dimensions(**{name: float(value) for name, value in row.items() if name != "source"})
        for row in read_table("mrg_dimensions")
    ]
    return {each.diameter_um: each for each in sizes}


@lru_cache(maxsize=4096)
def _interpolated(diameter_um: float) -> Dimensions:
    # Rows of one quantity are in the order of the diameter from which they hold: the last that does is kept.
    values = {
        row["quantity"]: float(row["quadratic"]) * diameter_um**2
        + float(row["linear"]) * diameter_um
        + float(row["constant"])
        for row in read_table("mrg_interpolation")
        if diameter_um >= float(row["from_um"])
    }
    return Dimensions(diameter_um, **values)
