"""Colours for up to 32 heads at once: hues a golden angle apart, in two lightnesses, equally strong to the eye."""

import math

GOLDEN_ANGLE = math.tau * (3 - math.sqrt(5)) / 2
CHROMA = 0.13


def head_colours(count: int, dark: bool) -> list[str]:
    """`count` colours as hex; neighbours differ in hue and in lightness, so that grey tells them apart too.

    The colours are even in OKLCH (Ottosson 2020, "A perceptual color space for image processing").
    """
    shades = (0.78, 0.66) if dark else (0.50, 0.64)
    return [_hex(shades[head % 2], CHROMA, 4.2 + head * GOLDEN_ANGLE) for head in range(count)]


def _hex(lightness: float, chroma: float, hue: float) -> str:
    """One OKLCH colour as sRGB hex, clipped to what a screen can show."""
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    middle = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    linear = (
        4.0767416621 * long - 3.3077115913 * middle + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * middle - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * middle + 1.7076147010 * short,
    )
    return "#" + "".join(f"{round(255 * _gamma(channel)):02x}" for channel in linear)


def _gamma(channel: float) -> float:
    channel = min(max(channel, 0.0), 1.0)
    return 12.92 * channel if channel <= 0.0031308 else 1.055 * channel ** (1 / 2.4) - 0.055
