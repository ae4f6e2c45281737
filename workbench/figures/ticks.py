"""Round numbers for an axis or a colour bar, so that screen and paper show the same ones."""

from __future__ import annotations

import math

import numpy as np


def round_ticks(low: float, high: float, count: int = 5) -> np.ndarray:
    """About `count` round numbers (steps of 1, 2, 2.5 or 5 times a power of ten) inside [low, high].

    Both ends must be finite and `low < high` (ValueError).
    """
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ValueError(f"ticks need finite ends with low < high; got low={low}, high={high}")
    rough = (high - low) / max(count - 1, 1)
    unit = 10.0 ** math.floor(math.log10(rough))
    choices = [_multiples(low, high, m * unit) for m in (10, 5, 2.5, 2, 1)]
    return min(choices, key=lambda ticks: abs(len(ticks) - count))


def _multiples(low: float, high: float, step: float) -> np.ndarray:
    """All multiples of `step` in [low, high], with a little grace for ends that are multiples but for rounding."""
    return np.arange(math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9) + 1) * step


def log_ticks(low: float, high: float, count: int = 5) -> np.ndarray:
    """About `count` numbers of one digit inside [low, high] for a logarithmic axis, 0 < low < high."""
    decades = 10.0 ** np.arange(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    choices = [decades[::-step][::-1] for step in range(1, len(decades) + 1)]
    choices += [np.outer(decades, digits).ravel() for digits in ((1, 2, 5), (1, 3), range(1, 10))]
    inside = [ticks[(ticks >= low * (1 - 1e-9)) & (ticks <= high * (1 + 1e-9))] for ticks in choices]
    return min(inside, key=lambda ticks: abs(len(ticks) - count))


def power_ticks(low: float, high: float, power: float, count: int = 5) -> np.ndarray:
    """Numbers with one digit that lie about evenly after the colour scale's power, and both ends."""
    even = np.linspace(0.0, 1.0, count)[1:-1] ** (1.0 / power) * (high - low)
    # Ends that are no round numbers step inside to the next one with two digits.
    digit = 10.0 ** (math.floor(math.log10(high - low)) - 1)
    ends = math.ceil(low / digit - 1e-9) * digit, math.floor(high / digit + 1e-9) * digit
    return np.unique([ends[0], *(low + float(f"{step:.1g}") for step in even), ends[1]])


def tick_text(value: float) -> str:
    """A tick's number as text: up to four significant digits, a true minus sign, no `-0`, 2.5e−4 below a thousandth."""
    if 0 < abs(value) < 1e-3:
        digits, exponent = f"{value:.3e}".split("e")
        text = f"{float(digits):g}e{int(exponent)}"
    else:
        text = f"{value + 0.0:.4g}"
    return text.replace("-", "\N{MINUS SIGN}")


def cell_text(value: float) -> str:
    """A number short enough for a cell of a grid: two decimals below ten, fewer above, a true minus sign."""
    digits = 2 if abs(value) < 9.995 else 1 if abs(value) < 99.95 else 0
    text = f"{value:.{digits}f}" if abs(value) < 99999.5 else f"{value:.0e}"
    return text.replace("-", "\N{MINUS SIGN}") if float(text) else text.removeprefix("-")


def padded(*values: np.ndarray | float, margin: float = 0.05) -> tuple[float, float]:
    """The range of an axis that holds all finite values with a margin on both sides; never empty."""
    everything = np.concatenate([np.ravel(v) for v in values])
    finite = everything[np.isfinite(everything)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    room = margin * (high - low) or 0.5
    return low - room, high + room


def log_padded(*values: np.ndarray | float) -> tuple[float, float]:
    """The same for a logarithmic axis; all values are above 0."""
    low, high = padded(*(np.log10(value) for value in values))
    return 10.0**low, 10.0**high
