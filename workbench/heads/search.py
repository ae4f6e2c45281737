"""`find_heads`: the heads that a search means: `L12H3`, `L12`, `induction`, `previous token`, `local`."""

import re
from collections.abc import Callable, Sequence

from gemma2_workbench.heads.kinds import HEAD_KINDS
from gemma2_workbench.heads.types import Badge, HeadTypes
from gemma2_workbench.limits import short
from gemma2_workbench.models.layers import LayerInfo

_PLACE = re.compile(r"l(?P<layer>[0-9]{1,9})(h(?P<head>[0-9]{1,9}))?|h(?P<alone>[0-9]{1,9})")
_Fits = Callable[[LayerInfo, int, Sequence[Badge]], bool]


def find_heads(search: str, layers: Sequence[LayerInfo], types: HeadTypes) -> tuple[tuple[int, int], ...]:
    """The (layer, head) of the heads that all words of a search fit, in order; all of them for an empty one.

    Args:
        search: words: a place (`L12H3`, `L12`, `H3`), the beginning of a word of a badge (`induction`, `prev`,
            `previous token`, `BOS sink`), or a kind of layer (`local`, `global`). Case does not matter.
        layers: the layers of the model.
        types: badges [L][N], from `head_types`.

    Raises:
        ValueError: a word is none of these.
    """
    fits = [_fits(word, layers) for word in search.lower().split()]
    return tuple(
        (info.index, head)
        for info in layers
        for head, badges in enumerate(types[info.index])
        if all(fit(info, head, badges) for fit in fits)
    )


def _fits(word: str, layers: Sequence[LayerInfo]) -> _Fits:
    """What one word asks of a head."""
    place = _PLACE.fullmatch(word)
    if place is not None:
        layer, alone = place["layer"], place["head"] or place["alone"]
        return lambda info, head, _: layer in (None, str(info.index)) and alone in (None, str(head))
    if word in {info.kind for info in layers}:
        return lambda info, _, __: info.kind == word
    if not any(_begins(word, kind.label) for kind in HEAD_KINDS):
        labels = ", ".join(kind.label for kind in HEAD_KINDS)
        kinds = ", ".join(dict.fromkeys(info.kind for info in layers))
        raise ValueError(f"no head is called {short(repr(word))}; write a place such as L5H3, {labels}, or {kinds}")
    return lambda _, __, badges: any(_begins(word, badge.kind.label) for badge in badges)


def _begins(word: str, label: str) -> bool:
    return any(part.startswith(word) for part in label.lower().split())
