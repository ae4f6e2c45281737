"""`windows_of`: the token ids of a text in windows that a model can read."""

from collections.abc import Sequence
from dataclasses import dataclass

from gemma2_workbench.models.tokens import Tokens
from gemma2_workbench.sweeps.settings import SweepSettings


@dataclass(frozen=True)
class Window:
    """A part of a text.

    Attributes:
        document, piece: which text, and which part of it, from 0.
        start: the first token of the text in it, the one after the beginning of sequence.
        ids: token ids, the beginning of sequence first where the tokenizer puts one.
        since: the first position whose query counts; those before were counted in the window before. The beginning of
            sequence counts in the first window only.
    """

    document: int
    piece: int
    start: int
    ids: tuple[int, ...]
    since: int


def windows_of(document: int, tokens: Tokens, settings: SweepSettings) -> list[Window]:
    """The windows of a text; each begins as the text does."""
    head = 1 if tokens.special[0] and tokens.spans[0] == (0, 0) else 0
    first, body = tokens.ids[:head], tokens.ids[head:]
    room = settings.tokens - head
    stride = min(settings.stride or room, room)
    windows: list[Window] = []
    for piece, start in enumerate(_starts(body, room, stride)):
        since = head + room - stride if piece else 0
        windows.append(Window(document, piece, head + start, first + body[start : start + room], since))
    return windows


def _starts(body: Sequence[int], room: int, stride: int) -> range:
    """Where windows start; the last one reaches the end."""
    return range(0, max(1, len(body) - (room - stride)), stride)
