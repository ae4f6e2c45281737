"""The part of the parity statement that needs a long text: maps beyond a window, of one layer of each kind.

All layers' maps of a text beyond a window of 4,096 tokens are tens of gigabytes. Layers of a kind differ in nothing but
their weights, so one of each is compared on such a text, block by block, and both passes end after the last of them;
outputs and all layers are compared on a short text.
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import Hook, Span, attached
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.source import Source

# A map as the reference computes it, with the temporaries around it, in maps of float32.
_MAPS_OF_THE_REFERENCE = 5


class EnoughError(Exception):
    """Ends a pass whose remaining layers nobody needs; it is caught where the pass was started."""


@runtime_checkable
class ShortReference(Protocol):
    """A source whose reference can be stopped after some layers."""

    def reference_maps(self, ids_1T: Tensor, takers: Mapping[int, Callable[[Tensor], None]]) -> None:
        """Run the reference up to the last layer of `takers`, and hand each its probabilities [N, T, T]."""
        ...


def each_kind(layers: tuple[LayerInfo, ...]) -> tuple[LayerInfo, ...]:
    """The first layer of each kind."""
    firsts: dict[tuple[object, ...], LayerInfo] = {}
    for layer in layers:
        firsts.setdefault((layer.kind, layer.window, layer.softcap, layer.scale), layer)
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
        raise EnoughError

    def take(layer: int) -> Callable[[Tensor], None]:
        return lambda map_NTT: found.append(_difference(ours.pop(layer), map_NTT))

    hooks = {loaded.point(layer, "attn_probs"): keep(layer) for layer in wanted}
    hooks[loaded.point(max(wanted), "head_out")] = stop
    try:
        with attached(loaded.model, hooks):
            loaded.run(ids_1T)
    except EnoughError:
        pass
    reference.reference_maps(ids_1T, {layer: take(layer) for layer in wanted})
    return float(torch.tensor(found, dtype=torch.float64).max())


def _difference(blocks: list[tuple[Span, Tensor]], map_NTT: Tensor) -> float:
    """Between our blocks of a layer and the reference's map, which is 0 outside of them."""
    differences = []
    for span, block_NQS in blocks:
        rows_NQT = map_NTT[:, span.rows.start : span.rows.stop].float()
        seen = slice(span.keys.start, span.keys.stop)
        differences.append((rows_NQT[..., seen] - block_NQS.float()).abs().max())
        rows_NQT = rows_NQT.clone()
        rows_NQT[..., seen] = 0
        differences.append(rows_NQT.abs().max())
    return float(torch.stack(differences).max())
