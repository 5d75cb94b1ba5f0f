"""The chapters of pictures on the page of a scan: worst slices, the body, the dural sac, the background."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

from cauda.report import quality_masks, quality_mosaics, quality_noise
from cauda.report.document import Block
from cauda.report.markup import Column, Figure, Table, element, number
from cauda.report.quality_extent import SAC
from cauda.report.quality_gray import Window, air_window, body_window, sac_window
from cauda.report.quality_mosaics import Choice
from cauda.report.quality_planes import Plane
from cauda.report.quality_slices import Ranking
from cauda.report.quality_tables import significant
from cauda.report.quality_tiles import Shown

_BODY_COUNTS = {"axial": 20, "sagittal": 12, "coronal": 12}
_SAC_COUNTS = {"axial": 20, "sagittal": 10, "coronal": 10}
_ORDERS = {"axial": "cranial to caudal", "sagittal": "right to left", "coronal": "front to back"}
_AIR_COUNT = 6
_WORST = 6
_LARGE, _MIDDLE = 90_000.0, 48_000.0
_BODY_LABELS = (1, 3)
_SAC_LABELS = (5, 6, 7, 8, 9)
_TOLD_TILT_DEG = 1.0


@dataclass(frozen=True, slots=True)
class Pictures:
    """A scan, how it is looked at, and its slices in the order of their quality."""

    shown: Shown
    planes: Sequence[Plane]
    ranking: Ranking

    @property
    def slices(self) -> Plane:
        """The plane of the scan's own slices."""
        return next(plane for plane in self.planes if plane.axis == self.ranking.axis)

    @property
    def traced(self) -> bool:
        """Whether cord or CSF are known."""
        return self.shown.extent.holds(*SAC)

    def worst(self) -> Iterator[Block]:
        """Return the boxes for the masks, and the worst slices as pictures and in words."""
        yield quality_masks.toggles(self.shown.extent)
        worst = self.ranking.slices[:_WORST]
        if not worst:
            yield element(
                "p", escape(f"Slices cannot be ranked: {self.ranking.explanation}."), class_="reason"
            )
            return
        indices = [one.index for one in worst]
        from_near = self.traced and self.ranking.by_roots
        if from_near:
            crops = quality_mosaics.near(self.shown, self.slices, indices)
        else:
            crops = [quality_mosaics.whole_body(self.shown, self.slices)] * len(worst)
        parts = [
            (index, crop, f"{place}.")
            for place, (index, crop) in enumerate(zip(indices, crops, strict=True), start=1)
        ]
        labels = _SAC_LABELS if from_near else _BODY_LABELS
        window = self._near() if from_near else body_window(self.shown.image, self.shown.masks)
        choice = Choice("worst-slice", self.slices, _WORST, _LARGE)
        drawing = quality_mosaics.mosaic(self.shown, parts, choice, window, labels)
        caption = (
            f"Worst slices by {escape(self.ranking.measure)}, the worst first. {_convention(self.slices)}"
        )
        yield Figure("figure-worst", caption, element("div", drawing, class_="zoomed"))
        yield self._worst_table()

    def body(self) -> Iterator[Block]:
        """Return a mosaic of the body in each plane."""
        window = body_window(self.shown.image, self.shown.masks)
        for plane in self.planes:
            choice = Choice(f"body-{plane.name}", plane, _BODY_COUNTS[plane.name])
            caption = f"{plane.name.capitalize()} slices through the body, {_ORDERS[plane.name]}. "
            caption += f"{_convention(plane)} {_reach(window)} 1st and 98th percentile of the body."
            yield Figure(f"figure-{choice.key}", caption, quality_mosaics.body(self.shown, window, choice))

    def sac(self) -> Iterator[Block]:
        """Return a mosaic of the sac in each plane, or that it is not known."""
        if not self.traced:
            text = "Neither a tracing nor labels of cord and CSF are known: the sac is not shown from near."
            yield element("p", text, class_="reason")
            return
        window = self._near()
        for plane in self.planes:
            choice = Choice(f"sac-{plane.name}", plane, _SAC_COUNTS[plane.name], _MIDDLE)
            drawing = quality_mosaics.sac(self.shown, window, choice)
            caption = (
                f"{plane.name.capitalize()} slices of the traced sac, with the masks that were measured in. "
            )
            caption += f"{_convention(plane)} {_reach(window)} 1st percentile of the body, 99th of the sac."
            yield Figure(f"figure-{choice.key}", caption, element("div", drawing, class_="zoomed"))

    def background(self, why: str = "") -> Iterator[Block]:
        """Return the noise fit and the background made bright, or why there are none.

        Parameters
        ----------
        why : str
            Reason for no noise fit, as it was found when the scan was measured; empty if there is none.
        """
        found = quality_noise.fit(self.shown.image, self.shown.masks)
        if isinstance(found, str):
            yield element("p", escape(f"Noise cannot be fitted: {why or found}."), class_="reason")
        else:
            caption = (
                "Intensities of the air and the chi-square distribution that fits them best. Right of the "
                f"half maximum they differ by {significant(found.difference)} in the mean; artifacts in the "
                "air raise the tail (Mortamet et al. 2009, doi:10.1002/mrm.21992)."
            )
            yield Figure("figure-noise", caption, quality_noise.figure(found))
        window = air_window(self.shown.image, self.shown.masks)
        if window is None:
            text = "No air with values above 0 is known: the background is not shown."
            yield element("p", text, class_="reason")
            return
        drawing = quality_mosaics.air(self.shown, window, Choice("air", self.slices, _AIR_COUNT))
        caption = "The background made bright: ghosts, ringing and folded tissue show here. "
        yield Figure("figure-air", caption + _convention(self.slices), drawing)

    def _near(self) -> Window:
        window = sac_window(self.shown.image, self.shown.masks) if self.traced else None
        return window or body_window(self.shown.image, self.shown.masks)

    def _worst_table(self) -> Table:
        measure = self.ranking.measure
        rows = [
            [f"{place}.", str(one.index), significant(one.value), escape(one.reason)]
            for place, one in enumerate(self.ranking.slices[:_WORST], start=1)
        ]
        columns = [
            Column("Rank", numeric=False),
            Column("Slice"),
            Column(measure[:1].upper() + measure[1:]),
            Column("Why", numeric=False),
        ]
        caption = f"{escape(self.ranking.explanation)} Slices are counted from 0."
        return Table("table-worst", caption, columns, rows)


def _convention(plane: Plane) -> str:
    left, right, top, bottom = plane.letters
    text = f"Radiological convention: {left} on the left, {right} on the right, {top} on top, {bottom} below."
    if plane.tilt_deg >= _TOLD_TILT_DEG:
        text += f" The slices are tilted by {number(plane.tilt_deg, 0)}° against the {plane.name} plane."
    return text


def _reach(window: Window) -> str:
    return f"Black is {significant(window.low)}, white {significant(window.high)}:"
