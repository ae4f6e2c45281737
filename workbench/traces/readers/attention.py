"""The hooks of a capture: they keep q, k, v of each layer and feed every block to the folds."""

from collections.abc import Callable
from typing import Any, cast

import torch
from torch import Tensor, nn

from gemma2_workbench.model import Gemma2Model, Span
from gemma2_workbench.model.attention import Gemma2Attention
from gemma2_workbench.model.gemma2 import Gemma2DecoderLayer
from gemma2_workbench.model.hooks import Hook
from gemma2_workbench.traces.folds import FOLDS, Block, Fold
from gemma2_workbench.traces.layer_store import FileLayers
from gemma2_workbench.traces.stages import LayerInfo, LayerTensors


class Recorder:
    """Collects one forward pass; attach `hooks()` to the trunk, run it once, then read `layers` and `folds()`."""

    def __init__(
        self,
        trunk: Gemma2Model,
        ids_T: Tensor,
        store: list[LayerTensors] | FileLayers,
        progress: Callable[[int, int], None] | None,
    ):
        self._attention = [cast(Gemma2DecoderLayer, layer).self_attn for layer in trunk.layers]
        self._ids, self._store, self._progress = ids_T, store, progress
        self._taps: dict[str, Tensor] = {}
        self._results: dict[str, list[Tensor]] = {fold.name: [] for fold in FOLDS}
        self.layers = tuple(describe(attention, not trunk.config.sees_later) for attention in self._attention)

    def hooks(self) -> dict[str, Hook]:
        """Hook for every point this recorder reads, by name."""
        hooks: dict[str, Hook] = {}
        for index in range(len(self._attention)):
            prefix = f"layers.{index}.self_attn."
            for tap in ("q_rot", "k_rot", "v", "attn_logits", "attn_scores"):
                hooks[prefix + tap] = self._tap(tap)
            hooks[prefix + "attn_probs"] = self._block(index)
            hooks[prefix + "head_out"] = self._finish(index)
        return hooks

    def folds(self) -> dict[str, Tensor]:
        """The finished statistics, [L, N, T] or [L, N, ...], on the CPU."""
        return {name: torch.stack(results).cpu() for name, results in self._results.items()}

    def _tap(self, name: str) -> Hook:
        def keep(_module: nn.Module, _args: tuple[Any, ...], out: Tensor) -> None:
            self._taps[name] = out[0]

        return keep

    def _block(self, index: int) -> Hook:
        def fold_block(_module: nn.Module, args: tuple[Any, ...], out: Tensor) -> None:
            span: Span = args[1]
            info = self.layers[index]
            block = Block(
                span=span,
                logits=self._taps.pop("attn_logits").float(),
                scores=self._taps.pop("attn_scores").float(),
                probs=out[0].float(),
                visible=~info.mask.hidden(span.rows, span.keys, out.device)[0],
                softcap=info.softcap,
                ids=self._ids,
            )
            for fold in FOLDS:
                self._combine(index, fold, block)

        return fold_block

    def _combine(self, index: int, fold: Fold, block: Block) -> None:
        """Merge one block's result into the layer's."""
        value = fold.reduce(block)
        results = self._results[fold.name]
        is_first = len(results) == index
        if fold.over in ("query", "key"):
            if is_first:
                results.append(value.new_zeros(len(value), len(self._ids)))
            part = block.rows if fold.over == "query" else block.keys
            results[index].index_add_(1, part, value)
        elif is_first:
            results.append(value)
        else:
            results[index] = results[index] + value if fold.over == "sum" else torch.maximum(results[index], value)

    def _finish(self, index: int) -> Hook:
        def store_layer(_module: nn.Module, _args: tuple[Any, ...], _out: Tensor) -> None:
            v_GTH = self._taps.pop("v")
            layer = LayerTensors(
                q=self._taps.pop("q_rot").cpu(),
                k=self._taps.pop("k_rot").cpu(),
                v=v_GTH.cpu(),
                log_sum=self._results["log_sum"][index].cpu(),
                value_norms=value_norms(self._attention[index], v_GTH).cpu(),
            )
            self._store.append(layer)
            if self._progress is not None:
                self._progress(index + 1, len(self._attention))

        return store_layer


def describe(attention: Gemma2Attention, causal: bool) -> LayerInfo:
    """The numbers of one layer's attention as they are now (interventions included)."""
    kind = "global" if attention.window is None else "local"
    return LayerInfo(attention.layer_idx, kind, attention.window, attention.cap, attention.scale, causal)


def value_norms(attention: Gemma2Attention, v_GTH: Tensor) -> Tensor:
    """|| W_O v_j || for every head and token, float32 [N, T]; W_O is the head's own part of the output projection."""
    G, _, H = v_GTH.shape
    out_DNH = attention.o_proj.weight.float().unflatten(1, (-1, H))
    N = out_DNH.shape[1]
    return torch.stack([(v_GTH[head * G // N].float() @ out_DNH[:, head].T).norm(dim=-1) for head in range(N)])
