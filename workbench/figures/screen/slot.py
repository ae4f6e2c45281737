"""A slot: the part of a plotly figure that one panel draws into, with its own pair of axes."""

from __future__ import annotations

from dataclasses import dataclass, field
from textwrap import wrap

import numpy as np

from gemma2_workbench.figures import colours
from gemma2_workbench.figures.scale import Scale
from gemma2_workbench.figures.screen.traces import PlotlyDict, bar, scatter
from gemma2_workbench.figures.text import for_plotly
from gemma2_workbench.figures.ticks import round_ticks, tick_text


@dataclass(frozen=True)
class FigureDict:
    """What becomes a plotly figure: traces, layout, and the names that the legend has already."""

    traces: list[PlotlyDict] = field(default_factory=list)
    layout: PlotlyDict = field(default_factory=dict)
    shapes: list[PlotlyDict] = field(default_factory=list)
    notes: list[PlotlyDict] = field(default_factory=list)
    named: set[str] = field(default_factory=set)

    def note(self, text: str, size: int, **place: object) -> None:
        """Write `text` literally at a place in plotly's words."""
        self.notes.append({"text": for_plotly(text), "showarrow": False, "font": {"size": size}, **place})


@dataclass(frozen=True)
class Slot:
    """Where and how a panel draws.

    Attributes:
        number: of the pair of axes, from 1.
        x, y: the share of the figure, 0..1.
        pixels: usual width and height of the plot, to thin labels by.
        bar: whether a colour bar stands beside the slot.
        outer: whether tick labels and titles of the x and of the y axis are shown.
        linked: whether the axes zoom together with those of slot 1.
    """

    figure: FigureDict
    number: int = 1
    x: tuple[float, float] = (0.0, 1.0)
    y: tuple[float, float] = (0.0, 1.0)
    pixels: tuple[int, int] = (900, 560)
    dark: bool = False
    bar: bool = True
    outer: tuple[bool, bool] = (True, True)
    linked: bool = False

    def name(self, letter: str) -> str:
        """The plotly name of this slot's "x" or "y" axis: x, x2, x3 ..."""
        return letter if self.number == 1 else f"{letter}{self.number}"

    def add(self, *traces: PlotlyDict) -> None:
        """Add traces on this slot's axes; a legend entry that another slot already made is not repeated."""
        for trace in traces:
            placed = {**trace, "xaxis": self.name("x"), "yaxis": self.name("y")}
            if trace["showlegend"]:
                placed |= {"showlegend": trace["name"] not in self.figure.named, "legendgroup": trace["name"]}
                self.figure.named.add(trace["name"])
            self.figure.traces.append(placed)

    def axes(self, x: PlotlyDict, y: PlotlyDict) -> None:
        """Place and style this slot's axes; `x` and `y` are plotly axis settings on top of the common ones."""
        theme = colours.theme(self.dark)
        common = {
            "automargin": True,
            "zeroline": False,
            "showline": False,
            "ticks": "",
            "linecolor": theme.reference,
            "gridcolor": theme.faint,
            "tickcolor": theme.reference,
            "tickfont": {"size": 11},
        }
        sides = (("x", "y", self.x, x, self.outer[0]), ("y", "x", self.y, y, self.outer[1]))
        for letter, other, domain, own, outer in sides:
            settings = {**common, "domain": domain, "anchor": self.name(other), **own}
            title = for_plotly(own.get("title", "")) if outer else ""
            settings["title"] = {"text": title, "font": {"size": 12}, "standoff": 8}
            if not outer:
                settings["showticklabels"] = False
            if self.linked and self.number > 1:
                settings["matches"] = letter
            self.figure.layout[f"{letter}axis{self.name(letter)[1:]}"] = settings

    def write(self, x: np.ndarray, y: np.ndarray, words: np.ndarray, fills: np.ndarray, size: int = 12) -> None:
        """Write words (each [n]) at places over cells with these fills (uint8 [n, 3]), black or white by contrast."""
        inks = np.array([colours.ink_on(fill) for fill in fills])
        for ink in ("#000000", "#ffffff"):
            at = inks == ink
            if at.any():
                font = {"size": size, "color": ink}
                self.add(scatter(x=x[at], y=y[at], mode="text", text=words[at], textfont=font, hoverinfo="skip"))

    def key(self, name: str, **marker: object) -> None:
        """An entry of the legend: a square with plotly's bar `marker` settings."""
        self.add(bar(x=[None], y=[None], marker=marker, name=for_plotly(name), showlegend=True))

    def colour(self, scale: Scale) -> PlotlyDict:
        """The trace settings that colour values on `scale`, with a colour bar, or a legend for categories."""
        low, high = scale.low, scale.high
        stops = colours.plotly_colorscale(scale, self.dark)
        if scale.kind == "categorical":
            for code in range(scale.categories):
                self.key(scale.category(code), color=colours.hex_of(colours.lut(scale.kind, self.dark)[code % 256]))
            return {"zmin": low - 0.5, "zmax": high + 0.5, "colorscale": stops, "showscale": False}
        beside = {
            "title": {
                "text": "<br>".join(map(for_plotly, wrap(scale.label, 28))),
                "side": "right",
                "font": {"size": 12},
            },
            "tickvals": round_ticks(low, high).tolist(),
            "ticktext": [tick_text(tick) for tick in round_ticks(low, high)],
            "tickfont": {"size": 11},
            "thickness": 14,
            "outlinewidth": 0,
            "x": self.x[1],
            "xpad": 12,
            "xanchor": "left",
            "y": (self.y[0] + self.y[1]) / 2,
            "ypad": 0,
            "len": self.y[1] - self.y[0],
            "ticks": "outside",
            "ticklen": 3,
        }
        return {"zmin": low, "zmax": high, "colorscale": stops, "showscale": self.bar} | (
            {"colorbar": beside} if self.bar else {}
        )
