"""`Intervention`: a change to the model for one run: data with its sentence, its flag and how it is applied."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from gemma2_workbench.json_types import JsonObject
from gemma2_workbench.limits import MOST, above_zero, short, told, whole

if TYPE_CHECKING:
    from gemma2_workbench.models.source import Source

OR_OFF = ", or None to switch it off"


@dataclass(frozen=True)
class Flag:
    """How a change is asked for on the command line.

    Attributes:
        name: the flag, for example `--softcap`.
        metavar: what its value is called in the help.
        help: what it does and how its value is written.
        several: whether it may be given several times.
    """

    name: str
    metavar: str
    help: str
    several: bool = False


@dataclass(frozen=True)
class Intervention(ABC):
    """A change to the model; subclasses are frozen dataclasses whose fields JSON can hold."""

    FLAG: ClassVar[Flag]

    @property
    @abstractmethod
    def sentence(self) -> str:
        """What is changed, in words."""

    @abstractmethod
    def apply(self, changed: Source, original: Source) -> None:
        """Change a model that is nobody else's.

        Args:
            changed: a copy with modules of its own, earlier changes included.
            original: the model as it is, for what is read from it.

        Raises:
            ValueError: the model cannot hold the value.
        """

    @property
    def data(self) -> JsonObject:
        """What JSON can hold: its kind and its fields."""
        return {"kind": type(self).__name__, **asdict(self)}

    @property
    def places(self) -> tuple[tuple[int, int | None], ...]:
        """The (layer, head) that it names, None for a whole layer; they must exist in the model."""
        return ()

    def replaces(self, layer: int, head: int) -> bool:
        """Whether the probabilities of a head no longer follow from its queries and keys."""
        return False

    def silences(self, layer: int, head: int) -> bool:
        """Whether a head attends as ever, but what it reads is not written to the residual stream."""
        return False

    @property
    @abstractmethod
    def spelled(self) -> str:
        """The value of its flag; `parse` reads it."""

    @classmethod
    @abstractmethod
    def parse(cls, text: str) -> Intervention:
        """The change that a flag's value means.

        Raises:
            ValueError: none; the message says how to write it.
        """


Made = TypeVar("Made", bound=Intervention)


def keep(change: Intervention, **values: object) -> None:
    """Put checked values into a frozen dataclass while it is being made."""
    for name, value in values.items():
        object.__setattr__(change, name, value)


def checked_cap(what: str, given: object) -> float | None:
    """A cap: a finite number above 0, or None."""
    return None if given is None else above_zero(what, given, OR_OFF)


def checked_layers(given: object) -> tuple[int, ...] | None:
    """Layers as ints, None for all."""
    if given is None:
        return None
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise ValueError(f"layers {told(given)} must be a tuple of layers, for example (0, 2), or None for all")
    return tuple(whole("layer", layer, 0) for layer in given)


def check_places(change: Intervention, layers: int, heads: int) -> None:
    """Refuse a layer or head that a model of so many does not have.

    Raises:
        ValueError: the first that does not exist.
    """
    for layer, head in change.places:
        for what, index, count in (("layer", layer, layers), ("head", head or 0, heads)):
            if index >= count:
                raise ValueError(f"{what} {told(index)} does not exist; allowed: 0..{count - 1}")


def check_held(cap: float | None, loaded: Source, what: str) -> None:
    """A cap that the dtype rounds to 0 or infinity would turn every logit into NaN."""
    import torch

    held = torch.finfo(getattr(torch, loaded.dtype))
    if cap is not None and not held.tiny <= cap <= held.max:
        raise ValueError(f"{what} {cap:g} must be {held.tiny:.2g} to {held.max:.2g}, what {loaded.dtype} holds{OR_OFF}")


def chosen(loaded: Source, indices: tuple[int, ...] | None) -> Sequence[int]:
    """Some layers; for None all that attend."""
    return [layer.index for layer in loaded.layers if layer.softmax] if indices is None else indices


def where(layers: tuple[int, ...] | None) -> str:
    """The layers of a sentence; nothing for all."""
    return "" if layers is None else f" in layer {', '.join(map(str, layers))}"


def spelled_at(value: float | None, layers: tuple[int, ...] | None) -> str:
    """A value of a flag with the layers behind its @."""
    places = "" if layers is None else f"@{','.join(map(str, layers))}"
    return spelled_number(value) + places


def spelled_number(value: float | None) -> str:
    """A number or off."""
    return "off" if value is None else repr(value)


def parsed_at(flag: Flag, text: str) -> tuple[str, tuple[int, ...] | None]:
    """The value of a flag, and the layers behind its @ (None for all)."""
    value, at, layers = text.partition("@")
    numbers = layers.split(",") if at else []
    if not all(map(is_index, numbers)):
        raise ValueError(f"{flag.name} {short(text)} is not allowed; write the layers as {short(value)}@0,2")
    return value, tuple(map(int, numbers)) if at else None


def parsed(flag: Flag, text: str, kind: type[int] | type[float], make: Callable[[Any], Made]) -> Made:
    """The change that a number means, or off, which is None."""
    try:
        return make(None if text == "off" else kind(text))
    except ValueError:
        words = f"a whole number from 1 to {MOST}" if kind is int else "a finite number above 0"
        raise ValueError(f"{flag.name} {short(text)} is not allowed; give {words}, or off") from None


def is_index(text: str) -> bool:
    """Whether it is the number of a layer, head or position, which has few digits."""
    return text.isascii() and text.isdecimal() and len(text) < 10
