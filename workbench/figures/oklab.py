"""Colour tables whose steps look equally large: stops joined in OKLab, at equal distances along the way.

OKLab: Björn Ottosson, "A perceptual color space for image processing", 2020.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

_TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
_TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
BETWEEN = 64  # points between two stops, along which distances are measured


def to_oklab(rgb: np.ndarray) -> np.ndarray:
    """The OKLab coordinates of sRGB colours: uint8 [..., 3] to float64 [..., 3]."""
    coded = np.asarray(rgb, np.float64) / 255
    linear = np.where(coded <= 0.04045, coded / 12.92, ((coded + 0.055) / 1.055) ** 2.4)
    return np.cbrt(linear @ _TO_LMS.T) @ _TO_LAB.T


def from_oklab(lab: np.ndarray) -> np.ndarray:
    """The sRGB colours nearest to OKLab coordinates: float64 [..., 3] to uint8 [..., 3]."""
    linear = (np.asarray(lab) @ np.linalg.inv(_TO_LAB).T) ** 3 @ np.linalg.inv(_TO_LMS).T
    coded = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * np.abs(linear) ** (1 / 2.4) - 0.055)
    return np.round(255 * np.clip(coded, 0, 1)).astype(np.uint8)


def even_steps(stops: Sequence[str], count: int) -> np.ndarray:
    """`count` colours from the first of the `#rrggbb` stops to the last, all equally far apart: uint8 [count, 3]."""
    lab = to_oklab(np.array([list(bytes.fromhex(stop[1:])) for stop in stops]))
    fine = np.linspace(0, len(stops) - 1, BETWEEN * (len(stops) - 1) + 1)
    path = np.stack([np.interp(fine, range(len(stops)), lab[:, axis]) for axis in range(3)], -1)
    length = np.append(0, np.cumsum(np.linalg.norm(np.diff(path, axis=0), axis=1)))
    even = np.linspace(0, length[-1], count)
    return from_oklab(np.stack([np.interp(even, length, path[:, axis]) for axis in range(3)], -1))
