"""Changes to a model for one run: data that says what is changed, and a `with` block that changes it and back.

Whatever is computed inside is of a *modified model*; traces keep the sentences of their interventions.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, fields
from typing import Any, cast, get_args

import torch
from torch import Tensor, nn

from model import attached
from model.attention import Gemma2Attention
from model.gemma2 import Gemma2DecoderLayer
from workbench.loading import LoadedModel

_UNSET = object()  # `is_causal` is no field of a Gemma 2 configuration unless somebody sets it


@dataclass(frozen=True)
class SetSoftcap:
    """Another cap on the attention logits: a positive number, or None for no cap; in all layers or in some."""

    cap: float | None
    layers: tuple[int, ...] | None = None

    @property
    def sentence(self) -> str:
        """What is changed, in words."""
        return f"attention softcap {'off' if self.cap is None else f'{self.cap:g}'}{_where(self.layers)}"


@dataclass(frozen=True)
class SetWindow:
    """Another window in the local layers: keys that a query sees including itself, or None for all."""

    window: int | None
    layers: tuple[int, ...] | None = None

    @property
    def sentence(self) -> str:
        """What is changed, in words."""
        return f"sliding window {'off' if self.window is None else self.window}{_where(self.layers)}"


@dataclass(frozen=True)
class SetFinalSoftcap:
    """Another cap on the final logits, or None for no cap."""

    cap: float | None

    @property
    def sentence(self) -> str:
        """What is changed, in words."""
        return f"final softcap {'off' if self.cap is None else f'{self.cap:g}'}"


@dataclass(frozen=True)
class AblateHead:
    """One head's output set to zero at every position."""

    layer: int
    head: int

    @property
    def sentence(self) -> str:
        """What is changed, in words."""
        return f"layer {self.layer} head {self.head} set to zero"


@dataclass(frozen=True)
class SetCausal:
    """Another direction of the mask: causal hides later keys, otherwise each query sees both sides."""

    causal: bool

    @property
    def sentence(self) -> str:
        """What is changed, in words."""
        return f"{'causal' if self.causal else 'bidirectional'} mask"


Intervention = SetSoftcap | SetWindow | SetFinalSoftcap | SetCausal | AblateHead
_KINDS: dict[str, type[Intervention]] = {kind.__name__: kind for kind in get_args(Intervention)}


def as_data(change: Intervention) -> dict[str, Any]:
    """An intervention as JSON can hold it: its kind and its fields."""
    return {"kind": type(change).__name__, **asdict(change)}


def from_data(data: Mapping[str, Any]) -> Intervention:
    """The intervention that `as_data` gave.

    Raises:
        ValueError: it is none, or one of a newer workbench.
    """
    values: dict[str, Any] = {name: tuple(x) if isinstance(x, list) else x for name, x in data.items()}
    kind = _KINDS.get(values.pop("kind", ""))
    if kind is None or values.keys() != {field.name for field in fields(kind)}:
        raise ValueError(f"{dict(data)} is no intervention; known: {', '.join(_KINDS)}, each with its own fields")
    return kind(**values)


@contextmanager
def applied(loaded: LoadedModel, interventions: Sequence[Intervention]) -> Iterator[None]:
    """Change the model inside a `with` block; afterwards, and after exceptions, it is what it was.

    Raises:
        ValueError: a layer or head that does not exist, a cap or window that cannot be.
    """
    with loaded.lock, ExitStack() as stack:
        for change in interventions:
            _apply(stack, loaded, change)
        yield


def attention_layers(loaded: LoadedModel) -> list[Gemma2Attention]:
    """The attention modules of all layers, in order."""
    return [cast(Gemma2DecoderLayer, layer).self_attn for layer in loaded.trunk.layers]


def _apply(stack: ExitStack, loaded: LoadedModel, change: Intervention) -> None:
    layers = attention_layers(loaded)
    if isinstance(change, AblateHead):
        _check(change.layer, len(layers), "layer")
        _check(change.head, loaded.config.num_attention_heads, "head")
        name = f"layers.{change.layer}.self_attn.head_out"
        stack.enter_context(attached(loaded.trunk, {name: _zeroed(change.head)}))
    elif isinstance(change, SetCausal):
        stack.enter_context(_changed(loaded.config, "is_causal", change.causal))
    elif isinstance(change, SetFinalSoftcap):
        _check_positive(change.cap, "final softcap")
        stack.enter_context(_changed(loaded.config, "final_logit_softcapping", change.cap))
    elif isinstance(change, SetSoftcap):
        _check_positive(change.cap, "softcap")
        for layer in _chosen(layers, change.layers):
            stack.enter_context(_changed(layer, "cap", change.cap))
    else:
        _check_positive(change.window, "window")
        for layer in _chosen(layers, change.layers):
            if layer.window is not None:
                stack.enter_context(_changed(layer, "window", change.window))


def _chosen(layers: list[Gemma2Attention], indices: tuple[int, ...] | None) -> list[Gemma2Attention]:
    for index in indices or ():
        _check(index, len(layers), "layer")
    return layers if indices is None else [layers[index] for index in indices]


@contextmanager
def _changed(target: Any, name: str, value: Any) -> Iterator[None]:
    before = getattr(target, name, _UNSET)
    setattr(target, name, value)
    try:
        yield
    finally:
        if before is _UNSET:
            delattr(target, name)
        else:
            setattr(target, name, before)


def _zeroed(head: int) -> Any:
    def zero(_module: nn.Module, _args: tuple[Any, ...], out: Tensor) -> Tensor:
        keep = torch.ones(out.shape[1], dtype=out.dtype, device=out.device)
        keep[head] = 0
        return out * keep[:, None, None]

    return zero


def _check(index: int, count: int, what: str) -> None:
    if not 0 <= index < count:
        raise ValueError(f"{what} {index} does not exist; allowed: 0..{count - 1}")


def _check_positive(value: float | None, what: str) -> None:
    if value is not None and not value > 0:
        raise ValueError(f"{what} {value} must be above 0, or None to switch it off")


def _where(layers: tuple[int, ...] | None) -> str:
    return "" if layers is None else f" in layer {', '.join(map(str, layers))}"
