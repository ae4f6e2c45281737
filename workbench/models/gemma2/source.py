"""`LoadedModel`: the Gemma 2 `Source`: all that runs need to know of this family.

Letters: B batch, T tokens, Q query rows, P earlier keys, N query heads, G key/value heads, H head width, D model.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Self

import torch
import transformers
from torch import Tensor, nn

from gemma2_workbench.model import (
    set_block_rows,
)
from gemma2_workbench.model.hooks import Hook, attached
from gemma2_workbench.models.gemma2 import reference as gemma2_reference
from gemma2_workbench.models.gemma2 import trial as gemma2_trial
from gemma2_workbench.models.gemma2.classes import LANGUAGE_MODEL
from gemma2_workbench.models.gemma2.classifying import Classifying
from gemma2_workbench.models.gemma2.unembedding import Gemma2Unembedding, divisor, multiplier
from gemma2_workbench.models.layers import LayerInfo
from gemma2_workbench.models.outputs import Outputs
from gemma2_workbench.models.source import POINTS
from gemma2_workbench.models.value_norms import value_norms
from gemma2_workbench.models.weights import dense
from gemma2_workbench.models.weights.own_copy import own_modules

# The branches' post-norms are what is added to the residual stream.
_POINTS = {
    "resid_pre": "resid_pre",
    "attention_out": "post_attention_layernorm",
    "mlp_out": "post_feedforward_layernorm",
}


@dataclass(frozen=True, eq=False, repr=False)
class LoadedModel(Classifying):
    """A Gemma 2 model ready to be looked at; what is not said here is said in `Opened` and `Source`."""

    @property
    def layers(self) -> tuple[LayerInfo, ...]:
        """The attention of every layer as it is now, changes included."""
        return tuple(
            LayerInfo(at, "global" if one.window is None else "local", one.window, one.cap, one.scale, self.causal)
            for at, one in enumerate(map(self.attention, range(len(self.trunk.layers))))
        )

    @property
    def unembedding(self) -> Gemma2Unembedding | None:
        """How it predicts tokens; None where it is no language model."""
        return Gemma2Unembedding(self.model) if isinstance(self.model, LANGUAGE_MODEL) else None

    @property
    def points(self) -> frozenset[str]:
        """See `Source`."""
        return frozenset(POINTS)

    def point(self, layer: int | str, what: str) -> str:
        """See `Source`."""
        return f"layers.{layer}.{_POINTS.get(what, f'self_attn.{what}')}"

    def log_sum_point(self, layer: int) -> str | None:
        """See `Source`: its blocks are all there is."""
        return None

    def value_norms(self, layer: int, v_GTH: Tensor) -> Tensor:
        """See `Source`."""

        def outputs() -> Tensor:
            projection = dense.matrix(self.attention(layer).o_proj).float()
            return projection.unflatten(1, (-1, v_GTH.shape[-1])).movedim(1, 0)

        return value_norms(v_GTH.float(), self.model, layer, outputs)

    def pull_back(self, layer: int, along_TD: Tensor, branch_TD: Tensor) -> tuple[Tensor, Tensor]:
        """See `Source`: through the post-norm of the sum of the heads, and the output projection."""
        norm, o_proj = self._layer(layer).post_attention_layernorm, self.attention(layer).o_proj
        along_TD = along_TD * multiplier(norm) / divisor(norm, branch_TD)[:, None]
        added_D = dense.bias(o_proj)
        along_bias_T = torch.zeros_like(along_TD[:, 0]) if added_D is None else (along_TD * added_D).sum(-1)
        return along_TD @ dense.matrix(o_proj), along_bias_T

    def own_copy(self, changes: Sequence[str] = ()) -> Self:
        """See `Source`."""
        with self.lock:  # the hooks of another thread's run are not to be copied
            model = own_modules(self.model)
        return replace(self, model=model, changes=(*self.changes, *changes), lock=threading.RLock())

    def in_blocks(self, rows: int) -> Self:
        """See `Source`."""
        if all(self.attention(layer).block_rows == rows for layer in range(len(self.trunk.layers))):
            return self
        ours = self.own_copy()
        set_block_rows(ours.trunk, rows)
        return ours

    def set_softcap(self, layer: int, cap: float | None) -> None:
        """See `Source`."""
        self.attention(layer).cap = cap

    def set_window(self, layer: int, window: int | None) -> None:
        """See `Source`."""
        self.attention(layer).window = window

    def set_causal(self, causal: bool) -> None:
        """See `Source`."""
        self.config.is_causal = causal

    def set_final_softcap(self, cap: float | None) -> None:
        """See `Source`."""
        self.config.final_logit_softcapping = cap

    @property
    def reference_name(self) -> str:
        """See `Source`."""
        return f"transformers {transformers.__version__} eager Gemma 2"

    def outputs(self, ids_1T: Tensor) -> Outputs:
        """See `Source`."""
        # Before the final softcap, which bends infinity back to a number.
        raw: list[Tensor] = []
        is_speaker = self.unembedding is not None
        watch: dict[str, Hook] = {"final_logits": lambda _module, _args, out: raw.append(out)} if is_speaker else {}
        with attached(self.model, watch):
            ours = self.model(ids_1T, output_attentions=True, output_hidden_states=[-1], return_dict=True)
        return Outputs(ours[0], ours.attentions, (*raw, ours.hidden_states[-1]))

    def reference_outputs(self, ids_1T: Tensor) -> Outputs:
        """See `Source`."""
        theirs = self.reference()(ids_1T, output_attentions=True, return_dict=True)
        return Outputs(theirs[0], theirs.attentions)

    def reference(self) -> nn.Module:
        """Transformers' own model on the same weights, see `gemma2_reference`."""
        return gemma2_reference.reference(self.model)

    @property
    def sinks_apart(self) -> bool:
        """See `ShortReference`: it has none."""
        return False

    def reference_maps(self, ids_1T: Tensor, takers: Mapping[int, Callable[[Tensor], None]]) -> None:
        """See `ShortReference`."""
        gemma2_reference.maps(self.reference(), ids_1T, takers)

    def trial(self, layer: int, tokens: int, rows: int) -> Callable[[], object]:
        """See `Source`."""
        return gemma2_trial.trial(self.model.config, self._layer(layer), self.causal, tokens, rows)
