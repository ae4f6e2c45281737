"""Why a cell of an attention map is hidden."""

from enum import IntEnum


class Reason(IntEnum):
    """Why a cell of an attention map is hidden.

    OUTSIDE_CHUNK belongs to models with chunked attention (Llama 4), NO_SOFTMAX to layers that have no attention map.
    """

    VISIBLE = 0
    FUTURE = 1
    OUTSIDE_WINDOW = 2
    PADDING = 3
    OTHER_SEQUENCE = 4
    OUTSIDE_CHUNK = 5
    NO_SOFTMAX = 6
