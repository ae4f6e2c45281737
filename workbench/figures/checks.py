"""What every figure specification checks when it is made, with one sentence per mistake."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

_SHAPES = {1: "[n]", 2: "[rows, columns]", 3: "[heads, rows, columns]"}


def numbers(owner: str, field: str, given: object, ndim: int) -> np.ndarray:
    """`given` as a read-only float array with `ndim` axes, none of them empty.

    Floats keep their width; integers and booleans become float64. NaN is allowed (it means: no value),
    infinity is not, because no colour or position stands for it.

    Raises:
        ValueError: naming `owner.field`, the shape or kind that was given, and what is allowed.
    """
    array = np.asarray(given)
    if array.dtype.kind not in "fiub":
        raise ValueError(f"{owner}.{field} must hold numbers; got dtype {array.dtype}")
    if array.ndim != ndim or array.size == 0:
        shape = _SHAPES[ndim]
        raise ValueError(f"{owner}.{field} must have shape {shape}, not empty; got {array.shape}")
    array = array.astype(array.dtype if array.dtype in (np.float32, np.float64) else np.float64)
    if np.isinf(array).any():
        raise ValueError(f"{owner}.{field} holds infinity; use NaN for cells without a value")
    array.flags.writeable = False
    return array


def names(owner: str, field: str, given: Iterable[str], length: int) -> tuple[str, ...]:
    """`given` as a tuple of `length` strings, else ValueError."""
    if isinstance(given, str):
        raise ValueError(f"{owner}.{field} must be a sequence of strings; got the string {given!r}")
    labels = tuple(given)
    if len(labels) != length:
        raise ValueError(f"{owner}.{field} must hold {length} labels, one per value; got {len(labels)}")
    odd = next((label for label in labels if not isinstance(label, str)), None)
    if odd is not None:
        raise ValueError(f"{owner}.{field} must hold strings; got {odd!r}")
    return labels


def start(owner: str, field: str, given: int) -> None:
    """A first position is a whole number from 0, else ValueError."""
    if isinstance(given, bool) or not isinstance(given, int | np.integer) or given < 0:
        raise ValueError(f"{owner}.{field} must be a position (integer from 0); got {given!r}")


def one_of(owner: str, field: str, given: str, allowed: tuple[str, ...]) -> None:
    """`given` is one of `allowed`, else ValueError."""
    if given not in allowed:
        raise ValueError(f"{owner}.{field} must be one of {', '.join(allowed)}; got {given!r}")


def codes(owner: str, field: str, given: object, shape: tuple[int, ...], highest: int) -> np.ndarray:
    """`given` as a read-only int8 array of this shape with codes 0..`highest`, else ValueError."""
    array = np.asarray(given)
    if array.shape != shape or array.dtype.kind not in "iu":
        raise ValueError(f"{owner}.{field} must be integers of shape {shape}; got {array.dtype} {array.shape}")
    if array.min() < 0 or array.max() > highest:
        raise ValueError(f"{owner}.{field} must be codes 0..{highest}; got {array.min()}..{array.max()}")
    array = array.astype(np.int8)
    array.flags.writeable = False
    return array


def freeze(spec: object, **fields: object) -> None:
    """Put checked fields into a frozen dataclass while it is being made."""
    for name, value in fields.items():
        object.__setattr__(spec, name, value)
