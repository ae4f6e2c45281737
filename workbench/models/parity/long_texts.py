"""The part of the parity statement that needs a long text: maps beyond a window, of one layer of each kind.

All layers' maps of a text beyond a window of 4,096 tokens are tens of gigabytes. Layers of a kind differ in nothing but
their weights, so one of each is compared on such a text, block by block, and both passes end after the last of them;
outputs and all layers are compared on a short text.
"""

from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import Hook, Span, attached
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.source import Source

# A map as the reference computes it, with the temporaries around it, in maps of float32.
_MAPS_OF_THE_REFERENCE = 5


class _EnoughError(Exception):
    """Ends a pass whose remaining layers nobody needs; it is caught where the pass was started."""


@runtime_checkable
class ShortReference(Protocol):
    """A source whose reference can be stopped after some layers."""

    @property
    def sinks_apart(self) -> bool:
        """Whether the maps of its reference are without the share of learned sinks, and ours are not."""
        ...

    def reference_maps(self, ids_1T: Tensor, takers: Mapping[int, Callable[[Tensor], None]]) -> None:
        """Run the reference up to the last layer of `takers`, and hand each its probabilities [N, T, T]."""
        ...


def each_kind(layers: tuple[LayerInfo, ...]) -> tuple[LayerInfo, ...]:
    """The first layer of each kind that has maps."""
    firsts: dict[tuple[object, ...], LayerInfo] = {}
    for layer in layers:
        if layer.softmax:
            kind = layer.kind, layer.window, layer.chunk, layer.softcap, layer.scale, layer.sinks is None
            firsts.setdefault(kind, layer)
    return tuple(firsts.values())


def long_bytes(loaded: Source, tokens: int) -> int:
    """Bytes of `largest_difference`: our maps of the layers that are compared, and one of the reference's."""
    kept = len(each_kind(loaded.layers))
    return (kept + _MAPS_OF_THE_REFERENCE) * loaded.shape.heads * tokens**2 * 4


def largest_difference(loaded: Source, reference: ShortReference, ids_1T: Tensor) -> float:
    """The largest difference of any probability of the layers of `each_kind`; NaN where either is none."""
    wanted = [layer.index for layer in each_kind(loaded.layers)]
    ours: dict[int, list[tuple[Span, Tensor]]] = {layer: [] for layer in wanted}
    found: list[float] = []

    def keep(layer: int) -> Hook:
        def hook(_module: nn.Module, args: tuple[Any, ...], out: Tensor) -> None:
            ours[layer].append((args[1], out[0]))

        return hook

    def stop(_module: nn.Module, _args: tuple[Any, ...], _out: Tensor) -> None:
        raise _EnoughError

    def take(layer: int) -> Callable[[Tensor], None]:
        return lambda map_NTT: found.append(_difference(ours.pop(layer), map_NTT, reference.sinks_apart))

    hooks = {loaded.point(layer, "attn_probs"): keep(layer) for layer in wanted}
    hooks[loaded.point(max(wanted), "head_out")] = stop
    with suppress(_EnoughError), attached(loaded.model, hooks):
        loaded.run(ids_1T)
    reference.reference_maps(ids_1T, {layer: take(layer) for layer in wanted})
    return float(torch.tensor(found, dtype=torch.float64).max())


def maps_until_taken(run: Callable[[], object], takers: Mapping[nn.Module, Callable[[Tensor], None]]) -> None:
    """Run a reference until every taker has the probabilities [N, T, T] that its attention module gives."""
    left = dict(takers)

    def hook(module: nn.Module, _args: tuple[Any, ...], out: tuple[Any, ...]) -> None:
        found = next((part for part in out[1:] if isinstance(part, Tensor) and part.ndim == 4), None)
        if found is not None and module in left:
            left.pop(module)(found[0])
        if not left:
            raise _EnoughError

    with ExitStack() as stack, suppress(_EnoughError):
        for module in takers:
            stack.callback(module.register_forward_hook(hook).remove)
        run()
    if left:
        raise RuntimeError(f"{len(left)} layers of the reference give no attention maps")


def _difference(blocks: list[tuple[Span, Tensor]], map_NTT: Tensor, sinks_apart: bool) -> float:
    """Between our blocks of a layer and the reference's map, which is 0 outside of them."""
    differences = []
    for span, block_NQS in blocks:
        if sinks_apart:
            block_NQS = block_NQS / block_NQS.sum(-1, keepdim=True)
        rows_NQT = map_NTT[:, span.rows.start : span.rows.stop].float()
        seen = slice(span.keys.start, span.keys.stop)
        differences.append((rows_NQT[..., seen] - block_NQS.float()).abs().max())
        rows_NQT = rows_NQT.clone()
        rows_NQT[..., seen] = 0
        differences.append(rows_NQT.abs().max())
    return float(torch.stack(differences).max())
