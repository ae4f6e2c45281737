"""Passes of a decoder with all its maps: through the seam, and the model's own eager attention.

Letters: B batch, T tokens, S keys, N query heads.
"""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from gemma2_workbench.model.hooks import Hook, attached
from gemma2_workbench.models.decoder.study import first_tensor
from gemma2_workbench.models.outputs import Outputs


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
    return Outputs(_first(out), [maps[name] for name in attentions if name in maps])


def _first(out: object) -> Tensor:
    """What a model puts out: logits, scores of classes, or its last states."""
    found = first_tensor(out)
    assert found is not None
    return found
