"""`Decoder`: the `Source` of any transformers decoder whose attention goes through the seam.

Letters: B batch, T tokens, N query heads, G key/value heads, H head width, D model.
"""

import inspect
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Self

import torch
from torch import Tensor

from gemma2_workbench.models.decoder.comparing import Comparing
from gemma2_workbench.models.decoder.plumbing import positions_of
from gemma2_workbench.models.decoder.refused import RefusedError
from gemma2_workbench.models.decoder.study.linear import linear
from gemma2_workbench.models.decoder.trial import trial
from gemma2_workbench.models.value_norms import value_norms
from gemma2_workbench.models.weights.own_copy import own_modules


class Decoder(Comparing):
    """A decoder that is run, read and changed; what is not said here is said in `Seated` and `Source`."""

    def run(self, inputs: Tensor, keep_BT: Tensor | None = None, positions: Sequence[int] = ()) -> Tensor:
        """See `Source`; the last states are those of the last layer, before the final norm."""
        last: list[Tensor] = []
        final = self.model.get_submodule(self.anatomy.layers[-1].name)
        handle = final.register_forward_hook(
            lambda _module, _args, out: last.append(out if isinstance(out, Tensor) else out[0])
        )
        name = "inputs_embeds" if inputs.is_floating_point() else "input_ids"
        chosen = torch.tensor(positions or [0], device=inputs.device)
        positions_of(self.model, chosen)
        try:
            self.model(**{name: inputs}, attention_mask=keep_BT, use_cache=False, **self._only(chosen))
        finally:
            positions_of(self.model, None)
            handle.remove()
        return last[-1]

    def _only(self, positions: Tensor) -> dict[str, Tensor]:
        """The argument that spares the logits of other positions, where the model has it."""
        takes = "logits_to_keep" in inspect.signature(type(self.model).forward).parameters
        return {"logits_to_keep": positions} if takes else {}

    def value_norms(self, layer: int, v_GTH: Tensor) -> Tensor:
        """See `Source`."""
        name = self.anatomy.layers[layer].projection
        if name is None:
            return torch.zeros(0, v_GTH.shape[1])

        def outputs() -> Tensor:
            projection = linear(self.model.get_submodule(name))[0]
            return projection.unflatten(1, (self.shape.heads, v_GTH.shape[-1])).movedim(1, 0)

        return value_norms(v_GTH.float(), self.model, layer, outputs)

    def pull_back(self, layer: int, along_TD: Tensor, branch_TD: Tensor) -> tuple[Tensor, Tensor]:
        """See `Source`."""
        found, norm = self.anatomy.layers[layer], self.norms[layer]
        if found.projection is None or found.branches is None:
            raise RefusedError(f"what the heads of layer {layer} add to the residual stream is not known")
        scale = found.branches[0].scale
        weight_DM, bias_D = linear(self.model.get_submodule(found.projection))
        along_TD = along_TD * scale
        constant_T = torch.zeros_like(along_TD[:, 0])
        if norm is not None:
            constant_T = (along_TD * norm.bias()).sum(-1)
            along_TD = norm.pulled(along_TD) / norm.divisor(branch_TD)[:, None]
        return along_TD @ weight_DM, constant_T + (along_TD * bias_D).sum(-1)

    def own_copy(self, changes: Sequence[str] = ()) -> Self:
        """See `Source`."""
        with self.lock:
            model = own_modules(self.model)
        return replace(self, model=model, changes=(*self.changes, *changes), lock=threading.RLock())

    def in_blocks(self, rows: int) -> Self:
        """See `Source`."""
        if all(seat.block_rows == rows for seat in self.seats):
            return self
        ours = self.own_copy()
        for seat in ours.seats:
            seat.block_rows = rows
        return ours

    def set_softcap(self, layer: int, cap: float | None) -> None:
        """See `Source`."""
        self.seat(layer).cap = cap

    def set_window(self, layer: int, window: int | None) -> None:
        """See `Source`."""
        seat = self.seat(layer)
        seat.rule = replace(seat.rule, window=window)

    def set_causal(self, causal: bool) -> None:
        """See `Source`."""
        for seat in self.seats:
            seat.rule = replace(seat.rule, causal=causal)

    def set_final_softcap(self, cap: float | None) -> None:
        """See `Source`."""
        config = self.model.config.get_text_config()
        if getattr(config, "final_logit_softcapping", None) is None:
            raise ValueError(f"{self.name} has no cap on its final logits to change")
        config.final_logit_softcapping = cap

    def trial(self, layer: int, tokens: int, rows: int) -> Callable[[], object]:
        """See `Source`."""
        name = self.anatomy.layers[layer].attention
        at = None if name is None else self.model.get_submodule(name)
        return trial(at, self.shape, self.layers[layer].mask, tokens, rows, next(self.model.parameters()))
