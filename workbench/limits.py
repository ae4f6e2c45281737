"""Numbers that somebody may choose, and what they may be: each refused in one sentence."""

from math import isfinite
from numbers import Integral, Real

MOST = 2**63 - 1  # the largest whole number of a tensor


def whole(what: str, given: object, least: int, most: int = MOST, otherwise: str = "") -> int:
    """A whole number from `least` to `most` as an int, of numpy too; True and 3.0 are none.

    Args:
        what: what the number is, the first words of the sentence.
        given: what was given.
        least, most: what is allowed.
        otherwise: what else is allowed, in words.

    Raises:
        ValueError: it is no such number.
    """
    is_whole = isinstance(given, Integral) and not isinstance(given, bool)
    if is_whole and least <= int(given) <= most:
        return int(given)
    limit = f"{least} to {most}" if most < MOST else "above 0" if least == 1 else f"at least {least}"
    if is_whole and int(given) > most == MOST:
        limit = f"at most {most}"
    raise ValueError(f"{what} {told(given)} must be {limit} and a whole number{otherwise}")


def above_zero(what: str, given: object, otherwise: str = "") -> float:
    """A finite number above 0 as a float, of numpy too.

    Raises:
        ValueError: it is no such number; arguments as of `whole`.
    """
    number = as_float(given)
    if number is None or not (isfinite(number) and number > 0):
        raise ValueError(f"{what} {told(given)} must be above 0 and finite{otherwise}")
    return number


def as_float(given: object) -> float | None:
    """A real number as a float (infinity where it is too large for one), None for anything else."""
    if isinstance(given, bool) or not isinstance(given, Real):
        return None
    try:
        return float(given)
    except OverflowError:
        return float("inf")


def told(given: object) -> str:
    """A value in a sentence: short, whatever it is."""
    if isinstance(given, int) and given.bit_length() > 128:
        return f"of about {given.bit_length() * 3 // 10} digits"
    text = f"{given:g}" if isinstance(given, float) else repr(given)
    return text if len(text) <= 40 else f"{text[:37]}..."
