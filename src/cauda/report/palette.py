"""Colors of the report: roots by level and side, tissues, provenance; sRGB as ``#rrggbb``.

Chosen for this report: neighboring levels stay apart for readers with a color vision deficiency, which a test
measures, and every color is told again by a label, a dash or a hatch.
"""

from collections.abc import Mapping
from types import MappingProxyType

from cauda.annotation.tracing import RootName

INK = "#1c2430"
GRAY = "#5b6573"
HAIRLINE = "#d5dbe3"

LEVEL_COLORS: Mapping[str, str] = MappingProxyType(
    {
        "T11": "#9a9aa6",
        "T12": "#4d4d57",
        "L1": "#6a2186",
        "L2": "#2f72c9",
        "L3": "#74bfe6",
        "L4": "#17805a",
        "L5": "#e6bd35",
        "S1": "#d9620f",
        "S2": "#8f1220",
        "S3": "#d98a9c",
        "S4": "#6d2450",
        "S5": "#b58a5e",
        "Co": "#5a3a1e",
    }
)

TISSUE_COLORS: Mapping[str, str] = MappingProxyType(
    {
        "dura": "#93a7bf",
        "csf": "#e4eef7",
        "cord": "#ecdcb9",
        "white_matter": "#f4ead2",
        "gray_matter": "#bf9a7c",
        "filum": "#cdb98a",
        "fat": "#f5dd86",
        "soft_tissue": "#e6c9c0",
        "bone": "#d8d3c8",
        "lead": "#56606e",
        "contact": "#171b22",
    }
)

PROVENANCE_COLORS: Mapping[str, str] = MappingProxyType(
    {
        "annotated": "#1c2430",
        "interpolated": "#3a78b5",
        "extrapolated": "#e0982f",
        "synthesized": "#b9c0ca",
    }
)

_RIGHT_TINT = 0.34
_VENTRAL_SHADE = 0.3
_UNKNOWN = "#9aa3ad"


def root_color(root: RootName) -> str:
    """Return the color of a root: the level's on the left, a tint of it on the right.

    Examples
    --------
    >>> root_color(RootName("L2", "L")), root_color(RootName("L2", "R"))
    ('#2f72c9', '#76a2db')
    """
    color = LEVEL_COLORS.get(root.level, _UNKNOWN)
    return color if root.side == "L" else tint(color, _RIGHT_TINT)


def part_color(root: RootName, part: str | None) -> str:
    """Return the color of a part of a root in a rendering: ventral roots and rootlets are darker.

    Examples
    --------
    >>> part_color(RootName("L2", "L"), "dorsal"), part_color(RootName("L2", "L"), "ventral")
    ('#2f72c9', '#21508d')
    """
    color = root_color(root)
    return shade(color, _VENTRAL_SHADE) if part is not None and part.startswith("ventral") else color


def tissue_color(tissue: str) -> str:
    """Return the color of a tissue that belongs to no root."""
    return TISSUE_COLORS.get(tissue, _UNKNOWN)


def tint(color: str, white: float) -> str:
    """Return a color mixed with white, `white` from 0 to 1."""
    return _text(tuple(part + (1 - part) * white for part in rgb(color)))


def shade(color: str, black: float) -> str:
    """Return a color mixed with black, `black` from 0 to 1."""
    return _text(tuple(part * (1 - black) for part in rgb(color)))


def rgb(color: str) -> tuple[float, float, float]:
    """Return red, green and blue of ``#rrggbb``, each 0 to 1."""
    red, green, blue = (int(color[start : start + 2], 16) / 255 for start in (1, 3, 5))
    return red, green, blue


def _text(parts: tuple[float, ...]) -> str:
    return "#" + "".join(f"{round(255 * part):02x}" for part in parts)
