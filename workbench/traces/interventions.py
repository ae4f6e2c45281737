"""Changes to a model for one run: data that says what is changed, and a `with` block with a model so changed.

Whatever is computed with it is of a *modified model*; traces keep the sentences of their interventions. The model that
was given is not touched: others may use it meanwhile.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from typing import Any, cast, get_args

import torch
from torch import Tensor, nn

from gemma2_workbench.limits import above_zero, told, whole
from gemma2_workbench.model import points
from gemma2_workbench.model.attention import Gemma2Attention
from gemma2_workbench.model.gemma2 import Gemma2DecoderLayer
from gemma2_workbench.models.loading import LoadedModel
from gemma2_workbench.models.own_copy import own_copy

_OR_OFF = ", or None to switch it off"


@dataclass(frozen=True)
class SetSoftcap:
    """Another cap on the attention logits: a positive number, or None for no cap; in all layers or in some."""

    cap: float | None
    layers: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without the model."""
        _keep(self, cap=_cap("softcap", self.cap), layers=_layers(self.layers))

    @property
    def sentence(self) -> str:
        """What is changed, in words."""
        return f"attention softcap {'off' if self.cap is None else f'{self.cap:g}'}{_where(self.layers)}"


@dataclass(frozen=True)
class SetWindow:
    """Another window in the local layers: keys that a query sees including itself, or None for all."""

    window: int | None
    layers: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        """Check what can be checked without the model."""
        window = None if self.window is None else whole("window", self.window, 1, otherwise=_OR_OFF)
        _keep(self, window=window, layers=_layers(self.layers))

    @property
    def sentence(self) -> str:
        """What is changed, in words."""
        return f"sliding window {'off' if self.window is None else self.window}{_where(self.layers)}"


@dataclass(frozen=True)
class SetFinalSoftcap:
    """Another cap on the final logits, or None for no cap."""

    cap: float | None

    def __post_init__(self) -> None:
        """Check what can be checked without the model."""
        _keep(self, cap=_cap("final softcap", self.cap))

    @property
    def sentence(self) -> str:
        """What is changed, in words."""
        return f"final softcap {'off' if self.cap is None else f'{self.cap:g}'}"


@dataclass(frozen=True)
class AblateHead:
    """One head's output set to zero at every position."""

    layer: int
    head: int

    def __post_init__(self) -> None:
        """Check what can be checked without the model."""
        _keep(self, layer=_index("layer", self.layer), head=_index("head", self.head))

    @property
    def sentence(self) -> str:
        """What is changed, in words."""
        return f"layer {self.layer} head {self.head} set to zero"


@dataclass(frozen=True)
class SetCausal:
    """Another direction of the mask: causal hides later keys, otherwise each query sees both sides."""

    causal: bool

    def __post_init__(self) -> None:
        """Check what can be checked without the model."""
        if not isinstance(self.causal, bool):
            raise ValueError(f"causal {told(self.causal)} must be True or False")

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
        ValueError: it is none, one with a value that cannot be, or one of a newer workbench.
    """
    values: dict[str, Any] = dict(data) if isinstance(data, Mapping) else {}
    kind = _KINDS.get(str(values.pop("kind", "")))
    if kind is None or values.keys() != {field.name for field in fields(kind)}:
        raise ValueError(f"{told(data)} is no intervention; known: {', '.join(_KINDS)}, each with its own fields")
    return kind(**values)


@contextmanager
def applied(loaded: LoadedModel, interventions: Sequence[Intervention]) -> Iterator[LoadedModel]:
    """A changed model for a `with` block.

    Inside `with applied(loaded, changes) as changed:` run `changed`; `loaded` itself stays as it is, its configuration
    too, whoever looks at it meanwhile. The changed model has the same weights (the same tensors, not copies), and
    modules, configuration and lock of its own; hooks that were attached to `loaded` before are in force in it too.
    Without interventions it is `loaded`. Its lock is held.

    Raises:
        ValueError: a layer or head that does not exist, a cap that the dtype of the model does not hold.
    """
    changed = own_copy(loaded) if interventions else loaded
    for change in interventions:
        _apply(changed, change)
    with changed.lock:
        yield changed


def attention_layers(loaded: LoadedModel) -> list[Gemma2Attention]:
    """The attention modules of all layers, in order."""
    return [cast(Gemma2DecoderLayer, layer).self_attn for layer in loaded.trunk.layers]


def _apply(loaded: LoadedModel, change: Intervention) -> None:
    """Change a model that is nobody else's."""
    layers = attention_layers(loaded)
    if isinstance(change, AblateHead):
        _check(change.layer, len(layers), "layer")
        _check(change.head, loaded.config.num_attention_heads, "head")
        (out,) = points(loaded.trunk, f"layers.{change.layer}.self_attn.head_out").values()
        out.register_forward_hook(_zeroed(change.head))
    elif isinstance(change, SetCausal):
        loaded.config.is_causal = change.causal
    elif isinstance(change, SetFinalSoftcap):
        _check_held(change.cap, loaded, "final softcap")
        loaded.config.final_logit_softcapping = change.cap
    elif isinstance(change, SetSoftcap):
        _check_held(change.cap, loaded, "softcap")
        for layer in _chosen(layers, change.layers):
            layer.cap = change.cap
    else:
        for layer in _local(layers, change.layers):
            layer.window = change.window


