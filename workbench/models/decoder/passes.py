"""Passes of a decoder with all its maps: through the seam, in blocks or at once, and the model's own eager attention.

Letters: B batch, T tokens, S keys, N query heads.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gemma2_workbench.model.equation import attention_logits
from gemma2_workbench.model.hooks import Hook, attached
from gemma2_workbench.models.decoder.attention.seat import LOG_SUM
from gemma2_workbench.models.decoder.study.study import first_tensor
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.outputs import Outputs

_DERIVED_FROM = ("q_rot", "k_rot", LOG_SUM)


def seam_outputs(model: nn.Module, probs: Sequence[str], ids_BT: Tensor, **given: Any) -> Outputs:
    """A pass of a model with seats; its maps are put together from their blocks.

    Args:
        model: the model.
        probs: the hook points `attn_probs` of the layers that have maps.
        ids_BT: token ids.
        given: further arguments of the model.
    """
    maps: dict[str, Tensor] = {}

    def write(name: str) -> Hook:
        def hook(_module: nn.Module, args: tuple[Any, ...], out: Tensor) -> None:
            rows, keys = args[1].rows, args[1].keys
            found = maps.get(name)
            stop = rows.stop if found is None else max(rows.stop, found.shape[2])
            wide = max(keys.stop, 0 if found is None else found.shape[3])
            maps[name] = grown = out.new_zeros(*out.shape[:2], stop, wide)
            if found is not None:
                grown[:, :, : found.shape[2], : found.shape[3]] = found
            grown[:, :, rows.start : rows.stop, keys.start : keys.stop] = out

        return hook

    with torch.no_grad(), attached(model, {name: write(name) for name in probs}):
        out = model(input_ids=ids_BT, **given)
    return Outputs(_first(out), [maps[name] for name in probs])


def at_once_outputs(model: nn.Module, layers: Mapping[str, LayerInfo], ids_1T: Tensor, **given: Any) -> Outputs:
    """A pass of a model of whose layers nobody sees the blocks; its maps follow from q, k and log-sums, as in a trace.

    Args:
        model: the model.
        layers: the numbers of each layer that has a map, by its attention module.
        ids_1T: token ids.
        given: further arguments of the model.
    """
    kept: dict[str, Tensor] = {}

    def write(name: str) -> Hook:
        return lambda _module, _args, out: kept.update({name: out}) or None

    names = {f"{attention}.{what}".removeprefix("model.") for attention in layers for what in _DERIVED_FROM}
    with torch.no_grad(), attached(model, {name: write(name) for name in names}):
        out = model(input_ids=ids_1T, **given)
    maps: list[Tensor] = []
    for attention, info in layers.items():
        q_1NTH, k_1GTH, log_sum_1NT = (kept[f"{attention}.{what}".removeprefix("model.")] for what in _DERIVED_FROM)
        hidden_1TT = info.mask.hidden(range(q_1NTH.shape[2]), range(k_1GTH.shape[2]), q_1NTH.device)
        probs_1NTT = torch.exp(attention_logits(q_1NTH, k_1GTH, info.scale) - log_sum_1NT[..., None])
        maps.append(probs_1NTT.masked_fill(hidden_1TT[:, None], 0))
    return Outputs(_first(out), maps)


def eager_outputs(model: nn.Module, attentions: Sequence[str], ids_BT: Tensor, **given: Any) -> Outputs:
    """A pass of the model as transformers runs it: its maps are the second output of its attention modules."""
    maps: dict[str, Tensor] = {}

    def write(name: str) -> Any:
        def hook(_module: nn.Module, _args: tuple[Any, ...], out: Any) -> None:
            found = [part for part in out[1:] if isinstance(part, Tensor) and part.ndim == 4]
            if found:
                maps[name] = found[0].detach()

        return hook

    handles = [model.get_submodule(name).register_forward_hook(write(name)) for name in attentions]
    try:
        with torch.no_grad():
            out = model(input_ids=ids_BT, output_attentions=True, **given)
    finally:
        for handle in handles:
            handle.remove()
    whole = getattr(out, "attentions", None) or ()
    found = [maps[name] for name in attentions if name in maps]
    # A module may hand its map on by another way than its output.
    return Outputs(_first(out), found if len(found) == len(attentions) else [*whole] or found)


def _first(out: object) -> Tensor:
    """What a model puts out: logits, scores of classes, or its last states."""
    found = first_tensor(out)
    assert found is not None
    return found
