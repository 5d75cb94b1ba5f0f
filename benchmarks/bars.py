"""What has to be reached, and whether it is."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing to reach.

    Attributes
    ----------
    name : str
        Of what is measured.
    value : str
        How much of it there is: a number first, then where.
    wanted : str
        In words.
    met : bool
        Whether it is reached.
    """

    name: str
    value: str
    wanted: str
    met: bool


def at_most(name: str, value: float, limit: float, digits: int = 3, unit: str = "", where: str = "") -> Bar:
    """Bar that is met by values up to the limit."""
    return Bar(name, _text(value, digits, unit, where), f"<= {limit:g}{unit}", bool(value <= limit))


def at_least(name: str, value: float, limit: float, digits: int = 3, unit: str = "", where: str = "") -> Bar:
    """Bar that is met by values from the limit on."""
    return Bar(name, _text(value, digits, unit, where), f">= {limit:g}{unit}", bool(value >= limit))


def none(name: str, odd: list[str]) -> Bar:
    """Bar that is met where nothing is odd; the first odd ones are named."""
    more = " ..." if len(odd) > _NAMED else ""
    return Bar(name, f"{len(odd)} {', '.join(odd[:_NAMED])}{more}".strip(), "0", not odd)


_NAMED = 4


def _text(value: float, digits: int, unit: str, where: str) -> str:
    return f"{value:.{digits}f}{unit}" + (f" ({where})" if where else "")