def _chosen(layers: list[Gemma2Attention], indices: tuple[int, ...] | None) -> list[Gemma2Attention]:
    for index in indices or ():
        _check(index, len(layers), "layer")
    return layers if indices is None else [layers[index] for index in indices]


def _local(layers: list[Gemma2Attention], indices: tuple[int, ...] | None) -> list[Gemma2Attention]:
    """The chosen layers, all of which have a window."""
    chosen = _chosen(layers, indices)
    local = [layer.layer_idx for layer in layers if layer.window is not None]
    others = [index for index in indices or () if index not in local]
    if others or not local:
        named = f"layer {others[0]} is global" if others else "every layer is global"
        raise ValueError(f"{named} and has no window to change; local layers: {', '.join(map(str, local)) or 'none'}")
    return [layer for layer in chosen if layer.window is not None]


def _zeroed(head: int) -> Any:
    def zero(_module: nn.Module, _args: tuple[Any, ...], out: Tensor) -> Tensor:
        silent = out.clone()
        silent[:, head] = 0
        return silent

    return zero


def _check(index: int, count: int, what: str) -> None:
    if not 0 <= index < count:
        raise ValueError(f"{what} {told(index)} does not exist; allowed: 0..{count - 1}")


def _check_held(cap: float | None, loaded: LoadedModel, what: str) -> None:
    """A cap that the dtype rounds to 0 or infinity would turn every logit into NaN."""
    held = torch.finfo(loaded.model.dtype)
    if cap is not None and not held.tiny <= cap <= held.max:
        allowed = f"{held.tiny:.2g} to {held.max:.2g}, what {loaded.dtype} holds"
        raise ValueError(f"{what} {cap:g} must be {allowed}{_OR_OFF}")


def _keep(change: Any, **values: object) -> None:
    """Put checked values into a frozen dataclass while it is being made."""
    for name, value in values.items():
        object.__setattr__(change, name, value)


def _cap(what: str, given: object) -> float | None:
    return None if given is None else above_zero(what, given, _OR_OFF)


def _index(what: str, given: object) -> int:
    """A layer or head as an int; whether it exists, only the model knows."""
    return whole(what, given, 0)


def _layers(given: object) -> tuple[int, ...] | None:
    if given is None:
        return None
    if not isinstance(given, Sequence) or isinstance(given, str) or not given:
        raise ValueError(f"layers {told(given)} must be a tuple of layers, for example (0, 2), or None for all")
    return tuple(_index("layer", layer) for layer in given)


def _where(layers: tuple[int, ...] | None) -> str:
    return "" if layers is None else f" in layer {', '.join(map(str, layers))}"
