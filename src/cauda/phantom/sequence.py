"""A sequence with its settings: what a tissue gives in each acquisition, and how these become one image."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import gammaln, hyp1f1

from cauda.errors import PhantomError
from cauda.phantom.signal import Complex, Relaxation, bssfp, combined, dess, tse
from cauda.tables.protocols import SEQUENCES, protocol
from cauda.tables.tissues import Tissue, tissues

UNIT = 1000.0
"""Values of an image for a signal as large as the magnetization of water at rest."""

LEAST_SNR = 3.0
"""Lower than this, the magnitude of noise alone has nearly the ratio that is wanted of the signal."""

_FAR_FROM_NOISE = 60.0
_HOW = {"CISS": ("rms", "max"), "DESS": ("rss",), "T2TSE": ("rms",)}


@dataclass(frozen=True, slots=True)
class Sequence:
    """One of the published sequences.

    Attributes
    ----------
    name : str
        ``CISS``, ``DESS`` or ``T2TSE``.
    how : str
        How its acquisitions are combined, see `cauda.phantom.signal.combined`.
    fat_suppressed : float
        Share of the signal of fat that is suppressed, 0 to 1.
    cycles : int
        Of CISS: its acquisitions, 2, or 1 for the one with bands.
    """

    name: str
    how: str
    fat_suppressed: float
    cycles: int = 2

    @classmethod
    def of(cls, name: str, how: str | None = None, fat_suppressed: float | None = None) -> Sequence:
        """Return a sequence as published, or with another combination or suppression of fat.

        Raises
        ------
        PhantomError
            If there is no such sequence or combination, or the share is none.
        """
        if name not in SEQUENCES:
            raise PhantomError(f"sequence {name}: not known, wanted one of {', '.join(SEQUENCES)}")
        how = how or _HOW[name][0]
        if how not in _HOW[name]:
            raise PhantomError(f"{name}: found combination {how}, wanted {' or '.join(_HOW[name])}")
        share = protocol(name)["fat_suppressed"] if fat_suppressed is None else fat_suppressed
        if not 0 <= share <= 1:
            raise PhantomError(f"fat suppression: found {share:g}, wanted 0 to 1")
        return cls(name, how, float(share))

    @property
    def settings(self) -> Mapping[str, float]:
        """Its published settings."""
        return protocol(self.name)

    @property
    def acquisitions(self) -> int:
        """How many images are acquired for one."""
        return {"CISS": self.cycles, "DESS": 2, "T2TSE": 1}[self.name]

    def acquired(self, tissue: Tissue, off_hz: ArrayLike = 0.0) -> Complex:
        """Return the signals of a tissue in all acquisitions, as shares of the magnetization of water.

        Parameters
        ----------
        tissue : Tissue
        off_hz : (...) float
            Off-resonance beside the tissue's own chemical shift; plays a part in CISS alone.

        Returns
        -------
        (acquisitions, ...) complex128
        """
        seen = tissue.proton_density * (1 - self.fat_suppressed * (tissue.name == "fat"))
        of = Relaxation(seen, tissue.t1_ms, tissue.t2_ms, tissue.shift_hz + np.asarray(off_hz))
        given = self.settings
        tr, te, flip = given["repetition_time_ms"], given["echo_time_ms"], given["flip_angle_deg"]
        if self.name == "CISS":
            steps = (0.0, np.pi) if self.cycles == 2 else (np.pi,)
            return np.stack([bssfp(of, tr, te, flip, step) for step in steps])
        if self.name == "DESS":
            return np.stack(dess(of, tr, te, flip))
        train = given["echo_train_length"] * given["echo_spacing_ms"]
        return tse(of, tr, te, train)[None]

    def signal(self, tissue: Tissue) -> float:
        """Return the value of a tissue in the image without noise, in units of the image."""
        return UNIT * float(combined(self.acquired(tissue), self.how))

    def combine(self, acquired: NDArray[Any]) -> NDArray[np.float64]:
        """Return the image of all acquisitions, ``(acquisitions, ...)``."""
        return combined(acquired, self.how)

    def peak(self) -> float:
        """Return the largest value that any tissue has at any off-resonance."""
        off_hz = np.linspace(0.0, 1e3 / self.settings["repetition_time_ms"], 65)
        return UNIT * max(
            float(combined(self.acquired(tissue, off_hz), self.how).max()) for tissue in tissues().values()
        )

    def noise_sd(self, snr: float) -> float:
        """Return the standard deviation of the noise of each channel for which CSF has a wanted ratio.

        The ratio is mean over standard deviation of the magnitude in CSF, in units of the image.

        Parameters
        ----------
        snr : float
            Infinity for no noise.

        Raises
        ------
        PhantomError
            If the ratio is below `LEAST_SNR` or no number.
        """
        if np.isnan(snr) or snr < LEAST_SNR:
            raise PhantomError(f"SNR: found {snr:g}, wanted {LEAST_SNR:g} or more, or inf for no noise")
        if np.isinf(snr):
            return 0.0
        csf = tissues()["csf"]
        signal = self.signal(csf)

        def lack(sd: float) -> float:
            mean, spread = self.magnitude(csf, sd)
            return mean / spread - snr

        return float(brentq(lack, signal / (4 * snr), 2 * signal))

    def magnitude(self, tissue: Tissue | None, noise_sd: float) -> tuple[float, float]:
        """Return mean and standard deviation of the image in a tissue, in units of the image.

        Parameters
        ----------
        tissue : Tissue or None
            None for air.
        noise_sd : float
            Above 0, see `noise_sd`.
        """
        sizes = np.zeros(self.acquisitions) if tissue is None else UNIT * np.abs(self.acquired(tissue))
        # The largest of acquisitions is that of the passband: noise alone is hardly ever larger in a tissue.
        sizes = sizes[[sizes.argmax()]] if self.how == "max" else sizes
        mean, spread = moments(float(np.linalg.norm(sizes)) / noise_sd, len(sizes))
        scale = noise_sd / (np.sqrt(len(sizes)) if self.how == "rms" else 1.0)
        return scale * mean, scale * spread


def moments(distance: float, channels: int) -> tuple[float, float]:
    """Return mean and standard deviation of the length of complex Gaussian noise about a signal.

    Parameters
    ----------
    distance : float
        Length of the signal over all channels, in standard deviations of the real and of the imaginary part.
    channels : int
        Complex numbers; one gives the Rice distribution.
    """
    degrees = 2 * channels
    if distance > _FAR_FROM_NOISE:
        rise = (degrees - 1) / (2 * distance)
        return distance + rise, float(np.sqrt(1 - rise / distance))
    scale = np.sqrt(2) * np.exp(gammaln(channels + 0.5) - gammaln(channels))
    mean = scale * float(hyp1f1(-0.5, channels, -(distance**2) / 2))
    return float(mean), float(np.sqrt(degrees + distance**2 - mean**2))
