"""Why a cell of an attention map is hidden."""

from enum import IntEnum


class Reason(IntEnum):
    """Why a cell of an attention map is hidden; the first that applies, in this order."""

    VISIBLE = 0
    FUTURE = 1
    OUTSIDE_WINDOW = 2
    PADDING = 3
    OTHER_SEQUENCE = 4
