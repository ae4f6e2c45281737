"""How kinds of layers look on the page: a glyph, a mark in a scatter, colours, words; the browser is told them once."""

from typing import NamedTuple

from pydantic import JsonValue

from gemma2_workbench.figures.layer_kinds import layer_kinds
from gemma2_workbench.models.layers import KINDS


class LayerLook(NamedTuple):
    """A kind of layer on the page.

    Attributes:
        glyph: an SVG path in a square of 20.
        mark: an SVG path around the point 0, 0, about 10 wide.
        light, dark: its colour on such a page.
        sees: what a query of it sees; `{window}` and `{chunk}` stand for its numbers.
    """

    glyph: str
    mark: str
    light: str
    dark: str
    sees: str


# A band, a triangle, steps, a bar.
_LOOKS = {
    "local": LayerLook(
        "M0 0h7l13 13v7h-7L0 7z",
        "M-4.2 0a4.2 4.2 0 1 0 8.4 0a4.2 4.2 0 1 0-8.4 0",
        "#55708f",
        "#8fb0d6",
        "sees {window} tokens",
    ),
    "global": LayerLook("M0 0l20 20H0z", "M-5-5L5 5H-5z", "#866b3c", "#cfae74", "sees the whole text"),
    "chunked": LayerLook(
        "M0 0l10 10H0zM10 10l10 10H10z",
        "M-4-4h8v8h-8z",
        "#2f7d6d",
        "#6cc7b3",
        "sees its own chunk of {chunk} tokens",
    ),
    "linear": LayerLook("M0 8h20v4H0z", "M-5-1.5H5v3H-5z", "#77777d", "#a3a3aa", "no softmax, and so no attention map"),
}


def layer_looks() -> list[JsonValue]:
    """The kinds of layers as the browser knows them."""
    words = layer_kinds(KINDS)
    return [{"name": kind, "words": words[kind].words, **_LOOKS[kind]._asdict()} for kind in KINDS]
