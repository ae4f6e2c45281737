"""How kinds of layers look: a letter, words and a colour for any name, those of Gemma 2 as they always were."""

from collections.abc import Iterable
from dataclasses import dataclass

USUAL = ("local", "global")
# Those of other families too: chunks, and layers without softmax (linear attention, convolution, state space).
KINDS = (*USUAL, "chunked", "linear")
_WORDS = {
    "local": "local layer (sliding window)",
    "global": "global layer",
    "chunked": "chunked layer",
    "linear": "layer without softmax",
}
# On light and on dark pages; from Okabe and Ito's (2008) set, as the series are.
_COLOURS = (
    ("#0072B2", "#56B4E9"),
    ("#C77700", "#E69F00"),
    ("#009E73", "#33C79A"),
    ("#B0568A", "#CC79A7"),
    ("#8C6D1F", "#C9A94E"),
    ("#6B6B6B", "#A8A8A8"),
)


@dataclass(frozen=True)
class LayerKind:
    """A kind of layer: the letter that marks it, its words for a legend, its colour on light and on dark pages."""

    letter: str
    words: str
    light: str
    dark: str

    def colour(self, dark: bool = False) -> str:
        """Its colour on such a page."""
        return self.dark if dark else self.light


def layer_kinds(names: Iterable[str] = USUAL) -> dict[str, LayerKind]:
    """The looks of the kinds that occur, local and global first, the others in the order of their first layer."""
    given = list(dict.fromkeys(names))
    order = [*USUAL, *(name for name in given if name not in USUAL)]
    looks: dict[str, LayerKind] = {}
    for at, name in enumerate(order):
        taken = {look.letter for look in looks.values()}
        # Names may begin alike.
        letter = next((letter for letter in name.upper() if letter.isalpha() and letter not in taken), str(at))
        looks[name] = LayerKind(letter, _WORDS.get(name, f"{name} layer"), *_COLOURS[at % len(_COLOURS)])
    return {name: looks[name] for name in order if name in given}
