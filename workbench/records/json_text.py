"""JSON of strangers: of bounded size, every key once, every number one that a record can hold."""

import json
import math
from typing import NoReturn

MOST_BYTES = 2**24  # of a record: a hundred times what one of 8,192 tokens takes
_MOST_DIGITS = 18


def parsed(text: str) -> object:
    """What the text holds.

    Raises:
        ValueError: it is no JSON or was cut off, is too long or nested too deeply, names a key twice, or has a number
            or half a character that no record has.
    """
    if len(text) > MOST_BYTES:
        raise ValueError(f"it is longer than {MOST_BYTES:,} characters")
    try:
        data = json.loads(
            text, object_pairs_hook=_once, parse_constant=_constant, parse_int=_whole, parse_float=_finite
        )
        # A lone surrogate, which JSON can escape and no text has.
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise ValueError(f"it has half a character (U+{ord(error.object[error.start]):04X})") from error
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    return data


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    whole = dict(pairs)
    if len(whole) < len(pairs):
        raise ValueError("it names a key twice")
    return whole


def _constant(name: str) -> NoReturn:
    raise ValueError(f"it has the number {name}")


def _whole(digits: str) -> int:
    if len(digits) > _MOST_DIGITS:
        raise ValueError(f"it has a number of {len(digits)} digits")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("it has a number that is too large")
    return number
