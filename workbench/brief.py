"""A result in one line: what a prompt, a log and a debugger show instead of its numbers."""

from collections.abc import Iterable, Mapping, Sized
from dataclasses import Field, fields, is_dataclass
from typing import Protocol, runtime_checkable

LONGEST = 180
_TEXT = 40


@runtime_checkable
class _Array(Protocol):
    """A tensor or an array."""

    @property
    def shape(self) -> tuple[int, ...]: ...
    @property
    def dtype(self) -> object: ...


def brief(thing: object, *facts: str) -> str:
    """`<Trace of tiny, 16 tokens ...>`: the class and what is worth knowing of the thing, in one line.

    Args:
        thing: what is described.
        facts: short phrases, most important first; what would be too long is cut, and empty ones are left out.
    """
    line = " ".join(", ".join(filter(None, facts)).split())
    line = "".join(character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in line)
    name = type(thing).__name__
    return f"<{name} {cut(line, LONGEST - len(name))}>"


def by_fields(thing: object) -> str:
    """A dataclass in one line: arrays by type and shape, collections by length, long texts by their beginning."""
    named = ((field.name, getattr(thing, field.name)) for field in _fields(thing) if field.repr)
    return brief(thing, *(f"{name} {_value(value)}" for name, value in named))


def _fields(thing: object) -> tuple[Field[object], ...]:
    """The fields of a dataclass, none of anything else."""
    return fields(thing) if is_dataclass(thing) else ()


def some(items: Iterable[str], most: int) -> str:
    """The first `most` of several things, and that there are more."""
    given = list(items)
    return ", ".join(given[:most]) + (", ..." if len(given) > most else "")


def cut(text: str, longest: int = _TEXT) -> str:
    """The beginning of a text that is longer than `longest`."""
    return text if len(text) <= longest else f"{text[: longest - 1]}…"


def _value(value: object) -> str:
    if isinstance(value, _Array):
        return f"{str(value.dtype).removeprefix('torch.')}[{', '.join(map(str, value.shape))}]"
    if isinstance(value, Mapping) or (isinstance(value, Sized) and not isinstance(value, str) and len(value) > 4):
        return f"({len(value)})"
    return cut(repr(value))
