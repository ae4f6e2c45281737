"""The one place for colour: scales, series, masked cells and the ink on top of them.

Every meaning has a second sign beside its hue (pattern, letter, dash or lightness), so figures survive a grey printer
and colour-blind eyes. Series colours are Okabe and Ito's (2008) set.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from matplotlib import colormaps

from gemma2_workbench.figures.scale import Kind, Scale
from gemma2_workbench.figures.spec import NO_VALUE

SERIES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#8C6D1F", "#7F7F7F")
_DASHES = (("solid", "solid"), ("dash", "dashed"), ("dot", "dotted"), ("dashdot", "dashdot"))


@dataclass(frozen=True)
class Theme:
    """Colours that depend on the page: text, rules, a reference line and the page itself (a stand-alone file)."""

    ink: str
    faint: str
    reference: str
    page: str


@dataclass(frozen=True)
class Hidden:
    """How a hidden cell looks: its reason in words, fill and line colour, pattern for plotly and for matplotlib."""

    name: str
    fill: str
    line: str
    pattern: str
    hatch: str


LIGHT = Theme(ink="#27272a", faint="#d4d4d8", reference="#71717a", page="#ffffff")
DARK = Theme(ink="#e4e4e7", faint="#52525b", reference="#a1a1aa", page="#18181b")

_NAMES = {
    1: "future",
    2: "outside window",
    3: "padding",
    4: "other sequence",
    5: "outside chunk",
    6: "no softmax here",
    7: "before the change",
    8: "after the change",
    NO_VALUE: "no value",
}
_PATTERNS = {1: "/", 2: "\\", 3: "x", 4: ".", 5: "\\", 6: "-", 7: "|", 8: "+", NO_VALUE: "-"}
_HATCHES = {
    1: "/////",
    2: "\\\\\\\\\\",
    3: "xxxxx",
    4: ".....",
    5: "\\\\\\\\\\",
    6: "-----",
    7: "|||||",
    8: "+++++",
    NO_VALUE: "-----",
}
# Fill and line: greys with a breath of hue, all far from both ends of the sequential scale.
_LIGHT = {
    1: ("#ececee", "#b4b4ba"),
    2: ("#dce6ef", "#8ba3ba"),
    3: ("#f1e6d6", "#b89b72"),
    4: ("#e6e0ef", "#9a8bb5"),
    5: ("#dcefec", "#7fb0a8"),
    6: ("#f1f1ea", "#c2c2ae"),
    7: ("#e3efe2", "#86a885"),
    8: ("#f3e0e6", "#b98699"),
    NO_VALUE: ("#f4f4f5", "#c8c8cc"),
}
_DARK = {
    1: ("#2c2c30", "#55555c"),
    2: ("#26323e", "#54708a"),
    3: ("#3b3226", "#86704c"),
    4: ("#332c40", "#6f5f8c"),
    5: ("#213a36", "#4f8a80"),
    6: ("#2b2b24", "#5d5d4b"),
    7: ("#27362a", "#5f8464"),
    8: ("#40292f", "#8c5f6c"),
    NO_VALUE: ("#222225", "#47474d"),
}


def series(i: int) -> str:
    """The colour of line `i`."""
    return SERIES[i % len(SERIES)]


def dash(i: int) -> tuple[str, str]:
    """The dash of line `i` as plotly and as matplotlib call it; neighbours differ, so lines stay apart in grey.

    Where the colours repeat, the dashes are others: 32 lines are all told apart.
    """
    return _DASHES[(i + i // len(SERIES)) % len(_DASHES)]


def faded(colour: str, share: float | np.ndarray, page: str = "#ffffff") -> np.ndarray:
    """`#rrggbb` mixed with the page: uint8 [..., 3], the page where `share` is 0 and the colour where it is 1."""
    part = np.asarray(share, np.float64)[..., None]
    return np.round(part * rgb(colour) + (1 - part) * rgb(page)).astype(np.uint8)


def theme(dark: bool) -> Theme:
    """The page's colours."""
    return DARK if dark else LIGHT


def hidden(reason: int, dark: bool = False) -> Hidden:
    """The look of cells hidden for this reason (the codes of `TokenMap.hidden`)."""
    fill, line = (_DARK if dark else _LIGHT)[reason]
    return Hidden(_NAMES[reason], fill, line, _PATTERNS[reason], _HATCHES[reason])


@lru_cache
def lut(kind: Kind, dark: bool = False) -> np.ndarray:
    """The colour table of a kind of scale: uint8 [256, 3], read-only; categorical tables repeat the series colours.

    Sequential runs from the page's own end (light on light pages, dark on dark ones), so that little stays quiet.
    """
    if kind == "categorical":
        table = np.array([rgb(SERIES[i % len(SERIES)]) for i in range(256)])
    else:
        name = "RdBu_r" if kind == "diverging" else "magma" if dark else "magma_r"
        table = colormaps[name](np.arange(256), bytes=True)[:, :3].copy()
    table.flags.writeable = False
    return table


def paint(scale: Scale, values: np.ndarray, dark: bool = False) -> np.ndarray:
    """The colour of each value: uint8 [..., 3]; NaN takes the fill of a cell without a value."""
    position = np.asarray(scale.position(np.asarray(values, np.float64)))
    known = np.isfinite(position)
    steps = 1 if scale.kind == "categorical" else 255
    index = np.where(known, np.round(np.nan_to_num(position) * steps), 0).astype(int) % 256
    return np.where(known[..., None], lut(scale.kind, dark)[index], rgb(hidden(NO_VALUE, dark).fill))


def hex_of(rgb: np.ndarray) -> str:
    """`#rrggbb` of one uint8 [3] colour."""
    return "#" + bytes(np.asarray(rgb, np.uint8)).hex()


def rgb(hex_colour: str) -> np.ndarray:
    """The uint8 [3] colour of `#rrggbb`."""
    return np.frombuffer(bytes.fromhex(hex_colour[1:]), np.uint8)


def ink_on(rgb: np.ndarray) -> str:
    """Black or white, whichever contrasts more with this uint8 [3] colour (relative luminance, WCAG 2.1)."""
    linear = (np.asarray(rgb, np.float64) / 255) ** 2.2
    luminance = float(linear @ (0.2126, 0.7152, 0.0722))
    return "#000000" if (luminance + 0.05) ** 2 > 1.05 * 0.05 else "#ffffff"


def plotly_colorscale(scale: Scale, dark: bool = False) -> list[tuple[float, str]]:
    """The scale as plotly wants it: stops in 0..1 of the value range (the power is in the stops)."""
    table = lut(scale.kind, dark)
    if scale.kind == "categorical":
        n = scale.categories
        colours = [hex_of(table[i % 256]) for i in range(n)]
        return [((i + end) / n, colours[i]) for i in range(n) for end in (0, 1)]
    even = np.linspace(0.0, 1.0, 65)
    stops = even ** (1.0 / scale.power)
    return [(float(s), hex_of(table[round(e * 255)])) for s, e in zip(stops, even, strict=True)]
